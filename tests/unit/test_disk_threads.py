"""The threads for the disk: as many as there is work, and none that keeps the process alive."""

from __future__ import annotations

import asyncio
import subprocess
import sys
import threading

import pytest

from uploadd.runtime import ThreadDisk

HANGS = """
import asyncio, threading
from uploadd.runtime import ThreadDisk

async def main():
    waiting = asyncio.ensure_future(ThreadDisk().run(threading.Event().wait))
    await asyncio.sleep(0.1)
    waiting.cancel()

asyncio.run(main())
"""


def test_a_disk_that_hangs_does_not_keep_the_process_from_its_end() -> None:
    """As after SIGTERM: nobody waits for it any more."""
    subprocess.run([sys.executable, "-c", HANGS], check=True, timeout=10)


async def test_threads_are_used_again_and_are_no_more_than_allowed() -> None:
    """A third piece of work waits for one of two threads."""
    disk, end = ThreadDisk(2), threading.Event()
    for _ in range(5):
        assert await disk.run(int, "3") == 3
    hanging = [asyncio.ensure_future(disk.run(end.wait, 10)) for _ in range(2)]
    third = asyncio.ensure_future(disk.run(int, "3"))
    await asyncio.sleep(0.05)
    assert not third.done()
    end.set()
    assert await third == 3
    assert all(await asyncio.gather(*hanging))
    assert disk._begun == 2


async def test_what_is_raised_comes_to_whoever_waits() -> None:
    """And the thread goes on."""
    disk = ThreadDisk(1)
    with pytest.raises(ValueError, match="invalid literal"):
        await disk.run(int, "x")
    assert await disk.run(int, "3") == 3

"""One file of 1 GB: the peak memory beside that of a small one, and the longest gap of the loop."""

from __future__ import annotations

import asyncio
import json
import logging
import sys
import tempfile
import time
from pathlib import Path
from typing import NamedTuple

from bench.files import make_video
from bench.measure import Run, megabytes, run, say
from bench.stand_in import configured, stand_in
from uploadd.assembly import assembled
from uploadd.cli.logs import set_up_logs
from uploadd.operations.backfill.delivering import Backfill, Finished
from uploadd.operations.backfill.summary import Snapshot
from uploadd.operations.backfill.trees import wanted_trees
from uploadd.runtime import RealClock, real_runtime
from uploadd.settings import load

LARGE_BYTES = 1_000_000_000  # Flickr takes videos up to 1 GiB, photos up to 200 MiB
SMALL_BYTES = 1_000_000
TICK_SECONDS = 0.005


class Gap(NamedTuple):
    """One time that the event loop came late, in seconds."""

    seconds: float
    work: float


def main() -> None:
    """Print the figures."""
    with tempfile.TemporaryDirectory(prefix="uploadd-bench-") as name:
        say("one video, sent by the backfill's own code, in a process of its own")
        small = _measure(Path(name) / "small", SMALL_BYTES)
        large = _measure(Path(name) / "large", LARGE_BYTES)
        say()
        say(f"peak memory, large : small = {large.peak_bytes / small.peak_bytes:.2f}")


def _measure(place: Path, size_bytes: int) -> Run:
    video = make_video(place / "videos" / "long.mp4", size_bytes)
    with stand_in(place / "sandbox") as sandbox:
        config = configured(place, sandbox.url)
        command = [sys.executable, "-m", "bench.large_file", str(config), str(video.parent)]
        done = run(command, output=place / "output")
        kept = sandbox.photos()
    assert [photo["size"] for photo in kept] == [size_bytes], kept
    told = json.loads(done.output)
    say(
        f"  {megabytes(size_bytes)}: peak {megabytes(done.peak_bytes)}, {done.seconds:.1f} s,"
        f" the event loop was held up for at most {told['longest_gap'] * 1e3:.1f} ms"
        f" ({told['ticks']} looks), {told['longest_work'] * 1e3:.1f} ms of them its own work"
    )
    return done


async def _backfill(config: Path, directory: str) -> tuple[Finished, list[Gap]]:
    configuration = load(config, {}).configuration
    wanted = wanted_trees(configuration, [directory], None, None)
    gaps: list[Gap] = []
    async with assembled(configuration, real_runtime(), "backfill") as assembly:
        ticking = asyncio.ensure_future(_tick(gaps))
        backfill = Backfill(assembly, wanted, no_wait=False, stop=asyncio.Event(), show=_unseen)
        finished = await backfill.run()
        ticking.cancel()
    return finished, gaps


async def _tick(gaps: list[Gap]) -> None:
    """How much later than asked for this task is woken, and how much of that was work.

    The work is the processor time of the loop's own thread; the rest is the machine's doing.
    """
    clock = RealClock()
    while True:
        before, worked = clock.monotonic(), time.thread_time()
        await clock.sleep(TICK_SECONDS)
        late = clock.monotonic() - before - TICK_SECONDS
        gaps.append(Gap(late, min(late, time.thread_time() - worked)))


def _unseen(_snapshot: Snapshot) -> None:
    """Nobody watches."""


def _child(config: Path, directory: str) -> None:
    set_up_logs(level=logging.WARNING)
    finished, gaps = asyncio.run(_backfill(config, directory))
    longest_work = max(gap.work for gap in gaps)
    longest_gap = max(gap.seconds for gap in gaps)
    told = {"longest_gap": longest_gap, "longest_work": longest_work, "ticks": len(gaps)}
    print(json.dumps(told))
    sys.exit(finished.ending)


if __name__ == "__main__":
    if len(sys.argv) > 1:
        _child(Path(sys.argv[1]), sys.argv[2])
    else:
        main()

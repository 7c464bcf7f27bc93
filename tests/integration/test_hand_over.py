"""A daemon and backfills as processes: who delivers, signals, kills, and what the terminal says."""

from __future__ import annotations

import json
import os
import signal
import socket
from collections.abc import Callable
from pathlib import Path

from integration.processes import JPEG, Desk, wait_until
from uploadd.sandbox import SandboxOptions

SLOW = 10_000
"""Bytes a second that the sandbox reads: each photo takes a second."""


def add_extra(desk: Desk, count: int, size: int = 10_000) -> Path:
    """Photos outside of the configured folder."""
    extra = desk.home / "extra"
    extra.mkdir()
    for number in range(count):
        (extra / f"x{number}.jpg").write_bytes(JPEG + os.urandom(size))
    return extra


def sends(desk: Desk) -> int:
    return len(desk.sandbox.journal.of("upload"))


def assert_each_once(desk: Desk, count: int) -> None:
    kept = desk.kept()
    assert len(kept) == count
    assert set(kept.values()) == {1}


def test_beside_a_daemon_everything_goes_through_its_queue(make_desk: Callable[..., Desk]) -> None:
    """Exit 0 and the same object as ever; `status` knows of it while it lasts."""
    desk = make_desk()
    extra = add_extra(desk, 5, 1000)
    with desk.started("run") as daemon:
        wait_until(lambda: "daemon.started" in desk.log(), 20, "the daemon stands")
        ended = desk.uploadd("backfill", "--json", str(extra))
        assert ended.returncode == 0, ended.stderr
        assert ended.stderr.splitlines()[0] == "everything else: private"
        assert f"pid {daemon.pid}" in ended.stderr
        assert '"text": "camera: private; everything else: private"' in desk.log().splitlines()[0]
        sums = json.loads(ended.stdout)
        assert (sums["found"], sums["done"], sums["pending"]) == (5, 5, 0)
        assert sums["bytes_sent"] == 5 * (len(JPEG) + 1000)
        preview = desk.uploadd("backfill", "--dry-run", str(extra), str(desk.photos))
        assert preview.returncode == 0
        said = "everything else: private; camera: private"
        assert preview.stderr.splitlines()[0] == said
    assert_each_once(desk, 5)


def test_a_hang_up_only_detaches(make_desk: Callable[..., Desk]) -> None:
    """SIGHUP, then SIGTERM on another one: 130 and 143, and the daemon goes on with both."""
    desk = make_desk(SandboxOptions(read_bytes_per_second=SLOW))
    extra = add_extra(desk, 12)
    with desk.started("run"):
        wait_until(lambda: "daemon.started" in desk.log(), 20, "the daemon stands")
        for number, code in ((signal.SIGHUP, 130), (signal.SIGTERM, 143)):
            before = desk.log().count("takes this in")
            with desk.started("backfill", str(extra)) as client:
                wait_until(lambda: desk.log().count("takes this in") > before, 20, "it looks on")  # noqa: B023
                client.send_signal(number)
                assert client.wait(timeout=20) == code
        assert desk.log().count("detached: the daemon, pid") == 2
        desk.sandbox.options.read_bytes_per_second = 0
        wait_until(lambda: len(desk.kept()) == 12, 40, "the daemon has sent the rest")
    assert_each_once(desk, 12)


def test_a_daemon_gets_its_turn_and_tells_systemd(
    make_desk: Callable[..., Desk], tmp_path: Path
) -> None:
    """It waits without being killed for it; the backfill ends as its client."""
    desk = make_desk(SandboxOptions(read_bytes_per_second=SLOW))
    extra = add_extra(desk, 12)
    address = str(tmp_path / "notify")
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as listener:
        listener.bind(address)
        listener.settimeout(20)
        with desk.started("backfill", str(extra)) as backfill:
            wait_until(lambda: sends(desk) >= 2, 20, "sends have begun")
            os.environ["NOTIFY_SOCKET"] = address
            try:
                running = desk.started("run")
                with running:
                    heard = [listener.recv(4096).decode()]
                    while "READY=1" not in heard[-1]:
                        heard.append(listener.recv(4096).decode())
                    desk.sandbox.options.read_bytes_per_second = 0
                    assert backfill.wait(timeout=40) == 0
            finally:
                del os.environ["NOTIFY_SOCKET"]
    assert any("EXTEND_TIMEOUT_USEC=" in text for text in heard)
    assert any("waiting for the backfill" in text for text in heard)
    assert "it is its turn" in desk.log()
    assert_each_once(desk, 12)


def test_the_daemon_is_killed_and_its_client_goes_on(make_desk: Callable[..., Desk]) -> None:
    """Kill -9: the client takes over, and nothing is sent twice."""
    desk = make_desk(SandboxOptions(read_bytes_per_second=SLOW))
    extra = add_extra(desk, 12)
    with desk.started("run") as daemon:
        wait_until(lambda: "daemon.started" in desk.log(), 20, "the daemon stands")
        with desk.started("backfill", str(extra)) as client:
            wait_until(lambda: sends(desk) >= 2, 20, "sends have begun")
            daemon.kill()
            desk.sandbox.options.read_bytes_per_second = 0
            assert client.wait(timeout=50) == 0
    assert "the backfill goes on by itself" in desk.log()
    assert "Traceback" not in desk.log()
    assert_each_once(desk, 12)


def test_the_client_is_killed_and_the_daemon_goes_on(make_desk: Callable[..., Desk]) -> None:
    """Kill -9 of both, in the middle: the next daemon finds the request."""
    desk = make_desk(SandboxOptions(read_bytes_per_second=SLOW))
    extra = add_extra(desk, 12)
    with desk.started("run") as daemon:
        wait_until(lambda: "daemon.started" in desk.log(), 20, "the daemon stands")
        with desk.started("backfill", str(extra)) as client:
            wait_until(lambda: sends(desk) >= 2, 20, "sends have begun")
            client.kill()
            daemon.kill()
    desk.sandbox.options.read_bytes_per_second = 0
    with desk.started("run"):
        wait_until(lambda: len(desk.kept()) == 12, 50, "the next daemon has sent the rest")
    assert_each_once(desk, 12)


def test_a_run_that_is_interrupted_while_it_waits_ends_cleanly(
    make_desk: Callable[..., Desk],
) -> None:
    """130 after Ctrl-C; the backfill ends by itself."""
    desk = make_desk(SandboxOptions(read_bytes_per_second=SLOW))
    # What is in flight takes half a minute: so long the backfill cannot hand over.
    extra = add_extra(desk, 12, size=300_000)
    with desk.started("backfill", str(extra)) as backfill:
        wait_until(lambda: sends(desk) >= 2, 20, "sends have begun")
        with desk.started("run") as waiting:
            wait_until(lambda: "daemon.waiting" in desk.log(), 20, "it waits")
            waiting.send_signal(signal.SIGINT)
            assert waiting.wait(timeout=20) == 130
        desk.sandbox.options.read_bytes_per_second = 0
        assert backfill.wait(timeout=40) == 0
    assert_each_once(desk, 12)

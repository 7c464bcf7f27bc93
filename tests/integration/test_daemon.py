"""`uploadd run` as a process: photos that arrive, signals, and the end."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from integration.processes import Desk, wait_until
from uploadd.sandbox import SandboxOptions


def test_a_photo_copied_into_the_folder_arrives(make_desk: Callable[..., Desk]) -> None:
    """Within the settle time plus three seconds (and what a loaded machine adds)."""
    desk = make_desk()
    with desk.started("run"):
        wait_until(lambda: "folder.walked" in desk.log(), 20, "the first walk")
        desk.add("sub/new.jpg")
        began = time.monotonic()
        wait_until(lambda: len(desk.kept()) == 1, 15, "the photo is on the account")
        assert time.monotonic() - began < 15


def test_a_file_that_grows_is_sent_once_and_whole(make_desk: Callable[..., Desk]) -> None:
    """A slow copy: nothing is sent before it has come to rest."""
    desk = make_desk(settle=1.0)
    source = desk.add("whole.jpg", 40_000)
    content = source.read_bytes()
    source.unlink()
    with desk.started("run"):
        wait_until(lambda: "folder.walked" in desk.log(), 20, "the first walk")
        with (desk.photos / "slow.jpg").open("wb") as slow:
            for begin in range(0, len(content), 10_000):
                slow.write(content[begin : begin + 10_000])
                slow.flush()
                time.sleep(0.3)
        wait_until(lambda: len(desk.kept()) == 1, 20, "the photo is on the account")
    (photo,) = list(desk.sandbox.photos)
    assert photo.size_bytes == len(content)
    assert len(desk.sandbox.journal.of("upload")) == 1


def test_sigterm_drains_and_exits_with_0(make_desk: Callable[..., Desk]) -> None:
    """The sends in flight end, the queue is whole, and the next run goes on."""
    desk = make_desk(SandboxOptions(read_bytes_per_second=200_000))
    for number in range(12):
        desk.add(f"p{number}.jpg", 100_000)
    time.sleep(0.3)
    with desk.started("run") as process:
        wait_until(lambda: len(desk.sandbox.journal.of("upload")) >= 2, 20, "sends have begun")
        process.send_signal(signal.SIGTERM)
        assert process.wait(timeout=30) == 0
    assert len(desk.kept()) < 12
    assert desk.uploadd("backfill", str(desk.photos)).returncode == 0
    assert set(desk.kept().values()) == {1}
    assert len(desk.kept()) == 12


def test_systemd_is_told(make_desk: Callable[..., Desk], tmp_path: Path) -> None:
    """READY=1, a status, signs of life, and STOPPING=1 on the notify socket."""
    desk = make_desk()
    address = str(tmp_path / "notify")
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as listener:
        listener.bind(address)
        listener.settimeout(20)
        os.environ["NOTIFY_SOCKET"] = address
        os.environ["WATCHDOG_USEC"] = "400000"
        try:
            with desk.started("run") as process:
                heard = [listener.recv(4096).decode() for _ in range(5)]
                process.send_signal(signal.SIGTERM)
                while "STOPPING=1" not in heard[-1]:
                    heard.append(listener.recv(4096).decode())
                assert process.wait(timeout=30) == 0
        finally:
            del os.environ["NOTIFY_SOCKET"], os.environ["WATCHDOG_USEC"]
    assert "READY=1" in heard[0]
    assert any("WATCHDOG=1" in text for text in heard)


def test_a_second_daemon_is_told_who_delivers(make_desk: Callable[..., Desk]) -> None:
    """Exit 75, naming the process that is there."""
    desk = make_desk()
    with desk.started("run") as process:
        wait_until(lambda: "daemon.started" in desk.log(), 20, "the first daemon stands")
        second = desk.uploadd("run")
        assert second.returncode == 75
        assert str(process.pid) in second.stderr
        assert "Traceback" not in second.stderr


def test_a_missing_folder_comes_later(make_desk: Callable[..., Desk]) -> None:
    """A folder that is not there is told of, and taken in when it appears."""
    desk = make_desk()
    shutil.rmtree(desk.photos)
    text = desk.config.read_text().replace("settle_seconds", "poll_seconds = 1\nsettle_seconds")
    desk.config.write_text(text)
    with desk.started("run"):
        wait_until(lambda: "folder.degraded" in desk.log(), 20, "it says so")
        desk.add("late.jpg")
        wait_until(lambda: len(desk.kept()) == 1, 50, "the photo is on the account")


def test_the_status_line_names_what_is_wrong(
    make_desk: Callable[..., Desk], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """`systemctl status` shows a folder that is away and an account that is paused, first."""
    desk = make_desk()
    desk.photos.rmdir()
    desk.uploadd("pause", "me")
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
        manager.bind(str(tmp_path / "notify"))
        manager.settimeout(20)
        monkeypatch.setenv("NOTIFY_SOCKET", str(tmp_path / "notify"))
        with desk.started("run"):
            said = ""
            while "me is paused" not in said or "does not exist" not in said:
                said = manager.recv(4096).decode()
    assert said.startswith(f"STATUS=folder camera: {desk.photos} does not exist")
    assert "me is paused: " in said
    assert said.endswith("me: 0 queued, 0 in flight")


def test_pause_and_resume_are_obeyed_at_once(make_desk: Callable[..., Desk]) -> None:
    """By hand, beside a running daemon."""
    desk = make_desk()
    with desk.started("run"):
        wait_until(lambda: "folder.walked" in desk.log(), 20, "the first walk")
        assert desk.uploadd("pause", "me").returncode == 0
        desk.add("held.jpg")
        time.sleep(2.5)
        assert desk.kept() == {}
        assert desk.uploadd("resume", "me").returncode == 0
        wait_until(lambda: len(desk.kept()) == 1, 15, "the photo is on the account")


def test_ctrl_c_says_that_the_queue_is_whole(make_desk: Callable[..., Desk]) -> None:
    """130, one clear line, and a second run goes on."""
    desk = make_desk(SandboxOptions(read_bytes_per_second=300_000))
    for number in range(20):
        desk.add(f"p{number}.jpg", 100_000)
    time.sleep(0.3)
    with desk.started("backfill", str(desk.photos)) as process:
        wait_until(lambda: len(desk.sandbox.journal.of("upload")) >= 2, 20, "sends have begun")
        process.send_signal(signal.SIGINT)
        assert process.wait(timeout=30) == 130
    assert "queue is intact" in desk.log()
    desk.sandbox.options.read_bytes_per_second = 0
    assert desk.uploadd("backfill", str(desk.photos)).returncode == 0
    assert set(desk.kept().values()) == {1}
    assert len(desk.kept()) == 20


def test_no_server_is_waited_for(make_desk: Callable[..., Desk]) -> None:
    """Nobody listens at the address: `--no-wait` ends with 75 and a clear line."""
    desk = make_desk()
    lines = [
        'base_url = "http://127.0.0.1:9"' if line.startswith("base_url") else line
        for line in desk.config.read_text().splitlines()
    ]
    desk.config.write_text("\n".join(lines))
    desk.add("p.jpg")
    time.sleep(0.3)
    ended = desk.uploadd("backfill", "--no-wait", str(desk.photos))
    assert ended.returncode == 75, ended.stderr
    assert "did not answer" in ended.stderr or "no connection" in ended.stderr
    assert "Traceback" not in ended.stderr

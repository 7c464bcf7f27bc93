"""The commands beside a real daemon and against a real sandbox."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from integration.processes import Desk, environment, wait_until
from uploadd.sandbox import Credentials, Fault, SandboxOptions

MakeDesk = Callable[..., Desk]
# Root reads every file, unless it gives that right away.
AS_ONE_WHO_CANNOT_READ_ALL = (
    ["setpriv", "--bounding-set=-dac_override,-dac_read_search",
     "--inh-caps=-dac_override,-dac_read_search"]
    if os.geteuid() == 0 else []
)  # fmt: skip


def status(desk: Desk) -> Any:
    """`uploadd status --json`."""
    return json.loads(desk.uploadd("status", "--json").stdout)


def counts(desk: Desk) -> dict[str, int]:
    """The states of the account's jobs, those that occur."""
    found = status(desk)["accounts"]["me"]["counts"]
    return {state: number for state, number in found.items() if number}


def why(desk: Desk, path: Path) -> Any:
    """`uploadd why FILE --json`."""
    return json.loads(desk.uploadd("why", str(path), "--json").stdout)


def backfill(desk: Desk, *words: str) -> int:
    """`uploadd backfill` of the photos; its exit code."""
    return desk.uploadd("backfill", str(desk.photos), *words).returncode


def test_a_running_daemon_obeys_a_pause_at_once(make_desk: MakeDesk) -> None:
    """What arrives meanwhile waits, and goes when the account goes on."""
    desk = make_desk()
    with desk.started("run") as process:
        wait_until(lambda: "folder.walked" in desk.log(), 20, "the first walk")
        assert status(desk)["daemon"]["pid"] == process.pid
        assert desk.uploadd("pause", "me").returncode == 0
        photo = desk.add("a.jpg")
        wait_until(lambda: counts(desk) == {"queued": 1}, 20, "the photo waits")
        (job,) = why(desk, photo)["jobs"]
        assert [one["kind"] for one in job["next"]["obstacles"]] == ["pause"]
        assert job["next"]["remedy"] == "`uploadd resume me`"
        assert status(desk)["folders"]["camera"]["paused"] is True
        assert len(desk.kept()) == 0
        desk.uploadd("resume", "me")
        wait_until(lambda: len(desk.kept()) == 1, 10, "the photo is on the account")


def test_resume_does_not_break_a_wait_of_the_services(make_desk: MakeDesk) -> None:
    """Error 14 named a time: it says so, and nothing is sent before."""
    desk = make_desk(SandboxOptions(wait_seconds=3600, wait_every=1), settle=0)
    desk.add("a.jpg")
    assert backfill(desk, "--no-wait") == 75
    pause = status(desk)["accounts"]["me"]["pause"]
    assert (pause["cause"], pause["code"]) == ("wait", "14")
    result = desk.uploadd("resume", "me")
    assert result.returncode == 0
    assert "still waits, until it ends at" in result.stderr
    assert backfill(desk, "--no-wait") == 75
    assert len(desk.sandbox.journal.of("upload")) == 1
    assert desk.sandbox.journal.violations() == []


def test_a_running_daemon_takes_a_retry_up_at_once(make_desk: MakeDesk) -> None:
    """The service refused the file once."""
    desk = make_desk()
    desk.sandbox.faults.add(Fault("error", code=5, first=1))
    desk.add("a.jpg")
    with desk.started("run"):
        wait_until(lambda: counts(desk) == {"failed": 1}, 20, "it was refused")
        result = desk.uploadd("retry", "--failed")
        assert "1 job is put back" in result.stderr
        assert "nothing runs" not in result.stderr
        wait_until(lambda: counts(desk) == {"done": 1}, 10, "it is done")


def test_a_deleted_photo_is_sent_again_by_force_only(make_desk: MakeDesk) -> None:
    """Its owner deleted it there, and wants it back."""
    desk = make_desk(settle=0)
    photo = desk.add("a.jpg")
    assert backfill(desk) == 0
    (kept,) = list(desk.sandbox.photos)
    assert desk.sandbox.delete(kept.id)
    shutil.rmtree(desk.home / "state")
    assert backfill(desk) == 0
    (job,) = why(desk, photo)["jobs"]
    assert (job["state"], job["reason"]["code"]) == ("skipped", "deleted")
    assert "only --force" in desk.uploadd("retry", job["id"]).stderr
    assert backfill(desk) == 0
    assert len(desk.kept()) == 0
    assert desk.uploadd("retry", job["id"], "--force").returncode == 0
    assert backfill(desk) == 0
    assert set(desk.kept().values()) == {1}


@pytest.mark.skipif(
    bool(AS_ONE_WHO_CANNOT_READ_ALL) and shutil.which("setpriv") is None,
    reason="root without setpriv reads every file",
)
def test_a_file_that_could_not_be_read_is_read_by_the_next_backfill(make_desk: MakeDesk) -> None:
    """After a retry; a retry that comes too early is refused."""
    desk = make_desk(settle=0)
    photo = desk.add("a.jpg")
    photo.chmod(0)
    assert blind(desk, "backfill", str(desk.photos)).returncode == 1
    assert counts(desk) == {"failed": 1}
    assert "chmod" in blind(desk, "retry", "--failed").stderr
    photo.chmod(0o644)
    assert blind(desk, "backfill", str(desk.photos)).returncode == 1, "failed stays failed"
    assert "read first" in blind(desk, "retry", "--failed").stderr
    assert blind(desk, "backfill", str(desk.photos)).returncode == 0
    assert counts(desk) == {"done": 1}


def blind(desk: Desk, *words: str) -> subprocess.CompletedProcess[str]:
    """Run a command as somebody for whom modes count."""
    command = [*AS_ONE_WHO_CANNOT_READ_ALL, *desk.command(*words)]
    return subprocess.run(
        command, capture_output=True, text=True, timeout=60, check=False, env=environment()
    )


def test_after_a_kill_nothing_runs_and_why_tells(make_desk: MakeDesk) -> None:
    """What the dead daemon wrote of itself is not believed."""
    desk = make_desk(SandboxOptions(read_bytes_per_second=50_000))
    photo = desk.add("a.jpg", 8_000_000)  # more than a socket's buffers hold
    with desk.started("run") as process:
        wait_until(lambda: counts(desk) == {"uploading": 1}, 20, "the send has begun")
        assert status(desk)["accounts"]["me"]["uploading"] == 1
        process.send_signal(signal.SIGKILL)
        process.wait(timeout=20)
        found = status(desk)
    assert not found["daemon"]["running"]
    assert found["accounts"]["me"]["uploading"] == 0
    (job,) = why(desk, photo)["jobs"]
    assert "looked up" in job["next"]["text"]
    assert [one["kind"] for one in job["next"]["obstacles"]] == ["nobody-runs"]


@pytest.mark.parametrize("words", [["--json"], []])
def test_watching_goes_on_until_ctrl_c(make_desk: MakeDesk, words: list[str]) -> None:
    """A line for each change, and no traceback at the end."""
    desk = make_desk()
    with desk.started("status", "--watch", *words) as process:
        wait_until(lambda: bool(desk.log()), 20, "the first status")
        desk.uploadd("pause", "me")
        wait_until(lambda: "hand" in desk.log(), 20, "the pause is shown")
        process.send_signal(signal.SIGINT)
        assert process.wait(timeout=20) == 130
    if words:
        assert [json.loads(line)["accounts"]["me"]["pause"] is None
                for line in desk.log().splitlines()] == [True, False]  # fmt: skip
    assert "Traceback" not in desk.log()


def test_a_reader_that_goes_away_is_no_bug(make_desk: MakeDesk) -> None:
    """`uploadd jobs | head`."""
    desk = make_desk(settle=0)
    desk.add("a.jpg")
    assert backfill(desk) == 0
    reader, writer = os.pipe()
    os.close(reader)
    result = subprocess.run(
        desk.command("jobs", "--json"),
        stdout=writer, stderr=subprocess.PIPE, text=True, timeout=60, check=False,
        env=environment(),
    )  # fmt: skip
    os.close(writer)
    assert result.returncode == 1
    assert result.stderr == ""


def test_check_asks_the_service(make_desk: MakeDesk) -> None:
    """Well, then with a token that nobody knows, then with nobody there."""
    desk = make_desk()
    desk.config.chmod(0o600)
    unsaid = desk.uploadd("check")
    assert (unsaid.returncode, unsaid.stdout.splitlines()[-1]) == (0, "1 warning")
    assert "camera: private\n    → new photos are private now; " in unsaid.stdout
    whole = desk.config.read_text() + '\n[folders.camera.photo]\nprivacy = "friends"\n'
    desk.config.write_text(whole)
    result = desk.uploadd("check")
    assert (result.returncode, result.stdout.splitlines()[-1]) == (0, "everything is well")
    assert "camera: friends\n" in result.stdout
    desk.config.write_text(whole.replace('"sandbox-token"', '"another-token"'))
    refused = desk.uploadd("check", "--json")
    assert refused.returncode == 77
    assert "another-token" not in refused.stdout + refused.stderr
    desk.config.write_text(whole.replace("base_url = ", 'base_url = "http://127.0.0.1:1" #'))
    assert desk.uploadd("check").returncode == 1


def test_check_tells_a_token_that_may_only_read(make_desk: MakeDesk) -> None:
    """Every upload would be refused."""
    desk = make_desk(SandboxOptions(credentials=replace(Credentials(), perms="read")))
    result = desk.uploadd("check")
    assert result.returncode == 77
    assert "may read, and not upload" in result.stdout


def test_check_works_beside_a_daemon(make_desk: MakeDesk) -> None:
    """It needs no lock, and changes nothing."""
    desk = make_desk()
    with desk.started("run") as process:
        wait_until(lambda: "folder.walked" in desk.log(), 20, "the first walk")
        before = counts(desk)
        result = desk.uploadd("check", "--json")
        assert result.returncode == 0
        assert f"pid {process.pid}" in result.stdout
        assert counts(desk) == before

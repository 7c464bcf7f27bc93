"""Whole commands: what a backfill says at its end, and what a script that wipes a card sees."""

from __future__ import annotations

import json
import signal
import subprocess
from collections.abc import Callable
from typing import Any

from integration.processes import Desk, environment, wait_until
from integration.test_bad_input import without_privileges
from uploadd.sandbox import SandboxOptions

MakeDesk = Callable[..., Desk]
EVERYTHING = "everything is on the account"


def backfill(desk: Desk, *words: str) -> subprocess.CompletedProcess[str]:
    """By a user whom a mode of 0 keeps out."""
    return subprocess.run(
        [*without_privileges(), *desk.command("backfill", "--json", *words)],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
        env=environment(),
    )


def told(ended: subprocess.CompletedProcess[str]) -> Any:
    """The object that `--json` prints last."""
    return json.loads(ended.stdout.splitlines()[-1])


def test_a_card_is_wiped_only_where_everything_is_there(make_desk: MakeDesk) -> None:
    """RAW files, zeros, an empty file and a closed directory; alone, then beside a daemon."""
    desk = make_desk(settle=0)
    desk.add("good/a.jpg")
    for name in ("a.CR2", "b.cr2", "c.NEF"):
        (desk.photos / name).write_bytes(b"II*\x00" + name.encode())
    (desk.photos / "zeros.jpg").write_bytes(bytes(5000))
    (desk.photos / "empty.jpg").touch()
    (desk.photos / "good" / "a.xmp").touch()
    photos, good = str(desk.photos), str(desk.photos / "good")
    groups = "5 are not: 3 RAW (.CR2, .NEF), 1 damaged, 1 empty: `uploadd jobs --state skipped`"

    ended = backfill(desk, photos)
    assert (ended.returncode, f"1 is on the account. {groups}" in ended.stderr) == (0, True)
    assert EVERYTHING not in ended.stderr
    listed = desk.uploadd("jobs", "--state", "skipped", "--json").stdout.splitlines()
    assert len(listed) == sum(one["files"] for one in told(ended)["not_on_account"]) == 5
    dry = backfill(desk, "--dry-run", photos)
    assert told(dry)["not_on_account"] == told(ended)["not_on_account"]

    ended = backfill(desk, "--strict", good)
    assert (ended.returncode, EVERYTHING in ended.stderr) == (0, True)
    assert "left alone: 1 sidecar" in ended.stderr
    with desk.started("run"):
        wait_until(lambda: desk.uploadd("status", "--json").stdout.count('"running": true') > 0,
                   30, "the daemon delivers")  # fmt: skip
        ended = backfill(desk, "--strict", photos)
        assert (ended.returncode, groups in ended.stderr) == (1, True)
        assert "--strict: something that was found is not on the account" in ended.stderr
        assert backfill(desk, "--strict", good).returncode == 0

    shut = desk.photos / "good" / "shut"
    shut.mkdir(mode=0)
    ended = backfill(desk, good)
    assert (ended.returncode, told(ended)["unread_directories"]) == (1, 1)
    assert EVERYTHING not in ended.stderr
    assert f"not readable: {shut} (Permission denied)" in ended.stderr


def test_ctrl_c_says_what_was_sent_and_what_was_not(make_desk: MakeDesk) -> None:
    """Tickets that are open are not the same as files that still wait."""
    desk = make_desk(SandboxOptions(ticket_seconds=600.0), settle=0)
    desk.config.write_text(
        desk.config.read_text().replace("calls_per_hour = 0", "bytes_per_second = 2000")
    )
    for number in range(30):
        desk.add(f"{number}.jpg")
    with desk.started("backfill", str(desk.photos)) as running:
        wait_until(lambda: len(desk.sandbox.journal.of("upload")) >= 3, 30, "some were sent")
        running.send_signal(signal.SIGINT)
        assert running.wait(timeout=60) == 130
    (line,) = [line for line in desk.log().splitlines() if line.startswith("30 files found")]
    jobs = map(json.loads, desk.uploadd("jobs", "--json").stdout.splitlines())
    states = [job["state"] for job in jobs]
    assert f"{states.count('processing')} sent and to be confirmed" in line
    assert f"{states.count('queued')} not yet sent" in line
    assert EVERYTHING not in desk.log()

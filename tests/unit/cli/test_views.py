"""What people see: times, tables, stories, sentences."""

from __future__ import annotations

import io
import time
from dataclasses import replace
from datetime import datetime
from pathlib import Path

import pytest
from rich.console import Console

from unit.operations.records import BROKEN, NOW, Records
from uploadd.cli.ignore import ignored_lines
from uploadd.cli.jobs import _Lines
from uploadd.cli.moments import ago, length, moment, since_said, soon
from uploadd.cli.retry import retried_lines
from uploadd.cli.status_view import status_view
from uploadd.cli.story_view import story_lines
from uploadd.cli.sum_view import sum_lines
from uploadd.model.errors import UsageError
from uploadd.model.estimates import Rate
from uploadd.model.jobs import Job
from uploadd.model.pauses import PauseCause
from uploadd.model.states import State
from uploadd.model.verdicts import Reason
from uploadd.model.waits import Awaited, Wait
from uploadd.operations.ignoring import Ignored
from uploadd.operations.naming import Refused
from uploadd.operations.retrying import Retried
from uploadd.operations.show.listing import Listed, Wanted, listing, relative_path
from uploadd.operations.show.progress import Progress
from uploadd.operations.show.status import Status, status_of
from uploadd.operations.show.story import story_of
from uploadd.store import older
from uploadd.store.activity import Activity
from uploadd.store.beside import writing
from uploadd.store.lock import Holder
from uploadd.store.reads import Reading


@pytest.fixture
def records(tmp_path: Path) -> Records:
    """A home of its own."""
    return Records(tmp_path)


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0, "0 s"), (59.4, "59 s"), (60, "1 min"), (7200, "2 h"), (3 * 86400, "3 d")],
)
def test_lengths_have_one_unit(seconds: float, text: str) -> None:
    """More is not needed."""
    assert length(seconds) == text


def test_moments_have_a_date_where_it_is_not_today(monkeypatch: pytest.MonkeyPatch) -> None:
    """In the time of the reader."""
    monkeypatch.setenv("TZ", "UTC")
    time.tzset()
    assert moment(NOW, NOW) == "22:13:20"
    assert moment(NOW - 86400, NOW) == "2023-11-13 22:13"
    assert soon(NOW + 90, NOW) == "at 22:14:50 (in 2 min)"
    assert soon(NOW - 1, NOW) == "now"
    assert ago(NOW - 90, NOW) == "2 min ago"


def shown(status: Status, width: int = 80) -> str:
    """The status as a terminal of this width shows it."""
    out = io.StringIO()
    console = Console(file=out, width=width, highlight=False, markup=False)
    console.print(status_view(status))
    return out.getvalue()


def test_the_status_shows_counts_pauses_and_folders(records: Records) -> None:
    """What stops an account, until when, and what to do."""
    records.done("a.jpg")
    records.begin(records.add("b.jpg"))
    records.pause(PauseCause.WAIT, 90)
    text = shown(status_of(records.configuration, NOW), 300)
    assert "nothing runs" in text
    assert "me on it" in text
    assert "because of wait" in text
    assert "in 2 min" in text
    assert "do something" in text
    assert "1 was being sent, and will be looked up" in text
    assert "uploading" not in text
    assert str(records.photos) in text


def test_the_status_tells_what_is_left(records: Records) -> None:
    """In files and bytes, the share of it, the rate and the time; and what was done lately."""
    status = status_of(records.configuration, NOW)
    (account,) = status.accounts
    progress = Progress(1200, 5_300_000_000, 0.9996, Rate(30, 60_000_000, 60), 3600, 12, 1340)
    busy = replace(account, progress=progress, counts={State.UPLOADING: 4, State.FAILED: 3})
    running = replace(status, accounts=(busy,), holder=Holder(1, "run", NOW))
    text = shown(running, 200)
    assert "me: 1,200 files (5.3 GB) left to send, 99.9% done" in text
    assert "; 30 files a minute, 1.0 MB/s: about 1 h left" in text
    assert "12 done today, 1,340 this week" in text
    assert "me: 4 uploading" in text
    assert "3 failed: `uploadd jobs --state failed` says why" in text
    slow = replace(busy, progress=replace(progress, rate=Rate(1, 500, 900), seconds_left=None))
    slow_text = shown(replace(running, accounts=(slow, replace(slow, name="you"))), 200)
    assert "; 4 files an hour, 1 byte/s" in slow_text
    assert "about" not in slow_text
    assert "`uploadd jobs --state failed --account you` says why" in slow_text


def test_a_quiet_status_says_nothing_of_progress(records: Records) -> None:
    """Nothing is left, nothing was done."""
    text = shown(status_of(records.configuration, NOW), 200)
    assert "left" not in text
    assert "today" not in text


def test_what_is_waited_for_is_told_with_how_long(records: Records) -> None:
    """An account that seems to do nothing says why."""
    records.add("a.jpg")
    found = status_of(records.configuration, NOW)
    waits = (
        Wait(Awaited.UPLOAD, NOW - 40, "IMG_1.jpg"),
        *(Wait(what, NOW - 12) for what in Awaited if what is not Awaited.UPLOAD),
    )
    busy = replace(found.accounts[0], activity=Activity(0, waits))
    text = shown(replace(found, accounts=(busy,)), width=100)
    assert "me: waits for the reply to the upload of IMG_1.jpg, for 40 s" in text
    assert "me: waits for the reply to a question for tickets, for 12 s" in text
    assert text.count("waits for the reply") == len(Awaited)


def test_who_delivers_is_in_the_headline(records: Records) -> None:
    """The daemon, or a backfill."""
    status = status_of(records.configuration, NOW)
    running = replace(status, holder=Holder(812, "run", NOW - 7200))
    assert "the daemon runs  pid 812, for 2 h" in shown(running)
    assert "a backfill runs" in shown(replace(status, holder=Holder(812, "backfill", NOW)))
    assert "restart it" not in shown(running)
    assert "restart it" in shown(replace(running, has_other_settings=True))


def test_a_large_file_that_is_read_is_told(records: Records) -> None:
    """It has no job yet, and may take an hour."""
    status = status_of(records.configuration, NOW)
    reading = Reading(b"/p/wedding.mov", 700_000_000, 9_000_000_000, NOW - 60)
    text = shown(replace(status, reads=(reading,)), width=100)
    assert "reading /p/wedding.mov: 700.0 MB of 9.0 GB, begun 1 min ago" in text


def test_the_accounts_fit_into_80_columns(records: Records) -> None:
    """With counts as large as they get, no number is cut."""
    status = status_of(records.configuration, NOW)
    counts = dict.fromkeys(State, 100_000)
    (account,) = status.accounts
    full = replace(status, accounts=(replace(account, counts=counts, calls_last_hour=3600),))
    text = shown(full, 80)
    assert "…" not in text
    assert text.count("100,000") >= 5
    assert "400,000" in text


def test_a_folder_says_what_is_wrong_with_it(records: Records) -> None:
    """Before anything else."""
    status = status_of(records.configuration, NOW)
    folder = replace(status.folders[0], degraded="it is not there", paused=True)
    lines = shown(replace(status, folders=(folder,)), 200).splitlines()
    assert [line.strip() for line in lines if "it is not" in line] == ["! camera: it is not there"]
    assert "degraded" in "".join(lines)
    paused = replace(status, folders=(replace(folder, degraded=""),))
    assert "paused" in shown(paused, 200)


LONG = Reason("5", "the service does not know this type of file, whatever its name says", "")


def lines_of(records: Records, one: Job, *, is_terminal: bool, width: int = 80) -> list[str]:
    """A job as `uploadd jobs` shows it."""
    relative = relative_path(records.configuration, one)
    console = Console(width=width, force_terminal=is_terminal, file=io.StringIO())
    lines = _Lines(console, has_accounts=True, has_folders=True)
    return [line.plain for line in lines.of(Listed(one, "me", relative))]


def test_a_reason_is_never_cut(records: Records) -> None:
    """It has a line of its own where it does not fit; of a path the end tells more."""
    found = lines_of(records, records.failed("long-" * 20 + "name.jpg", LONG), is_terminal=True)
    assert len(found[0]) <= 80
    assert found[0].endswith("name.jpg")
    assert found[0].count("…") == 1
    assert found[1].strip() == f"{LONG.text} [5]"


def test_a_short_job_is_one_line(records: Records) -> None:
    """With its path from the folder."""
    (line,) = lines_of(records, records.failed("a.jpg"), is_terminal=True, width=160)
    assert "  camera  " in line
    assert "  a.jpg  " in line
    assert line.endswith(f"{BROKEN.text} [5]")
    assert str(records.photos) not in line


def test_a_job_is_not_cut_where_there_is_no_terminal(records: Records) -> None:
    """Programs read it, one line a job."""
    name = "long-" * 20 + "name.jpg"
    (line,) = lines_of(records, records.failed(name, LONG), is_terminal=False)
    assert name in line
    assert line.endswith(f"{LONG.text} [5]")


def test_sums_say_what_they_have_in_common(records: Records) -> None:
    """One of several reasons is an example."""
    records.failed("a.jpg", LONG)
    records.failed("b.jpg")
    records.done("c.jpg")
    with listing(records.configuration, Wanted(), with_sums=True) as found:
        lines = [line.plain for line in sum_lines(found.sums, has_accounts=False)]
    assert lines[0].split()[:5] == ["2", "failed", "5", "such", "as:"]
    assert lines[1].split() == ["1", "done"]


def test_a_directory_s_story_is_its_sum(records: Records) -> None:
    """With the commands for what has failed there."""
    records.failed("a.jpg")
    records.done("b.jpg")
    story = story_of(records.configuration, records.root, NOW)
    text = "\n".join(line.plain for line in story_lines(story, NOW))
    assert f"`uploadd retry {records.photos}`" in text
    assert f"`uploadd ignore {records.photos}`" in text
    assert f"{BROKEN.text}" in text


@pytest.mark.parametrize(
    ("ignored", "words"),
    [
        (Ignored(), ["no job was put aside"]),
        (Ignored(put_aside=1), ["1 job is put aside"]),
        (Ignored(put_aside=1200, before=2), ["1,200 jobs are put", "2 jobs were put aside before"]),
        (Ignored(refused=(Refused(3, "job 3 is uploading"),)), ["uploadd: job 3 is uploading"]),
        (Ignored(refused=(Refused(3, "no"),) * 25), ["uploadd: and 5 jobs more"]),
    ],
)
def test_an_ignore_says_what_came_of_it(ignored: Ignored, words: list[str]) -> None:
    """How many, and what was left."""
    text = "\n".join(ignored_lines(ignored))
    assert all(word in text for word in words)


@pytest.mark.parametrize(
    ("text", "at"),
    [
        ("2d", NOW - 2 * 86400),
        ("90min", NOW - 5400),
        ("1w", NOW - 7 * 86400),
        ("999999w", 0.0),
        ("2023-11-14T22:13:20+00:00", NOW),
        ("2023-11-14", datetime.fromisoformat("2023-11-14").timestamp()),
    ],
)
def test_since_is_a_date_or_a_span(text: str, at: float) -> None:
    """In the time of the one who asks."""
    assert since_said(text, NOW) == at


@pytest.mark.parametrize("text", ["", "yesterday", "2", "d", "2 d", "-2d", "2023-13-01", "٣d"])
def test_what_is_neither_is_refused(text: str) -> None:
    """With both ways to write it."""
    with pytest.raises(UsageError, match="2026-05-17T18:30"):
        since_said(text, NOW)


def test_a_story_names_the_command(records: Records) -> None:
    """The reason, the history, and who must act."""
    job = records.failed("a.jpg")
    story = story_of(records.configuration, bytes(records.path("a.jpg")), NOW)
    text = "\n".join(line.plain for line in story_lines(story, NOW))
    assert f"uploadd retry {job.id}" in text
    assert f"{BROKEN.text} [5]" in text
    assert "you " in text
    assert text.count("uploading") == 1


def test_a_story_without_a_job_says_why(records: Records) -> None:
    """And what to do about it."""
    story = story_of(records.configuration, b"/elsewhere/a.jpg", NOW)
    text = "\n".join(line.plain for line in story_lines(story, NOW))
    assert "no such file" in text


@pytest.mark.parametrize(
    ("retried", "is_forced", "words"),
    [
        (Retried(), False, ["no job"]),
        (Retried(gone=(1,)), False, ["1 job stays as it is: its file is not there", "no job was"]),
        (Retried(gone=(1, 2)), False, ["2 jobs stay as they are: their files are not there"]),
        (Retried(refused=(Refused(3, "there is no job 3"),)), False, ["there is no job 3"]),
        (Retried(queued=(1, 2)), False, ["2 jobs are put back", "nothing runs now"]),
        (Retried(looked_up=(1,), is_delivering=True), False, ["1 job is put", "looked up"]),
        (Retried(unread=(1,)), False, ["read first"]),
        (Retried(queued=(1,), deleted=(1,)), False, ["only --force"]),
        (Retried(queued=(1,), overruled=(1,)), True, ["there twice"]),
        (Retried(queued=(1,)), True, ["uploaded anew"]),
    ],
)
def test_a_retry_says_what_came_of_it(retried: Retried, is_forced: bool, words: list[str]) -> None:
    """How many, on which way, and what it means."""
    text = "\n".join(retried_lines(retried, is_forced=is_forced))
    assert all(word in text for word in words)
    assert ("nothing runs now" in text) == (retried.moved > 0 and not retried.is_delivering)


def test_an_account_that_awaits_its_adoption_says_so(records: Records) -> None:
    """With the command."""
    records.add("a.jpg")
    with writing(records.configuration.state_dir) as db:
        older.doubt_all(db, NOW - 1.0, NOW, 0)
    text = shown(status_of(records.configuration, NOW))
    assert "me awaits its adoption" in text
    assert "`uploadd adopt --account me`" in text

"""What people see: times, tables, stories, sentences."""

from __future__ import annotations

import io
import time
from dataclasses import replace
from pathlib import Path

import pytest
from rich.console import Console

from unit.operations.records import BROKEN, NOW, Records
from uploadd.cli.jobs import _Lines
from uploadd.cli.moments import ago, length, moment, soon
from uploadd.cli.retry import retried_lines
from uploadd.cli.status_view import status_view
from uploadd.cli.story_view import story_lines
from uploadd.model.pauses import PauseCause
from uploadd.model.states import State
from uploadd.operations.retrying import Refused, Retried
from uploadd.operations.show.listing import Listed
from uploadd.operations.show.status import Status, status_of
from uploadd.operations.show.story import story_of
from uploadd.store import older
from uploadd.store.beside import writing
from uploadd.store.lock import Holder


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
    assert "1 uploading" in text
    assert str(records.photos) in text


def test_who_delivers_is_in_the_headline(records: Records) -> None:
    """The daemon, or a backfill."""
    status = status_of(records.configuration, NOW)
    running = replace(status, holder=Holder(812, "run", NOW - 7200))
    assert "the daemon runs  pid 812, for 2 h" in shown(running)
    assert "a backfill runs" in shown(replace(status, holder=Holder(812, "backfill", NOW)))


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
    assert "it is not there" in shown(replace(status, folders=(folder,)), 200)
    paused = replace(status, folders=(replace(folder, degraded=""),))
    assert "paused" in shown(paused, 200)


def listed(records: Records) -> Listed:
    """A failed job with a long name."""
    return Listed(records.failed("long-" * 20 + "name.jpg"), "me")


def test_a_job_is_one_line_of_the_terminal(records: Records) -> None:
    """The end of a path tells more than its beginning."""
    one = listed(records)
    console = Console(width=80, force_terminal=True, file=io.StringIO())
    line = _Lines(console, has_accounts=True).line(one).plain
    assert len(line) <= 80
    assert "name.jpg" in line
    assert line.count("…") == 2


def test_a_job_is_not_cut_where_there_is_no_terminal(records: Records) -> None:
    """Programs read it."""
    one = listed(records)
    lines = _Lines(Console(width=80, file=io.StringIO()), has_accounts=False)
    line = lines.line(one).plain
    assert str(records.photos) in line
    assert f"{BROKEN.text} [5]" in line
    assert "  me  " not in line


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

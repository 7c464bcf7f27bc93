"""What a backfill says about who delivers, and its last word."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from rich.console import Console

from unit.operations.records import NOW, Records
from uploadd.cli.status_view import status_view
from uploadd.cli.wording import NEWS, ending_lines, news_line
from uploadd.operations.backfill.endings import Ending, Finished
from uploadd.operations.backfill.news import News, Turn
from uploadd.operations.backfill.summary import Snapshot
from uploadd.operations.show.status import status_of
from uploadd.store import backfills
from uploadd.store.backfills import Asked, Progress, Stage
from uploadd.store.beside import writing


def last_word(ending: Ending, left_to: int | None, requests: tuple[int, ...] = ()) -> str:
    return list(ending_lines(Finished(ending, Snapshot(), (), left_to, requests)))[-1]


@pytest.mark.parametrize("turn", Turn)
def test_every_turn_has_its_sentence(turn: Turn) -> None:
    """With the process it is about, where it is about one."""
    text = news_line(News(turn, 812, 34.6))
    assert ("812" in text) == ("{pid}" in NEWS[turn])
    assert "{" not in text


def test_silence_says_how_to_end_it() -> None:
    """Who is silent, since when, that nothing is lost, and what to do."""
    text = news_line(News(Turn.SILENT, 812, 34.6))
    for words in ("812", "35 s", "nothing is lost", "systemctl restart uploadd", "kill 812"):
        assert words in text


@pytest.mark.parametrize(
    "ending", [Ending.INTERRUPTED, Ending.TERMINATED, Ending.WOULD_WAIT, Ending.CREDENTIALS]
)
def test_what_is_left_to_a_daemon_is_said(ending: Ending) -> None:
    """The process that goes on is named; without one, it is not promised."""
    assert "the daemon, pid 812, goes on" in last_word(ending, 812, (1,))
    assert "pid" not in last_word(ending, None)


def test_what_waits_for_the_next_daemon_is_said() -> None:
    """The directories are asked for, and nobody delivers now."""
    assert "the next `uploadd run`" in last_word(Ending.INTERRUPTED, None, (1,))
    assert "run it again" in last_word(Ending.INTERRUPTED, None)


def test_status_shows_what_was_handed_to_the_daemon(tmp_path: Path) -> None:
    """Where it is, how far it is, and what it waits for."""
    records = Records(tmp_path)
    records.account_id()
    directory = os.fsencode(tmp_path / "old")
    with writing(records.configuration.state_dir) as db:
        (number,) = backfills.ask(db, [Asked(directory, "1:2", "", False, ("me",), "")], NOW - 60)
        backfills.begin(db, number)
        backfills.tell(db, number, Progress(Stage.WALKING, "it cannot be read"))
    console = Console(width=300)
    with console.capture() as shown:
        console.print(status_view(status_of(records.configuration, NOW)))
    assert f"backfill of {tmp_path / 'old'}: looking for files" in shown.get()
    assert "→ it cannot be read" in shown.get()

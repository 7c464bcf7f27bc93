"""The sentences that end a backfill, and those about who delivers."""

from __future__ import annotations

from collections.abc import Iterator

from rich.filesize import decimal

from uploadd.model.numbers import counted, number
from uploadd.model.states import State
from uploadd.operations.backfill.endings import Ending, Finished
from uploadd.operations.backfill.news import News, Turn

LONGEST_SHOWN_URL = 400
"""A link to hundreds of photos is for programs (`--json`), not for a terminal."""

LAST_WORDS = {
    Ending.DONE: "everything is on the account",
    Ending.FAILED: "some files failed: `uploadd jobs --state failed` says why",
    Ending.WOULD_WAIT: "what is left has to wait; run it again later to go on",
    Ending.CREDENTIALS: "the credentials are missing or refused; the queue is whole",
    Ending.INTERRUPTED: "stopped; the queue is intact, run it again to go on",
    Ending.TERMINATED: "stopped; the queue is intact, run it again to go on",
}

STOPPED = "stopped; the queue is intact, and the next `uploadd run` goes on with it"
"""A backfill that was handed over, while nobody delivers."""

LEFT_TO = {
    Ending.WOULD_WAIT: "what is left has to wait; the daemon, pid {pid}, goes on with it",
    Ending.CREDENTIALS: (
        "the credentials are missing or refused; the queue is whole, and the daemon, pid {pid},"
        " goes on once they are accepted"
    ),
    Ending.INTERRUPTED: "not stopped, only left: the daemon, pid {pid}, goes on with it;"
    " `uploadd status` shows it",
    Ending.TERMINATED: "not stopped, only left: the daemon, pid {pid}, goes on with it;"
    " `uploadd status` shows it",
}

NEWS = {
    Turn.JOINED: "the daemon, pid {pid}, delivers, and takes this in: Ctrl-C only ends this view",
    Turn.YIELDED: "a daemon, pid {pid}, was started: what is in flight has ended, it is its turn",
    Turn.TAKEN_BACK: "the daemon did not take its turn: the backfill goes on without it",
    Turn.TOOK_OVER: "nobody delivers any more: the backfill goes on by itself",
    Turn.QUEUED_UP: "another backfill, pid {pid}, delivers now: this one waits for it to end",
    Turn.SILENT: (
        "the daemon, pid {pid}, has not answered for {seconds} s; nothing is lost, and the"
        " backfill waits for it\n  → if it hangs: `systemctl restart uploadd`, or `kill {pid}`"
        " (in the end `kill -9 {pid}`) and `uploadd run`"
    ),
    Turn.HEARD: "the daemon, pid {pid}, answers again",
}


def news_line(news: News) -> str:
    """Who delivers now, or does not answer."""
    return NEWS[news.turn].format(pid=news.pid, seconds=number(news.seconds))


def ending_lines(finished: Finished) -> Iterator[str]:
    """The summary of a backfill: the numbers, what holds it up, and the last word."""
    snapshot = finished.snapshot
    yield f"{counted(snapshot.found, 'file')} found: {_counts(finished)}"
    yield (
        f"{decimal(snapshot.bytes_sent)} sent in {snapshot.seconds:.1f} s"
        f" with {counted(snapshot.api_calls, 'API call')}"
    )
    if finished.ending is not Ending.DONE:
        for name, pause in finished.pauses:
            yield f"account {name} is paused: {pause.text}"
            if pause.remedy:
                yield f"  → {pause.remedy}"
    if snapshot.edit_url and len(snapshot.edit_url) <= LONGEST_SHOWN_URL:
        yield f"edit what was uploaded: {snapshot.edit_url}"
    yield _last_word(finished)


def _last_word(finished: Finished) -> str:
    """What state things are in, and what happens next."""
    if finished.left_to is not None:
        return LEFT_TO[finished.ending].format(pid=finished.left_to)
    is_stopped = finished.ending in (Ending.INTERRUPTED, Ending.TERMINATED)
    return STOPPED if finished.requests and is_stopped else LAST_WORDS[finished.ending]


def _counts(finished: Finished) -> str:
    snapshot = finished.snapshot
    shown = (State.DONE, State.DUPLICATE, State.SKIPPED, State.FAILED)
    parts = [f"{number(snapshot.count(state))} {state}" for state in shown if snapshot.count(state)]
    if snapshot.pending:
        parts.append(f"{number(snapshot.pending)} pending")
    return ", ".join(parts) or "nothing to do"

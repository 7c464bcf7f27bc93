"""The sentences that end a backfill, and those about who delivers."""

from __future__ import annotations

from collections.abc import Iterator

from rich.filesize import decimal

from uploadd.cli.closing import account_lines, found_lines, left_alone_lines
from uploadd.model.numbers import counted, number
from uploadd.operations.backfill.endings import Ending, Finished
from uploadd.operations.backfill.news import News, Turn

LONGEST_SHOWN_URL = 400
"""A link to hundreds of photos is for programs (`--json`), not for a terminal."""

RUN_AGAIN = "stopped; the queue is intact, run it again to go on"
DETACHED = "detached: the daemon, pid {pid}, goes on with it; `uploadd status` shows it"

LAST_WORDS = {
    Ending.WOULD_WAIT: "what is left has to wait; run it again later to go on",
    Ending.CREDENTIALS: "the credentials are missing or refused; what is queued stays queued",
    Ending.INTERRUPTED: RUN_AGAIN,
    Ending.TERMINATED: RUN_AGAIN,
}

STOPPED = "stopped; the queue is intact, and the next `uploadd run` goes on with it"
"""A backfill that was handed over, while nobody delivers."""

LEFT_TO = {
    Ending.FAILED: "the daemon, pid {pid}, takes up what is left when it comes to rest",
    Ending.WOULD_WAIT: "what is left has to wait; the daemon, pid {pid}, goes on with it",
    Ending.CREDENTIALS: (
        "the credentials are missing or refused; what is queued stays queued, and the daemon,"
        " pid {pid}, goes on once they are accepted"
    ),
    Ending.INTERRUPTED: DETACHED,
    Ending.TERMINATED: DETACHED,
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
    """The summary of a backfill: the numbers, what holds it up, what is there, the last word."""
    snapshot = finished.snapshot
    yield from number_lines(finished)
    if finished.ending is not Ending.DONE:
        for name, pause in finished.pauses:
            yield f"account {name} is paused: {pause.text}"
            if pause.remedy:
                yield f"  → {pause.remedy}"
    if snapshot.edit_url and len(snapshot.edit_url) <= LONGEST_SHOWN_URL:
        yield f"edit what was uploaded: {snapshot.edit_url}"
    yield from account_lines(finished)
    yield from left_alone_lines(finished.left_alone, snapshot.settling, snapshot.restless)
    last = _last_word(finished)
    if last:
        yield last


def number_lines(finished: Finished) -> Iterator[str]:
    """What was found, and what was sent."""
    snapshot = finished.snapshot
    yield from found_lines(finished)
    yield (
        f"{decimal(snapshot.bytes_sent)} sent in {snapshot.seconds:,.1f} s"
        f" with {counted(snapshot.api_calls, 'API call')}"
    )


def _last_word(finished: Finished) -> str:
    """What happens next with what is left; empty where all of it has ended."""
    if finished.left_to is not None:
        return LEFT_TO[finished.ending].format(pid=finished.left_to)
    is_stopped = finished.ending in (Ending.INTERRUPTED, Ending.TERMINATED)
    return STOPPED if finished.requests and is_stopped else LAST_WORDS.get(finished.ending, "")

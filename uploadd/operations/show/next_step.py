"""What happens next to a job, what holds it up, and who must act. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from uploadd.model.hurdles import (
    Facts,
    Hurdle,
    HurdleKind,
    Look,
    hurdles,
    out_of_calls,
    own_wait,
    paused,
    turn,
)
from uploadd.model.jobs import Job
from uploadd.model.numbers import counted
from uploadd.model.pauses import Stops
from uploadd.model.states import State
from uploadd.operations.show.json_values import json_time

START = "`uploadd run`, or `uploadd backfill DIR`"


class Who(StrEnum):
    """Who has to do something."""

    UPLOADD = "uploadd"
    YOU = "you"
    NOBODY = "nobody"


@dataclass(frozen=True, slots=True)
class NextStep:
    """`at`: when, at the earliest (unix seconds); None where that is open, or nothing comes."""

    text: str
    who: Who
    at: float | None = None
    remedy: str = ""
    hurdles: tuple[Hurdle, ...] = ()

    def as_json(self) -> dict[str, Any]:
        """Its part of `why --json`."""
        return {
            "text": self.text,
            "who": self.who,
            "at": json_time(self.at),
            "remedy": self.remedy,
            "obstacles": [_json(hurdle) for hurdle in self.hurdles],
        }


def _json(hurdle: Hurdle) -> dict[str, Any]:
    """Its part of `why --json`."""
    return {
        "kind": hurdle.kind,
        "text": hurdle.text,
        "until": json_time(hurdle.until),
        "remedy": hurdle.remedy,
    }


@dataclass(frozen=True, slots=True)
class Circumstances:
    """What surrounds a job: `facts` of the database, and what a person may have to do about.

    `ahead`: queued jobs that come before it. `has_left`: the photo of a job that is done has
    another content now. `refused`: why its folder's directory is not read, and the remedy.
    """

    facts: Facts
    is_configured: bool = True
    is_delivering: bool = True
    ahead: int = 0
    has_left: bool = False
    refused: tuple[str, str] | None = None

    @property
    def account(self) -> str:
        """The name of the job's account."""
        return self.facts.account


def next_step(  # noqa: PLR0911 - one return for each kind of state
    job: Job, around: Circumstances
) -> NextStep:
    """What happens to `job` from here."""
    match job.state:
        case State.QUEUED:
            return _moving(_send_text(job), around, _before_a_send(job, around))
        case State.UPLOADING:
            return _uploading(job, around)
        case State.UNCERTAIN:
            text = _look_text(job)
            return _moving(text, around, _before_a_question(job, around))
        case State.PROCESSING:
            times = counted(job.trail.polls, "time")
            text = f"the service is asked for ticket {job.ticket_id} ({times} so far)"
            return _moving(text, around, _before_a_question(job, around))
        case State.FILING:
            return _moving(_filing_text(job), around, own_wait(job, around.facts.now))
        case State.FAILED:
            return NextStep("nothing, until it is retried", Who.YOU, remedy=_failed_remedy(job))
        case State.SKIPPED:
            return _skipped(job)
        case _ if around.has_left:
            text = f"nothing: photo {job.photo_id} was replaced, and has another content now"
            return NextStep(text, Who.NOBODY)
        case State.DONE if job.reason is not None:
            return NextStep(f"nothing now: {job.reason.text}", Who.YOU, remedy=job.reason.remedy)
        case _:
            where = f" as photo {job.photo_id}" if job.photo_id else ""
            return NextStep(f"nothing: the account has it{where}", Who.NOBODY)


def _send_text(job: Job) -> str:
    if not job.sha256:
        return "the file is read again"
    if job.is_replacement:
        again = " again" if job.trail.attempts else ""
        if job.photo_id is None:
            return "it takes the place of the file's former content, where that has a photo"
        return f"it is sent{again}, as the new content of photo {job.photo_id}"
    return "it is sent again" if job.trail.attempts else "it is sent"


def _look_text(job: Job) -> str:
    if job.is_replacement:
        return f"photo {job.photo_id} is given the content once more, which is harmless"
    refused = f", {job.trail.unanswered} could not be answered" if job.trail.unanswered else ""
    looks = counted(job.trail.looks, "look")
    return f"it is looked up on the service ({looks} so far found nothing{refused})"


def _filing_text(job: Job) -> str:
    if job.is_replacement:
        tries = counted(job.trail.unanswered, "try was", "tries were")
        refused = f" ({tries} refused)" if job.trail.unanswered else ""
        return f"the tag of photo {job.photo_id} is made to tell of its new content{refused}"
    return "its album and metadata are finished"


def _moving(
    text: str, around: Circumstances, others: Sequence[Hurdle] | Iterator[Hurdle]
) -> NextStep:
    """A step that uploadd takes by itself, once everything that holds it up is out of the way."""
    found = (*_before_anything(around), *others)
    remedies = [hurdle.remedy for hurdle in found if hurdle.remedy]
    return NextStep(
        text,
        Who.YOU if remedies else Who.UPLOADD,
        at=_latest(found, around.facts.now),
        remedy=remedies[0] if remedies else "",
        hurdles=found,
    )


def _latest(found: Sequence[Hurdle], now: float) -> float | None:
    ends = [hurdle.until for hurdle in found]
    return None if None in ends else max((end for end in ends if end is not None), default=now)


def _before_anything(around: Circumstances) -> Iterator[Hurdle]:
    if not around.is_configured:
        text = f"account {around.account} is not in the configuration any more"
        yield Hurdle(HurdleKind.ACCOUNT, text, remedy="put the account back under its old name")
    if not around.is_delivering:
        yield Hurdle(HurdleKind.NOBODY_RUNS, "nothing runs that could do it", remedy=START)


def _before_a_send(job: Job, around: Circumstances) -> Iterator[Hurdle]:
    if around.refused is not None:
        text = f"folder {job.folder} is not read: {around.refused[0]}"
        yield Hurdle(HurdleKind.FOLDER, text, remedy=around.refused[1])
    found = hurdles(job, around.facts)
    yield from found
    if not {HurdleKind.UNREAD, HurdleKind.TWIN}.intersection(hurdle.kind for hurdle in found):
        yield from _look_before(job, around)
    if around.ahead and job.sha256:
        files = counted(around.ahead, "file is", "files are")
        yield Hurdle(HurdleKind.QUEUE, f"{files} before it in the queue")


def _look_before(job: Job, around: Circumstances) -> Iterator[Hurdle]:
    """Why it is looked up before it is sent."""
    is_aimed = job.photo_id is not None or not job.is_replacement
    if not is_aimed or not isinstance(turn(job, around.facts), Look):
        return
    if around.facts.ledger is not None:
        text = "an earlier send of this content may have arrived: it is looked up first"
    else:
        text = (
            "the database is older than what was sent: it is looked up first; `uploadd adopt"
            f" --account {around.account}` makes that unnecessary"
        )
    yield Hurdle(HurdleKind.LEDGER, text, around.facts.now)


def _before_a_question(job: Job, around: Circumstances) -> Iterator[Hurdle]:
    yield from paused(around.facts, Stops.CALLS)
    yield from out_of_calls(around.facts)
    yield from own_wait(job, around.facts.now)


def _uploading(job: Job, around: Circumstances) -> NextStep:
    if around.is_delivering:
        text = f"its {counted(job.size, 'byte is', 'bytes are')} being sent"
        return NextStep(text, Who.UPLOADD, at=around.facts.now)
    text = "the send was interrupted; it is looked up before anything is sent again"
    if job.is_replacement:
        text = "the send was interrupted; it is sent again, which is harmless"
    return _moving(text, around, ())


_SKIPPED = {
    "vanished": "it comes back to the queue by itself when the file is there again",
    "excluded": "it comes back to the queue by itself when include and exclude let it in",
    "changed": "nothing: this content is not in the file any more, or is not to be uploaded",
    "ignored": "nothing: it was put aside, until it is retried",
    "type": "nothing: no such file is taken",
    "damaged": "it is looked at again when the file has other content",
    "empty": "it is looked at again when the file has content",
    "hard-link": "each walk looks at it again, and sends it once nobody else can have linked it",
}


def _skipped(job: Job) -> NextStep:
    code = job.reason.code if job.reason else ""
    if code == "deleted":
        text = "nothing: it was deleted on the service, and is not sent again by itself"
        remedy = f"if it is wanted again: `uploadd retry --force {job.id}`"
        return NextStep(text, Who.YOU, remedy=remedy)
    text = _SKIPPED.get(code, "nothing, until it is retried")
    return NextStep(text, Who.NOBODY, remedy=job.reason.remedy if job.reason else "")


def _failed_remedy(job: Job) -> str:
    retry = f"`uploadd retry {job.id}`, or `uploadd ignore {job.id}` if it is not wanted"
    remedy = job.reason.remedy if job.reason else ""
    return f"{remedy}; the command is {retry}" if remedy else retry

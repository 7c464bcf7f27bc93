"""May this job be sent now? Decided here alone, from facts that the store has loaded. Pure.

`begin_send` sends a job if it has no hurdle, `uploadd why` prints them, and the queue's statement
leaves out only what a hurdle holds (`store/statements.py`, `NEXT_IN_QUEUE`).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum

from uploadd.model.jobs import Job
from uploadd.model.ledger import Entry, Unknown
from uploadd.model.pauses import ActivePause, EndsBy, Stops, what_stops
from uploadd.model.signs import printable
from uploadd.model.states import IN_FLIGHT, State
from uploadd.model.trail import Doubt

ON_ITS_WAY = (State.UPLOADING, State.UNCERTAIN, State.PROCESSING)
TO_BE_MENDED = (State.QUEUED, State.UNCERTAIN)


class HurdleKind(StrEnum):
    """What can hold a job up."""

    ACCOUNT = "account"  # its account is not configured any more
    NOBODY_RUNS = "nobody-runs"
    PAUSE = "pause"
    TWIN = "twin"
    LEDGER = "ledger"
    UNREAD = "unread"
    BUDGET = "budget"
    FOLDER = "folder"  # its folder is not read until a person accepts what is there
    WAIT = "wait"
    QUEUE = "queue"  # others are before it


@dataclass(frozen=True, slots=True)
class Hurdle:
    """One thing that holds a job up. `until`: unix seconds; None where nobody can tell.

    `remedy` is what a person does about it; empty where nothing is needed.
    """

    kind: HurdleKind
    text: str
    until: float | None = None
    remedy: str = ""


@dataclass(frozen=True, slots=True)
class Facts:
    """What surrounds a job, as the database has it (`store/facts.py`).

    `now`: unix seconds. `account`: its name. `pauses`: all of its account's. `twin`: another job in
    flight that has its content. `of_path`: the other jobs of its file for this account.
    `of_photo`: other jobs in flight that give a content to the photo that this one replaces.
    `ledger`: what is known of its content (None: nothing). `is_being_replaced`: the photo that may
    hold it waits to be given another one. `unknown`: the account may have it although this database
    knows nothing of it. `call_at`: when the call budget has room again (None: now).
    """

    now: float
    account: str = ""
    pauses: Sequence[ActivePause] = ()
    twin: Job | None = None
    of_path: Sequence[Job] = ()
    of_photo: Sequence[Job] = ()
    ledger: Entry | None = None
    is_being_replaced: bool = False
    unknown: Unknown | None = None
    call_at: float | None = None


@dataclass(frozen=True, slots=True)
class Send:
    """It is sent."""


@dataclass(frozen=True, slots=True)
class Look:
    """It may be there: it is looked up first. `since`: when the looks' window begins (unix s)."""

    doubt: Doubt
    since: float
    why: str


@dataclass(frozen=True, slots=True)
class There:
    """The account has it, as this photo (None: nobody knows as which)."""

    photo_id: str | None


@dataclass(frozen=True, slots=True)
class PutOff:
    """The photo that may hold it is about to be given another content: that comes first."""


Turn = Send | Look | There | PutOff


def hurdles(job: Job, facts: Facts) -> list[Hurdle]:
    """Everything that holds a queued job up; where it is empty, it may be sent now."""
    if not job.sha256:
        text = "its content was not read yet; whoever delivers reads it"
        return [Hurdle(HurdleKind.UNREAD, text), *own_wait(job, facts.now)]
    return [
        *paused(facts, Stops.VIDEOS if job.is_video else Stops.UPLOADS),
        *_other_job(job, facts),
        *out_of_calls(facts),
        *own_wait(job, facts.now),
    ]


def turn(job: Job, facts: Facts) -> Turn:
    """What happens to a queued job that nothing holds up."""
    known = facts.ledger
    if known is None and facts.unknown is not None:
        since = min(facts.unknown.found_at, facts.now)
        return Look(Doubt.FULL, since, "the database is older than what was sent")
    if known is None or known.is_of_replacement(job):
        return Send()
    if not known.is_maybe:
        return There(known.photo_id)
    if facts.is_being_replaced and not job.is_replacement:
        return PutOff()
    doubt = Doubt.FULL if known.doubt is Doubt.NONE else known.doubt
    return Look(doubt, facts.now, "an earlier send may have arrived")


def paused(facts: Facts, kind: Stops) -> Iterator[Hurdle]:
    """The account's pauses that stop this."""
    for pause in facts.pauses:
        if kind in what_stops([pause], facts.now):
            ends_by_person = pause.rule.needs_person or pause.rule.ends_by is EndsBy.PERSON
            text = f"account {facts.account} is paused: {pause.text}"
            yield Hurdle(
                HurdleKind.PAUSE, text, pause.until, pause.remedy if ends_by_person else ""
            )


def out_of_calls(facts: Facts) -> Iterator[Hurdle]:
    """The call budget, where it has no room."""
    if facts.call_at is not None:
        yield Hurdle(HurdleKind.BUDGET, "this hour's API calls are used up", facts.call_at)


def own_wait(job: Job, now: float) -> Iterator[Hurdle]:
    """What the job itself waits for."""
    if job.wait is not None and job.wait.remaining(now) > 0:
        is_told = job.state is State.QUEUED and job.reason is not None
        text = job.reason.text if is_told and job.reason else "it is not asked for too often"
        yield Hurdle(HurdleKind.WAIT, text, now + job.wait.remaining(now))


def torn_before(of_path: Sequence[Job]) -> Job | None:
    """The one of a file's other jobs that its content of now waits for, or None.

    Its content was torn, or is about to be mended; what the file holds now is what will mend it.
    """
    for other in of_path:
        is_torn = other.sent_sha256 is not None and other.state in ON_ITS_WAY
        if is_torn or (other.is_mending and other.state in TO_BE_MENDED):
            return other
    return None


def former_of(job: Job, facts: Facts) -> Job | None:
    """What a replacement waits for: of the same file, or for the same photo; or None."""
    if not job.is_replacement:
        return None
    on_their_way = (one for one in (*facts.of_path, *facts.of_photo) if one.state in IN_FLIGHT)
    return next(on_their_way, None)


def _other_job(job: Job, facts: Facts) -> Iterator[Hurdle]:
    """The job that goes first, and why."""
    twin, torn, former = facts.twin, torn_before(facts.of_path), former_of(job, facts)
    if twin is not None:
        text = f"{printable(twin.path)} (job {twin.id}, {twin.state}) has the same content; "
        yield Hurdle(HurdleKind.TWIN, text + "this one is decided together with it")
    elif torn is not None and not job.is_mending:
        text = f"the file's earlier content (job {torn.id}) changed while it was sent: "
        yield Hurdle(
            HurdleKind.TWIN, text + "once its photo is known, this content takes its place there"
        )
    elif former is not None:
        text = f"it waits for job {former.id} ({former.state}), {_of_whom(job, former)}"
        yield Hurdle(HurdleKind.TWIN, text)


def _of_whom(job: Job, former: Job) -> str:
    is_same = former.path == job.path
    return "the same file's other content" if is_same else "which replaces the same photo"

"""What happens next to a job, what holds it up, and who must act. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from uploadd.files.opening import printable
from uploadd.model.jobs import Job
from uploadd.model.numbers import counted
from uploadd.model.pauses import ActivePause, EndsBy, Stops, what_stops
from uploadd.model.states import State
from uploadd.operations.show.json_values import end_of, json_time

START = "`uploadd run`, or `uploadd backfill DIR`"


class Who(StrEnum):
    """Who has to do something."""

    UPLOADD = "uploadd"
    YOU = "you"
    NOBODY = "nobody"


class Hurdle(StrEnum):
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
class Obstacle:
    """One thing that holds a job up. `until`: unix seconds; None where nobody can tell.

    `remedy` is what a person does about it; empty where nothing is needed.
    """

    kind: Hurdle
    text: str
    until: float | None = None
    remedy: str = ""

    def as_json(self) -> dict[str, Any]:
        """Its part of `why --json`."""
        return {
            "kind": self.kind,
            "text": self.text,
            "until": json_time(self.until),
            "remedy": self.remedy,
        }


@dataclass(frozen=True, slots=True)
class NextStep:
    """`at`: when, at the earliest (unix seconds); None where that is open, or nothing comes."""

    text: str
    who: Who
    at: float | None = None
    remedy: str = ""
    obstacles: tuple[Obstacle, ...] = ()

    def as_json(self) -> dict[str, Any]:
        """Its part of `why --json`."""
        return {
            "text": self.text,
            "who": self.who,
            "at": json_time(self.at),
            "remedy": self.remedy,
            "obstacles": [obstacle.as_json() for obstacle in self.obstacles],
        }


@dataclass(frozen=True, slots=True)
class Circumstances:
    """What surrounds a job.

    `ledger`: `maybe`, `there` or "". `call_at`: when the call budget has room again (unix
    seconds, None: now). `ahead`: queued jobs that come before it. `awaits_adoption`: the account
    may have it although this database knows nothing of it. `torn`: the job of an earlier content
    of the same file that changed while it was sent, and whose photo this one may have to mend.
    `former`: the job in flight that a replacement waits for. `has_left`: the photo of a job that
    is done has another content now. `refused`: why its folder's directory is not read, and the
    remedy.
    """

    now: float
    account: str
    is_configured: bool = True
    is_delivering: bool = True
    pauses: Sequence[ActivePause] = ()
    twin: Job | None = None
    torn: Job | None = None
    ledger: str = ""
    call_at: float | None = None
    ahead: int = 0
    awaits_adoption: bool = False
    former: Job | None = None
    has_left: bool = False
    refused: tuple[str, str] | None = None


def next_step(  # noqa: PLR0911 - one return for each kind of state
    job: Job, around: Circumstances
) -> NextStep:
    """What happens to `job` from here."""
    match job.state:
        case State.QUEUED:
            return _moving(_send_text(job), job, around, _before_a_send(job, around))
        case State.UPLOADING:
            return _uploading(job, around)
        case State.UNCERTAIN:
            text = _look_text(job)
            return _moving(text, job, around, _before_a_question(around))
        case State.PROCESSING:
            times = counted(job.trail.polls, "time")
            text = f"the service is asked for ticket {job.ticket_id} ({times} so far)"
            return _moving(text, job, around, _before_a_question(around))
        case State.FILING:
            return _moving(_filing_text(job), job, around, ())
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
    text: str, job: Job, around: Circumstances, others: Sequence[Obstacle] | Iterator[Obstacle]
) -> NextStep:
    """A step that uploadd takes by itself, once everything that holds it up is out of the way."""
    obstacles = (*_before_anything(around), *others, *_own_wait(job, around))
    remedies = [obstacle.remedy for obstacle in obstacles if obstacle.remedy]
    return NextStep(
        text,
        Who.YOU if remedies else Who.UPLOADD,
        at=_latest(obstacles, around.now),
        remedy=remedies[0] if remedies else "",
        obstacles=obstacles,
    )


def _latest(obstacles: Sequence[Obstacle], now: float) -> float | None:
    ends = [obstacle.until for obstacle in obstacles]
    return None if None in ends else max((end for end in ends if end is not None), default=now)


def _before_anything(around: Circumstances) -> Iterator[Obstacle]:
    if not around.is_configured:
        text = f"account {around.account} is not in the configuration any more"
        yield Obstacle(Hurdle.ACCOUNT, text, remedy="put the account back under its old name")
    if not around.is_delivering:
        yield Obstacle(Hurdle.NOBODY_RUNS, "nothing runs that could do it", remedy=START)


def _before_a_send(job: Job, around: Circumstances) -> Iterator[Obstacle]:
    if around.refused is not None:
        yield Obstacle(
            Hurdle.FOLDER,
            f"folder {job.folder} is not read: {around.refused[0]}",
            remedy=around.refused[1],
        )
    if not job.sha256:
        text = "its content was not read yet; whoever delivers reads it"
        yield Obstacle(Hurdle.UNREAD, text)
        return
    yield from _pauses(around, Stops.VIDEOS if job.is_video else Stops.UPLOADS)
    other, doubt = _other_job(job, around), _doubt(job, around)
    if other:
        yield Obstacle(Hurdle.TWIN, other)
    elif doubt:
        yield Obstacle(Hurdle.LEDGER, doubt, around.now)
    if around.call_at is not None:
        yield Obstacle(Hurdle.BUDGET, "this hour's API calls are used up", around.call_at)
    if around.ahead:
        files = counted(around.ahead, "file is", "files are")
        yield Obstacle(Hurdle.QUEUE, f"{files} before it in the queue")


def _other_job(job: Job, around: Circumstances) -> str:
    """The job that goes first, and why; empty where there is none."""
    if around.twin is not None:
        twin = around.twin
        return (
            f"{printable(twin.path)} (job {twin.id}, {twin.state}) has the same content; "
            "this one is decided together with it"
        )
    if around.torn is not None and not job.is_mending:
        return (
            f"the file's earlier content (job {around.torn.id}) changed while it was sent: once"
            " its photo is known, this content takes its place there"
        )
    if around.former is not None:
        former = around.former
        return f"it waits for job {former.id} ({former.state}), {_of_whom(job, former)}"
    return ""


def _doubt(job: Job, around: Circumstances) -> str:
    """Why it is looked up before it is sent; empty where it is not."""
    if around.ledger == "maybe" and not job.is_replacement:
        return "an earlier send of this content may have arrived: it is looked up first"
    if around.awaits_adoption:
        return (
            "the database is older than what was sent: it is looked up first; `uploadd adopt"
            f" --account {around.account}` makes that unnecessary"
        )
    return ""


def _of_whom(job: Job, former: Job) -> str:
    is_same = former.path == job.path
    return "the same file's other content" if is_same else "which replaces the same photo"


def _before_a_question(around: Circumstances) -> Iterator[Obstacle]:
    yield from _pauses(around, Stops.CALLS)
    if around.call_at is not None:
        yield Obstacle(Hurdle.BUDGET, "this hour's API calls are used up", around.call_at)


def _pauses(around: Circumstances, kind: Stops) -> Iterator[Obstacle]:
    for pause in around.pauses:
        if kind not in what_stops([pause], around.now):
            continue
        needs_person = pause.rule.needs_person or pause.rule.ends_by is EndsBy.PERSON
        text = f"account {around.account} is paused: {pause.text}"
        remedy = pause.remedy if needs_person else ""
        yield Obstacle(Hurdle.PAUSE, text, end_of(pause), remedy)


def _own_wait(job: Job, around: Circumstances) -> Iterator[Obstacle]:
    if job.wait is not None and job.wait.remaining(around.now) > 0:
        is_told = job.state is State.QUEUED and job.reason is not None
        text = job.reason.text if is_told and job.reason else "it is not asked for too often"
        yield Obstacle(Hurdle.WAIT, text, around.now + job.wait.remaining(around.now))


def _uploading(job: Job, around: Circumstances) -> NextStep:
    if around.is_delivering:
        text = f"its {counted(job.size, 'byte is', 'bytes are')} being sent"
        return NextStep(text, Who.UPLOADD, at=around.now)
    text = "the send was interrupted; it is looked up before anything is sent again"
    if job.is_replacement:
        text = "the send was interrupted; it is sent again, which is harmless"
    return _moving(text, job, around, ())


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

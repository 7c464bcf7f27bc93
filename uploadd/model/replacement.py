"""New content for a photo that is there: what becomes of a replacement. Pure decisions.

A replacement that is sent twice is harmless, so one whose outcome is unknown is sent again and
never looked up: the content tag is put right only after it was confirmed. That it was sent again
is told, and how often is limited. Wherever an earlier send may have arrived, `uncertain_since`
stays set, and the ledger's `maybe` with it.

A torn upload is mended by a replacement (design section 9).
"""

from __future__ import annotations

from dataclasses import replace

from uploadd.model import verdicts
from uploadd.model.jobs import Job
from uploadd.model.numbers import counted
from uploadd.model.pauses import PauseCause
from uploadd.model.settlement import (
    MOST_ATTEMPTS,
    MOST_ATTEMPTS_UNKNOWN_CODE,
    LedgerChange,
    Settlement,
    Surroundings,
    backed_off,
    ended,
    gave_up,
    ticketed,
)
from uploadd.model.states import State
from uploadd.model.verdicts import Reason, Verdict

MOST_TORN = 5
LOOK_AT_BOTH = (
    "look at both on the service, and delete the one that is not wanted;"
    " then `uploadd ignore` the job"
)
SENT_AGAIN = "whether the replacement arrived is unknown; it is sent again, which is harmless"


def after_send(  # noqa: PLR0911 - one return for each kind of verdict
    job: Job, verdict: Verdict, around: Surroundings
) -> Settlement:
    """What becomes of a replacement whose send ended with `verdict`."""
    match verdict:
        case verdicts.Kept(photo_id):
            return confirmed(job, photo_id)
        case verdicts.Ticketed(ticket_id):
            return ticketed(job, ticket_id, around)
        case verdicts.Duplicate(photo_id) if photo_id is not None and not verdict.is_deleted:
            return elsewhere(job, photo_id)
        case verdicts.Duplicate(reason=reason) | verdicts.Refuse(reason):
            return refused(job, reason)
        case verdicts.Reschedule():
            return _reschedule(job, verdict, around)
        case verdicts.Pause():
            return _paused(job, verdict, around)
        case verdicts.Uncertain(reason):
            return doubtful(job, reason, around)


def confirmed(job: Job, photo_id: str) -> Settlement:
    """The service has the new content, as the photo that was named (or, it was seen, another)."""
    if photo_id != job.photo_id:
        return _other_photo(job, photo_id)
    if job.sent_sha256 is not None:
        return torn(job, photo_id)
    return ended(job, State.FILING, LedgerChange.THERE, None, photo_id=photo_id)


def torn(job: Job, photo_id: str) -> Settlement:
    """The file changed while it was sent: its photo is to be given what the file holds now."""
    is_counted = job.state is not State.UPLOADING
    trail = (job.trail if is_counted else job.trail.tried()).without_doubt()
    if trail.attempts >= MOST_TORN:
        why = "the file changed during every send"
        reason = torn_reason(photo_id, why)
        return ended(job, State.FAILED, LedgerChange.TORN, reason, photo_id=photo_id, trail=trail)
    text = f"the file changed while it was sent: photo {photo_id} holds a mixture, and is replaced"
    settled = ended(
        job,
        State.QUEUED,
        LedgerChange.TORN,
        Reason("torn", text),
        photo_id=photo_id,
        trail=trail,
    )
    return replace(settled, ticket_id=None, is_torn=True)


def doubtful(job: Job, reason: Reason, around: Surroundings) -> Settlement:
    """Nobody knows whether the service took it: it is sent again in a while."""
    trail = job.trail.tried().may_have_arrived(around.now)
    attempts = trail.attempts
    if attempts >= MOST_ATTEMPTS:
        text = f"{_photo_of(job)} may or may not have the new content: {reason.text}"
        remedy = "look at that photo on the service; `uploadd retry` replaces it once more"
        gone = Reason("unknown-outcome", f"{text} ({counted(attempts, 'attempt')})", remedy)
        return Settlement(State.FAILED, reason=gone, trail=trail)
    wait = backed_off(attempts, around)
    return Settlement(State.UNCERTAIN, reason=reason, trail=trail, wait=wait)


def after_doubt(job: Job) -> Settlement:
    """A replacement of unknown outcome has waited: back to the queue, its `maybe` standing."""
    code = job.reason.code if job.reason else "network"
    return Settlement(State.QUEUED, reason=Reason(code, SENT_AGAIN))


def elsewhere(job: Job, photo_id: str) -> Settlement:
    """The account has the content as another photo: a replacement would double it."""
    if photo_id == job.photo_id:
        return ended(job, State.FILING, LedgerChange.THERE, None, photo_id=photo_id)
    if job.is_mending:
        reason = doubled_reason(job, photo_id)
        return _elsewhere(job, State.FAILED, reason, photo_id)
    text = f"the account has the same content already, as photo {photo_id}"
    settled = _elsewhere(job, State.DUPLICATE, Reason("twin", text), photo_id)
    return replace(settled, photo_id=photo_id)


def found_elsewhere(job: Job, photo_id: str) -> Settlement:
    """A replacement of unknown outcome, and the account has its content as another photo.

    The service may have made that one of it, or somebody else; so the job stops.
    """
    reason = Reason(
        "replaced-other",
        f"the account has the new content as photo {photo_id}; whether {_photo_of(job)} was given"
        " it, too, is unknown",
        LOOK_AT_BOTH,
    )
    return _elsewhere(job, State.FAILED, reason, photo_id)


def refused(job: Job, reason: Reason) -> Settlement:
    """The service does not replace this photo by this file."""
    if job.is_mending:
        assert job.photo_id is not None  # noqa: S101 - a replacement has its photo from the start
        reason = torn_reason(job.photo_id, reason.text)
    trail = job.trail.tried().without_doubt()
    return ended(job, State.FAILED, _back(job), reason, trail=trail)


def torn_reason(photo_id: str, why: str) -> Reason:
    """A torn upload that cannot be mended: it needs a person."""
    return Reason(
        "torn",
        f"the file changed while it was sent: photo {photo_id} holds a mixture,"
        f" and could not be replaced: {why}",
        f"delete photo {photo_id} on the service, then `uploadd retry` sends the file as a new one",
    )


def doubled_reason(job: Job, photo_id: str) -> Reason:
    """A torn upload whose file's content is on the account under another photo."""
    return Reason(
        "torn",
        f"the file changed while it was sent: {_photo_of(job)} holds a mixture, and what is in the"
        f" file is on the account already, as photo {photo_id}",
        f"delete {_photo_of(job)} on the service, then `uploadd retry` notes the other one",
    )


def told(job: Job, reason: Reason) -> Reason:
    """Why a job comes to rest; one that leaves a mixture on the service says that, too."""
    if not job.is_mending or reason.code == "torn":
        return reason
    text = f"{reason.text}; {_photo_of(job)} on the service holds a mixture of two contents"
    remedy = f"{reason.remedy}; or delete {_photo_of(job)} on the service"
    return Reason(reason.code, text, remedy.removeprefix("; or "))


def _other_photo(job: Job, photo_id: str) -> Settlement:
    reason = Reason(
        "replaced-other",
        f"the service made photo {photo_id} of it, and left {_photo_of(job)} as it was",
        LOOK_AT_BOTH,
    )
    return _elsewhere(job, State.FAILED, reason, photo_id)


def _elsewhere(job: Job, state: State, reason: Reason, photo_id: str) -> Settlement:
    return replace(ended(job, state, LedgerChange.ELSEWHERE, reason), there_as=photo_id)


def _reschedule(job: Job, verdict: verdicts.Reschedule, around: Surroundings) -> Settlement:
    trail = job.trail.tried()
    attempts = trail.attempts
    is_last = attempts >= (MOST_ATTEMPTS if verdict.is_known else MOST_ATTEMPTS_UNKNOWN_CODE)
    reason = told(job, gave_up(verdict.reason, attempts)) if is_last else verdict.reason
    return Settlement(
        State.FAILED if is_last else State.QUEUED,
        ledger=LedgerChange.KEEP if verdict.was_sent else _back(job),
        reason=reason,
        trail=trail.may_have_arrived(around.now) if verdict.was_sent else trail,
        wait=None if is_last else backed_off(attempts, around),
    )


def _paused(job: Job, verdict: verdicts.Pause, around: Surroundings) -> Settlement:
    is_doubtful = verdict.cause in (PauseCause.RATE, PauseCause.CLOCK)
    return Settlement(
        State.QUEUED,
        ledger=LedgerChange.KEEP if is_doubtful else _back(job),
        reason=verdict.reason,
        trail=job.trail.may_have_arrived(around.now) if is_doubtful else job.trail,
        pause=verdict,
    )


def _back(job: Job) -> LedgerChange:
    """A no clears what this send might have done, not what an earlier one may have."""
    return LedgerChange.CLEAR if job.trail.uncertain_since is None else LedgerChange.KEEP


def _photo_of(job: Job) -> str:
    return f"photo {job.photo_id}"

"""What becomes of a job whose outcome is unknown: looks over a window of time. Pure decisions.

Design sections 4 and 9. While the ledger says `maybe` nothing is sent blindly: either the service
shows that the content is not there, or the resend makes the service itself look (`dedup_check`),
or a person decides.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from uploadd.model import look_ups
from uploadd.model.delays import Delay
from uploadd.model.jobs import FileMark, Job
from uploadd.model.outcomes import kept
from uploadd.model.replacement import elsewhere, found_elsewhere, told
from uploadd.model.settlement import (
    MOST_ATTEMPTS,
    LedgerChange,
    Settlement,
    Surroundings,
    ended,
    gave_up,
)
from uploadd.model.states import State
from uploadd.model.trail import Doubt, Trail
from uploadd.model.verdicts import Reason

LOOK_THERE = (
    "look for the photo on the service by its name and date; `uploadd retry` looks it up again,"
    " `uploadd retry --force` sends it anyway"
)


@dataclass(frozen=True, slots=True)
class Found:
    """A photo that a look-up found by its content tag, and what speaks against it.

    `file_now`: what the file is at this moment (None: not there). `is_doubted`: the ledger leaves
    open whether this photo holds the content or a mixture. `is_exact`: the service compared the
    content itself, so that nothing speaks against it (of a replacement: and this one was sent).
    """

    photo_id: str
    file_now: FileMark | None = None
    is_doubted: bool = False
    is_exact: bool = False


def after_look(job: Job, found: Found | None, around: Surroundings) -> Settlement:
    """What becomes of an uncertain job when the service answered what it has of its content."""
    if found is not None:
        return _found(job, found, around)
    trail = replace(job.trail, looks=job.trail.looks + 1)
    since, window = _since(job, around), around.window(job)
    # One look is enough after a plain no only because the resend makes the service look, too.
    doubt = trail.doubt if around.dedups(job) else Doubt.FULL
    if look_ups.is_absence_believed(doubt, trail.looks, since, around.now, window):
        return _again(job, "it was looked up and is not there; it is sent again")
    return _look_later(job, trail, around)


def after_unanswered_look(job: Job, reason: Reason | None, around: Surroundings) -> Settlement:
    """What becomes of an uncertain job when a look could show nothing.

    `reason`: why the service refused it; None where it cannot be asked for this content at all.
    A search that is refused for the whole window is none: then only the resend's own
    `dedup_check` may take its place, and where there is none, a person decides.
    """
    if reason is None and not around.dedups(job):
        return _unknown(job, "it cannot be looked up by its content")
    if reason is None and job.trail.doubt is Doubt.BRIEF:
        return _unlooked(job)
    trail = replace(job.trail, unanswered=job.trail.unanswered + 1)
    is_over = look_ups.is_window_over(_since(job, around), around.now, around.window(job))
    if trail.unanswered < look_ups.LOOKS_NEEDED or not is_over:
        return _look_later(job, trail, around)
    if around.dedups(job):
        return _unlooked(job, reason)
    return _unknown(job, f"it cannot be looked up: {reason.text}" if reason else "")


def is_perhaps_torn(job: Job, file_now: FileMark | None) -> bool:
    """Whether what was sent may differ from the fingerprint, and nobody lived to compare.

    A file that is not there any more shows nothing.
    """
    return job.sent_as is not None and file_now is not None and file_now != job.sent_as


def _found(job: Job, found: Found, around: Surroundings) -> Settlement:
    if found.is_exact and job.is_replacement and found.photo_id != job.photo_id:
        return found_elsewhere(job, found.photo_id)
    if found.is_exact:  # whatever was sent, this photo holds what was fingerprinted
        return kept(replace(job, sent_sha256=None), found.photo_id)
    if job.is_replacement:
        return elsewhere(job, found.photo_id)
    is_perhaps_torn_now = is_perhaps_torn(job, found.file_now)
    if found.is_doubted and not is_perhaps_torn_now and around.dedups(job):
        text = f"photo {found.photo_id} may hold a mixture; the service is made to compare"
        return _again(job, text)
    if found.is_doubted or is_perhaps_torn_now:
        reason = _mixture_reason(found.photo_id)
        return ended(job, State.FAILED, LedgerChange.MIXED, reason, photo_id=found.photo_id)
    return kept(job, found.photo_id)


def _look_later(job: Job, trail: Trail, around: Surroundings) -> Settlement:
    since, window = _since(job, around), around.window(job)
    # From this look, not from the beginning: a late look does not bunch those that follow it.
    gap = look_ups.gap_before(trail.looks + trail.unanswered, window)
    return Settlement(
        State.UNCERTAIN,
        reason=job.reason,
        trail=replace(trail, uncertain_since=since),
        wait=Delay(around.now, gap),
    )


def _since(job: Job, around: Surroundings) -> float:
    """A clock that was ahead and was set back must not make the doubt last until it gets there."""
    since = job.trail.uncertain_since
    return around.now if since is None else min(around.now, since)


def _again(job: Job, text: str) -> Settlement:
    if job.trail.attempts >= MOST_ATTEMPTS:
        reason = gave_up(Reason("unknown-outcome", text), job.trail.attempts)
        return _left_in_doubt(job, reason)
    return Settlement(
        State.QUEUED,
        ledger=LedgerChange.CLEAR,
        reason=Reason("network", text),
        trail=job.trail.without_doubt(),
    )


def _left_in_doubt(job: Job, reason: Reason) -> Settlement:
    doubtful = job.trail.doubted(Doubt.FULL)
    return ended(job, State.FAILED, LedgerChange.KEEP, reason, trail=doubtful)


def _unlooked(job: Job, reason: Reason | None = None) -> Settlement:
    why = f" ({reason.text})" if reason else ""
    return _again(
        job, f"it could not be looked up{why}; it is sent again, and the service compares"
    )


def _unknown(job: Job, why: str) -> Settlement:
    text = f"nobody can tell whether it arrived: {why}"
    return _left_in_doubt(job, told(job, Reason("unknown-outcome", text, LOOK_THERE)))


def _mixture_reason(photo_id: str) -> Reason:
    return Reason(
        "torn",
        f"uploadd stopped during the send, and the file has changed since: photo {photo_id} is"
        " the file as it was, or a mixture",
        "look at that photo on the service: keep it if it is right, else delete it there; what is"
        " in the file now has a job of its own",
    )

"""What an outcome means for a job (design section 8)."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from uploadd.model.pauses import PauseCause


@dataclass(frozen=True, slots=True)
class Reason:
    """Why a job or an account stands where it stands.

    `code` is the service's own number, `http-502` and the like, or a word of ours;
    `text` says what happened, `remedy` who does what about it.
    """

    code: str
    text: str
    remedy: str = ""


def with_name(remedy: str, account: str) -> str:
    """A table's remedy for one account: its `uploadd auth NAME` becomes a command that works."""
    return remedy.replace("uploadd auth NAME", f"uploadd auth {account}")


class Action(StrEnum):
    """The verdict of one row of an error table."""

    RESCHEDULE = "reschedule"  # a passing fault: again later, with backoff
    DUPLICATE = "duplicate"  # the account has this content
    PAUSE = "pause"  # the account must stop, not only this file
    REFUSE = "refuse"  # this file will never be taken as it is


@dataclass(frozen=True, slots=True)
class ErrorRow:
    """One error code of a service: what its documentation says, and what we do about it."""

    code: str
    wording: str
    action: Action
    remedy: str
    pause: PauseCause | None = None


@dataclass(frozen=True, slots=True)
class Kept:
    """A synchronous success."""

    photo_id: str


@dataclass(frozen=True, slots=True)
class Ticketed:
    """An asynchronous success: ask for this ticket."""

    ticket_id: str


@dataclass(frozen=True, slots=True)
class Duplicate:
    """The service has the content already; `is_deleted` where its owner deleted it there.

    `is_older`: the photo came before its job was made, so that no send of ours can have made it.
    """

    photo_id: str | None
    is_deleted: bool
    reason: Reason
    is_older: bool = False


@dataclass(frozen=True, slots=True)
class Reschedule:
    """A passing fault.

    `was_sent`: the whole body went out before the service said no, so that one look-up comes
    before the resend. `is_known`: the code has a row in the table (20 attempts), or not (5).
    """

    reason: Reason
    was_sent: bool
    is_known: bool = True


@dataclass(frozen=True, slots=True)
class Pause:
    """The whole account stops. `seconds`: what the service named, None where it named nothing."""

    cause: PauseCause
    reason: Reason
    seconds: float | None = None


@dataclass(frozen=True, slots=True)
class Refuse:
    """The service will not take this file."""

    reason: Reason


@dataclass(frozen=True, slots=True)
class Uncertain:
    """The last byte was handed over, and no reply can be trusted."""

    reason: Reason


Verdict = Kept | Ticketed | Duplicate | Reschedule | Pause | Refuse | Uncertain

"""The states of a job and the only moves between them (design section 4)."""

from __future__ import annotations

from enum import StrEnum

from uploadd.model.errors import UploaddError


class State(StrEnum):
    """Where a job stands. Five of them end its way; the others always have a next step."""

    QUEUED = "queued"  # ready, or waiting: for not_before, for a pause, for its twin in flight
    UPLOADING = "uploading"  # committed, with the ledger's `maybe`, before the first byte is sent
    UNCERTAIN = "uncertain"  # it may be there: looked up before anything is sent again
    PROCESSING = "processing"  # a ticket is outstanding
    FILING = "filing"  # the photo id is known; album and metadata are left
    DONE = "done"  # the account has it
    DUPLICATE = "duplicate"  # the account had it already
    SKIPPED = "skipped"  # not for upload
    FAILED = "failed"  # needs a person


S = State

IN_FLIGHT = frozenset({S.UPLOADING, S.UNCERTAIN, S.PROCESSING, S.FILING})
"""At most one job per account and content is in one of these; a database index holds us to it."""

ON_THE_ACCOUNT = (S.DONE, S.DUPLICATE)
"""The account has the content."""

TERMINAL = (*ON_THE_ACCOUNT, S.SKIPPED, S.FAILED)
"""Nothing happens to these by itself any more. In the order in which people are told of them."""

MOVES: dict[tuple[State, State], str] = {
    (S.QUEUED, S.UPLOADING): "a sender took it; nothing was sent yet",
    (S.QUEUED, S.UNCERTAIN): "the ledger says `maybe`: look before sending",
    (S.QUEUED, S.DUPLICATE): "the ledger says `there`, or its twin has been kept",
    (S.QUEUED, S.FILING): "the photo that it was to replace has this content already",
    (
        S.QUEUED,
        S.SKIPPED,
    ): "the file vanished, changed, or is excluded now; or a person said ignore",
    (S.QUEUED, S.FAILED): "refused before a byte was sent: unreadable, too large",
    (S.UPLOADING, S.PROCESSING): "the service gave a ticket",
    (S.UPLOADING, S.FILING): "the service answered with the photo id at once",
    (S.UPLOADING, S.QUEUED): "refused for now, or cut short before the last byte",
    (S.UPLOADING, S.UNCERTAIN): "the last byte was sent and no reply can be trusted; or a crash",
    (S.UPLOADING, S.DUPLICATE): "the service knows this content already (error 9)",
    (S.UPLOADING, S.SKIPPED): "the file vanished under the send, or it is a deleted duplicate",
    (S.UPLOADING, S.FAILED): "the service refuses this file",
    (S.UNCERTAIN, S.PROCESSING): "the look-up showed that its ticket is still open",
    (S.UNCERTAIN, S.FILING): "found on the account",
    (S.UNCERTAIN, S.DONE): "found on the account, with nothing left to file",
    (S.UNCERTAIN, S.DUPLICATE): "found, and it was not our send that put it there",
    (S.UNCERTAIN, S.QUEUED): "shown not to be there, or harmless to send again; or it is torn",
    (S.UNCERTAIN, S.SKIPPED): "found as deleted on the service",
    (S.UNCERTAIN, S.FAILED): "neither found nor shown absent (unknown-outcome)",
    (S.PROCESSING, S.FILING): "the ticket is complete",
    (S.PROCESSING, S.QUEUED): "it is complete, but the photo is torn, or has another content",
    (S.PROCESSING, S.UNCERTAIN): "the ticket failed, or the service does not know it",
    (S.PROCESSING, S.FAILED): "the ticket failed too often (ticket-failed)",
    (S.FILING, S.DONE): "album and metadata are done",
    (S.DONE, S.FILING): "its photo was left with a wrong tag: the next start tries again",
    (S.DONE, S.QUEUED): "its photo was given another content, and its file still has this one",
    (S.DUPLICATE, S.QUEUED): "the photo with its content was given another one",
    (S.SKIPPED, S.QUEUED): "the file is back, or wanted after all",
    (S.FAILED, S.QUEUED): "a person said retry",
    (S.FAILED, S.UNCERTAIN): "a person said retry, and the ledger says `maybe`",
    (S.FAILED, S.SKIPPED): "its file is gone, excluded or changed; or a person said ignore",
}


class IllegalMoveError(UploaddError):
    """A bug: the state machine was asked for a move that is not in `MOVES`."""

    def __init__(self, old: State, new: State) -> None:
        super().__init__(f"a job cannot go from {old} to {new}")


def check_move(old: State, new: State) -> None:
    """Raise `IllegalMoveError` unless a job may go from `old` to `new`."""
    if (old, new) not in MOVES:
        raise IllegalMoveError(old, new)

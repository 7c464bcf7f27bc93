"""Why a file is not for upload, by its content. Pure."""

from __future__ import annotations

from uploadd.model.configuration import ServiceName
from uploadd.model.sightings import Refusal
from uploadd.model.states import State
from uploadd.model.taken import takes
from uploadd.model.verdicts import Reason

DAMAGED = "damaged"
HARD_LINK = "hard-link"
"""Not a matter of the content: who may write beside a file changes without a sign, so such a file
is looked at again by each walk."""
EMPTY = Refusal(State.SKIPPED, Reason("empty", "the file is empty", "nothing to do"))


def refusal_of_file(size: int, damage: str) -> Refusal | None:
    """Why a file is for no account. `damage`: why there is no picture in it, as a clause."""
    if size == 0:
        return EMPTY
    if not damage:
        return None
    text = f"no photo or video can be found in it: {damage}"
    remedy = "copy it again from where it came from, or leave it out"
    return Refusal(State.SKIPPED, Reason(DAMAGED, text, remedy))


def refusal_of_type(service: ServiceName, media_type: str) -> Refusal | None:
    """Why a service does not get a content of this type."""
    if takes(service, media_type):
        return None
    text = f"not a photo or video that the service takes ({media_type})"
    return Refusal(State.SKIPPED, Reason("type", text, "convert it, or leave it out"))


def refusal_of(
    service: ServiceName, size: int, media_type: str, damage: str = ""
) -> Refusal | None:
    """Why a service does not get a file, for either reason."""
    return refusal_of_file(size, damage) or refusal_of_type(service, media_type)

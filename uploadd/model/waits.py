"""What an account waits for from its service right now."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Awaited(StrEnum):
    """A reply that has not come yet: to what."""

    UPLOAD = "upload"
    TICKETS = "tickets"
    LOOK_UP = "look-up"
    CONTENTS = "contents"  # whether it has them already
    TAGS = "tags"
    LIMITS = "limits"
    LOGIN = "login"


@dataclass(frozen=True, slots=True)
class Wait:
    """`since`: unix seconds. `name`: of the file that was uploaded, fit for a line; else ""."""

    what: Awaited
    since: float
    name: str = ""

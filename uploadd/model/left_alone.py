"""What a walk passed by. It is counted, so that nobody takes it for uploaded."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import asdict, dataclass, field
from typing import Any

MOST_NAMED = 3


@dataclass(frozen=True, slots=True)
class LeftAlone:
    """How many names below a directory were passed by, by the reason.

    A directory that is not entered counts as one: `excluded_directories` of the `excluded` are
    such. `unread_directories` could not be read (to their end); `unread_named` are some of them,
    each with its cause. `not_named`: files by their folder, which names no account that was asked
    for: they are only counted.
    """

    excluded: int = 0
    sidecar: int = 0
    temporary: int = 0
    link: int = 0
    excluded_directories: int = 0
    unread_directories: int = 0
    unread_named: tuple[str, ...] = ()
    not_named: dict[str, int] = field(default_factory=dict)

    def plus(self, other: LeftAlone) -> LeftAlone:
        """Both together."""
        return LeftAlone(
            self.excluded + other.excluded,
            self.sidecar + other.sidecar,
            self.temporary + other.temporary,
            self.link + other.link,
            self.excluded_directories + other.excluded_directories,
            self.unread_directories + other.unread_directories,
            tuple(dict.fromkeys(self.unread_named + other.unread_named))[:MOST_NAMED],
            dict(Counter(self.not_named) + Counter(other.not_named)),
        )

    def unread(self) -> LeftAlone:
        """The directories that could not be read, alone."""
        return LeftAlone(unread_directories=self.unread_directories, unread_named=self.unread_named)

    def as_json(self) -> dict[str, Any]:
        """The keys that `backfill --json` has of it (design section 7)."""
        return {
            "not_looked_at": {
                "excluded": self.excluded,
                "sidecar": self.sidecar,
                "temporary": self.temporary,
                "link": self.link,
            },
            "unread_directories": self.unread_directories,
            "not_named": self.not_named,
        }

    def as_text(self) -> str:
        """For a row of the database; `of_text` reads it."""
        return json.dumps(asdict(self))

    @classmethod
    def of_text(cls, text: str) -> LeftAlone:
        """What `as_text` wrote; nothing where it is empty."""
        fields = json.loads(text or "{}")
        return cls(**{**fields, "unread_named": tuple(fields.get("unread_named", ()))})


NOTHING_LEFT_ALONE = LeftAlone()

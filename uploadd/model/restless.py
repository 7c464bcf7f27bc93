"""Files that do not come to rest: somebody holds them open, or they change all the time."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from functools import reduce

MOST_NAMED = 100


@dataclass(frozen=True, slots=True)
class Restless:
    """How many candidates do not come to rest; `overdue`: for longer than a backfill waits for one.

    `paths`: of some of them. A file that only rests out its quiet time is none of these.
    """

    count: int = 0
    overdue: int = 0
    paths: tuple[bytes, ...] = ()

    def plus(self, other: Restless) -> Restless:
        """Both together."""
        paths = (self.paths + other.paths)[:MOST_NAMED]
        return Restless(self.count + other.count, self.overdue + other.overdue, paths)

    def as_text(self) -> str:
        """For a row of the database; `of_text` reads it. A path need not be UTF-8."""
        paths = [path.decode("utf-8", "surrogateescape") for path in self.paths]
        return json.dumps([self.count, self.overdue, paths]) if self.count else ""

    @classmethod
    def of_text(cls, text: str) -> Restless:
        """What `as_text` wrote; nothing where it is empty."""
        if not text:
            return cls()
        count, overdue, paths = json.loads(text)
        return cls(count, overdue, tuple(p.encode("utf-8", "surrogateescape") for p in paths))


NOTHING_RESTLESS = Restless()


def sum_restless(several: Iterable[Restless]) -> Restless:
    """All of them together."""
    return reduce(Restless.plus, several, NOTHING_RESTLESS)

"""What was asked of the sandbox, and what came of it."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from typing import Any

_KEPT_ENTRIES = 200_000


@dataclass
class Entry:
    """One request. Times are seconds since 1970, by the sandbox's clock.

    `endpoint`: `upload`, `replace`, a REST method's name, or `oauth.…`. `outcome`: `ok`,
    `error N` (an API error), `http N word`, or `cut`. `violation` says which rule the client broke.
    """

    time: float
    endpoint: str
    outcome: str = "unfinished"
    ended: float | None = None
    violation: str | None = None
    fault: str = ""
    details: dict[str, Any] = field(default_factory=dict)

    def as_json(self) -> dict[str, Any]:
        """The entry as an object for `/journal`."""
        return asdict(self)


class Journal:
    """The last requests, oldest first."""

    def __init__(self) -> None:
        self._entries: deque[Entry] = deque(maxlen=_KEPT_ENTRIES)
        self.total = 0

    def __iter__(self) -> Iterator[Entry]:
        return iter(self._entries)

    def __len__(self) -> int:
        return len(self._entries)

    def begin(self, time: float, endpoint: str) -> Entry:
        """Note that a request has begun; its outcome is filled in later."""
        entry = Entry(time, endpoint)
        self._entries.append(entry)
        self.total += 1
        return entry

    def of(self, endpoint: str) -> list[Entry]:
        """The requests of one endpoint or method."""
        return [entry for entry in self._entries if entry.endpoint == endpoint]

    def violations(self) -> list[Entry]:
        """The requests that broke a rule."""
        return [entry for entry in self._entries if entry.violation]

    def calls_since(self, time: float) -> int:
        """How many requests began after a moment; walks back only as far as needed."""
        count = 0
        for entry in reversed(self._entries):
            if entry.time <= time:
                break
            count += 1
        return count

"""What a backfill has come to: the numbers while it runs, the sum at its end, the exit code."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from uploadd.model.restless import NOTHING_RESTLESS, Restless
from uploadd.model.states import State

SENT = (State.PROCESSING, State.FILING)
PENDING = (State.QUEUED, State.UPLOADING, State.UNCERTAIN, State.PROCESSING, State.FILING)


@dataclass
class Snapshot:
    """How far a backfill is. Files count once for each of the `accounts`.

    `restless`: those of the `settling` that do not come to rest.
    """

    files: dict[State, int] = field(default_factory=dict)
    accounts: int = 1
    settling: int = 0
    restless: Restless = NOTHING_RESTLESS
    is_walking: bool = True
    bytes_sent: int = 0
    api_calls: int = 0
    seconds: float = 0.0
    waits_for: str = ""
    edit_url: str | None = None

    @property
    def found(self) -> int:
        """Every file that was found: the sum of the states, and those that have not settled."""
        return sum(self.files.values()) + self.settling

    @property
    def pending(self) -> int:
        """Files that still have a way to go."""
        return sum(self.files.get(state, 0) for state in PENDING) + self.settling

    @property
    def confirming(self) -> int:
        """Files that were sent; the service has yet to say what became of them."""
        return sum(self.files.get(state, 0) for state in SENT)

    @property
    def sent(self) -> int:
        """Files with nothing left to send. A bar shows these: tickets are answered in heaps."""
        return self.found - self.pending + self.confirming

    def count(self, state: State) -> int:
        """How many files are in `state`."""
        return self.files.get(state, 0)

    def as_json(self) -> dict[str, Any]:
        """The numbers of `backfill --json` (design section 7)."""
        return {
            "found": self.found,
            "done": self.count(State.DONE),
            "duplicate": self.count(State.DUPLICATE),
            "skipped": self.count(State.SKIPPED),
            "failed": self.count(State.FAILED),
            "pending": self.pending,
            "bytes_sent": self.bytes_sent,
            "api_calls": self.api_calls,
            "seconds": round(self.seconds, 3),
            "edit_url": self.edit_url,
        }

"""What a backfill has to know about the accounts and the intake, from whoever delivers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from uploadd.model.left_alone import LeftAlone
from uploadd.model.pauses import ActivePause
from uploadd.model.restless import NOTHING_RESTLESS, Restless
from uploadd.store.store import Store


@dataclass(frozen=True, slots=True)
class AccountView:
    """One account at one moment.

    `budget_seconds`: until the call budget has room for a backfill's next upload;
    `question_seconds`: until it has for a question about a ticket or a look-up. `was_probed`:
    whether its pauses were tried, so that they prove something. `is_unanswered`: such questions
    meet a service that does not answer, again and again. `is_sending`: False where no job in
    `uploading` is being sent now: those that there are ask about what was sent.
    """

    name: str
    id: int
    pauses: tuple[ActivePause, ...]
    budget_seconds: float
    question_seconds: float
    needs_login: bool
    was_probed: bool
    is_unanswered: bool = False
    is_sending: bool = True


@dataclass(frozen=True, slots=True)
class IntakeView:
    """How far the walks are.

    `settling`: files that were found and are not in the queue yet; `restless`: those of them that
    do not come to rest. `left_alone`: what the walks that have ended did not look at.
    `is_held_up`: a walk waits for a directory that is not there.
    """

    settling: int
    is_walking: bool
    left_alone: LeftAlone
    restless: Restless = NOTHING_RESTLESS
    is_held_up: bool = False


@dataclass(frozen=True, slots=True)
class Spent:
    """Bytes sent and requests made since the view was opened."""

    bytes_sent: int = 0
    api_calls: int = 0

    def plus(self, other: Spent) -> Spent:
        """The sum of both."""
        return Spent(self.bytes_sent + other.bytes_sent, self.api_calls + other.api_calls)


class View(Protocol):
    """One side from which a backfill can be looked at: as the deliverer, or beside it."""

    @property
    def store(self) -> Store:
        """The database."""

    async def accounts(self) -> list[AccountView]:
        """The accounts that the files go to, as far as they are known."""

    async def intake(self) -> IntakeView:
        """How far the walks are. Asked before files are counted, so that none goes missing."""

    async def spent(self, *, is_last: bool) -> Spent:
        """What was sent and asked; counted anew without regard to the cost where `is_last`."""

    async def edit_url(self, photo_ids: Sequence[str]) -> str | None:
        """The service's page for these new photos, where it has one."""

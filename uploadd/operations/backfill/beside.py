"""A backfill as it is seen from beside the deliverer: by what the database says."""

from __future__ import annotations

from collections.abc import Sequence

from sqlite_utils import Database

from uploadd.assembly import ServiceMaker
from uploadd.model.budget import Purpose
from uploadd.model.configuration import Account, Configuration
from uploadd.model.pauses import ACCUSING, ActivePause
from uploadd.model.ports import Runtime
from uploadd.model.restless import sum_restless
from uploadd.operations.backfill.oversight import COUNTING_SHARE, directories_of
from uploadd.operations.backfill.trees import Wanted, sum_of_walks
from uploadd.operations.backfill.views import AccountView, IntakeView, Spent
from uploadd.operations.turns import is_fresh
from uploadd.store import accounts, backfills, calls, overview, pauses, traffic
from uploadd.store.accounts import AccountRow
from uploadd.store.backfills import Request
from uploadd.store.store import Store


class BesideView:
    """The same numbers as the deliverer's own view, as far as rows tell them.

    Bytes: of the files below the directories whose send began since the view was opened and that
    have arrived. Requests: all that count for the accounts since then, other folders' included.
    """

    def __init__(
        self,
        configuration: Configuration,
        runtime: Runtime,
        store: Store,
        wanted: Sequence[Wanted],
        make_service: ServiceMaker,
    ) -> None:
        self._configuration = configuration
        self._runtime = runtime
        self._store = store
        self._wanted = wanted
        self._make_service = make_service
        self._names = list(dict.fromkeys(n for one in wanted for n in one.folder.accounts))
        self._mark = traffic.Mark(0, 0)
        self._spent = Spent()
        self._sum_again_at = 0.0
        self._summed_at = -1
        self.requests: tuple[Request, ...] = ()
        """The rows of this backfill as they were read last."""

    async def begin(self) -> None:
        """From here on it counts what is sent and asked."""
        self._mark = await self._store.read(traffic.mark_now)

    @property
    def store(self) -> Store:
        return self._store

    async def accounts(self) -> list[AccountView]:
        rows = {row.label: row for row in await self._store.read(accounts.all_accounts)}
        known = [name for name in self._names if name in rows]
        return [await self._account(name, rows[name]) for name in known]

    async def intake(self) -> IntakeView:
        return IntakeView(
            sum(request.settling for request in self.requests),
            any(request.is_walking for request in self.requests),
            sum_of_walks((one.folder, one.directory, one.left_alone) for one in self.requests),
            sum_restless(request.restless for request in self.requests),
            any(request.is_walking and bool(request.text) for request in self.requests),
        )

    async def spent(self, *, is_last: bool) -> Spent:
        clock = self._runtime.clock
        if not is_last and clock.monotonic() < self._sum_again_at:
            return self._spent
        began = clock.monotonic()
        views = await self.accounts()
        ids = [view.id for view in views]
        number, newest = await self._store.read(traffic.calls_after, self._mark.call, ids)
        self._mark = traffic.Mark(newest, self._mark.story)
        bytes_sent, story = self._spent.bytes_sent, await self._store.read(overview.last_story)
        if story != self._summed_at:  # a job has moved
            bytes_sent, self._summed_at = await self._bytes_sent(views), story
        self._spent = Spent(bytes_sent, self._spent.api_calls + number)
        took = clock.monotonic() - began
        self._sum_again_at = clock.monotonic() + took / COUNTING_SHARE
        return self._spent

    async def _bytes_sent(self, views: Sequence[AccountView]) -> int:
        sizes = [
            await self._store.read(traffic.bytes_sent_after, self._mark.story, directory, view.id)
            for view in views
            for directory in directories_of(self._wanted, view.name)
        ]
        return sum(sizes)

    async def edit_url(self, photo_ids: Sequence[str]) -> str | None:
        service = self._make_service(
            self._configuration.accounts[self._names[0]], self._runtime, _no_grant
        )
        try:
            return service.edit_url(photo_ids)
        finally:
            await service.aclose()

    async def _account(self, name: str, row: AccountRow) -> AccountView:
        now = self._runtime.clock.wall()
        held = tuple(await self._store.read(pauses.of_account, row.id))
        account = self._configuration.accounts[name]
        upload, question = await self._store.read(_budget_seconds, row.id, account, now)
        return AccountView(
            name,
            row.id,
            held,
            budget_seconds=upload,
            question_seconds=question,
            needs_login=row.user_id is None,
            was_probed=self._is_probed(held, now),
            is_unanswered=any(name in request.unanswered for request in self.requests),
        )

    def _is_probed(self, held: tuple[ActivePause, ...], now: float) -> bool:
        patience = self._configuration.hand_over_patience
        may_be_untried = any(
            pause.cause in ACCUSING and is_fresh(pause.since, now, patience) for pause in held
        )
        return not may_be_untried and all(request.is_probed for request in self.requests)


def _budget_seconds(
    db: Database, account_id: int, account: Account, now: float
) -> tuple[float, float]:
    """Until a call for a backfill's upload fits, and until one for a question does."""
    budget = calls.of_account(db, account_id, account.calls_per_hour)
    return (
        calls.seconds_to_wait(db, budget, Purpose.BACKFILL, now),
        calls.seconds_to_wait(db, budget, Purpose.TICKETS, now),
    )


async def _no_grant(_purpose: Purpose) -> None:
    raise AssertionError("nothing is asked of the service from beside the deliverer")


def read_requests(db: Database, ids: Sequence[int]) -> tuple[Request, ...]:
    """The rows of one backfill that still stand."""
    wanted = set(ids)
    return tuple(one for one in backfills.everything(db) if one.id in wanted)

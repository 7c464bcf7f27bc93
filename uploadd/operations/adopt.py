"""Filling the ledger from what is on the account: `uploadd adopt`.

It works beside a running deliverer and without one: each page of photos is a small commit of its
own, and each call is counted in the budget that the deliverer keeps to. What was adopted stays,
however it ends.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Concatenate, ParamSpec, TypeVar

from sqlite_utils import Database

from uploadd.assembly import ServiceMaker
from uploadd.delivery.logins import credentials_digest
from uploadd.model import look_ups
from uploadd.model.configuration import Account, Configuration
from uploadd.model.errors import ServiceFaultError
from uploadd.model.ports import Runtime
from uploadd.model.settlement import LedgerChange, Settlement
from uploadd.model.states import State
from uploadd.model.verdicts import Reason
from uploadd.operations.choosing import account_asked_for
from uploadd.operations.counting import Counter
from uploadd.services.base import ListedPhoto, Login, Service
from uploadd.services.registry import open_service
from uploadd.store import accounts, moves, older
from uploadd.store.accounts import AccountRow
from uploadd.store.moves import Settled
from uploadd.store.older import Tagged

P = ParamSpec("P")
T = TypeVar("T")

DAY_SECONDS = 86400.0
RELEASED_AT_ONCE = 200
ABSENT = Reason("network", "the account was adopted, and it is not there; it is sent")


@dataclass(frozen=True, slots=True)
class Adopted:
    """How far an adoption has come, or what came of it. Counts are of photos; times unix seconds.

    `tagged`: with a content tag; `new`: which the ledger did not know; `doubtful`: with several
    content tags, of which none is believed. `waits_until`: the newest
    may not be listed before that time. `is_settled`: the account awaits no adoption any more;
    `videos_after`: but its videos do, until it is adopted once more after that time.
    `is_listed`: False where the service is asked for each content before it is sent: then there is
    nothing to read, and an adoption waits until what was sent last can be seen.
    """

    since: float
    photos: int = 0
    tagged: int = 0
    new: int = 0
    waits_until: float | None = None
    is_settled: bool = False
    videos_after: float | None = None
    is_listed: bool = True
    doubtful: int = 0


Show = Callable[[Adopted], None]


async def adopt(
    configuration: Configuration,
    name: str,
    since: float | None,
    runtime: Runtime,
    show: Show,
    make_service: ServiceMaker = open_service,
) -> Adopted:
    """Fill the ledger of account `name` from what is on it since then (None: as far as needed).

    Raises `UsageError`, `StoreError`, `ConfigurationError`, and `ServiceError` where the service
    could not be asked: what was adopted before that stays.
    """
    adoption = _Adoption(configuration, account_asked_for(configuration, name), runtime, show)
    service = make_service(adoption.account, runtime, adoption.counter.grant)
    try:
        return await adoption.run(service, since)
    finally:
        await service.aclose()


class _Adoption:
    """One run of it."""

    def __init__(
        self, configuration: Configuration, account: Account, runtime: Runtime, show: Show
    ) -> None:
        self.account = account
        self.counter = Counter(configuration, account, runtime)
        self._labels = frozenset(configuration.accounts)
        self._patience = configuration.patience
        self._runtime = runtime
        self._show = show
        self._account_id = 0
        self._is_compared = True
        self._so_far = Adopted(0.0)

    async def run(self, service: Service, since: float | None) -> Adopted:
        self._account_id = (await self.counter.bind(service.host)).id
        await self.counter.check_pauses()
        async with self.counter.listening():
            login = await service.log_in()
            digest = credentials_digest(self.account)
            row = await self._commit(_learned, login, digest, self._labels)
            self._account_id = self.counter.account_id = row.id
            return await self._adopt(service, row, since)

    async def _adopt(self, service: Service, row: AccountRow, since: float | None) -> Adopted:
        begin = (row.adopt_since or 0.0) if since is None else since
        self._is_compared = service.compares_on_send
        self._so_far = Adopted(begin, is_listed=service.finds_per_call == 0)
        if self._so_far.is_listed:
            await self._read(service, begin)
        if row.doubted_at is None or (row.adopt_since is not None and begin > row.adopt_since):
            return replace(self._so_far, is_settled=row.adopt_since is None)
        await self._read_late(service, max(begin, row.doubted_at - DAY_SECONDS), row.doubted_at)
        videos = row.doubted_at + self._patience * look_ups.VIDEO_WINDOW_SECONDS
        videos_after = videos if self._now() < videos else None
        is_settled = await self._commit(older.end, row, keeps_videos=videos_after is not None)
        if is_settled and row.adopt_since is not None:
            while await self._commit(_release, row.adopt_since, self._now(), self._patience):
                pass
        return replace(self._so_far, is_settled=is_settled, videos_after=videos_after)

    async def _read(self, service: Service, since: float) -> None:
        """From the newest to the oldest, by time: photos that come or go move the pages."""
        until, page, last = None, 1, frozenset[str]()
        while True:
            listing = await service.photos_between(since, until, page)
            fresh = [photo for photo in listing.photos if photo.photo_id not in last]
            await self._take_in(fresh)
            if not listing.has_more:
                return
            if not fresh:
                reason = Reason("garbage", "the service gives the same photos again and again")
                raise ServiceFaultError(reason)
            last = frozenset(photo.photo_id for photo in listing.photos)
            oldest = min((photo.came_at or 0.0 for photo in listing.photos), default=0.0)
            if oldest and (until is None or oldest < until):
                until, page = oldest, 1
            else:  # all of them came within one second, or the service tells no times
                page += 1

    async def _read_late(self, service: Service, since: float, doubted_at: float) -> None:
        """Once more, when all that was sent before the doubt began can be on the list."""
        window = self._patience * look_ups.window_seconds(
            is_video=False, has_dedup_check=service.compares_on_send
        )
        left = min(window, doubted_at + window - self._now())
        if left <= 0:
            return
        at = self._now() + left
        self._show(replace(self._so_far, waits_until=at))
        await self._runtime.clock.sleep(left)
        if not self._so_far.is_listed:
            return
        before = self._so_far
        await self._read(service, since)
        new = self._so_far.new - before.new
        # They were read before, but for those that are new.
        self._so_far = replace(
            before, photos=before.photos + new, tagged=before.tagged + new, new=before.new + new
        )

    async def _take_in(self, fresh: Sequence[ListedPhoto]) -> None:
        tagged = [Tagged(one.photo_id, one.sha256, one.pixels) for one in fresh if one.sha256]
        doubtful = [one.doubtful for one in fresh if one.doubtful]
        # Where nothing compares what is sent, a content that may be there is not sent unseen.
        in_doubt = (
            () if self._is_compared else {sha256 for several in doubtful for sha256 in several}
        )
        new = await self._commit(older.adopt, tagged, self._now(), in_doubt)
        so_far = self._so_far
        self._so_far = replace(
            so_far,
            photos=so_far.photos + len(fresh),
            tagged=so_far.tagged + len(tagged),
            new=so_far.new + new,
            doubtful=so_far.doubtful + len(doubtful),
        )
        self._show(self._so_far)

    def _now(self) -> float:
        return self.counter.now()

    async def _commit(
        self, work: Callable[Concatenate[Database, int, P], T], *args: P.args, **kwargs: P.kwargs
    ) -> T:
        """`work(db, account_id, …)` in a commit of its own, beside whoever else writes."""
        return await self.counter.commit(work, self._account_id, *args, **kwargs)


def _release(
    db: Database, account_id: int, since: float, now: float, patience: float
) -> list[Settled]:
    """Some photos that were looked up for the doubt alone: the list has shown them absent."""
    absent = [
        (job, Settlement(State.QUEUED, LedgerChange.CLEAR, ABSENT, trail=job.trail.without_doubt()))
        for job in older.doubted_only(db, account_id, since, RELEASED_AT_ONCE)
    ]
    return moves.settle_all(db, absent, now, patience)


def _learned(
    db: Database, account_id: int, login: Login, digest: str, labels: frozenset[str]
) -> AccountRow:
    """Whose account it is. Raises `ConfigurationError` where two names mean one."""
    row = accounts.learn(db, account_id, login.user_id, login.user_name, digest, labels)
    return next(one for one in accounts.all_accounts(db) if one.id == row.id)

"""Calls of a command that is no deliverer, counted where every process counts, and waits obeyed.

Each count is a small commit of its own beside whoever else writes; a running deliverer notices
it at its next call. What the service answers holds for every process, too.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Concatenate, ParamSpec, TypeVar

from sqlite_utils import Database

from uploadd.delivery.logins import budget_of, credentials_digest
from uploadd.model.budget import Purpose
from uploadd.model.configuration import Account, Configuration
from uploadd.model.errors import ServiceRefusedError
from uploadd.model.numbers import number
from uploadd.model.pauses import PauseCause
from uploadd.model.ports import Runtime
from uploadd.model.verdicts import Pause, Reason
from uploadd.operations.show.status import holding
from uploadd.store import accounts, calls, pauses
from uploadd.store.accounts import AccountRow
from uploadd.store.beside import is_there, writing

P = ParamSpec("P")
T = TypeVar("T")

LONGEST_NAP_SECONDS = 60.0
NO_ACCOUNT = 0
"""Calls count by api_key, so those that belong to no row yet count as well."""

TellWait = Callable[[float], None]
"""Is told once how many seconds a call has to wait for its place in the budget."""


class Counter:
    """The calls of one command for one account, counted in the database, where there is one.

    `account_id`: the account's row, None as long as nothing is counted; `NO_ACCOUNT` where the
    deliverer knows the name on another host still. `tell_wait` hears of the first wait for a place
    in the budget. Its methods raise `StoreError`.
    """

    def __init__(
        self,
        configuration: Configuration,
        account: Account,
        runtime: Runtime,
        tell_wait: TellWait | None = None,
    ) -> None:
        self.account_id: int | None = None
        self._state_dir = configuration.state_dir
        self._patience = configuration.patience
        self._account = account
        self._runtime = runtime
        self._tell_wait = tell_wait

    async def begin(self, host: str) -> None:
        """Count from here on, and make no file. Raises `ServiceRefusedError` as `check_pauses`."""
        if await self._runtime.disk.run(is_there, self._state_dir):
            name, service = self._account.name, self._account.service
            if await self.commit(_is_elsewhere, name, service, host):
                self.account_id = NO_ACCOUNT  # the next deliverer moves the name
            else:
                await self.bind(host)
            await self.check_pauses()

    async def bind(self, host: str) -> AccountRow:
        """The account's row, made if need be, like the database itself; counts from here on."""
        digest = credentials_digest(self._account)
        name, service = self._account.name, self._account.service
        row, _ = await self.commit(accounts.bind, name, service, host, digest)
        self.account_id = row.id
        return row

    async def check_pauses(self) -> None:
        """Raise `ServiceRefusedError` while the service wants no calls at all."""
        if self.account_id is not None:
            await self.commit(check_pauses, self.account_id, self.now())

    async def grant(self, purpose: Purpose) -> None:
        """Return when one call may be made, having counted it where every process counts."""
        tell = self._tell_wait
        while (seconds := await self._take(purpose)) > 0:
            if tell is not None:
                tell(seconds)
                tell = None
            await self._runtime.clock.sleep(min(seconds, LONGEST_NAP_SECONDS))

    @asynccontextmanager
    async def listening(self) -> AsyncIterator[None]:
        """Around calls: keep a wait that the service asks for, end the pause of one that was away.

        A refusal is an answer, too. A passing fault is none: something else may have answered.
        """
        try:
            yield
        except ServiceRefusedError as refusal:
            await self._learn(refusal)
            raise
        await self._learn()

    async def _learn(self, refusal: ServiceRefusedError | None = None) -> None:
        if self.account_id is not None:
            await self.commit(learn, self.account_id, refusal, self.now(), self._patience)

    async def commit(
        self, work: Callable[Concatenate[Database, P], T], *args: P.args, **kwargs: P.kwargs
    ) -> T:
        """`work(db, …)` in a commit of its own, beside whoever else writes."""

        def commit() -> T:
            with writing(self._state_dir) as db:
                return work(db, *args, **kwargs)

        return await self._runtime.disk.run(commit)

    def now(self) -> float:
        """Unix seconds."""
        return self._runtime.clock.wall()

    async def _take(self, purpose: Purpose) -> float:
        if self.account_id is None:
            return 0.0
        whose = (budget_of(self._account), self.account_id)
        return await self.commit(calls.take, *whose, purpose, self.now())


def _is_elsewhere(db: Database, name: str, service: str, host: str) -> bool:
    rows = [row for row in accounts.all_accounts(db) if row.label == name]
    return any((row.service, row.host) != (service, host) for row in rows)


def check_pauses(db: Database, account_id: int, now: float) -> None:
    """Raise `ServiceRefusedError` while the service wants no calls at all."""
    for pause in holding(db, account_id, now):
        if pause.cause is PauseCause.RATE:
            left = f" ({number(pause.delay.remaining(now))} s left)" if pause.delay else ""
            reason = Reason(pause.code, f"the account is paused: {pause.text}{left}", pause.remedy)
            raise ServiceRefusedError(reason, Pause(pause.cause, reason))


def learn(
    db: Database,
    account_id: int,
    refusal: ServiceRefusedError | None,
    now: float,
    patience: float,
) -> None:
    """The service answered: it is not away, and a wait that it asks for holds for every process."""
    pauses.end_away(db, account_id)
    pause = refusal.pause if refusal is not None else None
    if account_id != NO_ACCOUNT and pause is not None and pause.cause is PauseCause.RATE:
        pauses.begin(db, account_id, pause, now, patience)

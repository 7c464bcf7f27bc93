"""One call of any API method by its own name: `uploadd call`.

It is counted in the budget that the deliverer keeps to, obeys a wait that the service asked for,
and works beside a running deliverer. Where there is no database yet, nobody counts, and none is
made. The call is made once: one whose reply was lost may have done its work.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Concatenate, ParamSpec, TypeVar

from sqlite_utils import Database

from uploadd.assembly import ServiceMaker
from uploadd.delivery.logins import credentials_digest
from uploadd.model.budget import Purpose
from uploadd.model.configuration import Account, Configuration
from uploadd.model.errors import ServiceError, ServiceRefusedError, UsageError
from uploadd.model.methods import check_call, error_of_call
from uploadd.model.pauses import PauseCause
from uploadd.model.ports import Runtime
from uploadd.model.verdicts import Pause, Reason
from uploadd.operations.counting import (
    LONGEST_NAP_SECONDS,
    check_pauses,
    keep_pause,
    take_call,
)
from uploadd.operations.parameters import Fields
from uploadd.services.base import Reply, Service
from uploadd.services.registry import open_service
from uploadd.store import accounts
from uploadd.store.beside import is_there, writing

P = ParamSpec("P")
T = TypeVar("T")

TellWait = Callable[[float], None]
"""Is told once how many seconds the call has to wait for its place in the budget."""


@dataclass(frozen=True, slots=True)
class Wish:
    """What is to be called. `account` None: the only one; `is_unsigned`: with the key alone."""

    method: str
    fields: Fields = ()
    account: str | None = None
    is_unsigned: bool = False
    as_xml: bool = False


async def call_method(
    configuration: Configuration,
    wish: Wish,
    runtime: Runtime,
    tell_wait: TellWait,
    make_service: ServiceMaker = open_service,
) -> Reply:
    """Make the call, and return what the service says.

    Signed where the account has a token, else with the key alone. Raises `UsageError`,
    `StoreError`, `ConfigurationError`, and `ServiceError` as `model.methods` words it.
    """
    account = _account(configuration, wish.account)
    check_call(account.service, wish.method, [name for name, _ in wish.fields])
    is_signed = bool(account.token) and not wish.is_unsigned
    _check_credentials(account, is_signed=is_signed)
    counter = Counter(configuration, account, runtime, tell_wait)
    service = make_service(account, runtime, counter.grant)
    try:
        await counter.begin(service.host)
        return await _answer(service, wish, counter, is_signed=is_signed)
    except ServiceError as error:
        raise error_of_call(error, account, wish.method, is_signed=is_signed) from None
    finally:
        await service.aclose()


async def _answer(service: Service, wish: Wish, counter: Counter, *, is_signed: bool) -> Reply:
    try:
        return await service.call(wish.method, wish.fields, is_signed=is_signed, as_xml=wish.as_xml)
    except ServiceRefusedError as refusal:
        await counter.keep(refusal)
        raise


class Counter:
    """Counts the call in the database, where there is one."""

    def __init__(
        self,
        configuration: Configuration,
        account: Account,
        runtime: Runtime,
        tell_wait: TellWait,
    ) -> None:
        self._state_dir = configuration.state_dir
        self._patience = configuration.patience
        self._account = account
        self._runtime = runtime
        self._tell_wait = tell_wait
        self._account_id: int | None = None

    async def begin(self, host: str) -> None:
        """Find the account's row. Raises `ServiceRefusedError` while no calls are wanted."""
        if not await self._runtime.disk.run(is_there, self._state_dir):
            return
        digest = credentials_digest(self._account)
        name, service = self._account.name, self._account.service
        row, _ = await self._commit(accounts.bind, name, service, host, digest)
        self._account_id = row.id
        await self._commit(check_pauses, row.id, self._now())

    async def grant(self, purpose: Purpose) -> None:
        """Return when the call may be made, having counted it where every process counts."""
        has_told = False
        while (seconds := await self._take(purpose)) > 0:
            if not has_told:
                self._tell_wait(seconds)
                has_told = True
            await self._runtime.clock.sleep(min(seconds, LONGEST_NAP_SECONDS))

    async def keep(self, refusal: ServiceRefusedError) -> None:
        """A wait that the service asks for holds for every process."""
        if self._account_id is not None:
            now = self._now()
            await self._commit(keep_pause, self._account_id, refusal, now, self._patience)

    async def _take(self, purpose: Purpose) -> float:
        if self._account_id is None:
            return 0.0
        now = self._now()
        return await self._commit(take_call, self._account_id, self._account, purpose, now)

    def _now(self) -> float:
        return self._runtime.clock.wall()

    async def _commit(
        self, work: Callable[Concatenate[Database, P], T], *args: P.args, **kwargs: P.kwargs
    ) -> T:
        def commit() -> T:
            with writing(self._state_dir) as db:
                return work(db, *args, **kwargs)

        return await self._runtime.disk.run(commit)


def _account(configuration: Configuration, name: str | None) -> Account:
    known = ", ".join(configuration.accounts)
    if not known:
        raise UsageError("no account is configured", "add an [accounts.NAME] to the configuration")
    if name is not None:
        if name not in configuration.accounts:
            raise UsageError(f"--account {name} is not an account", f"known are: {known}")
        return configuration.accounts[name]
    if len(configuration.accounts) > 1:
        raise UsageError("there are several accounts", f"say which with --account: {known}")
    return next(iter(configuration.accounts.values()))


def _check_credentials(account: Account, *, is_signed: bool) -> None:
    """Raise `ServiceRefusedError` before anything is asked with credentials that are not whole."""
    missing = [key for key in account.missing_credentials if is_signed or key == "api_key"]
    if not missing:
        return
    keys = ", ".join(f"accounts.{account.name}.{key}" for key in missing)
    reason = Reason("credentials", f"credentials are missing: {keys}", account.login_remedy)
    raise ServiceRefusedError(reason, Pause(PauseCause.CREDENTIALS, reason))

"""Puts a few read calls to an account's service, for a command that delivers nothing."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass

from uploadd.assembly import ServiceMaker
from uploadd.model.configuration import Account, Configuration
from uploadd.model.errors import (
    ConfigurationError,
    ServiceAwayError,
    ServiceError,
    StoreError,
    UploaddError,
)
from uploadd.model.estimates import Pace, calls_per_file
from uploadd.model.limits import Quota
from uploadd.model.numbers import number
from uploadd.model.pauses import PauseCause
from uploadd.model.ports import Runtime
from uploadd.operations.counting import Counter
from uploadd.operations.show.status import holding
from uploadd.services.base import Service
from uploadd.services.registry import open_service
from uploadd.store.accounts import all_accounts
from uploadd.store.beside import reading

MOST_SECONDS = 60.0


@dataclass(frozen=True, slots=True)
class Limits:
    """What an account takes, and how fast. `unknown`: why there is no quota."""

    quota: Quota | None
    pace: Pace
    unknown: str = ""


class BudgetUsedError(UploaddError):
    """A question was not put: the account's call budget has no room for it now."""


async def put(
    configuration: Configuration,
    account: Account,
    runtime: Runtime,
    make_service: ServiceMaker,
    question: Callable[[Service], Awaitable[None]],
) -> UploaddError | None:
    """Ask `question` with a client of its own; what went wrong, or None. Takes a minute at most.

    Its calls are counted, and wait for no place in the budget.
    """
    counter = Counter(configuration, account, runtime, _refuse_to_wait)
    try:
        service = make_service(account, runtime, counter.grant)
    except ConfigurationError as refusal:
        return refusal
    try:
        async with asyncio.timeout(MOST_SECONDS):
            await _ask(counter, service, question)
    except TimeoutError:
        text = f"{service.host} did not answer within {MOST_SECONDS:.0f} s"
        return ServiceAwayError(text, "check the network, the proxy and base_url")
    except (ServiceError, StoreError, BudgetUsedError) as refusal:
        return refusal
    finally:
        await service.aclose()
    return None


async def _ask(
    counter: Counter, service: Service, question: Callable[[Service], Awaitable[None]]
) -> None:
    with suppress(StoreError):  # nothing delivers from such a database; `check` says what is wrong
        await counter.begin(service.host)
    async with counter.listening():
        await question(service)


def _refuse_to_wait(seconds: float) -> None:
    left = number(seconds)
    text = f"not asked: this hour's API calls are used up, and the next one fits in {left} s"
    raise BudgetUsedError(text, "ask again later")


async def limits_of(
    configuration: Configuration,
    names: Iterable[str],
    runtime: Runtime,
    make_service: ServiceMaker = open_service,
) -> dict[str, Limits]:
    """The limits of these accounts, asked of all of them at once. Raises nothing of a service's."""
    waiting = told_to_wait(configuration, runtime.clock.wall())
    accounts = [configuration.accounts[name] for name in dict.fromkeys(names)]
    found = await asyncio.gather(
        *(_limits(configuration, account, runtime, make_service, waiting) for account in accounts)
    )
    return {account.name: limits for account, limits in zip(accounts, found, strict=True)}


async def _limits(
    configuration: Configuration,
    account: Account,
    runtime: Runtime,
    make_service: ServiceMaker,
    waiting: frozenset[str],
) -> Limits:
    quotas: list[Quota] = []
    shares: list[float] = []

    async def question(service: Service) -> None:
        shares.append(calls_per_file(service.tickets_per_call, service.finds_per_call))
        if not _why_not_asked(account, waiting):
            quotas.append(await service.quota())
            quotas.append(await service.with_private_left(quotas[0]))

    refusal = await put(configuration, account, runtime, make_service, question)
    pace = Pace(account.bytes_per_second, account.calls_per_hour, *shares)
    if quotas:
        return Limits(quotas[-1], pace)
    return Limits(None, pace, str(refusal) if refusal else _why_not_asked(account, waiting))


def _why_not_asked(account: Account, waiting: frozenset[str]) -> str:
    missing = ", ".join(f"accounts.{account.name}.{key}" for key in account.missing_credentials)
    if missing:
        return f"credentials are missing: {missing}"
    return "the service wants no calls now" if account.name in waiting else ""


def told_to_wait(configuration: Configuration, now: float) -> frozenset[str]:
    """The accounts whose service asked for no calls at all now: it is not asked here either."""
    try:
        with reading(configuration.state_dir) as db:
            if db is None:
                return frozenset()
            return frozenset(
                row.label
                for row in all_accounts(db)
                if any(pause.cause is PauseCause.RATE for pause in holding(db, row.id, now))
            )
    except StoreError:
        return frozenset()  # whoever needs the database says what is wrong with it

"""The whole check, in the order in which a run would meet its obstacles."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator

from uploadd.assembly import ServiceMaker
from uploadd.model.configuration import Account, Configuration
from uploadd.model.errors import StoreError
from uploadd.model.pauses import PauseCause
from uploadd.model.ports import Runtime
from uploadd.operations.check import accounts, machine, queue, state_dir
from uploadd.operations.check.findings import Concern, Finding, error, ok, warning
from uploadd.operations.check.folders import FolderChecks, most_watches
from uploadd.operations.status import holding
from uploadd.services.registry import open_service
from uploadd.store.accounts import all_accounts
from uploadd.store.beside import reading


async def check(
    configuration: Configuration,
    runtime: Runtime,
    arguments: str = "check",
    *,
    make_service: ServiceMaker = open_service,
) -> AsyncIterator[Finding]:
    """Everything that would stop a run, as it is found. Changes nothing, needs no lock.

    `arguments`: what was on the command line, for a remedy that names another user.
    """
    unusable = list(state_dir.usable(configuration, arguments))
    for found in unusable:
        yield found
    if unusable:
        return
    told_to_wait: frozenset[str] = frozenset()
    try:
        stored = list(_stored(configuration, runtime.clock.wall()))
        told_to_wait = _told_to_wait(configuration, runtime.clock.wall())
    except StoreError as refusal:
        stored = [error(state_dir.SUBJECT, refusal.text, refusal.remedy)]
    for found in (*stored, *_settings(configuration)):
        yield found
    for found in await runtime.disk.run(_folders, configuration):
        yield found
    for found in await _services(configuration, runtime, make_service, told_to_wait):
        yield found


def _stored(configuration: Configuration, now: float) -> Iterator[Finding]:
    path = configuration.state_dir
    yield from state_dir.room(path)
    with reading(path) as db:
        if db is None:
            yield ok(state_dir.SUBJECT, "nothing was uploaded from here yet")
            return
        yield from state_dir.database(db, path)
        yield from state_dir.backup(db, path, now)
        yield from queue.standing(db, configuration, now)


def _told_to_wait(configuration: Configuration, now: float) -> frozenset[str]:
    """The accounts whose service asked for no calls at all now: it is not asked here either."""
    with reading(configuration.state_dir) as db:
        if db is None:
            return frozenset()
        return frozenset(
            row.label
            for row in all_accounts(db)
            if any(pause.cause is PauseCause.RATE for pause in holding(db, row.id, now))
        )


def _settings(configuration: Configuration) -> Iterator[Finding]:
    if not configuration.accounts:
        remedy = "add an [accounts.NAME] to the configuration"
        yield error("accounts", "no account is configured", remedy, Concern.CONFIGURATION)
    if not configuration.folders:
        text = "no folder is configured: `uploadd run` has nothing to do, `uploadd backfill` works"
        yield warning("folders", text, "add a [folders.NAME] with a path")
    yield from machine.notify_command(configuration.notify)
    yield from machine.open_files(configuration.accounts.values())


def _folders(configuration: Configuration) -> list[Finding]:
    return list(FolderChecks(configuration.folders.values(), most_watches()).run())


async def _services(
    configuration: Configuration,
    runtime: Runtime,
    make_service: ServiceMaker,
    told_to_wait: frozenset[str],
) -> list[Finding]:
    findings: list[Finding] = []
    asked: list[Account] = []
    for account in configuration.accounts.values():
        missing = list(accounts.missing_credentials(account))
        findings += missing
        if not missing and account.name not in told_to_wait:
            asked.append(account)
    answers = await asyncio.gather(
        *(accounts.ask(account, runtime, make_service) for account in asked)
    )
    for one in answers:
        findings += accounts.judged(one)
    return [*findings, *accounts.same_logins(answers)]

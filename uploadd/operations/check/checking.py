"""The whole check, in the order in which a run would meet its obstacles."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator, Iterator
from contextlib import suppress

from sqlite_utils import Database

from uploadd.assembly import ServiceMaker
from uploadd.model.configuration import Configuration
from uploadd.model.errors import StoreError
from uploadd.model.pauses import PauseCause
from uploadd.model.places import is_inside
from uploadd.model.ports import Runtime
from uploadd.model.states import TERMINAL
from uploadd.operations.accepted import accepted_now
from uploadd.operations.backfill.trees import separate
from uploadd.operations.check import accounts, machine, parents, patterns, privacy, queue, state_dir
from uploadd.operations.check.accounts import Answers
from uploadd.operations.check.findings import Concern, Finding, error, ok, warning
from uploadd.operations.check.folders import FolderChecks, most_watches
from uploadd.operations.check.limits import conflicts
from uploadd.operations.questions import told_to_wait
from uploadd.operations.show.status import holding
from uploadd.services.registry import open_service
from uploadd.store import overview
from uploadd.store.accounts import all_accounts
from uploadd.store.beside import reading
from uploadd.store.walks import last_walks


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
    try:
        stored = list(_stored(configuration, runtime.clock.wall()))
    except StoreError as refusal:
        stored = [error(state_dir.SUBJECT, refusal.text, refusal.remedy)]
    for found in (*stored, *parents.above_our_own(configuration), *_settings(configuration)):
        yield found
    folders = FolderChecks(
        configuration.folders.values(),
        most_watches(),
        os.fsencode(configuration.state_dir),
        accepted_now(configuration),
    )
    for found in await runtime.disk.run(lambda: list(folders.run())):
        yield found
    for found in privacy.stated(configuration):
        yield found
    answers = await _answers(configuration, runtime, make_service)
    for found in (*_services(configuration, answers), *_limits(configuration, answers, folders)):
        yield found
    for found in _mended(configuration, answers, runtime.clock.wall()):
        yield found


def _stored(configuration: Configuration, now: float) -> Iterator[Finding]:
    path = configuration.state_dir
    yield from state_dir.room(path)
    with reading(path) as db:
        if db is None:
            yield ok(state_dir.SUBJECT, "nothing was uploaded from here yet")
            yield from patterns.counted_in_walks({}, configuration, now)
            return
        yield from state_dir.database(db, path)
        yield from state_dir.backup(db, path, now)
        yield from queue.standing(db, configuration, now)
        yield from patterns.counted_in_walks(last_walks(db), configuration, now)


def _settings(configuration: Configuration) -> Iterator[Finding]:
    if not configuration.accounts:
        remedy = "add an [accounts.NAME] to the configuration"
        yield error("accounts", "no account is configured", remedy, Concern.CONFIGURATION)
    if not configuration.folders:
        text = "no folder is configured: `uploadd run` has nothing to do, `uploadd backfill` works"
        yield warning("folders", text, "add a [folders.NAME] with a path")
    yield from machine.notify_command(configuration.notify)
    yield from machine.open_files(configuration.accounts.values())


async def _answers(
    configuration: Configuration, runtime: Runtime, make_service: ServiceMaker
) -> list[Answers]:
    """What the services say of the accounts that can be asked."""
    waiting = told_to_wait(configuration, runtime.clock.wall())
    asked = [
        account
        for account in configuration.accounts.values()
        if account.name not in waiting and not account.missing_credentials
    ]
    return await asyncio.gather(
        *(accounts.ask(configuration, account, runtime, make_service) for account in asked)
    )


def _services(configuration: Configuration, answers: list[Answers]) -> Iterator[Finding]:
    for account in configuration.accounts.values():
        yield from accounts.missing_credentials(account)
        yield from accounts.needless_secret(account)
    for one in answers:
        yield from accounts.judged(one)
    yield from accounts.same_logins(answers)


def _limits(
    configuration: Configuration, answers: list[Answers], folders: FolderChecks
) -> Iterator[Finding]:
    """Folders that want more than their accounts take."""
    for one in answers:
        if one.quota is not None:
            waiting = _waiting(configuration, one.account.name, folders.files)
            yield from conflicts(one.account, one.quota, configuration.folders, waiting)


def _mended(configuration: Configuration, answers: list[Answers], now: float) -> Iterator[Finding]:
    """Pauses for a login that works again: they are told above, with a remedy that was taken."""
    working = {one.account.name for one in answers if one.is_well}
    with suppress(StoreError), reading(configuration.state_dir) as db:
        if db is None:
            return
        for row in all_accounts(db):
            causes = {pause.cause for pause in holding(db, row.id, now)}
            if row.label in working and PauseCause.CREDENTIALS in causes:
                text = "this login works: the pause for it ends by itself as soon as uploadd runs"
                yield ok(f"accounts.{row.label}", text)


def _waiting(configuration: Configuration, name: str, files: dict[str, int]) -> dict[str, int]:
    """How many files of each folder have not ended their way to this account."""
    waiting = dict(files)
    with suppress(StoreError), reading(configuration.state_dir) as db:
        row = next((row for row in all_accounts(db) if row.label == name), None) if db else None
        if db is None or row is None:
            return waiting
        for folder in configuration.folders.values():
            others = [one.root for one in configuration.folders.values() if one is not folder]
            below = separate([root for root in others if is_inside(root, folder.root)])
            ended = _ended(db, folder.root, row.id) - sum(
                _ended(db, root, row.id) for root in below
            )
            waiting[folder.name] = max(0, files.get(folder.name, 0) - ended)
    return waiting


def _ended(db: Database, root: bytes, account_id: int) -> int:
    counts = overview.counts_below(db, root, account_id)
    return sum(count for state, count in counts.items() if state in TERMINAL)

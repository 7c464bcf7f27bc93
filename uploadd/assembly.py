"""Puts the stages together: what the daemon and a backfill have in common."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Iterable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace

from uploadd.delivery.backup_loop import BackupLoop
from uploadd.delivery.bell import Bell
from uploadd.delivery.call_budget import CallBudget
from uploadd.delivery.deliverer import Deliverer
from uploadd.delivery.desk import Desk
from uploadd.delivery.logins import Logins, LoginSource, budget_of, credentials_digest
from uploadd.delivery.silent_disks import SilentDisks
from uploadd.delivery.throttle import Throttle
from uploadd.files import premises
from uploadd.files.state_directory import check_state_dir
from uploadd.intake.arrivals import Arrivals
from uploadd.intake.rules import Rules
from uploadd.intake.tree import Roster, Tree, plain_folder
from uploadd.model.budget import Purpose
from uploadd.model.configuration import Account, Configuration, Folder
from uploadd.model.errors import StoreError
from uploadd.model.jobs import Job, Lane
from uploadd.model.ports import Runtime
from uploadd.services.base import Grant, Service
from uploadd.services.registry import open_service
from uploadd.store import accounts, lock, placing, unread
from uploadd.store.seat import Seat, take_seat
from uploadd.store.store import Store, Worker, one_thread

ServiceMaker = Callable[[Account, Runtime, Grant], Service]
GUARD_SECONDS = 30.0


@dataclass
class Assembly:
    """Everything that runs, wired together."""

    configuration: Configuration
    runtime: Runtime
    seat: Seat
    store: Store
    bell: Bell
    arrivals: Arrivals
    deliverer: Deliverer
    disks: SilentDisks

    @property
    def desks(self) -> dict[str, Desk]:
        """The accounts at work, by their names."""
        return self.deliverer.desks

    def tree(
        self,
        root: bytes,
        folder: Folder,
        *,
        only: tuple[str, ...] | None = None,
        is_named: bool = False,
        is_asked: bool = False,
    ) -> Tree:
        """Take a directory tree in: walked by a folder's rules, for its accounts (see `Tree`)."""
        tree = Tree(
            root,
            folder,
            Roster(self._ids, self._need_md5),
            only=only,
            is_named=is_named,
            is_asked=is_asked,
        )
        self.arrivals.trees.append(tree)
        return tree

    def _ids(self, names: Sequence[str]) -> tuple[int, ...]:
        return tuple(sorted(self.desks[name].id for name in names if name in self.desks))

    def _need_md5(self, names: Sequence[str]) -> bool:
        there = self.configuration.accounts
        return any(there[name].needs_md5 for name in names if name in there)

    def drop(self, tree: Tree) -> None:
        """Take a tree in no longer."""
        # Another list, because a pass over this one may be under way.
        self.arrivals.trees = [one for one in self.arrivals.trees if one is not tree]

    async def guard(self, ended: asyncio.Event) -> None:
        """Stop where the state directory is not ours any more: another one may deliver from it.

        Raises `StoreError`.
        """
        while not await self.runtime.clock.wait(ended, GUARD_SECONDS):
            wrong = await self.runtime.disk.run(self.seat.whats_wrong)
            if wrong:
                raise StoreError(wrong, "stop uploadd before the state directory is touched")

    def resight(self, job: Job) -> None:
        """Look again at a job's file, which is not what it was.

        The job may come from a backfill that ended, or from a folder that nobody walks now.
        """
        trees = [tree for tree in self.arrivals.trees if _takes_in(tree, job)]
        for tree in trees or [self._tree_of(job)]:
            self.arrivals.saw(tree, job.path, Lane(job.lane))

    def _tree_of(self, job: Job) -> Tree:
        """A tree for one job's file and account, with what a person said of it (`Job.said`)."""
        names = tuple(name for name, desk in self.desks.items() if desk.id == job.account_id)
        named = self.configuration.folders.get(job.folder) if job.is_folder_named else None
        folder = named or plain_folder(job.root)  # what a file goes by, its place says anew
        if job.is_folder_named:
            folder = replace(folder, name=job.folder)
        return self.tree(
            job.root,
            replace(folder, accounts=names),
            only=names,
            is_named=job.is_folder_named,
            is_asked=job.is_asked,
        )

    async def resight_unread(self, lane: Lane) -> None:
        """Look again at queued files that were never read.

        A person said `retry`, or they changed while they were sent, and uploadd stopped then.
        """
        at_work = {desk.id: desk for desk in self.desks.values()}
        for job in await self.store.read(unread.unread_jobs):
            if job.account_id in at_work:
                await self._resight_unread(replace(job, lane=lane), at_work[job.account_id])

    async def _resight_unread(self, job: Job, desk: Desk) -> None:
        ruling = await self.runtime.disk.run(desk.ruling_on, job, desk.account.name)
        if ruling.why_not is None:
            self.resight(job)
        else:
            now = self.runtime.clock.wall()
            await self.store.write(placing.leave_out, job.id, ruling.why_not, now)


def _check_seat(seat: Seat, configuration: Configuration) -> None:
    """Whoever may write above the state directory can have exchanged it while it was opened.

    Raises as `check_state_dir` does.
    """
    check_state_dir(configuration)
    wrong = seat.whats_wrong()
    if not wrong and not premises.is_kept_by_us(seat.database, seat.database_id):
        wrong = f"the database {seat.database} was exchanged while it was opened"
    if wrong:
        raise StoreError(wrong, "start again")


@asynccontextmanager
async def assembled(
    configuration: Configuration,
    runtime: Runtime,
    command: str,
    *,
    names: Iterable[str] | None = None,
    make_service: ServiceMaker = open_service,
    make_worker: Callable[[], Worker] = one_thread,
    seat: Seat | None = None,
    login_source: LoginSource | None = None,
) -> AsyncIterator[Assembly]:
    """Become the deliverer of the state directory, with the accounts `names` (None: all).

    `seat`: the deliverer's seat where the caller has it already; it is given up at the end.
    `login_source`: where a new login is found while an account waits for one (None: nowhere).
    Raises `SeatTakenError` where another process has it, `StoreError` where the store cannot be
    used.
    """
    check_state_dir(configuration)
    seat = seat or await take_seat(configuration.state_dir, runtime, command)
    store = Store(seat.db, make_worker(), seat.mark)
    try:
        await runtime.disk.run(_check_seat, seat, configuration)
        assembly = await _build(
            configuration, runtime, seat, store, names, make_service, login_source
        )
        await assembly.arrivals.admission.learn()
        await assembly.deliverer.recover()
        try:
            yield assembly
        finally:
            for desk in assembly.desks.values():
                for service in (desk.service, *desk.retired):
                    await service.aclose()
            await store.write(lock.remember_holder, None)
    finally:
        await store.aclose()
        seat.lock.release()


async def _build(
    configuration: Configuration,
    runtime: Runtime,
    seat: Seat,
    store: Store,
    names: Iterable[str] | None,
    make_service: ServiceMaker,
    login_source: LoginSource | None,
) -> Assembly:
    bell = Bell()
    arrivals = Arrivals(store, runtime, Rules(configuration), configuration.parallel_reads)
    arrivals.on_jobs = bell.ring
    desks: dict[str, Desk] = {}
    labels = frozenset(configuration.accounts)
    backup = BackupLoop(configuration.state_dir, store, runtime)
    deliverer = Deliverer(desks, store, runtime, bell, labels, backup)
    disks = SilentDisks(runtime, configuration.hand_over_patience)
    assembly = Assembly(configuration, runtime, seat, store, bell, arrivals, deliverer, disks)
    logins = Logins(configuration, login_source, runtime.disk) if login_source else None
    for name in configuration.accounts if names is None else names:
        account = configuration.accounts[name]
        assembly.desks[name] = await _desk(assembly, account, make_service, logins)
    return assembly


async def _desk(
    assembly: Assembly,
    account: Account,
    make_service: ServiceMaker,
    logins: Logins | None,
) -> Desk:
    runtime, store = assembly.runtime, assembly.store
    ready: dict[str, Desk] = {}

    def connect(account: Account) -> tuple[Service, CallBudget]:
        budget = CallBudget(budget_of(account), store, runtime.clock)

        async def grant(purpose: Purpose) -> None:
            await budget.grant(ready["desk"].id, purpose)
            ready["desk"].calls_made += 1

        return make_service(account, runtime, grant), budget

    service, budget = connect(account)
    row, needs_login = await store.write(
        accounts.bind, account.name, account.service, service.host, credentials_digest(account)
    )
    ready["desk"] = Desk(
        account=account,
        row=row,
        needs_login=needs_login,
        service=service,
        store=store,
        runtime=runtime,
        budget=budget,
        throttle=Throttle(account.bytes_per_second, runtime.clock),
        bell=assembly.bell,
        patience=assembly.configuration.patience,
        ruling_on=assembly.arrivals.rules.ruling_on,
        roots=assembly.arrivals.rules.folders.roots,
        disks=assembly.disks,
        may_forget=assembly.arrivals.presence.may_forget,
        admit_again=assembly.arrivals.admission.admit_again,
        resight=assembly.resight,
        connect=connect,
        logins=logins,
    )
    return ready["desk"]


def _takes_in(tree: Tree, job: Job) -> bool:
    """Whether a tree covers a job: its path, its account, and what a person said of it."""
    said = (job.folder if job.is_folder_named else "", job.is_asked)
    is_same = said == (tree.folder.name if tree.is_named else "", tree.is_asked)
    return is_same and tree.holds(job.path) and job.account_id in tree.account_ids()

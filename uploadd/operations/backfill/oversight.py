"""Counts how far a backfill is, and finds the reason to end it, whoever delivers."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from uploadd.model.left_alone import LeftAlone
from uploadd.model.numbers import counted, number
from uploadd.model.pauses import ActivePause
from uploadd.model.ports import Clock
from uploadd.model.states import TERMINAL, State
from uploadd.operations.backfill.endings import Ending, Finished
from uploadd.operations.backfill.remaining import AccountSum, sum_of
from uploadd.operations.backfill.summary import Snapshot
from uploadd.operations.backfill.trees import Wanted, separate
from uploadd.operations.backfill.views import AccountView, Spent, View
from uploadd.operations.backfill.waiting import Left, is_refused, only_waits
from uploadd.store import overview

# Counting 200,000 rows takes a moment: never more than this share of the time.
COUNTING_SHARE = 0.05
MOST_EDIT_IDS = 200

Show = Callable[[Snapshot], None]


@dataclass
class Tally:
    """What outlives a change of the deliverer: since when it runs, and what was spent before."""

    began: float
    began_wall: float
    before: Spent = field(default_factory=Spent)

    @classmethod
    def begun_at(cls, clock: Clock) -> Tally:
        """A backfill that begins now."""
        return cls(clock.monotonic(), clock.wall())


class Oversight:
    """Looks at one backfill through `view`."""

    def __init__(
        self, view: View, wanted: Sequence[Wanted], clock: Clock, tally: Tally, show: Show
    ) -> None:
        self._view = view
        self._wanted = wanted
        self._clock = clock
        self._tally = tally
        self._show = show
        self._accounts: list[AccountView] = []
        self._open_jobs: dict[int, Counter[State]] = {}
        self._counted_at: tuple[int, ...] = ()
        self._found: dict[int, Counter[State]] = {}
        self._seconds_to_count = 0.0
        self._left_alone = LeftAlone()
        self._sums: tuple[AccountSum, ...] = ()
        self._is_held_up = False
        self._count_again_at = 0.0
        self.snapshot = Snapshot()

    async def look(self, *, is_last: bool = False) -> bool:
        """Bring the snapshot up to date; True where the files were counted anew, too."""
        snapshot = self.snapshot
        # Before the counting: what is registered meanwhile counts twice for a moment, or is looked
        # at once more, but never goes missing.
        intake = await self._view.intake()
        snapshot.settling, snapshot.is_walking = intake.settling, intake.is_walking
        snapshot.restless, self._is_held_up = intake.restless, intake.is_held_up
        self._left_alone = intake.left_alone
        self._accounts = await self._view.accounts()
        snapshot.accounts = len(self._accounts)
        is_due = is_last or self._clock.monotonic() >= self._count_again_at
        if is_due:
            await self._count()
        spent = self._tally.before.plus(await self._view.spent(is_last=is_last))
        snapshot.bytes_sent, snapshot.api_calls = spent.bytes_sent, spent.api_calls
        snapshot.seconds = self._clock.monotonic() - self._tally.began
        snapshot.waits_for = self._what_it_waits_for()
        if is_last:
            await self._sum_up()
            snapshot.edit_url = await self._edit_url()
        self._show(snapshot)
        return is_due

    async def reason_to_end(self, is_counted: bool, *, no_wait: bool) -> Ending | None:
        """Why the backfill ends now; None where it goes on."""
        heard = [account for account in self._accounts if not self._is_refused(account)]
        is_refused = len(heard) < len(self._accounts)
        if is_refused and not heard:
            return Ending.CREDENTIALS
        would_wait = Ending.CREDENTIALS if is_refused else Ending.WOULD_WAIT
        if self._is_held_up and no_wait:
            return would_wait
        if self.snapshot.is_walking or not is_counted or self._has_unsettled(no_wait=no_wait):
            return None
        # A login that is refused holds no other account up: its own files are told of at the end.
        if not any(self._open_jobs[account.id] for account in heard):
            if is_refused or not self.snapshot.restless.count:
                return Ending.CREDENTIALS if is_refused else Ending.DONE
            return Ending.WOULD_WAIT if no_wait else Ending.FAILED
        return would_wait if no_wait and await self._only_waits(heard) else None

    async def finished(self, ending: Ending) -> Finished:
        """The sum, counted for the last time."""
        await self.look(is_last=True)
        has_unread = self._left_alone.unread_directories
        is_left = self.snapshot.count(State.FAILED) or self.snapshot.count(State.QUEUED)
        if ending is Ending.DONE and (is_left or has_unread):
            ending = Ending.FAILED
        return Finished(
            ending,
            self.snapshot,
            tuple(self._pauses()),
            accounts=self._sums,
            left_alone=self._left_alone,
        )

    async def close(self) -> None:
        """Somebody else delivers from now on: keep what was spent so far."""
        self._tally.before = self._tally.before.plus(await self._view.spent(is_last=True))

    def _has_unsettled(self, *, no_wait: bool) -> bool:
        """Whether the backfill waits for a file to settle. It does not wait for restless files."""
        restless = self.snapshot.restless
        left = restless.count if no_wait else restless.overdue
        return self.snapshot.settling > left

    def _is_refused(self, account: AccountView) -> bool:
        return is_refused(account, self._clock.wall())

    async def _only_waits(self, accounts: Sequence[AccountView]) -> bool:
        """Whether everything that is left waits: for a pause, the call budget, a long backoff."""
        for account in accounts:
            directories = directories_of(self._wanted, account.name)
            left = Left(self._open_jobs[account.id], directories, self.snapshot.restless.count > 0)
            if not await only_waits(account, left, self._view.store, self._clock.wall()):
                return False
        return True

    async def _count(self) -> None:
        """Bring `_open_jobs` and the snapshot's files up to date.

        Nothing is counted anew while no job is made or moves: a backfill may wait for hours.
        """
        story = await self._view.store.read(overview.last_story)
        moved_at = (story, *(account.id for account in self._accounts))
        began = self._clock.monotonic()
        if moved_at != self._counted_at:
            self._found = {account.id: await self._files_of(account) for account in self._accounts}
            self._counted_at, self._seconds_to_count = moved_at, 0.0
        self.snapshot.files = dict(sum(self._found.values(), Counter()))
        self._open_jobs = {
            account.id: await self._open_of(account, self._found[account.id])
            for account in self._accounts
        }
        now = self._clock.monotonic()
        self._seconds_to_count = max(self._seconds_to_count, now - began)
        self._count_again_at = now + self._seconds_to_count / COUNTING_SHARE

    async def _files_of(self, account: AccountView) -> Counter[State]:
        found = Counter[State]()
        for directory in directories_of(self._wanted, account.name):
            read = self._view.store.read
            found.update(await read(overview.counts_below, directory, account.id))
        return found

    async def _open_of(self, account: AccountView, found: Counter[State]) -> Counter[State]:
        """The jobs that something is still to be done for."""
        own = Counter({state: files for state, files in found.items() if state not in TERMINAL})
        if own[State.QUEUED]:
            own[State.QUEUED] -= await self._held_back(account)
        return +own

    async def _sum_up(self) -> None:
        """Group the files that are not there; `snapshot.files` is counted from the same rows."""
        self._sums = tuple([await self._sum_of(account) for account in self._accounts])
        files: Counter[State] = Counter()
        for one in self._sums:
            files.update(one.counts)
        self.snapshot.files = dict(files)

    async def _sum_of(self, account: AccountView) -> AccountSum:
        standings: list[overview.Standing] = []
        for directory in directories_of(self._wanted, account.name):
            read = self._view.store.read
            standings += await read(overview.standings_below, directory, account.id)
        return sum_of(account.name, standings)

    async def _held_back(self, account: AccountView) -> int:
        """Count the queued jobs that nothing is done for: of restless files, and foreign roots.

        A restless file's holds a former content.
        """
        held = 0
        for directory in directories_of(self._wanted, account.name):
            held += await self._view.store.read(overview.held_below, directory, account.id)
        paths = self.snapshot.restless.paths
        jobs = [await self._view.store.read(overview.jobs_of_path, path) for path in paths]
        mine = [one for some in jobs for one in some if one.account_id == account.id]
        return held + sum(one.state is State.QUEUED for one in mine)

    def _what_it_waits_for(self) -> str:
        now = self._clock.wall()
        texts = []
        for name, pause in self._pauses():
            left = f" ({number(pause.delay.remaining(now))} s)" if pause.delay else ""
            texts.append(f"{name}: {pause.text}{left}")
        for account in self._accounts:
            if not texts and account.budget_seconds > 0:
                texts.append(
                    f"{account.name}: the call budget ({number(account.budget_seconds)} s)"
                )
        if not texts and self.snapshot.settling and not self.snapshot.is_walking:
            texts.append(f"{counted(self.snapshot.settling, 'new file')} to come to rest")
        return "; ".join(texts)

    def _pauses(self) -> list[tuple[str, ActivePause]]:
        now = self._clock.wall()
        return [
            (account.name, pause)
            for account in self._accounts
            for pause in account.pauses
            if pause.holds(now)
        ]

    async def _edit_url(self) -> str | None:
        ids: list[str] = []
        for account in self._accounts[:1]:
            for directory in separate([one.directory for one in self._wanted]):
                ids += await self._view.store.read(
                    overview.newest_photos,
                    directory,
                    account.id,
                    self._tally.began_wall,
                    MOST_EDIT_IDS - len(ids),
                )
        return await self._view.edit_url(ids) if ids else None


def directories_of(wanted: Sequence[Wanted], name: str) -> list[bytes]:
    """The directories that go to an account; none holds another, so each file counts once."""
    return separate([one.directory for one in wanted if name in one.folder.accounts])

"""An older database doubles nothing: restored, copied into its place, or made anew."""

from __future__ import annotations

import asyncio
import os
import shutil
import sqlite3
from collections.abc import Callable
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from simulation.virtual import EPOCH, run_virtual
from simulation.world import World
from uploadd.model.errors import ServiceFaultError, ServiceRefusedError, StoreError
from uploadd.operations import adopt as adopting
from uploadd.operations import restore as restoring
from uploadd.operations.adopt import Adopted
from uploadd.operations.backfill.delivering import Backfill, Ending
from uploadd.operations.backfill.trees import wanted_trees
from uploadd.sandbox import Fault, SandboxOptions
from uploadd.sandbox.inprocess import InProcessTransport
from uploadd.services.flickr import Flickr
from uploadd.services.registry import open_service
from uploadd.store import accounts, backups, ledger, overview
from uploadd.store import restoring as steps
from uploadd.store.connection import DATABASE_NAME, RESTORING_NAME, open_database
from uploadd.store.mark import MARK_NAME, marked

pytestmark = pytest.mark.usefixtures("hours_pass_quickly")

DAY = 86400.0
HOUR = 3600.0


class Home(World):
    """A world whose database has a past."""

    def pass_time(self, seconds: float) -> None:
        """Nothing runs for a while; a negative time sets the clock back."""
        self.virtual_now += seconds
        # Each virtual loop begins at the same moment.
        self.runtime.clock.skew = self.virtual_now - EPOCH  # type: ignore[attr-defined]

    def back_up(self) -> Path:
        """Today's backup, whatever there is already."""
        state = self.state_dir
        return backups.make(state, state / DATABASE_NAME, self.now(), lambda: True).path

    def restore(self, backup: Path) -> Any:
        """`uploadd restore BACKUP`."""
        return restoring.restore(self.configuration(), backup, self.now())

    def adopt(self, since: float | None = None) -> Adopted:
        """`uploadd adopt --account me`."""
        return run_virtual(self.adopting(since))

    async def adopting(self, since: float | None = None) -> Adopted:
        """The same, on a loop that runs already."""
        self.told: list[Adopted] = []
        return await adopting.adopt(
            self.configuration(),
            "me",
            since,
            self.runtime,
            self.told.append,
            lambda account, runtime, grant: open_service(
                account, runtime, grant, transport=InProcessTransport(self.app)
            ),
        )

    def adopt_since(self) -> float | None:
        """What the account awaits."""
        with closing(open_database(self.state_dir)) as db:
            (row,) = accounts.all_accounts(db)
            return row.adopt_since

    def copy_of_database(self) -> Path:
        """What somebody copied by hand."""
        copy = self.state_dir.parent / "copy.db"
        shutil.copy(self.state_dir / DATABASE_NAME, copy)
        return copy

    def put_in_place(self, copy: Path) -> None:
        """What somebody copied back by hand."""
        shutil.copy(copy, self.state_dir / DATABASE_NAME)


def begin(tmp_path: Path, options: SandboxOptions | None = None) -> Home:
    """A home with ten photos on the account, an hour ago."""
    world = Home(tmp_path, options)
    for number in range(10):
        world.add(f"old{number}.jpg")
    assert world.backfill().ending is Ending.DONE
    world.pass_time(HOUR)
    return world


def go_on(world: Home, count: int = 10) -> None:
    """More photos, which the backup does not know."""
    for number in range(count):
        world.add(f"later{number}.jpg")
    assert world.backfill().ending is Ending.DONE
    world.pass_time(60.0)


def uploads(world: Home) -> int:
    return len(world.uploads())


@pytest.mark.parametrize(
    "lags",
    [
        SandboxOptions(),
        SandboxOptions(search_lag_seconds=300.0, list_lag_seconds=300.0),
        SandboxOptions(search_finds=False),
    ],
    ids=["prompt", "lagging", "never-found-by-search"],
)
@pytest.mark.parametrize("is_adopted", [True, False])
def test_a_restored_backup_doubles_nothing(
    tmp_path: Path, is_adopted: bool, lags: SandboxOptions
) -> None:
    """With and without the adoption; without `dedup_check`, so that nothing else can help."""
    world = Home(tmp_path, lags)
    world.account = replace(world.account, dedup_check=0)
    for number in range(10):
        world.add(f"old{number}.jpg")
    world.backfill()
    world.pass_time(HOUR)
    backup = world.back_up()
    go_on(world)
    world.restore(backup)
    if is_adopted:
        assert world.adopt().new == 10
    world.add("new.jpg")
    before = uploads(world)
    assert world.backfill().ending is Ending.DONE
    assert uploads(world) == before + 1
    world.assert_each_once(21)
    assert len(world.jobs()) == 21


def test_after_an_adoption_new_photos_are_sent_at_once(tmp_path: Path) -> None:
    """Nothing is looked up any more."""
    world = begin(tmp_path)
    backup = world.back_up()
    go_on(world)
    world.restore(backup)
    adopted = world.adopt()
    assert (adopted.photos, adopted.tagged, adopted.new, adopted.is_settled) == (20, 20, 10, True)
    world.add("new.jpg")
    searches = len(world.sandbox.journal.of("flickr.photos.search"))
    finished = world.backfill()
    assert len(world.sandbox.journal.of("flickr.photos.search")) == searches
    assert finished.snapshot.seconds < 60
    world.assert_each_once(21)


def test_an_adoption_soon_after_waits_for_the_list(tmp_path: Path) -> None:
    """What was sent a moment before the disk died is listed only minutes later."""
    world = begin(tmp_path, SandboxOptions(list_lag_seconds=400.0))
    world.account = replace(world.account, dedup_check=0)
    backup = world.back_up()
    go_on(world)
    world.restore(backup)
    adopted = world.adopt()
    assert adopted.new == 10
    assert any(so_far.waits_until for so_far in world.told)
    world.backfill()
    world.assert_each_once(20)


def test_an_account_is_adopted_from_the_backups_date_less_a_day(tmp_path: Path) -> None:
    """Not from the beginning: that would be many calls."""
    world = begin(tmp_path)
    made_at = world.now()
    backup = world.back_up()
    go_on(world)
    restored = world.restore(backup)
    assert restored.since == made_at - DAY == world.adopt_since()
    assert restored.accounts == ("me",)


def test_with_a_later_since_the_account_still_awaits_its_adoption(tmp_path: Path) -> None:
    """What came before that was not looked at."""
    world = begin(tmp_path)
    backup = world.back_up()
    go_on(world)
    world.restore(backup)
    assert not world.adopt(world.now() - 1.0).is_settled
    assert world.adopt_since() is not None
    assert world.adopt().is_settled
    assert world.adopt_since() is None


def test_a_plain_copy_of_an_old_database_is_noticed(tmp_path: Path) -> None:
    """It knows of fewer sends than were begun."""
    world = begin(tmp_path)
    world.account = replace(world.account, dedup_check=0)
    copy = world.copy_of_database()
    go_on(world)
    world.put_in_place(copy)
    assert world.backfill().ending is Ending.DONE
    world.assert_each_once(20)
    assert world.adopt_since() is not None
    assert world.job_of("later0.jpg").state == "done"


def test_a_deleted_database_is_noticed(tmp_path: Path) -> None:
    """The mark beside it remembers that there was one."""
    world = begin(tmp_path)
    world.account = replace(world.account, dedup_check=0)
    (world.state_dir / DATABASE_NAME).unlink()
    world.add("new.jpg")
    assert world.backfill().ending is Ending.DONE
    world.assert_each_once(11)
    assert world.adopt_since() == 0.0


def test_it_is_noticed_once(tmp_path: Path) -> None:
    """After the adoption the account is as any other."""
    world = begin(tmp_path)
    (world.state_dir / DATABASE_NAME).unlink()
    world.backfill()
    world.adopt()
    world.add("new.jpg")
    world.backfill()
    assert world.adopt_since() is None
    world.assert_each_once(11)


@pytest.mark.parametrize("text", [b"", b"\x00" * 40, b"uploadd has begun", os.urandom(300)])
def test_garbage_in_the_mark_stops_nothing(tmp_path: Path, text: bytes) -> None:
    """It is written anew."""
    world = begin(tmp_path)
    (world.state_dir / MARK_NAME).write_bytes(text)
    world.add("new.jpg")
    assert world.backfill().ending is Ending.DONE
    assert marked(world.state_dir) == 11
    assert world.adopt_since() is None


def test_a_mark_that_is_no_file_stops_nothing(tmp_path: Path) -> None:
    """Then an old copy is not noticed; everything else goes on."""
    world = begin(tmp_path)
    (world.state_dir / MARK_NAME).unlink()
    (world.state_dir / MARK_NAME).mkdir()
    world.add("new.jpg")
    assert world.backfill().ending is Ending.DONE
    world.assert_each_once(11)


def test_an_uncertain_job_of_a_backup_is_looked_up_anew(tmp_path: Path) -> None:
    """Its looks were nearly over; it was sent again after the backup, and the search lags."""
    world = Home(tmp_path, SandboxOptions(faults=(Fault("http-before", at=(1,), code=502),)))
    world.account = replace(world.account, dedup_check=0)
    world.add("p.jpg")
    world.backfill(stop_after=1700.0)
    assert world.job_of("p.jpg").trail.looks >= 4
    backup = world.back_up()
    world.pass_time(1690.0)
    world.sandbox.options.list_lag_seconds = 200.0
    world.sandbox.options.search_lag_seconds = 200.0
    world.backfill()
    world.assert_each_once(1)
    world.pass_time(5.0)
    world.restore(backup)
    world.backfill()
    world.assert_each_once(1)


def test_a_forced_retry_of_a_backup_is_forgotten(tmp_path: Path) -> None:
    """It was sent after the backup: to force it once more would double it."""
    world = begin(tmp_path)
    world.add("p.jpg")
    world.backfill(stop_after=0.0)
    with closing(open_database(world.state_dir)) as db:
        db.execute("UPDATE jobs SET is_forced = 1 WHERE state = 'queued'")
    backup = world.back_up()
    world.backfill()
    world.assert_each_once(11)
    world.restore(backup)
    world.backfill()
    world.assert_each_once(11)


def test_a_refused_adoption_keeps_what_it_has(tmp_path: Path) -> None:
    """A rate limit holds for the daemon too, and the next adoption goes on."""
    world = begin(tmp_path)
    backup = world.back_up()
    go_on(world)
    world.restore(backup)
    world.sandbox.options.calls_per_hour = 1
    with pytest.raises(ServiceRefusedError):
        world.adopt()
    assert world.adopt_since() is not None
    world.sandbox.options.calls_per_hour = 0
    with pytest.raises(ServiceRefusedError, match="paused"):
        world.adopt()
    world.pass_time(2 * HOUR)
    assert world.adopt().is_settled


def test_pages_overlap_so_that_none_is_missed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Photos that vanish between two pages move the others; each page goes on by time."""
    world = begin(tmp_path)
    go_on(world, 30)
    for photo in world.sandbox.photos:
        photo.kept_at = world.now() - 1000.0 + photo.key // 2
    (world.state_dir / DATABASE_NAME).unlink()
    monkeypatch.setattr("uploadd.services.flickr.client.PHOTOS_PER_PAGE", 4)
    inner = adopting._Adoption._take_in
    deleted: list[str] = []

    async def take_in(self: Any, fresh: Any) -> None:
        await inner(self, fresh)
        newest = max(
            (photo for photo in world.sandbox.photos if not photo.deleted), key=lambda p: p.key
        )
        if len(deleted) < 5:
            deleted.append(newest.sha256)
            world.sandbox.delete(newest.id)

    monkeypatch.setattr(adopting._Adoption, "_take_in", take_in)
    world.adopt()
    with closing(open_database(world.state_dir)) as db:
        for photo in world.sandbox.photos:
            if not photo.deleted:
                assert ledger.entry(db, 1, photo.sha256) is not None


def test_a_list_without_an_end_is_an_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A service that gives its first page for each is not read for ever."""
    world = begin(tmp_path)
    (world.state_dir / DATABASE_NAME).unlink()
    world.backfill(stop_after=0.0)
    once = Flickr.photos_between

    async def again(self: Any, since: float, until: float | None, page: int = 1) -> Any:
        return replace(await once(self, since, None), has_more=True)

    monkeypatch.setattr(Flickr, "photos_between", again)
    with pytest.raises(ServiceFaultError, match="again and again"):
        world.adopt()
    assert world.adopt_since() == 0.0


def test_the_calls_of_an_adoption_count(tmp_path: Path) -> None:
    """The deliverer keeps to the same budget."""
    world = begin(tmp_path)
    world.pass_time(2 * HOUR)
    made = len(world.sandbox.journal)
    world.adopt()
    made = len(world.sandbox.journal) - made
    with closing(open_database(world.state_dir)) as db:
        last_hour = "SELECT count(*) FROM calls WHERE at > ?"
        assert db.execute(last_hour, (world.now() - HOUR,)).fetchone() == (made,)
    assert made >= 2


def test_a_running_backfill_learns_of_an_adoption(tmp_path: Path) -> None:
    """Its queued photos become duplicates as soon as their turn comes."""
    world = begin(tmp_path)
    backup = world.back_up()
    go_on(world)
    world.restore(backup)
    world.account = replace(world.account, parallel_uploads=1)
    world.backfill(stop_after=1.0)
    world.adopt()
    before = uploads(world)
    world.backfill()
    assert uploads(world) == before
    world.assert_each_once(20)


def test_an_adoption_beside_a_running_daemon(tmp_path: Path) -> None:
    """The daemon goes by it as soon as it is told: what waits for its looks is found."""
    world = begin(tmp_path)
    world.account = replace(world.account, dedup_check=0)
    backup = world.back_up()
    go_on(world)
    world.restore(backup)
    world.add("new.jpg")

    async def work(assembly: Any) -> None:
        loop = asyncio.get_running_loop()
        stop = asyncio.Event()
        wanted = wanted_trees(world.configuration(), [str(world.photos)], None, None)
        running = Backfill(
            assembly, wanted, no_wait=False, stop=stop, show=lambda _: None, look_seconds=2.0
        )
        beside = loop.create_task(world.adopting())
        assert (await running.run()).ending is Ending.DONE
        assert (await beside).is_settled

    world.run(work)
    world.assert_each_once(21)
    assert len(world.jobs()) == 21


def test_an_adoption_releases_what_waits_for_its_looks(tmp_path: Path) -> None:
    """New photos that were looked up for the doubt alone go on at once; videos do not."""
    world = begin(tmp_path)
    backup = world.back_up()
    go_on(world)
    world.pass_time(HOUR)
    world.restore(backup)
    for number in range(5):
        world.add(f"new{number}.jpg")
    world.add("new.mp4", b"\x00\x00\x00\x18ftypmp42" + bytes(100))
    world.pass_time(HOUR)
    world.backfill(stop_after=10.0)
    assert world.states()["uncertain"] >= 6
    assert world.adopt().is_settled
    assert world.states()["uncertain"] <= 11
    assert {world.job_of(f"new{number}.jpg").state for number in range(5)} == {"queued"}
    assert world.job_of("new.mp4").state == "uncertain"
    world.backfill(stop_after=60.0)
    assert {world.job_of(f"new{number}.jpg").state for number in range(5)} == {"done"}
    world.backfill()
    world.assert_each_once(26)


def test_the_backup_is_made_daily(tmp_path: Path) -> None:
    """At the start where the newest is older than a day; however the clock jumps."""
    world = begin(tmp_path)

    def made() -> int:
        known = backups.listed(world.state_dir)
        return known[0].number if known else 0

    for seconds, is_made in [
        (0.0, True),
        (HOUR, False),
        (25 * HOUR, True),
        (10 * 365 * DAY, True),
        (-10 * 365 * DAY, True),
        (HOUR, False),
        (25 * HOUR, True),
    ]:
        before = made()
        world.pass_time(seconds)
        world.backfill()
        assert made() == before + is_made, seconds


def test_only_some_backups_are_kept(tmp_path: Path) -> None:
    """The newest seven, by their numbers."""
    world = begin(tmp_path)
    for _ in range(10):
        world.back_up()
        world.pass_time(-DAY)
    assert [backup.number for backup in backups.listed(world.state_dir)] == [10, 9, 8, 7, 6, 5, 4]
    names = os.listdir(backups.directory_of(world.state_dir))
    assert len(names) == 7
    assert all(
        (backups.directory_of(world.state_dir) / name).stat().st_mode & 0o777 == 0o600
        for name in names
    )


class PowerCutError(BaseException):
    """Everything stops here."""


def kill_at(monkeypatch: pytest.MonkeyPatch, number: int) -> Callable[[], int]:
    """Die right before the `number`th change of a name, or sync, of a restore."""
    count = 0

    def dying(real: Callable[..., Any]) -> Callable[..., Any]:
        def call(*args: Any, **kwargs: Any) -> Any:
            nonlocal count
            count += 1
            if count == number:
                raise PowerCutError
            return real(*args, **kwargs)

        return call

    monkeypatch.setattr(steps.os, "rename", dying(os.rename))
    monkeypatch.setattr(steps.backups, "sync_directory", dying(backups.sync_directory))
    monkeypatch.setattr(steps.backups, "copy", dying(backups.copy))
    return lambda: count


@pytest.mark.parametrize("number", range(1, 12))
def test_a_restore_may_die_at_each_step(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: int
) -> None:
    """Given again it ends well; in between nobody takes half of it for a database."""
    world = begin(tmp_path)
    backup = world.back_up()
    go_on(world)
    # What a crash leaves beside a database.
    keeper = sqlite3.connect(world.state_dir / DATABASE_NAME)
    keeper.execute("CREATE TABLE damaged (x)")
    keeper.commit()
    assert (world.state_dir / f"{DATABASE_NAME}-wal").exists()
    with monkeypatch.context() as patched:
        steps_made = kill_at(patched, number)
        try:
            world.restore(backup)
        except PowerCutError:
            has_died = True
        else:
            has_died = False
            assert steps_made() < number
    if (world.state_dir / RESTORING_NAME).exists():
        with pytest.raises(StoreError, match="restore BACKUP` again"):
            world.backfill()
    if has_died:
        restored = world.restore(backup)
        with closing(open_database(world.state_dir)) as db:
            assert not db["damaged"].exists()
        assert restored.aside is not None
    keeper.close()
    asides = [path.name for path in world.state_dir.glob("aside-*/*")]
    assert asides.count(DATABASE_NAME) >= 1
    world.backfill()
    world.assert_each_once(20)


def test_a_restored_database_says_who_must_act(tmp_path: Path) -> None:
    """The story of a file that waits for its look."""
    world = begin(tmp_path)
    backup = world.back_up()
    go_on(world, 1)
    world.restore(backup)
    world.backfill(stop_after=1.0)
    with closing(open_database(world.state_dir)) as db:
        told = [row["text"] for row in overview.history_of(db, world.job_of("later0.jpg").id)]
    assert any("older than what was sent" in text for text in told)

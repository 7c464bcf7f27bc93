"""Whose settings hold for a file: those of the innermost folder above it, however spelled."""

from __future__ import annotations

import asyncio
import os
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from simulation.accounts import account_on
from simulation.parties import Party, Together, ended, failure, until
from uploadd.assembly import Assembly
from uploadd.model.configuration import (
    Account,
    Configuration,
    Folder,
    OnChange,
    ServiceName,
    WatchMode,
)
from uploadd.model.errors import ConfigurationError, UsageError
from uploadd.model.photo import PhotoTable
from uploadd.model.states import State
from uploadd.operations.backfill.delivering import Backfill, Ending, Finished
from uploadd.operations.backfill.preview import preview
from uploadd.operations.backfill.trees import wanted_trees
from uploadd.operations.choosing import refuse_wrong_folders
from uploadd.operations.replace.ordering import order_of
from uploadd.operations.show.listing import Listed, Wanted, listing
from uploadd.operations.show.status import status_of
from uploadd.operations.show.story import story_of
from uploadd.store import backfills, overview
from uploadd.store.connection import open_database

PUBLIC = PhotoTable(is_public=1)
PRIVATE = PhotoTable(is_public=0)
YOU = account_on(ServiceName.IPERNITY, "you")


class Nested(Together):
    """A directory `all`, in which folders are configured as a test wants them."""

    def __init__(self, directory: Path) -> None:
        super().__init__(directory)
        self.photos = self.extra = directory / "all"
        self.photos.mkdir()
        self.folders: list[Folder] = []
        self.everything = PUBLIC
        self.others: list[Account] = []

    def lay(self, name: str, path: Path | None = None, **settings: Any) -> Folder:
        """Configure a folder; by default a private one of this name in `all`."""
        photo = settings.pop("photo", PRIVATE)
        folder = Folder(
            name,
            path or self.photos / name,
            settings.pop("accounts", ("me",)),
            settle_seconds=0.0,
            watch=WatchMode.OFF,
            photo=photo,
            **settings,
        )
        folder.path.mkdir(parents=True, exist_ok=True)
        self.folders = [one for one in self.folders if one.name != name] + [folder]
        return folder

    def configuration(self) -> Configuration:
        """The folders, and an account whose photos are public where no folder says otherwise."""
        configuration = super().configuration()
        accounts = {
            name: replace(account, photo=self.everything)
            for name, account in configuration.accounts.items()
        }
        folders = {folder.name: folder for folder in self.folders}
        return replace(configuration, accounts=accounts, folders=folders)

    def take_in(
        self,
        *directories: Path | str,
        account: str | None = None,
        folder: str | None = None,
        **how: Any,
    ) -> Finished:
        """`uploadd backfill DIR...`."""

        async def work(assembly: Assembly) -> Finished:
            names = [str(directory) for directory in directories]
            wanted = wanted_trees(assembly.configuration, names, account, folder)
            stop = asyncio.Event()
            if how.get("is_only_queued"):
                assembly.deliverer.drain()
                asyncio.get_running_loop().call_later(20, stop.set)
            running = Backfill(
                assembly, wanted, no_wait=False, stop=stop, show=lambda _: None, look_seconds=2.0
            )
            return await running.run()

        finished: Finished = self.run(work)
        return finished

    def queue(self, *directories: Path | str, **options: Any) -> None:
        """The same, interrupted before anything is sent."""
        self.take_in(*directories, is_only_queued=True, **options)
        assert set(self.states()) <= {"queued", "done"}

    def deliver(self) -> None:
        """A deliverer that walks nothing."""

        async def work(assembly: Assembly) -> None:
            running = asyncio.ensure_future(assembly.deliverer.run(lambda: None))
            await asyncio.sleep(120)
            assembly.deliverer.drain()
            await running

        self.run(work)

    def shown(self) -> dict[str, bool]:
        """What is on the account, by its title: whether it is public."""
        self.sandbox.settle()
        return {photo.title: bool(photo.is_public) for photo in self.sandbox.photos}

    def folders_of_jobs(self) -> dict[bytes, str]:
        """By whose settings each job goes."""
        return {job.name: job.folder for job in self.jobs()}


@pytest.fixture
def world(tmp_path: Path) -> Nested:
    """A private folder in a directory that is public, with a part of it left out."""
    made = Nested(tmp_path)
    made.lay("cam", exclude=("private/",))
    for name in ("open.jpg", "cam/mine.jpg", "cam/deep/er.jpg", "cam/private/no.jpg"):
        made.add(name)
    return made


def listed_by(world: Nested) -> list[Listed]:
    """What `uploadd jobs` shows."""
    with listing(world.configuration(), Wanted()) as found:
        return list(found.jobs)


MINE = {"mine": False, "er": False}


def test_a_backfill_of_a_parent(world: Nested) -> None:
    """The folder below it keeps its settings and its exclusions."""
    assert world.take_in(world.photos).ending is Ending.DONE
    assert world.shown() == {"open": True} | MINE
    assert world.folders_of_jobs() == {b"open.jpg": "", b"mine.jpg": "cam", b"er.jpg": "cam"}


@pytest.mark.parametrize("spelled", ["real", "link", "in the link"])
def test_a_folder_that_is_a_link(
    world: Nested, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, spelled: str
) -> None:
    """However DIR is spelled: one file is one path, the one below the folder's own."""
    link = tmp_path / "link"
    link.symlink_to(world.photos / "cam")
    world.lay("cam", link, exclude=("private/",))
    if spelled == "in the link":
        monkeypatch.chdir(link / "deep")
        world.take_in(".")
        assert world.shown() == {"er": False}
    world.take_in({"real": world.photos / "cam", "link": link}.get(spelled, link))
    assert world.shown() == MINE
    directories = {job.directory for job in world.jobs()}
    assert directories == {os.fsencode(link), os.fsencode(link / "deep")}
    world.take_in(world.photos)
    assert world.shown() == {"open": True} | MINE
    assert len(world.jobs()) == 3


def test_a_folder_below_that_only_a_link_leads_to_is_taken_in_by_its_own_path(
    world: Nested, tmp_path: Path
) -> None:
    """Its directory lies in DIR, its configured path does not."""
    link = tmp_path / "link"
    link.symlink_to(world.photos / "cam")
    world.lay("cam", link, exclude=("private/",))
    finished = world.take_in(world.photos)
    assert world.shown() == {"open": True} | MINE
    assert finished.snapshot.found == 3


@pytest.mark.parametrize("is_inner_first", [True, False])
def test_nested_folders_under_run(world: Nested, is_inner_first: bool) -> None:
    """The innermost one holds, in whichever order they are configured; what it leaves out stays."""
    world.lay("all", world.photos, photo=PUBLIC, exclude=("*.png",))
    world.folders = [replace(one, watch=WatchMode.POLL, poll_seconds=5.0) for one in world.folders]
    world.folders.sort(key=lambda one: (one.name == "cam") != is_inner_first)

    async def scene() -> None:
        world.daemon(Party())
        await until(lambda: world.states() == {"done": 3})
        world.add("cam/new.jpg")
        world.add("cam/private/new.jpg")
        world.add("later.jpg")
        await until(lambda: world.states() == {"done": 5})
        await asyncio.sleep(30)

    world.play(scene)
    assert world.shown() == {"open": True, "later": True, "new": False} | MINE


def test_a_folder_inside_another_that_leaves_it_out(world: Nested) -> None:
    """`exclude` of the outer one does not reach into the inner one, nor end its queue."""
    world.lay("all", world.photos, photo=PUBLIC, exclude=("cam/",))
    world.queue(world.photos)
    world.take_in(world.photos)
    assert world.shown() == {"open": True} | MINE


@pytest.mark.parametrize("is_inner_first", [True, False])
@pytest.mark.parametrize("is_away", [True, False])
def test_no_walk_ends_what_waits_in_a_folder_inside(
    world: Nested, is_inner_first: bool, is_away: bool
) -> None:
    """Over several walks of both, and a restart: also while the inner one is not there."""
    world.sandbox.options.wait_every = 1
    world.sandbox.options.wait_seconds = 100_000
    world.lay("all", world.photos, exclude=("cam/",))
    world.folders = [replace(one, watch=WatchMode.POLL, poll_seconds=5.0) for one in world.folders]
    world.folders.sort(key=lambda one: (one.name == "cam") != is_inner_first)
    inner = world.photos / "cam"

    async def scene() -> None:
        daemon = world.daemon(Party())
        await until(lambda: world.states() == {"queued": 3})
        if is_away:
            inner.rename(world.photos.with_name("elsewhere"))
        await asyncio.sleep(30)
        daemon.kill()
        world.daemon(Party())
        await asyncio.sleep(30)

    world.play(scene)
    assert world.states() == {"queued": 3}
    told = {text for job in world.jobs() for text in stories(world, job.id)}
    assert not [text for text in told if "excluded" in text or "vanished" in text]


def stories(world: Nested, job_id: int) -> list[str]:
    """What became of a job."""
    with closing(open_database(world.state_dir)) as db:
        return [line["text"] for line in overview.history_of(db, job_id)]


def renamed(world: Nested) -> None:
    world.folders = [replace(world.folders[0], name="other")]


def removed(world: Nested) -> None:
    world.folders = []


def removed_from_inside_another(world: Nested) -> None:
    world.folders = []
    world.lay("all", world.photos, exclude=("er.jpg",))


def added(world: Nested) -> None:
    world.lay("deep", world.photos / "cam/deep", photo=PUBLIC)


@pytest.mark.parametrize(
    ("change", "shown", "folders"),
    [
        (renamed, MINE, {"mine": "other", "er": "other"}),
        (removed, {"mine": True, "er": True}, {"mine": "", "er": ""}),
        (removed_from_inside_another, {"mine": False}, {"mine": "all", "er": "cam"}),
        (added, {"mine": False, "er": True}, {"mine": "cam", "er": "deep"}),
    ],
)
def test_a_queued_job_goes_by_the_configuration_of_its_send(
    world: Nested, change: Any, shown: dict[str, bool], folders: dict[str, str]
) -> None:
    """Not by that of the day on which its file was found; what nobody names any more is skipped."""
    world.queue(world.photos / "cam")
    change(world)
    listed = {one.job.name: one.job.folder for one in listed_by(world)}
    world.deliver()
    assert world.shown() == shown
    assert {
        os.path.splitext(name)[0].decode(): at for name, at in world.folders_of_jobs().items()
    } == (folders)
    sent = {job.name for job in world.jobs() if job.state is State.DONE}
    assert {name: listed[name] for name in sent} == {
        name: folder for name, folder in world.folders_of_jobs().items() if name in sent
    }
    skipped = [job for job in world.jobs() if job.state is State.SKIPPED]
    assert all(job.reason and job.reason.code == "excluded" for job in skipped)
    assert len(skipped) + len(shown) == 2


def test_a_queued_job_whose_folder_has_lost_its_account(world: Nested) -> None:
    """It is skipped, and why says so before; where the account comes back, so does the job."""
    world.queue(world.photos / "cam")
    world.others = [YOU]
    before = world.folders
    world.folders = [replace(before[0], accounts=("you",))]
    told = story_of(world.configuration(), os.fsencode(world.photos / "cam/mine.jpg"), 0.0)
    assert "excluded" in [remark.code for remark in told.remarks]
    world.deliver()
    assert world.states() == {"skipped": 2}
    reason = world.job_of("mine.jpg").reason
    assert reason is not None
    assert reason.code == "excluded"
    assert "does not name account me" in reason.text
    world.folders, world.others = before, []
    world.take_in(world.photos / "cam")
    assert world.shown() == MINE


def test_what_is_excluded_since_is_not_sent(world: Nested) -> None:
    """By the very commit that would begin its send."""
    world.queue(world.photos / "cam")
    world.folders = [replace(world.folders[0], exclude=("deep/",))]
    world.deliver()
    assert world.shown() == {"mine": False}
    assert world.states() == {"done": 1, "skipped": 1}


def test_an_account_narrows_a_folders_list(world: Nested) -> None:
    """Files of a folder that does not name it are counted and named, and not sent."""
    world.others = [YOU]
    world.lay("cam", accounts=("you",))
    finished = world.take_in(world.photos, account="me")
    assert world.shown() == {"open": True}
    assert finished.left_alone.not_named == {"cam": 3}
    wanted = wanted_trees(world.configuration(), [str(world.photos)], "me", None)
    assert preview(world.configuration(), wanted).left_alone.not_named == {"cam": 3}


def test_several_accounts_and_none_is_named(world: Nested, monkeypatch: Any) -> None:
    """Only a directory that lies in a folder says by itself where it goes."""
    world.others = [YOU]
    with pytest.raises(UsageError, match="several accounts"):
        world.take_in(world.photos)
    assert world.jobs() == []
    assert world.take_in(world.photos / "cam/deep").ending is Ending.DONE
    assert world.shown() == {"er": False}


def test_a_named_folder_holds_but_for_the_folders_below(world: Nested) -> None:
    """`--folder` is for what lies in no folder; another one keeps its settings and exclusions."""
    world.everything = PRIVATE
    world.add("open.png")
    world.lay("web", world.photos.parent / "web", photo=PUBLIC, exclude=("*.png",))
    world.take_in(world.photos, folder="web")
    assert world.shown() == {"open": True} | MINE
    assert world.folders_of_jobs()[b"open.jpg"] == "web"


def test_a_named_folder_holds_for_the_folder_that_dir_lies_in(world: Nested) -> None:
    """Its exclusions are those of the named one; a folder below DIR is another matter."""
    world.lay("web", world.photos.parent / "web", photo=PUBLIC)
    world.lay("deep", world.photos / "cam/deep")
    world.take_in(world.photos / "cam", folder="web")
    assert world.shown() == {"mine": True, "no": True, "er": False}


def test_a_named_folder_stays_with_the_job(world: Nested) -> None:
    """Over a restart, a walk of the folder itself, and a change under the send."""
    world.lay("web", world.photos.parent / "web", photo=PUBLIC)
    world.queue(world.photos / "cam/deep", folder="web")
    os.utime(world.photos / "cam/deep/er.jpg")
    world.take_in(world.photos / "cam")
    assert world.shown() == {"er": True, "mine": False}
    assert world.job_of("er.jpg").folder == "web"


def test_a_named_folder_gives_way_to_one_that_is_configured_since(world: Nested) -> None:
    """A folder that begins below DIR keeps its settings, whenever it was configured."""
    world.folders = []
    world.lay("web", world.photos.parent / "web", photo=PUBLIC)
    world.queue(world.photos / "cam/deep", folder="web")
    world.lay("er", world.photos / "cam/deep")
    world.deliver()
    assert world.shown() == {"er": True}  # DIR itself lies in it: the person named another for it
    world.queue(world.photos / "cam", folder="web")
    world.lay("mine", world.photos / "cam")
    world.lay("private", world.photos / "cam/private")
    world.deliver()
    assert world.shown() == {"er": True, "mine": True, "no": False}


def test_a_named_folder_that_does_not_name_the_account(world: Nested) -> None:
    """Both were said, and they contradict each other."""
    world.others = [YOU]
    with pytest.raises(UsageError, match="does not name account you"):
        world.take_in(world.photos, account="you", folder="cam")


def test_all_faces_agree(world: Nested, tmp_path: Path) -> None:
    """why, jobs --json, the dry run, replace and the send tell one folder and one path."""
    link = tmp_path / "link"
    link.symlink_to(world.photos / "cam")
    world.lay("all", world.photos, photo=PUBLIC)
    world.lay("cam", link, exclude=("private/",), on_change=OnChange.REPLACE)
    configuration, spelled = world.configuration(), world.photos / "cam/mine.jpg"
    wanted = wanted_trees(configuration, [str(world.photos)], None, None)
    found = preview(configuration, wanted)
    assert (found.found, found.accounts["me"].private) == (3, 2)
    told = story_of(configuration, os.fsencode(spelled), 0.0)
    left_out = story_of(configuration, os.fsencode(world.photos / "cam/private/no.jpg"), 0.0)
    assert (told.folder, told.path) == ("cam", os.fsencode(link / "mine.jpg"))
    assert left_out.remarks[0].code == "excluded"
    order = order_of(configuration, str(spelled), "77", None)
    assert (order.place.folder_name, order.path) == ("cam", told.path)
    world.take_in(world.photos)
    listed = {one.job.path: one.as_json() for one in listed_by(world)}
    assert listed[told.path]["folder"] == "cam"
    assert world.shown() == {"open": True} | MINE


def test_a_directory_stands_for_the_folders_in_it(world: Nested, tmp_path: Path) -> None:
    """`why DIR` and `retry DIR` reach files that are known by another path than DIR's."""
    link = tmp_path / "link"
    link.symlink_to(world.photos / "cam")
    world.lay("cam", link, exclude=("private/",))
    world.take_in(world.photos)
    for directory, number in ((world.photos, 3), (link, 2), (world.photos / "cam/deep", 1)):
        told = story_of(world.configuration(), os.fsencode(directory), 0.0)
        assert sum(one.sum.jobs for one in told.sums) == number


def test_a_file_that_changes_goes_on_by_its_own_folder(world: Nested) -> None:
    """Seen again under a send, it is not taken for the tree that it was found by."""
    world.queue(world.photos)
    world.add("cam/mine.jpg")
    os.utime(world.photos / "cam/mine.jpg")

    async def work(assembly: Assembly) -> None:
        running = asyncio.ensure_future(assembly.deliverer.run(lambda: None))
        ended = asyncio.Event()
        arriving = asyncio.ensure_future(assembly.arrivals.run(ended))
        await asyncio.sleep(300)
        assembly.deliverer.drain()
        ended.set()
        assembly.arrivals.woken.set()
        await asyncio.gather(running, arriving)

    world.run(work)
    assert world.shown() == {"open": True} | MINE


def test_two_folders_that_are_one_directory(world: Nested, tmp_path: Path) -> None:
    """Whose settings hold? Refused, with the remedy; nobody works on them."""
    (tmp_path / "link").symlink_to(world.photos / "cam")
    world.lay("again", tmp_path / "link", accounts=("you",))
    with pytest.raises(ConfigurationError) as refused:
        refuse_wrong_folders(world.configuration())
    assert "folders.cam and folders.again are one directory" in refused.value.text
    assert 'one folder of both, with accounts = ["me", "you"]' in refused.value.remedy


def test_a_folder_that_becomes_another_waits(world: Nested, tmp_path: Path) -> None:
    """Its path leads to the other's directory since: it is not walked, and `status` says why."""
    (tmp_path / "there").mkdir()
    link = tmp_path / "link"
    link.symlink_to(tmp_path / "there")
    world.lay("late", link, photo=PUBLIC)
    world.folders = [
        replace(one, watch=WatchMode.POLL, poll_seconds=5.0) for one in world.folders[::-1]
    ]

    async def scene() -> None:
        world.daemon(Party())
        await until(lambda: world.states() == {"done": 2})
        link.unlink()
        link.symlink_to(world.photos / "cam")
        world.add("cam/later.jpg")
        await until(lambda: world.states() == {"done": 3})
        await asyncio.sleep(30)
        late = {one.name: one.degraded for one in status_of(world.configuration(), 0.0).folders}
        assert "late and cam are one directory now" in late["late"]
        assert late["cam"] == ""
        link.unlink()
        link.symlink_to(tmp_path / "there")
        await asyncio.sleep(30)
        assert not any(one.degraded for one in status_of(world.configuration(), 0.0).folders)

    world.play(scene)
    assert world.shown() == {"later": False} | MINE


def test_a_daemon_with_other_settings_refuses(world: Nested) -> None:
    """A backfill is told by whose settings it goes: they are to be those that hold."""

    async def scene() -> None:
        world.daemon(Party())
        await asyncio.sleep(5)
        world.lay("cam", exclude=())
        error = await failure(world.backfill_of(Party()))
        assert isinstance(error, UsageError)
        assert "other settings of folders or accounts" in error.text
        assert "restart uploadd run" in error.remedy

    world.play(scene)
    with closing(open_database(world.state_dir)) as db:
        assert backfills.everything(db) == []
    assert "open" not in world.shown()


def test_a_daemon_goes_on_with_a_request_by_the_settings_of_now(world: Nested) -> None:
    """It was restarted with others: what was asked for before is not left waiting for ever."""

    async def scene() -> None:
        stop = asyncio.Event()
        first = Party()
        world.daemon(first)
        await asyncio.sleep(5)
        client = world.backfill_of(Party(), stop=stop)
        await until(lambda: "open" in world.shown())
        first.kill()
        world.add("second.jpg")
        world.everything = PRIVATE
        world.daemon(Party())
        assert (await ended(client)).ending is Ending.DONE

    world.play(scene)
    assert world.shown() == {"open": True, "second": False} | MINE


def test_a_daemon_takes_in_what_a_backfill_names(world: Nested) -> None:
    """The folder that a person named, and the count of what goes to nobody, travel in the rows."""
    world.everything = PRIVATE
    world.others = [YOU]
    world.lay("web", world.photos.parent / "web", photo=PUBLIC)
    world.lay("yours", accounts=("you",))
    world.add("yours/y.jpg")

    async def scene() -> Finished:
        world.daemon(Party())
        await until(lambda: set(world.states()) == {"done"})
        return await ended(world.backfill_of(Party(), account="me", folder="web"))

    finished = world.play(scene)
    assert finished.ending is Ending.DONE
    assert finished.left_alone.not_named == {"yours": 1}
    assert world.shown() == {"open": True} | MINE


def test_a_disk_that_is_away_is_matched_by_its_path(world: Nested) -> None:
    """Its queued jobs wait by the settings of their folder, and are not skipped."""
    world.queue(world.photos / "cam")
    away = world.photos.parent / "away"
    (world.photos / "cam").rename(away)
    world.lay("all", world.photos, photo=PUBLIC, exclude=("*",))
    world.folders[0].path.rmdir() if world.folders[0].path.is_dir() else None
    place = story_of(world.configuration(), os.fsencode(world.photos / "cam/mine.jpg"), 0.0)
    assert place.folder == "cam"
    away.rename(world.photos / "cam")
    world.deliver()
    assert world.shown() == MINE


def test_uploadds_own_directory_holds_no_photos(world: Nested, tmp_path: Path) -> None:
    """A backfill from above it waits for no file of the database; by name it is refused."""
    (world.state_dir / "backups").mkdir(0o700, parents=True)
    (world.state_dir / "backups/odd.jpg").write_bytes(b"not one of ours")
    finished = world.take_in(tmp_path)
    assert finished.ending is Ending.DONE
    assert {os.fsdecode(job.name) for job in world.jobs()} == {"open.jpg", "mine.jpg", "er.jpg"}
    assert finished.left_alone.unread_directories == 0
    for directory in (world.state_dir, world.state_dir / "backups"):
        with pytest.raises(UsageError, match="uploadd's own state directory"):
            wanted_trees(world.configuration(), [str(directory)], None, None)
    world.lay("own", world.state_dir)
    with pytest.raises(ConfigurationError, match=r"folders\.own is uploadd's own state directory"):
        refuse_wrong_folders(world.configuration())


def test_a_folder_in_an_excluded_directory_is_not_called_left_alone(world: Nested) -> None:
    """Its own walk takes it, so that a strict backfill can end with 0."""
    world.lay("inner", world.photos / "cam/private")
    finished = world.take_in(world.photos)
    assert sorted(world.shown()) == ["er", "mine", "no", "open"]
    assert finished.left_alone.excluded == 0
    assert finished.ending is Ending.DONE

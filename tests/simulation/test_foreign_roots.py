"""Another directory, or a stranger's link, in the place of a folder: nothing of it is uploaded.

Mallory owns the directory above the folder, or the folder itself. What she puts there is Anna's.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Awaitable, Callable
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from simulation.world import World
from uploadd.assembly import Assembly
from uploadd.files import membership
from uploadd.files.membership import Folders
from uploadd.intake.obstacles import exchanged
from uploadd.model.configuration import Configuration, WatchMode
from uploadd.model.errors import UsageError
from uploadd.model.photo import PhotoTable, Privacy
from uploadd.model.places import Place
from uploadd.model.roots import FOREIGN_ROOT
from uploadd.model.states import State
from uploadd.notices import Notices
from uploadd.operations.backfill.endings import Ending
from uploadd.operations.backfill.trees import wanted_trees
from uploadd.operations.choosing import refuse_wrong_folders
from uploadd.operations.forgetting import forget, prospect_of
from uploadd.operations.pausing import pause, resume
from uploadd.operations.replace import ordering
from uploadd.operations.replace.ordering import order_of
from uploadd.operations.show.status import status_of
from uploadd.operations.show.story import story_of
from uploadd.store import roots
from uploadd.store.roots import RootRow

MALLORY, ANNA = 4711, 4712
pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="only root can give files to others")


@pytest.fixture
def world(tmp_path: Path) -> World:
    """A polled folder of Mallory's, with one photo."""
    made = World(tmp_path)
    made.folder = replace(made.folder, watch=WatchMode.POLL, poll_seconds=10.0)
    made.add("hers.jpg")
    os.chown(made.photos, MALLORY, MALLORY)
    return made


@pytest.fixture
def annas(tmp_path: Path) -> Path:
    """Anna's directory, with a photo that she shows to nobody."""
    there = tmp_path / "anna"
    there.mkdir()
    return there


def fill(world: World, annas: Path) -> None:
    """Anna's photo: a content of its own."""
    world.add("secret.jpg").rename(annas / "secret.jpg")
    os.chown(annas, ANNA, ANNA)


def link_to(world: World, target: Path) -> None:
    """What Mallory does: `mv photos old; ln -s TARGET photos`."""
    world.photos.rename(world.photos.with_name("old"))
    world.photos.symlink_to(target)
    os.lchown(world.photos, MALLORY, MALLORY)


def undo(world: World) -> None:
    """And what is as it was."""
    world.photos.unlink()
    world.photos.with_name("old").rename(world.photos)


def live(world: World, *each: tuple[float, Callable[[], Any]]) -> None:
    """Run the folder and the delivery, and do these things after so many seconds each."""

    async def script() -> None:
        for seconds, do in each:
            await asyncio.sleep(seconds)
            do()

    world.run(lambda assembly: world.watch(assembly, script))


def nothing() -> None:
    """Only wait."""


def row(world: World) -> RootRow:
    """What is known of the folder's directory."""
    with closing(world.database()) as db:
        return roots.row_of(db, "camera", world.folder.root)


def sent(world: World) -> list[str]:
    """The names of what was uploaded."""
    return sorted(upload.details["filename"] for upload in world.uploads())


def test_a_link_in_the_place_of_a_folder_is_not_followed(world: World, annas: Path) -> None:
    """Neither while uploadd runs nor after a restart; what Mallory puts back is read again."""
    fill(world, annas)
    live(world, (30, lambda: link_to(world, annas)), (60, nothing))
    assert sent(world) == ["hers.jpg"]
    live(world, (60, nothing))
    assert sent(world) == ["hers.jpg"]
    assert "user 4712" in row(world).refused
    undo(world)
    world.add("more.jpg")
    live(world, (60, nothing))
    assert sent(world) == ["hers.jpg", "more.jpg"]
    assert not row(world).refused


def test_a_link_that_comes_while_nothing_runs_is_not_followed(world: World, annas: Path) -> None:
    """What was accepted is remembered in the database."""
    fill(world, annas)
    live(world, (30, nothing))
    link_to(world, annas)
    live(world, (60, nothing))
    assert sent(world) == ["hers.jpg"]


def test_a_link_of_a_stranger_is_not_followed_the_first_time(world: World, annas: Path) -> None:
    """Nothing is remembered yet: the links alone tell."""
    fill(world, annas)
    link_to(world, annas)
    live(world, (60, nothing))
    assert sent(world) == []


def test_a_link_to_another_directory_of_the_same_owner(world: World, annas: Path) -> None:
    """Anna's folder in a directory of Mallory's, who leads it to Anna's diary."""
    fill(world, annas)
    os.chown(world.photos, ANNA, ANNA)
    live(world, (30, lambda: link_to(world, annas)), (60, nothing))
    assert sent(world) == ["hers.jpg"]


def test_a_directory_of_another_owner_is_not_read(world: World, annas: Path) -> None:
    """Moved there, without any link."""
    fill(world, annas)
    live(world, (30, nothing))
    world.photos.rename(world.photos.with_name("old"))
    annas.rename(world.photos)
    live(world, (60, nothing))
    assert sent(world) == ["hers.jpg"]
    assert "what was read there belonged to user 4711" in row(world).refused


def test_another_directory_of_the_same_owner_is_read(world: World) -> None:
    """A new disk: nobody is asked, and the row knows it."""
    live(world, (30, nothing))
    before = row(world).accepted
    world.photos.rename(world.photos.with_name("old"))
    world.photos.mkdir()
    os.chown(world.photos, MALLORY, MALLORY)
    world.add("more.jpg")
    live(world, (60, nothing))
    assert sent(world) == ["hers.jpg", "more.jpg"]
    after = row(world).accepted
    assert before is not None
    assert after is not None
    assert (before.owner, before.inode != after.inode) == (after.owner, True)


def test_links_of_the_owner_are_followed(world: World) -> None:
    """Mallory may move her own photos."""
    live(world, (30, nothing))
    link_to(world, world.photos.with_name("old"))
    world.add("more.jpg")
    live(world, (60, nothing))
    assert sent(world) == ["hers.jpg", "more.jpg"]


def test_what_is_queued_waits_and_goes_on(world: World, annas: Path) -> None:
    """It stays queued over restarts, says why, and nothing of it fails."""
    fill(world, annas)
    pause(world.configuration(), "me", world.now())
    live(world, (30, nothing))
    assert world.states() == {"queued": 1}
    link_to(world, annas)
    resume(world.configuration(), "me", world.now())
    live(world, (400, nothing))
    job = world.job_of("hers.jpg")
    assert (job.state, job.reason and job.reason.code) == (State.QUEUED, FOREIGN_ROOT)
    story = story_of(world.configuration(), job.path, world.now())
    remedies = "; ".join(one.remedy for one in story.jobs[0].step.hurdles)
    assert "`uploadd forget camera`" in remedies
    (folder,) = status_of(world.configuration(), world.now()).folders
    assert "`uploadd forget camera`" in folder.degraded
    undo(world)
    live(world, (400, nothing))
    assert sent(world) == ["hers.jpg"]


def test_a_person_accepts_what_is_there(world: World, annas: Path) -> None:
    """That link with that target; another target waits again."""
    fill(world, annas)
    live(world, (30, nothing))
    link_to(world, annas)
    live(world, (30, nothing))
    forget(world.configuration(), prospect_of(world.configuration(), "camera"), world.now())
    live(world, (60, nothing))
    assert sent(world) == ["hers.jpg", "secret.jpg"]
    diary = annas.with_name("diary")
    diary.mkdir()
    os.chown(diary, ANNA, ANNA)
    world.photos.unlink()
    world.photos.symlink_to(diary)
    os.lchown(world.photos, MALLORY, MALLORY)
    (diary / "page.jpg").write_bytes((annas / "secret.jpg").read_bytes() + b"more")
    os.utime(diary / "page.jpg", (0, 0))
    live(world, (60, nothing))
    assert sent(world) == ["hers.jpg", "secret.jpg"]


def test_a_backfill_inside_a_folder_that_waits_is_refused(world: World, annas: Path) -> None:
    """With the command that accepts it; and a stranger's link is no way for one either."""
    fill(world, annas)
    (annas / "deep").mkdir()
    live(world, (30, nothing))
    link_to(world, annas)
    for place in (world.photos, world.photos / "deep"):
        with pytest.raises(UsageError, match="`uploadd forget camera`"):
            wanted_trees(world.configuration(), [str(place)], None, None)
    elsewhere = replace(world.configuration(), folders={})
    with pytest.raises(UsageError, match=f"by its own path: {annas}"):
        wanted_trees(elsewhere, [str(world.photos)], None, None)
    os.lchown(world.photos, os.geteuid(), -1)  # a link of the person's own
    assert wanted_trees(elsewhere, [str(world.photos)], None, None)


def test_a_backfill_goes_where_the_links_were_judged(
    world: World, annas: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Mallory's link is there when the real path is asked for, and not when links are judged."""
    fill(world, annas)
    real_path = membership.real_path

    def real_path_of_the_link(path: bytes) -> bytes:
        link_to(world, annas)
        try:
            return real_path(path)
        finally:
            undo(world)

    monkeypatch.setattr(membership, "real_path", real_path_of_the_link)
    elsewhere = replace(world.configuration(), folders={})
    with pytest.raises(UsageError, match="leads elsewhere now; see whose links"):
        wanted_trees(elsewhere, [str(world.photos)], None, None)


def test_a_link_that_comes_after_a_backfill_was_asked_for(world: World, annas: Path) -> None:
    """The deliverer looks at the directory by its real path, and no link is judged there."""
    directory, folders = os.fsencode(world.photos), Folders([])
    assert exchanged(directory, folders.place_of_directory(directory)) is None
    link_to(world, annas)
    why = exchanged(directory, folders.place_of_directory(directory))
    assert why is not None
    assert "by now" in why.text


def test_a_photo_is_replaced_by_no_file_behind_a_strangers_link(world: World, annas: Path) -> None:
    """Neither by a path through Mallory's link, whatever is behind it."""
    fill(world, annas)
    elsewhere = replace(world.configuration(), folders={})
    (world.photos / "secret.jpg").write_bytes((world.photos / "hers.jpg").read_bytes())
    assert order_of(elsewhere, str(world.photos / "secret.jpg"), "1", None)
    link_to(world, annas)
    with pytest.raises(UsageError, match="of user 4712, by the link"):
        order_of(elsewhere, str(world.photos / "secret.jpg"), "1", None)


def test_a_photo_is_replaced_by_the_file_whose_links_were_judged(
    world: World, annas: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Mallory's link comes between the two looks at the directory."""
    fill(world, annas)
    elsewhere = replace(world.configuration(), folders={})
    (world.photos / "secret.jpg").write_bytes((world.photos / "hers.jpg").read_bytes())
    known_place = ordering.known_place

    def known_place_of_the_link(*asked: Any) -> Place:
        link_to(world, annas)
        return known_place(*asked)

    monkeypatch.setattr(ordering, "known_place", known_place_of_the_link)
    with pytest.raises(UsageError, match="leads elsewhere now"):
        order_of(elsewhere, str(world.photos / "secret.jpg"), "1", None)


def test_a_backfill_ends_where_its_folder_begins_to_wait(world: World, annas: Path) -> None:
    """It does not wait for a person for ever, and says that not all is there."""
    fill(world, annas)
    pause(world.configuration(), "me", world.now())
    live(world, (30, nothing))
    resume(world.configuration(), "me", world.now())
    wanted = wanted_trees(world.configuration(), [str(world.photos)], None, None)
    link_to(world, annas)
    finished = world.run(lambda assembly: _backfill(assembly, wanted))
    assert finished.ending is Ending.FAILED
    assert world.states() == {"queued": 1}
    assert sent(world) == []


def test_who_delivers_without_walking_it_sends_nothing_of_it(world: World, annas: Path) -> None:
    """A backfill of other directories remembers every folder, too."""
    fill(world, annas)
    pause(world.configuration(), "me", world.now())
    live(world, (30, nothing))
    resume(world.configuration(), "me", world.now())
    (annas / "secret.jpg").rename(annas / "hers.jpg")
    world.photos.rename(world.photos.with_name("old"))
    annas.rename(world.photos)
    world.run(lambda assembly: _deliver(assembly, 300))
    assert sent(world) == []
    assert world.states() == {"queued": 1}


async def _deliver(assembly: Assembly, seconds: float) -> None:
    ended = asyncio.Event()
    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(assembly.arrivals.run(ended))
        tasks.create_task(assembly.deliverer.run(lambda: None))
        await asyncio.sleep(seconds)
        ended.set()
        assembly.arrivals.woken.set()
        assembly.deliverer.drain()


def _backfill(assembly: Assembly, wanted: Any) -> Awaitable[Any]:
    from uploadd.operations.backfill.delivering import Backfill

    return Backfill(
        assembly,
        wanted,
        no_wait=False,
        stop=asyncio.Event(),
        show=lambda _: None,
        look_seconds=2.0,
    ).run()


def test_a_folder_that_is_led_to_another_one_takes_nothing_of_it(
    world: World, tmp_path: Path
) -> None:
    """Anna's private folder is no part of Mallory's public one, and goes on as it was."""
    private = tmp_path / "private"
    (private / "deep").mkdir(parents=True)
    world.add("a.jpg").rename(private / "deep" / "a.jpg")
    for place in (private, private / "deep"):
        os.chown(place, ANNA, ANNA)
    hers = replace(world.folder, photo=PhotoTable(privacy=Privacy.PUBLIC))
    annas_own = replace(
        world.folder, name="anna", path=private, photo=PhotoTable(privacy=Privacy.PRIVATE)
    )
    live(world, (30, nothing))
    link_to(world, private / "deep")
    both = replace(world.configuration(), folders={"camera": hers, "anna": annas_own})
    world.configuration = lambda: both  # type: ignore[method-assign]
    refuse_wrong_folders(both)
    world.folder = annas_own
    live(world, (60, nothing))
    assert sent(world) == ["a.jpg", "hers.jpg"]
    shown = {photo.title: photo.is_public for photo in world.sandbox.photos}
    assert not shown["a"]


def test_a_private_folder_that_is_renamed_goes_by_no_other_settings(world: World) -> None:
    """Mallory may write around it, and not in it. Put back, it is read again."""
    private = world.photos / "anna"
    private.mkdir()
    world.add("a.jpg").rename(private / "a.jpg")
    os.chown(private, ANNA, ANNA)
    hers = replace(world.folder, photo=PhotoTable(privacy=Privacy.PUBLIC))
    annas_own = replace(
        world.folder, name="anna", path=private, photo=PhotoTable(privacy=Privacy.PRIVATE)
    )
    both = replace(world.configuration(), folders={"camera": hers, "anna": annas_own})
    world.configuration = lambda: both  # type: ignore[method-assign]
    world.folder = annas_own
    live(world, (30, nothing))
    world.add("b.jpg").rename(private / "b.jpg")
    renamed = private.with_name("renamed")
    private.rename(renamed)
    world.folder = hers
    live(world, (60, nothing))
    assert sent(world) == ["a.jpg", "hers.jpg"]
    renamed.rename(private)
    world.folder = annas_own
    live(world, (60, nothing))
    shown = {photo.title: photo.is_public for photo in world.sandbox.photos}
    assert shown == {"a": False, "b": False, "hers": True}


def test_a_private_folder_for_which_another_one_is_put_there(world: World) -> None:
    """Mallory exchanges it for another directory of Anna's, empty or not: a person is asked."""
    private = world.photos / "anna"
    private.mkdir()
    world.add("a.jpg").rename(private / "a.jpg")
    hers = replace(world.folder, photo=PhotoTable(privacy=Privacy.PUBLIC))
    annas_own = replace(
        world.folder, name="anna", path=private, photo=PhotoTable(privacy=Privacy.PRIVATE)
    )
    both = replace(world.configuration(), folders={"camera": hers, "anna": annas_own})
    world.configuration = lambda: both  # type: ignore[method-assign]
    other, renamed = world.photos / "other", world.photos / "renamed"
    other.mkdir()
    for place in (private, other):
        os.chown(place, ANNA, ANNA)
    world.folder = annas_own
    live(world, (30, nothing))
    world.add("b.jpg").rename(private / "b.jpg")
    private.rename(renamed)
    other.rename(private)
    for more in (nothing, lambda: world.add("c.jpg").rename(private / "c.jpg")):
        more()
        for folder in (annas_own, hers):
            world.folder = folder
            live(world, (60, nothing))
        assert sent(world) == ["a.jpg", "hers.jpg"]
        with closing(world.database()) as db:
            told = roots.row_of(db, "anna", annas_own.root).told
        assert "wherever that is now, no other folder reads it" in told
        assert "`uploadd forget anna`" in told
    forget(both, prospect_of(both, "anna"), 0.0)
    for folder in (annas_own, hers):
        world.folder = folder
        live(world, (60, nothing))
    shown = {photo.title: photo.is_public for photo in world.sandbox.photos}
    assert shown == {"a": False, "hers": True, "c": False, "b": True}


def test_a_new_directory_in_a_folder_that_nobody_else_may_write(world: World) -> None:
    """It is read at once, and the one that its owner has renamed is a part of the other folder."""
    inner = world.photos / "inner"
    inner.mkdir()
    world.add("a.jpg").rename(inner / "a.jpg")
    for place in (world.photos, inner):
        os.chown(place, ANNA, ANNA)
    own = replace(world.folder, name="inner", path=inner)
    both = replace(world.configuration(), folders={"camera": world.folder, "inner": own})
    world.configuration = lambda: both  # type: ignore[method-assign]
    outer, world.folder = world.folder, own
    live(world, (30, nothing))
    inner.rename(world.photos / "2019")
    inner.mkdir()
    os.chown(inner, ANNA, ANNA)
    world.add("b.jpg").rename(world.photos / "2019" / "b.jpg")
    for folder in (own, outer):
        world.folder = folder
        live(world, (60, nothing))
    assert sent(world) == ["a.jpg", "b.jpg", "hers.jpg"]


def test_a_link_that_makes_two_folders_one_stops_no_start(world: World, tmp_path: Path) -> None:
    """Mallory's folder waits; Anna's is read."""
    private = tmp_path / "private"
    private.mkdir()
    os.chown(private, ANNA, ANNA)
    annas_own = replace(world.folder, name="anna", path=private)
    link_to(world, private)
    both: Configuration = replace(
        world.configuration(), folders={"camera": world.folder, "anna": annas_own}
    )
    refuse_wrong_folders(both)


def test_a_person_is_told_once_a_day(world: World, annas: Path) -> None:
    """With the command that helps; over restarts, too."""
    fill(world, annas)
    live(world, (30, nothing))
    link_to(world, annas)
    live(world, (30, nothing))
    told: list[str] = []

    async def tell(text: str) -> None:
        told.append(text)

    async def look(assembly: Assembly) -> None:
        for _ in range(2):
            notices = Notices(tell, assembly.store, [world.folder])
            await notices.look_at_folders(assembly.runtime.clock.wall())

    world.run(look)
    (text,) = told
    assert text.startswith("uploadd: folder camera is not read: ")
    assert "`uploadd forget camera`" in text
    assert os.fspath(annas) not in text


def test_an_empty_mount_point_is_a_disk_that_is_away(world: World) -> None:
    """Root's directory is there while the disk is not: nobody is called, nothing is forgotten."""
    live(world, (30, nothing))
    world.photos.rename(world.photos.with_name("disk"))
    world.photos.mkdir()
    live(world, (30, nothing))
    assert "its disk may only be away" in row(world).refused
    assert not row(world).needs_person
    world.photos.rmdir()
    world.photos.with_name("disk").rename(world.photos)
    live(world, (30, nothing))
    assert not row(world).refused
    assert sent(world) == ["hers.jpg"]


def test_nothing_is_read_before_it_is_remembered(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Dying in that commit leaves a folder that was never read."""

    class DiedError(Exception):
        """The power goes."""

    def die(*_: object) -> bool:
        raise DiedError

    monkeypatch.setattr(roots, "put", die)
    with pytest.raises(ExceptionGroup) as died:
        live(world, (30, nothing))
    assert died.group_contains(DiedError)
    assert world.jobs() == []
    monkeypatch.undo()
    live(world, (30, nothing))
    assert sent(world) == ["hers.jpg"]

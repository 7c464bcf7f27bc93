"""Hard links that somebody lays into a folder, to have another one's private file uploaded."""

from __future__ import annotations

import asyncio
import os
import subprocess
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from simulation.test_folder import live, nothing, steps
from simulation.world import World
from uploadd.model.configuration import WatchMode
from uploadd.model.states import State
from uploadd.operations.backfill.preview import preview
from uploadd.operations.backfill.trees import wanted_trees
from uploadd.operations.naming import Names
from uploadd.operations.retrying import Wish, retry
from uploadd.sandbox import Fault
from uploadd.store import overview

pytestmark = [
    pytest.mark.usefixtures("hours_pass_quickly"),
    pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a file away"),
]

VICTIM, ATTACKER = 65533, 65534
WALKS = 600.0


@pytest.fixture
def world(tmp_path: Path) -> World:
    """A folder in which everybody may write, walked every ten minutes."""
    made = World(tmp_path)
    made.photos.mkdir(exist_ok=True)
    made.photos.chmod(0o777)
    made.folder = replace(made.folder, watch=WatchMode.OFF, rescan_seconds=WALKS)
    return made


def private(world: World, owner: int = VICTIM) -> Path:
    """A photo of somebody else, outside of the folder and for himself alone."""
    path = world.add("../private.jpg")
    os.chown(path, owner, owner)
    path.chmod(0o600)
    return path


def test_a_planted_link_is_not_uploaded(world: World) -> None:
    """Not its bytes and not its name; what lies beside it goes out."""
    os.link(private(world), world.photos / "planted.jpg")
    world.add("mine.jpg")
    finished = world.backfill()
    assert world.states() == {"skipped": 1, "done": 1}
    job = world.job_of("planted.jpg")
    assert job.reason is not None
    assert job.reason.code == "hard-link"
    assert f"{world.photos}/planted.jpg is one of 2 hard links" in job.reason.text
    assert "cp -pT" in job.reason.remedy
    assert job.sha256 == ""  # it was not even read
    (told,) = retry(world.configuration(), Wish(Names((job.id,))), world.now()).refused
    assert job.reason.text in str(told)
    assert finished.snapshot.as_json()["skipped"] == 1
    world.assert_each_once(1)


def test_a_dry_run_says_so_before(world: World) -> None:
    """By the same rule."""
    os.link(private(world), world.photos / "planted.jpg")
    wanted = wanted_trees(world.configuration(), [str(world.photos)], None, None)
    (shown,) = preview(world.configuration(), wanted).accounts.values()
    assert [(one.state, one.code) for one in shown.left_out] == [(State.SKIPPED, "hard-link")]
    assert shown.files == 0


@pytest.mark.parametrize("how", ["copy", "closed", "unlinked", "given"])
def test_the_next_walk_takes_what_is_harmless_by_then(world: World, how: str) -> None:
    """A copy in its place, a directory where nobody else may write, one link, another owner."""
    secret = private(world)
    planted = world.photos / "planted.jpg"
    os.link(secret, planted)
    trap = world.photos.parent / "trap"
    trap.write_bytes(b"mine")

    def mend() -> None:
        assert world.job_of("planted.jpg").state is State.SKIPPED
        if how == "copy":
            reason = world.jobs()[0].reason
            (world.photos / "planted.jpg.part").symlink_to(trap)
            assert reason is not None
            subprocess.run(reason.remedy.partition(": ")[2], shell=True, check=True)
        elif how == "closed":
            world.photos.chmod(0o755)
        elif how == "unlinked":
            secret.unlink()
        else:
            os.chown(planted, 0, 0)

    live(world, steps((WALKS + 60, mend), (WALKS + 120, nothing)))
    assert world.job_of("planted.jpg").state is State.DONE
    assert trap.read_bytes() == b"mine"
    world.assert_each_once(1)


def test_what_it_holds_is_told_once_it_was_read(world: World) -> None:
    """A file that is harmless by then, and no photo."""
    path = world.add("planted.jpg", b"words")
    os.chown(path, VICTIM, VICTIM)
    os.link(path, world.photos / "../other")
    world.backfill()
    world.photos.chmod(0o755)
    world.backfill()
    (job,) = world.jobs()
    assert (job.state, job.reason and job.reason.code) == (State.SKIPPED, "damaged")


def test_a_link_that_comes_before_the_send_begins(world: World) -> None:
    """It was seen as a file of its own, and had to wait; then it is looked at once more."""
    world.sandbox.faults.add(Fault("error", code=105, first=1))
    path = world.add("victims.jpg")
    os.chown(path, VICTIM, VICTIM)
    other = world.photos / "../other"

    async def script() -> None:
        for _ in range(600):
            if world.sandbox.faults.given["error"]:
                break
            await asyncio.sleep(0.1)
        os.link(path, other)
        await asyncio.sleep(WALKS * 3)
        job = world.job_of("victims.jpg")
        assert (job.state, job.reason and job.reason.code) == (State.SKIPPED, "hard-link")
        assert world.kept() == {}
        with closing(world.database()) as db:
            story = [row["state"] for row in overview.history_of(db, job.id)]
        assert story == ["queued", "uploading", "queued", "skipped"]  # once, at no later walk
        other.unlink()
        await asyncio.sleep(WALKS + 120)

    live(world, script)
    assert [job.state for job in world.jobs()] == [State.DONE]
    world.assert_each_once(1)


def test_archives_of_links_under_one_owner_go_on(world: World) -> None:
    """As cp -l and rsnapshot make them: files and directories are one user's, or ours."""
    world.photos.chmod(0o755)
    for number, owner in enumerate((0, VICTIM)):
        day = world.photos / f"day{number}"
        photo = world.add(f"day{number}/a.jpg")
        os.chown(photo, owner, owner)
        os.chown(day, owner, owner)
        day.chmod(0o777)
        os.link(photo, day / "b.jpg")
    world.backfill()
    assert world.states() == {"done": 2, "duplicate": 2}

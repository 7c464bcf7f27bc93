"""What has failed and is gone needs nobody any more: a nightly backfill ends with 0 again."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from simulation.world import LONG_AGO, World
from uploadd.model.states import State
from uploadd.operations.backfill.endings import Ending
from uploadd.sandbox import Fault, SandboxOptions
from uploadd.store import listing, moves, sightings
from uploadd.store.beside import writing
from uploadd.store.known import Asked, known_files

pytestmark = pytest.mark.usefixtures("hours_pass_quickly")


@pytest.fixture
def world(tmp_path: Path) -> World:
    """A world in which the service has refused one photo."""
    made = World(tmp_path, SandboxOptions(faults=(Fault("error", first=1, code=5),)))
    made.add("broken/a.jpg")
    assert made.backfill().ending is Ending.FAILED
    return made


def end_of(world: World, name: str) -> tuple[State, str]:
    """Where the newest job of a file stands, and why."""
    job = world.job_of(name)
    return job.state, job.reason.code if job.reason else ""


def test_a_failed_file_that_was_deleted_ends_by_itself(world: World) -> None:
    """Alone, or with its directory."""
    assert world.backfill().ending is Ending.FAILED
    (world.photos / "broken/a.jpg").unlink()
    assert world.backfill().ending is Ending.DONE
    assert end_of(world, "a.jpg") == (State.SKIPPED, "vanished")


def test_a_directory_of_failed_files_that_was_removed_ends_by_itself(world: World) -> None:
    """It is not walked any more, and its parent is."""
    shutil.rmtree(world.photos / "broken")
    assert world.backfill().ending is Ending.DONE
    assert end_of(world, "a.jpg") == (State.SKIPPED, "vanished")


def test_a_failed_file_that_was_renamed_is_another_file(world: World) -> None:
    """It is tried under its new name."""
    (world.photos / "broken/a.jpg").rename(world.photos / "broken/b.jpg")
    assert world.backfill().ending is Ending.DONE
    assert end_of(world, "a.jpg") == (State.SKIPPED, "vanished")
    assert world.job_of("b.jpg").state is State.DONE


@pytest.mark.parametrize("pattern", ["*.jpg", "broken/"])
def test_a_failed_file_that_is_excluded_ends_by_itself(world: World, pattern: str) -> None:
    """By its name, or with its directory."""
    world.folder = replace(world.folder, exclude=(pattern,))
    assert world.backfill().ending is Ending.DONE
    assert end_of(world, "a.jpg") == (State.SKIPPED, "excluded")


def test_a_failed_file_whose_disk_is_away_stays_failed(world: World) -> None:
    """At an empty mount point, at every walk again."""
    with writing(world.state_dir) as db:
        directory = bytes(world.photos / "broken")
        (known,) = known_files(db, [Asked(directory)])
        sightings.moved_device(db, directory, known[b"a.jpg"].device + 1)
    (world.photos / "broken/a.jpg").unlink()
    world.backfill()
    world.backfill()
    assert end_of(world, "a.jpg") == (State.FAILED, "5")


def test_what_is_put_aside_stays_while_new_content_and_new_files_go(world: World) -> None:
    """And a backfill ends with 0, because nothing in it needs a person."""
    with writing(world.state_dir) as db:
        (aside,) = listing.choose_jobs(db, listing.Choice())
        moves.put_aside(db, aside, world.now())
    assert world.backfill().ending is Ending.DONE
    assert end_of(world, "a.jpg") == (State.SKIPPED, "ignored")
    world.add("broken/later.jpg")
    world.add("broken/a.jpg", mtime=LONG_AGO + 1)
    assert world.backfill().ending is Ending.DONE
    assert [job.state for job in world.jobs() if job.id == aside.id] == [State.SKIPPED]
    assert world.job_of("later.jpg").state is State.DONE
    assert world.job_of("a.jpg").state is State.DONE
    world.assert_each_once(2)

"""`--folder`: what a person names holds for all that is on its way; nothing stands in for it."""

from __future__ import annotations

import asyncio
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from simulation.parties import Party, until
from simulation.test_whose_settings import PUBLIC, Nested
from uploadd.model.states import State
from uploadd.operations.backfill.asking import asked_of
from uploadd.operations.backfill.trees import wanted_trees
from uploadd.operations.pausing import pause
from uploadd.store import backfills
from uploadd.store.backfills import Stage


@pytest.fixture
def world(tmp_path: Path) -> Nested:
    """A photo in no folder, which would be public, and a folder with private settings."""
    made = Nested(tmp_path)
    made.lay("secret", tmp_path / "secret")
    made.add("open.jpg")
    return made


@pytest.mark.parametrize("before", [None, "web"])
def test_what_is_queued_goes_by_the_folder_that_is_named_last(
    world: Nested, before: str | None
) -> None:
    """A walk passes by files that are known: the backfill before this one was interrupted."""
    world.lay("web", world.photos.parent / "web", photo=PUBLIC)
    world.queue(world.photos, folder=before)
    world.take_in(world.photos, folder="secret")
    assert world.shown() == {"open": False}


def test_a_folders_own_settings_are_named(world: Nested) -> None:
    """Another one was named for it first; its patterns still begin at its own root."""
    world.lay("web", world.photos.parent / "web", photo=PUBLIC)
    world.lay("cam", exclude=("deep/no.jpg",))
    world.add("cam/deep/mine.jpg")
    world.add("cam/deep/no.jpg")
    world.queue(world.photos / "cam/deep", folder="web")
    world.take_in(world.photos / "cam/deep", folder="cam")
    assert world.shown() == {"mine": False}
    assert world.job_of("no.jpg").state is State.SKIPPED


def test_a_folder_below_keeps_its_queue(world: Nested) -> None:
    """Its jobs lie below DIR, and not in what is named."""
    world.lay("web", world.photos.parent / "web", photo=PUBLIC)
    world.lay("cam")
    world.add("cam/mine.jpg")
    world.queue(world.photos)
    world.take_in(world.photos, folder="web")
    assert world.shown() == {"open": True, "mine": False}
    assert world.folders_of_jobs() == {b"open.jpg": "web", b"mine.jpg": "cam"}


def test_what_was_named_for_a_folder_below_stays(world: Nested) -> None:
    """A folder that is named for DIR does not hold there, and takes nothing away there."""
    world.lay("web", world.photos.parent / "web", photo=PUBLIC)
    world.lay("cam", photo=PUBLIC)
    world.add("cam/mine.jpg")
    world.queue(world.photos / "cam", folder="secret")
    world.take_in(world.photos, folder="web")
    assert world.shown() == {"open": True, "mine": False}


def test_what_has_failed_is_named_too(world: Nested) -> None:
    """Its retry comes later."""
    world.queue(world.photos)
    with world.database() as db:  # type: ignore[attr-defined]
        db.execute("UPDATE jobs SET state = 'failed', reason_code = '5'")
    world.take_in(world.photos, folder="secret")
    assert world.job_of("open.jpg").folder == "secret"


def test_a_named_folder_that_is_not_configured_any_more(world: Nested) -> None:
    """Nothing else stands in for it: the job is left out, until it is asked for anew."""
    world.queue(world.photos, folder="secret")
    world.folders = []
    world.deliver()
    assert world.shown() == {}
    job = world.job_of("open.jpg")
    assert job.reason is not None
    assert (job.state, job.reason.code) == (State.SKIPPED, "excluded")
    assert "folder secret, which a person named for it, is not configured" in job.reason.text
    world.take_in(world.photos)
    assert world.shown() == {"open": True}


def test_a_changed_file_whose_named_folder_is_gone(world: Nested) -> None:
    """Its new content does not go by other settings, either."""
    world.queue(world.photos, folder="secret")
    world.folders = []
    world.add("open.jpg", mtime=world.now())
    world.deliver()
    assert world.shown() == {}
    assert world.states() == {"skipped": 1}


def test_a_request_whose_named_folder_is_gone_waits(world: Nested) -> None:
    """The daemon that comes next was started without it."""

    async def scene() -> None:
        daemon, client = Party(), Party()
        world.daemon(daemon)
        await asyncio.sleep(5)
        world.backfill_of(client, folder="secret")
        await until(lambda: world.shown() == {"open": False})
        client.kill()
        daemon.kill()
        world.add("second.jpg")
        secret, world.folders = world.folders, []
        daemon = world.daemon(Party())
        await asyncio.sleep(300)
        assert world.shown() == {"open": False}
        daemon.kill()
        world.folders = secret
        world.daemon(Party())
        await until(lambda: "second" in world.shown())

    world.play(scene)
    assert world.shown() == {"open": False, "second": False}


def test_a_request_that_was_begun_has_named_what_is_queued(world: Nested) -> None:
    """Killed at each step: who delivers next sends nothing by the settings of before."""
    configuration = world.configuration()
    world.queue(world.photos)
    pause(configuration, "me", world.now())

    async def killed_at(step: int) -> bool:
        daemon = world.daemon(Party(dies_at=step))
        await asyncio.sleep(20)
        daemon.kill()
        return len(daemon.steps) == step

    wanted = wanted_trees(configuration, [str(world.photos)], None, "secret")
    stages = set()
    for step in range(1, 200):
        with closing(world.database()) as db, db.conn:
            db.execute("UPDATE jobs SET folder = '', is_folder_named = 0")
            backfills.ask(db, asked_of(configuration, wanted), world.now())
        is_killed = world.play(lambda step=step: killed_at(step))
        with closing(world.database()) as db:
            (request,) = backfills.everything(db)
        stages.add(request.state)
        assert request.state is Stage.ASKED or world.folders_of_jobs() == {b"open.jpg": "secret"}
        if not is_killed:
            break
    assert stages == {Stage.ASKED, Stage.WALKING, Stage.WALKED}


def test_a_named_folder_and_one_that_is_configured_by_a_link(world: Nested, tmp_path: Path) -> None:
    """The directory has another spelling since; it is the same."""
    world.queue(world.photos, folder="secret")
    link = tmp_path / "link"
    link.symlink_to(world.photos)
    world.lay("all", link, photo=PUBLIC)
    world.deliver()
    assert world.shown() == {"open": False}


def test_a_folder_named_while_a_send_begins(world: Nested, monkeypatch: Any) -> None:
    """The settings that were chosen a moment before do not hold any more."""
    from uploadd.delivery import send

    real, is_named = send._begin, []

    def begin(db: Any, job: Any, *others: Any) -> Any:
        if not is_named:
            is_named.append(True)
            db.execute(
                "UPDATE jobs SET folder = 'secret', root = ?, is_folder_named = 1", [job.root]
            )
        return real(db, job, *others)

    monkeypatch.setattr(send, "_begin", begin)
    world.take_in(world.photos)
    assert world.shown() == {"open": False}

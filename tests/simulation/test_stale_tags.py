"""Tags that tell of another content than their photo holds: put right, told, and not believed.

A photo's content tag is all that a look-up and an adoption have. Wherever it may be wrong, a photo
could be lost by it.
"""

from __future__ import annotations

from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from simulation.lives import Life
from simulation.test_on_change import PRO, A, B, change, hash_of, rest, scene_with, the_photo
from uploadd.model.states import State
from uploadd.operations.check.queue import standing
from uploadd.operations.show.next_step import Who
from uploadd.operations.show.story import JobStory, story_of
from uploadd.sandbox import Fault, SandboxOptions
from uploadd.store.connection import open_database

pytestmark = pytest.mark.usefixtures("hours_pass_quickly")

GET_INFO = "flickr.photos.getInfo"
REMOVE_TAG = "flickr.photos.removeTag"
TOLD = "1 photo may have a tag that tells of a content that was replaced"


def not_found(first: int, where: str = GET_INFO) -> SandboxOptions:
    """A Pro account whose service does not know a photo (or a tag) at first."""
    return replace(PRO, faults=(Fault("error", code=1, where=where, first=first),))


def replaced(directory: Path, options: SandboxOptions):  # type: ignore[no-untyped-def]
    """`p.jpg` was uploaded with A and has B now; the folder was watched until nothing moved."""
    scene = scene_with(directory, options)
    rest(scene)
    change(scene, B)
    rest(scene)
    return scene


def story(scene, name: str = "p.jpg") -> JobStory:  # type: ignore[no-untyped-def]
    """What `uploadd why` says of the file's newest content."""
    return story_of(scene.configuration(), bytes(scene.photos / name), scene.now()).jobs[0]


def warnings(scene) -> list[str]:  # type: ignore[no-untyped-def]
    """What `uploadd check` says of the queue."""
    with closing(open_database(scene.state_dir)) as db:
        return [finding.text for finding in standing(db, scene.configuration(), scene.now())]


# --- a photo that is not found right after its replacement --------------------------------------


@pytest.mark.parametrize(
    ("where", "first"),
    [(GET_INFO, 1), (GET_INFO, 5), (REMOVE_TAG, 2), ("flickr.photos.addTags", 2)],
)
def test_a_photo_that_is_not_found_yet_is_asked_for_again(
    tmp_path: Path, where: str, first: int
) -> None:
    """The id is known to be there, so it is a matter of minutes; nobody is troubled."""
    scene = replaced(tmp_path, not_found(first, where))
    the_photo(scene, B)
    job = scene.job_of("p.jpg")
    assert (job.state, job.reason) == (State.DONE, None)
    assert story(scene).step.who is Who.NOBODY
    assert warnings(scene) == []


def test_the_asking_outlives_the_process(tmp_path: Path) -> None:
    """The gap is in the database: a restart neither forgets the photo nor hurries."""
    scene = scene_with(tmp_path, not_found(3))
    scene.patience = 1.0
    rest(scene)
    change(scene, B)
    scene.watch_life(Life(), 60.0)
    waiting = scene.job_of("p.jpg")
    assert waiting.state is State.FILING
    assert waiting.wait is not None
    asked = len(list(scene.sandbox.journal.of(GET_INFO)))
    scene.watch_life(Life(), waiting.wait.remaining(scene.now()) / 2)
    assert len(list(scene.sandbox.journal.of(GET_INFO))) == asked
    rest(scene, 900.0)
    the_photo(scene, B)


def test_a_tag_that_stays_wrong_is_told_for_good(tmp_path: Path) -> None:
    """By `why`, by `check` and in the log; each start tries once more."""
    scene = replaced(tmp_path, not_found(1000))
    (photo,) = scene.sandbox.photos
    assert photo.sha256 == hash_of(B)
    assert photo.tags == [f"checksum:sha256={hash_of(A)}"]
    for _ in range(2):
        job = scene.job_of("p.jpg")
        assert (job.state, job.reason.code) == (State.DONE, "stale-tag")
        told = story(scene)
        assert told.step.who is Who.YOU
        assert photo.id in told.step.text
        assert any("stale-tag" in event.text for event in told.history)
        assert warnings(scene) == [TOLD]
        assert any(
            log["event"] == "filing.refused" and log["level"] == "warning" for log in scene.logs
        )
        asked = len(list(scene.sandbox.journal.of(GET_INFO)))
        rest(scene)
        assert len(list(scene.sandbox.journal.of(GET_INFO))) == asked + 1
    scene.sandbox.faults.clear()
    rest(scene)
    the_photo(scene, B)
    assert scene.job_of("p.jpg").reason is None
    assert warnings(scene) == []


def test_a_later_replacement_ends_the_trouble(tmp_path: Path) -> None:
    """The photo's tag is right again: what was told of the content before is told no more."""
    scene = replaced(tmp_path, not_found(1000))
    scene.sandbox.faults.clear()
    change(scene, A)
    rest(scene)
    the_photo(scene, A)
    assert warnings(scene) == []

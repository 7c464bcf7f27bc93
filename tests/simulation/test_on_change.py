"""`on_change = "replace"`: a changed file takes the place of its photo, whatever happens meanwhile.

Each case is one photo `p.jpg` (and what is beside it) in a folder whose files change at chosen
moments; afterwards the folder is watched until nothing moves any more.
"""

from __future__ import annotations

import tempfile
from contextlib import closing
from dataclasses import replace
from hashlib import sha256
from pathlib import Path

import pytest

from simulation.lives import Life, ends_of_each_kind
from simulation.scene import Scene, lay_template, place_for_files
from simulation.weather import BOTH, IPERNITY
from simulation.world import JPEG
from uploadd.model.configuration import OnChange
from uploadd.model.jobs import Job, Kind
from uploadd.model.states import TERMINAL, State
from uploadd.operations.naming import Names
from uploadd.operations.retrying import Wish, retry
from uploadd.operations.show.story import story_of
from uploadd.sandbox import Fault, SandboxOptions
from uploadd.store.connection import open_database

pytestmark = pytest.mark.usefixtures("hours_pass_quickly")

A, B, C = (JPEG + letter * 200 for letter in (b"a", b"b", b"c"))
PATIENCE = 0.05
PRO = SandboxOptions(is_pro=True)
SLOW = SandboxOptions(is_pro=True, ticket_seconds=30.0, search_lag_seconds=20.0)
LONG_SECONDS = 300.0


def hash_of(content: bytes) -> str:
    """A content's fingerprint."""
    return sha256(content).hexdigest()


def scene_with(directory: Path, options: SandboxOptions = PRO, first: bytes = A) -> Scene:
    """One photo in a folder whose changes replace."""
    scene = Scene(directory, options, seed=3)
    scene.patience = PATIENCE
    scene.poll_folder()
    scene.folder = replace(scene.folder, on_change=OnChange.REPLACE)
    scene.add("p.jpg", first)
    return scene


def change(scene: Scene, content: bytes, name: str = "p.jpg") -> None:
    """The file gets new content, now."""
    scene.change(scene.photos / name, content)


def rest(scene: Scene, seconds: float = LONG_SECONDS) -> None:
    """The folder is watched until nothing moves."""
    scene.watch_life(Life(), seconds)
    assert all(job.state in TERMINAL for job in scene.jobs()), scene.jobs()


def the_photo(scene: Scene, content: bytes) -> str:
    """The id of the only photo on the account; it has this content under its own tag."""
    assert scene.kept() == {hash_of(content): 1}
    (photo,) = [photo for photo in scene.sandbox.photos if photo.is_on_account]
    tags = [tag for tag in photo.tags if tag.startswith("checksum:sha256=")]
    assert tags == [f"checksum:sha256={hash_of(content)}"]
    return photo.id


def job_for(scene: Scene, content: bytes, name: str = "p.jpg") -> Job:
    """The job of a file's content."""
    return next(
        job for job in scene.jobs() if job.name == name.encode() and job.sha256 == hash_of(content)
    )


# --- the plain case ---------------------------------------------------------------------------


@pytest.mark.parametrize("options", [PRO, SLOW], ids=["quick", "slow"])
def test_a_changed_file_keeps_its_photo(tmp_path: Path, options: SandboxOptions) -> None:
    """One upload, one replacement, one photo with the same id."""
    scene = scene_with(tmp_path, options)
    rest(scene)
    photo_id = the_photo(scene, A)
    change(scene, B)
    rest(scene)
    assert the_photo(scene, B) == photo_id
    assert (len(scene.uploads()), len(list(scene.sandbox.journal.of("replace")))) == (1, 1)
    job = scene.job_of("p.jpg")
    assert (job.state, job.kind, job.photo_id) == (State.DONE, Kind.REPLACE, photo_id)


def test_its_story_tells_of_both_contents(tmp_path: Path) -> None:
    """`uploadd why`."""
    scene = scene_with(tmp_path)
    rest(scene)
    change(scene, B)
    rest(scene)
    story = story_of(scene.configuration(), bytes(scene.photos / "p.jpg"), scene.now())
    new, old = story.jobs
    assert any("takes the place" in event.text for event in new.history)
    assert not old.is_current
    assert "another content now" in old.step.text


def test_a_chain_of_changes_ends_with_the_last(tmp_path: Path) -> None:
    """A, B, C, A again: always the same photo."""
    scene = scene_with(tmp_path)
    rest(scene)
    photo_id = the_photo(scene, A)
    for content in (B, C, A, B):
        change(scene, content)
        rest(scene)
        assert the_photo(scene, content) == photo_id


@pytest.mark.parametrize("contents", [(B,), (B, A), (B, C), (B, C, A)], ids=len)
@pytest.mark.parametrize("seconds", [1, 7, 20], ids=lambda one: f"every {one} s")
def test_changes_while_the_former_is_on_its_way(
    tmp_path: Path, contents: tuple[bytes, ...], seconds: float
) -> None:
    """Tickets take half a minute, and the file changes faster: one photo, with the last content."""
    scene = scene_with(tmp_path, SLOW)
    life = Life()
    life.before["upload: answered, the reply on its way"] = lambda: _change_later(
        scene, contents, seconds
    )
    scene.watch_life(life, LONG_SECONDS)
    rest(scene)
    the_photo(scene, contents[-1])
    assert len(scene.uploads()) == 1


def _change_later(scene: Scene, contents: tuple[bytes, ...], seconds: float) -> None:
    import asyncio

    loop = asyncio.get_running_loop()
    for number, content in enumerate(contents, 1):
        loop.call_later(number * seconds, change, scene, content)


# --- what the service says --------------------------------------------------------------------


def test_an_account_that_is_not_pro(tmp_path: Path) -> None:
    """Flickr 1: the job fails with its remedy, the photo stays; the remedy works."""
    scene = scene_with(tmp_path, SandboxOptions())
    rest(scene)
    photo_id = the_photo(scene, A)
    change(scene, B)
    rest(scene)
    job = scene.job_of("p.jpg")
    assert job.reason is not None
    assert (job.state, job.reason.code) == (State.FAILED, "1")
    assert 'on_change to "new"' in job.reason.remedy
    assert the_photo(scene, A) == photo_id
    scene.folder = replace(scene.folder, on_change=OnChange.NEW)
    retry(scene.configuration(), Wish(Names((job.id,))), scene.now())
    rest(scene)
    assert scene.kept() == {hash_of(A): 1, hash_of(B): 1}


def test_after_an_upgrade_a_retry_replaces(tmp_path: Path) -> None:
    """The other half of the same remedy."""
    scene = scene_with(tmp_path, SandboxOptions())
    rest(scene)
    photo_id = the_photo(scene, A)
    change(scene, B)
    rest(scene)
    scene.sandbox.options.is_pro = True
    scene.retry_failed()
    rest(scene)
    assert the_photo(scene, B) == photo_id


def test_a_video_cannot_be_replaced(tmp_path: Path) -> None:
    """Flickr 8: it fails with that reason, and the video stays."""
    video = b"\0\0\0\x18ftypmp42\0\0\0\0mp42isom" + b"v" * 200
    scene = scene_with(tmp_path, first=video)
    rest(scene)
    change(scene, video + b"more")
    rest(scene)
    job = scene.job_of("p.jpg")
    assert job.reason is not None
    assert (job.state, job.reason.code) == (State.FAILED, "8")
    assert job.reason.remedy
    assert scene.kept() == {hash_of(video): 1}


@pytest.mark.parametrize("kind", ["lose-reply", "http-before", "http-after", "garbage"])
def test_a_replacement_in_doubt_is_sent_again_and_told(tmp_path: Path, kind: str) -> None:
    """Harmless, and known."""
    fault = Fault(kind, first=2, code=502, where="replace")  # type: ignore[arg-type]
    scene = scene_with(tmp_path, replace(PRO, faults=(fault,)))
    rest(scene)
    photo_id = the_photo(scene, A)
    change(scene, B)
    rest(scene)
    assert the_photo(scene, B) == photo_id
    with closing(open_database(scene.state_dir)) as db:
        told = [row[0] for row in db.execute("SELECT text FROM history")]
    assert sum("harmless" in text for text in told) == 2


def test_a_first_upload_in_doubt_is_known_before_it_is_replaced(tmp_path: Path) -> None:
    """Its reply was lost, and the file changes while it is looked up."""
    options = replace(SLOW, faults=(Fault("lose-reply", first=1),))
    scene = scene_with(tmp_path, options)
    life = Life()
    life.before["upload: before the request"] = lambda: _change_later(scene, (B,), 3)
    scene.watch_life(life, LONG_SECONDS)
    rest(scene)
    the_photo(scene, B)
    assert len(scene.uploads()) == 1


# --- whose photo it is ------------------------------------------------------------------------


def test_a_photo_of_two_files_is_not_overwritten(tmp_path: Path) -> None:
    """One of them changes: its new content is another photo, and the old one stays."""
    scene = scene_with(tmp_path)
    scene.add("copy.jpg", A)
    rest(scene)
    change(scene, B)
    rest(scene)
    assert scene.kept() == {hash_of(A): 1, hash_of(B): 1}
    change(scene, C, "copy.jpg")
    rest(scene)
    assert scene.kept() == {hash_of(B): 1, hash_of(C): 1}


def test_a_renamed_file_that_changes_later_keeps_its_photo(tmp_path: Path) -> None:
    """The same content under a new name is the same photo."""
    scene = scene_with(tmp_path)
    rest(scene)
    photo_id = the_photo(scene, A)
    (scene.photos / "p.jpg").rename(scene.photos / "q.jpg")
    rest(scene)
    change(scene, B, "q.jpg")
    rest(scene)
    assert the_photo(scene, B) == photo_id


def test_a_rename_together_with_a_change_is_a_new_photo(tmp_path: Path) -> None:
    """Neither the name nor the content tells that it was the same file."""
    scene = scene_with(tmp_path)
    rest(scene)
    (scene.photos / "p.jpg").rename(scene.photos / "q.jpg")
    change(scene, B, "q.jpg")
    rest(scene)
    assert scene.kept() == {hash_of(A): 1, hash_of(B): 1}


def test_a_file_made_anew_is_a_new_photo(tmp_path: Path) -> None:
    """A walk saw that it was gone: another picture under an old name."""
    scene = scene_with(tmp_path)
    rest(scene)
    (scene.photos / "p.jpg").unlink()
    rest(scene)
    scene.add("p.jpg", B, mtime=scene.now())
    rest(scene)
    assert scene.kept() == {hash_of(A): 1, hash_of(B): 1}


def test_an_editor_that_saves_by_renaming_replaces(tmp_path: Path) -> None:
    """The path was never absent at a walk."""
    scene = scene_with(tmp_path)
    rest(scene)
    photo_id = the_photo(scene, A)
    (scene.photos / "p.jpg").unlink()
    scene.add("p.jpg", B, mtime=scene.now())
    rest(scene)
    assert the_photo(scene, B) == photo_id


def test_what_another_program_uploaded_is_left_alone(tmp_path: Path) -> None:
    """Its photo was there before: the change is uploaded beside it."""
    scene = scene_with(tmp_path)
    rest(scene)
    scene.state_dir = tmp_path / "of another program"
    lay_template(scene.state_dir)
    rest(scene)
    assert scene.job_of("p.jpg").state is State.DUPLICATE
    change(scene, B)
    rest(scene)
    assert scene.kept() == {hash_of(A): 1, hash_of(B): 1}


def test_a_torn_change_is_mended(tmp_path: Path) -> None:
    """The file changes again while its replacement is being sent."""
    scene = scene_with(tmp_path)
    rest(scene)
    photo_id = the_photo(scene, A)
    change(scene, B)
    life = Life()
    life.before["disk: read_chunk"] = lambda: change(scene, C)
    scene.watch_life(life, LONG_SECONDS)
    rest(scene)
    assert the_photo(scene, C) == photo_id


# --- on both services -------------------------------------------------------------------------


def test_ipernity_replaces_too(tmp_path: Path) -> None:
    """Pictures keep their id there as well; chains and all."""
    options = replace(PRO, ticket_seconds=5.0)
    scene = Scene(tmp_path, options, seed=3, services=IPERNITY)
    scene.patience = PATIENCE
    scene.poll_folder()
    scene.folder = replace(scene.folder, on_change=OnChange.REPLACE)
    scene.add("p.jpg", A)
    rest(scene)
    (before,) = [photo.id for photo in scene.sandbox.photos if photo.is_on_account]
    for content in (B, A, C):
        change(scene, content)
        rest(scene)
        assert scene.kept() == {hash_of(content): 1}
    (after,) = [photo.id for photo in scene.sandbox.photos if photo.is_on_account]
    assert before == after


def test_a_service_that_makes_another_photo_of_it_is_told_of(tmp_path: Path) -> None:
    """As ipernity may: the job says which, and stops."""
    scene = Scene(tmp_path, PRO, services=IPERNITY)
    scene.patience = PATIENCE
    scene.poll_folder()
    scene.folder = replace(scene.folder, on_change=OnChange.REPLACE)
    scene.add("p.jpg", A)
    rest(scene)
    scene.sandbox.options.replace_makes_new = True
    change(scene, B)
    rest(scene)
    job = scene.job_of("p.jpg")
    assert job.reason is not None
    assert (job.state, job.reason.code) == (State.FAILED, "replaced-other")
    assert scene.kept() == {hash_of(A): 1, hash_of(B): 1}


@pytest.mark.parametrize("is_pro", [True, False], ids=["pro", "not pro"])
def test_each_account_goes_its_own_way(tmp_path: Path, *, is_pro: bool) -> None:
    """Flickr refuses where the account is not Pro; ipernity replaces all the same."""
    scene = Scene(tmp_path, SandboxOptions(is_pro=is_pro), seed=3, services=BOTH)
    scene.patience = PATIENCE
    scene.poll_folder()
    scene.folder = replace(scene.folder, on_change=OnChange.REPLACE)
    scene.add("p.jpg", A)
    rest(scene)
    flickr, ipernity = scene.accounts
    scene.sandbox_of(ipernity).options.is_pro = True
    change(scene, B)
    rest(scene)
    assert scene.kept(ipernity) == {hash_of(B): 1}
    assert scene.kept(flickr) == {hash_of(B if is_pro else A): 1}
    states = [job.state for job in scene.jobs() if job.sha256 == hash_of(B)]
    assert sorted(states) == ([State.DONE] * 2 if is_pro else [State.DONE, State.FAILED])


# --- with a crash at every step ---------------------------------------------------------------


def _directory() -> tempfile.TemporaryDirectory[str]:
    return tempfile.TemporaryDirectory(dir=place_for_files())


def _play(scene: Scene, life: Life, is_early: bool) -> None:
    """The change comes while the first upload is on its way, or after it."""
    if is_early:
        life.before["upload: answered, the reply on its way"] = lambda: change(scene, B)
        scene.watch_life(life, 60.0)
        return
    rest(scene, 60.0)
    change(scene, B)
    scene.watch_life(life, 60.0)


@pytest.mark.no_cover
@pytest.mark.timeout(300)
@pytest.mark.parametrize("is_early", [False, True], ids=["after the upload", "during the upload"])
def test_a_crash_at_any_step_ends_with_one_photo(is_early: bool) -> None:
    """The last content, once, whatever step was the last; and no person is needed."""
    options = replace(PRO, ticket_seconds=1.0, search_lag_seconds=1.0)
    with _directory() as place:
        rehearsal = Life()
        _play(scene_with(Path(place), options), rehearsal, is_early)
    begin = next(
        number
        for number, step in enumerate(rehearsal.trace)
        if step == ("upload: answered, the reply on its way" if is_early else "disk: _compare_all")
    )
    end = max(
        number for number, step in enumerate(rehearsal.trace, 1) if step.startswith(LAST_STEPS)
    )
    for step in ends_of_each_kind(rehearsal.trace[begin:end]):
        dies_at = begin + step
        with _directory() as place:
            scene = scene_with(Path(place), options)
            life = Life(dies_at=dies_at)
            _play(scene, life, is_early)
            assert life.is_over, f"step {dies_at} never came"
            if (scene.photos / "p.jpg").read_bytes() == A:
                change(scene, B)  # it died before the change
            rest(scene, 100.0)
            try:
                the_photo(scene, B)
            except (AssertionError, ValueError) as error:
                told = f"after a crash at {dies_at}, {life.trace[-1]}: {error}"
                raise AssertionError(told) from error


LAST_STEPS = ("photos.removeTag", "photos.addTags", "before the commit of settle_all")

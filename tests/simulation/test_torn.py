"""Files that change while they are sent: the photo is mended, or a person is told. With crashes.

pytestmark = pytest.mark.usefixtures("hours_pass_quickly")

What the service got of a torn upload is replaced by what the file holds in the end. Where that is
refused, or where nobody lived to see what was sent, the job fails (`torn`) with the photo's id.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import replace
from hashlib import sha256
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from simulation.lives import Dead, Life
from simulation.scene import Scene, place_for_files
from simulation.world import JPEG
from uploadd.files import reading
from uploadd.model.jobs import Job, Kind
from uploadd.model.states import TERMINAL, State
from uploadd.operations.naming import Names
from uploadd.operations.retrying import Wish, retry
from uploadd.sandbox import Fault, SandboxOptions
from uploadd.sandbox.flickr import replace as sandbox_replace
from uploadd.sandbox.flickr import upload as sandbox_upload
from uploadd.store.connection import open_database

OLD = JPEG + b"o" * 200
NEW = JPEG + b"n" * 200
PIECE_BYTES = 64
PATIENCE = 0.05  # half a minute for what takes ten otherwise
SECOND_PIECE = "upload: piece 3 of the body is out"  # the first is the form's head
TAG = "checksum:sha256="


@pytest.fixture(autouse=True)
def _small_pieces(monkeypatch: pytest.MonkeyPatch) -> None:
    """A small file is sent in several pieces, too."""
    monkeypatch.setattr(reading, "CHUNK_BYTES", PIECE_BYTES)


@pytest.fixture(params=["ticket", "slow ticket", "sync"])
def options(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> SandboxOptions:
    """A Pro account whose service confirms in each of its ways."""
    if request.param == "sync":
        for module in (sandbox_upload, sandbox_replace):
            real = module._receipt
            monkeypatch.setattr(module, "_receipt", _in_sync(real))
    return SandboxOptions(is_pro=True, ticket_seconds=2.0 if request.param != "ticket" else 0.0)


def _in_sync(receipt: Callable[..., Any]) -> Callable[..., Any]:
    return lambda exchange, photo, **_: receipt(exchange, photo, is_async=False)


def hash_of(content: bytes) -> str:
    """A content's fingerprint."""
    return sha256(content).hexdigest()


def write_over(scene: Scene, path: Path, content: bytes) -> None:
    """In place, as an editor does: the file keeps its inode, and every reader sees it."""
    with path.open("r+b") as file:
        file.write(content)
        file.truncate()
    scene.changes += 1
    moment = int(scene.now() * 1e9) + scene.changes
    os.utime(path, ns=(moment, moment))


def scene_with_photo(directory: Path, options: SandboxOptions) -> Scene:
    """One photo in the folder."""
    scene = Scene(directory, options, seed=7)
    scene.patience = PATIENCE
    scene.add("p.jpg", OLD)
    return scene


def tearing_life(scene: Scene, dies_at: int | None = None) -> Life:
    """A life in which the file changes after the first piece of it was sent."""
    life = Life(dies_at=dies_at)
    life.before[SECOND_PIECE] = lambda: write_over(scene, scene.photos / "p.jpg", NEW)
    return life


def come_to_rest(scene: Scene) -> None:
    """A backfill, and a daemon for what is left: jobs for contents that no file has any more."""
    scene.backfill_life(Life())
    if not all(job.state in TERMINAL for job in scene.jobs()):
        scene.watch_life(Life(), 200.0)


def torn_job(scene: Scene) -> Job | None:
    """The job that failed as torn, where one did."""
    found = [
        job
        for job in scene.jobs()
        if job.state is State.FAILED and job.reason is not None and job.reason.code == "torn"
    ]
    return found[0] if found else None


def content_tags(scene: Scene, photo_id: str) -> list[str]:
    """The content tags of a photo."""
    photo = scene.sandbox.photos.get(photo_id)
    assert photo is not None
    return [tag for tag in photo.tags if tag.startswith(TAG)]


def assert_mended(scene: Scene) -> None:
    """Exactly what the file holds in the end is there, once, and under its own tag."""
    assert scene.kept() == {hash_of(NEW): 1}, scene.states()
    (photo,) = [photo for photo in scene.sandbox.photos if photo.is_on_account]
    assert content_tags(scene, photo.id) == [TAG + hash_of(NEW)]
    jobs = [job for job in scene.jobs() if job.sha256 == hash_of(NEW)]
    assert [(job.state, job.photo_id) for job in jobs] == [(State.DONE, photo.id)]
    assert all(job.state in TERMINAL for job in scene.jobs())


def assert_honest(scene: Scene) -> None:
    """Mended, or whatever else is on the account is named by a job that failed as torn."""
    torn = torn_job(scene)
    if torn is None:
        assert_mended(scene)
        return
    kept = scene.kept()
    assert kept[hash_of(NEW)] == 1
    assert set(kept.values()) == {1}
    others = [
        photo.id
        for photo in scene.sandbox.photos
        if photo.is_on_account and photo.sha256 != hash_of(NEW)
    ]
    assert others == [torn.photo_id]
    assert torn.reason is not None
    assert str(torn.photo_id) in torn.reason.text


# --- without a crash --------------------------------------------------------------------------


def test_a_torn_upload_is_mended(tmp_path: Path, options: SandboxOptions) -> None:
    """By whichever way it was confirmed; the job says that it is a replacement."""
    scene = scene_with_photo(tmp_path, options)
    scene.backfill_life(tearing_life(scene))
    assert_mended(scene)
    assert scene.job_of("p.jpg").kind is Kind.REPLACE
    assert len(scene.uploads()) == 1


def test_a_file_that_was_wholly_rewritten_needs_no_replacement(tmp_path: Path) -> None:
    """Before its first piece was read: the photo is right already, and only its tag is not."""
    scene = scene_with_photo(tmp_path, SandboxOptions())
    life = Life()
    life.before["upload: before the request"] = lambda: write_over(
        scene, scene.photos / "p.jpg", NEW
    )
    scene.backfill_life(life)
    assert_mended(scene)
    assert not scene.sandbox.journal.of("replace")


def test_a_free_account_cannot_mend_it(tmp_path: Path) -> None:
    """The job fails with the photo's id and the service's words; the photo stays as it is."""
    scene = scene_with_photo(tmp_path, SandboxOptions())
    scene.backfill_life(tearing_life(scene))
    torn = torn_job(scene)
    assert torn is not None
    (photo,) = scene.sandbox.photos
    assert torn.photo_id == photo.id
    assert torn.reason is not None
    assert "Flickr error 1" in torn.reason.text
    assert f"delete photo {photo.id}" in torn.reason.remedy


def test_after_the_photo_was_deleted_a_retry_sends_the_file_anew(tmp_path: Path) -> None:
    """As the remedy says."""
    scene = scene_with_photo(tmp_path, SandboxOptions())
    scene.backfill_life(tearing_life(scene))
    torn = torn_job(scene)
    assert torn is not None
    assert torn.photo_id is not None
    scene.sandbox.delete(torn.photo_id)
    retry(scene.configuration(), Wish(Names((torn.id,))), scene.now())
    assert scene.job_of("p.jpg").kind is Kind.UPLOAD
    scene.backfill_life(Life())
    assert_mended(scene)


def test_what_is_there_already_is_not_put_there_twice(tmp_path: Path) -> None:
    """The new content is another file's photo: the job names both, and replaces nothing."""
    scene = Scene(tmp_path, SandboxOptions(is_pro=True), seed=7)
    scene.add("a.jpg", NEW)
    scene.backfill_life(Life())
    scene.add("p.jpg", OLD)
    scene.backfill_life(tearing_life(scene))
    torn = torn_job(scene)
    assert torn is not None
    assert torn.reason is not None
    assert {f"photo {photo.id}" for photo in scene.sandbox.photos} <= set(
        _photos_named(torn.reason.text)
    )
    assert scene.kept()[hash_of(NEW)] == 1


def _photos_named(text: str) -> Iterator[str]:
    words = text.replace(",", " ").replace(":", " ").split()
    for word, following in pairwise(words):
        if word == "photo":
            yield f"photo {following}"


def test_a_file_with_the_old_content_of_the_photo_is_sent_again(tmp_path: Path) -> None:
    """It was a duplicate of the mixture, and the mixture is on the account no more."""
    scene = scene_with_photo(tmp_path, SandboxOptions(is_pro=True))
    mixture = OLD[: 2 * PIECE_BYTES] + NEW[2 * PIECE_BYTES :]
    scene.sandbox.options.is_pro = False
    scene.backfill_life(tearing_life(scene))
    kept = [photo.sha256 for photo in scene.sandbox.photos]
    assert kept == [hash_of(mixture)]
    scene.add("twin.jpg", mixture)
    scene.backfill_life(Life())
    assert scene.job_of("twin.jpg").state is State.DUPLICATE
    torn = torn_job(scene)
    assert torn is not None
    _queue_as_mending(scene, torn)
    scene.sandbox.options.is_pro = True
    scene.backfill_life(Life())
    assert scene.kept() == {hash_of(NEW): 1, hash_of(mixture): 1}
    twin = scene.job_of("twin.jpg")
    assert twin.state is State.DONE
    assert twin.photo_id != scene.job_of("p.jpg").photo_id


def _queue_as_mending(scene: Scene, torn: Job) -> None:
    """As if the account had been Pro all along, and the replacement had waited."""
    with closing(open_database(scene.state_dir)) as db:
        db.execute("UPDATE jobs SET state = 'queued', reason_code = NULL WHERE id = ?", (torn.id,))


# --- replacements whose outcome is unknown ----------------------------------------------------


@pytest.mark.parametrize("kind", ["lose-reply", "http-before", "http-after", "garbage"])
def test_a_replacement_of_unknown_outcome_is_sent_again(tmp_path: Path, kind: str) -> None:
    """It is harmless, and the story tells it."""
    options = SandboxOptions(
        is_pro=True,
        faults=(Fault(kind, first=2, code=502, where="replace"),),  # type: ignore[arg-type]
    )
    scene = scene_with_photo(tmp_path, options)
    scene.backfill_life(tearing_life(scene))
    assert_mended(scene)
    assert len(list(scene.sandbox.journal.of("replace"))) == 3
    with closing(open_database(scene.state_dir)) as db:
        told = [row[0] for row in db.execute("SELECT text FROM history")]
    assert sum("harmless" in text for text in told) == 2


@pytest.mark.parametrize("kind", ["ticket-fails", "ticket-forgotten"])
def test_a_replacement_whose_ticket_ends_badly_is_sent_again(tmp_path: Path, kind: str) -> None:
    """Twice at most, as an upload."""
    fault = Fault(kind, first=1, where="replace")  # type: ignore[arg-type]
    scene = scene_with_photo(tmp_path, SandboxOptions(is_pro=True, faults=(fault,)))
    scene.backfill_life(tearing_life(scene))
    assert_mended(scene)


@pytest.mark.parametrize(
    "method", ["flickr.photos.getInfo", "flickr.photos.addTags", "flickr.photos.removeTag"]
)
def test_tags_are_put_right_however_often_it_takes(tmp_path: Path, method: str) -> None:
    """Faults put it off; the job stays in `filing` meanwhile."""
    fault = Fault("http-after", first=8, code=502, where=method)
    scene = scene_with_photo(tmp_path, SandboxOptions(is_pro=True, faults=(fault,)))
    scene.backfill_life(tearing_life(scene))
    assert_mended(scene)


def test_a_tag_that_is_refused_fails_no_photo(tmp_path: Path) -> None:
    """It is there; the log warns."""
    fault = Fault("error", rate=1.0, code=1, where="flickr.photos.addTags")
    scene = scene_with_photo(tmp_path, SandboxOptions(is_pro=True, faults=(fault,)))
    scene.backfill_life(tearing_life(scene))
    assert scene.kept() == {hash_of(NEW): 1}
    assert scene.job_of("p.jpg").state is State.DONE
    assert any(line["event"] == "filing.refused" for line in scene.logs)


# --- with a crash at every step ---------------------------------------------------------------


@pytest.mark.timeout(300)
def test_a_crash_at_any_step_loses_and_doubles_nothing(options: SandboxOptions) -> None:
    """Of the torn upload, of its mending, of the tags: each step once."""
    with _directory() as place:
        rehearsal = scene_with_photo(place, options)
        life = tearing_life(rehearsal)
        rehearsal.backfill_life(life)
        first, last = life.trace.index(SECOND_PIECE) + 1, len(life.trace)
    mended = 0
    # What a pending ticket adds is the same step many times: every third of them will do.
    steps = range(first, last + 1, 3 if options.ticket_seconds else 1)
    for dies_at in steps:
        with _directory() as place:
            scene = scene_with_photo(place, options)
            died = scene.backfill_life(tearing_life(scene, dies_at))
            assert isinstance(died, Dead), f"step {dies_at} never came"
            come_to_rest(scene)
            try:
                assert_honest(scene)
            except AssertionError as error:
                raise AssertionError(f"after a crash at step {dies_at}: {error}") from error
            mended += torn_job(scene) is None
    assert mended > len(steps) * 2 / 3  # but for the moments in which nobody saw what was sent


class _directory:  # noqa: N801 - a context manager, used as a function
    """A place in memory for one scene."""

    def __enter__(self) -> Path:
        self._made = tempfile.TemporaryDirectory(dir=place_for_files())
        return Path(self._made.name)

    def __exit__(self, *_: object) -> None:
        self._made.cleanup()


def test_what_nobody_saw_being_sent_is_not_called_done(tmp_path: Path) -> None:
    """A crash before the reply, and the file has changed: the photo may be a mixture."""
    scene = scene_with_photo(tmp_path, SandboxOptions(is_pro=True))
    rehearsed = tearing_life(scene)
    rehearsed.before["upload: answered, the reply on its way"] = rehearsed.die
    assert isinstance(scene.backfill_life(rehearsed), Dead)
    come_to_rest(scene)
    torn = torn_job(scene)
    assert torn is not None
    assert torn.reason is not None
    assert "mixture" in torn.reason.text
    assert torn.photo_id is not None
    assert scene.kept()[hash_of(NEW)] == 1


def test_a_retry_of_what_nobody_saw_comes_to_rest(tmp_path: Path) -> None:
    """The person has deleted the photo; what it held is in no file any more."""
    scene = scene_with_photo(tmp_path, SandboxOptions(is_pro=True))
    life = tearing_life(scene)
    life.before["upload: answered, the reply on its way"] = life.die
    scene.backfill_life(life)
    come_to_rest(scene)
    torn = torn_job(scene)
    assert torn is not None
    assert torn.photo_id is not None
    scene.sandbox.delete(torn.photo_id)
    retry(scene.configuration(), Wish(Names((torn.id,))), scene.now())
    come_to_rest(scene)
    assert [job.state for job in scene.jobs()] == [State.SKIPPED, State.DONE]
    assert scene.kept() == {hash_of(NEW): 1}


def test_a_file_that_only_vanished_was_not_torn(tmp_path: Path) -> None:
    """A crash before the reply, and the file is gone: nothing says that it changed."""
    scene = scene_with_photo(tmp_path, SandboxOptions(is_pro=True))
    life = Life()
    life.before["upload: answered, the reply on its way"] = life.die
    assert isinstance(scene.backfill_life(life), Dead)
    (scene.photos / "p.jpg").unlink()
    come_to_rest(scene)
    assert scene.job_of("p.jpg").state is State.DONE
    assert scene.kept() == {hash_of(OLD): 1}


def test_a_disk_that_numbers_its_files_anew_tears_nothing(tmp_path: Path) -> None:
    """A power cut, and the card is mounted again: the same file under another inode."""
    scene = scene_with_photo(tmp_path, SandboxOptions(is_pro=True))
    life = Life()
    life.before["upload: answered, the reply on its way"] = life.die
    assert isinstance(scene.backfill_life(life), Dead)
    path = scene.photos / "p.jpg"
    times = path.stat()
    copy = path.with_name("copy.jpg")
    copy.write_bytes(OLD)
    os.utime(copy, ns=(times.st_atime_ns, times.st_mtime_ns))
    copy.rename(path)
    assert path.stat().st_ino != times.st_ino
    come_to_rest(scene)
    assert scene.job_of("p.jpg").state is State.DONE
    assert scene.kept() == {hash_of(OLD): 1}


# --- looks that cannot be answered ------------------------------------------------------------


def unanswerable(tmp_path: Path, dedup_check: int, kind: str = "lose-reply") -> Scene:
    """A lost reply, and a search that refuses to look."""
    faults = (
        Fault(kind, first=1, code=502),  # type: ignore[arg-type]
        Fault("error", rate=1.0, code=999, where="flickr.photos.search"),
    )
    scene = scene_with_photo(tmp_path, SandboxOptions(faults=faults))
    scene.account = replace(scene.account, dedup_check=dedup_check)
    return scene


@pytest.mark.parametrize("kind", ["lose-reply", "http-before"])
def test_where_nothing_can_be_known_a_person_decides(tmp_path: Path, kind: str) -> None:
    """Neither the search nor the service's dedup: no blind resend, and no endless loop."""
    scene = unanswerable(tmp_path, dedup_check=0, kind=kind)
    scene.backfill_life(Life())
    job = scene.job_of("p.jpg")
    assert job.state is State.FAILED
    assert job.reason is not None
    assert job.reason.code == "unknown-outcome"
    assert len(scene.uploads()) == 1


@pytest.mark.parametrize("kind", ["lose-reply", "http-before"])
def test_a_retry_looks_it_up_again(tmp_path: Path, kind: str) -> None:
    """The `maybe` stands: once the search answers, the outcome is known and nothing is doubled."""
    scene = unanswerable(tmp_path, dedup_check=0, kind=kind)
    scene.backfill_life(Life())
    scene.sandbox.faults.clear()
    scene.retry_failed()
    job = scene.job_of("p.jpg")
    assert (job.state, job.trail.looks, job.trail.unanswered) == (State.UNCERTAIN, 0, 0)
    scene.backfill_life(Life())
    assert scene.job_of("p.jpg").state is State.DONE
    assert scene.kept() == {hash_of(OLD): 1}


@pytest.mark.parametrize("kind", ["lose-reply", "http-before"])
def test_the_services_own_dedup_takes_the_place_of_the_search(tmp_path: Path, kind: str) -> None:
    """The resend asks for it, after the whole window."""
    scene = unanswerable(tmp_path, dedup_check=1, kind=kind)
    scene.backfill_life(Life())
    assert scene.job_of("p.jpg").state is State.DONE
    assert scene.kept() == {hash_of(OLD): 1}
    first, second = scene.uploads()
    assert second.time - first.time >= 600.0 * PATIENCE


def test_a_search_with_passing_faults_only_delays(tmp_path: Path) -> None:
    """It is asked for as long as it takes; nothing is sent meanwhile."""
    faults = (
        Fault("lose-reply", first=1),
        Fault("http-before", rate=1.0, code=502, where="flickr.photos.search"),
    )
    scene = scene_with_photo(tmp_path, SandboxOptions(faults=faults))
    scene.account = replace(scene.account, dedup_check=0)
    scene.backfill_life(Life(), stop_after=1000.0)
    assert scene.job_of("p.jpg").state is State.UNCERTAIN
    assert len(scene.uploads()) == 1
    scene.sandbox.faults.clear()
    scene.backfill_life(Life())
    assert scene.job_of("p.jpg").state is State.DONE
    assert scene.kept() == {hash_of(OLD): 1}

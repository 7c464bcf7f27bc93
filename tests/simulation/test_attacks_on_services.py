"""Attempts to make uploadd lose, double or destroy a photo with what two services brought.

Replacements that cross each other, look-ups that tell an old truth, contents that come back, and a
service that says that it has what it does not show.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable, Sequence
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from routes import route_to
from simulation.lives import Life
from simulation.scene import Scene, lay_template
from simulation.test_on_change import A, B, C, change, hash_of, job_for
from simulation.weather import FLICKR, IPERNITY
from uploadd.files.fingerprint import fingerprint_file
from uploadd.intake.findings import finding_of
from uploadd.intake.rules import Sighting
from uploadd.model.configuration import OnChange, ServiceName
from uploadd.model.jobs import Lane
from uploadd.model.places import Place
from uploadd.model.settlement import LedgerChange, ended
from uploadd.model.sightings import Finding
from uploadd.model.states import TERMINAL, State
from uploadd.sandbox import Fault, SandboxOptions
from uploadd.store import asked, moves, overview, sightings
from uploadd.store.accounts import all_accounts
from uploadd.store.connection import open_database

pytestmark = pytest.mark.usefixtures("hours_pass_quickly")

PATIENCE = 0.05
PRO = SandboxOptions(is_pro=True)
SLOW = SandboxOptions(is_pro=True, ticket_seconds=30.0)
LONG_SECONDS = 300.0


def scene_with(
    directory: Path,
    options: SandboxOptions = PRO,
    services: Sequence[ServiceName] = IPERNITY,
    on_change: OnChange = OnChange.REPLACE,
    **files: bytes,
) -> Scene:
    """Files in a folder that is watched by polling."""
    scene = Scene(directory, options, seed=3, services=services)
    scene.patience = PATIENCE
    scene.poll_folder()
    scene.folder = replace(scene.folder, on_change=on_change)
    for name, content in files.items():
        scene.add(f"{name}.jpg", content)
    return scene


def rest(scene: Scene, seconds: float = LONG_SECONDS) -> None:
    """The folder is watched until nothing moves."""
    ended = scene.watch_life(Life(), seconds)
    assert ended is None, ended
    moving = [job for job in scene.jobs() if job.state not in TERMINAL]
    assert not moving, moving
    assert not [line for line in scene.logs if line.get("exc_info")]


def at(scene: Scene, *moments: tuple[float, Callable[[], None]]) -> Life:
    """A life in which these things happen, so many seconds after the first send has begun."""

    def begin() -> None:
        for start in starts:
            life.before.pop(start, None)
        loop = asyncio.get_running_loop()
        for seconds, happening in moments:
            loop.call_later(seconds, happening)

    life = Life()
    starts = ("upload: before the request", "replace: before the request")
    life.before.update(dict.fromkeys(starts, begin))
    return life


def id_of(scene: Scene, content: bytes) -> str:
    """The id of the photo with this content."""
    scene.sandbox.settle()
    (photo,) = scene.sandbox.photos.with_content(hash_of(content))
    assert photo.id is not None
    return str(photo.id)


def ask(scene: Scene, name: str, photo_id: str) -> asked.Placed:
    """A person says `uploadd replace NAME --photo-id ID`."""
    with closing(open_database(scene.state_dir)) as db:
        (row,) = [row for row in all_accounts(db) if row.label == scene.account.name]
        finding = found_at(scene, name, row.id)
        with db.conn:
            return asked.place(db, finding, photo_id, scene.now())


def found_at(scene: Scene, name: str, account_id: int) -> Finding:
    """What intake finds in a file of the scene's folder."""
    route = route_to(os.fsencode(scene.photos / name))
    place = Place(scene.folder, scene.folder.root, os.fsencode(name))
    sighting = Sighting(route, place, (account_id,), with_md5=True)
    return finding_of(sighting, Lane.LIVE, fingerprint_file(route, with_md5=True))


def assert_true(scene: Scene) -> None:
    """What a job of a file's content calls done is on the photo that it names."""
    contents = {hash_of(path.read_bytes()): path for path in scene.photos.rglob("*.jpg")}
    for job in scene.jobs():
        path = scene.photos / os.fsdecode(job.name)
        if not path.exists() or hash_of(path.read_bytes()) != job.sha256:
            continue
        if job.state in (State.DONE, State.DUPLICATE):
            photo = scene.sandbox.photos.get(str(job.photo_id))
            assert photo is not None
            assert photo.sha256 == job.sha256, f"{job.name!r} is said to be photo {job.photo_id}"
        else:
            assert job.state is State.FAILED, job
    assert set(scene.kept().values()) <= {1}
    assert contents


# --- replacements that cross each other -------------------------------------------------------


@pytest.mark.parametrize("services", [FLICKR, IPERNITY], ids=["flickr", "ipernity"])
def test_two_replacements_of_one_photo_never_overlap(
    tmp_path: Path, services: Sequence[ServiceName]
) -> None:
    """A person gives p's photo to another file, and p changes while that is on its way."""
    scene = scene_with(tmp_path, SLOW, services, p=A)
    rest(scene)
    photo_id = id_of(scene, A)
    scene.add("x.jpg", B)
    assert ask(scene, "x.jpg", photo_id).answer is asked.Answer.QUEUED
    scene.watch_life(at(scene, (5.0, lambda: change(scene, C))), LONG_SECONDS)
    rest(scene)
    assert scene.kept() == {hash_of(B): 1, hash_of(C): 1}
    assert id_of(scene, B) == photo_id
    assert_true(scene)


@pytest.mark.parametrize("services", [FLICKR, IPERNITY], ids=["flickr", "ipernity"])
@pytest.mark.parametrize("kind", ["lose-reply", "http-before", "ticket-fails"])
def test_a_photo_that_another_file_is_about_to_change_is_that_files(
    tmp_path: Path, services: Sequence[ServiceName], kind: str
) -> None:
    """The photo of p is being given what q has, in doubt, and q changes: that photo is not q's."""
    options = replace(SLOW, faults=(Fault(kind, first=1, code=502, where="replace"),))  # type: ignore[arg-type]
    scene = scene_with(tmp_path, options, services, p=A)
    rest(scene)
    photo_id = id_of(scene, A)
    change(scene, B)
    scene.add("q.jpg", B, mtime=scene.now())
    scene.watch_life(at(scene, (7.0, lambda: change(scene, C, "q.jpg"))), LONG_SECONDS)
    rest(scene)
    assert scene.kept() == {hash_of(B): 1, hash_of(C): 1}
    assert id_of(scene, B) == photo_id
    assert_true(scene)


@pytest.mark.parametrize("services", [FLICKR, IPERNITY], ids=["flickr", "ipernity"])
@pytest.mark.parametrize("seconds", [0.0, 1.0, 10.0, 40.0])
def test_contents_that_are_swapped_in_flight(
    tmp_path: Path, services: Sequence[ServiceName], seconds: float
) -> None:
    """The file q is given C, and while that is on its way p is given what q had."""
    scene = scene_with(tmp_path, SLOW, services, p=A, q=B)
    rest(scene)
    change(scene, C, "q.jpg")
    scene.watch_life(at(scene, (seconds, lambda: change(scene, B))), LONG_SECONDS)
    rest(scene)
    assert scene.kept()[hash_of(B)] == scene.kept()[hash_of(C)] == 1
    assert job_for(scene, B).state in (State.DONE, State.DUPLICATE)
    assert_true(scene)


@pytest.mark.parametrize("services", [FLICKR, IPERNITY], ids=["flickr", "ipernity"])
def test_a_content_that_came_back_stands_for_the_photo_that_has_it_now(
    tmp_path: Path, services: Sequence[ServiceName]
) -> None:
    """The photo of p went on without it; q brought it anew, and p has it again."""
    scene = scene_with(tmp_path, PRO, services, p=A)
    rest(scene)
    change(scene, B)
    rest(scene)
    scene.add("q.jpg", A, mtime=scene.now())
    rest(scene)
    change(scene, A)
    rest(scene)
    assert job_for(scene, A).photo_id == id_of(scene, A)
    change(scene, C, "q.jpg")
    rest(scene)
    assert scene.kept()[hash_of(A)] == scene.kept()[hash_of(C)] == 1
    assert_true(scene)


# --- a replacement in doubt -------------------------------------------------------------------


def test_a_replacement_that_is_not_found_may_have_come_all_the_same(tmp_path: Path) -> None:
    """Nothing is found for an hour; the file has its old content again, and its photo has not."""
    scene = scene_with(tmp_path, replace(PRO, search_lag_seconds=3600.0), p=A)
    rest(scene)
    photo_id = id_of(scene, A)
    scene.sandbox.faults.add(Fault("lose-reply", first=1, where="replace"))
    change(scene, B)
    scene.watch_life(at(scene, (3.0, lambda: change(scene, A))), LONG_SECONDS)
    rest(scene)
    assert scene.kept() == {hash_of(A): 1}
    assert id_of(scene, A) == photo_id
    assert_true(scene)


def test_a_replacement_that_was_never_sent_has_made_no_other_photo(tmp_path: Path) -> None:
    """The service has its content as another photo: that is no reason to delete one of the two."""
    scene = scene_with(tmp_path, SLOW, p=A, q=B)
    rest(scene)
    scene.sandbox.faults.add(Fault("lose-reply", first=1, where="replace"))
    change(scene, C, "q.jpg")
    scene.watch_life(at(scene, (0.0, lambda: change(scene, B))), 2.0)
    rest(scene)
    told = [job.reason.code for job in scene.jobs() if job.reason is not None]
    assert "replaced-other" not in told
    assert_true(scene)


# --- what a service says that it has ----------------------------------------------------------


@pytest.mark.parametrize("status", [429, 503])
def test_what_was_sent_before_a_pause_is_not_believed_unseen(tmp_path: Path, status: int) -> None:
    """It was kept, but the reply was no; its MD5 is known, and it is lost in conversion."""
    fault = Fault("http-after", first=1, code=status, retry_after_seconds=2)
    scene = scene_with(tmp_path, replace(PRO, ticket_seconds=3600.0, faults=(fault,)), p=A)

    scene.watch_life(Life(), 1.0)
    scene.watch_life(Life(), 20.0)  # what was asked before the send is forgotten
    for photo in list(scene.sandbox.photos):
        photo.state = "failed"
        scene.sandbox.put(photo)
    scene.sandbox.tickets.clear()
    scene.sandbox.options.ticket_seconds = 0.0
    rest(scene, 3 * LONG_SECONDS)
    assert scene.kept() == {hash_of(A): 1}
    assert_true(scene)


def test_an_answer_that_is_older_than_a_replacement(tmp_path: Path) -> None:
    """The service told that q's photo has q's former content, and the answer took its time."""
    scene = scene_with(tmp_path, q=B)
    rest(scene)
    photo_id = id_of(scene, B)
    change(scene, C, "q.jpg")
    rest(scene)
    scene.add("new.jpg", B, mtime=scene.now())
    with closing(open_database(scene.state_dir)) as db, db.conn:
        path = os.fsencode(scene.photos / "new.jpg")
        (row,) = all_accounts(db)
        found = found_at(scene, "new.jpg", row.id)
        sightings.register(db, found, scene.now())
        asked_at = scene.now() - LONG_SECONDS - 1.0  # before q's photo was given C
        job = overview.jobs_of_path(db, path)[-1]
        told = ended(job, State.DUPLICATE, LedgerChange.THERE, None, photo_id=photo_id)
        old = replace(told, asked_at=asked_at)
        assert moves.settle_all(db, [(job, old)], scene.now(), PATIENCE) == []
    rest(scene)
    assert scene.kept() == {hash_of(B): 1, hash_of(C): 1}
    assert_true(scene)


def test_a_photo_that_is_found_and_never_shown_ends_with_a_person(tmp_path: Path) -> None:
    """Another program's document is known by its MD5 and cannot be seen: not asked for ever."""
    scene = scene_with(tmp_path, replace(PRO, ticket_seconds=10.0 * 86400), p=A)
    scene.watch_life(Life(), 20.0)
    scene.state_dir = tmp_path / "another"
    lay_template(scene.state_dir)
    scene.sandbox.options.search_finds = False
    scene.sandbox.faults.add(Fault("cut", rate=1.0))
    scene.watch_life(Life(), 2.0)
    assert scene.job_of("p.jpg").trail.attempts > 0
    scene.sandbox.faults.clear()
    scene.sandbox.options.search_finds = True
    calls = scene.sandbox.journal.total
    rest(scene, 2 * LONG_SECONDS)
    assert scene.sandbox.journal.total - calls < 30
    job = scene.job_of("p.jpg")
    assert job.reason is not None
    assert (job.state, job.reason.code) == (State.FAILED, "unknown-outcome")
    assert job.reason.remedy
    assert len(scene.kept()) == 1


@pytest.mark.parametrize("services", [FLICKR, IPERNITY], ids=["flickr", "ipernity"])
def test_a_file_that_was_replaced_by_hand_and_is_as_it_was(
    tmp_path: Path, services: Sequence[ServiceName]
) -> None:
    """The command read its new content, and no walk ever saw it."""
    scene = scene_with(tmp_path, PRO, services, p=A)
    rest(scene)
    photo_id = id_of(scene, A)
    scene.add("q.jpg", C, mtime=scene.now())

    def replace_by_hand() -> None:
        change(scene, B)
        assert ask(scene, "p.jpg", photo_id).answer is asked.Answer.QUEUED

    life = at(scene, (1.0, replace_by_hand))
    life.before["replace: answered, the reply on its way"] = lambda: change(scene, A)
    scene.watch_life(life, LONG_SECONDS)
    rest(scene)
    assert scene.kept() == {hash_of(A): 1, hash_of(C): 1}
    assert_true(scene)


def test_what_may_be_another_files_photo_is_not_given_to_a_second_one(tmp_path: Path) -> None:
    """A replacement in doubt whose file is gone; its content comes back in another file."""
    options = replace(PRO, faults=(Fault("lose-reply", first=1, where="replace"),))
    scene = scene_with(tmp_path, options, FLICKR, p=A, q=C)
    rest(scene)
    change(scene, B)
    life = Life()
    life.before["replace: before the request"] = (scene.photos / "p.jpg").unlink
    scene.watch_life(life, LONG_SECONDS)
    rest(scene)
    change(scene, B, "q.jpg")
    rest(scene, 3 * LONG_SECONDS)
    assert scene.kept()[hash_of(B)] == 1
    assert_true(scene)


@pytest.mark.parametrize("kind", ["error", "cut"])
def test_a_photo_that_was_there_before_a_fault_is_not_overwritten(
    tmp_path: Path, kind: str
) -> None:
    """Another program uploaded it; our first send met a fault, and the second one error 9."""
    scene = scene_with(tmp_path, PRO, FLICKR, p=A)
    scene.set_accounts(content_tag=False)
    rest(scene)
    scene.state_dir = tmp_path / "of another program"
    lay_template(scene.state_dir)
    scene.sandbox.faults.add(Fault(kind, first=1, code=105))  # type: ignore[arg-type]
    rest(scene)
    assert scene.job_of("p.jpg").state is State.DUPLICATE
    change(scene, B)
    rest(scene)
    assert scene.kept() == {hash_of(A): 1, hash_of(B): 1}


def test_our_own_photo_is_known_by_error_9_all_the_same(tmp_path: Path) -> None:
    """Its reply was lost, and only the resend finds it: it is the file's, and is replaced."""
    options = replace(PRO, search_finds=False, list_lag_seconds=7200.0)
    scene = scene_with(tmp_path, replace(options, faults=(Fault("lose-reply", first=1),)), FLICKR)
    scene.add("p.jpg", A, mtime=scene.now())
    rest(scene)
    assert scene.job_of("p.jpg").state is State.DONE
    change(scene, B)
    rest(scene)
    assert scene.kept() == {hash_of(B): 1}


# --- torn sends -------------------------------------------------------------------------------


def test_a_tag_on_a_mixture_tells_nothing(tmp_path: Path) -> None:
    """The photo has the tag of what was not sent, and failed so; another file has that content."""
    scene = scene_with(tmp_path, SandboxOptions(), FLICKR, p=A)
    life = Life()
    life.before["disk: read_chunk"] = lambda: change(scene, C)
    scene.watch_life(life, LONG_SECONDS)
    rest(scene)
    change(scene, B)
    rest(scene)
    scene.sandbox.faults.add(Fault("http-before", code=502, first=1))
    scene.add("new.jpg", A, mtime=scene.now())
    rest(scene)
    assert scene.kept()[hash_of(A)] == 1
    assert_true(scene)


def test_a_duplicate_of_what_was_sent_is_none_of_the_file(tmp_path: Path) -> None:
    """The file became another's content while it was sent: error 9 tells of that one."""
    scene = scene_with(tmp_path, PRO, FLICKR, c=C)
    rest(scene)
    scene.add("p.jpg", A, mtime=scene.now())
    life = Life()
    life.before["disk: read_chunk"] = lambda: change(scene, C)
    scene.watch_life(life, LONG_SECONDS)
    rest(scene)
    scene.add("new.jpg", A, mtime=scene.now())
    rest(scene)
    assert scene.kept() == {hash_of(A): 1, hash_of(C): 1}
    assert_true(scene)


def test_a_torn_replacement_that_became_another_photo(tmp_path: Path) -> None:
    """What ipernity made of it is not what was fingerprinted."""
    scene = scene_with(tmp_path, PRO, p=A)
    rest(scene)
    scene.sandbox.options.replace_makes_new = True
    change(scene, B)
    life = Life()
    life.before["disk: read_chunk"] = lambda: change(scene, C)
    scene.watch_life(life, LONG_SECONDS)
    rest(scene)
    change(scene, B)
    rest(scene)
    assert_true(scene)

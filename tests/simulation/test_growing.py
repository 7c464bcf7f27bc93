"""Files that change while they are sent, and yet went out as they were read: nothing is missed.

What was sent stands as sent. What the file holds now has a job in the same commit, a backfill waits
for it, and whoever delivers next knows of it.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest

from simulation.lives import Dead, Life, ends_of_each_kind
from simulation.scene import Scene, place_for_files
from simulation.test_torn import come_to_rest, hash_of, write_over
from simulation.world import JPEG
from uploadd.model.configuration import OnChange, ServiceName
from uploadd.model.jobs import Kind
from uploadd.model.states import TERMINAL, State
from uploadd.operations.backfill.endings import Ending
from uploadd.sandbox import Fault, SandboxOptions
from uploadd.sandbox.flickr import replace as sandbox_replace
from uploadd.sandbox.flickr import upload as sandbox_upload

OLD = JPEG + b"o" * 200
NEW = OLD + b"and the other half"
PATIENCE = 0.05
ALL_IS_OUT = "upload: answered, the reply on its way"
SETTLED = "after the commit of settle_all"


@pytest.fixture(params=["ticket", "slow ticket", "sync"])
def options(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> SandboxOptions:
    """A Pro account whose service confirms in each of its ways."""
    if request.param == "sync":
        for module in (sandbox_upload, sandbox_replace):
            monkeypatch.setattr(module, "_receipt", _in_sync(module._receipt))
    return SandboxOptions(is_pro=True, ticket_seconds=2.0 if request.param == "slow ticket" else 0)


def _in_sync(receipt: Callable[..., Any]) -> Callable[..., Any]:
    return lambda exchange, photo, **_: receipt(exchange, photo, is_async=False)


def scene_in(
    directory: Path,
    options: SandboxOptions,
    on_change: OnChange = OnChange.NEW,
    services: tuple[ServiceName, ...] = (ServiceName.FLICKR,),
) -> Scene:
    """One photo in a folder that rests two seconds before it is read."""
    scene = Scene(directory, options, seed=7, services=services)
    scene.patience = PATIENCE
    scene.folder = replace(scene.folder, on_change=on_change, settle_seconds=2.0)
    scene.add("p.jpg", OLD)
    return scene


def growing_life(scene: Scene, change: Callable[[Path], None], dies_at: int | None = None) -> Life:
    """A life in which the file changes when all of it is out."""
    life = Life(dies_at=dies_at)
    life.before[ALL_IS_OUT] = lambda: change(scene.photos / "p.jpg")
    return life


def grown_in(scene: Scene) -> Callable[[Path], None]:
    """In place, as a download that goes on."""
    return lambda path: write_over(scene, path, NEW)


def renamed_over(path: Path) -> None:
    """As an editor saves: the open file never changes, and another one takes its place."""
    new = path.with_name(".new.part")
    new.write_bytes(NEW)
    new.rename(path)


def assert_all_ended(scene: Scene) -> None:
    assert [job for job in scene.jobs() if job.state not in TERMINAL] == []


@pytest.mark.parametrize("how", ["grown", "renamed over"])
def test_the_backfill_waits_for_the_new_content(
    tmp_path: Path, options: SandboxOptions, how: str
) -> None:
    """It ends when both contents are there, as two photos."""
    scene = scene_in(tmp_path, options)
    change = grown_in(scene) if how == "grown" else renamed_over
    finished = scene.backfill_life(growing_life(scene, change))
    assert finished.ending is Ending.DONE
    assert scene.kept() == {hash_of(OLD): 1, hash_of(NEW): 1}
    assert scene.states() == {State.DONE: 2}
    assert finished.snapshot.as_json()["done"] == 1  # files: there is one


def test_the_new_content_replaces_the_photo_where_the_folder_says_so(
    tmp_path: Path, options: SandboxOptions
) -> None:
    """The photo keeps its id."""
    scene = scene_in(tmp_path, options, OnChange.REPLACE)
    assert scene.backfill_life(growing_life(scene, grown_in(scene))).ending is Ending.DONE
    assert scene.kept() == {hash_of(NEW): 1}
    job = scene.job_of("p.jpg")
    assert (job.kind, job.state, job.sha256) == (Kind.REPLACE, State.DONE, hash_of(NEW))
    assert len(scene.sandbox.photos) == 1


def test_the_new_content_is_left_alone_where_the_folder_says_so(tmp_path: Path) -> None:
    """It has a row that says it."""
    scene = scene_in(tmp_path, SandboxOptions(), OnChange.IGNORE)
    assert scene.backfill_life(growing_life(scene, grown_in(scene))).ending is Ending.DONE
    assert scene.kept() == {hash_of(OLD): 1}
    ignored = scene.job_of("p.jpg")
    assert (ignored.state, ignored.sha256) == (State.SKIPPED, hash_of(NEW))
    assert ignored.reason is not None
    assert ignored.reason.code == "changed"


def test_a_file_that_was_only_touched_is_no_other(tmp_path: Path) -> None:
    """Read again, and that was all."""
    scene = scene_in(tmp_path, SandboxOptions())
    assert scene.backfill_life(growing_life(scene, os.utime)).ending is Ending.DONE
    assert scene.kept() == {hash_of(OLD): 1}
    assert_all_ended(scene)
    assert scene.backfill_life(Life()).snapshot.as_json()["done"] == 1
    assert len(scene.uploads()) == 1


def test_a_file_that_is_gone_after_the_send_was_sent(tmp_path: Path) -> None:
    """There is nothing more to wait for."""
    scene = scene_in(tmp_path, SandboxOptions())
    assert scene.backfill_life(growing_life(scene, Path.unlink)).ending is Ending.DONE
    assert scene.kept() == {hash_of(OLD): 1}
    assert [job.state for job in scene.jobs()] == [State.DONE]


def test_a_file_that_changes_and_goes_leaves_nothing_open(tmp_path: Path) -> None:
    """It grew, and was deleted before anybody could read it anew."""
    scene = scene_in(tmp_path, SandboxOptions())
    life = growing_life(scene, grown_in(scene))
    life.before[SETTLED] = (scene.photos / "p.jpg").unlink
    assert scene.backfill_life(life).ending is Ending.DONE
    assert sorted(job.state for job in scene.jobs()) == [State.DONE, State.SKIPPED]


def test_each_time_that_it_grows(tmp_path: Path) -> None:
    """A download that goes on while each of its states is sent."""
    scene = scene_in(tmp_path, SandboxOptions())
    contents = [OLD + bytes([number]) * 50 for number in range(3)]
    life = Life()

    def grow(left: list[bytes]) -> None:
        write_over(scene, scene.photos / "p.jpg", left[0])
        if left[1:]:
            life.before[ALL_IS_OUT] = lambda: grow(left[1:])

    life.before[ALL_IS_OUT] = lambda: grow(contents)
    assert scene.backfill_life(life).ending is Ending.DONE
    assert scene.kept() == {hash_of(content): 1 for content in (OLD, *contents)}
    assert_all_ended(scene)


@pytest.mark.parametrize("twin", [OLD, NEW])
def test_a_twin_of_either_content_is_a_duplicate(tmp_path: Path, twin: bytes) -> None:
    """Nothing is there twice."""
    scene = scene_in(tmp_path, SandboxOptions(ticket_seconds=2.0))
    scene.add("twin.jpg", twin)
    assert scene.backfill_life(growing_life(scene, grown_in(scene))).ending is Ending.DONE
    assert scene.kept() == {hash_of(OLD): 1, hash_of(NEW): 1}
    assert_all_ended(scene)


def test_each_account_gets_the_new_content(tmp_path: Path) -> None:
    """Whichever of them was being sent to."""
    both = (ServiceName.FLICKR, ServiceName.IPERNITY)
    scene = scene_in(tmp_path, SandboxOptions(), services=both)
    assert scene.backfill_life(growing_life(scene, grown_in(scene))).ending is Ending.DONE
    for account in scene.accounts:
        assert scene.kept(account)[hash_of(NEW)] == 1
        assert set(scene.kept(account).values()) == {1}
    assert_all_ended(scene)


@pytest.mark.parametrize(
    "fault",
    [
        Fault("error", first=1, code=4, where="upload"),
        Fault("error", first=1, code=105, where="upload"),
        Fault("error", first=1, code=14, where="upload"),
        Fault("lose-reply", first=1, where="upload"),
        Fault("ticket-fails", first=1),
    ],
    ids=lambda fault: f"{fault.kind} {fault.code}",
)
def test_whatever_becomes_of_the_send(tmp_path: Path, fault: Fault) -> None:
    """Refused, put off, or lost: the new content is there in the end, once."""
    scene = scene_in(tmp_path, SandboxOptions(faults=(fault,)))
    life = Life()
    life.before["disk: is_outdated"] = lambda: write_over(scene, scene.photos / "p.jpg", NEW)
    scene.backfill_life(life)
    assert scene.kept()[hash_of(NEW)] == 1
    assert set(scene.kept().values()) == {1}
    assert_all_ended(scene)


def test_what_a_person_named_the_photo_for_goes_on_to_it(tmp_path: Path) -> None:
    """`uploadd replace`, and the file grows meanwhile: the photo gets what it holds in the end."""
    scene = scene_in(tmp_path, SandboxOptions(is_pro=True))
    scene.backfill_life(Life())
    (photo,) = scene.sandbox.photos
    scene.change(scene.photos / "p.jpg", OLD + b"first")
    scene.folder = replace(scene.folder, on_change=OnChange.REPLACE)
    life = Life()
    life.before["replace: answered, the reply on its way"] = lambda: write_over(
        scene, scene.photos / "p.jpg", NEW
    )
    scene.backfill_life(life)
    assert [one.id for one in scene.sandbox.photos] == [photo.id]
    assert scene.kept() == {hash_of(NEW): 1}


# --- with a crash at every step ---------------------------------------------------------------


@contextmanager
def _directory() -> Iterator[Path]:
    with tempfile.TemporaryDirectory(dir=place_for_files()) as made:
        yield Path(made)


@pytest.mark.timeout(300)
@pytest.mark.parametrize("on_change", [OnChange.NEW, OnChange.REPLACE])
def test_a_crash_at_any_step_loses_and_doubles_nothing(on_change: OnChange) -> None:
    """Each step from the file's growth on; a backfill and a daemon go on after it."""
    options = SandboxOptions(is_pro=True)
    with _directory() as place:
        rehearsal = scene_in(place, options, on_change)
        life = growing_life(rehearsal, grown_in(rehearsal))
        rehearsal.backfill_life(life)
        first, rehearsed = life.trace.index(ALL_IS_OUT), life.trace
    for step in ends_of_each_kind(rehearsed[first:]):
        dies_at = first + step
        with _directory() as place:
            scene = scene_in(place, options, on_change)
            died = scene.backfill_life(growing_life(scene, grown_in(scene), dies_at))
            assert isinstance(died, Dead), f"step {dies_at} never came"
            come_to_rest(scene)
            kept = scene.kept()
            told = [job for job in scene.jobs() if job.state is State.FAILED]
            assert kept[hash_of(NEW)] == 1, (dies_at, rehearsed[dies_at - 1], scene.states())
            assert set(kept.values()) == {1}, dies_at
            # Where nobody lived to see what went out, a person is told of that photo.
            assert all(job.sha256 == sha256(OLD).hexdigest() for job in told), dies_at
            assert_all_ended(scene)


def test_a_daemon_reads_what_a_dead_backfill_left(tmp_path: Path) -> None:
    """It died right after the commit, and the daemon watches another directory."""
    scene = scene_in(tmp_path, SandboxOptions())
    life = Life()

    def grow_and_die_later() -> None:
        write_over(scene, scene.photos / "p.jpg", NEW)
        life.before["disk: look_at_all"] = life.die

    life.before[ALL_IS_OUT] = grow_and_die_later
    assert isinstance(scene.backfill_life(life), Dead)
    assert sorted(job.state for job in scene.jobs()) == [State.PROCESSING, State.QUEUED]
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    scene.folder = replace(scene.folder, path=elsewhere)
    scene.watch_life(Life(), 100.0)
    assert scene.kept() == {hash_of(OLD): 1, hash_of(NEW): 1}
    assert_all_ended(scene)

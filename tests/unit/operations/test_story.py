"""The story of one file."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest

from unit.operations.records import BROKEN, JPEG, NOT_A_PHOTO, NOW, UNREADABLE, Records
from uploadd.model.budget import Budget, Purpose
from uploadd.model.hurdles import HurdleKind
from uploadd.model.presence import Ground
from uploadd.model.states import State
from uploadd.operations.show.story import Story, story_of
from uploadd.store import calls, grounds, lock, older
from uploadd.store.beside import writing


def story(records: Records, name: str | bytes) -> Story:
    """The story of the file of this name."""
    return story_of(records.configuration, os.path.join(records.root, os.fsencode(name)), NOW)


def test_a_job_has_its_history(records: Records) -> None:
    """What was tried, and when."""
    job = records.failed("a.jpg")
    (told,) = story(records, "a.jpg").jobs
    assert (told.job.id, told.account, told.is_current) == (job.id, "me", True)
    assert [event.state for event in told.history] == [State.QUEUED, State.UPLOADING, State.FAILED]
    assert BROKEN.text in told.history[-1].text
    assert told.as_json()["history"][0]["at"].endswith("Z")


def test_before_the_first_run_it_says_that_nothing_runs(records: Records) -> None:
    """And makes no file."""
    records.path("a.jpg").write_bytes(JPEG)
    found = story(records, "a.jpg")
    assert [remark.code for remark in found.remarks] == ["unseen"]
    assert not found.is_unheard_of
    assert not records.configuration.state_dir.exists()


def test_neither_a_file_nor_a_trace_is_unheard_of(records: Records) -> None:
    """That is an error of the one who asks."""
    records.add("a.jpg")
    assert story(records, "b.jpg").is_unheard_of
    assert story(records, "b.jpg").as_json()["exists"] is False


def test_a_file_that_is_gone_keeps_its_story(records: Records) -> None:
    """With a note that it is gone."""
    records.done("a.jpg")
    records.path("a.jpg").unlink()
    found = story(records, "a.jpg")
    assert [remark.code for remark in found.remarks] == ["gone"]
    assert found.jobs[0].job.state is State.DONE
    assert not found.is_unheard_of


def test_a_file_on_a_disk_that_is_away_is_not_gone(records: Records) -> None:
    """Nor is its directory, nor a file of which nothing was known."""
    records.done("a.jpg")
    with writing(records.configuration.state_dir) as db:
        grounds.see(db, Ground(records.root, "camera", None), None, [], NOW)
    shutil.rmtree(records.photos)
    for name in ("a.jpg", "b.jpg", "."):
        found = story(records, name)
        assert [remark.code for remark in found.remarks] == ["away"]
        assert "`uploadd forget camera`" in found.remarks[0].remedy


def test_a_directory_has_its_sum(records: Records) -> None:
    """Also when it is gone; an empty one says that nothing was seen in it."""
    records.failed("a.jpg")
    records.done("b.jpg")
    found = story_of(records.configuration, records.root, NOW)
    sums = [{**one, "size": None} for one in found.as_json()["sums"]]
    assert sums == [
        {"account": "me", "state": "done", "code": None, "jobs": 1, "size": None},
        {"account": "me", "state": "failed", "code": "5", "jobs": 1, "size": None},
    ]
    shutil.rmtree(records.photos)
    gone = story_of(records.configuration, records.root, NOW)
    assert [remark.code for remark in gone.remarks] == ["gone"]
    assert (gone.is_unheard_of, len(gone.sums)) == (False, 2)


def test_a_file_that_has_changed_since_is_noted(records: Records) -> None:
    """The next walk reads it."""
    records.add("a.jpg")
    assert story(records, "a.jpg").remarks == ()
    records.path("a.jpg").write_bytes(JPEG + b"something else")
    assert [remark.code for remark in story(records, "a.jpg").remarks] == ["changed"]


def test_a_job_for_an_older_content_is_not_current(records: Records) -> None:
    """The newest comes first."""
    old = records.done("a.jpg", content=b"old")
    new = records.add("a.jpg", b"new")
    told = story(records, "a.jpg").jobs
    assert [(one.job.id, one.is_current) for one in told] == [(new.id, True), (old.id, False)]


def test_a_duplicate_says_where_the_content_came_from(records: Records) -> None:
    """The path of the job that brought it."""
    records.done("a.jpg", content=b"same")
    records.add("b.jpg", b"same")
    (told,) = story(records, "b.jpg").jobs
    assert told.job.state is State.DUPLICATE
    assert told.source == os.path.join(records.root, b"a.jpg")


def test_a_twin_in_flight_is_an_hurdle(records: Records) -> None:
    """The one that waits says for whom."""
    records.begin(records.add("a.jpg", b"same"))
    records.add("b.jpg", b"same")
    (told,) = story(records, "b.jpg").jobs
    assert HurdleKind.TWIN in [hurdle.kind for hurdle in told.step.hurdles]


def test_the_call_budget_is_an_hurdle(records: Records) -> None:
    """Counted as the deliverer counts it: a tenth is kept from a backfill."""
    records.configuration.accounts["me"] = type(records.configuration.accounts["me"])(
        "me", calls_per_hour=10
    )
    job = records.add("a.jpg")
    with writing(records.configuration.state_dir) as db:
        for number in range(9):
            calls.take(db, Budget("key", 10), job.account_id, Purpose.BACKFILL, NOW - 100 + number)
    (told,) = story(records, "a.jpg").jobs
    (budget,) = [one for one in told.step.hurdles if one.kind is HurdleKind.BUDGET]
    assert budget.until == pytest.approx(NOW + 3500)


def test_jobs_before_it_in_the_queue_are_counted(records: Records) -> None:
    """Of the same account."""
    records.add("a.jpg")
    records.add("b.jpg", account="you")
    records.add("c.jpg")
    (told,) = story(records, "c.jpg").jobs
    (ahead,) = [one for one in told.step.hurdles if one.kind is HurdleKind.QUEUE]
    assert ahead.text.startswith("1 file ")


def test_while_something_delivers_nobody_has_to_act(records: Records) -> None:
    """The lock tells."""
    records.add("a.jpg")
    with writing(records.configuration.state_dir) as db:
        lock.remember_holder(db, lock.Holder(1, "run", NOW))
    with lock.take(records.configuration.state_dir):
        (told,) = story(records, "a.jpg").jobs
    assert told.step.hurdles == ()


def test_an_account_without_a_job_is_noted(records: Records) -> None:
    """The folder goes to it since a moment ago, and not to the other one any more."""
    records.add("a.jpg", account="you")
    lacking, left_out = story(records, "a.jpg").remarks
    assert (lacking.code, left_out.code) == ("no-job", "excluded")
    assert "folder camera, in which it lies, does not name account you" in left_out.text


def test_a_file_that_was_never_read_is_not_said_to_have_changed(records: Records) -> None:
    """Nobody knows what it was."""
    records.add("a.jpg", refusal=UNREADABLE, is_unread=True)
    os.utime(records.path("a.jpg"), (1, 1))
    assert story(records, "a.jpg").remarks == ()


def test_a_file_of_the_wrong_type_has_a_story_too(records: Records) -> None:
    """It was seen, and skipped."""
    records.add("a.jpg", refusal=NOT_A_PHOTO)
    assert story(records, "a.jpg").jobs[0].job.state is State.SKIPPED


def test_a_name_that_is_not_utf_8_is_found(records: Records) -> None:
    """Paths are bytes."""
    records.add(os.fsdecode(b"\xe9.jpg"))
    found = story(records, b"\xe9.jpg")
    assert len(found.jobs) == 1
    assert "path_bytes" in found.as_json()


@pytest.mark.parametrize("way", ["a.jpg", "./x/../a.jpg"])
def test_a_relative_path_is_meant_from_here(
    records: Records, monkeypatch: pytest.MonkeyPatch, way: str
) -> None:
    """As every command takes it."""
    records.add("a.jpg")
    monkeypatch.chdir(records.photos)
    assert len(story_of(records.configuration, os.fsencode(way), NOW).jobs) == 1


def test_links_on_the_way_to_a_folder_are_seen_through(records: Records, tmp_path: Path) -> None:
    """The folder is reached by another name than the configured one."""
    (tmp_path / "pictures").symlink_to(records.photos)
    records.add("a.jpg")
    other = os.fsencode(tmp_path / "pictures" / "a.jpg")
    found = story_of(records.configuration, other, NOW)
    assert len(found.jobs) == 1
    assert found.path == os.path.join(records.root, b"a.jpg")


def test_a_folder_that_is_a_link_is_found_by_its_real_name(
    records: Records, tmp_path: Path
) -> None:
    """The working directory is always told by its real name."""
    (tmp_path / "pictures").symlink_to(records.photos)
    folder = records.configuration.folders["camera"]
    records.configuration.folders["camera"] = type(folder)("camera", tmp_path / "pictures", ("me",))
    records.path("a.jpg").write_bytes(JPEG)
    found = story_of(records.configuration, os.fsencode(records.path("a.jpg")), NOW)
    assert found.folder == "camera"
    assert found.path == os.fsencode(tmp_path / "pictures" / "a.jpg")


def test_an_account_that_awaits_its_adoption_is_an_hurdle(records: Records) -> None:
    """With the command that makes the look-up unnecessary."""
    records.add("a.jpg")
    with writing(records.configuration.state_dir) as db:
        older.doubt_all(db, NOW - 1.0, NOW, 0)
    (job,) = story(records, "a.jpg").jobs
    (told,) = [one for one in job.step.hurdles if one.kind is HurdleKind.LEDGER]
    assert "`uploadd adopt --account me`" in told.text

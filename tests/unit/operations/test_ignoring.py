"""What a person wants no more of is put aside."""

from __future__ import annotations

from dataclasses import replace

import pytest

from unit.operations.records import NOW, Records
from uploadd.model.errors import UsageError
from uploadd.model.jobs import Job
from uploadd.model.states import State
from uploadd.operations.ignoring import Ignored, ignore
from uploadd.operations.naming import Names, names_in
from uploadd.operations.retrying import Wish, retry


def ignored(records: Records, *words: object) -> Ignored:
    """What `uploadd ignore` does with these words."""
    return ignore(records.configuration, names_in(map(str, words)), NOW + 10)


def is_aside(records: Records, job: Job) -> bool:
    """Whether a job is put aside now."""
    return records.job(job.id).is_put_aside


def test_words_are_numbers_or_paths() -> None:
    """A number too long for any database is a name, and so is one with a directory."""
    found = names_in(["12", "./12", "1" * 30, "-3", "a.jpg"])
    assert found == Names((12,), (b"./12", b"1" * 30, b"-3", b"a.jpg"))


def test_nothing_named_is_refused(records: Records) -> None:
    """Not everything is meant by it."""
    with pytest.raises(UsageError):
        ignored(records)


def test_before_the_first_run_there_is_nothing_to_ignore(records: Records) -> None:
    """No file is made for that."""
    found = ignored(records, 3, records.path("a.jpg"))
    assert [one.job_id for one in found.refused] == [3, None]
    assert not records.configuration.state_dir.exists()


def test_failed_and_queued_jobs_are_put_aside(records: Records) -> None:
    """By number, by file, by directory."""
    one, two, three = records.failed("a.jpg"), records.add("b.jpg"), records.failed("c.jpg")
    records.done("d.jpg")
    assert ignored(records, one.id, records.path("b.jpg")) == Ignored(put_aside=2)
    assert ignored(records, records.photos) == Ignored(put_aside=1)
    assert all(is_aside(records, job) for job in (one, two, three))


def test_a_directory_may_be_a_link_and_hold_folders_that_have_another_path(
    records: Records,
) -> None:
    """It is the directory that is meant, however it is spelled."""
    home = records.photos.parent
    (home / "link").symlink_to(records.photos)
    jobs = [records.failed(name) for name in ("a.jpg", "b.jpg")]
    assert ignored(records, home / "link") == Ignored(put_aside=2)
    retry(records.configuration, Wish(names_in([str(home)])), NOW + 20)
    assert not any(is_aside(records, job) for job in jobs)
    (home / "above").mkdir()
    (home / "elsewhere").symlink_to(home / "above/photos")
    records.photos.rename(home / "above/photos")
    folder = records.configuration.folders["camera"]
    records.configuration.folders["camera"] = replace(folder, path=home / "elsewhere")
    records.photos = home / "elsewhere"
    inside = records.failed("c.jpg")
    assert ignored(records, home / "above") == Ignored(put_aside=1)
    assert is_aside(records, inside)


def test_once_more_is_no_error(records: Records) -> None:
    """Nothing was left to do, for a directory silently."""
    job = records.failed("a.jpg")
    ignored(records, job.id)
    assert ignored(records, job.id, records.path("a.jpg")) == Ignored(before=1)
    assert ignored(records, records.photos) == Ignored()


def test_a_file_that_is_gone_has_its_jobs(records: Records) -> None:
    """It need not be on the disk."""
    job = records.failed("a.jpg")
    records.path("a.jpg").unlink()
    assert ignored(records, records.path("a.jpg")).put_aside == 1
    assert is_aside(records, job)


def test_what_is_in_flight_is_left_and_named(records: Records) -> None:
    """The others go aside."""
    sending, queued = records.begin(records.add("a.jpg")), records.add("b.jpg")
    found = ignored(records, records.photos)
    assert found.put_aside == 1
    assert [one.job_id for one in found.refused] == [sending.id]
    assert "a.jpg) is uploading" in found.refused[0].text
    assert records.job(sending.id).state is State.UPLOADING
    assert is_aside(records, queued)


@pytest.mark.parametrize("word", [99, "nothing.jpg", "nowhere"])
def test_what_has_no_job_is_refused(records: Records, word: int | str) -> None:
    """A number, a file, a directory."""
    records.add("a.jpg")
    named = word if isinstance(word, int) else records.path(word)
    assert len(ignored(records, named).refused) == 1


def test_what_has_ended_otherwise_is_refused(records: Records) -> None:
    """By its number and by its file."""
    job = records.done("a.jpg")
    for word in (job.id, records.path("a.jpg")):
        (refused,) = ignored(records, word).refused
        assert "is done" in refused.text


def test_a_directory_is_not_another_with_a_longer_name(records: Records) -> None:
    """`photos` and `photos2` are two."""
    records.failed("a.jpg")
    assert len(ignored(records, f"{records.photos}2").refused) == 1
    assert len(ignored(records, str(records.photos)[:-1]).refused) == 1

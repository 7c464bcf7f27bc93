"""What an account has of the files that were found, and the groups of what it has not."""

from __future__ import annotations

from unit.operations.records import BROKEN, NOT_A_PHOTO, UNREADABLE, Records
from uploadd.files.media import FileKind
from uploadd.model.left_alone import LeftAlone
from uploadd.model.states import State
from uploadd.operations.backfill.remaining import Group, groups_of, sum_of
from uploadd.operations.backfill.trees import sum_of_walks
from uploadd.store import overview
from uploadd.store.beside import writing
from uploadd.store.overview import Standing

RAW = "image/x-raw"


def test_groups_are_by_reason_and_kind_the_largest_first() -> None:
    """What is there is in no group; names of one type count together, however they are written."""
    found = groups_of(
        [
            Standing(State.DONE, "", "image/jpeg", b"", 402),
            Standing(State.DUPLICATE, "", "image/jpeg", b"", 3),
            Standing(State.SKIPPED, "type", RAW, b"1.CR2", 5000),
            Standing(State.SKIPPED, "type", RAW, b"2.cr2", 100),
            Standing(State.SKIPPED, "type", "application/octet-stream", b"9.NEF", 800),
            Standing(State.SKIPPED, "type", "application/octet-stream", b"a.txt", 70),
            Standing(State.SKIPPED, "type", "application/octet-stream", b"notes", 10),
            Standing(State.SKIPPED, "empty", "application/octet-stream", b".jpeg", 5),
            Standing(State.FAILED, "5", "video/mp4", b"1.mp4", 5),
            Standing(State.PROCESSING, "", "image/jpeg", b"1.jpg", 1),
        ]
    )
    assert found == (
        Group(State.SKIPPED, "type", FileKind.RAW, 5900, (".CR2", ".NEF")),
        Group(State.SKIPPED, "type", FileKind.OTHER, 80, (".TXT",)),
        Group(State.FAILED, "5", FileKind.VIDEO, 5, (".MP4",)),
        Group(State.SKIPPED, "empty", FileKind.PHOTO, 5, (".JPEG",)),
        Group(State.PROCESSING, "processing", FileKind.PHOTO, 1, (".JPG",)),
    )


def test_a_sum_has_the_states_of_every_file() -> None:
    """`found` is what is there and what is in a group."""
    rows = [
        Standing(State.DONE, "", "image/jpeg", b"", 2),
        Standing(State.DUPLICATE, "", "image/jpeg", b"", 1),
        Standing(State.SKIPPED, "empty", "", b"x.jpg", 4),
    ]
    found = sum_of("me", rows)
    assert (found.found, found.there) == (7, 3)
    assert sum(group.files for group in found.groups) == 4


def test_the_store_tells_how_files_stand(records: Records) -> None:
    """Below a directory, with one account, each file once."""
    records.done("a.jpg")
    records.add("b.CR2", refusal=NOT_A_PHOTO, media_type=RAW)
    records.add("c.jpeg", refusal=UNREADABLE, is_unread=True)
    records.failed("d.JPG", BROKEN)
    records.add("e.jpg")
    me = records.account_id()
    with writing(records.configuration.state_dir) as db:
        rows = overview.standings_below(db, records.root, me)
        assert set(rows) == {
            Standing(State.DONE, "", "image/jpeg", b"", 1),
            Standing(State.SKIPPED, "type", RAW, b"b.CR2", 1),
            Standing(State.FAILED, "unreadable", "", b".jpeg", 1),
            Standing(State.FAILED, "5", "image/jpeg", b"d.JPG", 1),
            Standing(State.QUEUED, "", "image/jpeg", b"e.jpg", 1),
        }
        counts = overview.counts_below(db, records.root, me)
        assert counts == sum_of("me", rows).counts
        assert overview.standings_below(db, records.root + b"/other", me) == []
        named = overview.not_there_in(db, records.root, me)
        assert set(named) == {b"b.CR2", b"c.jpeg", b"d.JPG", b"e.jpg"}


def test_a_file_on_its_way_counts_although_it_has_gone(records: Records) -> None:
    """Its content may arrive yet."""
    job = records.begin(records.add("a.jpg"))
    with writing(records.configuration.state_dir) as db:
        db.execute("DELETE FROM files")
        (row,) = overview.standings_below(db, records.root, job.account_id)
    assert (row.state, row.files) == (State.UPLOADING, 1)


def test_walks_of_directories_in_each_other_count_each_name_once() -> None:
    """But what could not be read counts, because the walk from above may not come to it."""
    above = LeftAlone(sidecar=3, link=1, unread_directories=1, unread_named=("/a/x (no)",))
    below = LeftAlone(sidecar=2, unread_directories=1, unread_named=("/a/.b/y (no)",))
    other = LeftAlone(excluded=5)
    walks = [("", b"/a/.b", below), ("", b"/a", above), ("web", b"/a/web", other)]
    assert sum_of_walks(walks) == LeftAlone(
        excluded=5,
        sidecar=3,
        link=1,
        unread_directories=2,
        unread_named=("/a/.b/y (no)", "/a/x (no)"),
    )

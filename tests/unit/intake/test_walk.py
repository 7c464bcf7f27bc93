"""The walk shows what is there, and the comparison says what is new and what is gone."""

from __future__ import annotations

import errno
import os
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from routes import route_to
from uploadd.files.fingerprint import stat_file
from uploadd.files.reaching import Roots
from uploadd.intake import walk as walking
from uploadd.intake.comparing import compare
from uploadd.intake.listings import Entry, Listing
from uploadd.intake.selection import Selection
from uploadd.intake.walk import Scope, Step, batches, walk
from uploadd.model.places import Spot
from uploadd.model.sightings import KnownFile


def _make(root: Path, *names: str) -> None:
    for name in names:
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_bytes(name.encode())


def _walk(root: Path, selection: Selection | None = None, start: bytes = b"") -> Iterator[Listing]:
    return walk(Roots(), Spot(os.fsencode(root), start), Scope(selection or Selection()))


def _one_by_one(root: Path) -> Iterator[Listing]:
    """Each directory in a batch of its own."""
    for batch in batches(Roots(), Spot(os.fsencode(root), b""), Scope(Selection()), Step(1)):
        yield from batch


def _listings(
    root: Path, selection: Selection | None = None, start: bytes = b""
) -> dict[str, Listing]:
    """The listings by their directory, relative to `root`, in the order of the walk."""
    found = _walk(root, selection, start)
    return {os.path.relpath(os.fsdecode(one.directory), root): one for one in found}


def _names(listing: Listing) -> list[str]:
    return sorted(os.fsdecode(entry.name) for entry in listing.entries)


def _known(listing: Listing, covers: str = "1") -> dict[bytes, KnownFile]:
    """What the store would have, had it seen this listing."""
    return {
        entry.name: KnownFile(entry.size, entry.mtime_ns, entry.inode, listing.device, covers)
        for entry in listing.entries
    }


def test_every_directory_has_its_listing(tmp_path: Path) -> None:
    """Empty ones too, parents first, siblings by name."""
    _make(tmp_path, "a.jpg", "b/c.jpg", "b/d/e.jpg", "a2/f.jpg")
    (tmp_path / "z").mkdir()
    found = _listings(tmp_path)
    assert list(found) == [".", "a2", "b", "b/d", "z"]
    assert [_names(one) for one in found.values()] == [
        ["a.jpg"],
        ["f.jpg"],
        ["c.jpg"],
        ["e.jpg"],
        [],
    ]
    assert {one.device for one in found.values()} == {tmp_path.stat().st_dev}
    assert {one.error for one in found.values()} == {None}


def test_an_entry_has_the_files_stat(tmp_path: Path) -> None:
    """The same that a look at the file gives."""
    _make(tmp_path, "a.jpg")
    (entry,) = _listings(tmp_path)["."].entries
    assert entry.stat == stat_file(route_to(tmp_path / "a.jpg"))


def test_names_of_any_bytes(tmp_path: Path) -> None:
    """Names and directories that are no UTF-8 come out as they are."""
    root = os.fsencode(tmp_path)
    os.makedirs(root + b"/d\xff")
    for name in (b"/caf\xe9.jpg", b"/d\xff/x\xfe.jpg", b"/new\nline.jpg"):
        with open(root + name, "wb"):
            pass
    first, second = _walk(tmp_path)
    assert sorted(entry.name for entry in first.entries) == [b"caf\xe9.jpg", b"new\nline.jpg"]
    assert (second.directory, [entry.name for entry in second.entries]) == (
        root + b"/d\xff",
        [b"x\xfe.jpg"],
    )


def test_only_regular_files_are_candidates(tmp_path: Path) -> None:
    """Links, to files or directories, and FIFOs are neither listed nor followed."""
    _make(tmp_path, "a.jpg", "real/b.jpg")
    (tmp_path / "link.jpg").symlink_to("a.jpg")
    (tmp_path / "loop").symlink_to(".")
    os.mkfifo(tmp_path / "fifo.jpg")
    found = _listings(tmp_path)
    assert list(found) == [".", "real"]
    assert _names(found["."]) == ["a.jpg"]
    assert found["."].excluded == {}
    assert found["."].links == 2


def test_the_root_may_be_a_link(tmp_path: Path) -> None:
    """Paths begin with the link, as the user wrote it."""
    _make(tmp_path, "real/x/b.jpg")
    (tmp_path / "link").symlink_to("real")
    found = list(_walk(tmp_path / "link"))
    assert [one.directory for one in found] == [
        os.fsencode(tmp_path / "link"),
        os.fsencode(tmp_path / "link" / "x"),
    ]


def test_the_selection_decides(tmp_path: Path) -> None:
    """Left out: temporary names, sidecars, excluded files; closed directories are named."""
    _make(tmp_path, "a.jpg", "a.xmp", "b.part", "c.gif", "@eaDir/t.jpg", "raw/d.jpg", ".x/e.jpg")
    found = _listings(tmp_path, Selection(exclude=["*.gif", "raw/"]))
    assert list(found) == ["."]
    assert _names(found["."]) == ["a.jpg"]
    assert sorted(found["."].excluded) == [b"a.xmp", b"b.part", b"c.gif"]
    assert sorted(found["."].closed) == [b".x", b"@eaDir", b"raw"]


def test_thumbnails_and_backups_beside_their_originals_are_left_alone(tmp_path: Path) -> None:
    """Also where the quick look at a name's end has seen the same end before."""
    small = ("SYNOFILE_THUMB_M.jpg", "X.photoslibrary/resources/derivatives/1/a.jpg")
    _make(tmp_path, "a.jpg", "a.jpg_original", "Sea.jpg", "X.photoslibrary/originals/b.jpg", *small)
    for root in (tmp_path, tmp_path / "X.photoslibrary"):
        selection = Selection(root=os.fsencode(root))
        list(_walk(root, selection))  # the names' ends are known from now on
        found = _listings(root, selection)
        taken = [name for one in found.values() for name in _names(one)]
        assert sorted(taken) == (["Sea.jpg", "a.jpg", "b.jpg"] if root == tmp_path else ["b.jpg"])


def test_a_step_of_digikam_is_left_alone(tmp_path: Path) -> None:
    """The walk goes by the last letters of most names; these look like any other photo's."""
    _make(tmp_path, "a.jpg", "b.jpg", "BatchTool-x1.digikamtempfile.jpg")
    assert _names(_listings(tmp_path)["."]) == ["a.jpg", "b.jpg"]


def test_patterns_see_the_path_from_the_folder(tmp_path: Path) -> None:
    """Also in a walk that starts deeper."""
    _make(tmp_path, "2024/a.jpg", "2024/05/b.jpg", "2023/c.jpg")
    selection = Selection(["/2024/**"])
    assert [_names(one) for one in _listings(tmp_path, selection).values()] == [
        [],
        [],
        ["a.jpg"],
        ["b.jpg"],
    ]
    assert list(_listings(tmp_path, selection, b"2024/05")) == ["2024/05"]
    assert _names(_listings(tmp_path, selection, b"2024/05")["2024/05"]) == ["b.jpg"]


def test_a_start_in_a_closed_directory_lists_nothing(tmp_path: Path) -> None:
    """An event may come from anywhere."""
    _make(tmp_path, ".stversions/x/a.jpg")
    assert _listings(tmp_path, start=b".stversions/x") == {}


def test_a_start_that_is_a_link_is_not_followed(tmp_path: Path) -> None:
    """Only the folder itself may be one."""
    _make(tmp_path, "real/a.jpg")
    (tmp_path / "link").symlink_to("real")
    assert _listings(tmp_path, start=b"link")["link"].error is not None


def test_a_missing_root_is_a_listing_with_an_error(tmp_path: Path) -> None:
    """And nothing is raised."""
    (only,) = _walk(tmp_path / "gone")
    assert only.error == os.strerror(errno.ENOENT)


def test_a_directory_that_vanishes_during_the_walk(tmp_path: Path) -> None:
    """It has an error, and the walk goes on."""
    _make(tmp_path, "a/x.jpg", "b/y.jpg")
    found = _one_by_one(tmp_path)
    next(found)
    (tmp_path / "a" / "x.jpg").unlink()
    (tmp_path / "a").rmdir()
    first, second = found
    assert (first.error, second.error) == (os.strerror(errno.ENOENT), None)


def test_a_directory_exchanged_for_a_link_is_not_entered(tmp_path: Path) -> None:
    """Between being listed and being opened."""
    _make(tmp_path, "photos/a/x.jpg", "elsewhere/secret.jpg")
    found = _one_by_one(tmp_path / "photos")
    next(found)
    (tmp_path / "photos" / "a").rename(tmp_path / "moved")
    (tmp_path / "photos" / "a").symlink_to(tmp_path / "elsewhere")
    (only,) = found
    assert (only.error is not None, only.entries) == (True, [])


class _Failing:
    """A directory's item that the disk refuses to tell about."""

    def __init__(self, item: os.DirEntry[str], number: int) -> None:
        self._item = item
        self._number = number
        self.name = item.name
        self.is_file = item.is_file
        self.is_dir = item.is_dir

    def stat(self, *, follow_symlinks: bool) -> os.stat_result:
        raise OSError(self._number, os.strerror(self._number))


def _disturb(monkeypatch: pytest.MonkeyPatch, change: Callable[[os.DirEntry[str]], object]) -> None:
    """Let `change` make something else of each item that is listed."""
    scandir = os.scandir

    class Scan:
        def __init__(self, descriptor: int) -> None:
            with scandir(descriptor) as found:
                self._found = map(change, sorted(found, key=lambda item: item.name))

        def __iter__(self) -> Iterator[object]:
            return self._found

        def __next__(self) -> object:
            return next(self._found)

        def close(self) -> None:
            """Nothing is open."""

    monkeypatch.setattr(walking.os, "scandir", Scan)


def test_a_file_that_cannot_be_looked_at_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is neither a candidate nor gone; the others go on."""
    _make(tmp_path, "a.jpg", "bad.jpg", "c.jpg")
    known = _known(_listings(tmp_path)["."])

    def fail(item: os.DirEntry[str]) -> object:
        return _Failing(item, errno.EIO) if item.name == "bad.jpg" else item

    _disturb(monkeypatch, fail)
    listing = _listings(tmp_path)["."]
    assert listing.unreadable == {b"bad.jpg": os.strerror(errno.EIO)}
    assert _names(listing) == ["a.jpg", "c.jpg"]
    assert compare(listing, known, "1").gone == []


def test_a_file_that_vanishes_between_list_and_look_is_gone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """That is no error."""
    _make(tmp_path, "a.jpg", "b.jpg")
    known = _known(_listings(tmp_path)["."])

    def vanish(item: os.DirEntry[str]) -> object:
        return _Failing(item, errno.ENOENT) if item.name == "b.jpg" else item

    _disturb(monkeypatch, vanish)
    listing = _listings(tmp_path)["."]
    assert (listing.error, listing.unreadable) == (None, {})
    assert compare(listing, known, "1").gone == [b"b.jpg"]


def test_a_listing_that_breaks_off_calls_nothing_gone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A disk that fails in the middle of a directory shows half of it."""
    _make(tmp_path, "a.jpg", "b.jpg", "c.jpg")
    known = _known(_listings(tmp_path)["."])

    def break_off(item: os.DirEntry[str]) -> object:
        if item.name == "b.jpg":
            raise OSError(errno.EIO, os.strerror(errno.EIO))
        return item

    _disturb(monkeypatch, break_off)
    listing = _listings(tmp_path)["."]
    assert listing.error == os.strerror(errno.EIO)
    assert compare(listing, known, "1").gone == []


def test_a_known_tree_has_nothing_to_do(tmp_path: Path) -> None:
    """Nothing fresh, nothing gone."""
    _make(tmp_path, "a.jpg", "b.jpg")
    listing = _listings(tmp_path)["."]
    assert compare(listing, _known(listing), "1") == ([], [], [], False)


def test_new_files_are_fresh_in_the_order_of_their_names(tmp_path: Path) -> None:
    """So that an album grows as the camera counted."""
    _make(tmp_path, *(f"IMG_{number:02}.jpg" for number in range(30)))
    listing = _listings(tmp_path)["."]
    fresh = [entry.name for entry in compare(listing, {}, "1").fresh]
    assert fresh == sorted(fresh)
    assert len(fresh) == 30


@pytest.mark.parametrize("change", ["size", "mtime_ns", "inode"])
def test_a_changed_file_is_fresh(tmp_path: Path, change: str) -> None:
    """Any of the three that make the cache key of a fingerprint."""
    _make(tmp_path, "a.jpg")
    listing = _listings(tmp_path)["."]
    (known,) = _known(listing).values()
    other = known._replace(**{change: getattr(known, change) + 1})
    assert [entry.name for entry in compare(listing, {b"a.jpg": other}, "1").fresh] == [b"a.jpg"]


@pytest.mark.parametrize(
    ("covers", "wanted", "is_fresh"),
    [
        ("1 2", "1 2", False),
        ("1 2 3", "1 3", False),
        ("2 1", "1 2", False),
        ("1", "1 2", True),
        ("", "1", True),
        ("11", "1", True),
        ("1", "", False),
    ],
)
def test_a_file_that_lacks_an_account_is_fresh(
    tmp_path: Path, covers: str, wanted: str, is_fresh: bool
) -> None:
    """An account that was added to a folder gets what was there before."""
    _make(tmp_path, "a.jpg")
    listing = _listings(tmp_path)["."]
    assert bool(compare(listing, _known(listing, covers), wanted).fresh) is is_fresh


def test_a_removed_file_is_gone(tmp_path: Path) -> None:
    """And so is one whose name is a directory or a link now."""
    _make(tmp_path, "a.jpg", "b.jpg", "c.jpg", "d.jpg")
    known = _known(_listings(tmp_path)["."])
    for name in ("b.jpg", "c.jpg", "d.jpg"):
        (tmp_path / name).unlink()
    (tmp_path / "c.jpg").mkdir()
    (tmp_path / "d.jpg").symlink_to("a.jpg")
    difference = compare(_listings(tmp_path)["."], known, "1")
    assert difference.gone == [b"b.jpg", b"c.jpg", b"d.jpg"]
    assert difference.fresh == []


def test_an_excluded_file_is_left_out_and_not_gone(tmp_path: Path) -> None:
    """The settings changed, not the disk."""
    _make(tmp_path, "a.jpg", "b.gif")
    known = _known(_listings(tmp_path)["."])
    difference = compare(_listings(tmp_path, Selection(exclude=["*.gif"]))["."], known, "1")
    assert (difference.gone, difference.left_out) == ([], [b"b.gif"])


def test_an_empty_mount_point_calls_nothing_gone(tmp_path: Path) -> None:
    """An unmounted disk leaves an empty directory on another device."""
    _make(tmp_path, "a.jpg")
    listing = _listings(tmp_path)["."]
    known = {
        name: file._replace(device=listing.device + 1) for name, file in _known(listing).items()
    }
    empty = Listing(listing.directory, device=listing.device)
    assert compare(empty, known, "1") == ([], [], [], False)


def test_another_disk_in_the_same_place_calls_nothing_gone(tmp_path: Path) -> None:
    """Its files are fresh, those of the first disk are kept in mind."""
    _make(tmp_path, "new.jpg")
    listing = _listings(tmp_path)["."]
    known = {b"old.jpg": KnownFile(1, 2, 3, listing.device + 1, "1")}
    difference = compare(listing, known, "1")
    assert [entry.name for entry in difference.fresh] == [b"new.jpg"]
    assert (difference.gone, difference.device_moved) == ([], False)


def test_a_disk_with_a_new_number_is_the_same_disk(tmp_path: Path) -> None:
    """One unchanged file proves it; what is missing beside it is gone."""
    _make(tmp_path, "a.jpg", "b.jpg")
    listing = _listings(tmp_path)["."]
    known = {
        name: file._replace(device=listing.device + 1) for name, file in _known(listing).items()
    }
    known[b"old.jpg"] = known[b"a.jpg"]._replace(inode=5)
    difference = compare(listing, known, "1")
    assert (difference.fresh, difference.gone, difference.device_moved) == ([], [b"old.jpg"], True)


def test_files_on_devices_of_their_own_have_not_moved(tmp_path: Path) -> None:
    """An overlay may show a directory on one device and its files on another."""
    _make(tmp_path, "a.jpg")
    listing = _listings(tmp_path)["."]
    overlaid = Listing(listing.directory, device=listing.device + 7, entries=listing.entries)
    difference = compare(overlaid, _known(listing), "1")
    assert (difference.fresh, difference.device_moved) == ([], False)


def test_listings_come_in_batches(tmp_path: Path) -> None:
    """None is lost, each comes as soon as it is full; small directories are not cut."""
    for number, size in enumerate((3, 5, 0, 12, 1, 1)):
        (tmp_path / str(number)).mkdir()
        _make(tmp_path / str(number), *(f"{file}.jpg" for file in range(size)))
    assert _sizes(tmp_path) == [[0, 3, 5], [0, 12], [1, 1]]


def test_many_empty_directories_are_cut_into_batches_too(tmp_path: Path) -> None:
    """A million directories without a photo must not gather in memory."""
    for number in range(10):
        (tmp_path / str(number)).mkdir()
    assert [len(batch) for batch in _sizes(tmp_path)] == [5, 5, 1]


def _sizes(root: Path) -> list[list[int]]:
    """How many candidates each directory of each batch has."""
    found = batches(Roots(), Spot(os.fsencode(root), b""), Scope(Selection()), Step(5))
    return [[len(listing.entries) for listing in batch] for batch in found]


def test_a_large_directory_comes_in_parts(tmp_path: Path) -> None:
    """Memory does not follow it; what lies below it comes after its last part."""
    names = [f"{number:04}.jpg" for number in range(1000)]
    _make(tmp_path, *names, "below/x.jpg")
    start = Spot(os.fsencode(tmp_path), b"")
    *parts, below = walk(Roots(), start, Scope(Selection()), Step(300))
    assert {len(part.entries) for part in parts[:-1]} == {512}
    assert sorted(name for part in parts for name in _names(part)) == names
    assert [(part.is_first, part.is_last) for part in parts] == [(True, False), (False, True)]
    assert _names(below) == ["x.jpg"]


def test_a_step_ends_when_its_time_is_over(tmp_path: Path) -> None:
    """A slow disk holds up nothing else for longer than one look at some names."""
    _make(tmp_path, *(f"{number}.jpg" for number in range(600)), "a/x.jpg", "b/y.jpg")
    seconds = iter(range(100))
    step = Step(seconds=0.5, now=lambda: float(next(seconds)))
    found = list(batches(Roots(), Spot(os.fsencode(tmp_path), b""), Scope(Selection()), step))
    sizes = [sum(len(one.entries) for one in batch) for batch in found]
    assert (len(sizes), sum(sizes)) == (5, 602)
    assert max(sizes) <= 257


def test_a_walk_that_is_given_up_leaves_nothing_open(tmp_path: Path) -> None:
    """Also in the middle of a large directory."""
    _make(tmp_path, *(f"{number}.jpg" for number in range(600)))
    before = os.listdir("/proc/self/fd")
    found = batches(Roots(), Spot(os.fsencode(tmp_path), b""), Scope(Selection()), Step(100))
    next(found)
    assert len(os.listdir("/proc/self/fd")) > len(before)
    found.close()
    assert os.listdir("/proc/self/fd") == before


def test_each_directory_is_watched_before_it_is_listed(tmp_path: Path) -> None:
    """So nothing falls between the two; one that cannot be watched is listed all the same."""
    _make(tmp_path, "a/x.jpg", "b/y.jpg", "c/z.jpg")
    watched = []

    def watch(directory: int, way: bytes) -> None:
        if way == b"b":
            raise OSError(errno.ENOSPC, "no room")
        watched.append(way)
        if way == b"a":
            _make(tmp_path, "a/late.jpg")
        assert os.path.samestat(os.fstat(directory), os.stat(tmp_path / os.fsdecode(way)))

    start = Spot(os.fsencode(tmp_path), b"")
    found = list(walk(Roots(), start, Scope(Selection(), watch=watch)))
    assert watched == [b"", b"a", b"c"]
    assert [_names(one) for one in found] == [[], ["late.jpg", "x.jpg"], ["y.jpg"], ["z.jpg"]]
    errors = [one.unwatched and one.unwatched.errno for one in found]
    assert errors == [None, None, errno.ENOSPC, None]


def test_watches_are_set_without_a_look_at_files(tmp_path: Path) -> None:
    """A walk of directories alone; and one of a single directory."""
    _make(tmp_path, "a/b/x.jpg", "c.jpg")
    start, watched = Spot(os.fsencode(tmp_path), b""), list[bytes]()
    scope = Scope(Selection(), watch=lambda _, way: watched.append(way), has_files=False)
    assert [one.entries for one in walk(Roots(), start, scope)] == [[], [], []]
    assert watched == [b"", b"a", b"a/b"]
    alone = walk(Roots(), start, Scope(Selection(), is_deep=False))
    assert [_names(one) for one in alone] == [["c.jpg"]]


def test_a_root_that_is_exchanged_ends_the_walk(tmp_path: Path) -> None:
    """What is there now is another tree; nothing of it is listed, and nothing is called gone."""
    _make(tmp_path, "photos/a/x.jpg", "photos/b/y.jpg", "other/b/secret.jpg")
    found = _one_by_one(tmp_path / "photos")
    assert [_names(next(found)), _names(next(found))] == [[], ["x.jpg"]]
    (tmp_path / "photos").rename(tmp_path / "old")
    (tmp_path / "other").rename(tmp_path / "photos")
    (last,) = found
    assert last.directory == os.fsencode(tmp_path / "photos")
    assert (last.error, last.entries) == (
        "another directory has taken its place during the walk",
        [],
    )


def test_no_directory_is_open_between_two_batches(tmp_path: Path) -> None:
    """Else its disk could not be unmounted."""
    _make(tmp_path, "a/x.jpg", "b/y.jpg")
    before = os.listdir("/proc/self/fd")
    found = _one_by_one(tmp_path)
    next(found)
    assert os.listdir("/proc/self/fd") == before


def test_the_walk_is_lazy(tmp_path: Path) -> None:
    """The first listing comes before the last directory was looked at."""
    _make(tmp_path, "a/x.jpg")
    found = _one_by_one(tmp_path)
    next(found)
    _make(tmp_path, "a/y.jpg")
    assert _names(next(found)) == ["x.jpg", "y.jpg"]


def test_a_deep_tree_needs_no_deep_stack(tmp_path: Path) -> None:
    """Five hundred levels, deeper than any limit of recursion that matters here."""
    path = os.fsencode(tmp_path)
    for _ in range(500):
        path += b"/d"
        os.mkdir(path)
    begun = time.perf_counter()
    assert sum(1 for _ in _walk(tmp_path)) == 501
    assert time.perf_counter() - begun < 10


@pytest.mark.parametrize(
    ("inode", "mtime_ns"),
    [(2**63 + 5, 4), (2**64 - 1, 4), (5, 2**63 + 10**9), (5, -(2**63) - 10**9)],
)
def test_numbers_of_more_than_63_bits_are_known_again(inode: int, mtime_ns: int) -> None:
    """An inode of a network file system, a photo from the year 2300: not fresh at every walk."""
    entry = Entry(b"a.jpg", 10, mtime_ns, inode, 0, 1)
    listing = Listing(b"/p", device=1, entries=[entry])
    stat = entry.stat
    assert all(-(2**63) <= number < 2**63 for number in (stat.inode, stat.mtime_ns))
    known = {b"a.jpg": KnownFile(stat.size, stat.mtime_ns, stat.inode, 1, "1")}
    assert compare(listing, known, "1") == ([], [], [], False)
    other = {b"a.jpg": known[b"a.jpg"]._replace(inode=stat.inode - 1)}
    assert compare(listing, other, "1").fresh == [entry]

"""Which configured folder a path lies in, by the identity of the directories above it."""

from __future__ import annotations

import os
import threading
import time
from dataclasses import replace
from pathlib import Path

import pytest

from uploadd.files import folder_root, membership
from uploadd.files.folder_root import identity_of
from uploadd.files.membership import Folders
from uploadd.files.standing import us
from uploadd.files.way import look_at_directory
from uploadd.model.configuration import Folder
from uploadd.model.errors import FileVanishedError
from uploadd.model.places import Place
from uploadd.model.roots import AcceptedRoot, accept


def folder(path: Path, name: str = "") -> Folder:
    """A folder whose directory is there."""
    path.mkdir(parents=True, exist_ok=True)
    return Folder(name or path.name, path, ("me",))


def at(path: Path) -> bytes:
    return os.fsencode(path)


@pytest.fixture
def outer(tmp_path: Path) -> Folder:
    return folder(tmp_path / "outer")


@pytest.fixture
def inner(outer: Folder) -> Folder:
    return folder(outer.path / "x/inner")


def test_the_innermost_folder_holds(outer: Folder, inner: Folder, tmp_path: Path) -> None:
    """In either order of the configuration; outside of both, none."""
    for folders in (Folders([outer, inner]), Folders([inner, outer])):
        assert folders.place(at(outer.path / "a.jpg")) == Place(outer, outer.root, b"a.jpg")
        assert folders.place(at(inner.path / "y/a.jpg")) == Place(inner, inner.root, b"y/a.jpg")
        assert folders.place(at(tmp_path / "a.jpg")) == Place(None, at(tmp_path), b"a.jpg")
        assert folders.place_of_directory(inner.root) == Place(inner, inner.root, b"")
        assert folders.place_of_directory(at(outer.path / "x")) == Place(outer, outer.root, b"x")


@pytest.mark.parametrize("spelling", ["real/y/a.jpg", "link/y/a.jpg", "link/../real/y/./a.jpg"])
def test_every_spelling_is_one_path(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, spelling: str
) -> None:
    """The folder's own path, and the way below it; also where a relative path is given."""
    (tmp_path / "real/y").mkdir(parents=True)
    (tmp_path / "link").symlink_to("real")
    camera = Folder("camera", tmp_path / "link", ("me",))
    monkeypatch.chdir(tmp_path)
    for given in (at(tmp_path / spelling), os.fsencode(spelling)):
        place = Folders([camera]).place(given)
        assert (place.folder, place.path) == (camera, at(tmp_path / "link/y/a.jpg"))


def test_a_directory_below_that_is_a_link_lies_elsewhere(outer: Folder, tmp_path: Path) -> None:
    """By what it leads to; the file's own last name is not followed."""
    (tmp_path / "elsewhere").mkdir()
    (outer.path / "away").symlink_to(tmp_path / "elsewhere")
    (outer.path / "a.jpg").symlink_to(tmp_path / "elsewhere/b.jpg")
    folders = Folders([outer])
    assert folders.place(at(outer.path / "away/b.jpg")).folder is None
    assert folders.place(at(outer.path / "a.jpg")).path == at(outer.path / "a.jpg")


def test_what_is_gone_lies_where_it_lay(outer: Folder, inner: Folder) -> None:
    """Of a directory that is not there, those above it tell."""
    place = Folders([outer, inner]).place(at(inner.path / "gone/too/a.jpg"))
    assert (place.folder, place.relative) == (inner, b"gone/too/a.jpg")


def test_a_root_that_cannot_be_looked_at_is_matched_by_its_path(
    outer: Folder, inner: Folder
) -> None:
    """A disk that is away: its files are not taken for those of the folder around it."""
    inner.path.rmdir()
    folders = Folders([outer, inner])
    assert folders.place(at(inner.path / "a.jpg")).folder is inner
    inner.path.symlink_to(inner.path.parent / "nowhere")
    place = Folders([outer, inner]).place(at(inner.path / "a.jpg"))
    assert (place.folder, place.path) == (inner, at(inner.path / "a.jpg"))


def test_what_lies_in_no_folder_is_told_from_the_base(outer: Folder, tmp_path: Path) -> None:
    """The directory of a backfill, as long as the file lies in it."""
    folders, path = Folders([outer]), at(tmp_path / "d/e/a.jpg")
    assert folders.place(path, at(tmp_path / "d")) == Place(None, at(tmp_path / "d"), b"e/a.jpg")
    assert folders.place(path, at(tmp_path / "other")).root == at(tmp_path / "d/e")


def test_a_named_folder_holds_at_home(outer: Folder, inner: Folder, tmp_path: Path) -> None:
    """For what lies in no folder, or in that of the base; not in another one below."""
    web = folder(tmp_path / "web")
    folders = Folders([outer, inner, web])
    named = folders.place(at(tmp_path / "d/a.jpg"), at(tmp_path / "d"), web)
    assert named == Place(web, at(tmp_path / "d"), b"a.jpg", is_named=True)
    assert folders.place(at(outer.path / "x/a.jpg"), at(outer.path / "x"), web).is_named
    assert folders.place(at(inner.path / "a.jpg"), at(outer.path / "x"), web).folder is inner
    assert folders.place(at(inner.path / "a.jpg"), at(inner.path), web).is_named


def test_folders_below_a_directory(outer: Folder, inner: Folder, tmp_path: Path) -> None:
    """Those that lie in it, also where a link leads to it; not itself, nor what is not there."""
    (tmp_path / "link").symlink_to(outer.path)
    gone = Folder("gone", outer.path / "gone", ("me",))
    folders = Folders([outer, inner, gone, folder(tmp_path / "outer2")])
    assert folders.below(at(tmp_path))[:3] == [outer, inner, gone]
    for here in (outer.root, at(tmp_path / "link"), at(outer.path / "x")):
        assert inner in folders.below(here)
        assert outer not in folders.below(here)
    assert folders.below(inner.root) == []


def test_a_folder_below_by_another_mount(
    outer: Folder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is mounted in a directory lies in it, whatever path it is configured by."""
    (tmp_path / "there/mounted").mkdir(parents=True)
    same = identity_of(at(outer.path))
    real = folder_root.identity_of

    def seen(directory: bytes) -> tuple[int, int] | None:
        return same if directory.endswith(b"/mounted") else real(directory)

    for module in (folder_root, membership):
        monkeypatch.setattr(module, "identity_of", seen)
    monkeypatch.setattr(membership, "mounts_below", lambda path: [path + b"/mounted"])
    folders = Folders([outer])
    assert folders.below(at(tmp_path / "there")) == [outer]
    place = folders.place(at(tmp_path / "there/mounted/a.jpg"))
    assert (place.folder, place.path) == (outer, at(outer.path / "a.jpg"))


def test_two_folders_that_are_one(outer: Folder, tmp_path: Path) -> None:
    """The later one does not hold; the same path twice is one as well, there or not."""
    (tmp_path / "link").symlink_to(outer.path)
    link = Folder("link", tmp_path / "link", ("me",))
    assert Folders([outer, link]).same() == [(outer, link)]
    assert Folders([link, outer]).same() == [(link, outer)]
    gone, again = (Folder(name, tmp_path / "gone", ("me",)) for name in ("gone", "again"))
    assert Folders([gone, outer, again]).same() == [(gone, again)]


def test_the_one_that_has_changed_gives_way(outer: Folder, tmp_path: Path) -> None:
    """Whichever is configured first: the settings of the other one held before."""
    away = folder(tmp_path / "away")
    changing = Folder("changing", tmp_path / "link", ("me",))
    changing.path.symlink_to(away.path)
    folders = Folders([changing, outer])
    assert folders.same() == []
    changing.path.unlink()
    changing.path.symlink_to(outer.path)
    assert folders.same() == [(outer, changing)]
    assert folders.holder_instead_of(changing) is outer
    assert folders.holder_instead_of(outer) is None
    assert folders.place(at(changing.path / "a.jpg")).path == at(outer.path / "a.jpg")


def test_a_disk_that_hangs_holds_up_no_other_folder(
    outer: Folder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """While one look hangs, others go by what was seen last."""
    hanging = folder(tmp_path / "hanging")
    folders = Folders([hanging, outer])
    assert folders.place(at(hanging.path / "a.jpg")).folder is hanging
    real, is_hanging, end = folder_root.identity_of, threading.Event(), threading.Event()

    def look(directory: bytes) -> tuple[int, int] | None:
        if directory == hanging.root and not end.is_set():
            is_hanging.set()
            end.wait(20)
        return real(directory)

    monkeypatch.setattr(folder_root, "LOOK_SECONDS", 0.01)
    monkeypatch.setattr(folder_root, "identity_of", look)
    stuck = threading.Thread(target=folders.borders)
    stuck.start()
    assert is_hanging.wait(10)
    assert folders.place(at(outer.path / "a.jpg")).folder is outer
    assert identity_of(hanging.root) in folders.borders()
    end.set()
    stuck.join()
    assert folders.place(at(hanging.path / "a.jpg")).folder is hanging


def test_whoever_looks_first_at_a_disk_that_hangs_is_not_held_up_either(
    outer: Folder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its look goes on by itself; the answer counts when it comes."""
    hanging = folder(tmp_path / "hanging")
    folders = Folders([hanging, outer])
    folders.borders()
    real, end = folder_root.identity_of, threading.Event()

    def look(directory: bytes) -> tuple[int, int] | None:
        if directory == hanging.root:
            end.wait(5)
        return real(directory)

    monkeypatch.setattr(folder_root, "LOOK_SECONDS", 0.01)
    monkeypatch.setattr(folder_root, "identity_of", look)
    begin = time.monotonic()
    assert folders.place(at(outer.path / "a.jpg")).folder is outer
    assert folders.place(at(outer.path / "b.jpg")).folder is outer
    assert time.monotonic() - begin < 4
    end.set()
    monkeypatch.setattr(folder_root, "LOOK_SECONDS", 5)
    (root,) = [one for one in folders._roots if one.folder is hanging]
    with root._looking:
        assert not root._hangs


def test_a_disk_that_hung_and_is_mounted_anew_is_known_by_its_path(
    outer: Folder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What was seen last is another device's number by now; the folder around it holds nothing."""
    inner = folder(outer.path / "disk")
    folders, real = Folders([outer, inner]), folder_root.identity_of
    (root,) = [one for one in folders._roots if one.folder is inner]
    folders.borders()
    assert root._looking.acquire()  # its look does not come back
    monkeypatch.setattr(folder_root, "LOOK_SECONDS", 0.01)
    for module in (folder_root, membership):
        monkeypatch.setattr(
            module,
            "identity_of",
            lambda directory: (99, 2) if directory == inner.root else real(directory),
        )
    assert folders.place(at(inner.path / "a.jpg")).folder is inner


def test_uploadds_own_directory_is_known_by_its_identity(tmp_path: Path, outer: Folder) -> None:
    """A walk ends there, by whatever name; only a folder below it was asked for."""
    inside = folder(tmp_path / "state/incoming")
    (tmp_path / "state/backups").mkdir()
    (tmp_path / "link").symlink_to("state")
    folders = Folders([outer, inside], at(tmp_path / "link"))
    assert folders.borders() == {
        identity_of(at(path)) for path in (outer.path, inside.path, tmp_path / "state")
    }
    names = ("state", "link", "state/backups", "state/incoming", "outer", ".")
    own = [name for name in names if folders.is_own(at(tmp_path / name))]
    assert own == ["state", "link", "state/backups"]
    assert not Folders([outer]).is_own(at(Path.cwd()))


def accepted_at(folder: Folder) -> dict[bytes, AcceptedRoot]:
    """As it is noted when the folder is read."""
    return {folder.root: accept(look_at_directory(folder.root), us())}


@pytest.mark.parametrize("moved", ["x/inner", "x"])
@pytest.mark.parametrize("left", ["nothing", "another", "a link"])
def test_a_folder_that_was_renamed_stays_itself(
    outer: Folder, inner: Folder, moved: str, left: str
) -> None:
    """Nothing of it goes by the settings of the folder around it, whatever stands there now."""
    accepted, identity = accepted_at(inner), identity_of(inner.root)
    folders = Folders([outer, inner], accepted=accepted)
    (outer.path / moved).rename(outer.path / "renamed")
    if left == "another":
        inner.path.mkdir(parents=True)
    elif left == "a link":
        (outer.path / moved).symlink_to("/proc")
    for now in (folders, Folders([outer, inner], accepted=accepted)):
        assert identity in now.borders()
        there = outer.path / "renamed" / inner.path.relative_to(outer.path / moved)
        assert now.place(at(there / "a.jpg")) == Place(inner, inner.root, b"a.jpg")
        assert now.is_astray(inner)
        assert now.place(at(outer.path / "b.jpg")).folder is outer


def test_a_disk_that_is_away_claims_no_other_directory(outer: Folder, inner: Folder) -> None:
    """Its number, and that of its top, may be those of a disk that is mounted elsewhere now."""
    seen = look_at_directory(inner.root)
    gone = replace(inner, name="gone", path=outer.path.parent / "disk")
    accepted = AcceptedRoot(gone.root, -1, seen.inode, seen.owner)
    folders = Folders([outer, gone], accepted={gone.root: accepted})
    assert (-1, seen.inode) not in folders.borders()
    assert not folders.is_astray(gone)


@pytest.mark.parametrize("deep", ["", "y/"])
def test_a_folder_that_is_exchanged_between_two_looks(
    outer: Folder, inner: Folder, deep: str
) -> None:
    """A file was looked for in Mallory's directory, and by then Anna's folder has its place."""
    decoy = outer.path / "x/decoy"
    for place in (inner.path, decoy):
        (place / deep).mkdir(parents=True, exist_ok=True)
        (place / deep / "a.jpg").write_bytes(bytes(place))
    folders = Folders([outer, inner], accepted=accepted_at(inner))
    bait = folders.place(at(decoy / deep / "a.jpg"))
    assert bait.folder is outer
    hers = folders.roots.route(bait.spot, bait.spot)
    os.close(hers.open())
    inner.path.rename(outer.path / "x/third")
    decoy.rename(inner.path)
    (outer.path / "x/third").rename(decoy)
    with pytest.raises(FileVanishedError, match="another one, by now"):
        hers.open()
    annas = folders.place(at(decoy / deep / "a.jpg"))
    assert annas.folder is inner

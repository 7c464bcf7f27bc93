"""Files are reached from the root of their tree, through no symbolic link."""

from __future__ import annotations

import errno
import os
from contextlib import suppress
from pathlib import Path

import pytest

from uploadd.files import beneath
from uploadd.files.beneath import open_beneath
from uploadd.files.reaching import Roots
from uploadd.model.errors import FileUnreadableError, FileVanishedError
from uploadd.model.places import Spot, spot_of


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A tree with a file in it, and one that lies elsewhere."""
    made = tmp_path / "photos"
    (made / "a/b").mkdir(parents=True)
    (made / "a/b/x.jpg").write_bytes(b"mine")
    (tmp_path / "private/b").mkdir(parents=True)
    (tmp_path / "private/b/x.jpg").write_bytes(b"secret")
    return made


@pytest.fixture(params=["openat2", "step by step"])
def way(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """As the kernel can do it, and as older ones must."""
    if request.param == "step by step":
        monkeypatch.setattr(beneath, "_LIBC", None)
    return str(request.param)


def spot(root: Path, relative: str = "a/b/x.jpg") -> Spot:
    return Spot(os.fsencode(root), os.fsencode(relative))


def read(root: Path, relative: str = "a/b/x.jpg") -> bytes:
    descriptor = Roots().route(spot(root, relative)).open()
    with os.fdopen(descriptor, "rb") as file:
        return file.read()


@pytest.mark.usefixtures("way")
def test_a_file_is_reached(root: Path) -> None:
    """Through any number of directories, and where a directory may only be entered."""
    assert read(root) == b"mine"
    (root / "y.jpg").write_bytes(b"too")
    assert read(root, "y.jpg") == b"too"
    assert Roots().route(spot(root)).look().st_size == 4


@pytest.mark.usefixtures("way")
@pytest.mark.parametrize("link", ["a", "a/b", "a/b/x.jpg"])
def test_a_link_on_the_way_is_not_followed(root: Path, link: str) -> None:
    """Wherever it stands, and although what it leads to is there."""
    target = root.parent / "private" / Path(link).relative_to("a")
    (root / link).rename(root.parent / "old")
    (root / link).symlink_to(target)
    assert (root / "a/b/x.jpg").read_bytes() == b"secret"
    route = Roots().route(spot(root))
    for look in (route.open, route.look):
        with pytest.raises(FileVanishedError):
            look()
    assert not Roots().has_directory(spot(root, "a/b")) or link == "a/b/x.jpg"


@pytest.mark.usefixtures("way")
def test_a_link_inside_of_the_tree_is_not_followed_either(root: Path) -> None:
    """It would give a file two paths."""
    (root / "link").symlink_to("a")
    with pytest.raises(FileVanishedError, match="symbolic link"):
        read(root, "link/b/x.jpg")


@pytest.mark.usefixtures("way")
@pytest.mark.parametrize(
    "way_out", ["../private/b/x.jpg", "a/../../private/b/x.jpg", "/etc/passwd"]
)
def test_no_way_leads_out(root: Path, way_out: str) -> None:
    """Whatever a database says that was not written by us."""
    with pytest.raises(FileVanishedError):
        read(root, way_out)


def test_a_root_may_be_a_link(root: Path) -> None:
    """A person configured it so."""
    (root.parent / "link").symlink_to(root)
    assert read(root.parent / "link") == b"mine"


def test_a_directory_that_may_not_be_entered_is_unreadable(root: Path) -> None:
    """And not gone."""
    if os.geteuid() == 0:
        pytest.skip("root may enter every directory")
    (root / "a").chmod(0)
    try:
        with pytest.raises(FileUnreadableError, match=r"chmod \+x"):
            read(root)
    finally:
        (root / "a").chmod(0o700)


def test_two_spots_must_be_one_file(root: Path) -> None:
    """Where it was found, and where its settings say that it lies."""
    (root.parent / "link").symlink_to(root)
    roots, at = Roots(), spot(root.parent / "link")
    assert roots.route(at, spot(root)).look().st_size == 4
    for elsewhere in (spot(root.parent / "private", "b/x.jpg"), spot(root, "a/b/y.jpg")):
        with pytest.raises(FileVanishedError):
            roots.route(at, elsewhere).look()


@pytest.mark.usefixtures("way")
def test_nothing_stays_open(root: Path) -> None:
    """Whether it is reached or not."""
    before = os.listdir("/proc/self/fd")
    (root / "link").symlink_to("a")
    for relative in ("a/b/x.jpg", "link/b/x.jpg", "a/b/gone.jpg", "a/b", "gone/x.jpg"):
        with suppress(FileVanishedError):
            read(root, relative)
    assert os.listdir("/proc/self/fd") == before


def test_where_openat2_is_forbidden_it_goes_step_by_step(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A sandbox that does not know the call answers EPERM, an old kernel ENOSYS."""

    class Refusing:
        def syscall(self, *_: object) -> int:
            beneath.ctypes.set_errno(self.number)
            return -1

    refusing = Refusing()
    monkeypatch.setattr(beneath, "_LIBC", refusing)
    for refusing.number in (errno.EPERM, errno.ENOSYS):  # type: ignore[attr-defined]
        assert read(root) == b"mine"


def test_a_file_whose_directory_became_a_link_is_gone(root: Path) -> None:
    """Whether it is, or its disk is only away, is told by real directories alone."""
    device = root.stat().st_dev
    (root / "a").rename(root.parent / "old")
    (root / "a").symlink_to(root.parent / "private")
    assert Roots().is_gone(spot(root), device)
    assert not Roots().is_gone(spot(root), device + 1)


def test_what_there_is_below_a_root(root: Path) -> None:
    """`spot_of` splits a path at its root; a path that is spelled otherwise has its own."""
    at = os.fsencode(root)
    assert spot_of(at + b"/a/b/x.jpg", at) == Spot(at, b"a/b/x.jpg")
    assert spot_of(at, at) == Spot(at, b"")
    assert spot_of(b"/x/y.jpg", b"/") == Spot(b"/", b"x/y.jpg")
    assert spot_of(b"/x/y.jpg", b"") == Spot(b"/x", b"y.jpg")
    assert spot_of(at + b"2/y.jpg", at) == Spot(at + b"2", b"y.jpg")


def test_a_descriptor_is_open_for_nobody_else(root: Path) -> None:
    """No child inherits it."""
    with Roots().opened(os.fsencode(root)) as directory:
        for relative in (b"a", b"a/b"):
            descriptor = open_beneath(directory, relative, os.O_RDONLY)
            assert not os.get_inheritable(descriptor)
            os.close(descriptor)


def test_a_deep_tree_that_is_gone_ends_nothing(root: Path) -> None:
    """Its files are gone, however many levels up the nearest directory is."""
    deep = spot(root, "/".join(["g"] * 1500) + "/x.jpg")
    device = root.stat().st_dev
    assert Roots().is_on_device(deep.above, device)
    assert not Roots().is_on_device(deep.above, device + 1)
    assert Roots().is_gone(deep, device)

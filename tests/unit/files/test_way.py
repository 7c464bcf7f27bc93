"""Following a path step by step: what is opened, and whose links led there."""

from __future__ import annotations

import errno
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from uploadd.files.way import MOST_LINKS, look_at_directory, open_directory
from uploadd.model.roots import SeenRoot

MALLORY = 4711

needs_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root can give files to others")


def look(path: Path) -> SeenRoot:
    """What is seen at a path."""
    return look_at_directory(os.fsencode(path))


def test_a_plain_path_leads_to_its_directory(tmp_path: Path) -> None:
    """No link, the real path, and the numbers that `stat` tells."""
    there = os.stat(tmp_path)
    real = os.path.realpath(os.fsencode(tmp_path))
    assert look(tmp_path) == SeenRoot(real, there.st_dev, there.st_ino, there.st_uid)


@pytest.mark.parametrize("target", ["photos", "./photos", "deep/../photos", "deep/up/photos", "/"])
def test_a_link_is_followed_and_told(tmp_path: Path, target: str) -> None:
    """Relative, absolute, and by way of other links."""
    (tmp_path / "photos").mkdir()
    (tmp_path / "deep").mkdir()
    (tmp_path / "deep/up").symlink_to("..")
    link = tmp_path / "link"
    link.symlink_to(target)
    seen = look(link)
    assert seen.path == os.path.realpath(os.fsencode(link))
    assert (seen.links[0].path, seen.links[0].target) == (os.fsencode(link), os.fsencode(target))
    there = os.stat(link)
    assert (seen.device, seen.inode) == (there.st_dev, there.st_ino)


def test_a_link_in_the_middle_is_told(tmp_path: Path) -> None:
    """Not only the last name can be exchanged."""
    (tmp_path / "real/photos").mkdir(parents=True)
    (tmp_path / "way").symlink_to(tmp_path / "real")
    seen = look(tmp_path / "way/photos")
    assert [link.path for link in seen.links] == [os.fsencode(tmp_path / "way")]
    assert seen.path == os.fsencode(tmp_path / "real/photos")


@needs_root
def test_the_owner_of_each_link_is_told(tmp_path: Path) -> None:
    """That of the link, not of what it points to."""
    (tmp_path / "photos").mkdir()
    link = tmp_path / "link"
    link.symlink_to("photos")
    os.lchown(link, MALLORY, MALLORY)
    seen = look(link)
    assert (seen.owner, seen.links[0].owner) == (0, MALLORY)


def _loop(place: Path) -> Path:
    place.joinpath("loop").symlink_to("loop")
    return place / "loop"


def _missing(place: Path) -> Path:
    place.joinpath("link").symlink_to("nothing")
    return place / "link"


def _file(place: Path) -> Path:
    place.joinpath("file").write_text("")
    place.joinpath("link").symlink_to("file")
    return place / "link"


@pytest.mark.parametrize(
    ("make", "number"), [(_loop, errno.ELOOP), (_missing, errno.ENOENT), (_file, errno.ENOTDIR)]
)
def test_what_leads_nowhere_answers_as_the_kernel_does(
    tmp_path: Path, make: Callable[[Path], Path], number: int
) -> None:
    """A loop, a missing target, a file; and no descriptor is left open."""
    path = make(tmp_path)
    before = sorted(os.listdir("/proc/self/fd"))
    with pytest.raises(OSError, match=os.strerror(number)) as refused:
        look(path)
    assert refused.value.errno == number
    assert sorted(os.listdir("/proc/self/fd")) == before


def test_as_many_links_are_followed_as_the_kernel_follows(tmp_path: Path) -> None:
    """Forty, and not one more."""
    (tmp_path / "0").mkdir()
    for number in range(1, MOST_LINKS + 2):
        (tmp_path / str(number)).symlink_to(str(number - 1))
    assert len(look(tmp_path / str(MOST_LINKS)).links) == MOST_LINKS
    with pytest.raises(OSError, match=os.strerror(errno.ELOOP)):
        look(tmp_path / str(MOST_LINKS + 1))


def test_what_is_below_can_be_reached_from_the_descriptor(tmp_path: Path) -> None:
    """It is the directory itself, whatever becomes of its path."""
    (tmp_path / "photos").mkdir()
    (tmp_path / "photos/a.jpg").write_text("mine")
    descriptor, _ = open_directory(os.fsencode(tmp_path / "photos"))
    (tmp_path / "photos").rename(tmp_path / "old")
    file = os.open("a.jpg", os.O_RDONLY, dir_fd=descriptor)
    assert os.read(file, 9) == b"mine"
    os.close(file)
    os.close(descriptor)


def test_a_link_of_the_kernels_own_leads_on(tmp_path: Path) -> None:
    """An open directory in /proc; where it leads is told, too."""
    descriptor = os.open(tmp_path, os.O_RDONLY)
    try:
        seen = look_at_directory(b"/proc/self/fd/%d" % descriptor)
    finally:
        os.close(descriptor)
    assert seen.path == os.path.realpath(os.fsencode(tmp_path))
    assert seen.inode == tmp_path.stat().st_ino


@needs_root
def test_a_directory_that_may_only_be_entered_leads_on() -> None:
    """Homes are often so (711): their owner's folders below can be reached all the same."""
    with TemporaryDirectory() as place:  # pytest's own lets nobody else in
        os.chmod(place, 0o711)
        (Path(place) / "home/photos").mkdir(parents=True)
        (Path(place) / "home").chmod(0o711)
        _is_reached_by_another(Path(place) / "home/photos")


def _is_reached_by_another(path: Path) -> None:
    child = os.fork()
    if child == 0:
        code = 1
        try:
            os.setuid(MALLORY)
            code = 0 if look(path).path == os.path.realpath(os.fsencode(path)) else 2
        finally:
            os._exit(code)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0


@needs_root
def test_among_private_users_a_link_is_nobodys() -> None:
    """There every other user looks the same, so nobody's link is trusted as an owner's."""
    looks = "from uploadd.files.accepted import AcceptedRoots; import sys, os;"
    looks += "print(AcceptedRoots({}).why_not(os.fsencode(sys.argv[1])))"
    with TemporaryDirectory() as place:
        (Path(place) / "photos").mkdir()
        (Path(place) / "link").symlink_to("photos")
        os.chown(Path(place) / "photos", MALLORY + 1, MALLORY)
        os.lchown(Path(place) / "link", MALLORY, MALLORY)
        words = ("unshare", "--user", "--map-root-user", sys.executable, "-c", looks)
        told = [
            subprocess.run([*words, f"{place}/{name}"], capture_output=True, text=True, check=False)
            for name in ("photos", "link")
        ]
    if told[0].returncode != 0:
        pytest.skip(f"no user namespace here: {told[0].stderr.strip()}")
    assert told[0].stdout == "None\n"
    assert "by the link" in told[1].stdout

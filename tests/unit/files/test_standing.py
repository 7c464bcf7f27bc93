"""Whom something on the disk belongs to, and reaching it by trusted links alone."""

from __future__ import annotations

import errno
import grp
import os
import pwd
import stat
import subprocess
from pathlib import Path

import pytest

from uploadd.files import standing
from uploadd.files.standing import (
    ForeignLinkError,
    objection_at,
    open_by_own_links,
    standing_of,
    user_of_group,
)

OTHER = 65534
as_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root gives a file away")


def content(path: str | Path) -> bytes:
    """What is read by trusted links."""
    with open(open_by_own_links(path, os.O_RDONLY), "rb") as file:
        return file.read()


def look(path: Path):
    """The objection to what lies at a path, or None."""
    descriptor = open_by_own_links(path, os.O_RDONLY)
    try:
        return objection_at(str(path), standing_of(descriptor))
    finally:
        os.close(descriptor)


def test_own_links_are_followed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Absolute and relative ones, of files and directories, and paths with dots."""
    (tmp_path / "a" / "b").mkdir(parents=True)
    (tmp_path / "a" / "b" / "file").write_bytes(b"x")
    (tmp_path / "relative").symlink_to("a/b")
    (tmp_path / "absolute").symlink_to(tmp_path / "relative")
    (tmp_path / "last").symlink_to("absolute/../b/./file")
    assert content(tmp_path / "last") == b"x"
    monkeypatch.chdir(tmp_path / "a")
    assert content("../absolute/file") == b"x"
    top = open_by_own_links("/", os.O_RDONLY)
    assert os.path.samestat(os.fstat(top), os.stat("/"))
    os.close(top)


def test_what_cannot_be_reached(tmp_path: Path) -> None:
    """As the system says it, and nothing stays open."""
    before = len(os.listdir("/proc/self/fd"))
    (tmp_path / "loop").symlink_to("loop")
    (tmp_path / "file").touch()
    for name, why in (
        ("none", errno.ENOENT),
        ("none/more", errno.ENOENT),
        ("file/more", errno.ENOTDIR),
        ("loop", errno.ELOOP),
        ("loop/more", errno.ELOOP),
    ):
        with pytest.raises(OSError, match=os.strerror(why)):
            open_by_own_links(tmp_path / name, os.O_RDONLY)
    assert len(os.listdir("/proc/self/fd")) == before


@as_root
@pytest.mark.parametrize("where", ["last", "middle/file"])
def test_a_link_of_somebody_else_is_not_followed(tmp_path: Path, where: str) -> None:
    """At the end of the path or on its way; it is named."""
    (tmp_path / "file").touch()
    (tmp_path / "last").symlink_to("file")
    (tmp_path / "middle").symlink_to(".")
    link = tmp_path / where.partition("/")[0]
    os.lchown(link, OTHER, OTHER)
    with pytest.raises(ForeignLinkError, match="a symbolic link of") as caught:
        open_by_own_links(tmp_path / where, os.O_RDONLY)
    assert caught.value.objection.text.startswith(f"is reached by {link}, a symbolic link of ")
    assert caught.value.objection.remedy.endswith(f"chown -h root {link}")


def test_a_pipe_of_the_shell(tmp_path: Path) -> None:
    """`--config <(…)`: a link of the kernel's leads where no path does."""
    reading, writing = os.pipe()
    os.write(writing, b"from a pipe")
    os.close(writing)
    try:
        assert content(f"/dev/fd/{reading}") == b"from a pipe"
    finally:
        os.close(reading)


def test_who_may_write(tmp_path: Path) -> None:
    """The inode's word, whatever lies at the path by then."""
    file = tmp_path / "file"
    file.touch()
    file.chmod(0o600)
    assert look(file) is None
    file.chmod(0o606)
    assert look(file).remedy == f"run: chmod go-w {file}"
    descriptor = os.open(file, os.O_RDONLY)
    file.unlink()
    assert standing_of(descriptor).mode & stat.S_IWOTH
    os.close(descriptor)


@pytest.mark.parametrize("kind", ["vfat", "ext4"])
def test_a_file_system_without_modes(
    tmp_path: Path, kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """There chmod changes nothing, and the remedy says what does."""
    monkeypatch.setattr(standing, "file_system_of", lambda _path: kind)
    file = tmp_path / "file"
    file.touch()
    file.chmod(0o666)
    assert ("umask=022" in look(file).remedy) is (kind == "vfat")


def test_an_access_list_counts(tmp_path: Path) -> None:
    """A user named in it may write, though the group is his owner's alone; chmod ends that."""
    file = tmp_path / "file"
    file.touch()
    file.chmod(0o600)
    entries = [(1, 6, 0xFFFFFFFF), (2, 6, OTHER), (4, 0, 0xFFFFFFFF), (16, 6, 0xFFFFFFFF)]
    entries.append((32, 0, 0xFFFFFFFF))
    packed = b"".join(
        tag.to_bytes(2, "little") + rights.to_bytes(2, "little") + who.to_bytes(4, "little")
        for tag, rights, who in entries
    )
    try:
        os.setxattr(file, "system.posix_acl_access", (2).to_bytes(4, "little") + packed)
    except OSError as error:
        pytest.skip(f"no access lists here: {error.strerror}")
    assert "getfacl" in look(file).text
    place = os.open(file, os.O_PATH)
    assert standing_of(place).has_acl  # a descriptor of O_PATH tells the same
    os.close(place)
    subprocess.run(look(file).remedy.removeprefix("run: "), shell=True, check=True)
    assert look(file) is None


def groups(monkeypatch: pytest.MonkeyPatch, users: dict[str, tuple[int, int]], **members) -> None:
    """A user database: names with user and first group; groups with their members."""
    numbers = {"anna": 1000, "staff": 50, "ben": 1001}
    known = {
        name: pwd.struct_passwd((name, "x", uid, gid, "", "/", ""))
        for name, (uid, gid) in users.items()
    }
    there = {
        numbers[name]: grp.struct_group((name, "x", numbers[name], tuple(inside)))
        for name, inside in members.items()
    }
    monkeypatch.setattr(standing.pwd, "getpwnam", known.__getitem__)
    monkeypatch.setattr(standing.pwd, "getpwall", lambda: list(known.values()))
    monkeypatch.setattr(standing.grp, "getgrgid", there.__getitem__)


@pytest.mark.parametrize(
    ("users", "members", "group", "found"),
    [
        ({"anna": (1000, 1000)}, {"anna": []}, 1000, 1000),
        ({"anna": (1000, 1000)}, {"anna": ["anna"]}, 1000, 1000),
        ({"anna": (1000, 1000)}, {"anna": ["ben"]}, 1000, None),
        ({"anna": (1000, 1000), "ben": (1001, 1000)}, {"anna": []}, 1000, None),
        ({"anna": (1000, 50)}, {"staff": []}, 50, None),
        ({"anna": (1000, 50)}, {"anna": []}, 1000, None),
        ({"anna": (1000, 1000)}, {"anna": []}, 4242, None),  # nobody knows that group
    ],
)
def test_the_group_of_one_user(
    monkeypatch: pytest.MonkeyPatch, users, members, group: int, found: int | None
) -> None:
    """Debian and Fedora give each user one, and let it write what the user makes."""
    groups(monkeypatch, users, **members)
    assert user_of_group(group) == found

"""The directory that a person names for the sandbox: nothing of theirs in it is ever touched."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from uploadd.sandbox import SandboxOptions, build_app
from uploadd.sandbox.directory import MARK, DirectoryRefusedError, alone_in
from uploadd.sandbox.disk import Disk

STRANGER = 65534
needs_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a file away")


def opened(directory: Path) -> Disk:
    """The disk of a sandbox that keeps its photos there."""
    disk: Disk = build_app(SandboxOptions(directory=directory)).state.sandbox.disk
    return disk


def refusal(directory: Path) -> str:
    """What a sandbox says that does not take this directory."""
    with pytest.raises(DirectoryRefusedError) as raised:
        opened(directory)
    text = str(raised.value)
    assert str(directory) in text
    assert "\n" not in text
    return text


def everything_in(directory: Path) -> dict[str, bytes | None]:
    """Every name below a directory, with the content of the files."""
    return {
        str(path.relative_to(directory)): path.read_bytes() if path.is_file() else None
        for path in directory.rglob("*")
    }


@pytest.mark.parametrize(
    "name", ["incoming/holiday.jpg", "incoming/received-00000001", "photos/a.jpg", ".hidden"]
)
def test_a_directory_with_files_of_a_person_is_refused(tmp_path: Path, name: str) -> None:
    """`--dir` once emptied DIR/incoming. Every file is there afterwards, and no other."""
    path = tmp_path / name
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(b"mine")
    before = everything_in(tmp_path)
    told = refusal(tmp_path)
    assert "is not empty" in told
    assert f"--dir {tmp_path}/sandbox" in told
    assert everything_in(tmp_path) == before


def test_the_part_of_the_other_account_is_as_careful(tmp_path: Path) -> None:
    """What a person put into DIR/ipernity is refused, though DIR is the sandbox's."""
    opened(tmp_path)
    for path in (tmp_path / "ipernity").iterdir():
        path.rmdir() if path.is_dir() else path.unlink()
    mine = tmp_path / "ipernity" / "incoming"
    mine.mkdir()
    (mine / "holiday.jpg").write_bytes(b"mine")
    with pytest.raises(DirectoryRefusedError, match="ipernity is not empty"):
        opened(tmp_path)
    assert (mine / "holiday.jpg").read_bytes() == b"mine"


def test_an_empty_or_missing_directory_is_taken(tmp_path: Path) -> None:
    """It is marked, and taken again with what is in it."""
    for directory in (tmp_path, tmp_path / "a" / "b"):
        opened(directory)
        (directory / "photos" / "00000001.jpg").write_bytes(b"kept")
        assert opened(directory).photos == directory / "photos"
        assert (directory / "photos" / "00000001.jpg").read_bytes() == b"kept"
        assert (directory / MARK).is_file()


@pytest.mark.parametrize("written", [b"", None])
def test_a_kill_while_the_mark_is_written(tmp_path: Path, written: bytes | None) -> None:
    """A mark that was begun counts: nothing else can have been made before it was whole."""
    opened(tmp_path / "other")
    text = (tmp_path / "other" / MARK).read_bytes()
    directory = tmp_path / "mine"
    directory.mkdir()
    (directory / MARK).write_bytes(text[:20] if written is None else written)
    assert opened(directory).incoming.is_dir()


@pytest.mark.parametrize("what", ["text", "link", "directory"])
def test_a_mark_that_is_none(tmp_path: Path, what: str) -> None:
    """A name alone proves nothing."""
    mine = tmp_path / "mine"
    (mine / "incoming").mkdir(parents=True)
    (mine / "incoming" / "holiday.jpg").write_bytes(b"mine")
    if what == "text":
        (mine / MARK).write_bytes(b"notes of my own")
    elif what == "directory":
        (mine / MARK).mkdir()
    else:
        opened(tmp_path / "other")
        (mine / MARK).symlink_to(tmp_path / "other" / MARK)
    refusal(mine)
    assert (mine / "incoming" / "holiday.jpg").read_bytes() == b"mine"


def test_only_files_of_its_own_form_are_removed(tmp_path: Path) -> None:
    """Not other names, directories, or links and what they lead to; these are named."""
    disk = opened(tmp_path)
    begun, *others = (
        disk.incoming / name
        for name in ("received-00000001", "20240101", "received-00000002", "received-00000003")
    )
    begun.write_bytes(b"half a photo")
    others[0].write_bytes(b"mine")
    others[1].mkdir()
    (tmp_path / "photos" / "far").write_bytes(b"also mine")
    others[2].symlink_to(tmp_path / "photos" / "far")
    again = opened(tmp_path)
    assert sorted(again.incoming.iterdir()) == sorted(others) == sorted(again.left_alone)
    received = again.receiver(use_threads=False)("a.jpg", "image/jpeg")
    assert received.path.name == "received-00000001"
    other = again.receiver(use_threads=False)("a.jpg", "image/jpeg")
    assert other.path.name == "received-00000004"
    assert (tmp_path / "photos" / "far").read_bytes() == b"also mine"


async def test_a_file_that_lies_there_is_never_written_over(tmp_path: Path) -> None:
    """Not even where it appears after the name was chosen."""
    received = opened(tmp_path).receiver(use_threads=False)("a.jpg", "image/jpeg")
    (tmp_path / "far").write_bytes(b"mine")
    received.path.symlink_to(tmp_path / "far")
    received.take(b"bytes")
    with pytest.raises(FileExistsError):
        await received.finish()
    assert (tmp_path / "far").read_bytes() == b"mine"


@pytest.mark.parametrize("name", ["incoming", "photos", "records.jsonl", "ipernity"])
def test_a_part_that_leads_elsewhere_is_refused(tmp_path: Path, name: str) -> None:
    """A link in place of a part would have the sandbox empty, or write to, what it leads to."""
    sandbox, mine = tmp_path / "sandbox", tmp_path / "mine"
    opened(sandbox)
    part = sandbox / name
    if part.is_dir():
        part.rename(tmp_path / "aside")
        mine.mkdir()
        (mine / "received-00000001").write_bytes(b"mine")
    else:
        mine.write_bytes(b"mine, and no line of records")
    part.symlink_to(mine)
    before = everything_in(tmp_path)
    with pytest.raises(DirectoryRefusedError):
        opened(sandbox)
    assert everything_in(tmp_path) == before


def test_a_directory_behind_a_link_of_ones_own(tmp_path: Path) -> None:
    """Who has the disk elsewhere may link to it."""
    (tmp_path / "big").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "big")
    assert opened(tmp_path / "link").root == tmp_path / "big"


def test_a_directory_that_others_may_write(tmp_path: Path) -> None:
    """They could lay links into it; the command that helps is named."""
    if os.geteuid() == 0:
        os.chown(tmp_path, -1, STRANGER)
    for mode in (0o775, 0o757, 0o1777) if os.geteuid() == 0 else (0o757, 0o1777):
        tmp_path.chmod(mode)
        assert f"chmod go-w {tmp_path}" in refusal(tmp_path)
    tmp_path.chmod(0o755)
    opened(tmp_path)


@needs_root
def test_the_group_of_our_user_alone_is_not_others(tmp_path: Path) -> None:
    """As with a umask of 002."""
    os.chown(tmp_path, 0, 0)
    tmp_path.chmod(0o775)
    opened(tmp_path)


@needs_root
def test_a_directory_of_another_owner(tmp_path: Path) -> None:
    """Empty or marked: whoever owns it reads and changes what the sandbox keeps."""
    os.chown(tmp_path, STRANGER, STRANGER)
    assert "belongs to" in refusal(tmp_path)
    assert list(tmp_path.iterdir()) == []
    os.chown(tmp_path, 0, 0)
    opened(tmp_path)
    os.chown(tmp_path / "incoming", STRANGER, STRANGER)
    with pytest.raises(DirectoryRefusedError, match="incoming belongs to"):
        opened(tmp_path)


@needs_root
def test_a_link_of_another_user(tmp_path: Path) -> None:
    """Whoever made it chooses where the photos go."""
    (tmp_path / "mine").mkdir()
    link = tmp_path / "link"
    link.symlink_to(tmp_path / "mine")
    os.chown(link, STRANGER, STRANGER, follow_symlinks=False)
    assert "link" in refusal(link)
    assert list((tmp_path / "mine").iterdir()) == []


def test_a_file_and_what_the_system_refuses(tmp_path: Path) -> None:
    """One line for each, never a traceback."""
    file = tmp_path / "file"
    file.write_bytes(b"mine")
    assert "is not a directory" in refusal(file)
    refusal(file / "below")
    refusal(tmp_path / ("x" * 300))
    assert file.read_bytes() == b"mine"


def test_records_that_a_power_cut_left_empty(tmp_path: Path) -> None:
    """A file system may leave zeros where lines were; they are named, and nothing is changed."""
    opened(tmp_path)
    (tmp_path / "records.jsonl").write_bytes(b"\0" * 50 + b"\n{}\n")
    assert "is no record" in refusal(tmp_path)
    assert (tmp_path / "records.jsonl").stat().st_size == 54


def test_two_sandboxes_in_one_directory(tmp_path: Path) -> None:
    """The second would remove what the first is receiving."""
    refused = pytest.raises(DirectoryRefusedError, match="another sandbox")
    with alone_in(tmp_path), refused, alone_in(tmp_path):
        pass
    with alone_in(tmp_path), alone_in(None):
        pass


@contextmanager
def umask(mask: int) -> Iterator[None]:
    """The process's umask, for as long as the block runs."""
    before = os.umask(mask)
    try:
        yield
    finally:
        os.umask(before)


async def test_what_it_makes_is_for_its_owner_alone(tmp_path: Path) -> None:
    """Whatever the umask says: a photo in the sandbox may be one that nobody else may see."""
    with umask(0):
        disk = opened(tmp_path / "sandbox")
        disk.records.append("photo", {})
        received = disk.receiver(use_threads=False)("a.jpg", "image/jpeg")
        received.take(b"bytes")
        await received.finish()
    made = [tmp_path / "sandbox", *(tmp_path / "sandbox").rglob("*")]
    assert len(made) > 7
    assert {path.name: oct(mode) for path in made if (mode := shared(path))} == {}


def shared(path: Path) -> int:
    """What others may do with a file."""
    return stat.S_IMODE(path.stat().st_mode) & 0o077

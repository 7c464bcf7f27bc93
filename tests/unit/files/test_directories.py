"""Why a directory cannot be used: what is told of each cause."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from uploadd.files.directories import closed_above, real_path, trouble_with_directory

NOBODY = 65534


@contextmanager
def as_another_user() -> Iterator[None]:
    """Root passes every door; nobody does not."""
    if os.geteuid() != 0:
        yield
        return
    os.seteuid(NOBODY)
    try:
        yield
    finally:
        os.seteuid(0)


@pytest.fixture
def closed(tmp_path: Path) -> Iterator[Path]:
    """A directory that exists, below one that nobody else may enter, as a service sees `/home`."""
    for above in (tmp_path, *tmp_path.parents):
        if above.stat().st_uid == os.geteuid() and above != Path("/"):
            above.chmod(above.stat().st_mode | 0o011)
    (tmp_path / "home" / "anna").mkdir(parents=True)
    (tmp_path / "home").chmod(0)
    yield tmp_path / "home" / "anna"
    (tmp_path / "home").chmod(0o700)


def told_of(path: Path) -> str:
    """Both sentences."""
    trouble = trouble_with_directory(os.fsencode(path))
    assert trouble is not None
    return f"{trouble.text}; {trouble.remedy}"


def test_nothing_is_wrong(tmp_path: Path) -> None:
    """A directory that can be listed, also behind a link."""
    (tmp_path / "link").symlink_to(tmp_path)
    assert trouble_with_directory(os.fsencode(tmp_path / "link")) is None


def test_hidden_is_not_missing(closed: Path) -> None:
    """What a service cannot see is said to be hidden, with the drop-in that shows it."""
    with as_another_user():
        told = told_of(closed)
    assert "hidden" in told
    assert "does not exist" not in told
    assert "ProtectHome" in told
    assert "home-photos.conf" in told


def test_a_closed_directory(closed: Path) -> None:
    """It can be seen, and not read."""
    with as_another_user():
        told = told_of(closed.parent)
        assert "cannot be read by this user; as its owner or root: setfacl -R -m u:" in told
        assert closed_above(os.fsencode(closed)) == os.fsencode(closed.parent)


def test_missing_and_no_directory(tmp_path: Path) -> None:
    """Each has its own word."""
    (tmp_path / "file").touch()
    assert "does not exist; mount the disk" in told_of(tmp_path / "nowhere")
    assert "does not exist" in told_of(tmp_path / "file" / "below")
    assert "is not a directory" in told_of(tmp_path / "file")
    (tmp_path / "loop").symlink_to(tmp_path / "loop")
    assert "cannot be looked at" in told_of(tmp_path / "loop")


def test_a_link_that_goes_while_it_is_followed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The system says "invalid argument" then; it is asked again, and not for ever."""
    (tmp_path / "link").symlink_to("real")
    faults = [OSError(22, "Invalid argument")]
    follow = os.path.realpath

    def followed(path: bytes) -> bytes:
        if faults:
            raise faults.pop()
        return follow(path)

    monkeypatch.setattr(os.path, "realpath", followed)
    assert real_path(os.fsencode(tmp_path / "link")) == os.fsencode(tmp_path / "real")
    faults.extend([OSError(22, "Invalid argument")] * 100)
    assert real_path(os.fsencode(tmp_path / "link")) == os.fsencode(tmp_path / "link")


def test_a_chain_of_links_without_end(tmp_path: Path) -> None:
    """More than Python follows: the path itself is as good as any, and nothing ends."""
    for number in range(1500):
        (tmp_path / f"l{number + 1}").symlink_to(f"l{number}")
    last = os.fsencode(tmp_path / "l1500")
    assert real_path(last) in (last, os.fsencode(tmp_path / "l0"))

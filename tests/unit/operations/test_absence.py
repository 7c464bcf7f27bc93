"""Why a path has no job."""

from __future__ import annotations

import os
import socket
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from unit.operations.records import JPEG, NOW, Records
from uploadd.files.membership import Folders
from uploadd.operations.show.absence import Watchers, why_no_job
from uploadd.operations.show.exclusion import Remark
from uploadd.operations.show.spelling import known_place
from uploadd.store.lock import Holder

NOBODY = Watchers(NOW, None, {})
DAEMON = Holder(5, "run", NOW)


@pytest.fixture
def camera(records: Records) -> Records:
    """A folder with rules and old files."""
    folder = replace(
        records.configuration.folders["camera"],
        include=("*.jpg", "*.png", "!drafts/"),
        exclude=("/raw", "private/", "*.png", "!keep.png", "ΠΡΟΣ*/"),
    )
    records.configuration.folders["camera"] = folder
    for name in ("a.jpg", ".hidden.jpg", "a.part", "a.xmp", "a.gif", "a.png", "keep.png"):
        write(records.path(name))
    for name in (
        "drafts/x/a.jpg",
        "προσωπικά/a.jpg",
        "raw/a.jpg",
        "x/private/a.jpg",
        "@eaDir/a.jpg",
        ".git/a.jpg",
    ):
        write(records.path(name))
    return records


def write(path: Path) -> None:
    """A file that has rested for long."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(JPEG)


def remark(records: Records, name: str, watchers: Watchers = NOBODY) -> Remark:
    """Why the file of this name has no job."""
    folders = Folders(records.configuration.folders.values())
    return why_no_job(known_place(None, folders, os.fsencode(records.path(name))), watchers)


@pytest.mark.parametrize(
    ("name", "code", "word"),
    [
        ("a.jpg", "unseen", "nothing runs"),
        ("keep.png", "unseen", "nothing runs"),
        (".hidden.jpg", "temporary", "hidden"),
        ("a.part", "temporary", "finished"),
        ("a.xmp", "sidecar", "belongs"),
        ("a.gif", "not-included", "camera"),
        ("drafts/x/a.jpg", "not-included", '"!drafts/"'),
        ("προσωπικά/a.jpg", "excluded", '"ΠΡΟΣ*/"'),
        ("a.png", "excluded", '"*.png"'),
        ("raw/a.jpg", "excluded", '"/raw"'),
        ("x/private/a.jpg", "excluded", '"private/"'),
        ("@eaDir/a.jpg", "closed", "@eaDir"),
        (".git/a.jpg", "closed", "hidden"),
        ("nothing.jpg", "missing", "no such file"),
        ("a.jpg/nothing.jpg", "missing", "no such file"),
        ("raw", "excluded", "raw"),
        ("x", "directory", "directory"),
        (".", "directory", "directory"),
    ],
)
def test_the_rule_that_decides_is_named(camera: Records, name: str, code: str, word: str) -> None:
    """The pattern itself, where it is one."""
    found = remark(camera, name)
    assert found.code == code
    assert word in found.text


def test_a_file_outside_of_every_folder_can_be_backfilled(camera: Records, tmp_path: Path) -> None:
    """The command is named; for a directory as well."""
    write(tmp_path / "b.jpg")
    for path in (tmp_path / "b.jpg", tmp_path):
        found = remark(camera, str(path))
        assert found.code == "outside"
        assert f"uploadd backfill {tmp_path}`" in found.remedy


def test_links_are_not_followed(camera: Records) -> None:
    """Neither a file nor a directory below a folder."""
    camera.path("link.jpg").symlink_to(camera.path("a.jpg"))
    camera.path("dir").symlink_to(camera.path("x"))
    write(camera.path("x/b.jpg"))
    assert remark(camera, "link.jpg").code == "link"
    assert remark(camera, "dir/b.jpg").code == "unseen"  # of x, where the file is


def test_what_is_no_regular_file_is_said(camera: Records, monkeypatch: pytest.MonkeyPatch) -> None:
    """A socket that is called a photo."""
    monkeypatch.chdir(camera.photos)  # a socket's path may not be long
    with socket.socket(socket.AF_UNIX) as unix:
        unix.bind("s.jpg")
        assert remark(camera, "s.jpg").code == "not-regular"


def test_a_file_that_rests_not_long_enough_is_told_so(camera: Records) -> None:
    """How long it has to rest is the folder's."""
    seconds = camera.path("a.jpg").stat().st_ctime + 2
    found = remark(camera, "a.jpg", Watchers(seconds, None, {}))
    assert "must rest for 5 s" in found.text


def test_a_file_that_is_open_for_writing_is_told_so(camera: Records) -> None:
    """As far as the kernel tells."""
    with camera.path("a.jpg").open("ab"):
        text = remark(camera, "a.jpg", Watchers(NOW + 1e9, None, {})).text
    assert "open for writing" in text


def test_a_file_of_which_the_kernel_tells_nothing_may_be_open(
    camera: Records, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Another user's: its close may still be waited for, ten minutes at most."""
    monkeypatch.setattr("uploadd.operations.show.absence.is_open_for_writing", lambda _: None)
    changed = camera.path("a.jpg").stat().st_ctime
    late = remark(camera, "a.jpg", Watchers(changed + 100, None, {})).text
    assert "if a program still writes it, that is waited for, 600 s at most" in late
    assert "still writes" not in remark(camera, "a.jpg", Watchers(changed + 601, None, {})).text


@pytest.mark.parametrize(
    ("row", "holder", "word"),
    [
        ({}, Holder(5, "backfill", NOW), "a backfill runs (pid 5)"),
        (None, DAEMON, "not walked this folder yet"),
        ({"last_rescan": None}, DAEMON, "not walked this folder yet"),
        ({"degraded": "too few watches"}, DAEMON, "too few watches"),
        ({}, DAEMON, "in 3,500 s"),
    ],
)
def test_when_it_would_be_seen_depends_on_who_looks(
    camera: Records, row: dict[str, Any] | None, holder: Holder, word: str
) -> None:
    """By whom, and when at the latest."""
    known = {"watch": "inotify", "degraded": "", "last_rescan": NOW + 1e9 - 100}
    rows = {} if row is None else {"camera": known | row}
    assert word in remark(camera, "a.jpg", Watchers(NOW + 1e9, holder, rows)).text


def test_a_folder_that_is_not_walked_again_says_so(camera: Records) -> None:
    """rescan_seconds = 0."""
    folder = replace(camera.configuration.folders["camera"], rescan_seconds=0.0)
    camera.configuration.folders["camera"] = folder
    rows = {"camera": {"watch": "inotify", "degraded": "", "last_rescan": NOW}}
    text = remark(camera, "a.jpg", Watchers(NOW + 1e9, DAEMON, rows)).text
    assert "does not walk again" in text


def test_the_innermost_folder_decides(camera: Records) -> None:
    """What the one around it leaves out does not matter, nor what that one would take."""
    inner = replace(camera.configuration.folders["camera"], name="raw", path=camera.path("raw"))
    camera.configuration.folders["raw"] = inner
    found = remark(camera, "raw/a.jpg")
    assert found.code == "unseen"
    assert "folder raw" in found.text
    camera.configuration.folders["raw"] = replace(inner, include=("*.gif",), exclude=())
    found = remark(camera, "raw/a.jpg")
    assert found.code == "not-included"
    assert "folder raw" in found.text

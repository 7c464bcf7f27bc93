"""Which rule of a folder keeps a path from being a candidate."""

from __future__ import annotations

import os
from dataclasses import dataclass

from uploadd.files.opening import printable
from uploadd.intake.selection import Choice, Selection, is_entered
from uploadd.model.configuration import Folder
from uploadd.model.walks import NOT_INCLUDED, PatternKey


@dataclass(frozen=True, slots=True)
class Remark:
    """Something that a person should know of a path. `code` is for programs."""

    code: str
    text: str
    remedy: str = ""

    def as_json(self) -> dict[str, str]:
        """Its part of `why --json`."""
        return {"code": self.code, "text": self.text, "remedy": self.remedy}


def exclusion(folder: Folder, root: bytes, relative: bytes) -> Remark | None:
    """Why a walk of `folder` leaves out the file at `relative`; None where it does not."""
    return _by_directory(folder, root, os.path.dirname(relative)) or _by_name(folder, relative)


def closed_directory(folder: Folder, root: bytes, relative: bytes) -> Remark | None:
    """Why a walk of `folder` does not go into the directory at `relative`; None where it does."""
    return _by_directory(folder, root, relative)


def _by_directory(folder: Folder, root: bytes, relative: bytes) -> Remark | None:
    selection = Selection(folder.include, folder.exclude, root)
    parts = relative.split(b"/") if relative else []
    for depth in range(1, len(parts) + 1):
        directory = b"/".join(parts[:depth])
        shown = printable(os.path.join(root, directory))
        if os.path.islink(os.path.join(root, directory)):
            text = f"{shown} is a symbolic link, and those are not followed below a folder"
            return Remark("link", text, "make a folder of the directory that it points to")
        if not is_entered(os.path.join(root, directory)):
            return _closed_by_name(shown, parts[depth - 1])
        if not selection.enters(directory):
            return _closed_by_pattern(folder, shown, selection, directory)
    return None


def _closed_by_name(shown: str, name: bytes) -> Remark:
    kind = "hidden" if name.startswith(b".") else "a bin, a snapshot, or of thumbnails or a program"
    text = f"the directory {shown} is not entered: it is {kind}"
    return Remark("closed", text, "move the file to another directory, or rename this one")


def _closed_by_pattern(folder: Folder, shown: str, selection: Selection, at: bytes) -> Remark:
    _, pattern = selection.deciding(at, is_directory=True)
    return _excluded(folder, f"the directory {shown}", pattern)


def _by_name(folder: Folder, relative: bytes) -> Remark | None:
    name = os.path.basename(relative)
    selection = Selection(folder.include, folder.exclude)
    match selection.verdict(relative, name):
        case Choice.TEMPORARY:
            text = "its name says that it is hidden or not finished yet"
            return Remark("temporary", text, "it is taken as soon as it has another name")
        case Choice.SIDECAR:
            text = "its name says that it belongs to another file or to a program"
            return Remark("sidecar", text, "nothing to do; if it is a photo, rename it")
        case Choice.EXCLUDED:
            return _by_pattern(folder, selection.deciding(relative))
        case _:
            return None


def _by_pattern(folder: Folder, decision: PatternKey) -> Remark:
    key, pattern = decision
    if key == "exclude":
        return _excluded(folder, "it", pattern)
    text = f"no pattern in include of folder {folder.name} matches it"
    if decision != NOT_INCLUDED:
        text = f'it is taken back by "{pattern}" in include of folder {folder.name}'
    return Remark("not-included", text, f"change folders.{folder.name}.include if it is wanted")


def _excluded(folder: Folder, what: str, pattern: str) -> Remark:
    text = f'{what} is left out by "{pattern}" in exclude of folder {folder.name}'
    return Remark("excluded", text, f"change folders.{folder.name}.exclude if it is wanted")

"""Whether somebody else may have linked a file to where it was found, by its open directory."""

from __future__ import annotations

import os
import shlex

from uploadd.files.opening import printable
from uploadd.files.standing import standing_of, user_name
from uploadd.model.errors import FileLinkedError
from uploadd.model.ownership import may_be_planted


def check_links(seen: os.stat_result, directory: int, path: bytes) -> None:
    """Raise `FileLinkedError` where the file may have been planted (blocking).

    `seen`: what the file system says of it; `directory`: the open one that it was reached from;
    `path`: for people. The rule is `may_be_planted`.
    """
    if seen.st_nlink == 1:  # asks no more of the disk for nearly every file
        return
    if not may_be_planted(seen.st_nlink, seen.st_uid, standing_of(directory), os.geteuid()):
        return
    name = printable(path)
    text = (
        f"{name} is one of {seen.st_nlink} hard links to a file of user {user_name(seen.st_uid)},"
        " and others may write in its directory: one of them may have linked it there"
    )
    here, copy = shlex.quote(name), shlex.quote(f"{name}.part")
    # Others may have laid a link there, under the copy's name: it is not to be written through.
    command = f"cp -pT --remove-destination {here} {copy} && mv -T {copy} {here}"
    raise FileLinkedError(text, f"if it belongs there, make it a file of its own: {command}")

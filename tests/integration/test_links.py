"""A directory that becomes a link under a daemon, as the one who may write there would do it."""

from __future__ import annotations

import os
from collections.abc import Callable
from hashlib import sha256

from integration.processes import JPEG, Desk, wait_until

MakeDesk = Callable[..., Desk]


def test_a_directory_that_becomes_a_link_shows_nobody_s_files(make_desk: MakeDesk) -> None:
    """`mkdir x; cp bait.jpg x/secret.jpg; mv x .y; ln -s /private x`, before and after a walk."""
    desk = make_desk()
    private = desk.home / "private"
    private.mkdir(mode=0o700)
    secrets = {JPEG + name.encode() for name in ("secret.jpg", "later.jpg")}
    for secret in secrets:
        (private / os.fsdecode(secret.removeprefix(JPEG))).write_bytes(secret)
    with desk.started("run"):
        wait_until(lambda: desk.log().count("folder.walked") == 1, 20, "the first walk")
        desk.add("x/secret.jpg")
        directory = desk.photos / "x"
        os.rename(directory, desk.photos / ".y")
        directory.symlink_to(private)
        desk.add("y/secret.jpg")
        wait_until(lambda: len(desk.kept()) >= 1, 20, "the second bait is there")
        os.rename(desk.photos / "y", desk.photos / ".z")
        (desk.photos / "y").symlink_to(private)
        desk.add("end.jpg")
        wait_until(lambda: "end" in titles(desk), 20, "what came last is there")
    with desk.started("run"):
        wait_until(lambda: desk.log().count("folder.walked") == 2, 20, "another walk")
    assert titles(desk) == {"secret", "end"}
    assert desk.kept().keys().isdisjoint(sha256(secret).hexdigest() for secret in secrets)


def titles(desk: Desk) -> set[str]:
    """What is on the account."""
    desk.sandbox.settle()
    return {photo.title for photo in list(desk.sandbox.photos)}

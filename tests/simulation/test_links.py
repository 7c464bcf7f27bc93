"""A directory that becomes a symbolic link: nothing that it leads to is sent, whenever it happens.

Whoever may write in a folder exchanges one of its directories for a link to a directory that only
uploadd's user may read, with a file of the same name, size and time in it.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest

from simulation.test_whose_settings import PUBLIC, Nested
from simulation.world import JPEG

BAIT = JPEG + b"bait"
SECRET = JPEG + b"priv"
CALLS = ("open", "stat", "lstat", "scandir", "readlink")
STAYS = 10**6
"""The link stays for more questions than there are."""


class Exchange:
    """Puts a link in a directory's place before the n-th question to the file system.

    It takes it away again `lasts` questions later.
    """

    def __init__(self, directory: Path, target: Path, begins: int, lasts: int) -> None:
        self._directory = directory
        self._target = target
        self._begins, self._ends = begins, begins + lasts
        self.asked = 0

    def count(self) -> None:
        """One question more."""
        self.asked += 1
        if self.asked == self._begins:
            self._directory.rename(self._directory.with_name(".y"))
            self._directory.symlink_to(self._target)
        elif self.asked == self._ends:
            self._directory.unlink()
            self._directory.with_name(".y").rename(self._directory)

    def watch(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """Count what Python code asks of the photos: by a path to them, or from a descriptor."""
        for name in CALLS:
            monkeypatch.setattr(os, name, self._counted(getattr(os, name)))

    def _counted(self, call: Callable[..., Any]) -> Callable[..., Any]:
        photos = os.fsencode(self._directory.parents[1])

        def ask(what: Any, *args: Any, **kwargs: Any) -> Any:
            is_here = isinstance(what, int) or "dir_fd" in kwargs
            if not self._is_at_work and (is_here or os.fsencode(what).startswith(photos)):
                self._is_at_work = True
                try:
                    self.count()
                finally:
                    self._is_at_work = False
            return call(what, *args, **kwargs)

        return ask

    _is_at_work = False


def lay(directory: Path) -> Nested:
    """A public folder, and beside it a private directory."""
    directory.mkdir()
    world = Nested(directory)
    world.lay("cam", photo=PUBLIC)
    bait = world.add("cam/x/secret.jpg", BAIT).stat()
    private = directory / "private"
    private.mkdir(mode=0o700)
    (private / "secret.jpg").write_bytes(SECRET)
    os.utime(private / "secret.jpg", ns=(bait.st_atime_ns, bait.st_mtime_ns))
    return world


def is_sent(world: Nested) -> bool:
    """Whether the private file is on the account."""
    world.sandbox.settle()
    return sha256(SECRET).hexdigest() in {photo.sha256 for photo in world.sandbox.photos}


def by_a_backfill_of_the_folder(world: Nested) -> None:
    world.take_in(world.photos / "cam")


def by_a_backfill_of_a_directory(world: Nested) -> None:
    """Which lies in no folder: nothing but its root says what belongs to it."""
    world.folders = []
    world.take_in(world.photos)


WAYS = [by_a_backfill_of_the_folder, by_a_backfill_of_a_directory]
LASTS = [STAYS, 1, 2, 3]

# Every run begins at each fourth question, with each length at another one, so that each question
# is met. All of them by hand, with EVERY_CASE=1 in the environment.
STEP = 1 if os.environ.get("EVERY_CASE") else len(LASTS)


def play(directory: Path, way: Callable[[Nested], None], begins: int, lasts: int) -> int:
    """One run with its exchange, after which nothing private was sent; how much was asked."""
    world = lay(directory)
    link, private = world.photos / "cam/x", world.photos.with_name("private")
    exchange = Exchange(link, private, begins, lasts)
    with pytest.MonkeyPatch.context() as monkeypatch:
        exchange.watch(monkeypatch)
        way(world)
    assert not is_sent(world), begins
    return exchange.asked


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("lasts", LASTS)
def test_whenever_the_directory_becomes_a_link(
    tmp_path: Path, way: Callable[[Nested], None], lasts: int
) -> None:
    """Before each question to the file system in turn, for good or for a moment."""
    asked = play(tmp_path / "undisturbed", way, STAYS, STAYS)
    assert asked > 20
    for begins in range(1 + LASTS.index(lasts) % STEP, asked + 1, STEP):
        play(tmp_path / str(begins), way, begins, lasts)


@pytest.mark.parametrize("lasts", [STAYS, 2])
def test_a_link_to_another_folder_gives_nothing_its_settings(tmp_path: Path, lasts: int) -> None:
    """What lies in a private folder goes by that one's settings alone."""
    asked = 40
    for begins in range(1, asked, 3):
        world = lay(tmp_path / str(begins))
        private = world.photos.with_name("private")
        world.lay("own", private)
        exchange = Exchange(world.photos / "cam/x", private, begins, lasts)
        with pytest.MonkeyPatch.context() as monkeypatch:
            exchange.watch(monkeypatch)
            world.take_in(world.photos / "cam")
            world.take_in(private)
        secret = sha256(SECRET).hexdigest()
        world.sandbox.settle()
        shown = [photo.is_public for photo in world.sandbox.photos if photo.sha256 == secret]
        assert shown == [False], begins

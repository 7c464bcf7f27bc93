"""What people do to a folder, drawn by dice: each act changes the disk, and the kernel tells of it.

Directories that a person closes are opened for the time of an act, as if somebody else than the
user of uploadd did it: nothing of uploadd runs meanwhile.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from random import Random

from simulation.ear import Kernel
from simulation.scene import Scene
from simulation.world import JPEG

MOST_DIRECTORIES = 12
MOST_LEVELS = 4


class Acts:
    """Draws acts and does them. `is_told_late`: events may be lost, and an overflow says so.

    `gone`: the paths that a file has left, or where its disk was another; only jobs of these may
    be `vanished`. `story`: what was done.
    """

    def __init__(self, scene: Scene, kernel: Kernel, dice: Random) -> None:
        self._scene = scene
        self._kernel = kernel
        self._dice = dice
        self._root = scene.photos
        self._outside = scene.photos.with_name("outside")
        self._away = scene.photos.with_name("away")
        self._closed: list[int] = []
        self._count = 0
        self.has_overflows = True
        self.gone: set[bytes] = set()
        self.story: list[str] = []
        self._outside.mkdir()

    def one(self) -> None:
        """Do one thing."""
        acts: dict[Callable[[], None], int] = {
            self._write: 40,
            self._make: 10,
            self._move: 14,
            self._move_out: 6,
            self._move_in: 8,
            self._rename: 8,
            self._rewrite: 4,
            self._remove: 6,
            self._copy_album: 8,
            self._close_one: 5,
            self._open_one: 8,
            self._take_away: 4,
            self._bring_back: 8,
        }
        if self.has_overflows:
            acts[self._miss_some] = 6
        self._do(self._dice.choices(list(acts), list(acts.values()))[0])

    def end(self) -> None:
        """Everything that was taken away comes back."""
        with self._all_open():
            pass
        self._open_all()
        self._bring_back()

    def close(self) -> None:
        """Let go of what is held."""
        for descriptor in self._closed:
            os.close(descriptor)
        self._closed.clear()

    def _do(self, act: Callable[[], None]) -> None:
        if act in (self._close_one, self._open_one, self._bring_back, self._take_away):
            act()
            return
        with self._all_open():
            act()

    def _tell(self, *words: object) -> None:
        self.story.append(" ".join(map(str, words)))

    def _directories(self, top: Path | None = None) -> list[Path]:
        """Those of the folder, the root among them, in the order of their names."""
        top = top or self._root
        return sorted(Path(one) for one, _, _ in os.walk(top)) if top.is_dir() else []

    def _files(self) -> list[Path]:
        return sorted(one for one in self._root.rglob("*.jpg") if one.is_file())

    def _draw(self, some: list[Path]) -> Path | None:
        return self._dice.choice(some) if some else None

    def _new(self, directory: Path, end: str = "") -> Path:
        self._count += 1
        return directory / f"{self._count}{end}"

    def _content(self) -> bytes:
        return JPEG + self._dice.randbytes(60)

    def _write(self) -> None:
        directory = self._draw(self._directories())
        if directory is not None:
            path = self._kernel.write(self._new(directory, ".jpg"), self._content())
            self._tell("write", path)

    def _rewrite(self) -> None:
        path = self._draw(self._files())
        if path is not None:
            self._scene.change(path, self._content())
            self._kernel.closed(path)
            self._tell("rewrite", path)

    def _rename(self) -> None:
        path, directory = self._draw(self._files()), self._draw(self._directories())
        if path is not None and directory is not None:
            self._leave(path)
            self._tell("rename", path, self._kernel.move(path, self._new(directory, ".jpg")))

    def _make(self) -> None:
        directory = self._draw(self._directories())
        if directory is not None and self._has_room(directory):
            self._tell("make", self._kernel.make(self._new(directory)))

    def _has_room(self, directory: Path) -> bool:
        levels = len(directory.relative_to(self._root).parts)
        return len(self._directories()) < MOST_DIRECTORIES and levels < MOST_LEVELS

    def _copy_album(self) -> None:
        """As `cp -a` and rsync do for another user: closed until all is there."""
        above = self._draw(self._directories())
        if above is None or not self._has_room(above):
            return
        album = self._kernel.make(self._new(above))
        self._kernel.write(self._new(album, ".jpg"), self._content())
        inner = self._kernel.make(self._new(album))
        self._kernel.write(self._new(inner, ".jpg"), self._content())
        self._shut(inner if self._dice.random() < 0.5 else album)
        self._tell("copy, still closed", album)

    def _move(self) -> None:
        path = self._draw(self._directories()[1:])
        if path is None:
            return
        targets = [one for one in self._directories() if not one.is_relative_to(path)]
        target = self._new(self._dice.choice(targets))
        self._leave(path)
        self._tell("move", path, self._kernel.move(path, target))

    def _move_out(self) -> None:
        path = self._draw(self._directories()[1:])
        if path is not None:
            self._leave(path)
            self._tell("move out", path, self._kernel.move(path, self._new(self._outside)))

    def _move_in(self) -> None:
        path = self._draw(sorted(self._outside.iterdir()))
        target = self._draw(self._directories())
        if path is not None and target is not None:
            self._tell("move in", path, self._kernel.move(path, self._new(target)))

    def _remove(self) -> None:
        path = self._draw([*self._files(), *self._directories()[1:]])
        if path is not None:
            self._leave(path)
            self._kernel.remove(path)
            self._tell("remove", path)

    def _leave(self, path: Path) -> None:
        """What is at a path, or below it, goes."""
        below = path.rglob("*.jpg") if path.is_dir() else [path]
        self.gone.update(os.fsencode(one) for one in below)

    def _miss_some(self) -> None:
        """The kernel's queue runs over."""
        self._kernel.is_silent = True
        self._tell("the kernel is silent")
        acts = (self._write, self._make, self._move, self._move_in, self._move_out, self._rename)
        for _ in range(self._dice.randint(1, 5)):
            self._dice.choice(acts)()
        self._kernel.is_silent = False
        self._kernel.overflow()
        self._tell("overflow")

    def _take_away(self) -> None:
        """The root is not there any more, and nothing in its place."""
        if self._away.exists() or not self._root.is_dir():
            return
        way = self._dice.choice(("renamed", "unmounted"))
        if way == "renamed":
            self._kernel.move(self._root, self._away)
        else:
            with self._all_open():
                self._kernel.unmount(self._root, self._away)
            self._root.rmdir()  # as an automounter does
        self._tell("taken away:", way)

    def _bring_back(self) -> None:
        if not self._away.exists():
            return
        if self._root.is_dir():
            with self._all_open():
                self._leave(self._root)
                self._root.rename(self._new(self._outside, "-was-in-place"))
        self._away.rename(self._root)
        self._tell("brought back")

    def _close_one(self) -> None:
        path = self._draw(self._directories()[1:])
        if path is not None:
            self._shut(path)
            self._tell("close", path)

    def _shut(self, path: Path) -> None:
        self._closed.append(os.open(path, os.O_RDONLY | os.O_DIRECTORY))
        path.chmod(0)

    def _open_one(self) -> None:
        if self._closed:
            descriptor = self._closed.pop(self._dice.randrange(len(self._closed)))
            os.fchmod(descriptor, 0o755)
            os.close(descriptor)
            self._tell("open one")

    def _open_all(self) -> None:
        for descriptor in self._closed:
            os.fchmod(descriptor, 0o755)
        self.close()

    @contextmanager
    def _all_open(self) -> Iterator[None]:
        for descriptor in self._closed:
            os.fchmod(descriptor, 0o755)
        yield
        for descriptor in self._closed:
            os.fchmod(descriptor, 0)

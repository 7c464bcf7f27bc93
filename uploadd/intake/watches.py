"""Which directory each of the kernel's watches is of."""

from __future__ import annotations

from uploadd.intake.kernel import Ear


class Watches:
    """The watches of one folder, set by its walks: each walk says anew where a directory is.

    A directory that was moved keeps its watch, so its way is that of the last walk which came to
    it. `watch` is called from a disk thread.
    """

    def __init__(self, ear: Ear) -> None:
        self.ear = ear
        self._ways: dict[int, tuple[bytes, int]] = {}
        self._walk = 0

    def __len__(self) -> int:
        return len(self._ways)

    def watch(self, directory: int, way: bytes) -> None:
        """Watch an open directory. Raises `OSError`."""
        self._ways[self.ear.watch(directory)] = (way, self._walk)

    def way_of(self, number: int) -> bytes | None:
        """Where the directory of a watch was when a walk last came to it."""
        found = self._ways.get(number)
        return None if found is None else found[0]

    def drop(self, number: int) -> None:
        """The kernel has ended a watch."""
        self._ways.pop(number, None)

    def begin_walk(self) -> None:
        """A walk of the whole folder begins."""
        self._walk += 1

    def end_walk(self) -> None:
        """It has ended: a directory that no walk came to since is not in the folder any more."""
        for number, (_, walk) in list(self._ways.items()):
            if walk < self._walk:
                self.ear.unwatch(number)
                self.drop(number)

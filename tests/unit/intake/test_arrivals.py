"""Candidates of several trees are looked at in turn."""

from __future__ import annotations

import asyncio
from types import SimpleNamespace
from typing import Any, cast

from uploadd.files.membership import Folders
from uploadd.intake.arrivals import Arrivals
from uploadd.intake.tree import Roster, Tree, plain_folder

FLOOD = 50


class _Clock:
    """Stands still; whoever waits for something to come ends the run."""

    def __init__(self, ended: asyncio.Event) -> None:
        self._ended = ended

    def monotonic(self) -> float:
        return 0.0

    async def wait(self, woken: asyncio.Event, seconds: float | None) -> bool:
        if seconds is None:  # no large file is read
            return await woken.wait()
        for _ in range(10):
            await asyncio.sleep(0)
            if woken.is_set():
                return True
        self._ended.set()
        return True


class _Looks(Arrivals):
    """Notes what is looked at. Each look into the flood brings another file there."""

    def __init__(self, runtime: Any) -> None:
        super().__init__(
            cast("Any", None), runtime, cast("Any", SimpleNamespace(folders=Folders([])))
        )
        self.looked: list[bytes] = []

    async def _look_at(self, tree: Tree, paths: list[bytes]) -> None:
        self.looked += paths
        if tree.root == b"/flood" and len(self.looked) < FLOOD:
            see(tree, b"/flood/%d.jpg" % len(self.looked))
        self.woken.set()


def see(tree: Tree, path: bytes) -> None:
    """A file that is due at once."""
    tree.settler.saw(path, 0.0, 0.0, is_own_clock=True)


def test_a_flood_in_one_folder_holds_up_no_other() -> None:
    """Whoever makes files faster than they are looked at held up every other folder."""

    async def run() -> list[bytes]:
        ended = asyncio.Event()
        arrivals = _Looks(cast("Any", SimpleNamespace(clock=_Clock(ended))))
        roster = Roster(lambda _names: (), lambda _names: False)
        arrivals.trees = [Tree(root, plain_folder(root), roster) for root in (b"/flood", b"/other")]
        see(arrivals.trees[0], b"/flood/0.jpg")
        see(arrivals.trees[1], b"/other/a.jpg")
        await arrivals.run(ended)
        return arrivals.looked

    looked = asyncio.run(run())
    assert len(looked) == FLOOD
    assert looked.index(b"/other/a.jpg") == 1


def test_a_flood_does_not_hold_up_the_end() -> None:
    """It ends after the files that it is looking at."""

    async def run() -> list[bytes]:
        ended = asyncio.Event()
        arrivals = _Looks(cast("Any", SimpleNamespace(clock=_Clock(ended))))
        roster = Roster(lambda _names: (), lambda _names: False)
        arrivals.trees = [Tree(b"/flood", plain_folder(b"/flood"), roster)]
        see(arrivals.trees[0], b"/flood/0.jpg")
        running = asyncio.create_task(arrivals.run(ended))
        for _ in range(3):
            await asyncio.sleep(0)
        assert arrivals.looked
        ended.set()
        await running
        return arrivals.looked

    assert len(asyncio.run(run())) < FLOOD

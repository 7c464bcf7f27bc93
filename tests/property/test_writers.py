"""Whoever writes another user's file, however slowly: it is not taken before he is done.

The kernel does not say whether such a file is open. What is certain: a writer whose birth was seen
may pause for ten minutes; any other for `UNPROVEN` seconds; and one who opens a file that was
closed, and writes nothing for `QUIET` seconds, cannot be noticed.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from hypothesis import given
from hypothesis import strategies as st

from uploadd.files.fingerprint import Stat
from uploadd.intake.candidate import MOST_BIRTH_SECONDS
from uploadd.intake.settle import Gone, Settled, Settler
from uploadd.model.events import Sign

QUIET, UNPROVEN = 5.0, 30.0
SLACK = 0.1
"""Looks are spaced, and the kernel's file times lag behind by a tick."""
WALL = 1_700_000_000.0
PATH = b"/p/a.jpg"


@dataclass
class Scene:
    """One file of another user, those who write it, and what the settler makes of it.

    `least`: how long the file rests at least before it is taken, by what could be known.
    """

    is_own_clock: bool
    now: float = 1000.0
    settler: Settler = field(default_factory=Settler)
    inode: int = 0
    size: int = 0
    changed: float = 0.0
    writers: int = 0
    is_creator_at_work: bool = False
    is_birth_known: bool = False
    has_one_close: bool = False
    closed_at: float = 0.0
    settled: list[Stat] = field(default_factory=list)

    @property
    def stat(self) -> Stat | None:
        at = round((WALL + self.changed) * 1e9)
        return Stat(1, self.inode, self.size, at, at) if self.inode else None

    @property
    def least(self) -> float:
        if self.is_birth_known and self.is_creator_at_work:
            return MOST_BIRTH_SECONDS
        return QUIET if self.has_one_close else UNPROVEN

    def act(self, action: str) -> None:
        getattr(self, action)()

    def create(self) -> None:
        """Whatever was at the path is replaced; its writers write in a file without a name."""
        self.inode, self.size, self.changed = self.inode + 1, 0, self.now
        self.writers, self.is_creator_at_work, self.is_birth_known = 0, True, True
        self.has_one_close = False
        self._hear(Sign.BORN)

    def open(self) -> None:
        """Nobody tells of it."""
        self.writers += bool(self.inode)

    def write(self) -> None:
        """Nobody tells of it either."""
        if self.is_creator_at_work or self.writers:
            self.size, self.changed = self.size + 1, self.now
            # Before the first look at what was closed, it passes for what was closed.
            self.has_one_close &= self.now - self.closed_at <= SLACK

    def close(self) -> None:
        """The creator's at last, the others' first."""
        if not self.is_creator_at_work and not self.writers:
            return
        if self.writers:
            self.writers -= 1
            # Whose close it is, nobody knows: the creator may still be at work.
            self.has_one_close = self.is_creator_at_work and self.is_birth_known
        else:
            self.is_creator_at_work = False
            self.has_one_close = self.is_birth_known
        self.is_birth_known, self.closed_at = False, self.now
        self._hear(Sign.CLOSED)

    def arrive(self) -> None:
        """A file that somebody may have open takes this name."""
        self.inode, self.size, self.changed = self.inode + 1, 1, self.now
        self.is_creator_at_work = self.is_birth_known = self.has_one_close = False
        self.writers = 1
        self._hear(Sign.ARRIVED)

    def see(self) -> None:
        """A walk comes by."""
        if self.inode:
            self._hear(None)

    def lose(self) -> None:
        """Events are lost, and the walk that follows sees what is there."""
        self.is_birth_known = self.has_one_close = False
        self.settler.doubt_closes(self.now)
        self.see()

    def pass_time(self, until: float) -> None:
        """Let the settler look whenever it wants to."""
        while (due := self.settler.next_due()) is not None and due <= until:
            self.now = max(self.now, due)
            for _ in self.settler.due(self.now):
                self.look()
        self.now = max(self.now, until)

    def look(self) -> None:
        outcome = self.settler.observe(PATH, self.stat, WALL + self.now, self.now, None)
        assert not isinstance(outcome, Gone)
        if isinstance(outcome, Settled):
            assert outcome.stat == self.stat
            assert self.now - self.changed >= self.least - SLACK
            self.settled.append(outcome.stat)

    def _hear(self, sign: Sign | None) -> None:
        own = self.is_own_clock
        seconds = {"unproven_seconds": UNPROVEN, "is_own_clock": own, "sign": sign}
        self.settler.saw(PATH, self.now, QUIET, **seconds)  # type: ignore[arg-type]


ACTIONS = st.sampled_from(
    ["create", "open", "write", "write", "write", "close", "close", "arrive", "see", "lose"]
)
PAUSES = st.one_of(st.floats(0, 12), st.floats(20, 45), st.floats(500, 700))
STEPS = st.lists(st.tuples(PAUSES, ACTIONS), min_size=1, max_size=25)


@given(STEPS, st.booleans())
def test_nothing_is_taken_while_its_writer_may_go_on(
    steps: list[tuple[float, str]], is_own_clock: bool
) -> None:
    """Not sooner than what is known of the writers allows, and in the end in any case."""
    scene = Scene(is_own_clock)
    for pause, action in steps:
        scene.pass_time(scene.now + pause)
        scene.act(action)
    scene.see()
    scene.pass_time(scene.now + MOST_BIRTH_SECONDS + UNPROVEN)
    assert len(scene.settler) == 0
    assert not scene.inode or scene.settled[-1] == scene.stat


@given(st.lists(st.floats(0, 590), max_size=8), st.floats(0, 10))
def test_a_slow_copy_is_taken_once(pauses: list[float], seen_after: float) -> None:
    """Whatever it pauses between its birth and its close; then within the quiet time."""
    scene = Scene(is_own_clock=True)
    scene.create()
    for pause in pauses:
        scene.pass_time(scene.now + pause)
        scene.write()
    scene.pass_time(scene.now + seen_after)
    scene.close()
    scene.pass_time(scene.now + QUIET + SLACK)
    assert scene.settled == [scene.stat]

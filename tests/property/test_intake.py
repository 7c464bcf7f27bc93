"""Whatever happens to files, none settles too soon, and none is forgotten."""

from __future__ import annotations

from dataclasses import dataclass, field

from hypothesis import given
from hypothesis import strategies as st

from uploadd.files.fingerprint import Stat
from uploadd.intake.comparing import compare
from uploadd.intake.listings import Entry, Listing
from uploadd.intake.selection import Choice, Selection, judge
from uploadd.intake.settle import MOST_OPEN_WAIT_SECONDS, Gone, Settled, Settler
from uploadd.model.sightings import KnownFile

QUIET = 5.0
SLACK = 0.1
"""What clocks may be off without counting as a jump, over the length of these scenes."""

PATHS = (b"/p/a.jpg", b"/p/b.jpg", b"/p/c.jpg")


@dataclass
class File:
    """One file of the scene. Times are those of the monotonic clock."""

    version: int = 0
    changed: float = 0.0
    ctime: float = 0.0
    mtime: float = 0.0
    exists: bool = False
    is_open: bool = False

    def stat(self) -> Stat | None:
        if not self.exists:
            return None
        return Stat(1, 1, self.version, round(self.mtime * 1e9), round(self.ctime * 1e9))


@dataclass
class Scene:
    """Files, the settler that looks at them, and both clocks."""

    is_own_clock: bool
    now: float = 1000.0
    wall_offset: float = 1_700_000_000.0
    settler: Settler = field(default_factory=Settler)
    files: dict[bytes, File] = field(default_factory=lambda: {path: File() for path in PATHS})
    settled: dict[bytes, Stat] = field(default_factory=dict)
    first_looks: dict[bytes, float] = field(default_factory=dict)
    looks: int = 0

    @property
    def wall(self) -> float:
        return self.wall_offset + self.now

    def act(self, action: str, path: bytes) -> None:
        file = self.files[path]
        if action in ("write", "write-back-dated", "open"):
            file.version += 1
            file.changed, file.ctime = self.now, self.wall
            file.mtime = self.wall - 1e6 if action == "write-back-dated" else self.wall
            file.exists, file.is_open = True, action == "open"
        elif action == "delete":
            file.exists = file.is_open = False
        if file.exists and action != "write":  # a write in an open file makes no event
            self.see(path)

    def see(self, path: bytes) -> None:
        self.settled.pop(path, None)
        if path not in self.settler:
            self.first_looks.pop(path, None)
        self.settler.saw(path, self.now, QUIET, is_own_clock=self.is_own_clock)

    def pass_time(self, until: float) -> None:
        """Let the settler look whenever it wants to."""
        while (due := self.settler.next_due()) is not None and due <= until:
            self.now = max(self.now, due)
            for path in self.settler.due(self.now):
                self.look(path)
        self.now = max(self.now, until)

    def look(self, path: bytes) -> None:
        self.looks += 1
        file = self.files[path]
        first_look = self.first_looks.setdefault(path, self.now)
        stat = file.stat()
        outcome = self.settler.observe(path, stat, self.wall, self.now, file.is_open)
        if isinstance(outcome, Settled):
            assert outcome.stat == stat
            assert not file.is_open
            if not self.is_own_clock or file.changed >= first_look or self.wall_offset == 1.7e9:
                assert self.now - file.changed >= QUIET - SLACK
            self.settled[path] = outcome.stat
        elif isinstance(outcome, Gone):
            assert stat is None
        else:
            assert outcome.due > self.now


ACTIONS = st.sampled_from(["write", "write-back-dated", "open", "close", "delete", "see"])
STEPS = st.lists(
    st.tuples(st.floats(0, 8), ACTIONS, st.sampled_from(PATHS)), min_size=1, max_size=30
)


def _play(scene: Scene, steps: list[tuple[float, str, bytes]], jumps: dict[int, float]) -> None:
    for number, (pause, action, path) in enumerate(steps):
        scene.pass_time(scene.now + pause)
        scene.wall_offset += jumps.get(number, 0.0)
        if action == "close":
            scene.files[path].is_open = False
        if action in ("close", "see"):
            scene.see(path)
        else:
            scene.act(action, path)


def _let_settle(scene: Scene) -> None:
    """Every file is closed, and then nothing more happens."""
    for path, file in scene.files.items():
        if file.is_open:
            file.is_open = False
            scene.see(path)
    looks = scene.looks
    scene.pass_time(scene.now + 2 * QUIET + MOST_OPEN_WAIT_SECONDS)
    assert scene.looks - looks <= 5 * len(PATHS)


@given(STEPS, st.booleans())
def test_nothing_settles_too_soon_and_everything_settles(
    steps: list[tuple[float, str, bytes]], is_own_clock: bool
) -> None:
    """Never sooner than the quiet time after the last change; in the end, all that was seen."""
    scene = Scene(is_own_clock)
    _play(scene, steps, {})
    _let_settle(scene)
    assert len(scene.settler) == 0
    assert scene.settler.next_due() is None
    for path, file in scene.files.items():
        if path in scene.settled and file.exists:
            assert scene.settled[path].size <= file.version


@given(STEPS, st.integers(0, 29), st.floats(-1e9, 1e9))
def test_a_clock_that_jumps_spoils_nothing_that_was_observed(
    steps: list[tuple[float, str, bytes]], when: int, seconds: float
) -> None:
    """A change between two looks counts, whatever the wall clock says of it."""
    scene = Scene(is_own_clock=True)
    _play(scene, steps, {when: seconds})
    _let_settle(scene)
    assert len(scene.settler) == 0


@given(STEPS)
def test_what_was_seen_last_is_what_settles(steps: list[tuple[float, str, bytes]]) -> None:
    """Where every change is followed by a sighting, the last content is the settled one."""
    scene = Scene(is_own_clock=True)
    _play(scene, [step for step in steps if step[1] != "write"], {})
    _let_settle(scene)
    for path, file in scene.files.items():
        assert scene.settled.get(path, None) == file.stat() or not file.exists


NAMES = st.sampled_from([b"a.jpg", b"b.jpg", b"c.jpg", b"d.jpg"])
FILES = st.builds(
    KnownFile,
    size=st.integers(0, 1),
    mtime_ns=st.integers(0, 1),
    inode=st.integers(1, 2),
    device=st.integers(1, 2),
    covers=st.sampled_from(["", "1", "1 2"]),
)


def _entry(name: bytes, file: KnownFile, device: int) -> Entry:
    """`file` as a walk shows it."""
    return Entry(name, file.size, file.mtime_ns, file.inode, 0, device)


@given(
    st.dictionaries(NAMES, FILES),
    st.dictionaries(NAMES, FILES),
    st.sets(NAMES),
    st.booleans(),
    st.integers(1, 2),
)
def test_a_comparison_accounts_for_every_name(
    known: dict[bytes, KnownFile],
    there: dict[bytes, KnownFile],
    excluded: set[bytes],
    has_error: bool,
    device: int,
) -> None:
    """Each name is fresh, known, gone, left out, or kept in mind, and no two of these."""
    shown = {name: file for name, file in there.items() if name not in excluded}
    listing = Listing(
        b"/p",
        device=device,
        entries=[_entry(name, file, device) for name, file in shown.items()],
        excluded=dict.fromkeys(excluded, Choice.SIDECAR),
        error="the disk failed" if has_error else None,
    )
    difference = compare(listing, known, "1")
    fresh = {entry.name for entry in difference.fresh}
    assert fresh <= shown.keys()
    for name in shown.keys() - fresh:
        assert known[name][:3] == shown[name][:3]
        assert "1" in known[name].covers
    assert set(difference.left_out) == known.keys() & excluded
    assert set(difference.gone) <= known.keys() - shown.keys() - excluded
    if has_error:
        assert difference.gone == []
    elif all(file.device == device for file in known.values()):
        assert set(difference.gone) == known.keys() - shown.keys() - excluded
        assert not difference.device_moved


@given(st.dictionaries(NAMES, FILES), st.dictionaries(NAMES, FILES))
def test_what_was_done_is_not_to_be_done_again(
    known: dict[bytes, KnownFile], there: dict[bytes, KnownFile]
) -> None:
    """Once the store has taken a difference in, the same listing makes none."""
    entries = [_entry(name, file, 1) for name, file in there.items()]
    listing = Listing(b"/p", device=1, entries=entries)
    difference = compare(listing, known, "1")
    after = {name: file for name, file in known.items() if name not in difference.gone}
    after = {name: file._replace(device=1) for name, file in after.items()}
    for entry in difference.fresh:
        after[entry.name] = KnownFile(entry.size, entry.mtime_ns, entry.inode, 1, "1")
    again = compare(listing, after, "1")
    assert (again.fresh, again.device_moved) == ([], False)


@given(st.binary(min_size=1, max_size=30).filter(lambda name: b"/" not in name))
def test_every_name_has_one_verdict(name: bytes) -> None:
    """Any bytes at all, twice the same, and patterns that want everything change nothing."""
    choice = judge(name)
    assert choice is not Choice.EXCLUDED
    assert choice is judge(name)
    assert Selection().verdict(name, name) is choice
    assert Selection(["*", "*.jpg"]).verdict(b"x/" + name, name) is choice
    wanted = choice if choice is not Choice.TAKE else Choice.EXCLUDED
    assert Selection(exclude=["x/*"]).verdict(b"x/" + name, name) is wanted

"""What is remembered of a file that has not settled, and how long it must rest. Pure.

How long is enough follows from what is known of the file's writers (`Candidate.quiet_for`):

- The kernel says whether anybody has it open (a lease, `files/openness.py`): `quiet_seconds`.
- It does not say so (another user's file, a network): what the watch tells of the path counts.
  - BORN: whoever made the file has it open. It waits for the CLOSED, at most
    `MOST_BIRTH_SECONDS` of quiet: the program may hang, or the event be lost.
  - CLOSED after BORN: `quiet_seconds`, until the file changes or is closed once more. Then
    somebody has opened it whom no event tells of (`curl -C -`, a second writer).
  - Everything else: `unproven_seconds`. Nothing was seen (a walk, a restart, lost events); or the
    file ARRIVED under this name, and what was known of another name is not known of this one; or
    it has several links, and may be written, or be made, under another name without a close here.
- It lacks its end (`hold`): `unfinished_seconds`, unless it changes.

A writer that no sign tells of and that pauses for longer than this is not noticed.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum, auto

from uploadd.files.fingerprint import Stat
from uploadd.model.events import Sign

MOST_BIRTH_SECONDS = 600.0
"""So long a file may rest without a close, whose birth was seen."""

CHANGES_OF_RESTLESS = 2
"""After so many looks that showed a change a file is one that keeps changing."""


class Writer(Enum):
    """What the watch tells of whoever writes a file."""

    UNKNOWN = auto()
    AT_WORK = auto()  # it was born, and not closed yet
    DONE = auto()  # it was born and closed, and is since as it was


@dataclass(slots=True)
class Unrest:
    """Why a path may never come to rest. Kept until it was read to its end, or has gone.

    `since`: the first look at it (monotonic). `changes`: how many looks in a row showed a change;
    `disturbed`: how often it had settled, and changed while it was read. `is_unfinished`: it
    lacks its end.
    """

    since: float
    is_open: bool = False
    is_unfinished: bool = False
    changes: int = 0
    disturbed: int = 0

    @property
    def is_restless(self) -> bool:
        """One change may be the last: that file only rests out its quiet time."""
        is_changing = self.changes + self.disturbed >= CHANGES_OF_RESTLESS
        return self.is_open or self.is_unfinished or is_changing


@dataclass(slots=True)
class Candidate:
    """What is remembered of a path between two looks. `due` is None while somebody looks.

    `closed`: the file at the first look after its close. `unfinished`: what lacked its end.
    """

    quiet_seconds: float
    unproven_seconds: float
    is_own_clock: bool
    due: float | None
    stat: Stat | None = None
    quiet_since: float = 0.0
    looked_at: float = 0.0
    idle_looks: int = 0
    was_seen_again: bool = False
    writer: Writer = Writer.UNKNOWN
    closed: Stat | None = None
    unfinished: Stat | None = None
    unfinished_seconds: float = 0.0

    def hear(self, sign: Sign | None) -> None:
        """The watch has told of the path; None: nothing of its writers."""
        if sign is Sign.BORN:
            self.writer = Writer.AT_WORK
        elif sign is Sign.CLOSED and self.writer is Writer.AT_WORK:
            self.writer, self.closed = Writer.DONE, None
        elif sign is not None:
            self.writer = Writer.UNKNOWN

    def compare_with_closed(self, stat: Stat) -> None:
        """A change after the close is that of another writer."""
        if self.writer is not Writer.DONE:
            return
        if self.closed is None:
            self.closed = stat
        elif not stat.same_content_as(self.closed):
            self.writer = Writer.UNKNOWN

    def is_proven(self, stat: Stat, is_open: bool | None) -> bool:
        """Whether anything but the quiet time says that nobody writes."""
        return is_open is not None or (self.writer is Writer.DONE and stat.links == 1)

    def quiet_for(self, stat: Stat, is_open: bool | None) -> float:
        """For how many seconds it must be the same."""
        seconds = self.quiet_seconds
        if not self.is_proven(stat, is_open):
            seconds = max(seconds, self.unproven_seconds)
            if self.writer is Writer.AT_WORK and stat.links == 1:
                seconds = max(seconds, MOST_BIRTH_SECONDS)
        return max(seconds, self.unfinished_seconds) if stat == self.unfinished else seconds

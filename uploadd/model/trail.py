"""What a job has been through: how often it was tried, and how doubtful its outcome is."""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum


class Doubt(StrEnum):
    """How thoroughly the service must be asked before this content is sent again."""

    NONE = "none"  # nothing was sent, or absence was shown
    BRIEF = "brief"  # the service said no after the whole body: one look-up
    FULL = "full"  # nobody knows: looks spread over the whole window


@dataclass(frozen=True, slots=True)
class Trail:
    """The counters and the doubt of a job. It is carried over from state to state.

    `attempts` are sends that got a verdict about the file, or none. `polls`: how often its present
    ticket was asked for; `ticket_failures`: how many of its tickets failed. `looks` were answered
    and found nothing, `unanswered` questions were refused by the service. `uncertain_since`: when
    the doubt began (unix seconds); for a replacement, it stays as long as an earlier send may have
    arrived.
    """

    attempts: int = 0
    polls: int = 0
    ticket_failures: int = 0
    doubt: Doubt = Doubt.NONE
    looks: int = 0
    unanswered: int = 0
    uncertain_since: float | None = None

    def tried(self) -> Trail:
        """One more attempt."""
        return replace(self, attempts=self.attempts + 1)

    def doubted(self, doubt: Doubt, since: float | None = None) -> Trail:
        """It may be there: no look has shown anything of that yet."""
        return replace(self, doubt=doubt, looks=0, unanswered=0, uncertain_since=since)

    def without_doubt(self) -> Trail:
        """Whether it is there is known."""
        return self.doubted(Doubt.NONE)

    def may_have_arrived(self, now: float) -> Trail:
        """A replacement may have reached its photo, now or by an earlier send."""
        since = now if self.uncertain_since is None else self.uncertain_since
        return replace(self, uncertain_since=since)


NEW = Trail()
"""Nothing was tried, or a person or a new file begins it anew."""

"""How a backfill ends: its exit code, its numbers, and who goes on with what is left."""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import IntEnum
from typing import Any

from uploadd.model.left_alone import NOTHING_LEFT_ALONE, LeftAlone
from uploadd.model.pauses import ActivePause
from uploadd.operations.backfill.remaining import AccountSum, json_groups
from uploadd.operations.backfill.summary import Snapshot


class Ending(IntEnum):
    """The exit codes of a backfill (design section 7)."""

    DONE = 0
    FAILED = 1
    WOULD_WAIT = 75
    CREDENTIALS = 77
    INTERRUPTED = 130
    TERMINATED = 143


@dataclass(frozen=True, slots=True)
class Finished:
    """How a backfill ended, and with which numbers.

    `left_to`: the process that goes on with what is left; None: none does now. `requests`: the
    rows by which it was handed over. `accounts`: what each account has, and what it has not.
    `left_alone`: what was not looked at.
    """

    ending: Ending
    snapshot: Snapshot
    pauses: tuple[tuple[str, ActivePause], ...] = ()
    left_to: int | None = None
    requests: tuple[int, ...] = ()
    accounts: tuple[AccountSum, ...] = ()
    left_alone: LeftAlone = NOTHING_LEFT_ALONE

    @property
    def has_seen_all(self) -> bool:
        """Whether the walks came to an end, and took in all that they came to."""
        is_complete = not self.snapshot.settling and not self.snapshot.is_walking
        left = self.left_alone
        return is_complete and not left.unread_directories and not left.not_named

    @property
    def is_everything_there(self) -> bool:
        """Whether each account has every file that was found, excluded ones included."""
        has_groups = any(one.groups for one in self.accounts)
        return self.has_seen_all and not self.left_alone.excluded and not has_groups

    def strictly(self) -> Finished:
        """The same for `--strict`: 1 in the place of 0 where not everything is there."""
        if self.ending is Ending.DONE and not self.is_everything_there:
            return replace(self, ending=Ending.FAILED)
        return self

    def as_json(self) -> dict[str, Any]:
        """The object that `backfill --json` prints (design section 7)."""
        return {
            **self.snapshot.as_json(),
            "not_on_account": [
                group for one in self.accounts for group in json_groups(one.name, one.groups)
            ],
            **self.left_alone.as_json(),
        }

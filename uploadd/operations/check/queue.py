"""What stands in the database and needs a person: pauses, failures, orphans."""

from __future__ import annotations

from collections.abc import Iterator
from math import ceil

from sqlite_utils import Database

from uploadd.intake.presence import away_reason, away_remedy
from uploadd.model.configuration import Configuration
from uploadd.model.numbers import counted, number
from uploadd.model.outcomes import STALE_TAG, STALE_TAG_REMEDY
from uploadd.model.pauses import ActivePause
from uploadd.model.states import TERMINAL, State
from uploadd.operations.check.findings import Finding, warning
from uploadd.operations.show.status import holding
from uploadd.store import accounts, grounds, overview
from uploadd.store.accounts import AccountRow


def standing(db: Database, configuration: Configuration, now: float) -> Iterator[Finding]:
    """Disks that are away, pauses that hold, failed files, and jobs that nobody will ever do."""
    for ground in grounds.away(db):
        if ground.folder in configuration.folders:
            yield warning(f"folders.{ground.folder}", away_reason(ground), away_remedy(ground))
    for row in accounts.all_accounts(db):
        counts = overview.counts_of_account(db, row.id)
        if row.label in configuration.accounts:
            for pause in holding(db, row.id, now):
                yield _paused(row, pause, now)
            if row.adopt_since is not None:
                yield _to_adopt(row)
        elif any(number for state, number in counts.items() if state not in TERMINAL):
            yield _orphaned(row, counts)
        if counts.get(State.FAILED):
            yield _failed(row, counts[State.FAILED])
        stale = overview.stale_tags(db, row.id)
        if stale:
            yield _stale(row, len(stale))


def _paused(row: AccountRow, pause: ActivePause, now: float) -> Finding:
    end = pause.until
    left = f", for another {number(ceil(end - now))} s" if end is not None and end > now else ""
    text = f"paused{left}: {pause.text}"
    return warning(
        f"accounts.{row.label}", text, pause.remedy or "nothing to do: it ends by itself"
    )


def _to_adopt(row: AccountRow) -> Finding:
    text = (
        "it may have photos that the database knows nothing of, because that was restored or"
        " replaced; what it does not know is looked up before it is sent, which takes its time"
    )
    return warning(f"accounts.{row.label}", text, f"`uploadd adopt --account {row.label}`")


def _orphaned(row: AccountRow, counts: dict[State, int]) -> Finding:
    waiting = sum(number for state, number in counts.items() if state not in TERMINAL)
    name = row.label or row.identity
    jobs = counted(waiting, "job waits", "jobs wait")
    text = f"{jobs} for account {name}, which is not in the configuration"
    return warning("accounts", text, "put the account back, under its old name")


def _stale(row: AccountRow, count: int) -> Finding:
    text = f"{counted(count, 'photo')} may have a tag that tells of a content that was replaced"
    remedy = f"`uploadd jobs --code {STALE_TAG}` lists what was replaced; {STALE_TAG_REMEDY}"
    return warning(f"accounts.{row.label or row.identity}", text, remedy)


def _failed(row: AccountRow, count: int) -> Finding:
    subject = f"accounts.{row.label or row.identity}"
    what = counted(count, "file has failed", "files have failed")
    remedy = (
        "`uploadd jobs --state failed` says why; `uploadd retry --failed` tries again,"
        " `uploadd ignore` puts aside what is not wanted"
    )
    return warning(subject, what, remedy)

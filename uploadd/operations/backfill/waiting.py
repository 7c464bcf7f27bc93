"""Whether all that is left of a backfill has to wait: then `--no-wait` ends (design section 9).

That is what waits for a pause, for the call budget, or for a backoff longer than a minute. Open
tickets and look-ups are seen through, unless their next question waits for one of these, too.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from uploadd.model.pauses import TRIED, PauseCause, Stops, what_stops
from uploadd.model.states import State
from uploadd.operations.backfill.views import AccountView
from uploadd.store import overview
from uploadd.store.store import Store

SHORT_WAIT_SECONDS = 60.0
ASKED_ABOUT = (State.UNCERTAIN, State.PROCESSING, State.FILING)


def is_refused(account: AccountView, now: float) -> bool:
    """Whether the account's login is refused for good: no probe says otherwise, or none can."""
    causes = {pause.cause for pause in account.pauses if pause.holds(now)}
    return PauseCause.CREDENTIALS in causes and not _is_undecided(account, now)


@dataclass(frozen=True, slots=True)
class Left:
    """What is left of a backfill for one account: open jobs by state, below these directories.

    `is_restless`: some files do not come to rest. What was queued of them waits for that.
    """

    open_jobs: Mapping[State, int]
    directories: Sequence[bytes]
    is_restless: bool = False


async def only_waits(account: AccountView, left: Left, store: Store, now: float) -> bool:
    """Whether nothing of what is left for the account can go on now."""
    if _is_undecided(account, now):
        return False
    stopped = what_stops(account.pauses, now)
    if Stops.CALLS in stopped:
        return True
    is_asking = not account.is_sending and account.question_seconds > 0
    if left.open_jobs.get(State.UPLOADING) and not is_asking:
        return False
    is_asked_about = any(left.open_jobs.get(state) for state in ASKED_ABOUT)
    if is_asked_about and not await _are_questions_waiting(account, left, store, now):
        return False
    if Stops.UPLOADS in stopped or account.budget_seconds > 0:
        return True
    return not left.open_jobs.get(State.QUEUED) or await _is_queue_waiting(
        account, left, store, now, with_videos=Stops.VIDEOS not in stopped
    )


async def _is_queue_waiting(
    account: AccountView, left: Left, store: Store, now: float, *, with_videos: bool
) -> bool:
    dues = [
        await store.read(
            overview.next_due_below,
            directory,
            account.id,
            with_videos=with_videos,
            with_changed=not left.is_restless,
        )
        for directory in left.directories
    ]
    is_soon = any(due is not None and due - now <= SHORT_WAIT_SECONDS for due in dues)
    return not is_soon and not account.needs_login


def _is_undecided(account: AccountView, now: float) -> bool:
    """Whether a pause is still to be probed. If no call is left for that, it counts as probed."""
    is_to_be_tried = not account.was_probed and account.question_seconds <= 0
    return is_to_be_tried and any(
        pause.holds(now) and pause.rule.ends_by in TRIED for pause in account.pauses
    )


async def _are_questions_waiting(
    account: AccountView, left: Left, store: Store, now: float
) -> bool:
    """Whether the next question about these jobs waits: for the budget, or an ill service."""
    if account.is_unanswered or account.question_seconds <= 0:
        return account.is_unanswered
    dues = [
        await store.read(overview.next_question_below, directory, account.id)
        for directory in left.directories
    ]
    return min((due for due in dues if due is not None), default=now) <= (
        now + account.question_seconds
    )

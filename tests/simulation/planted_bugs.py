"""The mistakes that other uploaders make, put into uploadd on purpose.

Each must be found by the schedules: a simulation that lets them pass would prove nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any
from unittest.mock import patch

from simulation.schedules import Played, play
from uploadd.delivery import look_up_loop, send
from uploadd.model import look_ups, outcomes, verdicts
from uploadd.model.settlement import Settlement
from uploadd.model.states import State
from uploadd.store import moves


@contextmanager
def record_after_send() -> Iterator[None]:
    """`uploading` and the ledger's `maybe` are written down only with the outcome."""
    begin, settle_all = moves.begin_send, moves.settle_all

    def begun_in_memory(db: Any, job_id: int, now: float, *others: Any) -> Any:
        db.execute("SAVEPOINT forgotten")
        job = begin(db, job_id, now, *others)
        if job is not None:
            db.execute("ROLLBACK TO forgotten")
        db.execute("RELEASE forgotten")
        return job

    def recorded(db: Any, settled: Any, now: float, patience: float) -> Any:
        for job, _ in settled:
            fresh = moves.job_by_id(db, job.id)
            if job.state is State.UPLOADING and fresh and fresh.state is State.QUEUED:
                begin(db, job.id, now)
        return settle_all(db, settled, now, patience)

    with (
        patch.object(moves, "begin_send", begun_in_memory),
        patch.object(moves, "settle_all", recorded),
    ):
        yield


@contextmanager
def blind_retry_after_502() -> Iterator[None]:
    """A 5xx is taken for “it did not arrive”: sent again, without a look."""

    def after_send(job: Any, verdict: Any, around: Any) -> Settlement:
        if isinstance(verdict, verdicts.Uncertain) and verdict.reason.code.startswith("http-5"):
            verdict = verdicts.Reschedule(verdict.reason, was_sent=False)
        return outcomes_after_send(job, verdict, around)

    outcomes_after_send = outcomes.after_send
    with patch.object(send, "after_send", after_send):
        yield


@contextmanager
def tickets_in_memory() -> Iterator[None]:
    """Who starts knows nothing of the tickets of the last life: those photos are sent again."""
    recover = moves.recover_interrupted

    def forget(db: Any, account_id: int, around: Any) -> Any:
        found = recover(db, account_id, around)
        db.execute(
            "DELETE FROM ledger WHERE state = 'maybe' AND (account_id, sha256) IN"
            " (SELECT account_id, sha256 FROM jobs WHERE state = 'processing')"
        )
        db.execute("UPDATE jobs SET state = 'queued', ticket_id = NULL WHERE state = 'processing'")
        return found

    with patch.object(moves, "recover_interrupted", forget):
        yield


@contextmanager
def absence_at_the_first_look() -> Iterator[None]:
    """One empty search is taken for a proof."""
    with patch.object(look_ups, "is_absence_believed", lambda *_: True):
        yield


@contextmanager
def a_look_that_is_believed() -> Iterator[None]:
    """What a look-up finds is done, whether it can be seen yet or not (ipernity)."""

    async def look(desk: Any, job: Any) -> str | None:
        found = await desk.service.find([job.content])
        return found.get(job.sha256)

    with patch.object(look_up_loop, "look_exactly", look):
        yield


BUGS: dict[str, Callable[[], Any]] = {
    "record after send": record_after_send,
    "blind retry after a 502": blind_retry_after_502,
    "tickets in memory": tickets_in_memory,
    "absence believed at the first look": absence_at_the_first_look,
    "a photo believed unseen": a_look_that_is_believed,
}


def first_caught(bug: str, seeds: range) -> Played | None:
    """The first schedule that finds a planted bug, or None where none of them does."""
    with BUGS[bug]():
        for seed in seeds:
            played = play(seed)
            if played.problems:
                return played
    return None

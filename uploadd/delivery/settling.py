"""Writing down what became of a job, and telling it in one log line."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import structlog

from uploadd.delivery.desk import Desk
from uploadd.files.opening import printable
from uploadd.model.jobs import Job
from uploadd.model.pauses import PauseCause
from uploadd.model.settlement import Settlement
from uploadd.model.states import State
from uploadd.model.verdicts import Pause, Reason
from uploadd.store import moves, pauses

log = structlog.get_logger()

EVENTS = {
    State.QUEUED: "job.rescheduled",
    State.UPLOADING: "job.started",
    State.UNCERTAIN: "job.doubted",
    State.PROCESSING: "job.ticketed",
    State.FILING: "job.kept",
    State.DONE: "job.done",
    State.DUPLICATE: "job.duplicated",
    State.SKIPPED: "job.skipped",
    State.FAILED: "job.failed",
}
QUIET = frozenset({State.UPLOADING, State.PROCESSING, State.FILING})
BREAKER_REASON = Reason(
    "breaker",
    "many files in a row met passing faults",
    "nothing to do: one call tries the service from time to time, then it goes on",
)


async def settle(desk: Desk, settled: Sequence[tuple[Job, Settlement]]) -> None:
    """Commit these settlements together, and ring the bell."""
    now = desk.runtime.clock.wall()
    outcomes = await desk.store.write(moves.settle_all, settled, now, desk.patience)
    for outcome in outcomes:
        tell(desk, outcome.job, outcome.twins)
    for _, settlement in settled:
        if settlement.pause is not None:
            await _tell_pause(desk, settlement.pause.cause)
    desk.bell.ring()


async def count_fault(desk: Desk, job: Job) -> None:
    """A passing fault: enough of them in a row, and the account pauses for a while."""
    if desk.breaker.failed(job.sha256):
        await desk.pause(Pause(PauseCause.BREAKER, BREAKER_REASON))


def tell(desk: Desk, job: Job, twins: int = 0) -> None:
    """One log line for where a job stands now."""
    reason = job.reason
    fields = {
        "account": desk.account.name,
        "job": job.id,
        "path": printable(job.path),
        "photo": job.photo_id,
        "ticket": job.ticket_id if job.state is State.PROCESSING else None,
        "code": reason.code if reason else None,
        "text": reason.text if reason else None,
        "remedy": reason.remedy if reason else None,
        "again_in": round(job.wait.seconds, 1) if job.wait and job.state is State.QUEUED else None,
        "twins": twins or None,
    }
    present = {name: value for name, value in fields.items() if value not in (None, "")}
    write = log.warning if job.state is State.FAILED else log.info
    (log.debug if job.state in QUIET else write)(EVENTS[job.state], **present)


async def _tell_pause(desk: Desk, cause: PauseCause) -> None:
    for pause in await desk.store.read(pauses.of_account, desk.id):
        if pause.cause is cause:
            desk.tell_pause(pause)


def with_sent(job: Job, sent_sha256: str | None) -> Job:
    """The job after a send whose end we saw.

    `sent_sha256`: other bytes were sent than were fingerprinted (None: the same, or not all).
    """
    return replace(job, sent_sha256=sent_sha256, sent_as=None)

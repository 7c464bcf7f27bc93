"""Jobs that a person wants no more of: `uploadd ignore`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlite_utils import Database

from uploadd.files.opening import printable
from uploadd.model.configuration import Configuration
from uploadd.model.errors import UsageError
from uploadd.model.jobs import Job
from uploadd.model.states import IN_FLIGHT, State
from uploadd.operations.naming import Names, Refused, ids_named, no_job, unknown
from uploadd.store import moves
from uploadd.store.beside import in_turns, reading, writing
from uploadd.store.listing import Choice

PUT_ASIDE = (State.QUEUED, State.FAILED)


@dataclass(frozen=True, slots=True)
class Ignored:
    """What came of it: how many jobs were put aside, how many had been before, what stays."""

    put_aside: int = 0
    before: int = 0
    refused: tuple[Refused, ...] = ()


def ignore(configuration: Configuration, names: Names, now: float) -> Ignored:
    """Put jobs aside, some at a time, each of them in one commit with its story.

    What was put aside before an interruption stays so: the command is given again. Raises
    `UsageError` where nothing is named, `StoreError`.
    """
    if not names:
        raise UsageError("say which jobs", "name their ids, their files, or a directory")
    with reading(configuration.state_dir) as db:
        if db is None:
            refused = [*map(unknown, names.ids), *map(no_job, names.paths)]
            return Ignored(refused=tuple(refused))
        below = [Choice((*PUT_ASIDE, *sorted(IN_FLIGHT)))]
        ids, refused = ids_named(db, configuration, names, _fits, below)
    ignoring = _Ignoring(now)
    for some in in_turns(ids):
        with writing(configuration.state_dir) as db:
            ignoring.run(db, some)
    return Ignored(ignoring.put_aside, ignoring.before, (*refused, *ignoring.refused))


def _fits(job: Job, _is_current: bool) -> bool:
    return job.state in PUT_ASIDE or job.state in IN_FLIGHT or job.is_put_aside


class _Ignoring:
    """The moves, inside their commits."""

    def __init__(self, now: float) -> None:
        self._now = now
        self.put_aside = 0
        self.before = 0
        self.refused: list[Refused] = []

    def run(self, db: Database, job_ids: Sequence[int]) -> None:
        for job_id in job_ids:
            job = moves.job_by_id(db, job_id)  # it may have moved since it was chosen
            if job is None:
                self.refused.append(unknown(job_id))
            elif job.state in PUT_ASIDE:
                moves.put_aside(db, job, self._now)
                self.put_aside += 1
            elif job.is_put_aside:
                self.before += 1
            else:
                self.refused.append(Refused(job_id, _why_not(job)))


def _why_not(job: Job) -> str:
    text = f"job {job.id} ({printable(job.path)}) is {job.state}"
    if job.state in IN_FLIGHT:
        return f"{text}: what is in flight is left to end; if it fails, it can be ignored then"
    return f"{text}: only failed and queued jobs are put aside"

"""What must hold when a schedule has ended. Each check returns what is wrong, in words."""

from __future__ import annotations

import hashlib
import json
import os
import sqlite3
from collections import Counter
from collections.abc import Iterable, Iterator

from simulation.accounts import SECRETS
from simulation.lives import Call
from simulation.scene import Scene, connected
from uploadd.model.budget import WINDOW_SECONDS
from uploadd.model.configuration import Account
from uploadd.model.errors import UploaddError
from uploadd.model.jobs import Job
from uploadd.model.pauses import RULES, ActivePause, PauseCause, Stops
from uploadd.model.states import TERMINAL, State
from uploadd.store import clocks
from uploadd.store.rows import pause_of

Contents = dict[str, list[str]]
PAUSES_ON = """
SELECT pauses.* FROM pauses JOIN accounts ON accounts.id = pauses.account_id
WHERE accounts.service = ?
"""
FACT = "SELECT value FROM facts WHERE name = ?"
CRASHES = frozenset({"job.crashed", "folder.crashed"})
# A request that had begun when the pause was committed may still go out.
CROSSING_SECONDS = 0.25
# Read calls are tried again for some seconds by themselves (tenacity), whatever happens meanwhile.
RETRY_SECONDS = 30.0
PROBES = frozenset(
    {
        "test.login",
        "people.getUploadStatus",
        "people.getLimits",
        "auth.oauth.checkToken",
        "auth.checkToken",
        "account.getQuota",
    }
)


def broken(scene: Scene, raised: list[BaseException]) -> list[str]:
    """Everything that is wrong at the end of a schedule; empty where every promise was kept."""
    on_disk = contents_on_disk(scene)
    accounts = [(one, scene.kept(one), scene.jobs_of(one)) for one in scene.accounts]
    return [
        *(problem for one in accounts for problem in _of_contents(on_disk, *one)),
        *(problem for one in accounts for problem in _of_jobs(scene, on_disk, *one)),
        *(problem for one in accounts for problem in _of_photos_said_to_be_there(*one)),
        *_of_the_budget(scene),
        *_of_logs(scene),
        *_of_errors(raised),
    ]


def _of_contents(
    on_disk: Contents, account: Account, kept: Counter[str], jobs: list[Job]
) -> Iterator[str]:
    """Promises 1 and 2: each content once on each account, but for what a person was told about."""
    told = {job.sha256 for job in jobs if job.state is State.FAILED}
    where = f"{account.service} account"
    for sha256, names in on_disk.items():
        if kept[sha256] == 0 and sha256 not in told:
            yield f"lost: {names} ({sha256[:8]}) is not on the {where}, and no job says so"
    for sha256, times in kept.items():
        if times > 1:
            yield f"doubled: {sha256[:8]} is {times} times on the {where}"


def _of_jobs(
    scene: Scene, on_disk: Contents, account: Account, _kept: Counter[str], jobs: list[Job]
) -> Iterator[str]:
    """Promise 1: every file has a row for each account, and every row has ended."""
    yield from _of_ends(jobs)
    known = {(job.path, job.sha256) for job in jobs}
    for sha256, names in on_disk.items():
        for name in names:
            if (os.fsencode(scene.photos / name), sha256) not in known:
                yield f"{name} ({sha256[:8]}) has no row for the {account.service} account"


def _of_ends(jobs: Iterable[Job]) -> Iterator[str]:
    for job in jobs:
        if job.state not in TERMINAL:
            yield f"job {job.id} ({os.fsdecode(job.name)}) is still {job.state}: {job.reason}"
        elif job.state is State.FAILED and not (job.reason and job.reason.remedy):
            yield f"job {job.id} has failed, and nobody is told what to do: {job.reason}"


def _of_photos_said_to_be_there(
    _account: Account, kept: Counter[str], jobs: list[Job]
) -> Iterator[str]:
    """A job that is done has its content on the account, unless a later one replaced it."""
    replaced = {job.photo_id for job in jobs if job.kind == "replace"}
    for job in jobs:
        is_said = job.state in (State.DONE, State.DUPLICATE)
        if is_said and kept[job.sha256] == 0 and job.photo_id not in replaced:
            yield f"job {job.id} is {job.state}, and its content is not on the account"


def _of_the_budget(scene: Scene) -> Iterator[str]:
    """Promise 4: never more requests in an hour than allowed, over every restart."""
    if scene.clock_went_forward:
        return
    for account in scene.accounts:
        limit = account.calls_per_hour
        calls = [call for call in scene.network.calls if call.service is account.service]
        times = [call.begun_at for call in calls]
        spans = zip(times, times[limit:], strict=False) if limit else ()
        if any(last - first < WINDOW_SECONDS for first, last in spans):
            yield f"more than {limit} calls within an hour to {account.service}"


def _of_logs(scene: Scene) -> Iterator[str]:
    """Promise 6: no secret in a line; promise 5: no stage broke down."""
    for line in scene.logs:
        text = repr(line)
        if any(secret in text for secret in SECRETS):
            yield f"a secret is in a log line: {line.get('event')}"
        if line.get("event") in CRASHES or line.get("exc_info"):
            yield f"a traceback: {text[:500]}"


def _of_errors(raised: list[BaseException]) -> Iterator[str]:
    """Whatever ended a life is something that a person can be told in a line."""
    for error in raised:
        for leaf in _leaves(error):
            if not isinstance(leaf, UploaddError):
                yield f"a life ended with {type(leaf).__name__}: {leaf}"


def _leaves(error: BaseException) -> Iterator[BaseException]:
    if isinstance(error, BaseExceptionGroup):
        for one in error.exceptions:
            yield from _leaves(one)
    else:
        yield error


def contents_on_disk(scene: Scene) -> Contents:
    """The names of the files below the folder, by their SHA-256."""
    found: dict[str, list[str]] = {}
    for path in sorted(scene.photos.rglob("*.jpg")):
        sha256 = hashlib.sha256(path.read_bytes()).hexdigest()
        found.setdefault(sha256, []).append(str(path.relative_to(scene.photos)))
    return found


class PauseWatch:
    """Holds each request against the pauses that its account has in the database as it begins."""

    def __init__(self, scene: Scene) -> None:
        self._scene = scene
        self._db: sqlite3.Connection | None = None
        self.broken: list[str] = []

    def __call__(self, call: Call) -> None:
        if self._db is None:  # kept: SQLite reads the whole schema for each new connection
            self._db = connected(self._scene.state_dir)
            self._db.row_factory = sqlite3.Row
        pauses = [pause_of(dict(row)) for row in self._db.execute(PAUSES_ON, (call.service,))]
        (fact,) = self._db.execute(FACT, (clocks.FACT,)).fetchone()
        clock = self._scene.clock
        # The clock may have been set a moment ago: a wait is stored by the old one, or the new.
        nows = (json.loads(fact)[1] + clock.monotonic(), clock.wall())
        for pause in pauses:
            if all(_is_broken(call.name, pause, now) for now in nows):
                self.broken.append(f"{call.name} begun during the pause “{pause.cause}”")

    def close(self) -> None:
        """The schedule has ended."""
        if self._db is not None:
            self._db.close()


def _is_broken(name: str, pause: ActivePause, now: float) -> bool:
    began = pause.delay.begin if pause.delay else pause.since
    return pause.holds(now) and _is_stopped(name, pause.cause, now - began)


def _is_stopped(name: str, cause: PauseCause, age: float) -> bool:
    stops = RULES[cause].stops
    if name in ("upload", "replace"):
        return stops in (Stops.UPLOADS, Stops.CALLS) and age > CROSSING_SECONDS
    return stops is Stops.CALLS and name not in PROBES and age > RETRY_SECONDS


def count_of(problems: list[str]) -> Counter[str]:
    """The problems by their first words."""
    return Counter(problem.partition(":")[0] for problem in problems)

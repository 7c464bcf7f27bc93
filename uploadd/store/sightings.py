"""From a finding on the disk to rows: the file as known, and a job for each account."""

from __future__ import annotations

from dataclasses import replace

from sqlite_utils import Database

from uploadd.model.configuration import ServiceName
from uploadd.model.jobs import Job, Kind
from uploadd.model.outcomes import STALE_TAG
from uploadd.model.refusals import HARD_LINK, refusal_of_type
from uploadd.model.settlement import Settlement
from uploadd.model.sightings import Finding, covers_of
from uploadd.model.states import ON_THE_ACCOUNT, State
from uploadd.model.trail import NEW
from uploadd.model.verdicts import Reason
from uploadd.store import changing, ledger, ledger_moves, mending, moves, statements, twins
from uploadd.store.changing import Past
from uploadd.store.rows import Row, jobs, value
from uploadd.store.writing import file_fields, insert, refresh, store_fields

VANISHED = Reason("vanished", "the file is not there any more", "put it back, or leave it")
EXCLUDED = Reason("excluded", "the folder's include and exclude leave it out")
CHANGE_IGNORED = Reason("changed", 'the file has changed, and its folder says on_change = "ignore"')
COMES_BACK = frozenset({"vanished", "excluded", "changed", HARD_LINK})


def register(db: Database, finding: Finding, now: float) -> list[int]:
    """Remember the file and see to it that each account has a job for its content.

    Returns the ids of the jobs that were made or woken. Doing it twice changes nothing.
    """
    past = changing.past_of(db, finding)
    woken = []
    for account_id in finding.account_ids:
        service = ServiceName(value(db, statements.SERVICE_OF_ACCOUNT, (account_id,)))
        job_id = _register_for(db, as_refused(finding, service), account_id, past, now)
        if job_id is not None:
            woken.append(job_id)
    _remember(db, finding, past)
    return woken


def forget_all(
    db: Database, directory: bytes, missing: list[tuple[bytes, Reason]], now: float
) -> int:
    """`forget` for many files of one directory. Returns how many jobs were ended."""
    return sum(forget(db, directory, name, reason, now) for name, reason in missing)


def forget(db: Database, directory: bytes, name: bytes, reason: Reason, now: float) -> int:
    """The file is gone or not wanted: its queued and failed jobs are skipped. Returns how many.

    Not those that speak of a photo on the service (`Job.ends_with_file`).
    """
    db.execute(statements.FORGET_FILE, (directory, name))
    ending = [
        job for job in jobs(db, statements.JOBS_OF_PATH, (directory, name)) if job.ends_with_file
    ]
    for job in ending:
        moves.skip(db, job, reason, now)
    return len(ending)


def moved_device(db: Database, directory: bytes, device: int) -> None:
    """The same files on a device with another number (a remount): nothing else changed."""
    db.execute(statements.MOVE_DEVICE, (device, directory))


def as_refused(finding: Finding, service: ServiceName) -> Finding:
    """The finding with what a service says of its type."""
    if finding.refusal is not None:
        return finding
    refusal = refusal_of_type(service, finding.media_type)
    return finding if refusal is None else replace(finding, refusal=refusal)


def _register_for(
    db: Database, finding: Finding, account_id: int, past: Past, now: float
) -> int | None:
    existing = _job_for(db, finding, finding.sha256, account_id)
    if existing is None and finding.sha256:
        existing = _job_for(db, finding, "", account_id)  # it was not read yet, or could not be
    older = _older(db, finding, account_id, existing)
    past = changing.with_jobs(db, past, older)
    if existing is not None:
        woken = _refresh(db, existing, finding, past, now)
    else:
        is_mending = mending.waiting(older) is not None
        woken = _insert(db, finding, account_id, past, is_mending, now)
    _leave_older(db, older, woken, finding, now)
    return woken


def _job_for(db: Database, finding: Finding, sha256: str, account_id: int) -> Job | None:
    key = (finding.directory, finding.name, sha256, account_id)
    found = jobs(db, statements.JOB_OF_CONTENT, key)
    return found[0] if found else None


def _older(db: Database, finding: Finding, account_id: int, existing: Job | None) -> list[Job]:
    """The account's jobs for contents that the path no longer has."""
    of_path = jobs(db, statements.JOBS_OF_PATH, (finding.directory, finding.name))
    return [
        job
        for job in of_path
        if job.account_id == account_id
        and job.sha256 != finding.sha256
        and (existing is None or job.id != existing.id)
    ]


def _leave_older(
    db: Database, older: list[Job], heir_id: int | None, finding: Finding, now: float
) -> None:
    """Jobs for earlier contents end; a mixture on the service is taken over."""
    torn = mending.waiting(older)
    heir = None if heir_id is None else moves.job_by_id(db, heir_id)
    for job in older:
        if torn is not None and job.id == torn.id:
            _leave_torn(db, torn, heir, finding, now)
        elif job.state is State.QUEUED:
            changing.hand_on(db, job, heir, now)
            _leave(db, job, finding, now)
        elif job.ends_with_file and finding.sha256:  # unread, it may have that content still
            moves.skip(db, job, mending.CHANGED, now)


def _leave(db: Database, job: Job, finding: Finding, now: float) -> None:
    if changing.is_to_be_known_first(db, job, finding):
        moves.look_first(db, job, now)
    else:
        moves.skip(db, job, mending.CHANGED, now)


def _leave_torn(db: Database, torn: Job, heir: Job | None, finding: Finding, now: float) -> None:
    if heir is not None and heir.state is State.QUEUED:
        mending.hand_over(db, torn, heir, now)
    elif torn.state is State.QUEUED:
        mending.leave(db, torn, finding.sha256, now)


def _refresh(db: Database, job: Job, finding: Finding, past: Past, now: float) -> int | None:
    refresh(db, job, finding)
    if job.state is State.QUEUED and finding.refusal is not None:
        _apply_refusal(db, job, finding, now)
        return None
    if finding.refusal is not None and _rests_unread(job, finding):
        moves.requeue(db, job, now, "the file was read")
        fresh = moves.job_by_id(db, job.id)
        if fresh is not None:
            _apply_refusal(db, fresh, finding, now)
        return None
    if job.state is State.QUEUED and not job.sha256:
        return _first_read(db, job, finding, past, now)
    if finding.refusal is None and _comes_back(db, job, finding, past):
        changing.point(db, job, finding, past)
        fresh = moves.job_by_id(db, job.id)
        if fresh is not None:
            moves.requeue(db, fresh, now, "the file is there")
        return job.id
    if job.state in ON_THE_ACCOUNT and past.has_changed_to(finding.sha256):
        changing.note_again(db, job, now)
    return job.id if job.state is State.QUEUED else None


def _rests_unread(job: Job, finding: Finding) -> bool:
    """Whether a job had come to rest because its file could not be read, which it now was."""
    is_first_read = job.sha256 == "" and finding.sha256 != ""
    return is_first_read and job.state in (State.FAILED, State.SKIPPED) and not job.is_put_aside


def _first_read(db: Database, job: Job, finding: Finding, past: Past, now: float) -> int | None:
    """A queued job learns what its file holds, and goes where its folder says."""
    if changing.is_ignored(finding, past):
        moves.skip(db, job, CHANGE_IGNORED, now)
        return None
    changing.point(db, job, finding, past)
    store_fields(db, job, Settlement(State.QUEUED, trail=NEW), now)  # it waits for nothing any more
    return job.id


def _comes_back(db: Database, job: Job, finding: Finding, past: Past) -> bool:
    """Whether a job that had come to rest is on its way again, because of what its file is now."""
    if changing.is_ignored(finding, past):
        return False
    if job.state is State.SKIPPED and job.reason is not None and job.reason.code in COMES_BACK:
        return True
    if job.sha256 == "" and finding.sha256 != "" and job.state is State.FAILED:
        return True
    return past.has_changed_to(finding.sha256) and changing.is_homeless(db, job)


def _apply_refusal(db: Database, job: Job, finding: Finding, now: float) -> None:
    assert finding.refusal is not None  # noqa: S101 - the caller has looked
    step = moves.skip if finding.refusal.state is State.SKIPPED else moves.refuse
    step(db, job, finding.refusal.reason, now)


def _insert(
    db: Database, finding: Finding, account_id: int, past: Past, is_mending: bool, now: float
) -> int | None:
    if is_mending and finding.refusal is None:
        state, reason, photo_id = State.QUEUED, None, None
    else:
        state, reason, photo_id = first_state(db, finding, account_id, past)
    is_replacing = state is State.QUEUED and changing.is_replacing(finding, past)
    kind = Kind.REPLACE if is_replacing else Kind.UPLOAD
    text = first_line(finding, reason)
    job_id = insert(db, finding, account_id, kind, state, now, text, reason, photo_id)
    return job_id if state is State.QUEUED else None


def first_line(finding: Finding, reason: Reason | None) -> str:
    """What the history of a new job begins with."""
    if reason is not None:
        return f"{reason.text} [{reason.code}]"
    flaw = f"; sent although it may be cut off: {finding.flaw}" if finding.flaw else ""
    return f"seen ({finding.lane} lane){flaw}"


def first_state(
    db: Database, finding: Finding, account_id: int, past: Past
) -> tuple[State, Reason | None, str | None]:
    """Where a new job begins, why, and with which photo."""
    if finding.refusal is not None:
        return finding.refusal.state, finding.refusal.reason, None
    key = (account_id, finding.sha256)
    known = ledger.entry(db, *key)
    why = ledger_moves.disbelieve(db, key, known, finding.pixels)
    if known is not None and not known.is_maybe and not why:
        return State.DUPLICATE, twins.TWIN_THERE, known.photo_id
    if changing.is_ignored(finding, past):
        return State.SKIPPED, CHANGE_IGNORED, None
    return State.QUEUED, Reason(STALE_TAG, f"{why}: it is sent") if why else None, None


def _remember(db: Database, finding: Finding, past: Past) -> None:
    db.execute(statements.REMEMBER_FILE, row_of(finding, past))


def row_of(finding: Finding, past: Past) -> Row:
    """What is remembered of a file."""
    covers = covers_of(_covered(finding, past))
    more = {"covers": covers, "born": past.born, "birth_ns": finding.birth_ns}
    return {**file_fields(finding), **more}


def _covered(finding: Finding, past: Past) -> set[int]:
    """The accounts for which a walk need not look at the file again while it seems unchanged."""
    if finding.refusal is not None and finding.refusal.reason.code == HARD_LINK:
        return set()
    covered = set(finding.account_ids)
    if past.known is not None and past.known["sha256"] == finding.sha256:
        covered |= {int(word) for word in past.known["covers"].split()}
    return covered


def read_anew(db: Database, job: Job) -> None:
    """The next walk reads this job's file again, although nothing in it seems to have changed."""
    db.execute(statements.READ_ANEW, (job.directory, job.name))

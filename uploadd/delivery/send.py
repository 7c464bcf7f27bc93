"""One attempt: open the file, be granted a call, commit, send, settle.

What a crash leaves behind, step by step: before the commit of `begin_send` a queued job and
nothing sent; after it an `uploading` job, which the next deliverer finds and treats as uncertain;
after `settle` the truth.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace

import structlog
from sqlite_utils import Database

from uploadd.delivery.body import FileBody, SendCutError
from uploadd.delivery.confirming import confirmed
from uploadd.delivery.desk import Desk
from uploadd.delivery.parcels import parcel_of, variables_of
from uploadd.delivery.settling import count_fault, settle, tell, with_sent
from uploadd.delivery.silent_disks import PatientDisk
from uploadd.files.fingerprint import Stat
from uploadd.files.opening import printable
from uploadd.files.reading import SteadyReader
from uploadd.model import verdicts
from uploadd.model.budget import PURPOSE_OF, Budget
from uploadd.model.configuration import photo_fields
from uploadd.model.delays import Delay
from uploadd.model.errors import (
    FileChangedError,
    FileLinkedError,
    FileSilentError,
    FileTrouble,
    FileVanishedError,
    RootRefusedError,
)
from uploadd.model.jobs import Job
from uploadd.model.limits import may_have_arrived, too_large
from uploadd.model.outcomes import after_send, uncertain
from uploadd.model.pauses import ACCUSING
from uploadd.model.photo import Privacy
from uploadd.model.places import Place, Ruling
from uploadd.model.refusals import HARD_LINK
from uploadd.model.roots import FOREIGN_ROOT
from uploadd.model.settlement import LedgerChange, Settlement
from uploadd.model.states import State
from uploadd.model.verdicts import Reason, Verdict
from uploadd.model.waits import Awaited
from uploadd.services.base import Parcel
from uploadd.store import calls, moves, placing, sightings
from uploadd.store.writing import note_place, note_privacy

log = structlog.get_logger()

FOLDER_AWAY_SECONDS = 120.0  # more than a minute: `--no-wait` does not wait for a disk
RESIGHT_SECONDS = 60.0
PAUSED_MEANWHILE = Reason("paused", "the account was paused before the send began")


async def deliver(desk: Desk, job: Job) -> None:
    """Try to send one queued job, and write down what became of it."""
    disk = desk.disks.of(job.root)
    try:
        ruling, reader = await _opened(desk, job, disk)
    except FileTrouble as trouble:
        await _before_send(desk, job, trouble)
        return
    if reader is None:
        await _leave_out(desk, job, ruling.why_not)
        return
    try:
        await _deliver_open(desk, job, reader, ruling.place, disk)
    except FileSilentError as trouble:
        await _before_send(desk, job, trouble)
    finally:
        await disk.end(reader.close)


async def _opened(desk: Desk, job: Job, disk: PatientDisk) -> tuple[Ruling, SteadyReader | None]:
    """`_open`; once more where a person has accepted the folder's directory meanwhile."""
    late: list[SteadyReader] = []
    try:
        return await disk.run(_open, job, desk, late)
    except RootRefusedError as refused:
        if await desk.admit_again(refused.folder) is not None:
            raise
    except FileSilentError:
        await disk.end(lambda: _close_all(late))
        raise
    return await disk.run(_open, job, desk, late)


def _close_all(readers: Sequence[SteadyReader]) -> None:
    for reader in readers:
        reader.close()


async def _deliver_open(
    desk: Desk, job: Job, reader: SteadyReader, place: Place, disk: PatientDisk
) -> None:
    refusal = too_large(desk.room.quota, job.size, is_video=job.is_video)
    if refusal is not None:
        await desk.store.write(_refuse, job.id, refusal, desk.runtime.clock.wall())
        await _tell_now(desk, job)
        return
    fields = photo_fields(place.folder, desk.account)
    variables = await disk.run(variables_of, job, place, fields, reader.route)
    if desk.draining.is_set() or not desk.is_of(job):
        return
    pauses_begun = desk.pauses_begun
    settings, now = (place, fields.privacy), desk.runtime.clock.wall()
    begun, seconds = await desk.store.write(_begin, job, desk.budget.budget, *settings, now)
    if seconds > 0:
        desk.budget.was_refused(PURPOSE_OF[job.lane], seconds)
        return  # it stays queued; the dispatcher waits for the budget, and holds no file open
    if begun is None:
        await _tell_now(desk, job)
        return
    desk.calls_made += 1
    if desk.pauses_begun != pauses_begun:  # another send was told to wait while this one committed
        await settle(desk, [_put_back(begun, PAUSED_MEANWHILE)])
        return
    body = FileBody(reader, job.size, disk, desk.throttle, desk.cut)
    await _send(desk, begun, reader, body, parcel_of(begun, fields, variables, body), disk)


async def _send(
    desk: Desk,
    job: Job,
    reader: SteadyReader,
    body: FileBody,
    parcel: Parcel,
    disk: PatientDisk,
) -> None:
    acquittals = desk.suspects.acquittals
    try:
        verdict = await _put(desk, job, body, parcel)
    except FileTrouble as trouble:
        await _during_send(desk, job, trouble)
        return
    is_accusing = False
    if isinstance(verdict, verdicts.Pause):
        if not desk.suspects.is_stale(verdict, acquittals):
            desk.begin_pause(verdict.cause)
            is_accusing = verdict.cause in ACCUSING
        verdict = desk.room.counted(verdict)
    sent = await desk.runtime.disk.run(_sent_instead, reader, body, job)
    witnessed = with_sent(job, sent)
    believed = await confirmed(desk, witnessed, verdict)
    settlement = desk.suspects.judge(
        job, after_send(witnessed, believed, desk.around()), acquittals
    )
    # Checked as late as possible. A torn upload is mended with the file's new content anyway.
    is_whole = body.sent_bytes == job.size and sent is None
    is_outdated = is_whole and await _is_outdated(reader, disk)
    await settle(desk, [(witnessed, replace(settlement, is_outdated=is_outdated))])
    if is_accusing and settlement.pause is None:
        desk.withdraw_accusation()
    await _learn_from(desk, job, verdict)
    if parcel.is_public == 0 and not job.is_replacement and may_have_arrived(verdict):
        desk.private_kept += 1
    if sent is not None or is_outdated:
        desk.resight(job)


async def _put(desk: Desk, job: Job, body: FileBody, parcel: Parcel) -> Verdict:
    """The request itself. Raises `FileTrouble` where the body was cut short."""
    desk.uploading += 1
    try:
        with desk.waits.later(Awaited.UPLOAD, printable(job.name)) as begin:
            body.was_sent = begin
            if job.is_replacement and job.photo_id is not None:
                return await desk.service.replace(parcel, job.photo_id)
            return await desk.service.send(parcel)
    finally:
        desk.uploading -= 1
        desk.bytes_sent += body.sent_bytes


def _begin(
    db: Database, job: Job, budget: Budget, place: Place, privacy: Privacy, now: float
) -> tuple[Job | None, float]:
    """Counts the call and notes the settings in the commit that begins the send.

    No job also where a person has said something else of it since its settings were chosen, and
    where the call has to wait: for so many seconds.
    """
    purpose = PURPOSE_OF[job.lane]
    if (seconds := calls.seconds_to_wait(db, budget, purpose, now)) > 0:
        return None, seconds
    fresh = moves.job_by_id(db, job.id)
    if fresh is None or fresh.said != job.said:
        return None, 0.0
    begun = moves.begin_send(db, job.id, now)
    if begun is None:
        return None, 0.0
    calls.take(db, budget, begun.account_id, purpose, now)
    return note_privacy(db, note_place(db, begun, place), privacy), 0.0


async def _is_outdated(reader: SteadyReader, disk: PatientDisk) -> bool:
    """Whether the file is another one by now. The next walk tells where its disk does not."""
    with suppress(FileSilentError):
        return await disk.run(reader.is_outdated)
    return False


def _open(job: Job, desk: Desk, opened: list[SteadyReader]) -> tuple[Ruling, SteadyReader | None]:
    """Whose settings hold for a file now, and the file, where they send it.

    It is added to `opened`, for whoever closes it if nobody waits for this any more.
    """
    ruling = desk.ruling_on(job, desk.account.name)
    if ruling.why_not is not None:
        return ruling, None
    route = desk.roots.route(job.spot, ruling.place.spot)
    expected = Stat(
        device=job.device, inode=job.inode, size=job.size, mtime_ns=job.mtime_ns, ctime_ns=0
    )
    opened.append(SteadyReader(route, expected, job.sha256))
    return ruling, opened[-1]


async def _leave_out(desk: Desk, job: Job, reason: Reason | None) -> None:
    if reason is not None:
        await desk.store.write(placing.leave_out, job.id, reason, desk.runtime.clock.wall())
    await _tell_now(desk, job)


def _sent_instead(reader: SteadyReader, body: FileBody, job: Job) -> str | None:
    """The hash of what was sent where that is not what was fingerprinted (blocking)."""
    if body.sent_bytes < job.size or reader.sent_sha256 == job.sha256:
        return None
    return reader.sent_sha256


async def _before_send(desk: Desk, job: Job, trouble: FileTrouble) -> None:
    """The file failed us before anything was sent."""
    now = desk.runtime.clock.wall()
    if isinstance(trouble, FileChangedError):
        wait = Delay(now, RESIGHT_SECONDS)
        reason = Reason("changed", "the file has changed since it was seen; it is read anew")
        await desk.store.write(moves.postpone, job.id, reason, wait, now)
        desk.resight(job)
    elif isinstance(trouble, RootRefusedError):
        wait = Delay(now, FOLDER_AWAY_SECONDS * desk.patience)
        reason = Reason(FOREIGN_ROOT, trouble.text, trouble.remedy)
        await desk.store.write(moves.postpone, job.id, reason, wait, now)
    elif isinstance(trouble, FileSilentError):
        await _wait_for_disk(desk, job, trouble.text, trouble.remedy)
    elif isinstance(trouble, FileVanishedError):
        await _vanished(desk, job, now)
    elif isinstance(trouble, FileLinkedError):
        await _leave_out(desk, job, Reason(HARD_LINK, trouble.text, trouble.remedy))
    else:
        reason = Reason("unreadable", trouble.text, trouble.remedy)
        await desk.store.write(_refuse, job.id, reason, now)
        await _tell_now(desk, job)


async def _vanished(desk: Desk, job: Job, now: float) -> None:
    """Skip the job only if its directory is there, on its device; else wait for its disk."""
    is_on_device = await desk.runtime.disk.run(desk.roots.is_on_device, job.spot.above, job.device)
    if is_on_device and await desk.may_forget(job.directory):
        await desk.store.write(sightings.forget, job.directory, job.name, sightings.VANISHED, now)
        await _tell_now(desk, job)
        return
    text = f"{os.fsdecode(job.directory)!r} is not there, or on another disk"
    await _wait_for_disk(desk, job, text, "mount it again; the job waits")


async def _wait_for_disk(desk: Desk, job: Job, text: str, remedy: str) -> None:
    now = desk.runtime.clock.wall()
    wait = Delay(now, FOLDER_AWAY_SECONDS * desk.patience)
    await desk.store.write(moves.postpone, job.id, Reason("vanished", text, remedy), wait, now)


async def _during_send(desk: Desk, job: Job, trouble: FileTrouble) -> None:
    """The body was cut short before its last byte: the service cannot have kept it."""
    if isinstance(trouble, SendCutError):
        await settle(desk, [_put_back(job, Reason("network", trouble.text))])
        return
    if isinstance(trouble, FileSilentError):
        wait = Delay(desk.runtime.clock.wall(), FOLDER_AWAY_SECONDS * desk.patience)
        reason = Reason("vanished", trouble.text, trouble.remedy)
        await settle(desk, [_put_back(job, reason, wait)])
        return
    code = "changed" if isinstance(trouble, FileChangedError) else "unreadable"
    reason = Reason(code, trouble.text, trouble.remedy)
    wait = Delay(desk.runtime.clock.wall(), RESIGHT_SECONDS)
    desk.resight(job)
    await settle(desk, [_put_back(job, reason, wait)])


def _put_back(job: Job, reason: Reason, wait: Delay | None = None) -> tuple[Job, Settlement]:
    """To the queue again, not counted as an attempt: the service cannot have the content."""
    settlement = Settlement(
        State.QUEUED,
        # What an earlier replacement may have done stays as it is.
        ledger=LedgerChange.CLEAR if job.trail.uncertain_since is None else LedgerChange.KEEP,
        reason=reason,
        wait=wait,
    )
    return with_sent(job, None), settlement


async def _learn_from(desk: Desk, job: Job, verdict: Verdict) -> None:
    if may_have_arrived(verdict):
        desk.room.keep(job)
    match verdict:
        case verdicts.Ticketed():
            desk.last_ticket_at = desk.runtime.clock.monotonic()
            desk.worked(job)
        case verdicts.Kept() | verdicts.Duplicate() | verdicts.Refuse():
            desk.worked(job)
        case verdicts.Reschedule() | verdicts.Uncertain():
            await count_fault(desk, job)
        case _:
            pass


async def give_up(desk: Desk, job: Job) -> None:
    """After an error that nobody foresaw: looked up if it may have been sent, else for a person."""
    fresh = await desk.store.read(moves.job_by_id, job.id)
    if fresh is not None and fresh.state is State.UPLOADING:
        reason = Reason("internal", "uploadd failed during the send; whether it arrived is unknown")
        await settle(desk, [(fresh, uncertain(fresh, reason, desk.around()))])
        return
    reason = Reason(
        "internal", "uploadd failed on this file", "report it, with the log; then retry"
    )
    await desk.store.write(_refuse, job.id, reason, desk.runtime.clock.wall())
    desk.bell.ring()


def _refuse(db: Database, job_id: int, reason: Reason, now: float) -> None:
    job = moves.job_by_id(db, job_id)
    if job is not None and job.state is State.QUEUED:
        moves.refuse(db, job, reason, now)


async def _tell_now(desk: Desk, job: Job) -> None:
    fresh = await desk.store.read(moves.job_by_id, job.id)
    if fresh is not None and fresh.state is not State.QUEUED:
        tell(desk, fresh)
    desk.bell.ring()

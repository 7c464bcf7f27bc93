"""Looks up what may be there already, before anything is sent again (design section 4)."""

from __future__ import annotations

from dataclasses import dataclass, replace

import structlog

from uploadd.delivery.exact_look import look_exactly
from uploadd.delivery.question_loop import QuestionLoop
from uploadd.delivery.settling import settle
from uploadd.files.fingerprint import fingerprint_file, stat_file
from uploadd.files.reaching import Roots
from uploadd.model.contents import Content
from uploadd.model.doubts import Found, after_look, after_unanswered_look, is_perhaps_torn
from uploadd.model.errors import FileTrouble, ServiceRefusedError
from uploadd.model.jobs import FileMark, Job
from uploadd.model.replacement import after_doubt
from uploadd.model.settlement import Settlement
from uploadd.model.states import State
from uploadd.model.verdicts import Reason
from uploadd.model.waits import Awaited
from uploadd.store import ledger, ledger_moves
from uploadd.store.queue import Questions

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class _Answer:
    """What the service said: a photo, nothing (None), or that it does not look (`refusal`)."""

    photo_id: str | None = None
    refusal: Reason | None = None


class LookUpLoop(QuestionLoop):
    """The look-ups of one account."""

    state = State.UNCERTAIN

    async def _ask_if_due(self, questions: Questions) -> bool | None:
        desk, due = self._desk, questions.due
        now = desk.runtime.clock.wall()
        if not due:
            return None
        settlement = await self._look(due[0])
        if settlement is None:
            return False
        await settle(desk, [(due[0], replace(settlement, asked_at=now))])
        return True

    async def _look(self, job: Job) -> Settlement | None:
        """One look. None where the service could not be asked."""
        desk = self._desk
        entry = await desk.store.read(ledger.entry, job.account_id, job.sha256)
        suspect = entry.photo_id if entry else None
        is_own = job.is_replacement and suspect == job.photo_id
        if is_own and not desk.service.looks_at_content:
            return after_doubt(job)
        if not desk.service.can_look_up:
            return after_unanswered_look(job, None, desk.around())
        if not desk.is_of(job):
            return None  # another login meanwhile: absence there would prove nothing
        since = entry.since if entry else job.created_at
        answer = await desk.ask(Awaited.LOOK_UP, lambda: self._answer(job, since))
        return None if answer is None else await self._judge(job, answer, suspect)

    async def _answer(self, job: Job, since: float) -> _Answer:
        """An answer in a box, so that `nothing found` is not taken for `no answer`."""
        service = self._desk.service
        try:
            if service.looks_at_content:
                return _Answer(await look_exactly(self._desk, job))
            file_now = await self._desk.runtime.disk.run(_mark_now, job, self._desk.roots)
            return _Answer(await service.look_up(_sent_content(job, file_now), since))
        except ServiceRefusedError as error:
            if error.pause is not None:
                raise
            log.warning(
                "look_up.refused",
                account=self._desk.account.name,
                job=job.id,
                code=error.reason.code,
                text=error.reason.text,
            )
            return _Answer(refusal=error.reason)

    async def _judge(self, job: Job, answer: _Answer, suspect: str | None) -> Settlement:
        desk = self._desk
        if answer.refusal is not None:
            return after_unanswered_look(job, answer.refusal, desk.around())
        photo_id = answer.photo_id
        if desk.service.looks_at_content:
            return self._after_exact_look(job, photo_id, suspect)
        if photo_id is not None and await self._is_known_otherwise(job, photo_id):
            reason = Reason("torn", f"photo {photo_id} has its tag, and holds another content")
            return after_unanswered_look(job, reason, desk.around())
        if photo_id is None and suspect is not None:
            # That photo may hold the content under the tag of another: an upload is compared.
            text = f"photo {suspect} may hold it under the tag of another content"
            why = Reason("unknown-outcome", text) if job.is_replacement else None
            return after_unanswered_look(job, why, desk.around())
        if photo_id is None:
            return after_look(job, None, desk.around())
        file_now = await desk.runtime.disk.run(_mark_now, job, desk.roots)
        found = Found(photo_id, file_now, is_doubted=photo_id == suspect)
        return after_look(job, found, desk.around())

    def _after_exact_look(self, job: Job, photo_id: str | None, suspect: str | None) -> Settlement:
        """Absence of the new content does not show that a replaced photo has its old one."""
        around = self._desk.around()
        was_sent = job.is_replacement and suspect == job.photo_id
        is_exact = was_sent or not job.is_replacement
        found = None if photo_id is None else Found(photo_id, is_exact=is_exact)
        settlement = after_look(job, found, around)
        is_to_be_sent = settlement.state is State.QUEUED
        return after_doubt(job) if was_sent and is_to_be_sent else settlement

    async def _is_known_otherwise(self, job: Job, photo_id: str) -> bool:
        read = self._desk.store.read
        return await read(ledger_moves.holds_other, job.account_id, photo_id, job.sha256)


def _sent_content(job: Job, file_now: FileMark | None) -> Content:
    """What to look for: nobody knows the pixels of a mixture."""
    if job.sent_sha256 is None and not is_perhaps_torn(job, file_now):
        return job.content
    return replace(job.content, pixels=None)


def _mark_now(job: Job, roots: Roots) -> FileMark | None:
    """What the file is at this moment (blocking); None where it is not there.

    Some disks number their files anew at each mount. A file with another inode alone, and with
    the content that was fingerprinted, is the same.
    """
    route = roots.route(job.spot)
    try:
        stat = stat_file(route)
        seen = FileMark(stat.size, stat.mtime_ns, stat.inode)
        if _is_renumbered(job, seen) and fingerprint_file(route).sha256 == job.sha256:
            return job.sent_as
    except FileTrouble:
        return None
    return seen


def _is_renumbered(job: Job, seen: FileMark) -> bool:
    was = job.sent_as
    return was is not None and seen._replace(inode=was.inode) == was and seen.inode != was.inode

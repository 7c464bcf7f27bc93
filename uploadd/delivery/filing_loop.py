"""Finishes what a photo with an id still lacks: after a replacement, the tag of its content.

The jobs in `filing` are its memory: each is asked about until its photo is right, over restarts
too. What the service refuses is asked for again over minutes, because it may not show a photo
everywhere yet that was just given another content. Then the job is done, and says that its tag is
wrong (`outcomes.after_refused_filing`).
"""

from __future__ import annotations

import structlog

from uploadd.delivery.question_loop import QuestionLoop
from uploadd.delivery.settling import settle
from uploadd.model.errors import ServiceRefusedError
from uploadd.model.jobs import Job
from uploadd.model.outcomes import after_refused_filing, end_filing
from uploadd.model.settlement import Settlement
from uploadd.model.states import State
from uploadd.model.verdicts import Reason
from uploadd.model.waits import Awaited
from uploadd.store.queue import Questions

log = structlog.get_logger()


class FilingLoop(QuestionLoop):
    """The filing of one account."""

    state = State.FILING

    async def _ask_if_due(self, questions: Questions) -> bool | None:
        desk = self._desk
        if not questions.due:
            return None
        job = questions.due[0]
        if not desk.is_of(job):
            return False
        filing = await desk.ask(Awaited.TAGS, lambda: self._mark(job))
        if filing is None:
            return False
        await settle(desk, [(job, filing)])
        return True

    async def _mark(self, job: Job) -> Settlement:
        """Put the content tag right, and say what becomes of the job."""
        if job.photo_id is None:
            return end_filing(job)
        try:
            await self._desk.service.mark_content(job.photo_id, job.sha256)
        except ServiceRefusedError as error:
            if error.pause is not None:
                raise
            filing = after_refused_filing(job, error.reason.text, self._desk.around())
            self._tell(job, error.reason, is_last=filing.state is State.DONE)
            return filing
        return end_filing(job)

    def _tell(self, job: Job, reason: Reason, *, is_last: bool) -> None:
        """A refusal that may pass is no news for a person."""
        (log.warning if is_last else log.info)(
            "filing.refused",
            account=self._desk.account.name,
            job=job.id,
            photo=job.photo_id,
            code=reason.code,
            text=reason.text,
        )

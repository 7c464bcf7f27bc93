"""Finishes what a photo with an id still lacks: after a replacement, the tag of its content.

The jobs in `filing` are its memory: each is asked about until its photo is right, over restarts
too. Only a refusal ends that, with a warning: the photo is there, and stays so.
"""

from __future__ import annotations

import structlog

from uploadd.delivery.question_loop import QuestionLoop
from uploadd.delivery.settling import settle
from uploadd.model.errors import ServiceRefusedError
from uploadd.model.jobs import Job
from uploadd.model.outcomes import filed
from uploadd.model.states import State
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
        if not desk.is_of(job) or await desk.ask(lambda: self._mark(job)) is None:
            return False
        await settle(desk, [(job, filed(job))])
        return True

    async def _mark(self, job: Job) -> bool:
        """Put the content tag right; False where the service refused it for good."""
        if job.photo_id is None:
            return False
        try:
            await self._desk.service.mark_content(job.photo_id, job.sha256)
        except ServiceRefusedError as error:
            if error.pause is not None:
                raise
            log.warning(
                "filing.refused",
                account=self._desk.account.name,
                job=job.id,
                photo=job.photo_id,
                code=error.reason.code,
                text=error.reason.text,
            )
            return False
        return True

"""Believes a duplicate that the service names only once it can be seen.

On a resend error 9 names the photo that our own earlier send made. It may still be converted, and
be lost in that: who calls it done then has lost a photo. One that is older than its job is somebody
else's, and is not to be overwritten when the file changes (docs/replacing.md). A crash during the
question leaves the job in `uploading`, which is looked up as ever.
"""

from __future__ import annotations

from dataclasses import replace

from uploadd.delivery.desk import Desk
from uploadd.model.jobs import Job
from uploadd.model.outcomes import names_our_photo
from uploadd.model.verdicts import Duplicate, Reason, Uncertain, Verdict
from uploadd.model.waits import Awaited

SLACK_SECONDS = 2.0  # the service's clock may be a little behind, and it tells whole seconds


async def confirmed(desk: Desk, job: Job, verdict: Verdict) -> Verdict:
    """`verdict`, or `Uncertain` where it names a photo of ours that cannot be seen (yet)."""
    if not isinstance(verdict, Duplicate) or not names_our_photo(job, verdict):
        return verdict
    photo_id = str(verdict.photo_id)
    since = job.created_at - SLACK_SECONDS
    if await desk.ask(Awaited.LOOK_UP, lambda: desk.service.has_photo(photo_id, since)):
        return verdict
    is_there = await desk.ask(Awaited.LOOK_UP, lambda: desk.service.has_photo(photo_id))
    if is_there:
        return replace(verdict, is_older=True)
    what = "nobody could be asked for it" if is_there is None else "it cannot be seen there yet"
    return Uncertain(Reason(verdict.reason.code, f"it is there as photo {photo_id}; {what}"))

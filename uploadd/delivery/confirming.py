"""Believes a duplicate that the service names only once it can be seen.

On a resend error 9 names the photo that our own earlier send made. It may still be converted, and
be lost in that: who calls it done then has lost a photo. A crash during the question leaves the
job in `uploading`, which is looked up as ever.
"""

from __future__ import annotations

from uploadd.delivery.desk import Desk
from uploadd.model.jobs import Job
from uploadd.model.outcomes import names_our_photo
from uploadd.model.verdicts import Duplicate, Reason, Uncertain, Verdict


async def confirmed(desk: Desk, job: Job, verdict: Verdict) -> Verdict:
    """`verdict`, or `Uncertain` where it names a photo of ours that cannot be seen (yet)."""
    if not isinstance(verdict, Duplicate) or not names_our_photo(job, verdict):
        return verdict
    photo_id = str(verdict.photo_id)
    is_there = await desk.ask(lambda: desk.service.has_photo(photo_id))
    if is_there:
        return verdict
    what = "nobody could be asked for it" if is_there is None else "it cannot be seen there yet"
    return Uncertain(Reason(verdict.reason.code, f"it is there as photo {photo_id}; {what}"))

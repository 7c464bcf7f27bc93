"""Looks a content up where the service compares contents themselves (`Service.find`).

Its answer proves something only where it can be checked: beside the content in question it is
asked, in the same call, for some that the account is known to have. A service that shows none of
these shows nothing at all, and its "not there" is no proof of absence. And a photo that is there,
but cannot be seen yet, is still being converted and may be lost in that.
"""

from __future__ import annotations

from uploadd.delivery.desk import Desk
from uploadd.model.errors import ServiceRefusedError
from uploadd.model.jobs import Job
from uploadd.model.verdicts import Reason
from uploadd.store import ledger

WITNESSES = 5
BLIND = Reason("network", "the service does not show contents either that the account has")


async def look_exactly(desk: Desk, job: Job) -> str | None:
    """The id of the photo with the content of `job`; None where it is shown not to be there.

    Raises `ServiceError`; `ServiceRefusedError` without a pause where the answer proves nothing.
    """
    service = desk.service  # all along, also where another login takes its place meanwhile
    if not job.md5:
        return await service.look_up(job.content, job.created_at)  # which says what is missing
    most = min(WITNESSES, service.finds_per_call - 1)
    witnesses = await desk.store.read(ledger.witnesses, job.account_id, job.sha256, most)
    found = await service.find([job.content, *witnesses])
    photo_id = found.get(job.sha256)
    if photo_id is None and witnesses and not found:
        raise ServiceRefusedError(BLIND)
    if photo_id is not None and not await service.has_photo(photo_id):
        text = f"it is there as photo {photo_id}, which cannot be seen yet"
        raise ServiceRefusedError(Reason("network", text))
    return photo_id

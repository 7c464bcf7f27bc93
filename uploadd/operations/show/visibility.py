"""Who sees a photo that is there already, where that may be more than the settings say."""

from __future__ import annotations

from sqlite_utils import Database

from uploadd.model.configuration import Account, Folder, photo_fields
from uploadd.model.jobs import Job
from uploadd.model.privacy import kept_privacy
from uploadd.model.states import State
from uploadd.store import overview


def visibility(db: Database, job: Job, account: Account | None, folder: Folder | None) -> str:
    """What to say of the photo of a job; empty where the settings show no less.

    A replacement and a duplicate change nothing in who sees it, nor does a setting that is changed
    after the upload. Only what uploadd itself asked for is known; nobody is asked.
    """
    if account is None or job.photo_id is None:
        return ""
    came = overview.privacy_of_photo(db, job.account_id, job.photo_id)
    if came is None and not job.is_replacement and job.state is not State.DUPLICATE:
        return ""
    return kept_privacy(job.photo_id, came, photo_fields(folder, account).privacy)

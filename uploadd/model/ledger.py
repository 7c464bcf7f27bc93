"""What an account has of a content, or may have."""

from __future__ import annotations

from typing import NamedTuple

from uploadd.model.jobs import Job
from uploadd.model.pixels import Pixels
from uploadd.model.trail import Doubt


class Entry(NamedTuple):
    """What the ledger says of one content: `maybe` or `there`, since when, and by which job.

    `photo_id`: the photo that holds it, or (`maybe`) that holds it or another content. `doubt`: how
    thoroughly a `maybe` is to be looked up. `pixels`: what the service tells of a photo of which
    only its tag is known.
    """

    state: str
    since: float
    job_id: int
    photo_id: str | None
    doubt: Doubt
    pixels: Pixels | None = None

    @property
    def is_maybe(self) -> bool:
        """Whether it may be there; else it is."""
        return self.state == "maybe"

    def is_of_replacement(self, job: Job) -> bool:
        """Whether it is an earlier replacement of the job's photo by the same content."""
        return self.is_maybe and job.is_replacement and self.photo_id == job.photo_id


class Unknown(NamedTuple):
    """A content that may have been sent although the ledger knows nothing of it.

    The account may have it since `since` (unix seconds), and the database was found to be older
    than what was sent at `found_at`.
    """

    since: float
    found_at: float

"""Files that are refused as if the account's login or clock were wrong, although it is well.

The service refuses a whole request, and does not say whether the account or the one file is to
blame: a name that breaks the signature looks like a wrong secret. So the account is paused first,
and probed at once. Where the probe is answered well, the file steps back and the others are sent.
If those arrive while the same file is refused again and again, it is the file.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from uploadd.model.jobs import Job
from uploadd.model.numbers import counted
from uploadd.model.pauses import ACCUSING
from uploadd.model.settlement import Settlement
from uploadd.model.states import State
from uploadd.model.verdicts import Pause, Reason

STRIKES = 3
# Where no other file can show that the account is well, pauses that grow lie between the strikes.
STRIKES_WITHOUT_WITNESS = 5
STEP_BACK_SECONDS = 60.0


@dataclass
class _Suspect:
    """`goods`: how many sends of other files had gone well when it was first refused."""

    job_id: int
    strikes: int
    goods: int


class Suspects:
    """The suspected files of one account, in memory: a restart begins to count anew."""

    def __init__(self) -> None:
        self._suspects: dict[str, _Suspect] = {}
        self._goods = 0
        self.acquittals = 0
        """How often a probe has shown that the account is well after it was accused."""

    def worked(self, sha256: str) -> None:
        """The service took or judged this file: the login and the clock were right."""
        self._goods += 1
        self._suspects.pop(sha256, None)

    def forget(self) -> None:
        """Another login: what was refused under the old one proves nothing."""
        self._suspects.clear()

    def is_stale(self, pause: Pause, acquittals: int) -> bool:
        """Whether a send that began at this count of acquittals accuses what was cleared since.

        Several sends are under way at a time, and some with a login that was replaced meanwhile.
        """
        return pause.cause in ACCUSING and acquittals != self.acquittals

    def judge(self, job: Job, settlement: Settlement, acquittals: int) -> Settlement:
        """What becomes of `job`, whose send ended so: its own failure where it is to blame."""
        pause = settlement.pause
        if pause is None or pause.cause not in ACCUSING:
            return settlement
        if self.is_stale(pause, acquittals):
            return replace(settlement, pause=None)
        suspect = self._suspects.setdefault(job.sha256, _Suspect(job.id, 0, self._goods))
        suspect.strikes += 1
        has_witness = suspect.goods != self._goods
        if suspect.strikes < (STRIKES if has_witness else STRIKES_WITHOUT_WITNESS):
            return settlement
        del self._suspects[job.sha256]
        return replace(
            settlement,
            state=State.FAILED,
            reason=_reason(pause.reason, suspect.strikes),
            trail=job.trail.tried(),
            wait=None,
            pause=None,
        )

    def acquit(self) -> Iterator[tuple[int, float]]:
        """The account is well. Gives the jobs that let others go first now, and how long (s)."""
        self.acquittals += 1
        for suspect in self._suspects.values():
            yield suspect.job_id, STEP_BACK_SECONDS * 2.0 ** (suspect.strikes - 1)


def _reason(reason: Reason, times: int) -> Reason:
    text = (
        f"{reason.text}; this file was refused so {counted(times, 'time')},"
        " while the service accepted this account's login in between"
    )
    remedy = "try it under a plain name; if it is refused again, report it; then `uploadd retry`"
    return Reason(reason.code, text, remedy)

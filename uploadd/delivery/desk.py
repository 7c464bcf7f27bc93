"""What the loops of one account share: who it is, its service, and what it is doing right now."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import TypeVar

import structlog

from uploadd.delivery.bell import Bell
from uploadd.delivery.breaker import Breaker
from uploadd.delivery.call_budget import CallBudget
from uploadd.delivery.logins import Logins
from uploadd.delivery.room import Room
from uploadd.delivery.silent_disks import SilentDisks
from uploadd.delivery.suspects import Suspects
from uploadd.delivery.throttle import Throttle
from uploadd.delivery.waits import Waits
from uploadd.files.reaching import Roots
from uploadd.model import verdicts
from uploadd.model.configuration import Account
from uploadd.model.errors import (
    RootRefusedError,
    ServiceAwayError,
    ServiceError,
    ServiceFaultError,
    ServiceRefusedError,
)
from uploadd.model.jobs import Job
from uploadd.model.pauses import (
    ACCUSING,
    UNREACHED,
    ActivePause,
    PauseCause,
    Stops,
    first_end,
    what_stops,
)
from uploadd.model.places import Ruling
from uploadd.model.ports import Runtime
from uploadd.model.settlement import Surroundings
from uploadd.model.states import State
from uploadd.model.verdicts import Reason
from uploadd.model.waits import Awaited
from uploadd.services.base import Service
from uploadd.store import pauses
from uploadd.store.accounts import AccountRow
from uploadd.store.store import Store

log = structlog.get_logger()
T = TypeVar("T")

FAULT_REMEDY = (
    "nothing to do: it is tried again by itself; if it stays, see that this address is the"
    " service's: a proxy, a login page of the network, or base_url may stand in between"
)
UNANSWERED_QUESTIONS = 5  # the next of them is asked more than a minute later
PAUSE_LOG_LEVEL = {True: "warning", False: "info"}


@dataclass
class Desk:
    """One account at work."""

    account: Account
    row: AccountRow
    needs_login: bool
    service: Service
    store: Store
    runtime: Runtime
    budget: CallBudget
    throttle: Throttle
    bell: Bell
    patience: float
    ruling_on: Callable[[Job, str], Ruling]
    """The settings that hold for a job's file now, for an account by its name. Blocks."""
    roots: Roots
    """How files are reached."""
    disks: SilentDisks
    """The folders' disks, of which one may be silent."""
    may_forget: Callable[[bytes], Awaitable[bool]]
    """Whether what is missing in a directory is gone; else its disk may be away."""
    admit_again: Callable[[str], Awaitable[RootRefusedError | None]]
    """Why a folder, by its name, is not read, after all; None where it may be."""
    resight: Callable[[Job], None]
    """Tells intake that a job's file is not what it was."""
    connect: Callable[[Account], tuple[Service, CallBudget]]
    """A client with this login, and the budget of its api_key."""
    logins: Logins | None = None
    """Where a new login shows itself while the account waits for one; None: nowhere."""
    retired: list[Service] = field(default_factory=list)
    """Clients of earlier logins, with requests that may still be under way."""
    rebound: asyncio.Event = field(default_factory=asyncio.Event)
    """Set when the login turned out to be another account than was thought: walk again."""
    draining: asyncio.Event = field(default_factory=asyncio.Event)
    cut: asyncio.Event = field(default_factory=asyncio.Event)
    breaker: Breaker = field(default_factory=Breaker)
    suspects: Suspects = field(default_factory=Suspects)
    room: Room = field(default_factory=Room)
    pauses_begun: int = 0
    """Counted the moment a verdict says pause, before that is committed."""
    was_probed: bool = False
    """Whether the pauses in the database were tried: before that they prove nothing."""
    is_probe_wanted: bool = False
    """Somebody asks for a backfill: like a start, that is a reason to try the pauses."""
    accusations: int = 0
    """How many refusals of the login or the clock no probe has checked yet."""
    unanswered: dict[State, int] = field(default_factory=dict)
    """How many questions about jobs in a state were not answered, one after the other."""
    _told_pauses: dict[PauseCause, tuple[float, int]] = field(default_factory=dict)
    uploading: int = 0
    bytes_sent: int = 0
    calls_made: int = 0
    private_kept: int = 0
    """Uploads of this deliverer that are not public, as far as they may have arrived."""
    is_idle: bool = False
    last_ticket_at: float = 0.0
    waits: Waits = field(init=False)
    """The replies that have not come yet."""

    def __post_init__(self) -> None:
        self.waits = Waits(self.runtime.clock)

    @property
    def id(self) -> int:
        """The account's row."""
        return self.row.id

    @property
    def is_unanswered(self) -> bool:
        """Whether questions about tickets or look-ups met no answer, again and again."""
        return max(self.unanswered.values(), default=0) >= UNANSWERED_QUESTIONS

    def around(self) -> Surroundings:
        """The time and the dice for a decision."""
        return Surroundings(
            now=self.runtime.clock.wall(),
            random=self.runtime.random,
            patience=self.patience,
            has_dedup_check=self.service.compares_on_send,
        )

    def is_of(self, job: Job) -> bool:
        """Whether `job` is for the account that this desk's client is logged in to."""
        return not self.needs_login and job.account_id == self.id

    def take_login(
        self,
        account: Account,
        row: AccountRow,
        service: Service,
        budget: CallBudget,
        *,
        needs_login: bool,
    ) -> None:
        """From now on another client; what the old one has under way ends as it began."""
        self.retired.append(self.service)
        self.account, self.row, self.service, self.budget = account, row, service, budget
        self.needs_login = needs_login
        self.suspects.forget()
        self.room = Room()
        self.pauses_begun += 1  # a send that is just being begun for the old one is put back

    async def stopped(self) -> frozenset[Stops]:
        """What the account's pauses stop now."""
        return what_stops(await self.pauses(), self.runtime.clock.wall())

    async def pauses(self) -> list[ActivePause]:
        """The account's pauses as the database has them."""
        return await self.store.read(pauses.of_account, self.id)

    async def next_pause_end(self) -> float | None:
        """When the first of the pauses ends that end by time alone (unix seconds)."""
        return first_end(await self.pauses(), self.runtime.clock.wall())

    def worked(self, job: Job) -> None:
        """The service took or judged a file: it is there, and it knows us."""
        self.breaker.worked()
        self.suspects.worked(job.sha256)

    def begin_pause(self, cause: PauseCause) -> None:
        """Known at once, before it is committed: sends that are just being begun are put back."""
        self.pauses_begun += 1
        if cause in ACCUSING:
            self.accusations += 1
            self.was_probed = False

    @property
    def is_accused(self) -> bool:
        """Whether a refusal of the login or the clock is not checked yet."""
        return self.accusations > 0

    def withdraw_accusation(self) -> None:
        """It was the one file's fault, and no pause comes of it."""
        self.accusations = max(0, self.accusations - 1)
        self.bell.ring()

    async def pause(self, pause: verdicts.Pause) -> None:
        """Stop the account, durably, and tell."""
        self.begin_pause(pause.cause)
        now = self.runtime.clock.wall()
        row = await self.store.write(pauses.begin, self.id, pause, now, self.patience)
        self.tell_pause(row)
        self.bell.ring()

    async def pause_away(self, error: ServiceAwayError) -> None:
        """Nothing can be reached: stop all calls but the probe."""
        reason = Reason(UNREACHED, error.text, error.remedy)
        await self.pause(verdicts.Pause(PauseCause.AWAY, reason))

    def tell_pause(self, pause: ActivePause) -> None:
        """Log a pause once, however many sends met it; as a warning if a person must act."""
        if self._told_pauses.get(pause.cause) == (pause.since, pause.times):
            return
        self._told_pauses[pause.cause] = (pause.since, pause.times)
        level = PAUSE_LOG_LEVEL[pause.rule.needs_person]
        getattr(log, level)(
            "account.paused",
            account=self.account.name,
            cause=pause.cause,
            code=pause.code,
            text=pause.text,
            remedy=pause.remedy,
            seconds=round(pause.delay.seconds, 1) if pause.delay else None,
        )

    async def ask(
        self,
        what: Awaited,
        question: Callable[[], Awaitable[T]],
        *,
        pauses_on_fault: bool = False,
    ) -> T | None:
        """Put a read call to the service; None where it did not work, having paused if need be.

        `pauses_on_fault`: nothing can be done before this one is answered.
        """
        try:
            with self.waits.on(what):
                return await question()
        except ServiceAwayError as error:
            await self.pause_away(error)
        except ServiceRefusedError as error:
            await self._refused(error)
        except ServiceFaultError as error:
            if pauses_on_fault:
                reason = Reason(error.reason.code, error.text, FAULT_REMEDY)
                await self.pause(verdicts.Pause(PauseCause.AWAY, reason))
            else:
                log.warning("call.failed", account=self.account.name, text=error.text)
        except ServiceError as error:
            log.warning("call.failed", account=self.account.name, text=error.text)
        return None

    async def _refused(self, error: ServiceRefusedError) -> None:
        if error.pause is not None:
            await self.pause(error.pause)
        else:
            log.warning(
                "call.refused",
                account=self.account.name,
                code=error.reason.code,
                text=error.reason.text,
                remedy=error.reason.remedy,
            )

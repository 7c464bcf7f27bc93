"""Asks for an account's limits, and pauses it where they show no room for what is to be sent."""

from __future__ import annotations

from uploadd.delivery.desk import Desk
from uploadd.delivery.room import NOTHING
from uploadd.model.jobs import Lane
from uploadd.model.limits import Load, Quota, Short, full_pause, has_room, is_ours
from uploadd.model.pauses import ActivePause, PauseCause, Stops
from uploadd.model.waits import Awaited
from uploadd.store import accounts, queue

QUOTA_SECONDS = 3600.0
# An answer as young as this need not be asked for again where nothing was sent since.
FRESH_SECONDS = 60.0


class QuotaWatch:
    """Keeps what is known of one account's room."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._asked_at: float | None = None
        self._ended: dict[PauseCause, float] = {}
        """Which pauses the numbers ended, by when they began; others were ended by a person."""

    def forget(self) -> None:
        """Another login: perhaps another account."""
        self._asked_at = None

    async def refresh(self) -> None:
        """Ask where that was long ago, or where there is a job that seems to have no room."""
        room = self._desk.room
        if self._is_old(QUOTA_SECONDS) or (room.wanted is not None and not self._is_fresh()):
            await self.ask()
        if room.wanted is not None and self._asked_at is not None:
            wanted, room.wanted = room.wanted, None
            await self._weigh(wanted)

    def is_due(self, pause: ActivePause) -> bool:
        """Whether the numbers are to be looked at again that began a pause: as often as ever."""
        return is_ours(pause.code) and self._is_old(QUOTA_SECONDS)

    async def ask(self) -> Quota | None:
        """Ask the service; None where it did not answer."""
        desk, room = self._desk, self._desk.room
        self._asked_at = desk.runtime.clock.monotonic()
        kept_before = room.kept
        doubts = await desk.store.read(accounts.count_limit_doubts, desk.id)
        quota = await desk.ask(Awaited.LIMITS, desk.service.quota)
        if room is not desk.room:
            return None  # another login meanwhile
        if quota is not None:
            room.learn(quota, kept_before, doubts)
        elif Stops.CALLS in await desk.stopped():
            self._asked_at = None  # nobody is asked anything now; after that, this comes first
        else:
            room.learn_nothing(doubts)
        return quota

    async def is_over(self, pause: ActivePause) -> bool:
        """Whether the account has room again for what a pause has stopped."""
        is_over = await self._has_room(pause)
        if is_over:
            self._ended[pause.cause] = pause.since
        return is_over

    async def _has_room(self, pause: ActivePause) -> bool:
        quota = self._desk.room.quota if self._is_fresh() else await self.ask()
        if quota is None:
            return False
        room = has_room(quota, pause.cause)
        if room is None:  # no number: only a send can tell, one when the pause is over
            return pause.is_over(self._desk.runtime.clock.wall())
        if room and pause.cause is PauseCause.FULL and quota.bytes_left is not None:
            return await self._fits(quota.bytes_left)
        return room

    async def _fits(self, most_bytes: int) -> bool:
        """Whether anything in the queue is as small as that, or there is nothing in it."""
        desk = self._desk
        now = desk.runtime.clock.wall()
        for most in (most_bytes, None):
            for lane in Lane:
                job = await desk.store.read(
                    queue.next_to_send,
                    desk.id,
                    lane,
                    now,
                    with_videos=True,
                    taken=(),
                    most_bytes=most,
                )
                if job is not None:
                    return most is not None
        return True

    def _is_fresh(self) -> bool:
        room = self._desk.room
        return room.was_asked and not room.has_changed and not self._is_old(FRESH_SECONDS)

    def _is_old(self, seconds: float) -> bool:
        """Whether the limits were asked for longer ago than `seconds` of our own, or never."""
        asked, now = self._asked_at, self._desk.runtime.clock.monotonic()
        return asked is None or now - asked >= seconds * self._desk.patience

    async def _weigh(self, wanted: Load) -> None:
        desk = self._desk
        short = desk.room.shortage_for(wanted) if wanted != NOTHING else None
        if short is not None and await self._is_overruled(short):
            desk.room.disprove(short.cause)
        elif short is not None:
            await desk.pause(full_pause(desk.room.quota, short, wanted))
        desk.bell.ring()

    async def _is_overruled(self, short: Short) -> bool:
        """Whether a person ended a pause for this (`resume`), and nothing has arrived since."""
        return any(
            pause.is_ended and pause.since != self._ended.get(pause.cause)
            for pause in await self._desk.pauses()
            if pause.cause is short.cause
        )

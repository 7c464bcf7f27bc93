"""Logs in, ends pauses that a probe or the quota ends, and keeps the account's limits fresh."""

from __future__ import annotations

import asyncio

import structlog

from uploadd.delivery.desk import Desk
from uploadd.model import verdicts
from uploadd.model.errors import ConfigurationError, ServiceError, ServiceRefusedError
from uploadd.model.pauses import ActivePause, EndsBy, PauseCause, Stops
from uploadd.model.verdicts import Reason
from uploadd.services.base import Quota
from uploadd.store import accounts, pauses

log = structlog.get_logger()

LONGEST_NAP_SECONDS = 300.0
QUOTA_SECONDS = 3600.0


class ProbeLoop:
    """Brings one account back to work, whenever that is possible without a person."""

    def __init__(self, desk: Desk, labels: frozenset[str]) -> None:
        self._desk = desk
        self._labels = labels
        self._bell = desk.bell.listener()
        self._quota_asked_at: float | None = None
        self._is_first_turn = True

    async def run(self, ended: asyncio.Event) -> None:
        """Probe until `ended` is set."""
        while not ended.is_set():
            self._bell.clear()
            await self._turn()
            self._is_first_turn = False
            self._desk.was_probed = True
            await self._desk.runtime.clock.wait(self._bell, await self._nap())

    async def _turn(self) -> None:
        missing = self._desk.account.missing_credentials
        if missing:
            await self._say_missing(missing)
            return
        for pause in await self._desk.pauses():
            if self._is_due(pause):
                await self._try_to_end(pause)
        if Stops.CALLS not in await self._desk.stopped():
            await self._log_in_and_ask_quota()

    def _is_due(self, pause: ActivePause) -> bool:
        if pause.is_ended or pause.rule.ends_by not in (EndsBy.PROBE, EndsBy.QUOTA):
            return False
        # A start is a reason to try: the person who started us may have mended it.
        return self._is_first_turn or pause.is_over(self._desk.runtime.clock.wall())

    async def _try_to_end(self, pause: ActivePause) -> None:
        desk = self._desk
        if pause.rule.ends_by is EndsBy.QUOTA:
            is_well = await self._has_room(pause.cause)
        else:
            is_well = await self._is_answered(pause.cause)
        now = desk.runtime.clock.wall()
        if is_well:
            await desk.store.write(pauses.end, desk.id, pause.cause)
            desk.breaker.worked()
            log.info("account.resumed", account=desk.account.name, cause=pause.cause)
            desk.bell.ring()
        elif pause.is_over(now):
            await desk.store.write(pauses.prolong, pause, now, desk.patience)

    async def _is_answered(self, cause: PauseCause) -> bool:
        """Whether `cause` holds no more. A refusal for another cause is an answer, too."""
        try:
            if self._desk.needs_login:
                await self._log_in()
            else:
                await self._desk.service.probe()
        except ServiceRefusedError as error:
            log.debug("probe.refused", account=self._desk.account.name, text=error.text)
            if error.pause is None or error.pause.cause is cause:
                return False
            await self._desk.pause(error.pause)
        except ServiceError as error:
            log.debug("probe.failed", account=self._desk.account.name, text=error.text)
            return False
        except ConfigurationError as error:
            await self._say_same_login(error)
            return False
        return True

    async def _has_room(self, cause: PauseCause) -> bool:
        quota = await self._desk.ask(self._desk.service.quota)
        if quota is None:
            return False
        self._desk.quota = quota
        return has_room(quota, cause)

    async def _log_in_and_ask_quota(self) -> None:
        desk = self._desk
        if desk.needs_login:
            try:
                await desk.ask(self._log_in, pauses_on_fault=True)
            except ConfigurationError as error:
                await self._say_same_login(error)
        if not desk.needs_login and self._is_quota_old():
            self._quota_asked_at = desk.runtime.clock.monotonic()
            desk.quota = await desk.ask(desk.service.quota) or desk.quota

    def _is_quota_old(self) -> bool:
        asked = self._quota_asked_at
        return asked is None or self._desk.runtime.clock.monotonic() - asked >= QUOTA_SECONDS

    async def _log_in(self) -> bool:
        desk = self._desk
        login = await desk.service.log_in()
        before = desk.id
        desk.row = await desk.store.write(
            accounts.learn,
            desk.id,
            login.user_id,
            login.user_name,
            desk.row.credentials_digest,
            self._labels,
        )
        desk.needs_login = False
        log.info(
            "account.recognised",
            account=desk.account.name,
            user=login.user_name,
            identity=desk.row.identity,
        )
        if desk.id != before:
            desk.rebound.set()
        desk.bell.ring()
        return True

    async def _say_missing(self, missing: list[str]) -> None:
        name = self._desk.account.name
        keys = ", ".join(f"accounts.{name}.{key}" for key in missing)
        reason = Reason(
            "missing",
            f"credentials are missing: {keys}",
            "set them in the configuration, the environment, or as systemd credentials",
        )
        now = self._desk.runtime.clock.wall()
        told = [p for p in await self._desk.pauses() if p.cause is PauseCause.CREDENTIALS]
        if not any(pause.holds(now) and not pause.is_over(now) for pause in told):
            await self._desk.pause(verdicts.Pause(PauseCause.CREDENTIALS, reason))

    async def _say_same_login(self, error: ConfigurationError) -> None:
        reason = Reason("same-login", error.text, error.remedy)
        await self._desk.pause(verdicts.Pause(PauseCause.CREDENTIALS, reason))

    async def _nap(self) -> float:
        now = self._desk.runtime.clock.wall()
        naps = [LONGEST_NAP_SECONDS]
        for pause in await self._desk.pauses():
            is_ours = pause.rule.ends_by in (EndsBy.PROBE, EndsBy.QUOTA) and not pause.is_ended
            if pause.delay and is_ours and self._can_try(pause):
                naps.append(max(0.05, pause.delay.remaining(now)))
        return min(naps)

    def _can_try(self, pause: ActivePause) -> bool:
        """Without credentials no probe can be made, whatever else has paused the account."""
        is_told = pause.cause is PauseCause.CREDENTIALS
        return is_told or not self._desk.account.missing_credentials


def has_room(quota: Quota, cause: PauseCause) -> bool:
    """Whether the service's own numbers show room for what a pause has stopped.

    A service that names no limit shows no room: it has just refused, and is asked again later.
    """
    left = quota.videos_left if cause is PauseCause.VIDEOS_FULL else quota.items_left
    return left is not None and left > 0

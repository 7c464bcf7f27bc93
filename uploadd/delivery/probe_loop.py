"""Logs in, and ends pauses that a probe or the quota ends."""

from __future__ import annotations

import asyncio

import structlog

from uploadd.delivery.desk import Desk
from uploadd.delivery.logins import LOOK_SECONDS, credentials_digest
from uploadd.delivery.quota_watch import QuotaWatch
from uploadd.model import verdicts
from uploadd.model.configuration import Account
from uploadd.model.delays import Delay
from uploadd.model.errors import (
    ConfigurationError,
    ServiceAwayError,
    ServiceError,
    ServiceFaultError,
    ServiceRefusedError,
)
from uploadd.model.pauses import ACCUSING, ActivePause, EndsBy, PauseCause, Stops
from uploadd.model.verdicts import Reason
from uploadd.model.waits import Awaited
from uploadd.store import accounts, moves, pauses

log = structlog.get_logger()

LONGEST_NAP_SECONDS = 300.0
STEPPED_BACK = Reason(
    "stepped-back", "it was refused while the account is well: others are sent before it"
)


class ProbeLoop:
    """Brings one account back to work, whenever that is possible without a person."""

    def __init__(self, desk: Desk, labels: frozenset[str]) -> None:
        self._desk = desk
        self._labels = labels
        self._bell = desk.bell.listener()
        self._quota_watch = QuotaWatch(desk)
        # A start is a reason to try every pause: the person who started us may have mended it.
        # So is a new login.
        self._tries_all = True
        self._tries_accused = False
        self._has_new_login = False
        self._was_away = False

    async def run(self, ended: asyncio.Event) -> None:
        """Probe until `ended` is set."""
        desk = self._desk
        while not ended.is_set():
            self._bell.clear()
            await self._hear_accusation()
            if desk.is_probe_wanted:
                desk.is_probe_wanted, desk.was_probed, self._tries_all = False, False, True
            await self._turn()
            self._tries_all = False
            desk.was_probed = not desk.is_accused
            await desk.runtime.clock.wait(self._bell, await self._nap())

    async def _hear_accusation(self) -> None:
        """Decide whether to probe a refusal of the login or the clock now.

        `Desk.accusations` counts it before its pause is committed: until then it waits here.
        """
        desk = self._desk
        now = desk.runtime.clock.wall()
        held = [p for p in await desk.pauses() if p.cause in ACCUSING and p.holds(now)]
        self._tries_accused = bool(held) and desk.is_accused
        if held:
            desk.accusations = 0

    async def _turn(self) -> None:
        if await self._waits_for_login():
            await self._look_for_login()
        missing = self._desk.account.missing_credentials
        if missing:
            await self._say_missing(missing)
            return
        await self._end_pauses()
        if Stops.CALLS not in await self._desk.stopped():
            await self._log_in_and_look_at_limits()

    async def _end_pauses(self) -> None:
        """While nothing can be reached, no other pause can be tried; after that, each of them is.

        Another process may have ended that one: a call of its own was answered.
        """
        was_away, self._was_away = self._was_away, await self._is_away()
        if was_away and not self._was_away:
            self._tell_resumed(PauseCause.AWAY)
        for pause in await self._desk.pauses():
            if pause.cause is PauseCause.AWAY and self._is_due(pause):
                await self._try_to_end(pause)
        is_away = await self._is_away()
        self._tries_all = self._tries_all or ((was_away or self._was_away) and not is_away)
        self._was_away = is_away
        for pause in await self._desk.pauses():
            if self._is_due(pause) and not await self._is_away():
                await self._try_to_end(pause)

    async def _is_away(self) -> bool:
        now = self._desk.runtime.clock.wall()
        return any(p.cause is PauseCause.AWAY and p.holds(now) for p in await self._desk.pauses())

    def _is_due(self, pause: ActivePause) -> bool:
        if pause.is_ended or pause.rule.ends_by not in (EndsBy.PROBE, EndsBy.QUOTA):
            return False
        if self._tries_all or pause.is_over(self._desk.runtime.clock.wall()):
            return True
        if self._quota_watch.is_due(pause):
            return True
        # Not a second time in a row, or a probe that is always answered and a send that never is
        # would chase each other.
        return self._tries_accused and pause.cause in ACCUSING and pause.times == 1

    async def _try_to_end(self, pause: ActivePause) -> None:
        desk = self._desk
        if pause.rule.ends_by is EndsBy.QUOTA:
            is_well = await self._quota_watch.is_over(pause)
        else:
            is_well = await self._is_answered(pause.cause)
        now = desk.runtime.clock.wall()
        if is_well:
            await self._resume(pause)
        elif pause.is_over(now) and (pause.cause is PauseCause.AWAY or not await self._is_away()):
            await desk.store.write(pauses.prolong, pause, now, desk.patience)

    async def _resume(self, pause: ActivePause) -> None:
        desk = self._desk
        end = pauses.end
        if pause.cause is PauseCause.CREDENTIALS and self._has_new_login:
            end, self._has_new_login = pauses.forget, False
        # The login may have turned out to be another account: neither stays paused.
        for account_id in {pause.account_id, desk.id}:
            await desk.store.write(end, account_id, pause.cause)
        desk.breaker.answered()
        if pause.cause in ACCUSING:
            await self._let_suspects_step_back()
        self._tell_resumed(pause.cause)

    def _tell_resumed(self, cause: PauseCause) -> None:
        log.info("account.resumed", account=self._desk.account.name, cause=cause)
        self._desk.bell.ring()

    async def _let_suspects_step_back(self) -> None:
        desk = self._desk
        now = desk.runtime.clock.wall()
        for job_id, seconds in desk.suspects.acquit():
            wait = Delay(now, seconds * desk.patience)
            await desk.store.write(moves.postpone, job_id, STEPPED_BACK, wait, now)

    async def _is_answered(self, cause: PauseCause) -> bool:
        """Whether `cause` holds no more. A refusal for another cause is an answer, too."""
        desk = self._desk
        try:
            with desk.waits.on(Awaited.LOGIN):
                if desk.needs_login:
                    await self._log_in()
                else:
                    await desk.service.probe()
                if cause is PauseCause.CREDENTIALS and await desk.service.may_upload() is False:
                    return False  # who may only read is answered well, too
        except ServiceRefusedError as error:
            log.debug("probe.refused", account=desk.account.name, text=error.text)
            if error.pause is None or error.pause.cause is cause:
                return False
            await desk.pause(error.pause)
        except ServiceAwayError as error:
            log.debug("probe.unanswered", account=desk.account.name, text=error.text)
            if cause is not PauseCause.AWAY:
                await desk.pause_away(error)
            return False
        except ServiceError as error:
            log.debug("probe.failed", account=desk.account.name, text=error.text)
            return False
        except ConfigurationError as error:
            await self._say_same_login(error)
            return False
        return True

    async def _log_in_and_look_at_limits(self) -> None:
        desk = self._desk
        if desk.needs_login:
            try:
                await desk.ask(Awaited.LOGIN, self._log_in_or_fail, pauses_on_fault=True)
            except ConfigurationError as error:
                await self._say_same_login(error)
            desk.accusations = 0  # this was the probe
        if not desk.needs_login:
            await self._quota_watch.refresh()

    async def _log_in_or_fail(self) -> bool:
        """A refusal that says nothing about the account is a fault: nothing goes on without it."""
        try:
            return await self._log_in()
        except ServiceRefusedError as error:
            if error.pause is not None:
                raise
            raise ServiceFaultError(error.reason) from None

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

    async def _waits_for_login(self) -> bool:
        desk = self._desk
        if desk.logins is None or desk.account.missing_credentials:
            return desk.logins is not None
        now = desk.runtime.clock.wall()
        return any(
            pause.cause is PauseCause.CREDENTIALS and pause.holds(now)
            for pause in await desk.pauses()
        )

    async def _look_for_login(self) -> None:
        desk = self._desk
        renewed = await desk.logins.newer(desk.account) if desk.logins is not None else None
        if renewed is not None:
            await self._take(renewed)

    async def _take(self, account: Account) -> None:
        """Go on with another login: a client of its own, and every pause is tried at once."""
        desk = self._desk
        service, budget = desk.connect(account)
        row, needs_login = await desk.store.write(
            accounts.bind, account.name, account.service, service.host, credentials_digest(account)
        )
        desk.take_login(account, row, service, budget, needs_login=needs_login)
        self._quota_watch.forget()
        self._tries_all = self._has_new_login = True
        log.info("account.login_renewed", account=account.name)

    async def _say_missing(self, missing: list[str]) -> None:
        account = self._desk.account
        keys = ", ".join(f"accounts.{account.name}.{key}" for key in missing)
        text = f"credentials are missing: {keys}"
        reason = Reason("missing", text, account.login_remedy)
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
        if await self._waits_for_login():
            naps.append(LOOK_SECONDS)
        if self._desk.room.wanted is not None:
            pause_end = await self._desk.next_pause_end()
            naps += [] if pause_end is None else [max(0.05, pause_end - now)]
        for pause in await self._desk.pauses():
            is_ours = pause.rule.ends_by in (EndsBy.PROBE, EndsBy.QUOTA) and not pause.is_ended
            if pause.delay and is_ours and self._can_try(pause):
                naps.append(max(0.05, pause.delay.remaining(now)))
        return min(naps)

    def _can_try(self, pause: ActivePause) -> bool:
        """Whether a probe for it can be made: not without credentials, nor if nothing answers."""
        if self._was_away and pause.cause is not PauseCause.AWAY:
            return False
        is_told = pause.cause is PauseCause.CREDENTIALS
        return is_told or not self._desk.account.missing_credentials

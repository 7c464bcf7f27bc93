"""One call's way, as it is on every service: journal, scripted faults, refusals made replies."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Awaitable, Callable

from starlette.requests import ClientDisconnect
from starlette.responses import Response

from uploadd.sandbox.account import Sandbox
from uploadd.sandbox.connection import ConnectionCut
from uploadd.sandbox.faults import Plan
from uploadd.sandbox.journal import Entry
from uploadd.sandbox.multipart import BodyError
from uploadd.sandbox.problems import Interrupted, UnacceptableError
from uploadd.sandbox.wrong import unacceptable

Work = Callable[[], Awaitable[Response]]


class Exchanging(ABC):
    """One request that is being answered; each service adds its own refusals."""

    def __init__(
        self, account: Sandbox, endpoint: str, *, is_rest: bool = False, method: str = ""
    ) -> None:
        self._now = account.now
        self.begun_at = account.now()
        self.entry: Entry = account.journal.begin(self.begun_at, endpoint)
        self.plan: Plan = account.faults.plan(endpoint, is_rest=is_rest, method=method)
        self.entry.fault = self.plan.names()

    async def run(self, work: Work) -> Response:
        """Do the call's work; every refusal becomes a reply and a line in the journal."""
        try:
            return await self._acceptable(work)
        except ConnectionCut:
            self.end(self.entry.outcome if self.entry.outcome == "ok" else "cut")
            raise
        except ClientDisconnect:
            self.end("cut by the client")
            raise
        finally:
            if self.entry.ended is None:
                self.end("unanswered")

    def end(self, outcome: str) -> None:
        """Write down how the call ended."""
        self.entry.outcome = outcome
        self.entry.ended = self._now()

    @abstractmethod
    async def answered(self, work: Work) -> Response:
        """Do the work, and turn the service's own errors into its replies."""

    async def _acceptable(self, work: Work) -> Response:
        try:
            return await self.answered(work)
        except (UnacceptableError, BodyError) as problem:
            self.entry.violation = str(problem)
            self.end("http 400")
            return unacceptable(str(problem))
        except Interrupted as interruption:
            self.end(f"http {interruption.reply.status_code}")
            return interruption.reply

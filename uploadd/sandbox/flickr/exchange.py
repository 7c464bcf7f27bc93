"""One call's way: journal, call budget, scripted faults, refusals turned into replies."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from starlette.requests import ClientDisconnect
from starlette.responses import Response

from uploadd.sandbox.account import Sandbox
from uploadd.sandbox.connection import ConnectionCut
from uploadd.sandbox.faults import Plan
from uploadd.sandbox.flickr import answers
from uploadd.sandbox.flickr.problems import OAuthProblem, UnacceptableError
from uploadd.sandbox.flickr.replies import ApiError
from uploadd.sandbox.journal import Entry
from uploadd.sandbox.multipart import BodyError
from uploadd.sandbox.problems import Interrupted

__all__ = ["Exchange", "Interrupted"]


class Exchange:
    """One request that is being answered."""

    def __init__(self, sandbox: Sandbox, endpoint: str, *, is_rest: bool = False) -> None:
        self.sandbox = sandbox
        self.begun_at = sandbox.now()
        self.entry: Entry = sandbox.journal.begin(self.begun_at, endpoint)
        self.plan: Plan = sandbox.faults.plan(endpoint, is_rest=is_rest)
        self.entry.fault = self.plan.names()
        self.form = "rest"
        self.callback: str | None = None

    def fail_before(self) -> None:
        """Raise or answer what was scripted to happen instead of the call."""
        fault = self.plan.before
        if fault is None:
            return
        if fault.kind == "error":
            code = 105 if fault.code is None else fault.code
            raise ApiError(code, fault.message or _MESSAGES.get(code, "Error"))
        if fault.kind == "oauth-problem":
            raise OAuthProblem(fault.message or "token_rejected")
        raise Interrupted(answers.faulty(fault, Response()))

    def finish(self, right: Response) -> Response:
        """The right reply, or the scripted wrong one."""
        self._end("ok")
        return right if self.plan.after is None else answers.faulty(self.plan.after, right)

    async def run(self, work: Callable[[], Awaitable[Response]]) -> Response:
        """Do the call's work; every refusal becomes a reply and a line in the journal."""
        try:
            return await self._refusable(work)
        except ConnectionCut:
            self._end(self.entry.outcome if self.entry.outcome == "ok" else "cut")
            raise
        except ClientDisconnect:
            self._end("cut by the client")
            raise
        finally:
            if self.entry.ended is None:
                self._end("unanswered")

    async def _refusable(self, work: Callable[[], Awaitable[Response]]) -> Response:
        try:
            self._check_budget()
            return await work()
        except ApiError as error:
            self._end(f"error {error.code}")
            return answers.failure(error, self.form, self.callback)
        except OAuthProblem as problem:
            self._end(f"http 401 {problem.problem}")
            return answers.oauth_refusal(problem.text)
        except (UnacceptableError, BodyError) as problem:
            self.entry.violation = str(problem)
            self._end("http 400")
            return answers.unacceptable(str(problem))
        except Interrupted as interruption:
            self._end(f"http {interruption.reply.status_code}")
            return interruption.reply

    def _check_budget(self) -> None:
        if self.sandbox.is_over_budget():
            raise Interrupted(answers.html(429))

    def _end(self, outcome: str) -> None:
        self.entry.outcome = outcome
        self.entry.ended = self.sandbox.now()


_MESSAGES = {
    0: "Video uploads are temporarily disabled",
    1: "Not a pro account",
    3: "General upload failure",
    5: "Filetype was not recognised",
    6: "User exceeded upload limit",
    7: "User exceeded video upload limit",
    93: "POST size too large",
    95: "SSL is required",
    96: "Invalid signature",
    97: "Missing signature",
    98: "Invalid auth token",
    99: "User not logged in / Insufficient permissions",
    100: "Invalid API Key (Key has invalid format)",
    105: "Service currently unavailable",
    106: "Write operation failed",
    108: "Invalid frob",
    116: "Bad URL found",
    201: "Sorry, the Flickr API service is not currently available.",
}

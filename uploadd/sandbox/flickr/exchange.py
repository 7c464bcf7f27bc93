"""One call's way on Flickr: its budget, its errors and its scripted faults."""

from __future__ import annotations

from starlette.responses import Response

from uploadd.sandbox.account import Sandbox
from uploadd.sandbox.exchanging import Exchanging, Work
from uploadd.sandbox.flickr import answers
from uploadd.sandbox.flickr.problems import OAuthProblem
from uploadd.sandbox.flickr.replies import ApiError
from uploadd.sandbox.problems import Interrupted

__all__ = ["Exchange", "Interrupted"]


class Exchange(Exchanging):
    """One request that is being answered."""

    def __init__(self, sandbox: Sandbox, endpoint: str, *, is_rest: bool = False) -> None:
        super().__init__(sandbox, endpoint, is_rest=is_rest)
        self.sandbox = sandbox
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
        self.end("ok")
        return right if self.plan.after is None else answers.faulty(self.plan.after, right)

    async def answered(self, work: Work) -> Response:
        """Do the work; Flickr's errors and OAuth's refusals become replies."""
        try:
            self._check_budget()
            return await work()
        except ApiError as error:
            self.end(f"error {error.code}")
            return answers.failure(error, self.form, self.callback)
        except OAuthProblem as problem:
            self.end(f"http 401 {problem.problem}")
            return answers.oauth_refusal(problem.text)

    def _check_budget(self) -> None:
        if self.sandbox.is_over_budget():
            raise Interrupted(answers.html(429))


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

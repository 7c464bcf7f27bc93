"""One call's way: journal, call budget, scripted faults, refusals turned into replies."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from starlette.requests import ClientDisconnect
from starlette.responses import Response

from uploadd.sandbox import wrong
from uploadd.sandbox.connection import ConnectionCut
from uploadd.sandbox.faults import Plan
from uploadd.sandbox.ipernity import answers
from uploadd.sandbox.ipernity.account import IpernityAccount
from uploadd.sandbox.ipernity.replies import ApiError, Body
from uploadd.sandbox.journal import Entry
from uploadd.sandbox.multipart import BodyError
from uploadd.sandbox.problems import Interrupted, UnacceptableError

FORMATS = ("json", "xml")
_ENDPOINTS = {"upload.file": "upload", "upload.replace": "replace"}
_HTTP_STATUSES = (500, 501, 503)
_DEFAULT_CODE = 500


class Exchange:
    """One request that is being answered.

    In the journal `upload.file` and `upload.replace` are `upload` and `replace`, as on Flickr.
    """

    def __init__(self, account: IpernityAccount, method: str, form: str = "json") -> None:
        self.account = account
        self.method = method
        self.form = form
        self.begun_at = account.now()
        endpoint = _ENDPOINTS.get(method, method)
        self.entry: Entry = account.journal.begin(self.begun_at, endpoint)
        self.plan: Plan = account.faults.plan(
            endpoint, is_rest=method not in _ENDPOINTS, method=method
        )
        self.entry.fault = self.plan.names()

    def fail_before(self) -> None:
        """Raise or answer what was scripted to happen instead of the call."""
        fault = self.plan.before
        if fault is None:
            return
        if fault.kind == "error":
            raise ApiError(_DEFAULT_CODE if fault.code is None else fault.code, fault.message)
        raise Interrupted(answers.faulty(fault, Response()))

    def finish(self, body: Body) -> Response:
        """The right reply, or the scripted wrong one."""
        self._end("ok")
        right = answers.success(body, self.form)
        after = self.plan.after
        return right if after is None else answers.faulty(after, right, self.form)

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
            self._check_form_and_budget()
            return await work()
        except ApiError as error:
            self._end(f"error {error.code}")
            return self._refusal(error)
        except (UnacceptableError, BodyError) as problem:
            self.entry.violation = str(problem)
            self._end("http 400")
            return wrong.unacceptable(str(problem))
        except Interrupted as interruption:
            self._end(f"http {interruption.reply.status_code}")
            return interruption.reply

    def _check_form_and_budget(self) -> None:
        if self.form not in FORMATS:
            raise ApiError(102)
        if self.account.is_over_budget():
            raise ApiError(112)

    def _refusal(self, error: ApiError) -> Response:
        options = self.account.options
        is_string = options.code_form == "str"
        if options.code_form == "dice":
            is_string = self.account.code_dice.random() < 0.5
        has_status = options.has_http_status and error.code in _HTTP_STATUSES
        return answers.failure(
            error.code,
            error.wording(self.method),
            self.form,
            is_string=is_string,
            status=error.code if has_status else 200,
        )

    def _end(self, outcome: str) -> None:
        self.entry.outcome = outcome
        self.entry.ended = self.account.now()

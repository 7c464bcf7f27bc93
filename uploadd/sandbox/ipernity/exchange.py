"""One call's way on ipernity: its form, its budget, its errors and its scripted faults."""

from __future__ import annotations

from starlette.responses import Response

from uploadd.sandbox.exchanging import Exchanging, Work
from uploadd.sandbox.ipernity import answers
from uploadd.sandbox.ipernity.account import IpernityAccount
from uploadd.sandbox.ipernity.replies import ApiError, Body
from uploadd.sandbox.problems import Interrupted

FORMATS = ("json", "xml")
_ENDPOINTS = {"upload.file": "upload", "upload.replace": "replace"}
_HTTP_STATUSES = (500, 501, 503)
_DEFAULT_CODE = 500


class Exchange(Exchanging):
    """One request that is being answered.

    In the journal `upload.file` and `upload.replace` are `upload` and `replace`, as on Flickr.
    """

    def __init__(self, account: IpernityAccount, method: str, form: str = "json") -> None:
        endpoint = _ENDPOINTS.get(method, method)
        super().__init__(account, endpoint, is_rest=method not in _ENDPOINTS, method=method)
        self.account = account
        self.method = method
        self.form = form

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
        self.end("ok")
        right = answers.success(body, self.form)
        after = self.plan.after
        return right if after is None else answers.faulty(after, right, self.form)

    async def answered(self, work: Work) -> Response:
        """Do the work; ipernity's errors become replies."""
        try:
            self._check_form_and_budget()
            return await work()
        except ApiError as error:
            self.end(f"error {error.code}")
            return self._refusal(error)

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

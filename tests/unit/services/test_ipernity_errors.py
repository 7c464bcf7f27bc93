"""Every code of ipernity's specification, through the real client; and the page made of them."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import httpx
import pytest

from uploadd.model.errors import ServiceFaultError, ServiceRefusedError
from uploadd.model.pauses import PauseCause
from uploadd.model.verdicts import Action, ErrorRow, Pause, Refuse, Reschedule, Uncertain, Verdict
from uploadd.services.base import Parcel
from uploadd.services.ipernity import error_page, errors

ROOT = Path(__file__).parents[3]
CREDENTIALS, CLOCK, AWAY = PauseCause.CREDENTIALS, PauseCause.CLOCK, PauseCause.AWAY
RATE, FULL = PauseCause.RATE, PauseCause.FULL
Expected = type[Verdict] | PauseCause

# Design sections 8 and 9, written down a second time: every code of the specification.
OF_UPLOAD: dict[str, Expected] = {"1": Refuse, "2": Refuse, "3": Refuse}
OF_REPLACE: dict[str, Expected] = {
    "1": Refuse, "2": Refuse, "3": FULL, "4": Refuse, "5": Refuse, "6": Refuse,
}  # fmt: skip
OF_ANY: dict[str, Expected] = {
    "100": CREDENTIALS,
    "101": CREDENTIALS,
    "102": CREDENTIALS,
    "103": CREDENTIALS,
    "104": CREDENTIALS,
    "105": CREDENTIALS,  # a wrong signature: Flickr's 105 is a passing fault
    "106": CREDENTIALS,  # no token: Flickr's 106 is a passing fault
    "107": CREDENTIALS,
    "108": CREDENTIALS,
    "109": Refuse,
    "110": CREDENTIALS,
    "111": CREDENTIALS,
    "112": RATE,
    "113": RATE,
    "120": CREDENTIALS,
    "121": CREDENTIALS,
    "122": CREDENTIALS,
    "130": CREDENTIALS,
    "131": CREDENTIALS,
    "132": CLOCK,
    "133": CLOCK,
    "134": CLOCK,
    "135": CREDENTIALS,
    "500": Uncertain,
    "501": Uncertain,
    "503": Uncertain,
}
OF_HTTP: dict[str, Expected] = {
    "http-401": CREDENTIALS,
    "http-429": RATE,
    "http-413": Refuse,
    **dict.fromkeys(("http-403", "http-404", "http-405", "http-407"), AWAY),
    **dict.fromkeys(("http-3xx", "http-408", "http-5xx", "garbage", "network"), Uncertain),
    "http-4xx": Reschedule,
}
SENDS = [
    *(("upload.file", code, one) for code, one in {**OF_ANY, **OF_HTTP, **OF_UPLOAD}.items()),
    *(("upload.replace", code, one) for code, one in {**OF_ANY, **OF_HTTP, **OF_REPLACE}.items()),
]


def refusal(code: int | str, status: int = 200, headers: Any = None) -> httpx.Response:
    """An error of the API."""
    body = {"api": {"status": "error", "code": code, "message": "told"}}
    return httpx.Response(status, text=json.dumps(body), headers=headers)


def reply_for(code: str) -> httpx.Response:
    """The reply that has this code."""
    if code.isdigit():
        return refusal(code)
    if code == "network":
        raise httpx.ReadError("reset")
    status = 200 if code == "garbage" else int(code[5:].replace("xx", "18"))
    return httpx.Response(status, html="<title>Told</title>")


async def sent(desk: Any, method: str, parcel: Parcel) -> Any:
    """The verdict of one of the two methods that carry a file."""
    if method == "upload.file":
        return await desk.ipernity.send(parcel)
    return await desk.ipernity.replace(parcel, "77")


def assert_is(verdict: Any, expected: Expected) -> None:
    """A verdict of this kind, or a pause for this cause."""
    if isinstance(expected, PauseCause):
        assert isinstance(verdict, Pause)
        assert verdict.cause is expected
    else:
        assert isinstance(verdict, expected)


def test_the_tables_have_a_row_for_every_code() -> None:
    """Of upload.file, of upload.replace, and of any call; and none that nobody thought about."""
    assert list(errors.UPLOAD) == ["1", "2", "3"]
    assert list(errors.REPLACE) == ["1", "2", "3", "4", "5", "6"]
    common = [*range(100, 114), *range(120, 123), *range(130, 136), 500, 501, 503]
    assert list(errors.COMMON) == [str(code) for code in common] == list(OF_ANY)


@pytest.mark.parametrize(("method", "code", "expected"), SENDS)
async def test_a_send_gets_the_verdict_of_its_row(
    method: str, code: str, expected: Expected, open_ipernity: Any, parcel: Parcel
) -> None:
    """The whole body was sent, then this reply came."""
    verdict = await sent(open_ipernity(lambda _: reply_for(code)), method, parcel)
    assert_is(verdict, expected)
    assert verdict.reason.code == code.replace("xx", "18")
    assert verdict.reason.remedy


@pytest.mark.parametrize("status", [200, 500, 501, 503])
@pytest.mark.parametrize("code", [500, 501, 503])
async def test_a_fault_of_the_service_after_the_body_leaves_it_uncertain(
    status: int, code: int, open_ipernity: Any, parcel: Parcel
) -> None:
    """Whatever HTTP status it comes with: no resend is compared here."""
    verdict = await open_ipernity(lambda _: refusal(code, status)).ipernity.send(parcel)
    assert isinstance(verdict, Uncertain)
    assert verdict.reason.code == str(code)


class Early(httpx.AsyncBaseTransport):
    """Answers before it has read the body."""

    def __init__(self, response: httpx.Response) -> None:
        self._response = response

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        assert isinstance(request.stream, httpx.AsyncByteStream)
        await anext(aiter(request.stream))
        return self._response


@pytest.mark.parametrize("code", [500, 501, 503])
async def test_before_the_last_byte_it_is_a_reschedule(
    code: int, open_ipernity: Any, parcel: Parcel
) -> None:
    """Nothing can have been kept."""
    verdict = await open_ipernity(Early(refusal(code))).ipernity.send(parcel)
    assert isinstance(verdict, Reschedule)
    assert (verdict.was_sent, verdict.is_known, verdict.reason.code) == (False, True, str(code))


@pytest.mark.parametrize("code", ["4", "7", "99", "114", "123", "136", "502", "999"])
async def test_an_unknown_code_gets_few_attempts(
    code: str, open_ipernity: Any, parcel: Parcel
) -> None:
    """Five attempts, not twenty; the service's own words are shown."""
    verdict = await open_ipernity(lambda _: refusal(code)).ipernity.send(parcel)
    assert isinstance(verdict, Reschedule)
    assert (verdict.was_sent, verdict.is_known, verdict.reason.code) == (True, False, code)
    assert verdict.reason.text == f"ipernity error {code}: “told”"


@pytest.mark.parametrize("code", sorted({**OF_ANY, **OF_HTTP}))
async def test_a_read_call_raises_by_the_same_row(code: str, open_ipernity: Any) -> None:
    """Passing faults and wrong addresses are faults, the rest is refused with its pause."""
    tables = errors.TABLES
    row = {**tables.common, **tables.http, **tables.no_reply}[code]
    is_fault = row.action is Action.RESCHEDULE or row.pause is AWAY
    with pytest.raises((ServiceFaultError, ServiceRefusedError)) as raised:
        await open_ipernity(lambda _: reply_for(code)).ipernity.probe()
    error = raised.value
    assert isinstance(error, ServiceFaultError | ServiceRefusedError)
    assert error.reason.code == code.replace("xx", "18")
    assert isinstance(error, ServiceFaultError) is is_fault
    if isinstance(error, ServiceRefusedError):
        assert (error.pause and error.pause.cause) == row.pause


@pytest.mark.parametrize("code", ["112", "113"])
async def test_a_limit_hands_its_wait_on(code: str, open_ipernity: Any, parcel: Parcel) -> None:
    """Retry-After where there is one, else our own growing pause."""
    named = open_ipernity(lambda _: refusal(code, headers={"Retry-After": "42"}))
    assert (await named.ipernity.send(parcel)).seconds == 42
    with pytest.raises(ServiceRefusedError) as raised:
        await named.ipernity.quota()
    assert raised.value.pause.seconds == 42
    unnamed = open_ipernity(lambda _: refusal(code))
    assert (await unnamed.ipernity.send(parcel)).seconds is None


@pytest.mark.parametrize("code", ["132", "134"])
async def test_a_wrong_clock_says_how_far_it_is_off(
    code: str, open_ipernity: Any, parcel: Parcel
) -> None:
    """By the reply's Date: the test's clock shows 22:13:20."""
    headers = {"Date": "Tue, 14 Nov 2023 20:08:20 GMT"}
    desk = open_ipernity(lambda _: refusal(code, headers=headers))
    verdict = await desk.ipernity.send(parcel)
    told = "this computer's clock is about 2 h 5 min ahead of ipernity's"
    assert verdict.reason.text.endswith(told)
    with pytest.raises(ServiceRefusedError, match="2 h 5 min ahead"):
        await desk.ipernity.probe()


@pytest.mark.parametrize("code", ["106", "107", "110", "http-401"])
async def test_a_login_that_is_not_taken_names_the_command(
    code: str, open_ipernity: Any, parcel: Parcel
) -> None:
    """A token of Flickr's is one that ipernity does not know: 107."""
    verdict = await open_ipernity(lambda _: reply_for(code)).ipernity.send(parcel)
    assert "`uploadd auth me`" in verdict.reason.remedy


@pytest.mark.parametrize("row", errors.TABLES.rows(), ids=lambda row: row.code)
def test_a_row_is_whole(row: ErrorRow) -> None:
    """It says what happened and what a person does, and pauses exactly where it must."""
    assert row.wording
    assert row.remedy
    assert "|" not in row.wording + row.remedy
    assert (row.pause is not None) == (row.action is Action.PAUSE)


def test_the_page_is_made_of_the_table() -> None:
    """Run `python -m uploadd.services.ipernity.error_page > docs/errors-ipernity.md` if not."""
    kept = (ROOT / "docs" / "errors-ipernity.md").read_text(encoding="utf-8")
    assert kept == error_page.page()


def test_the_page_has_a_line_for_each_row() -> None:
    """Each code with its verdict in words."""
    lines = re.findall(r"^\| `([^`]+)` \|", error_page.page(), re.MULTILINE)
    assert sorted(lines) == sorted(row.code for row in errors.TABLES.rows())

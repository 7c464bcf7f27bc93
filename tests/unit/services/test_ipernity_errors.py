"""ipernity's errors where they differ from Flickr's; its rows are whole, and the page made of them.

What each code comes to is tried by `contract/test_codes` and `simulation/test_ipernity_codes`.
"""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import httpx
import pytest

from uploadd.model.errors import ServiceRefusedError
from uploadd.model.verdicts import Action, Reschedule, Uncertain
from uploadd.services.base import Parcel
from uploadd.services.ipernity import error_page, errors

ROOT = Path(__file__).parents[3]


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


def test_each_row_is_whole() -> None:
    """It says what happened and what a person does, and pauses exactly where it must."""
    for row in errors.TABLES.rows():
        assert row.wording
        assert row.remedy, row
        assert "|" not in row.wording + row.remedy
        assert (row.pause is not None) == (row.action is Action.PAUSE), row


def test_the_page_is_made_of_the_table() -> None:
    """Run `python -m uploadd.services.ipernity.error_page > docs/errors-ipernity.md` if not."""
    kept = (ROOT / "docs" / "errors-ipernity.md").read_text(encoding="utf-8")
    assert kept == error_page.page()


def test_the_page_has_a_line_for_each_row() -> None:
    """Each code with its verdict in words."""
    lines = re.findall(r"^\| `([^`]+)` \|", error_page.page(), re.MULTILINE)
    assert sorted(lines) == sorted(row.code for row in errors.TABLES.rows())

"""Every row of Flickr's error table, through the real client; and the page made of them."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import httpx
import pytest

from uploadd.model.errors import ServiceFaultError, ServiceRefusedError
from uploadd.model.pauses import PauseCause
from uploadd.model.verdicts import (
    Action,
    Duplicate,
    ErrorRow,
    Pause,
    Reason,
    Refuse,
    Reschedule,
    Uncertain,
    Verdict,
)
from uploadd.services.base import Parcel
from uploadd.services.flickr import error_page, errors

ROOT = Path(__file__).parents[3]
CREDENTIALS, CLOCK, AWAY = PauseCause.CREDENTIALS, PauseCause.CLOCK, PauseCause.AWAY

# Design section 8, written down a second time.
DESIGN: dict[str, type[Verdict] | PauseCause] = {
    **dict.fromkeys(("0", "3", "105", "106", "201"), Reschedule),
    **dict.fromkeys(("1", "2", "4", "5", "8", "10", "11", "12", "13", "15", "93", "116"), Refuse),
    **dict.fromkeys(("95", "96", "97", "98", "99", "100"), CREDENTIALS),
    **dict.fromkeys(("111", "112", "114", "115"), Refuse),
    "6": PauseCause.FULL,
    "7": PauseCause.VIDEOS_FULL,
    "9": Duplicate,
    "14": PauseCause.WAIT,
    **dict.fromkeys(("token_rejected", "token_revoked", "token_expired"), CREDENTIALS),
    **dict.fromkeys(("permission_denied", "signature_invalid"), CREDENTIALS),
    **dict.fromkeys(("consumer_key_unknown", "consumer_key_rejected"), CREDENTIALS),
    **dict.fromkeys(("timestamp_refused", "nonce_used"), CLOCK),
    "http-401": CREDENTIALS,
    "http-429": PauseCause.RATE,
    "http-413": Refuse,
    **dict.fromkeys(("http-403", "http-404", "http-405", "http-407"), AWAY),
    **dict.fromkeys(("http-3xx", "http-408", "http-5xx", "garbage", "network"), Uncertain),
    "http-4xx": Reschedule,
}


def reply_for(code: str) -> httpx.Response:
    """The reply that has this code."""
    if code.isdigit():
        text = f'<rsp stat="fail"><err code="{code}" msg="told" /></rsp>'
        return httpx.Response(200, text=text)
    if code.startswith("http-"):
        status = int(code[5:].replace("xx", "18"))
        return httpx.Response(status, html="<title>Told</title>")
    if code == "garbage":
        return httpx.Response(200, html="<title>Told</title>")
    if code == "network":
        raise httpx.ReadError("reset")
    return httpx.Response(401, text=f"oauth_problem={code}")


def test_every_row_stands_in_the_design() -> None:
    """A row without a counterpart here has not been thought about."""
    assert set(errors.TABLE) == set(DESIGN)


@pytest.mark.parametrize("code", sorted(errors.TABLE))
async def test_a_send_gets_the_verdict_of_its_row(
    code: str, open_desk: Any, parcel: Parcel
) -> None:
    """The whole body was sent, then this reply came."""
    verdict = await open_desk(lambda _: reply_for(code)).flickr.send(parcel)
    expected = DESIGN[code]
    if isinstance(expected, PauseCause):
        assert isinstance(verdict, Pause)
        assert verdict.cause is expected
    else:
        assert isinstance(verdict, expected)
    reason: Reason = verdict.reason
    assert reason.code == code.replace("xx", "18")
    assert reason.remedy


@pytest.mark.parametrize("code", ["0", "3", "105", "106", "201"])
async def test_a_passing_fault_says_that_the_body_was_sent(
    code: str, open_desk: Any, parcel: Parcel
) -> None:
    """One look-up comes before the resend, and the fault counts twenty times."""
    verdict = await open_desk(lambda _: reply_for(code)).flickr.send(parcel)
    assert (verdict.was_sent, verdict.is_known) == (True, True)


@pytest.mark.parametrize("code", ["16", "17", "118", "999", "http-418", "http-499"])
async def test_an_unknown_code_gets_few_attempts(code: str, open_desk: Any, parcel: Parcel) -> None:
    """Five attempts, not twenty; the service's own words are shown."""
    verdict = await open_desk(lambda _: reply_for(code)).flickr.send(parcel)
    assert (verdict.was_sent, verdict.is_known, verdict.reason.code) == (True, False, code)
    assert "told" in verdict.reason.text.lower()


@pytest.mark.parametrize("code", sorted(set(errors.COMMON) | set(errors.OAUTH) | set(errors.HTTP)))
async def test_a_read_call_raises_by_the_same_row(code: str, open_desk: Any) -> None:
    """Passing faults and wrong addresses are faults, the rest is refused with its pause."""
    row, desk = errors.TABLE[code], open_desk(lambda _: reply_for(code))
    is_fault = row.action is Action.RESCHEDULE or row.pause is AWAY
    with pytest.raises((ServiceFaultError, ServiceRefusedError)) as raised:
        await desk.flickr.probe()
    error = raised.value
    assert isinstance(error, ServiceFaultError | ServiceRefusedError)
    assert error.reason.code == code.replace("xx", "18")
    assert isinstance(error, ServiceFaultError) is is_fault
    if isinstance(error, ServiceRefusedError):
        assert (error.pause and error.pause.cause) == row.pause


# The codes of Flickr's replace specification, and 8, which was seen on the wire.
REPLACE_DESIGN: dict[str, type[Verdict] | PauseCause] = {
    **dict.fromkeys(("1", "2", "4", "5", "8", "93"), Refuse),
    "3": Reschedule,
    "6": PauseCause.FULL,
}


def test_every_row_of_a_replacement_stands_in_the_design() -> None:
    """The table is another than that of an upload."""
    assert set(errors.REPLACE) == set(REPLACE_DESIGN)


@pytest.mark.parametrize("code", sorted(set(DESIGN) - (set(errors.UPLOAD) - set(REPLACE_DESIGN))))
async def test_a_replacement_gets_the_verdict_of_its_row(
    code: str, open_desk: Any, parcel: Parcel
) -> None:
    """Its own table first, then what is common to every call."""
    verdict = await open_desk(lambda _: reply_for(code)).flickr.replace(parcel, "77")
    expected = {**DESIGN, **REPLACE_DESIGN}[code]
    if isinstance(expected, PauseCause):
        assert isinstance(verdict, Pause)
        assert verdict.cause is expected
    else:
        assert isinstance(verdict, expected)
    row = errors.REPLACE.get(code) or errors.TABLE[code]
    assert row.wording in verdict.reason.text or code in ("garbage", "network")


async def test_a_deleted_duplicate_is_a_case_of_its_own(open_desk: Any, parcel: Parcel) -> None:
    """Error 9 with the status DELETED is not resent by itself."""
    text = (
        '<rsp stat="fail"><err code="9" msg="d"/><duplicate_photo_id>7</duplicate_photo_id>'
        "<duplicate_photo_status>DELETED</duplicate_photo_status></rsp>"
    )
    verdict = await open_desk(lambda _: httpx.Response(200, text=text)).flickr.send(parcel)
    assert (verdict.photo_id, verdict.is_deleted, verdict.reason.code) == ("7", True, "deleted")


async def test_a_wait_reaches_the_pause(open_desk: Any, parcel: Parcel) -> None:
    """Error 14 and 429 hand on what the service named."""
    text = (
        '<rsp stat="fail"><err code="14" msg="w"/>'
        "<non_pro_desktop_upload_wait_time>41</non_pro_desktop_upload_wait_time></rsp>"
    )
    waiting = await open_desk(lambda _: httpx.Response(200, text=text)).flickr.send(parcel)
    assert (waiting.cause, waiting.seconds) == (PauseCause.WAIT, 41)
    limited = httpx.Response(429, headers={"Retry-After": "42"})
    rated = await open_desk(lambda _: limited).flickr.send(parcel)
    assert (rated.cause, rated.seconds) == (PauseCause.RATE, 42)


def every_row() -> list[ErrorRow]:
    """Each row once, with the one that shares its code."""
    return [*errors.TABLE.values(), *errors.REPLACE.values(), errors.UNREACHED]


@pytest.mark.parametrize("row", every_row(), ids=lambda row: row.code)
def test_a_row_is_whole(row: ErrorRow) -> None:
    """It says what happened and what a person does, and pauses exactly where it must."""
    assert row.wording
    assert row.remedy
    assert "|" not in row.wording + row.remedy
    assert (row.pause is not None) == (row.action is Action.PAUSE)


def test_the_page_is_made_of_the_table() -> None:
    """Run `python -m uploadd.services.flickr.error_page > docs/errors-flickr.md` if this fails."""
    kept = (ROOT / "docs" / "errors-flickr.md").read_text(encoding="utf-8")
    assert kept == error_page.page()


def test_the_page_has_a_line_for_each_row() -> None:
    """Six sections, and each code with its verdict in words."""
    lines = re.findall(r"^\| `([^`]+)` \|", error_page.page(), re.MULTILINE)
    assert sorted(lines) == sorted(row.code for row in every_row())

"""How far this computer's clock is off: read off replies, and told."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from uploadd.model.errors import ServiceRefusedError
from uploadd.model.pauses import PauseCause
from uploadd.services.base import Parcel
from uploadd.services.clock_skew import skew_text, span
from uploadd.services.flickr.replies import call_reply
from uploadd.services.replies import OAuthProblem
from uploadd.services.wire import Received

NOW = 1_700_000_000.0


@pytest.mark.parametrize(
    ("seconds", "told"),
    [
        (0, "1 min"),
        (61, "1 min"),
        (3599, "1 h"),
        (7500, "2 h 5 min"),
        (86400, "1 d"),
        (90061, "1 d 1 h"),
        (10**9, "11574 d 1 h"),
    ],
)
def test_a_span_has_two_units_at_most(seconds: float, told: str) -> None:
    """Whole minutes at the least."""
    assert span(seconds) == told


def test_the_direction_is_told() -> None:
    """Ahead, or behind."""
    assert skew_text(7500, "Flickr") == "this computer's clock is about 2 h 5 min ahead of Flickr's"
    assert skew_text(-90, "Flickr") == "this computer's clock is about 2 min behind Flickr's"


@pytest.mark.parametrize(
    ("rest", "date", "off"),
    [
        ("&oauth_acceptable_timestamps=1699992200-1699992800", "", 7500.0),
        ("&oauth_acceptable_timestamps=1700003300-1700003900", "", -3600.0),
        ("&oauth_acceptable_timestamps=1699999700-1700000300", "", None),
        ("&oauth_acceptable_timestamps=now-then", "Tue, 14 Nov 2023 21:13:20 GMT", 3600.0),
        ("", "Tue, 14 Nov 2023 21:13:20 GMT", 3600.0),
        ("", "yesterday", None),
        ("", "", None),
    ],
)
def test_flickr_names_the_times_that_it_takes(rest: str, date: str, off: float | None) -> None:
    """Their middle is its clock; else the reply's own Date is."""
    body = f"oauth_problem=timestamp_refused{rest}".encode()
    received = Received(401, body, {"date": date})
    assert call_reply(received, NOW) == OAuthProblem("timestamp_refused", off)


async def test_the_pause_tells_how_far_the_clock_is_off(open_desk: Any, parcel: Parcel) -> None:
    """A send and a call alike; where the reply does not tell, nothing is said."""
    text = "oauth_problem=timestamp_refused&oauth_acceptable_timestamps=1699992200-1699992800"
    flickr = open_desk(lambda _: httpx.Response(401, text=text)).flickr
    verdict = await flickr.send(parcel)
    assert verdict.cause is PauseCause.CLOCK
    assert "clock is about 2 h 5 min ahead of Flickr's" in verdict.reason.text
    with pytest.raises(ServiceRefusedError, match="2 h 5 min ahead"):
        await flickr.probe()
    with pytest.raises(ServiceRefusedError, match="2 h 5 min ahead"):
        await flickr.call("flickr.test.login")
    silent = httpx.Response(401, text="oauth_problem=timestamp_refused")
    told = (await open_desk(lambda _: silent).flickr.send(parcel)).reason.text
    assert "about" not in told


async def test_other_problems_say_nothing_of_the_clock(open_desk: Any, parcel: Parcel) -> None:
    """A wrong signature is not the clock's fault, whatever time it is."""
    headers = {"Date": "Tue, 14 Nov 2023 20:08:20 GMT"}
    reply = httpx.Response(401, text="oauth_problem=signature_invalid", headers=headers)
    verdict = await open_desk(lambda _: reply).flickr.send(parcel)
    assert "clock" not in verdict.reason.text

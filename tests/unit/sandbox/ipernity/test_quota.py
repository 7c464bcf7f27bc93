"""account.getQuota in its shapes."""

from __future__ import annotations

import xml.etree.ElementTree as ET

import pytest


async def quota_of(caller):
    return (await caller.call("account.getQuota"))["quota"]


async def test_an_unlimited_account(caller) -> None:
    """`left` means nothing there, and says so loudly."""
    told = await quota_of(caller)
    assert (told["user_id"], told["is_pro"]) == ("54321", "0")
    assert told["upload"]["unlimited"] == "1"
    assert told["upload"]["left"]["bytes"] == "0"
    assert told["maxfilesize"]["photo"] == {"bytes": "209715200", "kb": "204800", "mb": "200"}
    assert told["maxfilesize"]["video"]["mb"] == "1024"


async def test_a_limited_account(make_caller) -> None:
    """What was sent this month is used; the rest is left."""
    caller = await make_caller(max_month_bytes=10 * 2**20, is_pro=True)
    await caller.kept()
    told = await quota_of(caller)
    assert (told["is_pro"], told["upload"]["unlimited"]) == ("1", "0")
    assert [told["upload"][name]["bytes"] for name in ("max", "used", "left")] == [
        "10485760",
        "11",
        "10485749",
    ]
    assert (told["upload"]["left"]["mb"], told["upload"]["left"]["percent"]) == ("9", "100")
    await caller.call("album.create", title="a")
    assert (await quota_of(caller))["albums"] == {"max": "2048", "created": "1", "left": "2047"}


@pytest.mark.parametrize(("shape", "unlimited"), [("limited", "0"), ("unlimited", "1")])
async def test_a_shape_that_is_forced(make_caller, shape: str, unlimited: str) -> None:
    """Whatever the account's limits are."""
    caller = await make_caller(quota_shape=shape)
    assert (await quota_of(caller))["upload"]["unlimited"] == unlimited


@pytest.mark.parametrize(("shape", "value"), [("empty", ""), ("lots", "lots"), ("null", None)])
async def test_values_that_are_no_numbers(make_caller, shape: str, value: str | None) -> None:
    """Every part is there, in JSON and in XML, and no number in it."""
    caller = await make_caller(quota_shape=shape)
    told = await quota_of(caller)
    assert told["upload"]["unlimited"] == told["upload"]["left"]["bytes"] == value
    assert told["maxfilesize"] == dict.fromkeys(("photo", "audio", "video", "other"), value)
    reply = await caller.ask("account.getQuota", form="/xml")
    assert ET.fromstring(reply.text).find("quota/upload/left").attrib["kb"] == (value or "")


async def test_parts_that_are_missing(make_caller) -> None:
    """Neither what is left nor how large a file may be."""
    caller = await make_caller(quota_shape="missing")
    assert (await quota_of(caller)).keys() == {"user_id", "is_pro", "upload"}
    assert (await quota_of(caller))["upload"] == {"unlimited": "0"}


async def test_it_needs_the_write_permission_but_no_post(caller) -> None:
    """As its page says."""
    assert (await caller.read("account.getQuota")).json()["api"] == {"status": "ok"}

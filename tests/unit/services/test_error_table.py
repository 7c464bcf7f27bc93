"""Flickr's error table: its rows are whole, and the page is made of them.

What each code comes to is tried by `contract/test_codes` and `simulation/test_codes`.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import httpx

from uploadd.model.pauses import PauseCause
from uploadd.model.verdicts import Action, ErrorRow
from uploadd.services.base import Parcel
from uploadd.services.flickr import error_page, errors

ROOT = Path(__file__).parents[3]


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


def test_each_row_is_whole() -> None:
    """It says what happened and what a person does, and pauses exactly where it must."""
    for row in every_row():
        assert row.wording
        assert row.remedy, row
        assert "|" not in row.wording + row.remedy
        assert (row.pause is not None) == (row.action is Action.PAUSE), row


def test_the_page_is_made_of_the_table() -> None:
    """Run `python -m uploadd.services.flickr.error_page > docs/errors-flickr.md` if this fails."""
    kept = (ROOT / "docs" / "errors-flickr.md").read_text(encoding="utf-8")
    assert kept == error_page.page()


def test_the_page_has_a_line_for_each_row() -> None:
    """Six sections, and each code with its verdict in words."""
    lines = re.findall(r"^\| `([^`]+)` \|", error_page.page(), re.MULTILINE)
    assert sorted(lines) == sorted(row.code for row in every_row())

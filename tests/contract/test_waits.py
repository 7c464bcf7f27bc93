"""What a service names when it wants to be left alone: waits, full accounts, too many calls."""

from __future__ import annotations

from email.utils import formatdate
from typing import Any

import httpx
import pytest

from contract.conftest import parcel_of
from contract.stand import JPEG, MP4, Stand, assert_outcome
from uploadd.model.errors import ServiceRefusedError
from uploadd.model.pauses import PauseCause
from uploadd.model.verdicts import Pause, Refuse, Ticketed, Uncertain
from uploadd.services.base import Parcel

NO_WAITS = "wire.md B6: no error of ipernity's names a wait; 112 and 113 only say to slow down"


@pytest.mark.parametrize(
    "place", ["rsp-child", "err-child", "err-attribute", "rsp-attribute", "absent"]
)
async def test_a_wait_is_read_wherever_it_stands(stand: Stand, parcel: Parcel, place: Any) -> None:
    """Error 14's place is not established; without it the pause is ours."""
    if stand.name != "flickr":
        pytest.skip(NO_WAITS)
    stand.sandbox.options.wait_every = 1
    stand.sandbox.options.wait_seconds = 123
    stand.sandbox.options.wait_place = place
    verdict = await stand.service().send(parcel)
    assert isinstance(verdict, Pause)
    assert (verdict.cause, verdict.reason.code) == (PauseCause.WAIT, "14")
    assert verdict.seconds == (None if place == "absent" else 123)


@pytest.mark.parametrize("told", ["", "0", "-5", "soon", "1e3", "12 h", "9" * 40])
async def test_a_wait_that_is_none_is_ours(stand: Stand, parcel: Parcel, told: str) -> None:
    """Digits only; and never longer than a month."""
    if stand.name != "flickr":
        pytest.skip(NO_WAITS)
    name = "non_pro_desktop_upload_wait_time"
    text = f'<rsp stat="fail"><err code="14" msg="w"/><{name}>{told}</{name}></rsp>'
    verdict = await stand.answering(httpx.Response(200, text=text)).send(parcel)
    assert isinstance(verdict, Pause)
    assert verdict.seconds == (30 * 86400 if told.startswith("9") else None)


@pytest.mark.parametrize(
    ("told", "seconds"), [("60", 60), ("0", None), ("-1", None), ("soon", None), ("", None)]
)
async def test_retry_after_is_a_number(
    stand: Stand, parcel: Parcel, told: str, seconds: int | None
) -> None:
    """Zero would be an invitation to spin."""
    reply = httpx.Response(429, headers={"Retry-After": told})
    verdict = await stand.answering(reply).send(parcel)
    assert isinstance(verdict, Pause)
    assert (verdict.cause, verdict.seconds) == (PauseCause.RATE, seconds)


@pytest.mark.parametrize(("after", "seconds"), [(90, 90), (-90, None)])
@pytest.mark.parametrize("clock_off", [0, 7200])
async def test_retry_after_is_a_date(
    stand: Stand, parcel: Parcel, after: int, seconds: int | None, clock_off: int
) -> None:
    """Counted from the reply's own date: our clock may be wrong."""
    there = stand.clock.now + clock_off
    dates = {
        "Date": formatdate(there, usegmt=True),
        "Retry-After": formatdate(there + after, usegmt=True),
    }
    verdict = await stand.answering(httpx.Response(429, headers=dates)).send(parcel)
    assert isinstance(verdict, Pause)
    assert verdict.seconds == seconds


async def test_a_full_account_pauses(stand: Stand, parcel: Parcel) -> None:
    """It is no fault of the file's."""
    if stand.name != "flickr":
        pytest.skip("wire.md B3: upload.file has no code for a full account; its quota tells")
    stand.sandbox.options.max_items = 1
    service = stand.service()
    assert isinstance(await service.send(parcel_of(JPEG)), Ticketed)
    assert_outcome(await service.send(parcel), PauseCause.FULL)


async def test_a_full_account_pauses_replacements(
    stand: Stand, parcel: Parcel, other: Parcel
) -> None:
    """Of a limit a month."""
    if stand.name != "ipernity":
        pytest.skip("wire.md A6: Flickr counts items, and a replacement is none more")
    stand.sandbox.options.is_pro = True
    service = stand.service()
    await service.send(parcel)
    stand.sandbox.settle()
    stand.sandbox.options.max_month_bytes = 1
    assert_outcome(await service.replace(other, stand.photo().id), PauseCause.FULL)
    assert stand.kept() == [parcel.sha256]


async def test_an_account_full_of_videos_pauses_videos(stand: Stand, parcel: Parcel) -> None:
    """Photos go on."""
    if stand.name != "flickr":
        pytest.skip("wire.md B4: ipernity has no limit of videos")
    stand.sandbox.options.max_videos = 1
    service = stand.service()
    for content, expected in ((MP4 * 2, Ticketed), (MP4 * 3, PauseCause.VIDEOS_FULL)):
        video = parcel_of(content, extension=".mp4", media_type="video/mp4")
        assert_outcome(await service.send(video), expected)
    assert isinstance(await service.send(parcel), Ticketed)


@pytest.mark.parametrize("kind", ["photo", "video"])
async def test_a_file_that_is_too_large_is_refused(stand: Stand, kind: str) -> None:
    """By its kind's own limit."""
    stand.sandbox.options.max_photo_bytes = 100
    stand.sandbox.options.max_video_bytes = 200
    content, extension = (JPEG * 20, ".jpg") if kind == "photo" else (MP4 * 20, ".mp4")
    media = "image/jpeg" if kind == "photo" else "video/mp4"
    parcel = parcel_of(content, extension=extension, media_type=media)
    assert isinstance(await stand.service().send(parcel), Refuse)
    assert stand.kept() == []


async def test_a_file_of_no_known_kind_is_refused(stand: Stand) -> None:
    """It looked like one to us."""
    verdict = await stand.service().send(parcel_of(b"no picture" * 9))
    assert isinstance(verdict, Refuse)
    assert verdict.reason.remedy


async def test_too_many_calls_pause_everything(stand: Stand, parcel: Parcel) -> None:
    """Flickr says so by HTTP 429, ipernity by error 112."""
    stand.sandbox.options.calls_per_hour = 1
    service = stand.service()
    await service.probe()
    with pytest.raises(ServiceRefusedError) as raised:
        await service.quota()
    assert raised.value.pause is not None
    assert raised.value.pause.cause is PauseCause.RATE
    assert_outcome(await service.send(parcel), PauseCause.RATE)
    assert stand.kept() == []


@pytest.mark.parametrize("code", [500, 501, 503])
@pytest.mark.parametrize("has_status", [False, True])
async def test_a_fault_in_its_own_words_comes_with_any_status(
    stand: Stand, parcel: Parcel, code: int, has_status: bool
) -> None:
    """If ipernity's 5xx have that HTTP status is not established (wire.md, B1)."""
    if stand.name != "ipernity":
        pytest.skip("wire.md A9: Flickr's 5xx are HTML, and no errors of its API")
    stand.sandbox.options.has_http_status = has_status  # type: ignore[attr-defined]
    stand.script("error", code)
    verdict = await stand.service().send(parcel)
    assert isinstance(verdict, Uncertain)
    assert verdict.reason.code == str(code)

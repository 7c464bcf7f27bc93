"""The account's limits: in every shape that Flickr tells them in, and what it then refuses."""

from __future__ import annotations

import calendar
from typing import get_args

import pytest

from uploadd.sandbox.options import QuotaShape

JPEG = b"\xff\xd8\xff\xe0\x00\x10JFIF\x00"
MP4 = b"\x00\x00\x00\x18ftypmp42\x00\x00\x00\x00mp42isom"


async def status(caller) -> dict:
    """The user of getUploadStatus, from JSON."""
    told = await caller.call("flickr.people.getUploadStatus")
    return told["user"]


def values_in(told: object) -> list[object]:
    """Every value that is neither an object nor a list."""
    if isinstance(told, dict):
        return [value for one in told.values() for value in values_in(one)]
    return [told]


async def test_since_2021_items_are_counted(sandbox_caller) -> None:
    """`upload_count` and its limit are attributes of the user; bandwidth is unlimited."""
    caller = await sandbox_caller(max_items=1000)
    await caller.upload()
    told = await status(caller)
    assert (told["upload_count"], told["upload_limit"]) == (1, 1000)
    assert told["upload_limit_status"] == "below_limit"
    assert told["bandwidth"]["unlimited"] == 1
    assert told["videos"]["remaining"] == "lots"


async def test_between_2018_and_2021_they_were_not(sandbox_caller) -> None:
    """No count, unlimited bandwidth whose `max` is not its `maxbytes`, and the file sizes."""
    caller = await sandbox_caller(quota_shape="unlimited-2018", max_items=1000)
    told = await status(caller)
    assert not {"upload_count", "upload_limit", "upload_limit_status"} & told.keys()
    assert told["bandwidth"]["unlimited"] == 1
    assert told["bandwidth"]["max"] != told["bandwidth"]["maxbytes"]
    assert told["filesize"]["maxbytes"] == "209715200"
    assert told["videosize"]["maxbytes"] == "1073741824"


async def test_the_old_free_account_had_a_month(sandbox_caller, error_of) -> None:
    """Bytes a month and two videos; the month's bytes come back with the next one."""
    caller = await sandbox_caller(quota_shape="old-free", max_month_bytes=100)
    caller.clock.seconds = calendar.timegm((2023, 11, 30, 23, 59, 0))
    await caller.upload(JPEG + bytes(70))
    await caller.upload()
    told = await status(caller)
    used = 2 * len(JPEG) + 70
    bandwidth = told["bandwidth"]
    assert (bandwidth["unlimited"], bandwidth["max"], bandwidth["maxbytes"]) == (0, 100, 100)
    assert (bandwidth["used"], bandwidth["usedbytes"]) == (used, used)
    assert bandwidth["remainingbytes"] == 100 - used
    assert told["videos"] == {"uploaded": 0, "remaining": 2}
    assert set(told["videosize"]) == {"maxbytes"}
    assert error_of(await caller.upload()) == "6"
    caller.clock.seconds += 60
    assert (await status(caller))["bandwidth"]["usedbytes"] == 0
    assert 'stat="ok"' in (await caller.upload()).text


async def test_the_old_free_account_had_two_videos(sandbox_caller, error_of) -> None:
    """What is told as remaining is what may be sent: then error 7."""
    caller = await sandbox_caller(quota_shape="old-free")
    assert (await status(caller))["bandwidth"]["maxbytes"] == 300 * 2**20
    for left in (1, 0):
        await caller.upload(MP4, "a.mp4")
        assert (await status(caller))["videos"]["remaining"] == left
    assert error_of(await caller.upload(MP4, "a.mp4")) == "7"
    assert 'stat="ok"' in (await caller.upload()).text


async def test_other_accounts_have_no_month(sandbox_caller) -> None:
    """What is told as unlimited is not refused."""
    caller = await sandbox_caller(max_month_bytes=1)
    assert (await status(caller))["bandwidth"]["unlimited"] == 1
    assert 'stat="ok"' in (await caller.upload()).text


async def test_without_parts(sandbox_caller) -> None:
    """Only who it is."""
    caller = await sandbox_caller(quota_shape="missing")
    assert (await status(caller)).keys() == {"id", "ispro", "username"}
    assert (await caller.call("flickr.people.getLimits"))["person"].keys() == {"nsid"}


@pytest.mark.parametrize(("shape", "value"), [("empty", ""), ("lots", "lots"), ("null", None)])
async def test_values_that_are_no_numbers(sandbox_caller, rsp, shape, value) -> None:
    """Every part is there, and says nothing. XML has no null: its attributes are empty."""
    caller = await sandbox_caller(quota_shape=shape)
    told = await status(caller)
    parts = {name: one for name, one in told.items() if name not in ("id", "ispro", "username")}
    assert {"bandwidth", "filesize", "videosize", "videos", "upload_limit"} <= parts.keys()
    assert set(values_in(parts)) == {value}
    limits = (await caller.call("flickr.people.getLimits"))["person"]
    assert set(values_in({"photos": limits["photos"], "videos": limits["videos"]})) == {value}
    as_xml = rsp(await caller.ask("flickr.people.getUploadStatus"))
    assert as_xml.find("user/bandwidth").get("maxbytes") == (value or "")
    assert as_xml.find("user").get("upload_limit") == (value or "")


@pytest.mark.parametrize("shape", get_args(QuotaShape))
async def test_xml_says_what_json_says(sandbox_caller, rsp, shape) -> None:
    """The same parts with the same attributes, whatever the shape."""
    caller = await sandbox_caller(quota_shape=shape, max_items=7)
    told = await status(caller)
    user = rsp(await caller.ask("flickr.people.getUploadStatus")).find("user")
    for name, part in told.items():
        if name == "username":
            assert user.findtext(name) == part["_content"]
        elif isinstance(part, dict):
            assert user.find(name).attrib == {
                key: "" if one is None else str(one) for key, one in part.items()
            }
        else:
            assert user.get(name) == ("" if part is None else str(part))
    assert len(user) + len(user.attrib) == len(told)


async def test_get_limits(caller, rsp) -> None:
    """The largest photo and video, and the longest video."""
    person = rsp(await caller.ask("flickr.people.getLimits")).find("person")
    assert person.get("nsid") == "12345678@N00"
    assert person.find("photos").attrib == {"maxdisplaypx": "1024", "maxupload": "209715200"}
    assert person.find("videos").attrib == {"maxduration": "180", "maxupload": "1073741824"}


async def test_a_free_accounts_private_places(sandbox_caller) -> None:
    """Beyond them nothing is refused, for what Flickr says is not known; each is a violation."""
    caller = await sandbox_caller(max_items=1000, max_private_items=2)
    for is_public in ("0", "1", "0"):
        await caller.upload(is_public=is_public)
    assert caller.sandbox.journal.violations() == []
    assert 'stat="ok"' in (await caller.upload(is_public="0")).text
    assert 'stat="ok"' in (await caller.upload(is_public="1")).text
    (violation,) = caller.sandbox.journal.violations()
    assert violation.violation.startswith("more than 2 items that are not public")
    caller.sandbox.options.is_pro = True
    await caller.upload(is_public="0")
    assert len(caller.sandbox.journal.violations()) == 1


async def test_deleting_makes_a_private_place_free(sandbox_caller, rsp) -> None:
    """What was deleted does not count."""
    caller = await sandbox_caller(max_private_items=1)
    photo_id = rsp(await caller.upload(is_public="0")).findtext("photoid")
    await caller.http.delete(f"/photos/{photo_id}")
    await caller.upload(is_public="0")
    assert caller.sandbox.journal.violations() == []


@pytest.mark.parametrize("name", ["flickr.people.getPhotos", "flickr.photos.search"])
async def test_privacy_filter_counts_them(caller, name) -> None:
    """One number for each kind of privacy; none asks for all."""
    for friend, family in (("0", "0"), ("1", "0"), ("0", "1"), ("1", "1"), ("1", "1")):
        await caller.upload(is_public="0", is_friend=friend, is_family=family)
    await caller.upload(is_public="1")

    async def total(**arguments: str) -> int:
        told = await caller.call(name, user_id="me", per_page="1", **arguments)
        return int(told["photos"]["total"])

    assert [await total(privacy_filter=str(number)) for number in range(1, 6)] == [1, 1, 1, 2, 1]
    assert await total() == 6

"""The account's limits, in each of the shapes in which Flickr told them or might."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from unit.services.script import Script
from uploadd.model.errors import ServiceError, ServiceFaultError
from uploadd.model.limits import Quota
from uploadd.services.flickr import quotas


def failing(code: int) -> dict[str, object]:
    """A REST failure."""
    return {"stat": "fail", "code": code, "message": "told"}


OLD_FREE = {
    "ispro": 0,
    "bandwidth": {
        "max": "104857600", "used": "1", "maxbytes": "104857600", "usedbytes": "1",
        "remainingbytes": "104857599", "unlimited": 0,
    },
    "filesize": {"max": "10485760", "maxbytes": "10485760"},
    "sets": {"created": "2", "remaining": "lots"},
    "videosize": {"maxbytes": "157286400"},
    "videos": {"uploaded": "0", "remaining": 2},
}  # fmt: skip
SINCE_2018 = {
    "ispro": "1",
    "bandwidth": {"max": 1, "maxbytes": 2, "remainingbytes": 3, "unlimited": "1"},
    "filesize": {"maxbytes": "209715200"},
    "videosize": {"maxbytes": "1073741824"},
    "videos": {"uploaded": 5, "remaining": "lots"},
}
SINCE_2021 = SINCE_2018 | {
    "ispro": "0",
    "upload_count": "35",
    "upload_limit": "1000",
    "upload_limit_status": "below_limit",
}
LIMITS = {
    "person": {
        "nsid": "1@N00",
        "photos": {"maxdisplaypx": "1024", "maxupload": "15728640"},
        "videos": {"maxduration": "90", "maxupload": "157286400"},
    }
}
FREE = Quota(
    photo_max_bytes=209715200,
    video_max_bytes=1073741824,
    items_left=965,
    is_pro=False,
    items_most=1000,
    items_there=35,
    private_most=50,
)


@pytest.mark.parametrize(
    ("user", "quota"),
    [
        (OLD_FREE, Quota(10485760, 157286400, None, 2, 104857599, is_pro=False)),
        (SINCE_2018, Quota(209715200, 1073741824, is_pro=True)),
        (SINCE_2021, FREE),
        (
            {"upload_count": 1001, "upload_limit": 1000},
            Quota(items_left=0, items_most=1000, items_there=1001),
        ),
        ({"upload_limit": 1000}, Quota(items_most=1000)),
        ({"upload_limit": 0, "upload_count": 5}, Quota(items_there=5)),
        ({"filesize": {"maxkb": "1024"}}, Quota(photo_max_bytes=1048576)),
        ({"filesize": {"maxbytes": "lots", "maxmb": 2}}, Quota(photo_max_bytes=2097152)),
        ({"filesize": [{"maxbytes": "7"}]}, Quota(photo_max_bytes=7)),
        ({"filesize": {"maxbytes": 0}}, Quota()),
        ({"bandwidth": {"remainingkb": 2, "unlimited": ""}}, Quota(bytes_left=2048)),
        ({"bandwidth": None, "videos": [], "filesize": "big"}, Quota()),
        ({"ispro": True}, Quota(is_pro=True)),
        ({"ispro": "1.0"}, Quota(is_pro=True)),
        ({"ispro": "yes"}, Quota()),
        ({}, Quota()),
    ],
)
def test_the_quota_in_each_of_its_forms(user: dict[str, Any], quota: Quota) -> None:
    """Fields come and go, and their types vary; what is not said is no limit."""
    assert quotas.quota({"user": user}) == quota


@pytest.mark.parametrize(
    "word", ["", None, "lots", "-1", -7, "10 MB", 1e30, 10**30, "9" * 30, [], [5], {}, True, "NaN"]
)
def test_what_makes_no_sense_is_no_limit(word: object) -> None:
    """In every place: nothing stops for a number that nobody can mean."""
    shape = {**SINCE_2021, "filesize": {"maxbytes": 0, "maxkb": 0, "maxmb": 0}}
    filled = {
        name: dict.fromkeys(part, word) if isinstance(part, dict) else word
        for name, part in shape.items()
        if name != "ispro"
    }
    limits = {"person": {"photos": {"maxupload": word}, "videos": {"maxduration": word}}}
    assert quotas.quota({"user": filled}, limits) == Quota()


def test_room_beyond_all_measure_is_what_the_database_can_hold() -> None:
    """More than that cannot be compared there."""
    user = {"bandwidth": {"remainingmb": "9" * 15}, "filesize": {"maxmb": "9" * 15}}
    quota = quotas.quota({"user": user})
    assert quota.bytes_left == quota.photo_max_bytes == 2**63 - 1


def test_limits_fill_the_gaps() -> None:
    """What getUploadStatus says is newer; how long a video may be, only getLimits says."""
    assert quotas.quota({"user": {}}, LIMITS) == Quota(
        photo_max_bytes=15728640, video_max_bytes=157286400, video_max_seconds=90
    )
    both = quotas.quota({"user": SINCE_2018}, LIMITS)
    assert (both.photo_max_bytes, both.video_max_bytes) == (209715200, 1073741824)
    assert both.video_max_seconds == 90


def status(**user: object) -> dict[str, object]:
    """A getUploadStatus reply."""
    return {"stat": "ok", "user": {**SINCE_2021, **user}}


def methods(script: Script) -> list[str]:
    """What was asked, in order."""
    return [script.asked(number)["method"] for number in range(len(script.requests))]


async def test_limits_are_asked_for_once_a_login(open_desk: Any) -> None:
    """They hardly ever change, and every call is one upload less."""
    script = Script(status(), {"stat": "ok", **LIMITS}, status())
    flickr = open_desk(script).flickr
    first, second = await flickr.quota(), await flickr.quota()
    assert first == second
    assert first.video_max_seconds == 90
    assert methods(script) == [
        "flickr.people.getUploadStatus",
        "flickr.people.getLimits",
        "flickr.people.getUploadStatus",
    ]


@pytest.mark.parametrize(
    ("answer", "calls"),
    [
        (failing(112), 3),  # no such method: it is not asked for again
        (failing(105), 4),
        (httpx.Response(502), 4),
        (httpx.Response(429), 4),
        (httpx.ReadTimeout("slow"), 4),
        ("garbage", 4),
        ({"stat": "ok", "person": []}, 3),
    ],
)
async def test_limits_that_are_not_told_spoil_nothing(
    open_desk: Any, answer: object, calls: int
) -> None:
    """One try each time; the quota is what getUploadStatus says."""
    script = Script(status(), answer, status(), answer)
    flickr = open_desk(script).flickr
    assert await flickr.quota() == FREE
    assert await flickr.quota() == FREE
    assert len(script.requests) == calls


async def test_without_the_status_there_is_no_quota(open_desk: Any) -> None:
    """And nothing else is asked for."""
    script = Script(failing(105))
    with pytest.raises(ServiceFaultError):
        await open_desk(script).flickr.quota()
    assert set(methods(script)) == {"flickr.people.getUploadStatus"}


@pytest.mark.parametrize(
    ("photos", "left"),
    [
        ({"total": "22"}, 37),  # 35 items, 22 of them public
        ({"total": 35}, 50),
        ({"total": "99"}, 50),  # the list is newer than the count
        ({"total": 0}, 15),
        ({"total": None}, None),
        ({"total": "lots"}, None),
        ({}, None),
        (None, None),
    ],
)
async def test_private_places_are_counted_in_one_call(
    open_desk: Any, photos: object, left: int | None
) -> None:
    """All items without the public ones; unknown where the list does not count."""
    script = Script({"stat": "ok", "photos": photos})
    found = await open_desk(script).flickr.with_private_left(FREE)
    assert found.private_left == left
    assert len(script.requests) == 1
    assert script.asked()["privacy_filter"] == "1"


async def test_only_free_accounts_have_private_places(open_desk: Any) -> None:
    """Nobody else is asked."""
    script = Script(failing(1))
    flickr = open_desk(script).flickr
    for quota in (Quota(), quotas.quota({"user": SINCE_2018}), Quota(private_most=50)):
        assert await flickr.with_private_left(quota) == quota
    assert script.requests == []


@pytest.mark.parametrize("answer", [failing(98), httpx.Response(429), httpx.ConnectError("no")])
async def test_a_count_that_is_refused_is_unknown(open_desk: Any, answer: object) -> None:
    """It is for people to read, and stops nothing."""
    try:
        found = await open_desk(Script(answer)).flickr.with_private_left(FREE)
    except ServiceError as error:
        pytest.fail(f"raised {error}")
    assert found == FREE

"""What every service promises of `quota` (`services.base`): lenient, and no limit made up."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from contract.conftest import parcel_of
from contract.stand import JPEG, MP4, Stand
from uploadd.model.errors import ServiceError
from uploadd.model.limits import Quota
from uploadd.services.base import Parcel

LEFTS = ("items_left", "videos_left", "bytes_left", "private_left")
SIZES = ("photo_max_bytes", "video_max_bytes")


async def test_the_quota_tells_the_largest_sizes(stand: Stand) -> None:
    """In bytes, by kind."""
    quota = await stand.service().quota()
    assert quota.photo_max_bytes == stand.sandbox.options.max_photo_bytes
    assert quota.video_max_bytes == stand.sandbox.options.max_video_bytes
    assert [getattr(quota, left) for left in LEFTS] == [None] * 4


@pytest.mark.parametrize("is_pro", [False, True])
async def test_it_tells_whether_the_account_is_pro(stand: Stand, is_pro: bool) -> None:
    """It decides what may be replaced."""
    stand.sandbox.options.is_pro = is_pro
    assert (await stand.service().quota()).is_pro is is_pro


async def test_the_bytes_that_are_left_are_counted(stand: Stand, parcel: Parcel) -> None:
    """Of a limit a month; a photo that was sent is taken off."""
    stand.sandbox.options.max_month_bytes = 10**6
    shape: Any = "old-free" if stand.name == "flickr" else "account"
    stand.sandbox.options.quota_shape = shape
    service = stand.service()
    assert (await service.quota()).bytes_left == 10**6
    await service.send(parcel)
    assert (await service.quota()).bytes_left == 10**6 - parcel.body.size


async def test_the_items_that_are_left_are_counted(stand: Stand, parcel: Parcel) -> None:
    """A free account holds so many."""
    if stand.name != "flickr":
        pytest.skip("wire.md B4: account.getQuota counts bytes, and no items")
    stand.sandbox.options.max_items = 10
    service = stand.service()
    await service.send(parcel)
    quota = await service.quota()
    assert (quota.items_left, quota.items_most, quota.items_there) == (9, 10, 1)
    stand.sandbox.options.max_items = 1
    assert (await service.quota()).items_left == 0


async def test_the_videos_that_are_left_are_counted(stand: Stand) -> None:
    """Of an older free account."""
    if stand.name != "flickr":
        pytest.skip("wire.md B4: account.getQuota counts bytes, and no videos")
    stand.sandbox.options.quota_shape = "old-free"
    service = stand.service()
    assert (await service.quota()).videos_left == 2
    await service.send(parcel_of(MP4 * 9, extension=".mp4", media_type="video/mp4"))
    assert (await service.quota()).videos_left == 1


async def test_the_private_places_that_are_left_are_counted(stand: Stand, parcel: Parcel) -> None:
    """50 of a free account on Flickr; where there is no such limit nothing is asked."""
    stand.sandbox.options.max_items = 1000
    stand.sandbox.options.is_pro = False
    service = stand.service()
    await service.send(parcel)  # it is not public
    await service.send(parcel_of(JPEG + b"public", is_public=1))
    quota = await service.quota()
    before = len(stand.granted)
    known = await service.with_private_left(quota)
    if stand.name == "flickr":
        assert (known.private_most, known.private_left) == (50, 49)
        assert len(stand.granted) == before + 1
    else:  # wire.md B4: no such limit is known of
        assert known == quota
        assert len(stand.granted) == before


async def test_private_places_that_cannot_be_counted_are_unknown(stand: Stand) -> None:
    """No error comes of it: the number only informs."""
    quota = Quota(items_left=900, items_most=1000, items_there=100, private_most=50)
    stand.script("html", where="rest")
    assert (await stand.service().with_private_left(quota)).private_left is None


@pytest.mark.parametrize(
    "shape",
    [
        *("since-2021", "unlimited-2018", "old-free"),
        *("account", "unlimited", "limited", "missing", "empty", "lots", "null"),
    ],
)
async def test_every_shape_of_the_sandbox_is_read(stand: Stand, shape: Any) -> None:
    """What is known is a number; what makes no sense is no limit."""
    flickrs, common = (
        ("since-2021", "unlimited-2018", "old-free"),
        ("missing", "empty", "lots", "null"),
    )
    if shape not in common and (shape in flickrs) is not (stand.name == "flickr"):
        pytest.skip("wire.md A6 and B4: each service's quota has shapes of its own")
    stand.sandbox.options.quota_shape = shape
    quota = await stand.service().quota()
    if shape in common:
        assert [getattr(quota, name) for name in (*SIZES, *LEFTS)] == [None] * 6
    else:
        assert quota.photo_max_bytes == stand.sandbox.options.max_photo_bytes
    assert (quota.bytes_left is not None) is (shape in ("old-free", "limited"))


@pytest.mark.parametrize("number", range(5))
async def test_every_recorded_shape_is_read(stand: Stand, number: int) -> None:
    """Numbers as texts, numbers as numbers, limits that are exceeded, other units, nonsense."""
    _, answers, expected = stand.quota_cases[number]

    def answer(request: httpx.Request) -> httpx.Response:
        return stand.wrapped(answers.get(stand.method_of(request), {}))

    quota = await stand.answering(answer).quota()
    assert {name: getattr(quota, name) for name in expected} == expected


@pytest.mark.parametrize(
    "value", [None, "", "lots", "null", "NaN", "1e9", "0x10", [], {}, [1], True, 10**400, "9" * 500]
)
async def test_no_value_breaks_it(stand: Stand, value: Any) -> None:
    """In the place of every number there is: no limit is made up, and nothing is raised."""

    def spoiled(told: Any) -> Any:
        if isinstance(told, dict):
            return {name: spoiled(one) for name, one in told.items()}
        return value

    def answer(request: httpx.Request) -> httpx.Response:
        return stand.wrapped(spoiled(stand.quota_cases[0][1].get(stand.method_of(request), {})))

    quota = await stand.answering(answer).quota()
    absurd = [getattr(quota, name) for name in (*SIZES, *LEFTS)]
    assert all(one is None or one > 10**12 for one in absurd)


@pytest.mark.parametrize("value", [None, "", [], "lots", 7])
async def test_no_part_breaks_it(stand: Stand, value: Any) -> None:
    """Each part of the answer may be something else."""
    for method, body in stand.quota_cases[0][1].items():
        (top,) = body
        shapes = [{top: value}, {top: dict.fromkeys(body[top], value)}]
        for shape in shapes:

            def answer(request: httpx.Request, told: Any = shape, of: str = method) -> Any:
                return stand.wrapped(told if stand.method_of(request) == of else {})

            quota = await stand.answering(answer).quota()
            assert [getattr(quota, name) for name in (*SIZES, *LEFTS)] == [None] * 6


@pytest.mark.parametrize("kind", ["html", "garbage", "empty", "bomb", "lose-reply", "cut"])
async def test_no_answer_is_an_error_and_no_quota(stand: Stand, kind: str) -> None:
    """Nothing is known then; that is not "unlimited"."""
    stand.script(kind, where="rest")
    with pytest.raises(ServiceError):
        await stand.service().quota()


async def test_only_leave_that_is_refused_stops_the_counting(stand: Stand) -> None:
    """What the grant raises comes out; nothing else does."""
    quota = Quota(items_left=900, items_most=1000, items_there=100, private_most=50)
    stand.no_leave = LookupError()
    if stand.name == "flickr":
        with pytest.raises(LookupError):
            await stand.service().with_private_left(quota)
    else:  # wire.md B4: nothing is asked
        assert await stand.service().with_private_left(quota) == quota

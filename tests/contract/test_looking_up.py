"""What every service promises of `look_up`, `has_photo` and `mark_content` (`services.base`)."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from contract.stand import DAY, Stand
from uploadd.model.budget import Purpose
from uploadd.model.contents import Content
from uploadd.model.errors import ServiceError, ServiceRefusedError
from uploadd.model.pixels import Pixels
from uploadd.services.base import Parcel

MARKS = "wire.md B3: doc.checkMD5 compares the content itself; nothing is marked"


def content_of(parcel: Parcel) -> Content:
    """What a photo holds."""
    return Content(parcel.sha256, parcel.md5)


@pytest.fixture
def marking(stand: Stand) -> Stand:
    """A stand whose service finds a photo by a tag of ours."""
    if stand.looks_at_content:
        pytest.skip(MARKS)
    return stand


@pytest.mark.parametrize("kind", ["lose-reply", "http-after", "garbage", "ticket-forgotten"])
async def test_a_photo_is_found_again(stand: Stand, parcel: Parcel, kind: str) -> None:
    """After a lost reply this is how its id becomes known."""
    stand.script(kind, 502)
    service = stand.service()
    sent_at = stand.clock.now
    await service.send(parcel)
    assert await service.look_up(content_of(parcel), sent_at) == stand.photo().id
    assert set(stand.granted) == {Purpose.LOOK_UP}


@pytest.mark.parametrize("kind", ["error", "http-before", "cut"])
async def test_what_was_not_kept_is_not_found(stand: Stand, parcel: Parcel, kind: str) -> None:
    """Nothing came of that send."""
    stand.script(kind, 500)
    service = stand.service()
    await service.send(parcel)
    assert await service.look_up(content_of(parcel), stand.clock.now) is None


async def test_a_search_that_lags_is_made_good_by_the_list(marking: Stand, parcel: Parcel) -> None:
    """The newest photos are listed before the search knows them."""
    marking.sandbox.options.search_finds = False
    service = marking.service()
    await service.send(parcel)
    assert await service.look_up(content_of(parcel), marking.clock.now) == marking.photo().id


async def test_a_look_up_finds_nothing_until_the_service_shows_it(
    stand: Stand, parcel: Parcel
) -> None:
    """All of them lag: None is no proof of absence."""
    stand.sandbox.options.search_lag_seconds = 300
    stand.sandbox.options.list_lag_seconds = 300
    service = stand.service()
    sent_at = stand.clock.now
    await service.send(parcel)
    assert await service.look_up(content_of(parcel), sent_at) is None
    stand.clock.now += 301
    assert await service.look_up(content_of(parcel), sent_at) == stand.photo().id


async def test_a_look_up_never_finds_another_photo(stand: Stand, parcel: Parcel) -> None:
    """Only the exact content counts."""
    service = stand.service()
    await service.send(parcel)
    last = "0" if parcel.sha256[-1] != "0" else "1"
    near = Content(parcel.sha256[:-1] + last, parcel.md5[:-1] + last)
    assert await service.look_up(near, stand.clock.now) is None


async def test_a_tag_is_not_believed_against_the_pixels(marking: Stand, parcel: Parcel) -> None:
    """Turned is the same, and another type may have been converted; else it is no answer."""
    service = marking.service()
    await service.send(parcel)
    photo = marking.photo()
    photo.width, photo.height = 800, 600
    sent_at = marking.clock.now
    for pixels in ((800, 600, "image/jpeg"), (600, 800, "image/jpeg"), (1, 2, "image/heic")):
        content = Content(parcel.sha256, pixels=Pixels(*pixels))
        assert await service.look_up(content, sent_at) == photo.id
    with pytest.raises(ServiceRefusedError, match="800 x 600 pixels") as raised:
        await service.look_up(Content(parcel.sha256, pixels=Pixels(8, 6, "image/jpeg")), sent_at)
    assert raised.value.pause is None


async def test_one_of_several_contents_is_no_answer(marking: Stand, parcel: Parcel) -> None:
    """A file's keyword may be such a tag: neither found nor absent."""
    foreign = f"checksum:sha256={'ab' * 32}"
    service = marking.service()
    await service.send(replace(parcel, tags=(*parcel.tags, foreign)))
    for sha256 in (parcel.sha256, "ab" * 32):
        with pytest.raises(ServiceRefusedError, match="none proves anything") as raised:
            await service.look_up(Content(sha256), marking.clock.now)
        assert raised.value.pause is None
    (photo,) = (await service.photos_between(0.0, None)).photos
    assert (photo.sha256, set(photo.doubtful)) == (None, {parcel.sha256, "ab" * 32})


async def test_a_photo_of_long_ago_is_found(stand: Stand, parcel: Parcel) -> None:
    """A send that was interrupted may be asked about days later."""
    service = stand.service()
    sent_at = stand.clock.now
    await service.send(parcel)
    stand.clock.now += 30 * DAY
    assert await service.look_up(content_of(parcel), sent_at) == stand.photo().id


async def test_a_clock_that_is_a_little_off_hides_nothing(stand: Stand, parcel: Parcel) -> None:
    """The service's time is not ours: the photo may seem older than its send."""
    stand.sandbox.options.search_finds = stand.looks_at_content
    service = stand.service()
    await service.send(parcel)
    found = await service.look_up(content_of(parcel), stand.clock.now + 240)
    assert found == stand.photo().id


async def test_a_deleted_photo_is_not_found(stand: Stand, parcel: Parcel) -> None:
    """It is not on the account any more."""
    service = stand.service()
    await service.send(parcel)
    stand.sandbox.delete(stand.photo().id)
    assert await service.look_up(content_of(parcel), stand.clock.now) is None


async def test_a_content_that_cannot_be_asked_for_is_never_absent(stand: Stand) -> None:
    """None would be believed after some looks, and the photo sent again."""
    if not stand.looks_at_content:
        pytest.skip("wire.md A8: a photo is found by the tag of its SHA-256, which is always known")
    with pytest.raises(ServiceRefusedError) as raised:
        await stand.service().look_up(Content("ab" * 32), stand.clock.now)
    assert raised.value.pause is None
    assert stand.granted == []


@pytest.mark.parametrize("call", ["look_up", "has_photo"])
@pytest.mark.parametrize("kind", ["html", "garbage", "empty", "bomb", "lose-reply"])
async def test_a_look_without_an_answer_is_an_error(
    stand: Stand, parcel: Parcel, call: str, kind: str
) -> None:
    """Never "it is not there"."""
    service = stand.service()
    await service.send(parcel)
    stand.script(kind, where="rest")
    looking: dict[str, tuple[Any, ...]] = {
        "look_up": (content_of(parcel), stand.clock.now),
        "has_photo": (stand.photo().id,),
    }
    with pytest.raises(ServiceError):
        await getattr(service, call)(*looking[call])


async def test_a_photo_is_there_once_it_is_converted(stand: Stand, parcel: Parcel) -> None:
    """Before that, and after it was deleted, the account does not have it."""
    stand.sandbox.options.ticket_seconds = 60
    service = stand.service()
    await service.send(parcel)
    photo_id = stand.photo().id
    assert not await service.has_photo(photo_id)
    stand.clock.now += 61
    assert await service.has_photo(photo_id)
    assert set(stand.granted) == {Purpose.LOOK_UP}
    stand.sandbox.delete(photo_id)
    assert not await service.has_photo(photo_id)


@pytest.mark.parametrize("photo_id", ["404", "0", "7301022570"])
async def test_a_photo_that_never_was_is_not_there(stand: Stand, photo_id: str) -> None:
    """The service's number for it is a plain no."""
    assert not await stand.service().has_photo(photo_id)


async def test_a_replaced_photo_is_found_by_its_new_content_and_not_by_its_old(
    stand: Stand, parcel: Parcel, other: Parcel
) -> None:
    """Once it is marked; marking it twice changes nothing."""
    stand.sandbox.options.is_pro = True
    service = stand.service()
    await service.send(parcel)
    stand.sandbox.settle()
    photo = stand.photo()
    tags = len(photo.tags)
    await service.replace(other, photo.id)
    for _ in range(2):
        await service.mark_content(photo.id, other.sha256)
        assert await service.look_up(content_of(other), stand.clock.now) == photo.id
        assert await service.look_up(content_of(parcel), stand.clock.now) is None
        assert len(photo.tags) == tags


async def test_nothing_is_marked_where_the_content_is_compared(stand: Stand) -> None:
    """And no call is made."""
    if not stand.looks_at_content:
        pytest.skip("wire.md A8: photos are found by the tag checksum:sha256=")
    await stand.service().mark_content("404", "ab" * 32)
    assert stand.granted == []


async def test_a_photo_full_of_tags_is_marked_all_the_same(marking: Stand, parcel: Parcel) -> None:
    """The old tag makes room."""
    service = marking.service()
    await service.send(replace(parcel, tags=tuple(f"t{number}" for number in range(74))))
    await service.mark_content(marking.photo().id, "ab" * 32)
    found = await service.look_up(Content("ab" * 32), marking.clock.now)
    assert found == marking.photo().id


async def test_marking_a_photo_that_is_gone_is_refused(marking: Stand) -> None:
    """A plain no, which pauses nothing."""
    with pytest.raises(ServiceRefusedError) as raised:
        await marking.service().mark_content("404", "ab" * 32)
    assert raised.value.pause is None


async def test_an_account_without_content_tags_marks_and_looks_up_nothing(
    marking: Stand, parcel: Parcel
) -> None:
    """And asks nothing; it says so of itself."""
    service = marking.service(content_tag=False)
    assert not service.can_look_up
    await service.mark_content("404", "ab" * 32)
    assert await service.look_up(content_of(parcel), marking.clock.now) is None
    assert marking.granted == []


@pytest.mark.parametrize("kind", ["http-before", "http-after", "lose-reply", "garbage"])
async def test_marking_may_be_made_twice_and_is(marking: Stand, parcel: Parcel, kind: str) -> None:
    """A lost reply is no reason to stop in the middle; each try has leave of its own."""
    service = marking.service()
    await service.send(parcel)
    marking.script(kind, 502, where="rest", first=2)
    await service.mark_content(marking.photo().id, "ab" * 32)
    found = await service.look_up(Content("ab" * 32), marking.clock.now)
    assert found == marking.photo().id
    assert set(marking.granted) == {Purpose.CALL, Purpose.LOOK_UP}

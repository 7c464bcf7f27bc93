"""What every service promises of the list of the account's photos (`services.base`)."""

from __future__ import annotations

import pytest

from contract.conftest import parcel_of
from contract.stand import JPEG, Stand
from uploadd.model.budget import Purpose
from uploadd.model.errors import ServiceError, ServiceRefusedError
from uploadd.services.base import Parcel

UNLISTED = "wire.md B3: doc.checkMD5 is asked for each content, so no account has to be listed"


@pytest.fixture
def listing(stand: Stand) -> Stand:
    """A stand whose service lists the account."""
    if not stand.has_listing:
        pytest.skip(UNLISTED)
    return stand


async def fill(stand: Stand, number: int) -> list[str]:
    """Photos, ten seconds apart; their contents, oldest first."""
    service = stand.service()
    contents = []
    for one in range(number):
        parcel = parcel_of(JPEG + b"%d" % one)
        await service.send(parcel)
        contents.append(parcel.sha256)
        stand.clock.now += 10
    return contents


async def test_who_lists_nothing_says_so(stand: Stand) -> None:
    """A plain no without a call; an empty list would mean an empty account."""
    if stand.has_listing:
        pytest.skip("wire.md A8: the account's photos are listed with their content tags")
    with pytest.raises(ServiceRefusedError) as raised:
        await stand.service().photos_between(0.0, None)
    assert raised.value.pause is None
    assert raised.value.remedy
    assert stand.granted == []


async def test_the_newest_come_first_with_content_and_time(listing: Stand) -> None:
    """One call, out of the share of the budget that is for backfills."""
    begin = listing.clock.now
    contents = await fill(listing, 3)
    listed = await listing.service().photos_between(0.0, None)
    assert [photo.sha256 for photo in listed.photos] == contents[::-1]
    assert [photo.came_at for photo in listed.photos] == [begin + 20, begin + 10, begin]
    assert all(photo.photo_id for photo in listed.photos)
    assert not listed.has_more
    assert listing.granted == [Purpose.BACKFILL]


async def test_both_ends_are_included(listing: Stand) -> None:
    """So that what came in the same second is not missed from one page to the next."""
    begin = listing.clock.now
    contents = await fill(listing, 5)
    listed = await listing.service().photos_between(begin + 10, begin + 30)
    assert [photo.sha256 for photo in listed.photos] == contents[1:4][::-1]


async def test_pages_follow_each_other(listing: Stand, monkeypatch: pytest.MonkeyPatch) -> None:
    """The last one says that it is the last."""
    monkeypatch.setattr(f"uploadd.services.{listing.name}.client.PHOTOS_PER_PAGE", 2)
    contents = await fill(listing, 5)
    service = listing.service()
    pages = [await service.photos_between(0.0, None, page) for page in (1, 2, 3)]
    assert [photo.sha256 for page in pages for photo in page.photos] == contents[::-1]
    assert [page.has_more for page in pages] == [True, True, False]


async def test_a_photo_without_a_tag_has_no_known_content(listing: Stand, parcel: Parcel) -> None:
    """Another program sent it."""
    await listing.service(content_tag=False).send(parcel)
    (photo,) = (await listing.service().photos_between(0.0, None)).photos
    assert photo.sha256 is None


@pytest.mark.parametrize("kind", ["error", "html", "garbage", "empty", "cut", "http-before"])
async def test_faults_are_errors_of_ours(listing: Stand, kind: str) -> None:
    """Never a list that is shorter than it should be."""
    await fill(listing, 1)
    listing.script(kind, 500 if kind == "http-before" else 105, where="rest")
    with pytest.raises(ServiceError):
        await listing.service().photos_between(0.0, None)


@pytest.mark.parametrize(
    ("ids", "shown"), [(["1", "2"], "?ids=1,2"), (["a b&c"], "?ids=a%20b%26c")]
)
async def test_the_edit_page_takes_the_new_ids(stand: Stand, ids: list[str], shown: str) -> None:
    """On the account's own host, where the service has such a page."""
    page = stand.edit_page and f"{stand.edit_page}{shown}"
    assert stand.service().edit_url(ids) == page
    assert stand.service().edit_url([]) is None


async def test_a_page_that_is_lost_is_asked_for_again(listing: Stand) -> None:
    """A list changes nothing."""
    contents = await fill(listing, 2)
    listing.script("lose-reply", where="rest", first=2)
    listed = await listing.service().photos_between(0.0, None)
    assert [photo.sha256 for photo in listed.photos] == contents[::-1]
    assert listing.granted == [Purpose.BACKFILL] * 3

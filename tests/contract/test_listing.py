"""What every service promises of the list of the account's photos (`services.base`)."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from typing import Any

import pytest

from contract.conftest import MemoryBody
from uploadd.model.budget import Purpose
from uploadd.model.errors import ServiceError
from uploadd.services.base import Parcel


async def fill(stand: Any, parcel: Parcel, number: int) -> list[str]:
    """Photos, ten seconds apart; their contents, oldest first."""
    service = stand.service()
    contents = []
    for one in range(number):
        content = b"\xff\xd8\xff\xe0\x00\x10JFIF\x00\x01" + b"%d" % one
        sha256 = hashlib.sha256(content).hexdigest()
        await service.send(replace(parcel, body=MemoryBody(content), sha256=sha256))
        contents.append(sha256)
        stand.clock.now += 10
    return contents


async def test_the_newest_come_first_with_content_and_time(stand: Any, parcel: Parcel) -> None:
    """One call, out of the share of the budget that is for backfills."""
    begin = stand.clock.now
    contents = await fill(stand, parcel, 3)
    listing = await stand.service().photos_between(0.0, None)
    assert [photo.sha256 for photo in listing.photos] == contents[::-1]
    assert [photo.came_at for photo in listing.photos] == [begin + 20, begin + 10, begin]
    assert all(photo.photo_id for photo in listing.photos)
    assert not listing.has_more
    assert stand.granted == [Purpose.BACKFILL]


async def test_both_ends_are_included(stand: Any, parcel: Parcel) -> None:
    """So that what came in the same second is not missed from one page to the next."""
    begin = stand.clock.now
    contents = await fill(stand, parcel, 5)
    listing = await stand.service().photos_between(begin + 10, begin + 30)
    assert [photo.sha256 for photo in listing.photos] == contents[1:4][::-1]


async def test_pages_follow_each_other(
    stand: Any, parcel: Parcel, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The last one says that it is the last."""
    monkeypatch.setattr("uploadd.services.flickr.client.PHOTOS_PER_PAGE", 2)
    contents = await fill(stand, parcel, 5)
    service = stand.service()
    pages = [await service.photos_between(0.0, None, page) for page in (1, 2, 3)]
    assert [photo.sha256 for page in pages for photo in page.photos] == contents[::-1]
    assert [page.has_more for page in pages] == [True, True, False]


async def test_a_photo_without_a_tag_has_no_known_content(stand: Any, parcel: Parcel) -> None:
    """Another program sent it."""
    await stand.service(content_tag=False).send(parcel)
    (photo,) = (await stand.service().photos_between(0.0, None)).photos
    assert photo.sha256 is None


@pytest.mark.parametrize("kind", ["error", "html", "garbage", "empty", "cut"])
async def test_faults_are_errors_of_ours(stand: Any, parcel: Parcel, kind: str) -> None:
    """Never a list that is shorter than it should be."""
    await fill(stand, parcel, 1)
    stand.script(kind, where="flickr.people.getPhotos", rate=1.0, code=105)
    with pytest.raises(ServiceError):
        await stand.service().photos_between(0.0, None)

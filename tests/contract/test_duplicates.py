"""How every service sees to it that a content is sent once (`services.base`).

Either it compares what comes (`compares_on_send`), or it is asked before (`find`).
"""

from __future__ import annotations

import hashlib
from dataclasses import replace
from typing import Any

import httpx
import pytest

from contract.conftest import parcel_of
from contract.stand import JPEG, Stand
from uploadd.model.budget import Purpose
from uploadd.model.contents import Content
from uploadd.model.errors import ServiceError, ServiceFaultError
from uploadd.model.verdicts import Duplicate, Ticketed
from uploadd.services.base import Parcel

NOT_COMPARED = "wire.md B3: upload.file compares nothing; doc.checkMD5 is asked before"
NOT_ASKED = "wire.md A2: dedup_check compares what comes, and nothing asks for a content itself"


def content_of(parcel: Parcel) -> Content:
    """What a photo holds."""
    return Content(parcel.sha256, parcel.md5)


def contents(number: int) -> list[Content]:
    """Contents that are nowhere."""
    return [content_of(parcel_of(b"nowhere %d" % one)) for one in range(number)]


@pytest.fixture
def comparing(stand: Stand) -> Stand:
    """A stand whose service compares what comes."""
    if not stand.compares_on_send:
        pytest.skip(NOT_COMPARED)
    return stand


@pytest.fixture
def asked(stand: Stand) -> Stand:
    """A stand whose service is asked before a send."""
    if stand.finds_per_call == 0:
        pytest.skip(NOT_ASKED)
    return stand


async def test_it_says_truly_how_doubles_are_seen(stand: Stand, parcel: Parcel) -> None:
    """One of the two guards there must be, or every lost reply might double a photo."""
    service = stand.service()
    assert service.compares_on_send is stand.compares_on_send
    assert service.finds_per_call == stand.finds_per_call
    assert service.looks_at_content is stand.looks_at_content
    assert service.can_look_up
    await service.send(parcel)
    second = await service.send(parcel)
    assert isinstance(second, Duplicate if service.compares_on_send else Ticketed)
    assert bool(stand.sandbox.doubled()) is not service.compares_on_send
    assert service.compares_on_send or service.finds_per_call > 0


async def test_a_duplicate_names_the_photo_that_is_there(comparing: Stand, parcel: Parcel) -> None:
    """The same content twice is one photo."""
    service = comparing.service()
    await service.send(parcel)
    second = await service.send(replace(parcel, title="another title"))
    assert (second.photo_id, second.is_deleted) == (comparing.photo().id, False)
    assert second.reason.code == "9"
    assert comparing.sandbox.doubled() == {}


async def test_a_deleted_duplicate_says_so(comparing: Stand, parcel: Parcel) -> None:
    """Whoever deleted it there may not want it back."""
    service = comparing.service()
    await service.send(parcel)
    assert comparing.sandbox.delete(comparing.photo().id)
    verdict = await service.send(parcel)
    assert isinstance(verdict, Duplicate)
    assert (verdict.photo_id, verdict.is_deleted) == (comparing.photo().id, True)
    assert verdict.reason.code == "deleted"
    assert "--force" in verdict.reason.remedy


async def test_without_its_setting_nothing_is_compared(comparing: Stand, parcel: Parcel) -> None:
    """dedup_check = 0: a second photo, and a service that says so of itself."""
    service = comparing.service(dedup_check=0)
    assert not service.compares_on_send
    await service.send(parcel)
    assert isinstance(await service.send(parcel), Ticketed)


DUPLICATE = "<duplicate_photo_id>7</duplicate_photo_id>"
DELETED = "<duplicate_photo_status>DELETED</duplicate_photo_status>"
ERRORS_9 = {
    "children of rsp": f'<err code="9" msg="d"/>{DUPLICATE}{DELETED}',
    "children of err": f'<err code="9" msg="d">{DUPLICATE}{DELETED}</err>',
    "attributes of err": (
        '<err code="9" msg="d" duplicate_photo_id="7" duplicate_photo_status="deleted"/>'
    ),
}


@pytest.mark.parametrize("place", ERRORS_9)
async def test_the_photo_is_named_wherever_it_stands(
    comparing: Stand, parcel: Parcel, place: str
) -> None:
    """A raw error 9 is not established (wire.md, D)."""
    reply = httpx.Response(200, text=f'<rsp stat="fail">{ERRORS_9[place]}</rsp>')
    verdict = await comparing.answering(reply).send(parcel)
    assert isinstance(verdict, Duplicate)
    assert (verdict.photo_id, verdict.is_deleted) == ("7", True)


async def test_a_duplicate_of_nothing_is_one_all_the_same(comparing: Stand, parcel: Parcel) -> None:
    """The service did not say which."""
    comparing.script("error", 9)
    verdict = await comparing.service().send(parcel)
    assert isinstance(verdict, Duplicate)
    assert (verdict.photo_id, verdict.is_deleted) == (None, False)


async def test_a_forced_send_is_kept_though_it_is_known(stand: Stand, parcel: Parcel) -> None:
    """A person said so."""
    service = stand.service()
    await service.send(parcel)
    stand.sandbox.delete(stand.photo().id)
    assert isinstance(await service.send(replace(parcel, is_forced=True)), Ticketed)
    assert stand.kept() == [parcel.sha256]


async def test_what_is_there_is_found_before_it_is_sent(asked: Stand, parcel: Parcel) -> None:
    """By its content, with the photo's id; what is not there is not named."""
    service = asked.service()
    await service.send(parcel)
    found = await service.find([*contents(3), content_of(parcel)])
    assert found == {parcel.sha256: asked.photo().id}
    assert asked.granted == [Purpose.LOOK_UP]


async def test_a_batch_is_one_call(asked: Stand) -> None:
    """As many as the service takes; each of them is found."""
    service = asked.service()
    parcels = [parcel_of(JPEG + b"%d" % one) for one in range(service.finds_per_call)]
    for one in parcels:
        await service.send(one)
    asked.sandbox.settle()
    found = await service.find([content_of(one) for one in parcels])
    ids = {photo.sha256: photo.id for photo in asked.sandbox.photos}
    assert found == {one.sha256: ids[one.sha256] for one in parcels}
    assert len(asked.granted) == 1


async def test_more_than_a_batch_is_its_callers_next_call(asked: Stand) -> None:
    """Nobody asks for 21 at once: the sandbox would call it a violation."""
    service = asked.service()
    most = service.finds_per_call
    many = contents(most + 1)
    for start in range(0, len(many), most):
        assert await service.find(many[start : start + most]) == {}
    assert len(asked.granted) == 2


async def test_a_content_that_cannot_be_asked_for_is_not_named(
    asked: Stand, parcel: Parcel
) -> None:
    """Its MD5 is not known; the others are asked for all the same."""
    service = asked.service()
    await service.send(parcel)
    nameless = Content("ab" * 32)
    assert await service.find([nameless, content_of(parcel)]) == {parcel.sha256: asked.photo().id}
    assert await service.find([nameless]) == {}
    assert await service.find([]) == {}
    assert len(asked.granted) == 1


async def test_one_content_asked_for_twice(asked: Stand, parcel: Parcel) -> None:
    """Twins in one batch."""
    service = asked.service()
    await service.send(parcel)
    twice = [content_of(parcel)] * 2
    assert await service.find(twice) == {parcel.sha256: asked.photo().id}


@pytest.mark.parametrize("shape", ["each", "found", "empty", "error"])
async def test_absence_is_told_in_many_ways(asked: Stand, parcel: Parcel, shape: str) -> None:
    """The answer of doc.checkMD5 has four forms (wire.md, B3)."""
    asked.sandbox.options.md5_reply = shape  # type: ignore[attr-defined]
    service = asked.service()
    assert await service.find(contents(2)) == {}
    await service.send(parcel)
    assert await service.find([*contents(2), content_of(parcel)]) == {
        parcel.sha256: asked.photo().id
    }


async def test_a_deleted_photo_is_not_found_before_a_send(asked: Stand, parcel: Parcel) -> None:
    """It is not on the account any more."""
    service = asked.service()
    await service.send(parcel)
    asked.sandbox.delete(asked.photo().id)
    assert await service.find([content_of(parcel)]) == {}


def told(md5: str, **more: Any) -> dict[str, Any]:
    """doc.checkMD5's answer with one document."""
    return {"docs": {"count": 1, "found": 1, "doc": [{"md5": md5, **more}]}}


@pytest.mark.parametrize(
    "more",
    [
        {"found": "1", "doc_id": "77"},
        {"found": 1, "doc_id": 77},
        {"doc_id": "77"},
    ],
)
async def test_numbers_come_as_texts_or_not(asked: Stand, parcel: Parcel, more: Any) -> None:
    """In capitals, too."""
    for md5 in (parcel.md5, parcel.md5.upper()):
        service = asked.answering(asked.wrapped(told(md5, **more)))
        assert await service.find([content_of(parcel)]) == {parcel.sha256: "77"}


async def test_there_but_nameless_is_not_absent(asked: Stand, parcel: Parcel) -> None:
    """Taken for absent it would be doubled."""
    service = asked.answering(asked.wrapped(told(parcel.md5, found="1")))
    with pytest.raises(ServiceFaultError):
        await service.find([content_of(parcel)])


async def test_another_content_is_never_meant(asked: Stand, parcel: Parcel) -> None:
    """What nobody asked for is dropped."""
    strange = hashlib.md5(b"strange", usedforsecurity=False).hexdigest()
    service = asked.answering(asked.wrapped(told(strange, found="1", doc_id="77")))
    assert await service.find([content_of(parcel)]) == {}


@pytest.mark.parametrize("kind", ["garbage", "html", "empty", "bomb", "lose-reply", "cut"])
async def test_what_cannot_be_asked_is_an_error(asked: Stand, parcel: Parcel, kind: str) -> None:
    """Never "it is not there"."""
    asked.script(kind, where="rest")
    with pytest.raises(ServiceError):
        await asked.service().find([content_of(parcel)])


async def test_who_is_not_asked_finds_nothing(stand: Stand, parcel: Parcel) -> None:
    """And makes no call."""
    service = stand.service()
    if service.finds_per_call:
        pytest.skip("wire.md B3: doc.checkMD5 is asked before a send")
    await service.send(parcel)
    assert await service.find([content_of(parcel)]) == {}
    assert stand.granted == []

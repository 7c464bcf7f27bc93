"""The stand of each service, and the photos that are sent to it."""

from __future__ import annotations

import hashlib
from collections.abc import AsyncIterator
from dataclasses import replace
from random import Random

import pytest
from structlog.testing import capture_logs

from contract.flickr_stand import FlickrStand
from contract.ipernity_stand import IpernityStand
from contract.stand import JPEG, Stand
from contract.surroundings import MemoryBody, Refusing
from uploadd.services.base import Parcel

LARGE = JPEG + Random(3).randbytes(300_000)
STANDS: tuple[type[Stand], ...] = (FlickrStand, IpernityStand)


@pytest.fixture(params=STANDS, ids=lambda stand: stand.name)
async def stand(request: pytest.FixtureRequest, quiet_logs: None) -> AsyncIterator[Stand]:
    """One service's stand. Every service passes every test of this suite."""
    made: Stand = request.param()
    with capture_logs() as lines:
        yield made
    made.told += map(repr, lines)
    await made.aclose()


def parcel_of(content: bytes, **more: object) -> Parcel:
    """A photo with this content, and nothing told about it."""
    parcel = Parcel(
        stem="IMG_0001",
        extension=".jpg",
        media_type="image/jpeg",
        sha256=hashlib.sha256(content).hexdigest(),
        md5=hashlib.md5(content, usedforsecurity=False).hexdigest(),
        body=MemoryBody(content),
    )
    return replace(parcel, **more)  # type: ignore[arg-type]


@pytest.fixture
def parcel() -> Parcel:
    """A photo of some hundred kilobytes, with everything told about it."""
    return parcel_of(
        LARGE,
        stem='Été "1"',
        title="Été à la mer ☃ & <b>",
        description="two\nlines",
        tags=("blue sky", "from:camera", "ns:pred=a b"),
        is_public=0,
        is_friend=1,
        is_family=0,
        safety_level=1,
        content_type=2,
        hidden=2,
    )


@pytest.fixture
def other() -> Parcel:
    """New content, under a name and with words of its own."""
    return parcel_of(JPEG + b"another content" * 9, title="another title")


@pytest.fixture
def memory_body() -> type[MemoryBody]:
    """Makes a body of bytes."""
    return MemoryBody


@pytest.fixture
def refusing() -> Refusing:
    """A transport to where nobody listens."""
    return Refusing()

"""Whatever the network layer raises, every call of every service ends as the contract says."""

from __future__ import annotations

import ssl
from collections.abc import Callable
from typing import Any

import httpx
import pytest

from contract.stand import Stand
from contract.test_asking import ARGUMENTS, CONTENT
from uploadd.model.errors import FileVanishedError, ServiceError
from uploadd.model.verdicts import Pause, Reschedule, Uncertain
from uploadd.services.base import Parcel

KINDS = (ssl.SSLError, OSError, httpx.ReadError, ValueError, RecursionError, TypeError, KeyError)
CALLS: dict[str, tuple[Any, ...]] = {
    **dict.fromkeys(("log_in", "probe", "may_upload", "quota"), ()),
    **ARGUMENTS,
    "find": ([CONTENT],),
    "mark_content": ("404", CONTENT.sha256),
    "photos_between": (0.0, None),
    "call": ("a.method", [("a", "b")]),
}
NOT_EVERYWHERE = ("find", "mark_content", "photos_between")


class Raising(httpx.AsyncBaseTransport):
    """Reads `chunks` of a request (None: all of them), and raises."""

    def __init__(self, kind: type[Exception], chunks: int | None = None) -> None:
        self._kind = kind
        self._chunks = chunks
        self.requests = 0

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Fail."""
        self.requests += 1
        read = 0
        async for _ in request.stream:  # type: ignore[union-attr]
            read += 1
            if read == self._chunks:
                break
        raise self._kind("the wire")


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("call", CALLS)
async def test_every_call_is_a_clear_error(stand: Stand, call: str, kind: type[Exception]) -> None:
    """A `ServiceError` in one line, whatever the network raised."""
    transport = Raising(kind)
    asking: Callable[..., Any] = getattr(stand.service(transport), call)
    if call in NOT_EVERYWHERE:
        try:
            await asking(*CALLS[call])
        except ServiceError:
            return
        assert transport.requests == 0  # this service has no such call
        return
    with pytest.raises(ServiceError) as raised:
        await asking(*CALLS[call])
    assert "\n" not in str(raised.value)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("method", ["send", "replace"])
async def test_an_upload_is_uncertain_after_its_last_byte(
    stand: Stand, parcel: Parcel, method: str, kind: type[Exception]
) -> None:
    """The service may have kept it."""
    verdict = await put(stand.service(Raising(kind)), method, parcel)
    assert isinstance(verdict, Uncertain)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("method", ["send", "replace"])
async def test_an_upload_is_sent_again_where_its_last_byte_was_not_handed_over(
    stand: Stand, parcel: Parcel, method: str, kind: type[Exception]
) -> None:
    """Without its closing boundary nothing can have been kept."""
    verdict = await put(stand.service(Raising(kind, chunks=2)), method, parcel)
    assert isinstance(verdict, Reschedule | Pause)
    assert not isinstance(verdict, Reschedule) or not verdict.was_sent


@pytest.mark.parametrize("method", ["send", "replace"])
async def test_the_files_own_trouble_stays_what_it_is(
    stand: Stand, parcel: Parcel, method: str
) -> None:
    """It is no word about the network."""

    class Vanishing:
        size = 10

        async def chunks(self) -> Any:
            yield b"x"
            raise FileVanishedError("gone")

    vanishing = Parcel(
        stem="a", extension=".jpg", media_type="image/jpeg", sha256="ab" * 32, body=Vanishing()
    )
    with pytest.raises(FileVanishedError):
        await put(stand.service(Raising(OSError)), method, vanishing)


async def put(service: Any, method: str, parcel: Parcel) -> Any:
    """Send a photo, or new content for one."""
    return await (service.replace(parcel, "404") if method == "replace" else service.send(parcel))

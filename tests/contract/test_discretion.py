"""No secret is in any verdict, error, log line or `repr`, whatever comes back (`services.base`).

Every stand of this suite searches all that was told in its test (`Stand.aclose`). Here replies
repeat our secrets, as error pages do that show a request.
"""

from __future__ import annotations

import asyncio
from contextlib import suppress
from typing import Any

import httpx
import pytest

from contract.stand import Stand
from contract.surroundings import Refusing
from uploadd.model.contents import Content
from uploadd.model.errors import ServiceError
from uploadd.services.base import Parcel

CALLS = ["send", "replace", "log_in", "quota", "check_tickets", "look_up", "has_photo", "call"]


async def make(service: Any, call: str, parcel: Parcel) -> Any:
    """Make one call of any kind."""
    arguments: dict[str, tuple[Any, ...]] = {
        "send": (parcel,),
        "replace": (parcel, "77"),
        "check_tickets": (["1-2"],),
        "look_up": (Content("ab" * 32, "ab" * 16), 0.0),
        "has_photo": ("404",),
        "call": ("a.b",),
    }
    return await getattr(service, call)(*arguments.get(call, ()))


def secrets_of(stand: Stand) -> str:
    """All of them in one line."""
    account = stand.account()
    every = (account.api_key, account.api_secret, account.token, account.token_secret)
    return " ".join(secret.reveal() for secret in every)


@pytest.mark.parametrize("call", CALLS)
async def test_a_reply_that_repeats_our_secrets(stand: Stand, parcel: Parcel, call: str) -> None:
    """In an error of the API, a page, an OAuth text, and in what cannot be read."""
    said = secrets_of(stand)
    replies = [
        *stand.failures("105", said),
        *stand.failures(stand.unknown_code, said),
        httpx.Response(401, text=f"oauth_problem=signature_invalid&debug_sbs={said}"),
        httpx.Response(401, html=f"<title>{said}</title>"),
        httpx.Response(500, html=f"<title>{said}</title>"),
        httpx.Response(403, text=said, headers={"Date": said, "Retry-After": said}),
        httpx.Response(200, html=f"<body>{said}</body>"),
        httpx.Response(302, headers={"Location": f"https://elsewhere.test/?{said}"}),
    ]
    current: list[httpx.Response] = []
    service = stand.answering(lambda _: current[-1])
    for reply in replies:
        current.append(reply)
        try:
            outcome = await make(service, call, parcel)
        except ServiceError as error:
            outcome = error
        assert not any(secret in repr(outcome) for secret in said.split())
        assert stand.told


@pytest.mark.parametrize("call", CALLS)
async def test_a_connection_that_breaks(stand: Stand, parcel: Parcel, call: str) -> None:
    """The address is named in many an exception."""

    def die(request: httpx.Request) -> httpx.Response:
        raise httpx.ReadError(f"broken: {request.url.host}", request=request)

    with suppress(ServiceError):
        await make(stand.answering(die), call, parcel)
    assert any("broken" in said for said in stand.told)


async def test_no_secret_goes_into_an_address(stand: Stand, parcel: Parcel) -> None:
    """Addresses end in the logs of proxies and servers: keys and tokens stay in head and body."""
    seen: list[str] = []

    def note(request: httpx.Request) -> httpx.Response:
        seen.append(str(request.url))
        return httpx.Response(404)

    for call in CALLS:
        with suppress(ServiceError):
            await make(stand.answering(note), call, parcel)
    assert len(seen) == len(CALLS)
    assert not any(secret in url for url in seen for secret in secrets_of(stand).split())


async def test_closing_ends_the_connections(stand: Stand) -> None:
    """Twice is as good as once."""
    service = stand.service()
    await service.probe()
    await service.aclose()
    await service.aclose()


async def test_a_caller_who_is_cancelled_gets_just_that(stand: Stand, parcel: Parcel) -> None:
    """In the middle of a body: no verdict, no error of ours, and nothing is kept."""
    is_under_way = asyncio.Event()

    class Stalled(Refusing):
        async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
            async for _ in request.stream:  # type: ignore[union-attr]
                is_under_way.set()
                await asyncio.Event().wait()
            raise AssertionError("a body without a chunk")

    sending = asyncio.create_task(stand.service(Stalled()).send(parcel))
    await is_under_way.wait()
    sending.cancel()
    with pytest.raises(asyncio.CancelledError):
        await sending

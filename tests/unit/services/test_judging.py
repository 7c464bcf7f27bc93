"""What both services' judgements have in common."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from unit.services.script import Script
from uploadd.model.errors import ServiceRefusedError
from uploadd.services.base import Parcel
from uploadd.services.flickr import Flickr
from uploadd.services.ipernity import Ipernity

REFUSED = [
    (Flickr, httpx.Response(401, text="oauth_problem=token_rejected")),
    (Flickr, {"stat": "fail", "code": 98, "message": "told"}),
    (Ipernity, {"api": {"status": "error", "code": "107", "message": "told"}}),
    (Ipernity, httpx.Response(401)),
]


@pytest.mark.parametrize(("make", "answer"), REFUSED)
@pytest.mark.parametrize(("name", "told"), [("me", "me"), ("my photos", "'my photos'")])
async def test_a_login_that_is_refused_names_the_command_with_the_account(
    open_desk: Any, parcel: Parcel, make: Any, answer: object, name: str, told: str
) -> None:
    """To be copied as it stands: after a send, one of our calls, and one that a person named."""
    service = open_desk(Script(answer), make, name=name).service
    verdict = await service.send(parcel)
    assert verdict.reason.remedy.startswith(f"log in again: `uploadd auth {told}`;")
    for ask in (service.quota, lambda: service.call("a.b")):
        with pytest.raises(ServiceRefusedError) as raised:
            await ask()
        assert raised.value.reason.remedy == verdict.reason.remedy

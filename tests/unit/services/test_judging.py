"""What both services' judgements have in common."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from unit.services.script import Script
from uploadd.model.errors import ServiceRefusedError
from uploadd.model.verdicts import Reschedule
from uploadd.services.base import Parcel
from uploadd.services.error_tables import ErrorTables
from uploadd.services.flickr import Flickr
from uploadd.services.flickr.errors import TABLES as FLICKR
from uploadd.services.ipernity import Ipernity
from uploadd.services.ipernity.errors import TABLES as IPERNITY
from uploadd.services.judging import Judge
from uploadd.services.replies import Failure, PhotoId, TicketId, UploadReply

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


TOO_SOON = [
    (FLICKR, PhotoId("1")),
    (FLICKR, TicketId("1")),
    (FLICKR, Failure("9", "told", duplicate_id="1")),
    (IPERNITY, PhotoId("1")),
    (IPERNITY, TicketId("1")),
]


@pytest.mark.parametrize(("tables", "reply"), TOO_SOON)
def test_nobody_is_believed_to_have_what_was_not_sent_whole(
    tables: ErrorTables, reply: UploadReply
) -> None:
    """An answer that came before the last byte: the file is sent again."""
    judge = Judge(tables)
    assert not isinstance(judge.send_verdict(reply, was_sent=True), Reschedule)
    verdict = judge.send_verdict(reply, was_sent=False)
    assert isinstance(verdict, Reschedule)
    assert not verdict.was_sent
    assert verdict.reason.text.endswith("it came before the file was sent whole")

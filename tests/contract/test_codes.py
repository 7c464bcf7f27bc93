"""Every error code of the specifications, by its number, at an upload, a replacement and a call.

What each comes to is written down in the stands (`send_outcomes`, `replace_outcomes`,
`call_outcomes`), and not taken from the program's tables.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import httpx
import pytest

from contract.conftest import STANDS
from contract.stand import Outcome, Stand, assert_outcome
from uploadd.model.contents import Content
from uploadd.model.errors import ServiceFaultError, ServiceRefusedError
from uploadd.model.pauses import PauseCause
from uploadd.model.verdicts import Pause, Refuse, Reschedule, Uncertain
from uploadd.services.base import Parcel

# The codes of the two specifications (upload and replace) of each service, and the common ones.
FLICKR_COMMON = "95 96 97 98 99 100 105 106 111 112 114 115 116 201"
IPERNITY_COMMON = (
    "100 101 102 103 104 105 106 107 108 109 110 111 112 113 120 121 122 130 131 132 133 134 135"
    " 500 501 503"
)
SPECIFIED = {
    "flickr": {
        "send": f"0 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 93 {FLICKR_COMMON}",
        "replace": f"1 2 3 4 5 6 8 93 {FLICKR_COMMON}",
    },
    "ipernity": {
        "send": f"1 2 3 {IPERNITY_COMMON}",
        "replace": f"1 2 3 4 5 6 {IPERNITY_COMMON}",
    },
}


ARGUMENTS: dict[str, tuple[Any, ...]] = {
    "check_tickets": (["1-2"],),
    "look_up": (Content("ab" * 32, "ab" * 16), 0.0),
    "has_photo": ("404",),
}
READ_CALLS = ("quota", "log_in", "probe", "may_upload", *ARGUMENTS)


def cases(attribute: str) -> list[Any]:
    """Each stand with each of its codes."""
    return [
        pytest.param(stand, code, outcome, id=f"{stand.name}-{code}")
        for stand in STANDS
        for code, outcome in getattr(stand, attribute).items()
    ]


def sent(stand: type[Stand], endpoint: str) -> Sequence[str]:
    """The codes that the specification of an endpoint has."""
    return SPECIFIED[stand.name][endpoint].split()


@pytest.mark.parametrize("stand", STANDS, indirect=True, ids=lambda stand: stand.name)
@pytest.mark.parametrize("endpoint", ["send", "replace"])
def test_every_specified_code_is_tried_and_has_a_row(stand: Stand, endpoint: str) -> None:
    """The expectations, the specification and the program's table name the same codes."""
    specified = set(sent(type(stand), endpoint))
    expected = stand.send_outcomes if endpoint == "send" else stand.replace_outcomes
    rows = stand.tables.upload if endpoint == "send" else stand.tables.replace
    assert set(expected) == specified
    assert {*rows, *stand.tables.common} == specified


@pytest.mark.parametrize(("stand", "code", "outcome"), cases("send_outcomes"), indirect=["stand"])
async def test_a_send_that_is_answered_with_a_code(
    stand: Stand, parcel: Parcel, code: str, outcome: Outcome
) -> None:
    """The whole body was sent, and then the service said this."""
    stand.script("error", int(code))
    verdict = await stand.service().send(parcel)
    assert_outcome(verdict, outcome)
    assert_explained(stand, verdict, code)
    assert stand.kept() == []


@pytest.mark.parametrize(
    ("stand", "code", "outcome"), cases("replace_outcomes"), indirect=["stand"]
)
async def test_a_replacement_that_is_answered_with_a_code(
    stand: Stand, parcel: Parcel, code: str, outcome: Outcome
) -> None:
    """Its own errors come before those of any call: the same number means something else."""
    stand.script("error", int(code), where="replace")
    verdict = await stand.service().replace(parcel, "404")
    assert_outcome(verdict, outcome)
    assert_explained(stand, verdict, code)


@pytest.mark.parametrize(("stand", "code", "outcome"), cases("call_outcomes"), indirect=["stand"])
async def test_a_read_call_that_is_answered_with_a_code(
    stand: Stand, code: str, outcome: PauseCause | str
) -> None:
    """A pause of the account, a plain no, or a fault that passes and was tried again.

    1 and 2 are each method's own: that there is no such photo, for example.
    """
    stand.script("error", int(code), where="rest")
    service = stand.service()
    kind = ServiceFaultError if outcome == "fault" else ServiceRefusedError
    for call in READ_CALLS if int(code) > 2 else ("quota", "log_in", "probe"):
        before = len(stand.granted)
        with pytest.raises(kind) as raised:
            await getattr(service, call)(*ARGUMENTS.get(call, ()))
        reason = raised.value.reason  # type: ignore[attr-defined]
        assert (reason.code, bool(reason.text)) == (code, True)
        if isinstance(raised.value, ServiceRefusedError):
            pause = raised.value.pause
            assert (pause.cause if pause else "refused") == outcome
        tries = 3 if outcome == "fault" and call != "probe" else 1
        assert len(stand.granted) == before + tries


@pytest.mark.parametrize("endpoint", ["send", "replace"])
async def test_a_code_nobody_knows_is_rescheduled_a_few_times(
    stand: Stand, parcel: Parcel, endpoint: str
) -> None:
    """And shown as the service gave it."""
    where = "upload" if endpoint == "send" else "replace"
    stand.script("error", int(stand.unknown_code), where=where, message="Something new")
    verdict = await deliver(stand.service(), endpoint, parcel)
    assert isinstance(verdict, Reschedule)
    assert (verdict.was_sent, verdict.is_known) == (True, False)
    assert verdict.reason.code == stand.unknown_code
    assert "Something new" in verdict.reason.text


@pytest.mark.parametrize("endpoint", ["send", "replace"])
@pytest.mark.parametrize("form", range(6))
async def test_a_code_is_read_in_every_form(
    stand: Stand, parcel: Parcel, endpoint: str, form: int
) -> None:
    """As a number, as a text, in XML and in JSON, with any status."""
    replies = stand.failures("2", "no")
    reply = replies[form % len(replies)]
    verdict = await deliver(stand.answering(reply), endpoint, parcel)
    assert isinstance(verdict, Refuse)
    assert verdict.reason.code == "2"


# A status with nothing of the service's own in its body, after the whole body was sent.
STATUSES: dict[int, Outcome] = {
    304: Uncertain,
    400: Reschedule,
    401: PauseCause.CREDENTIALS,
    403: PauseCause.AWAY,
    404: PauseCause.AWAY,
    405: PauseCause.AWAY,
    407: PauseCause.AWAY,
    408: Uncertain,
    411: Reschedule,
    413: Refuse,
    418: Reschedule,
    429: PauseCause.RATE,
    500: Uncertain,
    501: Uncertain,
    502: Uncertain,
    503: Uncertain,
    504: Uncertain,
    520: Uncertain,
}


def test_every_row_of_http_is_tried(stand: Stand) -> None:
    """By one of these, alone or as one of its hundred."""
    tried = {f"http-{status}" for status in STATUSES}
    assert set(stand.tables.http) <= tried | {f"{code[:6]}xx" for code in tried}


@pytest.mark.parametrize("status", STATUSES)
@pytest.mark.parametrize("endpoint", ["send", "replace"])
async def test_a_status_that_nobody_explains(
    stand: Stand, parcel: Parcel, endpoint: str, status: int
) -> None:
    """Something between us and the service answered, or it did so without its own words."""
    page = httpx.Response(status, html="<title>So it is</title>")
    verdict = await deliver(stand.answering(page), endpoint, parcel)
    assert_outcome(verdict, STATUSES[status])
    assert verdict.reason.code == f"http-{status}"
    if isinstance(verdict, Reschedule):
        assert (verdict.was_sent, verdict.is_known) == (True, False)


WORDS: dict[str, PauseCause] = {
    "token_rejected": PauseCause.CREDENTIALS,
    "token_revoked": PauseCause.CREDENTIALS,
    "token_expired": PauseCause.CREDENTIALS,
    "permission_denied": PauseCause.CREDENTIALS,
    "consumer_key_unknown": PauseCause.CREDENTIALS,
    "consumer_key_rejected": PauseCause.CREDENTIALS,
    "signature_invalid": PauseCause.CREDENTIALS,
    "parameter_absent": PauseCause.CREDENTIALS,
    "timestamp_refused": PauseCause.CLOCK,
    "nonce_used": PauseCause.CLOCK,
}


@pytest.mark.parametrize("word", WORDS)
async def test_a_word_of_oauths(stand: Stand, parcel: Parcel, word: str) -> None:
    """Flickr's own; of anybody else HTTP 401 is a refused login, whatever stands in it."""
    reply = httpx.Response(401, text=f"oauth_problem={word}&debug_sbs=POST%26sandbox-token%26x")
    verdict = await stand.answering(reply).send(parcel)
    speaks_oauth = stand.name == "flickr"  # wire.md, A3; B2: no OAuth is used there
    assert_outcome(verdict, WORDS[word] if speaks_oauth else PauseCause.CREDENTIALS)


async def deliver(service: Any, endpoint: str, parcel: Parcel) -> Any:
    """Send it, or replace a photo by it."""
    return await (service.send(parcel) if endpoint == "send" else service.replace(parcel, "77"))


def assert_explained(stand: Stand, verdict: Any, code: str) -> None:
    """A reason with its code, what happened, and what a person does."""
    assert verdict.reason.code == code
    assert verdict.reason.remedy
    service = stand.tables.service
    assert service.lower() == stand.name
    assert f"{service} error {code}" in verdict.reason.text
    if isinstance(verdict, Reschedule):
        assert (verdict.was_sent, verdict.is_known) == (True, True)
    if isinstance(verdict, Pause):
        assert verdict.seconds is None

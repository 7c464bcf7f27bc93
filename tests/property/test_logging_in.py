"""Whatever a service answers while a person logs in: a login that it stated, or a clear error."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st
from structlog.testing import capture_logs

from property import drawn_replies as drawn
from unit.operations.logging_in import Office
from uploadd.model.configuration import ServiceName
from uploadd.model.errors import UploaddError
from uploadd.operations.auth.new_login import LoginRefusedError, NewLogin
from uploadd.services.flickr.authorising import verifier_in

FLICKR, IPERNITY = ServiceName.FLICKR, ServiceName.IPERNITY
KEYS = {FLICKR: "sandbox-secret", IPERNITY: "sandbox-ipernity-secret"}
SECRETS = (*KEYS.values(), "request-secret-1", "granted-secret-2")
TOKENS = ("granted-token-03", "sandbox-key", "sandbox-ipernity-key")
NOWHERE = Path("/nowhere/that/exists")


def _pairs(**values: str) -> bytes:
    return urlencode(values).encode()


def _json(tree: Any) -> bytes:
    return json.dumps(tree).encode()


def _flickr_check(perms: str) -> bytes:
    user = {"nsid": "1@N00", "username": "me", "fullname": "Me"}
    oauth = {"token": {"_content": TOKENS[0]}, "perms": {"_content": perms}, "user": user}
    return _json({"oauth": oauth, "stat": "ok"})


def _ipernity(**auth: Any) -> bytes:
    return _json({"api": {"status": "ok"}, "auth": auth})


STEPS = {
    FLICKR: ("request_token", "access_token", "rest"),
    IPERNITY: ("auth.getFrob", "auth.getToken", "auth.checkToken"),
}
RIGHT = {
    "request_token": _pairs(oauth_token="request-token-0", oauth_token_secret=SECRETS[2]),
    "access_token": _pairs(oauth_token=TOKENS[0], oauth_token_secret=SECRETS[3], username="me"),
    "rest": _flickr_check("write"),
    "auth.getFrob": _ipernity(frob="1-2"),
    "auth.getToken": _ipernity(token=TOKENS[0]),
    "auth.checkToken": _ipernity(permissions={"doc": "write"}, user={"user_id": "1"}),
}
TELLING = (
    b"oauth_problem=signature_invalid&debug_sbs=GET&sandbox-key&granted-token-03&sandbox-secret",
    b"oauth_problem=verifier_invalid",
    b"oauth_problem=timestamp_refused&oauth_acceptable_timestamps=1-99999999999999999999",
    b"oauth_problem=a_word_of_tomorrow",
    _pairs(oauth_token=TOKENS[0], oauth_token_secret=""),
    _pairs(oauth_token=TOKENS[0] + "\n", oauth_token_secret="\x00"),
    b"&".join(b"oauth_token=%d" % number for number in range(200)),
    _flickr_check("read"),
    _flickr_check("\x1b[2J"),
    _json({"oauth": {"user": [1]}, "stat": "ok"}),
    _json({"stat": "fail", "code": 98, "message": TOKENS[0]}),
    _json({"api": {"status": "error", "code": "2", "message": "no \n" + SECRETS[1]}}),
    _json({"api": {"status": "error", "code": 105, "message": "x"}}),
    b"what is " + KEYS[FLICKR].encode(),
    _json({"stat": "fail", "code": 5, "message": KEYS[FLICKR]}),
    _ipernity(token=[], frob={}, permissions="write", user=None),
    _ipernity(token=TOKENS[0], permissions={"doc": "read"}, user={"user_id": 7}),
)
REPLIES = st.one_of(
    st.none(),
    st.tuples(
        st.one_of(st.just(200), st.just(401), drawn.STATUSES),
        st.one_of(st.sampled_from(TELLING), drawn.BODIES),
        drawn.HEADERS,
    ),
)
ANSWERS = st.lists(st.one_of(st.just("123-456-789\n"), st.text(max_size=40)), max_size=3)


def _clerk(replies: dict[str, Any]) -> Callable[[httpx.Request], httpx.Response]:
    def answer(request: httpx.Request) -> httpx.Response:
        step = next(step for step in RIGHT if f"/{step}" in str(request.url))
        drawn_reply = replies[step]
        if drawn_reply is None:
            return httpx.Response(200, content=RIGHT[step])
        status, body, headers = drawn_reply
        return httpx.Response(status, content=body, headers=headers)

    return answer


@pytest.mark.parametrize("service", [FLICKR, IPERNITY])
@given(three=st.tuples(REPLIES, REPLIES, REPLIES), answers=ANSWERS)
def test_any_reply_ends_in_a_clear_line(
    service: ServiceName, three: tuple[Any, Any, Any], answers: list[str]
) -> None:
    """No exception of another kind, no secret, nothing that upsets a terminal."""
    office = Office(NOWHERE, service)
    office.transport = httpx.MockTransport(_clerk(dict(zip(STEPS[service], three, strict=True))))
    office.visitor.answers, office.visitor.says_nothing = list(answers), True
    with capture_logs() as lines:
        try:
            found: NewLogin | UploaddError = office.log_in()
        except UploaddError as error:
            found = error
    if isinstance(found, NewLogin):
        assert found.standing.may_upload
        assert found.standing.user_id
        assert f"{found.standing.user_name}{found.standing.permission}".isprintable()
        told = repr(found)
        assert TOKENS[0] not in told
    else:
        assert str(found).isprintable()
        assert len(str(found)) < 600
        told = str(found)
    told += repr(lines) + "".join(office.visitor.refused)
    ours = (KEYS[service], *SECRETS[2:])
    assert not [secret for secret in ours if secret in told]
    assert not NOWHERE.exists()


@pytest.mark.parametrize("service", [FLICKR, IPERNITY])
def test_the_right_replies_are_a_login(service: ServiceName) -> None:
    """Else the test above would show nothing."""
    office = Office(NOWHERE, service)
    office.transport = httpx.MockTransport(_clerk(dict.fromkeys(RIGHT)))
    office.visitor.answers = ["123-456-789\n"]
    assert office.log_in().keys.token.reveal() == TOKENS[0]


@given(st.text())
def test_any_answer_is_a_code_or_none(answer: str) -> None:
    """What a person types never goes out as anything but plain signs of one line."""
    code = verifier_in(answer)
    assert code == "" or (code.isascii() and code.isprintable() and " " not in code)


@pytest.mark.parametrize("perms", ["read", "none"])
def test_less_than_write_is_never_a_login(perms: str) -> None:
    """As Flickr would say it."""
    office = Office(NOWHERE, FLICKR)
    replies = {**dict.fromkeys(RIGHT), "rest": (200, _flickr_check(perms), [])}
    office.transport = httpx.MockTransport(_clerk(replies))
    office.visitor.answers = ["123-456-789\n"]
    with pytest.raises(LoginRefusedError, match=perms):
        office.log_in()

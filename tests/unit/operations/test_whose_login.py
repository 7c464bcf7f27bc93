"""Whose login it is: another local user who got hold of the address, or of the way back."""

from __future__ import annotations

from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import httpx
import pytest

from unit.operations.logging_in import Office
from unit.operations.test_auth import known_as
from uploadd.model.configuration import ServiceName
from uploadd.operations.auth.logging_in import OpenPage
from uploadd.operations.auth.new_login import LoginRefusedError
from uploadd.operations.auth.whose import Meant, is_user
from uploadd.services.authorising import Standing, name_of

FLICKR, IPERNITY = ServiceName.FLICKR, ServiceName.IPERNITY
ALICE = Standing("12345678@N00", "alice", "write")


@pytest.fixture(params=[FLICKR, IPERNITY])
def office(request: pytest.FixtureRequest, tmp_path: Path) -> Office:
    """An account on each service."""
    return Office(tmp_path, request.param)


def by_browser(office: Office, *before: dict[str, str]) -> OpenPage:
    """A browser that agrees on the page. `before`: what others send to the way back first."""
    visitor = office.visitor

    async def on_flickr(url: str) -> bool:
        visitor.url = url
        verifier = visitor.consent()
        way_back = office.app.state.sandbox.logins.requests[visitor.asked("oauth_token")].callback
        right = {"oauth_token": visitor.asked("oauth_token"), "oauth_verifier": verifier}
        async with httpx.AsyncClient(trust_env=False) as browser:
            for query in (*before, right):
                await browser.get(f"{way_back}?{urlencode(query)}")
        return True

    async def on_ipernity(url: str) -> bool:
        visitor.url = url
        return True

    return on_flickr if office.account.service is FLICKR else on_ipernity


def test_a_login_by_browser_is_asked_about(office: Office) -> None:
    """By its name, once, and after its id was shown."""
    office.visitor.says_yes = True
    login = office.log_in(by_browser(office))
    assert office.visitor.asked_for == ["Save the login of sandbox?"]
    assert f"as sandbox ({login.standing.user_id})" in office.visitor.heard[0]


def test_whoever_does_not_know_him_says_no(office: Office) -> None:
    """Somebody else agreed on the page: it ends with 77, and nothing is kept."""
    office.visitor.user = "mallory"
    with pytest.raises(LoginRefusedError, match="nothing was saved"):
        office.log_in(by_browser(office))
    assert not (office.state_dir / "credentials").exists()


def test_yes_was_not_said_to_a_stranger(office: Office) -> None:
    """`--yes` lets the account change its user; who that is, is asked all the same."""
    with pytest.raises(LoginRefusedError, match="nothing was saved"):
        office.log_in(by_browser(office), meant=Meant(may_change=True))
    assert len(office.visitor.asked_for) == 1


def test_there_is_one_question(office: Office) -> None:
    """Also where the account was another user's until now."""
    known_as(office, "me", "4711", "alice")
    office.visitor.says_yes = True
    assert office.log_in(by_browser(office)).former is not None
    assert office.visitor.asked_for == ["Save the login of sandbox?"]


def test_a_user_who_was_named_is_not_asked_about(office: Office) -> None:
    """By his name or by his id."""
    user_id = office.log_in().standing.user_id
    for user in ("sandbox", user_id):
        office.log_in(by_browser(office), meant=Meant(user))
    assert office.visitor.asked_for == []


@pytest.mark.parametrize("has_browser", [True, False])
def test_another_user_than_the_named_one_is_refused(office: Office, has_browser: bool) -> None:
    """However he agreed, and nobody is asked."""
    office.visitor.says_yes = True
    with pytest.raises(LoginRefusedError, match="login of sandbox, and not of alice"):
        office.log_in(by_browser(office) if has_browser else None, meant=Meant("alice", True))
    assert office.visitor.asked_for == []


def test_a_code_that_is_typed_needs_no_question(office: Office) -> None:
    """Who types it has seen the page himself."""
    office.log_in()
    assert office.visitor.asked_for == []


@pytest.mark.parametrize(
    "query",
    [
        {"oauth_token": "theirs", "oauth_verifier": "111-222-333"},
        {"oauth_token": "theirs"},
        {"oauth_verifier": "111-222-333"},
    ],
)
def test_another_request_token_does_not_come_back(tmp_path: Path, query: Any) -> None:
    """A foreign login, or a foreign no: the right one is waited for."""
    flickr = Office(tmp_path, FLICKR)
    assert flickr.log_in(by_browser(flickr, query), meant=Meant("sandbox")).keys.token


@pytest.mark.parametrize(
    ("told", "is_meant"),
    [
        ("alice", True),
        (" alice ", True),
        ("12345678@N00", True),
        ("Alice", False),
        ("alic", False),
        ("", False),
    ],
)
def test_a_user_is_named_exactly(told: str, is_meant: bool) -> None:
    """Another spelling may be another user."""
    assert is_user(ALICE, told) is is_meant


@pytest.mark.parametrize("victim", ["87654321@N01", "87654321@n01", "54321"])
def test_nobody_is_taken_for_another_ones_id(victim: str) -> None:
    """A user can call himself what he likes."""
    assert not is_user(Standing("666@N00", victim, "write"), victim)


UNSEEN = [f"alice{sign}" for sign in "\u034f\u115f\u17b4\u180b\u2800\u3164\ufe0f\uffa0\U000e0100"]


@pytest.mark.parametrize(
    "name", ["alice\u202e", "al\u200bice", "alice\x1b[m", "", "\x9balice", *UNSEEN]
)
def test_a_name_with_hidden_signs_is_shown_as_the_id(name: str) -> None:
    """Else it would look like another's."""
    assert name_of(name, "666@N00") == "666@N00"
    for honest in ("Ζωή & co", "a ❤\ufe0f b"):
        assert name_of(honest, "666@N00") == honest

"""Logging in to the sandbox, on both services: what is kept, and what is refused."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx
import pytest

from unit.operations.logging_in import Office
from uploadd.model.configuration import NO_SECRET, ServiceName
from uploadd.model.errors import (
    ConfigurationError,
    ServiceAwayError,
    ServiceError,
    ServiceRefusedError,
    UsageError,
)
from uploadd.model.pauses import PauseCause
from uploadd.model.secret import Secret
from uploadd.operations.auth.logging_in import keep
from uploadd.operations.auth.new_login import LoginRefusedError
from uploadd.operations.auth.whose import Meant
from uploadd.sandbox import Fault
from uploadd.services.authorising import ConsentRefusedError
from uploadd.store import accounts
from uploadd.store.beside import reading, writing

FLICKR, IPERNITY = ServiceName.FLICKR, ServiceName.IPERNITY


@pytest.fixture(params=[FLICKR, IPERNITY])
def office(request: pytest.FixtureRequest, tmp_path: Path) -> Office:
    """An account on each service."""
    return Office(tmp_path, request.param)


@pytest.fixture
def flickr(tmp_path: Path) -> Office:
    """An account on Flickr."""
    return Office(tmp_path, FLICKR)


@pytest.fixture
def ipernity(tmp_path: Path) -> Office:
    """An account on ipernity."""
    return Office(tmp_path, IPERNITY)


def kept(office: Office) -> list[str]:
    """The files of saved logins."""
    directory = office.state_dir / "credentials"
    return sorted(path.name for path in directory.iterdir()) if directory.exists() else []


def known_as(office: Office, name: str, user_id: str, user_name: str) -> None:
    """The database knows an account of that name as this user's."""
    with writing(office.state_dir) as db:
        row, _ = accounts.bind(db, name, office.account.service, "127.0.0.1:8080", "digest")
        accounts.learn(db, row.id, user_id, user_name, "digest", frozenset({name}))


def test_a_login_is_checked_and_saved(office: Office) -> None:
    """Whose it is, with which permission; and the files are for their owner alone."""
    login = office.log_in()
    assert login.standing.user_name == "sandbox"
    assert login.standing.permission == "write"
    assert kept(office) == []
    place = keep(office.configuration, login)
    files = ["uploadd.me.token", "uploadd.me.token_secret"]
    assert kept(office) == files[: 2 if office.account.service is FLICKR else 1]
    assert {path.stat().st_mode & 0o777 for path in place.iterdir()} == {0o600}
    assert place.stat().st_mode & 0o777 == 0o700
    assert (place / files[0]).read_text().strip() == login.keys.token.reveal()


def test_the_new_token_works(flickr: Office) -> None:
    """It is one that the service knows, with its secret."""
    keys = flickr.log_in().keys
    token = flickr.app.state.sandbox.logins.tokens[keys.token.reveal()]
    assert (token.secret, token.perms) == (keys.token_secret.reveal(), "write")


@pytest.mark.parametrize("typed", ["{}", " {}\n", "{0[0]}{0[1]}{0[2]}", "{0[0]} {0[1]} {0[2]}"])
def test_a_code_may_be_spaced(flickr: Office, typed: str) -> None:
    """As it was copied, or typed without its hyphens."""
    whole = flickr.visitor.consent

    def spaced() -> str:
        code = whole()
        return typed.format(code if typed.strip() == "{}" else code.split("-"))

    flickr.visitor.consent = spaced  # type: ignore[method-assign]
    assert flickr.log_in().standing.permission == "write"


def test_a_wrong_code_may_be_typed_again(flickr: Office) -> None:
    """And each time it is said what was wrong."""
    visitor = flickr.visitor
    visitor.answers = ["", "nonsense", "999-999-999"]
    flickr.log_in()
    assert visitor.refused[0] == ""
    assert len(visitor.refused) == 4
    assert all(visitor.refused[1:])


def test_wrong_codes_come_to_an_end(flickr: Office) -> None:
    """It does not go on forever."""
    flickr.visitor.answers = ["111-111-111"] * 100
    with pytest.raises(ConsentRefusedError, match="uploadd in"):
        flickr.log_in()
    assert len(flickr.visitor.answers) == 95


def test_a_refused_code_is_told(flickr: Office) -> None:
    """Agreed, and then mistyped; the input ends there."""
    visitor = flickr.visitor
    visitor.before_answer = lambda: visitor.url and visitor.consent() and None  # type: ignore[assignment]
    visitor.answers, visitor.says_nothing = ["111-111-111"], True
    with pytest.raises(ConsentRefusedError, match="does not take this code"):
        flickr.log_in()


def test_enter_may_be_pressed_too_soon(ipernity: Office) -> None:
    """The frob is asked for again when the person says so."""
    visitor = ipernity.visitor
    visitor.answers = ["\n", "\n"]
    assert ipernity.log_in().standing.permission == "write"
    assert all("ipernity's page" in text for text in visitor.refused[1:])


def test_without_an_answer_there_is_no_login(office: Office) -> None:
    """The end of the input."""
    office.visitor.says_nothing = True
    with pytest.raises(LoginRefusedError):
        office.log_in()


def test_a_no_on_the_page_is_told(office: Office) -> None:
    """Flickr ends it there; ipernity knows no difference to nothing at all."""
    office.visitor.denies = True
    with pytest.raises(ConsentRefusedError):
        office.log_in()
    assert kept(office) == []


def test_a_token_that_may_only_read_is_refused(office: Office) -> None:
    """Whatever the person chose on the page."""
    office.visitor.perms = "read"
    with pytest.raises(LoginRefusedError, match="“read”"):
        office.log_in()


@pytest.mark.parametrize("key", ["api_key", "api_secret"])
def test_without_a_key_it_says_where_to_get_one(office: Office, key: str) -> None:
    """Before anything is asked."""
    office.account = replace(office.account, **{key: NO_SECRET})
    with pytest.raises(LoginRefusedError, match=f"accounts.me.{key} is not set; .*https://"):
        office.log_in()


@pytest.mark.parametrize(
    ("key", "told"), [("api_key", "api_key|API key"), ("api_secret", "api_secret|API secret")]
)
def test_a_wrong_key_is_told(office: Office, key: str, told: str) -> None:
    """Flickr's consumer_key_unknown and signature_invalid, ipernity's 101 and 105."""
    office.account = replace(office.account, **{key: Secret("another-key-00000")})
    with pytest.raises(ServiceRefusedError, match=told) as raised:
        office.log_in()
    assert raised.value.pause is not None
    assert raised.value.pause.cause is PauseCause.CREDENTIALS
    assert "another-key" not in str(raised.value)


@pytest.mark.parametrize(("skew", "told"), [(7200.0, "2 h ahead"), (-7200.0, "2 h behind")])
def test_a_wrong_clock_is_told(flickr: Office, skew: float, told: str) -> None:
    """And how far it is off."""
    flickr.runtime.clock.skew = skew  # type: ignore[attr-defined]
    with pytest.raises(ServiceRefusedError, match=told) as raised:
        flickr.log_in()
    assert raised.value.pause is not None
    assert raised.value.pause.cause is PauseCause.CLOCK


def test_an_unknown_account_is_a_usage_error(office: Office) -> None:
    """With the names that there are."""
    with pytest.raises(UsageError, match="known are: me"):
        office.log_in(name="you")


def test_another_users_login_is_asked_about(office: Office) -> None:
    """Nothing is saved without a yes."""
    known_as(office, "me", "4711", "alice")
    with pytest.raises(UsageError, match="--yes"):
        office.log_in()
    assert "alice" in office.visitor.heard[1]
    assert office.visitor.asked_for == ["Save the login of sandbox?"]
    office.visitor.says_yes = True
    former = office.log_in().former
    assert former is not None
    assert former.user_name == "alice"


def test_another_users_login_was_agreed_to_beforehand(office: Office) -> None:
    """`--yes`: then nobody is asked."""
    known_as(office, "me", "4711", "alice")
    assert office.log_in(meant=Meant(may_change=True)).former is not None
    assert office.visitor.asked_for == []


def test_the_same_user_is_not_asked(office: Office) -> None:
    """A new token for the account that it was."""
    user_id = office.log_in().standing.user_id
    known_as(office, "me", user_id, "sandbox")
    assert office.log_in().former is None
    assert office.visitor.asked_for == []


def test_two_names_for_one_user_are_refused(office: Office) -> None:
    """Else everything would be there twice."""
    known_as(office, "you", office.log_in().standing.user_id, "sandbox")
    office.others = {"you": replace(office.account, name="you")}
    with pytest.raises(ConfigurationError, match=r"accounts\.you already"):
        office.log_in()
    office.others = {}
    assert office.log_in().former is None


def test_calls_are_counted(office: Office) -> None:
    """Where a database counts them, each of them, in the account's budget."""
    known_as(office, "me", "4711", "alice")
    office.visitor.says_yes = True
    office.log_in()
    with reading(office.state_dir) as db:
        assert db is not None
        (row,) = accounts.all_accounts(db)
        made = db.execute("SELECT count(*) FROM calls WHERE account_id = ?", (row.id,))
        assert made.fetchone() == (3,)


@pytest.mark.parametrize("kind", ["html", "garbage", "empty", "http-before", "lose-reply"])
def test_a_service_that_is_ill_is_told(flickr: Office, kind: Any) -> None:
    """At any step: one clear error."""
    for where in ("oauth.request_token", "oauth.access_token", "flickr.auth.oauth.checkToken"):
        flickr.app.state.sandbox.faults.add(Fault(kind, where=where, first=9))
        with pytest.raises(ServiceError):
            flickr.log_in()
        flickr.app.state.sandbox.faults.clear()


def test_a_passing_fault_is_passed_over(flickr: Office) -> None:
    """The first call and the check are asked again; a new token is not lost for a 502."""
    for where in ("oauth.request_token", "flickr.auth.oauth.checkToken"):
        flickr.app.state.sandbox.faults.add(Fault("http-before", where=where, first=1))
    assert flickr.log_in().standing.permission == "write"


def test_a_service_that_is_away_is_told(office: Office) -> None:
    """Nobody answers."""

    def nobody(request: httpx.Request) -> httpx.Response:
        raise httpx.ConnectError("refused", request=request)

    office.transport = httpx.MockTransport(nobody)
    with pytest.raises(ServiceAwayError):
        office.log_in()


def test_a_browser_that_cannot_be_opened_gives_way_to_the_code(flickr: Office) -> None:
    """With another request token, for the page shows a code only where none is called back."""
    opened: list[str] = []

    async def no_page(url: str) -> bool:
        opened.append(url)
        return False

    assert flickr.log_in(no_page).standing.permission == "write"
    assert len(opened) == 1
    assert flickr.visitor.url != opened[0]


def test_nobody_comes_back_from_the_browser(flickr: Office) -> None:
    """It does not listen forever."""

    async def page(url: str) -> bool:
        return bool(url)

    with pytest.raises(LoginRefusedError, match="--no-browser"):
        flickr.log_in(page)

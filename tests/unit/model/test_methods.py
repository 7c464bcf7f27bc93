"""What a call by name cannot carry, and what is told of its errors."""

from __future__ import annotations

import pytest

from uploadd.model.configuration import Account, ServiceName
from uploadd.model.errors import (
    OutcomeUnknownError,
    ServiceAwayError,
    ServiceError,
    ServiceFaultError,
    ServiceRefusedError,
    UsageError,
)
from uploadd.model.methods import check_call, error_of_call
from uploadd.model.pauses import PauseCause
from uploadd.model.verdicts import Pause, Reason

FLICKR, IPERNITY = ServiceName.FLICKR, ServiceName.IPERNITY
ME = Account("me")


@pytest.mark.parametrize(
    "method", ["flickr.test.login", "doc.get", "upload.checkTickets", "a", "x_1.y2"]
)
@pytest.mark.parametrize("service", [FLICKR, IPERNITY])
def test_names_of_methods(service: ServiceName, method: str) -> None:
    """Whether there is such a method is the service's own affair."""
    check_call(service, method, ["photo_id", "from", "é"])


@pytest.mark.parametrize(
    "method",
    [
        *("", " ", "../../x", "doc/get", "doc.get?x=1", "doc.get ", ".doc", "doc.", "doc..get"),
        *("é", "doc.get\n", "%2e", "a" * 101, "doc.get\udcff"),
    ],
)
@pytest.mark.parametrize("service", [FLICKR, IPERNITY])
def test_what_is_no_name_of_a_method(service: ServiceName, method: str) -> None:
    """It becomes part of an address, so nothing else may be in it."""
    with pytest.raises(UsageError, match="is no method's name"):
        check_call(service, method, [])


@pytest.mark.parametrize(
    ("method", "command"),
    [
        ("upload", "backfill"),
        ("flickr.photos.upload", "backfill"),
        ("upload.file", "backfill"),
        ("replace", "replace"),
        ("upload.replace", "replace"),
    ],
)
def test_methods_that_need_a_file(method: str, command: str) -> None:
    """They have commands of their own, which keep the promises."""
    with pytest.raises(UsageError, match=f"needs a file; `uploadd {command}`"):
        check_call(IPERNITY, method, [])


@pytest.mark.parametrize(
    ("names", "told"),
    [
        ([""], "is no parameter's name"),
        ([" a"], "is no parameter's name"),
        (["a\n"], "is no parameter's name"),
        (["a", "b", "a"], "the parameter a is given twice"),
        (["api_key"], "api_key is set by uploadd"),
        (["api_sig"], "is set by uploadd"),
        (["auth_token"], "is set by uploadd"),
        (["format"], "is set by uploadd"),
        (["oauth_token"], "is set by uploadd"),
        (["method"], "is set by uploadd"),
        (["nojsoncallback"], "is set by uploadd"),
    ],
)
def test_parameters_that_are_refused(names: list[str], told: str) -> None:
    """Each by its name."""
    with pytest.raises(UsageError, match=told):
        check_call(FLICKR, "flickr.test.echo", names)


def test_a_method_may_be_asked_about_on_ipernity() -> None:
    """There the name of the method is no parameter, so a parameter may have that name."""
    check_call(IPERNITY, "api.methods.get", ["method"])


def told(error: ServiceError, service: ServiceName = FLICKR, *, is_signed: bool = True) -> str:
    """The line for a person."""
    return str(error_of_call(error, Account("me", service), "a.b", is_signed=is_signed))


@pytest.mark.parametrize(
    "code", ["network", "garbage", "http-302", "http-408", "http-500", "http-504"]
)
def test_a_lost_reply_leaves_the_outcome_open(code: str) -> None:
    """The request had been sent whole."""
    error = error_of_call(ServiceFaultError(Reason(code, "x")), ME, "a.b", is_signed=True)
    assert isinstance(error, OutcomeUnknownError)
    assert str(error).startswith("a.b: x; the call may have done its work")
    assert error_of_call(error, ME, "a.b", is_signed=True) is error


@pytest.mark.parametrize("code", ["105", "106", "201", "http-404", "http-400"])
def test_a_plain_no_leaves_nothing_open(code: str) -> None:
    """The service said that it did not."""
    reason = Reason(code, "x", "nothing: it is tried again by itself")
    error = error_of_call(ServiceFaultError(reason), ME, "a.b", is_signed=True)
    assert type(error) is ServiceFaultError
    assert "by itself" not in str(error)


def test_a_general_error_of_ipernity_leaves_it_open() -> None:
    """Flickr has no code 500."""
    fault = ServiceFaultError(Reason("500", "general error"))
    ip = Account("ip", IPERNITY)
    assert isinstance(error_of_call(fault, ip, "a.b", is_signed=True), OutcomeUnknownError)
    fault = ServiceFaultError(Reason("503", "unavailable"))
    assert told(fault, IPERNITY) == "a.b: unavailable; make the call again later"


def test_nothing_answered() -> None:
    """As it was."""
    assert told(ServiceAwayError("no route", "look at the cable")) == "no route; look at the cable"


def refusal(cause: PauseCause, seconds: float | None = None) -> ServiceRefusedError:
    """A refusal that pauses the account."""
    reason = Reason("1", "no", "`uploadd auth NAME`")
    return ServiceRefusedError(reason, Pause(cause, reason, seconds))


def test_a_wait_is_told_in_seconds() -> None:
    """Nothing goes on by itself here."""
    assert told(refusal(PauseCause.RATE, 90)) == "a.b: no; make the call again in 90 s"
    assert told(refusal(PauseCause.RATE)) == "a.b: no; make the call again later"


def test_a_call_without_a_token_says_so() -> None:
    """The likeliest reason why it was refused."""
    credentials = refusal(PauseCause.CREDENTIALS)
    assert told(credentials) == "a.b: no; `uploadd auth me`"
    assert "made with the key alone" in told(credentials, is_signed=False)
    assert "`uploadd auth me`" in told(credentials, is_signed=False)


def test_a_refusal_of_the_call_itself() -> None:
    """Stays as the service worded it."""
    assert told(ServiceRefusedError(Reason("1", "a.b: not found"))) == "a.b: not found"

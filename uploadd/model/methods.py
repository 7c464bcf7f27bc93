"""Any API method by its own name: what may be asked for, and how an error is told. Pure.

Names and parameters are those of the services' own API documentation. Only what the client itself
adds to each request, and what would have to carry a file, is refused here; the rest is for the
service to judge.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from uploadd.model.configuration import ServiceName
from uploadd.model.errors import (
    OutcomeUnknownError,
    ServiceError,
    ServiceFaultError,
    ServiceRefusedError,
    UsageError,
)
from uploadd.model.pauses import PauseCause
from uploadd.model.verdicts import Pause, Reason

MOST_NAME_CHARACTERS = 200

# What signs a request and chooses the form of its reply: the client writes these itself.
_OWN = frozenset({"api_key", "api_sig", "auth_token", "format"})
OWN_PARAMETERS = {
    ServiceName.FLICKR: _OWN | {"method", "nojsoncallback", "jsoncallback"},
    ServiceName.IPERNITY: _OWN,
}
OWN_PREFIX = "oauth_"

# No calls of their REST endpoints: these carry a file.
UPLOADS = {
    ServiceName.FLICKR: frozenset({"upload", "flickr.upload", "flickr.photos.upload"}),
    ServiceName.IPERNITY: frozenset({"upload.file"}),
}
REPLACEMENTS = {
    ServiceName.FLICKR: frozenset({"replace", "flickr.replace", "flickr.photos.replace"}),
    ServiceName.IPERNITY: frozenset({"upload.replace"}),
}
FILE_PARAMETERS = {ServiceName.IPERNITY: frozenset({"file"})}

FLICKR_PREFIX = "flickr."
UNKNOWN_METHOD = {ServiceName.FLICKR: "112", ServiceName.IPERNITY: "103"}

# An ipernity method becomes part of an address, so nothing else may be in its name.
_METHOD = re.compile(r"[A-Za-z][A-Za-z0-9_]*(?:\.[A-Za-z0-9_]+)*")
# A reply that never came, one that nobody can read, one from something in between: the request
# had been sent whole by then.
_REPLY_LOST = re.compile(r"network|garbage|http-3\d\d|http-408|http-5\d\d")
# "General error" says nothing of what was done before it; the other passing codes are plain noes.
_VAGUE = {(ServiceName.IPERNITY, "500")}

DOUBT = "the call may have done its work: look, before it is made again"
AGAIN = "make the call again later"


def check_method(service: ServiceName, method: str) -> None:
    """Raise `UsageError` for what is no method's name, and for one that needs a file."""
    if not _METHOD.fullmatch(method) or len(method) > MOST_NAME_CHARACTERS:
        raise UsageError(
            f"{_quoted(method)} is not a method's name", f"such as {_example(service)}"
        )
    if method in UPLOADS[service]:
        raise UsageError(f"{method} needs a file", "send it with `uploadd backfill`")
    if method in REPLACEMENTS[service]:
        raise UsageError(f"{method} needs a file", "`uploadd replace` does it")


def check_parameters(service: ServiceName, names: Iterable[str]) -> None:
    """Raise `UsageError` for an empty name, one given twice, and those that uploadd adds itself."""
    seen: set[str] = set()
    for name in names:
        if not name or not name.isprintable() or name != name.strip():
            raise UsageError(f"{_quoted(name)} is not a parameter's name", "write it as NAME=VALUE")
        if name in seen:
            raise UsageError(f"the parameter {name} is given twice", "give it once")
        if name in FILE_PARAMETERS.get(service, ()):
            raise UsageError(f"{name} would be a file", "send files with `uploadd backfill`")
        if name in OWN_PARAMETERS[service] or name.startswith(OWN_PREFIX):
            remedy = "leave it out: uploadd signs the call and chooses the reply's form itself"
            raise UsageError(f"the parameter {name} is not for you to give", remedy)
        seen.add(name)


def error_of_call(
    error: ServiceError, service: ServiceName, method: str, *, is_signed: bool
) -> ServiceError:
    """The same error with the remedy that fits a call by name, which nothing tries again.

    A reply that was lost after the request was sent becomes an `OutcomeUnknownError`.
    """
    match error:
        case OutcomeUnknownError():
            return error
        case ServiceFaultError(reason=reason) if _may_have_worked(service, reason.code):
            return OutcomeUnknownError(_named(reason, method, DOUBT))
        case ServiceFaultError(reason=reason):
            remedy = AGAIN if reason.code.isdigit() else reason.remedy
            return ServiceFaultError(_named(reason, method, remedy))
        case ServiceRefusedError(reason=reason, pause=None):
            remedy = _other_service(reason.code, service, method)
            return ServiceRefusedError(_named(reason, method, remedy))
        case ServiceRefusedError(reason=reason, pause=pause):
            remedy = _remedy_of_pause(reason, pause, is_signed=is_signed)
            return ServiceRefusedError(_named(reason, method, remedy), pause)
    return error


def _may_have_worked(service: ServiceName, code: str) -> bool:
    return bool(_REPLY_LOST.fullmatch(code)) or (service, code) in _VAGUE


def _remedy_of_pause(reason: Reason, pause: Pause, *, is_signed: bool) -> str:
    if pause.cause is PauseCause.RATE:
        seconds = f" in {pause.seconds:.0f} s" if pause.seconds else " later"
        return f"make the call again{seconds}"
    if pause.cause is PauseCause.CREDENTIALS and not is_signed:
        return f"the call was made with the key alone, without a token; {reason.remedy}"
    return reason.remedy


def _other_service(code: str, service: ServiceName, method: str) -> str:
    """A method of the other service is the likeliest reason why this one does not know it."""
    is_flickrs = method.startswith(FLICKR_PREFIX)
    if code != UNKNOWN_METHOD[service] or is_flickrs is (service is ServiceName.FLICKR):
        return ""
    return f"the account is on {service}, whose methods have names such as {_example(service)}"


def _named(reason: Reason, method: str, remedy: str) -> Reason:
    text = reason.text if reason.text.startswith(method) else f"{method}: {reason.text}"
    return Reason(reason.code, text, remedy)


def _example(service: ServiceName) -> str:
    return "flickr.photos.getInfo" if service is ServiceName.FLICKR else "doc.get"


def _quoted(text: str) -> str:
    return (
        f'"{text}"' if text.isprintable() and len(text) <= MOST_NAME_CHARACTERS else repr(text[:80])
    )

"""Any API method by its own name: what a call cannot carry, and how its errors are told. Pure.

Which methods and parameters there are is the service's own affair. Refused here is what the client
sets by itself, what would have to carry a file, and what is no name at all.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from uploadd.model.configuration import Account, ServiceName
from uploadd.model.errors import (
    OutcomeUnknownError,
    ServiceError,
    ServiceFaultError,
    ServiceRefusedError,
    UsageError,
)
from uploadd.model.numbers import number
from uploadd.model.pauses import PauseCause
from uploadd.model.verdicts import Pause, Reason, with_name

# A call is a form of short texts. These would need a file in it, and Flickr's are no methods at
# all but addresses of their own; people look for them under these names.
UPLOADS = frozenset({"upload", "flickr.upload", "flickr.photos.upload", "upload.file"})
REPLACEMENTS = frozenset({"replace", "flickr.replace", "flickr.photos.replace", "upload.replace"})

MOST_NAME_CHARACTERS = 100
# An ipernity method becomes part of an address, so nothing else may be in its name.
_METHOD = re.compile(r"[A-Za-z][A-Za-z0-9_]*(?:\.[A-Za-z0-9_]+)*")

# What signs a call and chooses the form of its reply.
_OWN = frozenset({"api_key", "api_sig", "auth_token", "format"})
OWN_PARAMETERS = {
    ServiceName.FLICKR: _OWN | {"method", "nojsoncallback", "jsoncallback"},
    ServiceName.IPERNITY: _OWN,
}
OWN_PREFIX = "oauth_"

# A reply that never came, one that nobody can read, one from something in between: by then the
# whole request had been sent.
_REPLY_LOST = re.compile(r"network|garbage|http-3\d\d|http-408|http-5\d\d")
# A "general error" leaves open what was done before it; the other passing codes are plain noes.
_VAGUE = {(ServiceName.IPERNITY, "500")}

DOUBT = "the call may have done its work: look, before it is made again"
AGAIN = "make the call again later"


def check_call(service: ServiceName, method: str, names: Iterable[str]) -> None:
    """Raise `UsageError` for a call that cannot be made: its method, or one of its parameters."""
    if method in UPLOADS:
        raise UsageError(f"{method} needs a file", "`uploadd backfill` sends files")
    if method in REPLACEMENTS:
        raise UsageError(f"{method} needs a file", "`uploadd replace` gives a photo another one")
    if not _METHOD.fullmatch(method) or len(method) > MOST_NAME_CHARACTERS:
        example = "flickr.photos.getInfo" if service is ServiceName.FLICKR else "doc.get"
        raise UsageError(f"{_shown(method)} is no method's name", f"write one such as {example}")
    seen: set[str] = set()
    for name in names:
        _check_parameter(service, name)
        if name in seen:
            raise UsageError(f"the parameter {name} is given twice", "give it once")
        seen.add(name)


def _check_parameter(service: ServiceName, name: str) -> None:
    if not name or not name.isprintable() or name != name.strip():
        raise UsageError(f"{_shown(name)} is no parameter's name", "write NAME=VALUE")
    if name in OWN_PARAMETERS[service] or name.startswith(OWN_PREFIX):
        remedy = "leave it out: uploadd signs the call and chooses the form of the reply"
        raise UsageError(f"the parameter {name} is set by uploadd itself", remedy)


def error_of_call(
    error: ServiceError, account: Account, method: str, *, is_signed: bool
) -> ServiceError:
    """The same error with the remedy that fits a call by name, which nothing tries again.

    A reply that was lost after the request was sent becomes an `OutcomeUnknownError`.
    """
    match error:
        case OutcomeUnknownError():
            return error
        case ServiceFaultError(reason=reason) if _may_have_worked(account.service, reason.code):
            return OutcomeUnknownError(_told(reason, method, DOUBT))
        case ServiceFaultError(reason=reason):
            remedy = AGAIN if reason.code.isdigit() else _without_comfort(reason.remedy)
            return ServiceFaultError(_told(reason, method, remedy))
        case ServiceRefusedError(reason=reason, pause=Pause() as pause):
            remedy = with_name(_remedy(reason, pause, is_signed=is_signed), account.name)
            return ServiceRefusedError(_told(reason, method, remedy), pause)
    return error


def _may_have_worked(service: ServiceName, code: str) -> bool:
    return bool(_REPLY_LOST.fullmatch(code)) or (service, code) in _VAGUE


def _remedy(reason: Reason, pause: Pause, *, is_signed: bool) -> str:
    if pause.cause is PauseCause.RATE:
        return f"make the call again in {number(pause.seconds)} s" if pause.seconds else AGAIN
    if pause.cause is PauseCause.CREDENTIALS and not is_signed:
        return (
            "the call was made with the key alone: where api_key is right, the method needs a login"
            " (`uploadd auth NAME`, and no --unsigned)"
        )
    return reason.remedy


def _without_comfort(remedy: str) -> str:
    """The tables say "nothing: it is tried again by itself", which is true of jobs only."""
    return "" if remedy.startswith("nothing") else remedy


def _shown(name: str) -> str:
    return repr(name if len(name) <= MOST_NAME_CHARACTERS else f"{name[:MOST_NAME_CHARACTERS]}…")


def _told(reason: Reason, method: str, remedy: str) -> Reason:
    text = reason.text if method in reason.text else f"{method}: {reason.text}"
    return Reason(reason.code, text, remedy)

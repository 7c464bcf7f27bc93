"""`/apps/authorize`: the page on which the user lets a program in (ipernity, desktop login)."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response

from uploadd.sandbox import consent
from uploadd.sandbox.ipernity import access
from uploadd.sandbox.ipernity.account import Frob, IpernityAccount
from uploadd.sandbox.ipernity.errors import wording
from uploadd.sandbox.ipernity.replies import ApiError
from uploadd.sandbox.problems import UnacceptableError
from uploadd.sandbox.users import user_named

_KNOWN = frozenset({"frob", "perm_doc", "perm_blog", "perm_post", "perm_network", "perm_profile"})
# What the sandbox's own page adds to the link; ipernity's knows none of them, nor are they signed.
_PAGES_OWN = frozenset({"answer", "denied", "user"})


async def authorize(request: Request) -> Response:
    """The user's consent, given at once where the options do not say otherwise."""
    account: IpernityAccount = request.app.state.ipernity
    entry = account.journal.begin(account.now(), "apps.authorize")
    try:
        values = access.by_name(request.query_params.multi_items())
        reply = _consent(account, _checked(account, values), values)
        entry.outcome = "ok"
    except ApiError as error:
        entry.outcome = f"error {error.code}"
        reply = _invalid(403, f"{error.code}: {error.message or wording('', error.code)}")
    except UnacceptableError as problem:
        entry.outcome, entry.violation = "http 400", str(problem)
        reply = _invalid(400, str(problem))
    entry.ended = account.now()
    return reply


def _checked(account: IpernityAccount, values: dict[str, str]) -> Frob:
    signed = {name: value for name, value in values.items() if name not in _PAGES_OWN}
    access.check_key(account, signed)
    access.check_signature(account, "", signed)
    unknown = sorted(signed.keys() - _KNOWN - access.ALWAYS_KNOWN)
    if unknown:
        raise UnacceptableError(f"the authorise link does not know {', '.join(unknown)}")
    if signed.get("perm_doc") not in access.PERMS[1:]:
        raise UnacceptableError("perm_doc must be read, write or delete")
    frob = account.frob(signed.get("frob", ""))
    if frob is None:
        raise UnacceptableError("this frob is not known, or no longer valid")
    return frob


def _consent(account: IpernityAccount, frob: Frob, values: dict[str, str]) -> Response:
    decision = consent.decide(values, account.options)
    if decision.verdict == "no":
        del account.frobs[frob.text]
        return consent.turned_away()
    if decision.verdict == "not yet":
        user = user_named(decision.user, account.options.credentials)
        return consent.question(values, values["perm_doc"], user.username)
    frob.perms, frob.user = values["perm_doc"], decision.user
    return consent.let_in(frob.perms)


def _invalid(status: int, text: str) -> Response:
    return PlainTextResponse(f"This link is not valid: {text}\n", status_code=status)

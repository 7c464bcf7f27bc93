"""`/services/auth/`: where a person agrees to a login of the old kind, by its frob."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response

from uploadd.sandbox import consent
from uploadd.sandbox.flickr import old_scheme
from uploadd.sandbox.flickr.exchange import Exchange
from uploadd.sandbox.flickr.problems import UnacceptableError
from uploadd.sandbox.flickr.replies import ApiError
from uploadd.sandbox.logins import PERMS
from uploadd.sandbox.users import user_named

# What the sandbox itself puts into the link; a program signed the rest.
_OURS = frozenset({"answer", "denied", "user"})


async def authorize(request: Request) -> Response:
    """The link that a program shows: `api_key`, `perms`, `frob` and their `api_sig`."""
    exchange = Exchange(request.app.state.sandbox, "auth")

    async def answer() -> Response:
        return _authorize(request, exchange)

    return await exchange.run(answer)


def _authorize(request: Request, exchange: Exchange) -> Response:
    query, sandbox = request.query_params, exchange.sandbox
    signed = {name: value for name, value in query.items() if name not in _OURS}
    old_scheme.check_signature(signed, sandbox.logins)
    perms = query.get("perms", "")
    if perms not in PERMS:
        raise UnacceptableError(f"perms may not be {perms!r}")
    frob = sandbox.logins.frobs.get(query.get("frob", ""), exchange.begun_at)
    if frob is None:
        raise ApiError(108, "Invalid frob")
    exchange.fail_before()
    decision = consent.decide(query, sandbox.options)
    if decision.verdict == "not yet":
        user = user_named(decision.user, sandbox.logins.user)
        return exchange.finish(consent.question(query, perms, user.username))
    if decision.verdict == "no":
        sandbox.logins.frobs.forget(frob)
        return exchange.finish(consent.turned_away())
    sandbox.logins.frobs.consent(frob, perms, decision.user)
    return exchange.finish(consent.let_in(perms))

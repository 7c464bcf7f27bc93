"""The login dance: request token, the user's consent, access token (Flickr, OAuth 1.0a)."""

from __future__ import annotations

from urllib.parse import parse_qsl, urlencode, urlsplit

from starlette.requests import Request
from starlette.responses import PlainTextResponse, RedirectResponse, Response

from uploadd.sandbox import consent
from uploadd.sandbox.account import Sandbox
from uploadd.sandbox.flickr import oauth
from uploadd.sandbox.flickr.exchange import Exchange
from uploadd.sandbox.flickr.oauth import Signed
from uploadd.sandbox.flickr.problems import OAuthProblem, UnacceptableError
from uploadd.sandbox.logins import OOB, PERMS, RequestToken
from uploadd.sandbox.users import user_named

_MAX_FORM_BYTES = 2**16


async def request_token(request: Request) -> Response:
    """Step 1: a request token, for a signed call with `oauth_callback`."""
    exchange = Exchange(request.app.state.sandbox, "oauth.request_token")

    async def answer() -> Response:
        return _request_token(await _signed(request), exchange)

    return await exchange.run(answer)


async def authorize(request: Request) -> Response:
    """Step 2: the user's consent; shows the verifier, or redirects with it."""
    exchange = Exchange(request.app.state.sandbox, "oauth.authorize")

    async def answer() -> Response:
        return _authorize(request, exchange)

    return await exchange.run(answer)


async def access_token(request: Request) -> Response:
    """Step 3: the request token and its verifier for an access token."""
    exchange = Exchange(request.app.state.sandbox, "oauth.access_token")

    async def answer() -> Response:
        return _access_token(await _signed(request), exchange)

    return await exchange.run(answer)


def _request_token(signed: Signed, exchange: Exchange) -> Response:
    logins = exchange.sandbox.logins
    oauth.check_consumer(signed, logins, exchange.begun_at)
    exchange.fail_before()
    callback = signed.oauth.get("oauth_callback", "")
    if callback != OOB and not urlsplit(callback).netloc:
        raise OAuthProblem("parameter_absent", "oauth_parameters_absent=oauth_callback")
    token = logins.begin(callback)
    return exchange.finish(
        _pairs(
            oauth_callback_confirmed="true",
            oauth_token=token.token,
            oauth_token_secret=token.secret,
        )
    )


def _authorize(request: Request, exchange: Exchange) -> Response:
    logins = exchange.sandbox.logins
    token = logins.requests.get(request.query_params.get("oauth_token", ""))
    perms = request.query_params.get("perms", "read")
    if token is None:
        raise OAuthProblem("token_rejected")
    if perms not in PERMS:
        raise UnacceptableError(f"perms may not be {perms!r}")
    exchange.fail_before()
    decision = consent.decide(request.query_params, exchange.sandbox.options)
    if decision.verdict == "not yet":
        user = user_named(decision.user, logins.user)
        return exchange.finish(consent.question(request.query_params, perms, user.username))
    if decision.verdict == "no":
        logins.deny(token)
        return exchange.finish(_back(token) or consent.turned_away())
    verifier = logins.consent(token, perms, decision.user)
    return exchange.finish(
        _back(token, oauth_verifier=verifier) or consent.verifier_shown(verifier, perms)
    )


def _back(token: RequestToken, **answer: str) -> Response | None:
    """The way back to a program that has a callback; where the user said no, without verifier."""
    if token.callback == OOB:
        return None
    joint = "&" if urlsplit(token.callback).query else "?"
    query = urlencode({"oauth_token": token.token, **answer})
    return RedirectResponse(f"{token.callback}{joint}{query}", status_code=302)


def _access_token(signed: Signed, exchange: Exchange) -> Response:
    sandbox: Sandbox = exchange.sandbox
    token = oauth.check_request_token(signed, sandbox.logins, exchange.begun_at)
    if token.verifier is None:
        raise OAuthProblem("permission_unknown")
    if signed.oauth.get("oauth_verifier") != token.verifier:
        raise OAuthProblem("verifier_invalid")
    exchange.fail_before()
    login = sandbox.logins.finish(token)
    sandbox.admit(login)
    user = sandbox.logins.user_of(login)
    return exchange.finish(
        _pairs(
            fullname=user.fullname,
            oauth_token=login.token,
            oauth_token_secret=login.secret,
            user_nsid=user.nsid,
            username=user.username,
        )
    )


async def _signed(request: Request) -> Signed:
    body = bytearray()
    async for block in request.stream():
        body += block[: _MAX_FORM_BYTES - len(body)]
    return oauth.signed_request(
        request, parse_qsl(body.decode("utf-8", "replace"), keep_blank_values=True)
    )


def _pairs(**values: str) -> Response:
    return PlainTextResponse(urlencode(values))

"""The login dance: request token, the user's consent, access token (Flickr, OAuth 1.0a)."""

from __future__ import annotations

from html import escape
from urllib.parse import parse_qsl, urlencode, urlsplit

from starlette.requests import Request
from starlette.responses import HTMLResponse, PlainTextResponse, RedirectResponse, Response

from uploadd.sandbox.account import Sandbox
from uploadd.sandbox.flickr import oauth
from uploadd.sandbox.flickr.exchange import Exchange
from uploadd.sandbox.flickr.logins import PERMS
from uploadd.sandbox.flickr.oauth import Signed
from uploadd.sandbox.flickr.problems import OAuthProblem, UnacceptableError

_OOB = "oob"
_MAX_FORM_BYTES = 2**16


async def request_token(request: Request) -> Response:
    """Step 1: a request token, for a signed call with `oauth_callback`."""
    exchange = Exchange(request.app.state.sandbox, "oauth.request_token")

    async def answer() -> Response:
        return _request_token(await _signed(request), exchange)

    return await exchange.run(answer)


async def authorize(request: Request) -> Response:
    """Step 2: the user's consent, given at once; shows the verifier, or redirects with it."""
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
    if callback != _OOB and not urlsplit(callback).netloc:
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
    verifier = logins.consent(token, perms)
    if token.callback == _OOB:
        return exchange.finish(_verifier_page(verifier, perms))
    joint = "&" if urlsplit(token.callback).query else "?"
    answer = urlencode({"oauth_token": token.token, "oauth_verifier": verifier})
    return exchange.finish(RedirectResponse(f"{token.callback}{joint}{answer}", status_code=302))


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
    user = sandbox.options.credentials
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


def _verifier_page(verifier: str, perms: str) -> Response:
    return HTMLResponse(
        "<!doctype html><html lang=en><meta charset=utf-8><title>Sandbox: authorised</title>"
        "<body style='font:18px system-ui;max-width:32em;margin:4em auto;padding:0 1em'>"
        f"<h1>You have let the program in</h1><p>It may now <b>{escape(perms)}</b>. "
        "Type this code into it:</p>"
        f"<p style='font-size:2em'><code id=verifier>{verifier}</code></p></body></html>"
    )

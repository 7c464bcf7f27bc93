"""`/services/rest/`: every method but upload, in XML or JSON (Flickr API, REST)."""

from __future__ import annotations

from urllib.parse import parse_qsl

from starlette.requests import Request
from starlette.responses import Response

from uploadd.sandbox.account import Sandbox
from uploadd.sandbox.flickr import answers, methods, oauth, old_scheme
from uploadd.sandbox.flickr.exchange import Exchange
from uploadd.sandbox.flickr.fields import COMMON
from uploadd.sandbox.flickr.methods.registry import METHODS, Call, Method
from uploadd.sandbox.flickr.oauth import Signed
from uploadd.sandbox.flickr.problems import OAuthProblem, UnacceptableError
from uploadd.sandbox.flickr.replies import ApiError
from uploadd.sandbox.logins import AccessToken

_FORM = "application/x-www-form-urlencoded"
_MAX_FORM_BYTES = 2**20
_ALWAYS_KNOWN = COMMON | {"method", "jsoncallback"}

__all__ = ["methods", "rest"]


async def rest(request: Request) -> Response:
    """Answer one REST call."""
    sandbox: Sandbox = request.app.state.sandbox
    signed = oauth.signed_request(request, await _form(request))
    name = signed.arguments.get("method", "")
    exchange = Exchange(
        sandbox, name if name in METHODS else f"unknown method {name}", is_rest=True
    )

    async def answer() -> Response:
        return _answer(signed, exchange, is_post=request.method == "POST")

    return await exchange.run(answer)


def _answer(signed: Signed, exchange: Exchange, *, is_post: bool) -> Response:
    arguments = signed.arguments
    _choose_format(arguments, exchange)
    method = METHODS.get(arguments.get("method", ""))
    if method is None:
        raise ApiError(112, f'Method "{arguments.get("method", "")}" not found')
    login = _login(signed, method, exchange)
    if method.needs in ("write", "delete") and not is_post:
        raise UnacceptableError(f"{method.name} is POSTed")
    _check_arguments(method, arguments, exchange)
    exchange.fail_before()
    body = method.work(Call(exchange.sandbox, arguments, login))
    return exchange.finish(answers.success(body, exchange.form, exchange.callback))


async def _form(request: Request) -> list[tuple[str, str]]:
    if request.headers.get("content-type", "").partition(";")[0].strip().lower() != _FORM:
        return []
    body = bytearray()
    async for block in request.stream():
        body += block[: _MAX_FORM_BYTES - len(body)]
    return parse_qsl(body.decode("utf-8", "replace"), keep_blank_values=True)


def _choose_format(arguments: dict[str, str], exchange: Exchange) -> None:
    form = arguments.get("format") or "rest"
    if form not in ("rest", "json"):
        raise ApiError(111, f'Format "{form}" not found')
    exchange.form = form
    if form == "json" and arguments.get("nojsoncallback") != "1":
        exchange.callback = answers.as_callback(arguments.get("jsoncallback", "jsonFlickrApi"))


def _login(signed: Signed, method: Method, exchange: Exchange) -> AccessToken | None:
    logins = exchange.sandbox.logins
    if not signed.is_signed:
        return old_scheme.login(signed.arguments, method.needs, logins)
    if method.needs == "signature":
        raise ApiError(97, "Missing signature")
    if "oauth_token" not in signed.oauth and method.needs == "key":
        oauth.check_consumer(signed, logins, exchange.begun_at)
        return None
    token = oauth.check_login(signed, logins, exchange.begun_at)
    key = signed.oauth["oauth_consumer_key"]
    if signed.arguments.get("api_key", key) not in logins.consumers:
        raise OAuthProblem("consumer_key_unknown")
    old_scheme.refuse_weak(token, method.needs)
    return token


def _check_arguments(method: Method, arguments: dict[str, str], exchange: Exchange) -> None:
    if method.arguments is None:
        return
    unknown = sorted(arguments.keys() - _ALWAYS_KNOWN - method.arguments)
    if not unknown:
        return
    if exchange.sandbox.options.unknown_fields == "refuse":
        raise UnacceptableError(f"{method.name} does not know {', '.join(unknown)}")
    exchange.entry.details["ignored"] = unknown

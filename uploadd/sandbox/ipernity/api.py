"""`/api/METHOD[/FORMAT]`: every method, in JSON or XML."""

from __future__ import annotations

from urllib.parse import parse_qsl

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from uploadd.sandbox.ipernity import access, login, methods, upload
from uploadd.sandbox.ipernity.account import IpernityAccount
from uploadd.sandbox.ipernity.exchange import Exchange
from uploadd.sandbox.ipernity.methods.registry import METHODS, Call, Method
from uploadd.sandbox.ipernity.replies import ApiError
from uploadd.sandbox.problems import UnacceptableError

_FORM = "application/x-www-form-urlencoded"
_MAX_FORM_BYTES = 2**20

__all__ = ["ROUTES", "methods"]


async def api(request: Request) -> Response:
    """Answer one call."""
    account: IpernityAccount = request.app.state.ipernity
    name = request.path_params["method"]
    form = request.path_params.get("form", "json")
    if name in upload.METHODS:
        return await upload.upload(request, account, name, form)
    exchange = Exchange(account, name if name in METHODS else f"unknown method {name}", form)

    async def answer() -> Response:
        return _answer(await _pairs(request), exchange, is_post=request.method == "POST")

    return await exchange.run(answer)


def _answer(pairs: list[tuple[str, str]], exchange: Exchange, *, is_post: bool) -> Response:
    values = access.by_name(pairs)
    access.check_key(exchange.account, values)
    method = METHODS.get(exchange.method)
    if method is None:
        raise ApiError(103)
    if method.is_posted and not is_post:
        raise ApiError(120)
    token = access.let_in(exchange.account, method.name, method.needs, values)
    _check_arguments(exchange.account, method, values)
    exchange.fail_before()
    return exchange.finish(method.work(Call(exchange, values, token)))


async def _pairs(request: Request) -> list[tuple[str, str]]:
    query = parse_qsl(request.scope["query_string"].decode("ascii"), keep_blank_values=True)
    content_type = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if request.method != "POST" or not content_type:
        return query
    if content_type != _FORM:
        raise UnacceptableError(f"expected {_FORM}, not {content_type}")
    body = bytearray()
    async for block in request.stream():
        body += block[: _MAX_FORM_BYTES - len(body)]
    return query + parse_qsl(body.decode("utf-8", "replace"), keep_blank_values=True)


def _check_arguments(account: IpernityAccount, method: Method, values: dict[str, str]) -> None:
    if method.arguments is None or account.options.unknown_fields == "ignore":
        return
    unknown = sorted(values.keys() - access.ALWAYS_KNOWN - method.arguments)
    if unknown:
        raise UnacceptableError(f"{method.name} does not know {', '.join(unknown)}")


ROUTES = [
    Route("/api/{method}", api, methods=["GET", "POST"]),
    Route("/api/{method}/{form}", api, methods=["GET", "POST"]),
    Route("/apps/authorize", login.authorize),
]

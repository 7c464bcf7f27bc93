"""What upload and replace share: the body's way in, and who may send it."""

from __future__ import annotations

from collections.abc import AsyncIterator

from starlette.requests import Request

from uploadd.sandbox.account import Sandbox
from uploadd.sandbox.connection import ConnectionCut
from uploadd.sandbox.flickr import answers, oauth
from uploadd.sandbox.flickr.exchange import Exchange, Interrupted
from uploadd.sandbox.flickr.logins import AccessToken
from uploadd.sandbox.flickr.problems import OAuthProblem, UnacceptableError
from uploadd.sandbox.flickr.replies import ApiError
from uploadd.sandbox.multipart import Form, read_form


async def received_form(request: Request, exchange: Exchange, form: Form) -> None:
    """Read a request's body into `form`, as fast as the options allow."""
    if request.method != "POST":
        raise UnacceptableError("uploads are POSTed")
    length = request.headers.get("content-length", "")
    if not length.isdigit():
        exchange.entry.violation = "no Content-Length"
        raise Interrupted(answers.length_required())
    sandbox = exchange.sandbox
    receive = sandbox.disk.receiver(use_threads=sandbox.options.use_threads)
    body = _paced(sandbox, request.stream())
    fault = exchange.plan.before
    if fault is not None and fault.kind == "cut":
        body = _cut(body, int(length) // 2)
    await read_form(form, body, request.headers.get("content-type", ""), receive)


def writer_of(request: Request, exchange: Exchange, form: Form) -> AccessToken:
    """The login of an upload; the photo's part is not signed. Raises OAuthProblem, ApiError."""
    sandbox = exchange.sandbox
    signed = oauth.signed_request(request, form.fields)
    if not signed.is_signed:
        raise unsigned_refusal(sandbox, signed.arguments)
    token = oauth.check_login(signed, sandbox.logins, exchange.begun_at)
    key = signed.arguments.get("api_key")
    if key is not None and key != signed.oauth["oauth_consumer_key"]:
        raise OAuthProblem("consumer_key_unknown")
    if not token.allows("write"):
        raise ApiError(
            99, "Insufficient permissions. Method requires write privileges; read granted."
        )
    return token


def unsigned_refusal(sandbox: Sandbox, arguments: dict[str, str]) -> ApiError:
    """Why an unsigned call that needs a login is refused."""
    if arguments.get("api_key") not in sandbox.logins.consumers:
        return ApiError(100, "Invalid API Key (Key has invalid format)")
    if "api_sig" in arguments:
        return ApiError(96, "Invalid signature")
    return ApiError(99, "User not logged in")


async def _paced(sandbox: Sandbox, body: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    async for block in body:
        rate = sandbox.options.read_bytes_per_second
        if rate > 0 and block:
            await sandbox.sleep(len(block) / rate)
        yield block


async def _cut(body: AsyncIterator[bytes], after_bytes: int) -> AsyncIterator[bytes]:
    read = 0
    async for block in body:
        read += len(block)
        if read >= after_bytes:
            raise ConnectionCut(body_was_read=False)
        yield block

"""What upload and replace share: the body's way in, and who may send it."""

from __future__ import annotations

from starlette.requests import Request

from uploadd.sandbox.body import received_body
from uploadd.sandbox.flickr import answers, fields, oauth, old_scheme
from uploadd.sandbox.flickr.exchange import Exchange, Interrupted
from uploadd.sandbox.flickr.oauth import Signed
from uploadd.sandbox.flickr.problems import OAuthProblem, UnacceptableError
from uploadd.sandbox.logins import AccessToken
from uploadd.sandbox.multipart import Form


async def received_form(request: Request, exchange: Exchange, form: Form) -> None:
    """Read a request's body into `form`, as fast as the options allow."""
    if request.method != "POST":
        raise UnacceptableError("uploads are POSTed")
    length = request.headers.get("content-length", "")
    if not length.isdigit():
        exchange.entry.violation = "no Content-Length"
        raise Interrupted(answers.length_required())
    await received_body(request, exchange.sandbox, form, int(length), exchange.plan.before)


def writer_of(request: Request, exchange: Exchange, form: Form) -> AccessToken:
    """The login of an upload; the photo's part is not signed. Raises OAuthProblem, ApiError."""
    sandbox = exchange.sandbox
    signed = oauth.signed_request(request, form.fields)
    token = _bearer(signed, exchange)
    if not sandbox.logins.is_owners(token):
        raise UnacceptableError(
            f"the sandbox keeps {sandbox.logins.user.username}'s photos only; this login is "
            f"{sandbox.logins.user_of(token).username}'s"
        )
    return token


def accepted_fields(exchange: Exchange, form: Form, known: frozenset[str]) -> dict[str, str]:
    """The known fields of a form by name; raises UnacceptableError as the options say."""
    unknown = fields.unknown(form.fields, known)
    if unknown and exchange.sandbox.options.unknown_fields == "refuse":
        raise UnacceptableError(f"unknown field {', '.join(map(repr, unknown))}")
    if unknown:
        exchange.entry.details["ignored"] = unknown
    return fields.accepted(form.fields, known)


def _bearer(signed: Signed, exchange: Exchange) -> AccessToken:
    logins = exchange.sandbox.logins
    if not signed.is_signed:
        return old_scheme.bearer(signed.arguments, "write", logins)
    token = oauth.check_login(signed, logins, exchange.begun_at)
    key = signed.arguments.get("api_key")
    if key is not None and key != signed.oauth["oauth_consumer_key"]:
        raise OAuthProblem("consumer_key_unknown")
    old_scheme.refuse_weak(token, "write")
    return token

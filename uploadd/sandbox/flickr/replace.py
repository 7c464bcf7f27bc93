"""`/services/replace/`: new content for a photo that is there (Flickr replace API)."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response

from uploadd.sandbox.account import Sandbox
from uploadd.sandbox.flickr import answers, fields
from uploadd.sandbox.flickr.exchange import Exchange
from uploadd.sandbox.flickr.files import checked_file
from uploadd.sandbox.flickr.receiving import accepted_fields, received_form, writer_of
from uploadd.sandbox.flickr.replies import ApiError, Body
from uploadd.sandbox.multipart import Form
from uploadd.sandbox.photos import Photo


async def replace(request: Request) -> Response:
    """Answer one replacement. Always XML."""
    sandbox: Sandbox = request.app.state.sandbox
    exchange = Exchange(sandbox, "replace")
    return await exchange.run(lambda: _replace(request, exchange))


async def _replace(request: Request, exchange: Exchange) -> Response:
    form = Form()
    try:
        await received_form(request, exchange, form)
        return _accept(request, exchange, form)
    finally:
        form.discard()


def _accept(request: Request, exchange: Exchange, form: Form) -> Response:
    sandbox = exchange.sandbox
    writer_of(request, exchange, form)
    values = accepted_fields(exchange, form, fields.REPLACE_FIELDS)
    exchange.fail_before()
    photo = _replaceable(sandbox, values.get("photo_id", ""))
    file, media = checked_file(sandbox, form)
    if media.is_video:
        raise ApiError(8, "Videos can't be replaced")
    is_async = values.get("async") == "1"
    if not (is_async and _is_to_fail(exchange)):
        sandbox.replace(photo, file, media)
    exchange.entry.details |= {"photo_id": photo.id, "sha256": file.sha256}
    return exchange.finish(answers.success(_receipt(exchange, photo, is_async=is_async)))


def _replaceable(sandbox: Sandbox, photo_id: str) -> Photo:
    if not sandbox.options.is_pro:
        raise ApiError(1, "Not a pro account")
    sandbox.settle()
    photo = sandbox.photos.get(photo_id)
    if photo is None or not photo.is_on_account:
        # The documentation names no code for this; the REST methods' code 1 means "not pro" here.
        raise ApiError(3, "General upload failure")
    if photo.is_video:
        raise ApiError(8, "Videos can't be replaced")
    return photo


def _is_to_fail(exchange: Exchange) -> bool:
    """Whether the ticket will say that the new content could not be converted."""
    fault = exchange.plan.ticket
    return fault is not None and fault.kind == "ticket-fails"


def _receipt(exchange: Exchange, photo: Photo, *, is_async: bool) -> Body:
    if is_async:
        ticket = exchange.sandbox.give_ticket(photo, exchange.plan.ticket, is_replacement=True)
        return {"ticketid": {"_content": ticket.id}}
    secrets = {"secret": photo.md5[:10], "originalsecret": photo.md5[10:20]}
    return {"photoid": {**secrets, "_content": photo.id}}

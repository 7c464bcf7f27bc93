"""`/services/upload/`: one file in, a photo id or a ticket out (Flickr upload API)."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response

from uploadd.sandbox.account import Sandbox
from uploadd.sandbox.disk import ReceivedFile
from uploadd.sandbox.flickr import answers, fields, limits
from uploadd.sandbox.flickr.exchange import Exchange
from uploadd.sandbox.flickr.files import checked_file, refuse_duplicate
from uploadd.sandbox.flickr.receiving import accepted_fields, received_form, writer_of
from uploadd.sandbox.flickr.replies import ApiError, Body, Extras
from uploadd.sandbox.media import Media
from uploadd.sandbox.multipart import Form
from uploadd.sandbox.options import WaitPlace
from uploadd.sandbox.photos import Photo
from uploadd.sandbox.tags import MAX_TAGS, split_tags
from uploadd.sandbox.waits import is_due

_WAIT_NAME = "non_pro_desktop_upload_wait_time"
_WAIT_MESSAGE = "Auto Upload disabled for Non pro User/Server at capacity"


async def upload(request: Request) -> Response:
    """Answer one upload. Always XML."""
    sandbox: Sandbox = request.app.state.sandbox
    sandbox.uploads_begun += 1
    exchange = Exchange(sandbox, "upload")
    exchange.entry.details["number"] = sandbox.uploads_begun
    return await exchange.run(lambda: _upload(request, exchange))


async def _upload(request: Request, exchange: Exchange) -> Response:
    gate = _Gate(exchange)
    form = Form()
    try:
        await received_form(request, exchange, form)
        return _accept(request, exchange, form, gate)
    finally:
        form.discard()


def _accept(request: Request, exchange: Exchange, form: Form, gate: _Gate) -> Response:
    writer_of(request, exchange, form)
    values = accepted_fields(exchange, form, fields.UPLOAD_FIELDS)
    gate.check()
    exchange.fail_before()
    file, media = checked_file(exchange.sandbox, form)
    limits.check_account(exchange.sandbox, file, media, values)
    refuse_duplicate(exchange.sandbox, file, values.get("dedup_check", "0"))
    photo = _photo(exchange.sandbox, file, media, values)
    if len(split_tags(values.get("tags", ""))) > MAX_TAGS:
        exchange.entry.violation = f"more than {MAX_TAGS} tags: the rest is lost"
    exchange.entry.violation = limits.beyond_private(exchange.sandbox, photo) or (
        exchange.entry.violation
    )
    exchange.sandbox.keep(file, media, photo)
    return exchange.finish(
        answers.success(_receipt(exchange, photo, is_async=values.get("async") == "1"))
    )


class _Gate:
    """Error 14 for one upload, decided by when it began."""

    def __init__(self, exchange: Exchange) -> None:
        self._exchange = exchange
        sandbox = exchange.sandbox
        self._was_waiting = sandbox.wait.remaining_seconds(exchange.begun_at) > 0
        number: int = exchange.entry.details["number"]
        self._begins_wait = is_due(number, sandbox.options.wait_every) and not self._was_waiting
        if self._was_waiting and not sandbox.wait.has_crossed(exchange.begun_at):
            exchange.entry.violation = "upload begun during a wait (error 14)"

    def check(self) -> None:
        """Refuse an upload that began during a wait, and one that is due to begin a wait."""
        sandbox = self._exchange.sandbox
        now = sandbox.now()
        if self._begins_wait:
            sandbox.wait.begin(now, sandbox.options.wait_seconds)
            raise wait_error(sandbox.options.wait_seconds, sandbox.options.wait_place)
        if self._was_waiting:
            raise wait_error(sandbox.wait.remaining_seconds(now), sandbox.options.wait_place)


def wait_error(seconds: int, place: WaitPlace) -> ApiError:
    """Error 14, with the wait where it was asked for; its true place is not established."""
    wait = {_WAIT_NAME: str(seconds)}
    extras = {
        "rsp-child": Extras(rsp_children=wait),
        "err-child": Extras(err_children=wait),
        "err-attribute": Extras(err_attributes=wait),
        "rsp-attribute": Extras(rsp_attributes=wait),
        "absent": Extras(),
    }
    return ApiError(14, _WAIT_MESSAGE, extras[place])


def _photo(sandbox: Sandbox, file: ReceivedFile, media: Media, values: dict[str, str]) -> Photo:
    return Photo(
        key=sandbox.next_key(),
        state="processing",
        kept_at=sandbox.now(),
        filename=file.filename,
        content_type=file.content_type,
        media=media.mime,
        stored_as="",
        size_bytes=file.size_bytes,
        md5=file.md5,
        sha256=file.sha256,
        title=values.get("title", file.filename.rpartition(".")[0] or file.filename),
        description=values.get("description", ""),
        tags=split_tags(values.get("tags", ""))[:MAX_TAGS],
        is_public=int(values.get("is_public", sandbox.options.default_is_public)),
        is_friend=int(values.get("is_friend", 0)),
        is_family=int(values.get("is_family", 0)),
        safety_level=int(values.get("safety_level", 1)),
        content_kind=int(values.get("content_type", 1)),
        hidden=int(values.get("hidden", 1)),
    )


def _receipt(exchange: Exchange, photo: Photo, *, is_async: bool) -> Body:
    sandbox, details = exchange.sandbox, exchange.entry.details
    details |= {"key": photo.key, "filename": photo.filename, "sha256": photo.sha256}
    if is_async:
        details["ticket"] = sandbox.give_ticket(photo, exchange.plan.ticket).id
        return {"ticketid": {"_content": details["ticket"]}}
    details["photo_id"] = sandbox.finish(photo)
    return {"photoid": {"_content": details["photo_id"]}}

"""upload.file and upload.replace: one file in, a ticket out."""

from __future__ import annotations

from urllib.parse import parse_qsl

from starlette.requests import Request
from starlette.responses import Response

from uploadd.sandbox import wrong
from uploadd.sandbox.body import received_body
from uploadd.sandbox.disk import ReceivedFile
from uploadd.sandbox.ipernity import access, fields
from uploadd.sandbox.ipernity.account import IpernityAccount
from uploadd.sandbox.ipernity.exchange import Exchange
from uploadd.sandbox.ipernity.keywords import split_keywords
from uploadd.sandbox.ipernity.replies import ApiError, Body
from uploadd.sandbox.media import Media, media_of
from uploadd.sandbox.multipart import Form
from uploadd.sandbox.photos import Photo
from uploadd.sandbox.problems import Interrupted, UnacceptableError

METHODS = ("upload.file", "upload.replace")


async def upload(request: Request, account: IpernityAccount, method: str, form: str) -> Response:
    """Answer one upload or replacement."""
    exchange = Exchange(account, method, form)
    if method == "upload.file":
        account.uploads_begun += 1
        exchange.entry.details["number"] = account.uploads_begun
    return await exchange.run(lambda: _receive(request, exchange))


async def _receive(request: Request, exchange: Exchange) -> Response:
    form = Form()
    try:
        await _read(request, exchange, form)
        query = parse_qsl(request.scope["query_string"].decode("ascii"), keep_blank_values=True)
        values = access.by_name([*query, *form.fields])
        access.let_in(exchange.account, exchange.method, "write", values)
        if exchange.method == "upload.file":
            return exchange.finish(_accept(exchange, form, values))
        return exchange.finish(_replace(exchange, form, values))
    finally:
        form.discard()


async def _read(request: Request, exchange: Exchange, form: Form) -> None:
    if request.method != "POST":
        raise ApiError(120)
    length = request.headers.get("content-length", "")
    if not length.isdigit():
        exchange.entry.violation = "no Content-Length"
        raise Interrupted(wrong.html(411))
    await received_body(request, exchange.account, form, int(length), exchange.plan.before)
    if extra := [name for name, _ in form.files if name != "file"]:
        raise UnacceptableError(f"unknown file part {extra[0]!r}")


def _accept(exchange: Exchange, form: Form, values: dict[str, str]) -> Body:
    account = exchange.account
    _check_fields(exchange, values, fields.UPLOAD_FIELDS)
    album = account.albums.get(values.get("album_id", ""))
    if "album_id" in values and album is None:
        raise UnacceptableError("there is no such album")
    exchange.fail_before()
    file, media = _checked_file(exchange, form)
    if not account.month_has_room(file.size_bytes):
        # The method's page names no code for this; 3 is what it says of a file it does not take.
        raise ApiError(3, "User exceeded upload limits")
    photo = _keep(account, file, media, values)
    if album is not None:
        album.doc_ids.append(account.name(photo))
        account.put_album(album)
    return _receipt(exchange, photo, is_async=values.get("async") == "1")


def _replace(exchange: Exchange, form: Form, values: dict[str, str]) -> Body:
    account = exchange.account
    _check_fields(exchange, values, fields.REPLACE_FIELDS)
    exchange.fail_before()
    file, media = _checked_file(exchange, form)
    photo = _replaceable(account, values.get("doc_id", ""), file, media)
    is_async = values.get("async") == "1"
    if account.options.replace_makes_new:
        return _receipt(exchange, _keep(account, file, media, {}), is_async=is_async)
    fault = exchange.plan.ticket
    if not (is_async and fault is not None and fault.kind == "ticket-fails"):
        account.replace(photo, file, media)
    exchange.entry.details |= {"photo_id": photo.id, "sha256": file.sha256}
    return _receipt(exchange, photo, is_async=is_async, is_replacement=True)


def _check_fields(exchange: Exchange, values: dict[str, str], known: frozenset[str]) -> None:
    ignores = exchange.account.options.unknown_fields == "ignore"
    fields.check_fields(values, known, ignores_unknown=ignores)


def _replaceable(account: IpernityAccount, doc_id: str, file: ReceivedFile, media: Media) -> Photo:
    if not account.options.is_pro:
        raise ApiError(6)
    photo = account.doc(doc_id)
    if photo is None:
        raise ApiError(4)
    if media.is_video != photo.is_video:
        raise ApiError(5)
    if not account.month_has_room(file.size_bytes):
        raise ApiError(3)
    return photo


def _checked_file(exchange: Exchange, form: Form) -> tuple[ReceivedFile, Media]:
    file = form.file("file")
    if file is None or file.size_bytes == 0:
        raise ApiError(1)
    media = media_of(file.head)
    options = exchange.account.options
    is_video = media is not None and media.is_video
    if file.size_bytes > (options.max_video_bytes if is_video else options.max_photo_bytes):
        raise ApiError(2)
    if media is None:
        # upload.replace has no code for a file that is not taken; its 5 is the nearest.
        raise ApiError(3 if exchange.method == "upload.file" else 5)
    return file, media


def _keep(
    account: IpernityAccount, file: ReceivedFile, media: Media, values: dict[str, str]
) -> Photo:
    photo = Photo(
        key=account.next_key(),
        state="processing",
        kept_at=account.now(),
        filename=file.filename,
        content_type=file.content_type,
        media=media.mime,
        stored_as="",
        size_bytes=file.size_bytes,
        md5=file.md5,
        sha256=file.sha256,
        title=values.get("title", file.filename.rpartition(".")[0] or file.filename),
        description=values.get("description", ""),
        tags=split_keywords(values.get("keywords", "")),
        is_public=int(values.get("is_public", account.options.default_is_public)),
        is_friend=int(values.get("is_friend", 0)),
        is_family=int(values.get("is_family", 0)),
        safety_level=int(values.get("safety", 1)),
    )
    account.keep(file, media, photo)
    return photo


def _receipt(
    exchange: Exchange, photo: Photo, *, is_async: bool, is_replacement: bool = False
) -> Body:
    """A ticket in any case; without `async` it is done when the reply comes."""
    account, details = exchange.account, exchange.entry.details
    details |= {"key": photo.key, "filename": photo.filename, "sha256": photo.sha256}
    ticket = account.give_ticket(
        photo,
        exchange.plan.ticket if is_async else None,
        is_replacement=is_replacement,
        is_done=not is_async,
    )
    details["ticket"] = ticket.id
    if not is_async:
        details["photo_id"] = photo.id
    return {"ticket": ticket.id}

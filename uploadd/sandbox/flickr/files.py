"""Which files are taken (Flickr upload API, errors 2, 4, 5, 8 and 9)."""

from __future__ import annotations

from uploadd.sandbox.account import Sandbox
from uploadd.sandbox.disk import ReceivedFile
from uploadd.sandbox.flickr.replies import ApiError, Extras
from uploadd.sandbox.media import Media, media_of, name_fits
from uploadd.sandbox.multipart import Form
from uploadd.sandbox.photos import Photo


def checked_file(sandbox: Sandbox, form: Form) -> tuple[ReceivedFile, Media]:
    """The `photo` part and what it is; raises ApiError for one that is not."""
    file = form.file("photo")
    if file is None:
        raise ApiError(2, "No photo specified")
    if file.size_bytes == 0:
        raise ApiError(4, "Filesize was zero")
    media = media_of(file.head)
    if media is None or not name_fits(media, file.filename):
        raise ApiError(5, "Filetype was not recognised")
    options = sandbox.options
    if file.size_bytes > (options.max_video_bytes if media.is_video else options.max_photo_bytes):
        raise ApiError(8, "Filesize was too large")
    return file, media


def refuse_duplicate(sandbox: Sandbox, file: ReceivedFile, dedup_check: str) -> None:
    """Raise error 9 when `dedup_check` is 1 or 2 and the same content is kept already.

    1 also matches a deleted photo, whose status then says so; 2 does not.
    """
    if dedup_check == "0":
        return
    sandbox.settle()
    photo = _duplicate(sandbox, file.sha256, with_deleted=dedup_check == "1")
    if photo is None:
        return
    children = {
        "duplicate_photo_id": sandbox.name(photo),
        "duplicate_photo_status": "DELETED" if photo.deleted else "ACTIVE",
    }
    raise ApiError(9, "Duplicate photo/video detected", Extras(rsp_children=children))


def _duplicate(sandbox: Sandbox, sha256: str, *, with_deleted: bool) -> Photo | None:
    same = sandbox.photos.with_content(sha256)
    standing = [photo for photo in same if photo.is_on_account and _is_seen(sandbox, photo)]
    deleted = [photo for photo in same if photo.deleted] if with_deleted else []
    return next(iter(standing + deleted), None)


def _is_seen(sandbox: Sandbox, photo: Photo) -> bool:
    return photo.state == "ready" or sandbox.options.dedup_sees_pending

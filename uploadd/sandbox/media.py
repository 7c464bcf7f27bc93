"""What a file is, told by its first bytes, and whether its name fits."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import PurePath

HEAD_BYTES = 512
_TS_SYNC = 0x47


@dataclass(frozen=True)
class Media:
    """A type of file: its MIME type, and the extensions that fit it (the first is ours)."""

    mime: str
    extensions: tuple[str, ...]

    @property
    def is_video(self) -> bool:
        """Whether it is a video."""
        return self.mime.startswith("video/")


JPEG = Media("image/jpeg", ("jpg", "jpeg", "jpe"))
PNG = Media("image/png", ("png",))
GIF = Media("image/gif", ("gif",))
TIFF = Media("image/tiff", ("tif", "tiff"))
BMP = Media("image/bmp", ("bmp",))
WEBP = Media("image/webp", ("webp",))
HEIC = Media("image/heic", ("heic", "heif"))
MP4 = Media("video/mp4", ("mp4", "m4v", "mov"))
QUICKTIME = Media("video/quicktime", ("mov", "qt", "mp4"))
THREE_GP = Media("video/3gpp", ("3gp", "3g2", "mp4"))
AVI = Media("video/x-msvideo", ("avi",))
WMV = Media("video/x-ms-wmv", ("wmv", "asf"))
MPEG = Media("video/mpeg", ("mpg", "mpeg", "mpe"))
M2TS = Media("video/mp2t", ("m2ts", "mts", "ts"))
OGV = Media("video/ogg", ("ogv", "ogg"))

_STARTS: tuple[tuple[bytes, Media], ...] = (
    (b"\xff\xd8\xff", JPEG),
    (b"\x89PNG\r\n\x1a\n", PNG),
    (b"GIF87a", GIF),
    (b"GIF89a", GIF),
    (b"II*\x00", TIFF),
    (b"MM\x00*", TIFF),
    (b"BM", BMP),
    (b"\x30\x26\xb2\x75\x8e\x66\xcf\x11", WMV),
    (b"\x00\x00\x01\xba", MPEG),
    (b"\x00\x00\x01\xb3", MPEG),
    (b"OggS", OGV),
)
_HEIC_BRANDS = {b"heic", b"heix", b"hevc", b"heim", b"heis", b"mif1", b"msf1"}


def media_of(head: bytes) -> Media | None:
    """The type of a file that begins with `head`; None for what Flickr does not take."""
    if head[:4] == b"RIFF":
        return {b"WEBP": WEBP, b"AVI ": AVI}.get(head[8:12])
    if head[4:8] == b"ftyp":
        return _of_brand(head[8:12])
    if head[4:8] in (b"moov", b"mdat", b"wide"):
        return QUICKTIME
    if _is_transport_stream(head):
        return M2TS
    return next((media for start, media in _STARTS if head.startswith(start)), None)


def name_fits(media: Media, filename: str) -> bool:
    """Whether a part's filename may carry this content.

    Flickr looks at a video's extension and answers error 5 where it is wrong or missing; a
    photo's name does not matter.
    """
    extension = PurePath(filename).suffix.lower().lstrip(".")
    return not media.is_video or extension in media.extensions


def _of_brand(brand: bytes) -> Media | None:
    if brand in _HEIC_BRANDS:
        return HEIC
    if brand == b"qt  ":
        return QUICKTIME
    return THREE_GP if brand.startswith((b"3gp", b"3g2")) else MP4


def _is_transport_stream(head: bytes) -> bool:
    plain = len(head) > 188 and head[0] == head[188] == _TS_SYNC
    stamped = len(head) > 196 and head[4] == head[196] == _TS_SYNC
    return plain or stamped

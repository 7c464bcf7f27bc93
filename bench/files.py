"""Files to measure with: whole pictures, valid videos, and bytes that nothing can compress."""

from __future__ import annotations

import io
import os
import time
from pathlib import Path

from PIL import Image

MP4_HEAD = b"\x00\x00\x00\x18ftypmp42\x00\x00\x00\x00mp42isom"
BLOCK_BYTES = 1_000_000
A_DAY = 86_400
START_MARK = 2  # how many bytes of a JPEG stand before its first segment


def picture(side: int = 8) -> bytes:
    """A small JPEG."""
    made = io.BytesIO()
    Image.new("RGB", (side, side), (90, 120, 160)).save(made, "JPEG")
    return made.getvalue()


def with_comment(jpeg: bytes, words: str) -> bytes:
    """The same picture as another content: whole to its end mark, with `words` as its comment."""
    text = words.encode()
    comment = b"\xff\xfe" + (len(text) + 2).to_bytes(2, "big") + text
    return jpeg[:START_MARK] + comment + jpeg[START_MARK:]


def make_files(directory: Path, count: int, name: str, jpeg: bytes) -> None:
    """`count` small, different JPEG files in a directory, which is made where it is missing."""
    directory.mkdir(parents=True, exist_ok=True)
    for number in range(count):
        path = directory / f"{name}{number:05}.jpg"
        path.write_bytes(with_comment(jpeg, str(path)))


def make_sparse_video(path: Path, size_bytes: int) -> None:
    """A video that is whole by its boxes, and takes no room on the disk."""
    with path.open("wb") as stream:
        stream.write(_head_of_video(size_bytes))
        stream.truncate(size_bytes)


def _head_of_video(size_bytes: int) -> bytes:
    """A file type, then one box of media up to the end of the file."""
    media = (size_bytes - len(MP4_HEAD)).to_bytes(8, "big")
    return MP4_HEAD + (1).to_bytes(4, "big") + b"mdat" + media


def make_photos(directory: Path, count: int, size_bytes: int) -> list[Path]:
    """`count` different JPEG files of exactly `size_bytes`: a real picture, noise in it."""
    directory.mkdir(parents=True)
    whole = picture(64)
    head, end_mark = whole[:-2], whole[-2:]
    paths = []
    for number in range(count):
        path = directory / f"photo {number:05}.jpg"
        path.write_bytes(head + os.urandom(size_bytes - len(whole)) + end_mark)
        paths.append(path)
    return paths


def make_video(path: Path, size_bytes: int) -> Path:
    """One file that is an MP4 by its boxes."""
    path.parent.mkdir(parents=True)
    with path.open("wb") as stream:
        left = size_bytes - stream.write(_head_of_video(size_bytes))
        while left > 0:
            left -= stream.write(os.urandom(min(BLOCK_BYTES, left)))
    return path


def make_tree(root: Path, directories: int, files: int) -> None:
    """`directories` directories with `files` small, different JPEG files each."""
    jpeg = picture()
    taken = time.time() - A_DAY
    for number in range(directories):
        below = root / f"{number // 100:02}" / f"roll {number:04}"
        below.mkdir(parents=True)
        for other in range(files):
            path = below / f"IMG_{other:04}.JPG"
            path.write_bytes(with_comment(jpeg, f"{number} {other}"))
            os.utime(path, (taken, taken))

"""Files to measure with: valid beginnings, and bytes that nothing can compress."""

from __future__ import annotations

import io
import os
import time
from pathlib import Path

from PIL import Image

MP4_HEAD = b"\x00\x00\x00\x18ftypmp42\x00\x00\x00\x00mp42isom"
BLOCK_BYTES = 1_000_000
A_DAY = 86_400


def make_photos(directory: Path, count: int, size_bytes: int) -> list[Path]:
    """`count` different JPEG files of exactly `size_bytes`: a real picture, then noise."""
    directory.mkdir(parents=True)
    picture = io.BytesIO()
    Image.new("RGB", (64, 64), (90, 120, 160)).save(picture, "JPEG")
    head = picture.getvalue()
    paths = []
    for number in range(count):
        path = directory / f"photo {number:05}.jpg"
        path.write_bytes(head + os.urandom(size_bytes - len(head)))
        paths.append(path)
    return paths


def make_video(path: Path, size_bytes: int) -> Path:
    """One file that begins as an MP4 does."""
    path.parent.mkdir(parents=True)
    with path.open("wb") as stream:
        stream.write(MP4_HEAD)
        left = size_bytes - len(MP4_HEAD)
        while left > 0:
            left -= stream.write(os.urandom(min(BLOCK_BYTES, left)))
    return path


def make_tree(root: Path, directories: int, files: int) -> None:
    """`directories` directories with `files` small, different JPEG files each."""
    picture = io.BytesIO()
    Image.new("RGB", (8, 8)).save(picture, "JPEG")
    taken = time.time() - A_DAY
    for number in range(directories):
        below = root / f"{number // 100:02}" / f"roll {number:04}"
        below.mkdir(parents=True)
        for other in range(files):
            path = below / f"IMG_{other:04}.JPG"
            path.write_bytes(picture.getvalue() + f"{number} {other}".encode())
            os.utime(path, (taken, taken))

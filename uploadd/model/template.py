"""The small language of `title`, `description`, `tags` and `album`: `{stem}`, `{year}`, …"""

from __future__ import annotations

import os
from collections.abc import Mapping
from datetime import datetime
from string import Formatter

from uploadd.model.errors import ConfigurationError

VARIABLES = ("stem", "name", "ext", "parent", "path", "folder", "year", "month", "day", "camera")


def check_template(template: str) -> None:
    """Raise `ConfigurationError` where `template` uses a variable that does not exist."""
    try:
        names = [name for _, name, _, _ in Formatter().parse(template) if name is not None]
    except ValueError as error:
        raise ConfigurationError(f"{template!r} is not a template: {error}") from None
    for name in names:
        if name not in VARIABLES:
            known = " ".join(VARIABLES)
            raise ConfigurationError(f"{{{name}}} is not a variable; known are: {known}")


def file_variables(path: bytes, root: bytes, folder: str) -> dict[str, str]:
    """The variables that come from a file's place. Bytes that are no UTF-8 become U+FFFD."""
    directory, name = os.path.split(path)
    stem, extension = os.path.splitext(name)
    below = os.path.relpath(directory, root) if root else directory
    return {
        "name": _text(name),
        "stem": _text(stem),
        "ext": _text(extension[1:]),
        "parent": _text(os.path.basename(directory)),
        "path": "" if below == b"." else _text(below),
        "folder": folder,
    }


def photo_variables(taken: datetime, camera: str) -> dict[str, str]:
    """The variables that come from the picture itself."""
    return {
        "year": f"{taken:%Y}",
        "month": f"{taken:%m}",
        "day": f"{taken:%d}",
        "camera": camera,
    }


def render(template: str, variables: Mapping[str, str]) -> str:
    """`template` with its variables filled in."""
    return Formatter().vformat(template, (), variables)


def _text(raw: bytes) -> str:
    return raw.decode("utf-8", errors="replace")

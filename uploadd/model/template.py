"""The small language of `title`, `description`, `tags` and `album`: `{stem}`, `{year}`, …"""

from __future__ import annotations

import os
from collections.abc import Mapping
from datetime import datetime
from string import Formatter

from uploadd.model.errors import ConfigurationError

VARIABLES = ("stem", "name", "ext", "parent", "path", "folder", "year", "month", "day", "camera")


def check_template(template: str) -> None:
    """Raise `ConfigurationError` where `render` could not fill `template` in, whatever the file."""
    try:
        parts = list(Formatter().parse(template))
    except ValueError:
        raise ConfigurationError(
            f"{_short(template)} has a brace without its partner; a brace itself is {{{{ or }}}}"
        ) from None
    for _, name, form, conversion in parts:
        if name is not None:
            _check_variable(name, is_plain=not form and conversion is None)


def _check_variable(name: str, *, is_plain: bool) -> None:
    if name not in VARIABLES:
        known = " ".join(VARIABLES)
        raise ConfigurationError(f"{{{_short(name)}}} is not a variable; known are: {known}")
    if not is_plain:
        raise ConfigurationError(f"write {{{name}}} alone; nothing may follow the name")


def _short(text: str) -> str:
    """`text` on one line of an error; plain where it is plain."""
    cut = text if len(text) <= 60 else text[:60] + "…"
    return cut if cut.isprintable() else repr(cut)


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

"""What is wrong with the settings, in lines that a person can act on and that show no secret.

::

    ConfigurationError (uploadd.model.errors)
    └── SettingsError   every problem of one look at the settings, one line each
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from uploadd.model.errors import ConfigurationError
from uploadd.model.ownership import Objection
from uploadd.model.signs import escaped

KeyPath = tuple[str | int, ...]

LONGEST_SHOWN = 60
LARGEST_SHOWN = 10**20
BARE_KEY = re.compile(r"[A-Za-z0-9_-]+")


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that is wrong, or worth a warning.

    `place` is a file or an environment variable, `key` the path of the key ("" where the place
    says it all), `text` what was found and expected, `remedy` what to do where that is not plain.
    """

    place: str
    key: str
    text: str
    remedy: str = ""

    @property
    def subject(self) -> str:
        """What the problem is about: the key, or the place where there is no key."""
        return escaped(self.key or self.place)

    def __str__(self) -> str:
        told = self.text if not self.remedy else f"{self.text}. {self.remedy}"
        return escaped(": ".join(part for part in (self.place, self.key, told) if part))


class SettingsError(ConfigurationError):
    """The settings are wrong. `problems` has each of them; the text is one line for each."""

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems = tuple(problems)
        super().__init__("\n".join(str(problem) for problem in self.problems))


def distrusted(path: object, objection: Objection) -> Problem:
    """What is at `path` is not used, because somebody else may have written it."""
    remedy = objection.remedy
    return Problem(str(path), "", objection.text, remedy[:1].upper() + remedy[1:])


def written(path: KeyPath) -> str:
    """A key's path as TOML writes it: `folders.camera.tags[0]`, odd names in quotes."""
    text = ""
    for part in path:
        if isinstance(part, int):
            text += f"[{part}]"
        else:
            text += ("." if text else "") + quoted_key(part)
    return text


def quoted_key(key: str) -> str:
    """A key as it stands in TOML, in quotes and shortened where it is odd."""
    return key if BARE_KEY.fullmatch(key) and len(key) <= LONGEST_SHOWN else shown(key)


def shown(value: object) -> str:
    """A value on one line. Never call this for the value of a secret or of an unknown key."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        return repr(value if len(value) <= LONGEST_SHOWN else value[:LONGEST_SHOWN] + "…")
    if isinstance(value, int) and abs(value) > LARGEST_SHOWN:
        return "a very large number"
    if isinstance(value, int | float):
        return str(value)
    return kind(value)


def kind(value: object) -> str:
    """What sort of value it is, without the value."""
    if isinstance(value, bool):
        return "true or false"
    for types, name in _KINDS:
        if isinstance(value, types):
            return name
    return "a date or a time"  # the only kind of TOML value that is left


_KINDS: tuple[tuple[type | tuple[type, ...], str], ...] = (
    (str, "a text"),
    ((int, float), "a number"),
    (list, "a list"),
    (dict, "a table"),
)

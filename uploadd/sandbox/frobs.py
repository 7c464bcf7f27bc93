"""The frobs of the old login: what a program shows, and trades once a user has agreed."""

from __future__ import annotations

import random
from dataclasses import dataclass

FROB_SECONDS = 3600
"""How long a frob lasts (Flickr authentication API, desktop applications)."""


@dataclass
class Frob:
    """One login of the old kind under way; `perms` is empty until a user agrees."""

    text: str
    begun_at: float
    perms: str = ""
    user: str = ""


class Frobs:
    """The frobs that were given out and not traded yet."""

    def __init__(self, rng: random.Random) -> None:
        self._rng = rng
        self._frobs: dict[str, Frob] = {}

    def begin(self, now: float) -> Frob:
        """Give out a frob. Times are seconds since 1970."""
        frob = Frob(f"{self._rng.randrange(10**17, 10**18)}", now)
        self._frobs[frob.text] = frob
        return frob

    def get(self, text: str, now: float) -> Frob | None:
        """A frob that still counts."""
        frob = self._frobs.get(text)
        return frob if frob is not None and now - frob.begun_at <= FROB_SECONDS else None

    def consent(self, frob: Frob, perms: str, user: str = "") -> None:
        """A user agrees to what a program asked for."""
        frob.perms, frob.user = perms, user

    def forget(self, frob: Frob) -> None:
        """A frob is of no more use: it was traded, or its user did not agree."""
        del self._frobs[frob.text]

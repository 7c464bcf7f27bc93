"""The ipernity account: photos and tickets as any, with frobs and albums of its own."""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Awaitable, Callable
from dataclasses import asdict, dataclass, field
from typing import Any

from uploadd.sandbox.account import Sandbox
from uploadd.sandbox.ipernity.options import IpernityOptions
from uploadd.sandbox.logins import AccessToken
from uploadd.sandbox.photos import Photo

_FIRST_ALBUM_ID = 1_200_000
_FROB_DIGITS = 12


@dataclass
class Frob:
    """The first step of a login; `perms` (on documents) and `user` come with the consent.

    `user` is a username, empty for the account's owner.
    """

    text: str
    made_at: float
    perms: str | None = None
    user: str = ""


@dataclass
class Album:
    """An album; its documents in the order in which they were added."""

    album_id: str
    title: str
    description: str
    cover_id: str
    made_at: float
    doc_ids: list[str] = field(default_factory=list)


class IpernityAccount(Sandbox):
    """The stand-in account on ipernity. Its `options` are an `IpernityOptions`."""

    last_photo_id = 47_000_000
    options: IpernityOptions

    def __init__(
        self,
        options: IpernityOptions,
        *,
        now: Callable[[], float] = time.time,
        rng: random.Random | None = None,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self.albums: dict[str, Album] = {}
        self.frobs: dict[str, Frob] = {}
        self.ask_again_at: dict[str, float] = {}
        super().__init__(options, now=now, rng=rng, sleep=sleep)
        # Dice of their own: how a code is written must not move what faults hit.
        self.code_dice = random.Random(self._rng.getrandbits(64))
        self._secrets = random.Random() if options.directory else self._rng

    def doc(self, doc_id: str) -> Photo | None:
        """The document with an id, where the service shows it."""
        self.settle()
        photo = self.photos.get(doc_id)
        return photo if photo is not None and photo.is_visible else None

    def forgive(self) -> None:
        """Forget which tickets' states were told.

        For a client that died before it could write an answer down: it may ask again.
        """
        self.ask_again_at.clear()

    # Logging in

    def make_frob(self) -> Frob:
        """Make a frob that waits for the user's consent."""
        frob = Frob(f"{self._secrets.randrange(10**8, 10**9)}-{self._hex()}", self.now())
        self.frobs[frob.text] = frob
        return frob

    def frob(self, text: str) -> Frob | None:
        """A frob that is still good."""
        frob = self.frobs.get(text)
        if frob is None or self.now() - frob.made_at > self.options.frob_seconds:
            return None
        return frob

    def trade(self, frob: Frob) -> AccessToken:
        """A token for a frob that the user agreed to; it cannot be traded again."""
        del self.frobs[frob.text]
        text = f"{self._secrets.randrange(10**8)}-{self._hex()}"
        token = AccessToken(text, "", frob.perms or "", frob.user)
        self.admit(token)
        return token

    def _hex(self) -> str:
        return f"{self._secrets.getrandbits(_FROB_DIGITS * 4):0{_FROB_DIGITS}x}"

    # Albums

    def make_album(self, title: str, description: str, cover_id: str) -> Album:
        """Make an album, with its cover as the first document where there is one."""
        album_id = str(_FIRST_ALBUM_ID + len(self.albums))
        docs = [cover_id] if cover_id else []
        album = Album(album_id, title, description, cover_id, self.now(), docs)
        self.put_album(album)
        return album

    def put_album(self, album: Album) -> None:
        """Record an album's state."""
        self.albums[album.album_id] = album
        self.disk.records.append("album", asdict(album))

    def restore_record(self, kind: str, record: dict[str, Any]) -> None:
        """Read what is ipernity's own again after a restart."""
        if kind == "album":
            self.albums[record["album_id"]] = Album(**record)

    # Quota

    def bytes_this_month(self) -> int:
        """What the account took since the month began (UTC); deleted documents count."""
        month = time.gmtime(self.now())[:2]
        return sum(
            photo.size_bytes
            for photo in self.photos
            if photo.state != "failed" and time.gmtime(photo.kept_at)[:2] == month
        )

    def month_has_room(self, size_bytes: int) -> bool:
        """Whether a file still fits into this month's limit."""
        limit = self.options.max_month_bytes
        return limit == 0 or self.bytes_this_month() + size_bytes <= limit

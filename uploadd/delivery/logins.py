"""A new login for a running deliverer: seen on the disk, read again, taken without a restart.

Only the secrets are taken from what is read. Everything else that has changed in the settings
takes effect at the next start.
"""

from __future__ import annotations

import asyncio
import hashlib
import os
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import structlog

from uploadd.model.budget import Budget
from uploadd.model.configuration import NO_SECRET, Account, Configuration
from uploadd.model.errors import UploaddError
from uploadd.model.ports import Disk

log = structlog.get_logger()

LOOK_SECONDS = 5.0

Stamp = tuple[tuple[str, int, int, int], ...]


@dataclass(frozen=True, slots=True)
class LoginSource:
    """Where logins come from. `places`: files and directories that change with them.

    `read` reads all settings anew and gives warnings about them, too. It blocks, and raises
    `UploaddError` where they cannot be used.
    """

    places: tuple[Path, ...]
    read: Callable[[], tuple[Configuration, Sequence[str]]]


@dataclass
class Logins:
    """What the settings say now about logins; shared by all accounts."""

    running: Configuration
    """The settings that this run began with."""
    source: LoginSource
    disk: Disk
    _stamp: Stamp | None = None
    _refused: str = ""
    _accounts: dict[str, Account] = field(default_factory=dict)
    _looking: asyncio.Lock = field(default_factory=asyncio.Lock)

    async def newer(self, account: Account) -> Account | None:
        """The account with the secrets that the settings have now; None where they are the same.

        The first question reads the settings in any case: they may have changed since the start.
        """
        async with self._looking:
            stamp = await self.disk.run(stamp_of, self.source.places)
            # What was refused is read again each time: what helps may leave every file as it was.
            if stamp != self._stamp or self._refused:
                self._stamp = stamp
                await self._read_again()
        found = self._accounts.get(account.name)
        if found is None:
            return None
        renewed = with_login_of(account, found)
        return None if renewed == account else renewed

    async def _read_again(self) -> None:
        try:
            configuration, cautions = await self.disk.run(self.source.read)
        except UploaddError as error:
            if str(error) != self._refused:
                remedy = "the settings of the start stay in force; `uploadd check` tells more"
                log.warning("settings.refused", text=str(error), remedy=remedy)
            self._refused = str(error)
            return
        self._refused = ""
        self._accounts = configuration.accounts
        for caution in cautions:
            log.warning("settings.doubted", text=caution)
        if without_logins(configuration) != without_logins(self.running):
            log.warning(
                "settings.changed",
                text="something else than a login has changed in the settings",
                remedy="start uploadd again to put it in force",
            )


def credentials_digest(account: Account) -> str:
    """Differs where the key or the token differs: then the login may be another person's."""
    return digest(account.api_key.reveal(), account.token.reveal())


def budget_of(account: Account) -> Budget:
    """The call budget of an account: those with one api_key on one host share it."""
    name = digest(account.service, account.base_url or "", account.api_key.reveal())
    return Budget(name, account.calls_per_hour)


def digest(*parts: str) -> str:
    """Names a key or a token without being one: it only has to differ when they differ."""
    joined = "\0".join(("uploadd", *parts))
    return hashlib.sha256(joined.encode()).hexdigest()[:16]


def with_login_of(account: Account, other: Account) -> Account:
    """`account` with the keys and tokens of `other`."""
    return replace(
        account,
        api_key=other.api_key,
        api_secret=other.api_secret,
        token=other.token,
        token_secret=other.token_secret,
    )


def without_logins(configuration: Configuration) -> Configuration:
    """The settings without any secret, to see whether anything else differs."""
    bare = Account("", api_key=NO_SECRET)
    accounts = {
        name: with_login_of(account, bare) for name, account in configuration.accounts.items()
    }
    return replace(configuration, accounts=accounts)


def stamp_of(places: Sequence[Path]) -> Stamp:
    """Differs when one of the places, or a file in one of them, has changed (blocking)."""
    return tuple(entry for place in places for entry in _entries(place))


def _entries(place: Path) -> Iterator[tuple[str, int, int, int]]:
    yield _entry(place)
    try:
        names = sorted(os.listdir(place)) if place.is_dir() else []
    except OSError:
        return
    for name in names:
        yield _entry(place / name)


def _entry(path: Path) -> tuple[str, int, int, int]:
    try:
        seen = os.stat(path)
    except (OSError, ValueError):
        return (str(path), 0, 0, 0)
    return (str(path), seen.st_mtime_ns, seen.st_size, seen.st_ino)

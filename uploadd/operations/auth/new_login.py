"""A login that was checked and is not kept yet, and why there may be none."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from uploadd.model.configuration import Account
from uploadd.model.errors import UploaddError
from uploadd.services.authorising import Keys, Standing
from uploadd.store.accounts import AccountRow


class LoginRefusedError(UploaddError):
    """There is no login, or none that uploadd can use (exit 77). Nothing was saved."""


@dataclass(frozen=True, slots=True)
class NewLogin:
    """A login that was checked and not kept yet. `former`: whose account it was, if another's.

    `is_by_browser`: a browser was asked to show the page, and no code was typed in. Then somebody
    else may have agreed on the page, as himself.
    """

    account: Account
    host: str
    keys: Keys
    standing: Standing
    is_by_browser: bool = False
    former: AccountRow | None = None


class Person(Protocol):
    """Whoever logs in."""

    def invite(self, url: str, *, gives_code: bool) -> None:
        """Show the address to open, and say whether a code comes of it."""

    def invite_to_browser(self, url: str) -> None:
        """Say that a browser was asked to show the address, and that it leads back by itself."""

    def answer(self, refused: str, *, gives_code: bool) -> str | None:
        """Wait for the code, or for Enter; None where the person can say no more.

        `refused`: why the last answer was not taken, "" before the first.
        """

    def agrees(self, question: str) -> bool:
        """Ask before something that may be a mistake. False where nobody can be asked."""

    def hear(self, text: str) -> None:
        """Say something."""

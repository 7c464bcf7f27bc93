"""The methods by name. A further group of methods is one more file that registers its own."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from uploadd.sandbox.ipernity.access import Needs
from uploadd.sandbox.ipernity.account import IpernityAccount
from uploadd.sandbox.ipernity.exchange import Exchange
from uploadd.sandbox.ipernity.replies import ApiError, Body
from uploadd.sandbox.logins import AccessToken
from uploadd.sandbox.photos import Photo
from uploadd.sandbox.problems import UnacceptableError


@dataclass(frozen=True)
class Call:
    """One call that was let in. `login` is there unless the method needs none."""

    exchange: Exchange
    values: Mapping[str, str]
    login: AccessToken | None

    @property
    def account(self) -> IpernityAccount:
        """The account that is asked."""
        return self.exchange.account

    def doc(self, doc_id: str, code: int = 1) -> Photo:
        """A document that the caller may see; raises ApiError `code` where there is none."""
        photo = self.account.doc(doc_id)
        if photo is None or (photo.is_public != 1 and self.login is None):
            raise ApiError(code)
        return photo

    def several(self, name: str, most: int) -> list[str]:
        """A comma list; raises UnacceptableError where it has more than `most`."""
        found = [one.strip() for one in self.values.get(name, "").split(",") if one.strip()]
        if len(found) > most:
            raise UnacceptableError(f"{len(found)} {name} in one call, at most {most} are taken")
        return found

    def number(self, name: str, default: int, most: int) -> int:
        """A whole number from 1 on."""
        text = self.values.get(name, "")
        return min(int(text), most) if text.isascii() and text.isdigit() and int(text) else default


@dataclass(frozen=True)
class Method:
    """A method: what it needs, which arguments it knows, and its work."""

    name: str
    needs: Needs
    arguments: frozenset[str] | None
    is_posted: bool
    work: Callable[[Call], Body]


METHODS: dict[str, Method] = {}


def method(
    name: str, needs: Needs, arguments: str | None = "", *, is_posted: bool = False
) -> Callable[[Callable[[Call], Body]], Callable[[Call], Body]]:
    """Register a method.

    `arguments`: names, separated by spaces; None takes any. `is_posted`: whether a GET is refused.
    """

    def register(work: Callable[[Call], Body]) -> Callable[[Call], Body]:
        known = None if arguments is None else frozenset(arguments.split())
        METHODS[name] = Method(name, needs, known, is_posted, work)
        return work

    return register

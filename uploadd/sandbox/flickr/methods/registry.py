"""The REST methods by name. A further group of methods is one more file that registers its own."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from uploadd.sandbox.account import Sandbox
from uploadd.sandbox.flickr.old_scheme import Needs
from uploadd.sandbox.flickr.replies import Body
from uploadd.sandbox.logins import AccessToken
from uploadd.sandbox.users import User, user_named


@dataclass(frozen=True)
class Call:
    """One REST call that was let in. `login` is there unless the method needs only a key."""

    sandbox: Sandbox
    arguments: Mapping[str, str]
    login: AccessToken | None

    @property
    def user(self) -> User:
        """Who calls; the account's owner where no login is needed."""
        return user_named(self.login.user if self.login else "", self.sandbox.logins.user)

    @property
    def is_owners(self) -> bool:
        """Whether the account's owner is logged in: he sees what is not public."""
        return self.sandbox.logins.is_owners(self.login)


@dataclass(frozen=True)
class Method:
    """A REST method: what it needs, which arguments it knows, and its work."""

    name: str
    needs: Needs
    arguments: frozenset[str] | None
    work: Callable[[Call], Body]


METHODS: dict[str, Method] = {}


def method(
    name: str, needs: Needs, arguments: str | None = ""
) -> Callable[[Callable[[Call], Body]], Callable[[Call], Body]]:
    """Register a REST method. `arguments`: names, separated by spaces; None takes any."""

    def register(work: Callable[[Call], Body]) -> Callable[[Call], Body]:
        known = None if arguments is None else frozenset(arguments.split())
        METHODS[name] = Method(name, needs, known, work)
        return work

    return register

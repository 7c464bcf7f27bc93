"""The REST methods by name. A further group of methods is one more file that registers its own."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Literal

from uploadd.sandbox.account import Sandbox
from uploadd.sandbox.flickr.logins import AccessToken
from uploadd.sandbox.flickr.replies import Body

Needs = Literal["key", "read", "write", "delete"]


@dataclass(frozen=True)
class Call:
    """One REST call that was let in. `login` is there unless the method needs only a key."""

    sandbox: Sandbox
    arguments: Mapping[str, str]
    login: AccessToken | None


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

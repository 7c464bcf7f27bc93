"""Which of the files that were found an account has, and why it has not the others."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from uploadd.files.media import FileKind, kind_of
from uploadd.model.states import ON_THE_ACCOUNT, State
from uploadd.store.overview import Standing


@dataclass(frozen=True, slots=True)
class Group:
    """Files that an account has not, for one reason and of one kind.

    `code`: the reason's; the state of files that still have a way to go. `extensions`: of their
    names, in upper case, the most frequent first.
    """

    state: State
    code: str
    kind: FileKind
    files: int
    extensions: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class AccountSum:
    """How the files that were found stand with one account."""

    name: str
    counts: dict[State, int] = field(default_factory=dict)
    groups: tuple[Group, ...] = ()

    @property
    def found(self) -> int:
        """All of them."""
        return sum(self.counts.values())

    @property
    def there(self) -> int:
        """How many the account has."""
        return sum(self.counts.get(state, 0) for state in ON_THE_ACCOUNT)


def json_groups(account: str, groups: Iterable[Group]) -> list[dict[str, Any]]:
    """An account's part of `not_on_account`."""
    return [
        {"account": account, "code": one.code, "kind": one.kind, "files": one.files}
        for one in groups
    ]


def sum_of(name: str, standings: Iterable[Standing]) -> AccountSum:
    """What these rows say of an account."""
    standings = list(standings)
    counts: Counter[State] = Counter()
    for one in standings:
        counts[one.state] += one.files
    return AccountSum(name, dict(counts), groups_of(standings))


def groups_of(standings: Iterable[Standing]) -> tuple[Group, ...]:
    """The files that are not there, by reason and kind, the largest group first."""
    groups: defaultdict[tuple[State, str, FileKind], Counter[bytes]] = defaultdict(Counter)
    for one in standings:
        if one.state not in ON_THE_ACCOUNT:
            extension = one.tail[one.tail.rfind(b".") :].lower() if b"." in one.tail else b""
            key = (one.state, one.code or one.state, kind_of(one.media_type, extension))
            groups[key][extension] += one.files
    found = [_group(*key, extensions) for key, extensions in groups.items()]
    return tuple(sorted(found, key=lambda one: (-one.files, one.code, one.kind)))


def _group(state: State, code: str, kind: FileKind, extensions: Counter[bytes]) -> Group:
    named = sorted(extensions, key=lambda one: (-extensions[one], one))
    shown = tuple(one.decode(errors="replace").upper() for one in named if one)
    return Group(state, str(code), kind, extensions.total(), shown)

"""Whose login it is, and whether it is the one that was meant. Asked before it is kept."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace

from uploadd.model.configuration import Configuration
from uploadd.model.errors import ConfigurationError, UsageError
from uploadd.operations.auth.new_login import LoginRefusedError, NewLogin, Person
from uploadd.services.authorising import PERMISSION, Standing
from uploadd.store.accounts import AccountRow, all_accounts
from uploadd.store.beside import reading

# A user's id on Flickr (12345678@N00) or ipernity (54321).
_ID = re.compile(r"[0-9]+(@N[0-9]+)?", re.ASCII | re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Meant:
    """What was said on the command line: the user's name or id, and that he may be another one."""

    user: str = ""
    may_change: bool = False


def described(login: NewLogin) -> str:
    """Whose login it is and what it may do, in one line."""
    standing = login.standing
    permission = (
        f"with the permission “{standing.permission}”"
        if standing.permission
        else "(it does not say with which permission)"
    )
    return f"logged in at {login.host} as {standing.user_name} ({standing.user_id}) {permission}"


def confirmed(
    login: NewLogin, meant: Meant, configuration: Configuration, person: Person
) -> NewLogin:
    """The login, with `former`, where it may be kept; asks the person once at most.

    Raises `LoginRefusedError`, `UsageError`, `ConfigurationError` and `StoreError`.
    """
    _check_permission(login)
    person.hear(described(login))
    _check_user(login, meant.user)
    login = replace(login, former=_former(configuration, login))
    _ask(login, meant, person)
    return login


def is_user(standing: Standing, told: str) -> bool:
    """Whether a name or id means this user. What looks like an id is never taken for a name."""
    told = told.strip()
    return told == standing.user_id or (told == standing.user_name and not _ID.fullmatch(told))


def _check_permission(login: NewLogin) -> None:
    standing = login.standing
    if not standing.may_upload:
        raise LoginRefusedError(
            f"the login of {standing.user_name} at {login.host} has the permission"
            f" “{standing.permission}”, and uploadd needs “{PERMISSION}”; nothing was saved",
            "give the command again, and allow it to write",
        )


def _check_user(login: NewLogin, user: str) -> None:
    if user and not is_user(login.standing, user):
        raise LoginRefusedError(
            f"this is the login of {login.standing.user_name}, and not of {user};"
            " nothing was saved",
            f"give the command again, and agree on the page as {user}",
        )


def _former(configuration: Configuration, login: NewLogin) -> AccountRow | None:
    """Whose account it was, if another's. Raises `ConfigurationError` where two names mean one."""
    with reading(configuration.state_dir) as db:
        known = [] if db is None else all_accounts(db)
    name, user_id = login.account.name, login.standing.user_id
    there = [
        row
        for row in known
        if (row.service, row.host) == (login.account.service, login.host) and row.user_id
    ]
    for row in there:
        is_configured = row.label in configuration.accounts
        if row.user_id == user_id and row.label != name and is_configured:
            raise ConfigurationError(
                f"{login.standing.user_name} is accounts.{row.label} already, and two names for one"
                " login would upload everything twice; nothing was saved",
                f"log in as somebody else, or name {row.label} in the folders of both",
            )
    mine = [row for row in there if row.label == name and row.user_id != user_id]
    return mine[0] if mine else None


def _ask(login: NewLogin, meant: Meant, person: Person) -> None:
    name, new, former = login.account.name, login.standing.user_name, login.former
    if former is not None:
        person.hear(
            f"account {name} was {former.user_name} until now, and this login is {new}'s: the"
            f" folders of {name} would be uploaded to {new}'s account, and what still waits for"
            f" {former.user_name} would wait on"
        )
    is_whose_open = login.is_by_browser and not meant.user
    is_change_open = former is not None and not meant.may_change
    if not is_whose_open and not is_change_open:
        return
    if person.agrees(f"Save the login of {new}?"):
        return
    if is_whose_open or former is None:
        raise LoginRefusedError(
            "nothing was saved", "give the command again, and agree on the page as the right user"
        )
    raise UsageError(
        "nothing was saved",
        f"log in as {former.user_name}, or give --yes to go on with {new}'s account",
    )

"""Logging in: `uploadd auth`.

A person agrees on the service's page, and the token for that is checked before anything is kept:
whose account it is, and whether it may upload. Nothing is locked and no transaction is open while
the person is waited for; a running deliverer goes on, and takes the new login by itself
(`delivery/logins.py`). Until `keep` nothing is written but the count of the calls, so a login
that is cut short leaves what was there.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Protocol

from uploadd.model.configuration import NO_SECRET, Account, Configuration, ServiceName
from uploadd.model.errors import ConfigurationError, UploaddError, UsageError
from uploadd.model.numbers import number
from uploadd.model.ports import Runtime
from uploadd.operations.auth import callback
from uploadd.operations.choosing import account_called
from uploadd.operations.counting import Counter
from uploadd.services.authorising import (
    PERMISSION,
    Authoriser,
    ConsentRefusedError,
    Keys,
    Standing,
)
from uploadd.services.base import Grant
from uploadd.services.registry import open_authoriser
from uploadd.store import saved_login
from uploadd.store.accounts import AccountRow, all_accounts
from uploadd.store.beside import reading

MOST_TRIES = 5
BROWSER_SECONDS = 300.0
KEY_PAGES = {
    ServiceName.FLICKR: (
        "register an app at https://www.flickr.com/services/apps/create/ (Flickr gives new keys to"
        " Pro accounts only)"
    ),
    ServiceName.IPERNITY: "ask for a key at https://www.ipernity.com/apps/key/",
}

AuthoriserMaker = Callable[[Account, Runtime, Grant], Authoriser]
OpenPage = Callable[[str], Awaitable[bool]]
"""Shows an address in a browser; False where that cannot be."""


class LoginRefusedError(UploaddError):
    """There is no login, or none that uploadd can use (exit 77). Nothing was saved."""


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
        """Ask before something that may be a mistake."""

    def hear(self, text: str) -> None:
        """Say something."""


@dataclass(frozen=True, slots=True)
class NewLogin:
    """A login that was checked and not kept yet. `former`: whose account it was, if another's."""

    account: Account
    host: str
    keys: Keys
    standing: Standing
    former: AccountRow | None = None


async def log_in(
    configuration: Configuration,
    name: str,
    runtime: Runtime,
    person: Person,
    *,
    open_page: OpenPage | None = None,
    make_authoriser: AuthoriserMaker = open_authoriser,
) -> NewLogin:
    """Have a person log account `name` in, and check what came of it. Keeps nothing.

    `open_page`: a browser at hand on this machine, which leads back by itself; None: there is
    none. Raises `UsageError`, `LoginRefusedError`, `ConfigurationError`, `StoreError`, and
    `ServiceError`.
    """
    account = _account(configuration, name)
    counter = Counter(configuration, account, runtime, lambda seconds: _tell_wait(person, seconds))
    authoriser = make_authoriser(account, runtime, counter.grant)
    try:
        await counter.begin(authoriser.host)
        async with counter.listening():
            keys = await _Attempt(authoriser, runtime, person).keys(open_page)
            login = NewLogin(account, authoriser.host, keys, await authoriser.check(keys))
    finally:
        await authoriser.aclose()
    _check_permission(login)
    login = replace(login, former=_former(configuration, login))
    _ask_about_former(login, person)
    return login


def keep(configuration: Configuration, login: NewLogin) -> Path:
    """Save a login for every uploadd of this state directory; gives the place. Blocks.

    Raises `StoreError`.
    """
    keys = login.keys
    name = login.account.name
    return saved_login.save(configuration.state_dir, name, keys.token, keys.token_secret)


class _Attempt:
    """From the first call to a token."""

    def __init__(self, authoriser: Authoriser, runtime: Runtime, person: Person) -> None:
        self._authoriser = authoriser
        self._runtime = runtime
        self._person = person

    async def keys(self, open_page: OpenPage | None) -> Keys:
        """The token for the person's consent."""
        if open_page is not None and self._authoriser.gives_code:
            keys = await self._by_browser(open_page)
            if keys is not None:
                return keys
            open_page = None
        return await self._by_hand(open_page)

    async def _by_browser(self, open_page: OpenPage) -> Keys | None:
        """By a page that leads back to this machine; None where no browser shows it."""
        try:
            async with callback.awaited() as back:
                url = await self._authoriser.begin(back.url)
                if not await open_page(url):
                    return None
                self._person.invite_to_browser(url)
                came = await self._runtime.clock.wait(back.came, BROWSER_SECONDS)
        except OSError:
            return None
        if not came:
            raise LoginRefusedError(
                f"nobody came back from the browser within {BROWSER_SECONDS / 60:.0f} minutes",
                "give the command again; with --no-browser the page shows a code instead",
            )
        if not back.code:
            raise LoginRefusedError(
                "the permission was not given on the page", "give the command again, and agree"
            )
        return await self._authoriser.finish(back.code)

    async def _by_hand(self, open_page: OpenPage | None) -> Keys:
        """By a code that the person types, or by Enter where there is none."""
        gives_code = self._authoriser.gives_code
        url = await self._authoriser.begin()
        self._person.invite(url, gives_code=gives_code)
        if open_page is not None:
            await open_page(url)
        refusal: UploaddError | None = None
        for _ in range(MOST_TRIES):
            answer = self._person.answer(str(refusal or ""), gives_code=gives_code)
            if answer is None:
                break
            try:
                return await self._authoriser.finish(answer)
            except ConsentRefusedError as error:
                refusal = error
                if error.is_final:
                    break
        raise refusal or LoginRefusedError(
            "no code was given" if gives_code else "nobody pressed Enter",
            "give the command again, on a terminal or with the answer on standard input",
        )


def _account(configuration: Configuration, name: str) -> Account:
    """The account without its login. Raises `UsageError`; `LoginRefusedError` without a key."""
    account = account_called(configuration, name)
    missing = [key for key in ("api_key", "api_secret") if not getattr(account, key)]
    if missing:
        keys = " and ".join(f"accounts.{name}.{key}" for key in missing)
        what = "is" if len(missing) == 1 else "are"
        raise LoginRefusedError(f"{keys} {what} not set", KEY_PAGES[account.service])
    return replace(account, token=NO_SECRET, token_secret=NO_SECRET)


def _check_permission(login: NewLogin) -> None:
    standing = login.standing
    if not standing.may_upload:
        raise LoginRefusedError(
            f"the login of {standing.user_name} at {login.host} has the permission"
            f" “{standing.permission}”, and uploadd needs “{PERMISSION}”; nothing was saved",
            "give the command again, and allow it to write",
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


def _ask_about_former(login: NewLogin, person: Person) -> None:
    if login.former is None:
        return
    name, new, old = login.account.name, login.standing.user_name, login.former.user_name
    person.hear(
        f"account {name} was {old} until now, and this login is {new}'s: the folders of {name}"
        f" would be uploaded to {new}'s account, and what still waits for {old} would wait on"
    )
    if not person.agrees(f"Save the login of {new} all the same?"):
        raise UsageError(
            "nothing was saved", f"log in as {old}, or give --yes to go on with {new}'s account"
        )


def _tell_wait(person: Person, seconds: float) -> None:
    person.hear(f"the account's calls_per_hour are used up: it goes on in {number(seconds)} s")

"""Logging in: `uploadd auth`.

A person agrees on the service's page, and the token for that is checked before anything is kept:
whose account it is, and whether it may upload. Nothing is locked and no transaction is open while
the person is waited for; a running deliverer goes on, and takes the new login by itself
(`delivery/logins.py`). Until `keep` nothing is written but the count of the calls, so a login
that is cut short leaves what was there.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import replace
from pathlib import Path

from uploadd.model.configuration import NO_SECRET, Account, Configuration, ServiceName
from uploadd.model.errors import UploaddError
from uploadd.model.numbers import number
from uploadd.model.ports import Runtime
from uploadd.operations.auth import callback
from uploadd.operations.auth.new_login import LoginRefusedError, NewLogin, Person
from uploadd.operations.auth.whose import Meant, confirmed
from uploadd.operations.choosing import account_called
from uploadd.operations.counting import Counter
from uploadd.services.authorising import Authoriser, ConsentRefusedError, Keys
from uploadd.services.base import Grant
from uploadd.services.registry import open_authoriser
from uploadd.store import saved_login

MOST_TRIES = 5
BROWSER_SECONDS = 300.0
ANYBODY = Meant()
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


async def log_in(
    configuration: Configuration,
    name: str,
    runtime: Runtime,
    person: Person,
    *,
    meant: Meant = ANYBODY,
    open_page: OpenPage | None = None,
    make_authoriser: AuthoriserMaker = open_authoriser,
) -> NewLogin:
    """Have a person log account `name` in, and check what came of it. Keeps nothing.

    `meant`: whose login it shall be. `open_page`: a browser at hand on this machine, which leads
    back by itself; None: there is none. Raises `UsageError`, `LoginRefusedError`,
    `ConfigurationError`, `StoreError`, and `ServiceError`.
    """
    account = _account(configuration, name)
    counter = Counter(configuration, account, runtime, lambda seconds: _tell_wait(person, seconds))
    authoriser = make_authoriser(account, runtime, counter.grant)
    try:
        await counter.begin(authoriser.host)
        async with counter.listening():
            attempt = _Attempt(authoriser, runtime, person)
            keys = await attempt.keys(open_page)
            standing = await authoriser.check(keys)
    finally:
        await authoriser.aclose()
    login = NewLogin(account, authoriser.host, keys, standing, attempt.is_by_browser)
    return confirmed(login, meant, configuration, person)


def keep(configuration: Configuration, login: NewLogin) -> Path:
    """Save a login for every uploadd of this state directory; gives the place. Blocks.

    Raises `StoreError`.
    """
    keys = login.keys
    name = login.account.name
    return saved_login.save(configuration.state_dir, name, keys.token, keys.token_secret)


class _Attempt:
    """From the first call to a token. `is_by_browser`: as in `NewLogin`."""

    def __init__(self, authoriser: Authoriser, runtime: Runtime, person: Person) -> None:
        self._authoriser = authoriser
        self._runtime = runtime
        self._person = person
        self.is_by_browser = False

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
                back.code_in = self._authoriser.code_in
                if not await open_page(url):
                    return None
                self.is_by_browser = True
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
            self.is_by_browser = True
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


def _tell_wait(person: Person, seconds: float) -> None:
    person.hear(f"the account's calls_per_hour are used up: it goes on in {number(seconds)} s")

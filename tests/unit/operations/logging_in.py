"""A person who logs in to the sandbox, without a browser and without a terminal."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from random import Random
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx

from simulation.virtual import EPOCH, run_virtual, virtual_runtime
from uploadd.model.configuration import Account, Configuration, ServiceName
from uploadd.model.ports import Runtime
from uploadd.model.secret import Secret
from uploadd.operations.auth.logging_in import ANYBODY, OpenPage, log_in
from uploadd.operations.auth.new_login import NewLogin
from uploadd.operations.auth.whose import Meant
from uploadd.sandbox import SandboxOptions, build_app
from uploadd.sandbox.inprocess import InProcessTransport
from uploadd.services.authorising import Authoriser
from uploadd.services.base import Grant
from uploadd.services.registry import open_authoriser

URL = "http://127.0.0.1:8080"


class Visitor:
    """Keeps `operations.auth.new_login.Person`: agrees on the page at once, with these `perms`.

    `answers`: what is typed before the right code; `says_nothing`: the input is at its end.
    """

    def __init__(self, app: Any, perms: str = "write", user: str = "") -> None:
        self.app = app
        self.perms = perms
        self.user = user
        self.answers: list[str] = []
        self.says_nothing = False
        self.says_yes = False
        self.denies = False
        self.heard: list[str] = []
        self.refused: list[str] = []
        self.asked_for: list[str] = []
        self.url = ""
        self.before_answer: Callable[[], None] = lambda: None

    def invite(self, url: str, *, gives_code: bool) -> None:
        """Only the address is of interest."""
        del gives_code
        self.url = url

    def invite_to_browser(self, url: str) -> None:
        """The same."""
        self.url = url

    def answer(self, refused: str, *, gives_code: bool) -> str | None:
        """What was prepared, then what is right."""
        self.refused.append(refused)
        self.before_answer()
        if self.answers:
            return self.answers.pop(0)
        if self.says_nothing:
            return None
        return self.consent() if gives_code else self.consent_to_frob()

    def agrees(self, question: str) -> bool:
        """As it was set."""
        self.asked_for.append(question)
        return self.says_yes

    def hear(self, text: str) -> None:
        """Note it."""
        self.heard.append(text)

    def consent(self) -> str:
        """Agree on Flickr's page; gives the verifier."""
        logins = self.app.state.sandbox.logins
        token = logins.requests[self.asked("oauth_token")]
        if self.denies:
            logins.deny(token)
            return "123-456-789"
        assert self.asked("perms") == "write"
        verifier: str = logins.consent(token, self.perms, self.user)
        return verifier

    def consent_to_frob(self) -> str:
        """Agree on ipernity's page."""
        if not self.denies:
            self.app.state.ipernity.frob(self.asked("frob")).perms = self.perms
        return "\n"

    def asked(self, name: str) -> str:
        """A value of the address that was shown."""
        return parse_qs(urlsplit(self.url).query)[name][0]


class Office:
    """An account on the sandbox, and whoever logs it in."""

    def __init__(
        self, directory: Path, service: ServiceName, options: SandboxOptions | None = None
    ) -> None:
        self.runtime = virtual_runtime()
        self.app = build_app(options or SandboxOptions(), now=self.now, rng=Random(1))
        self.visitor = Visitor(self.app)
        self.transport: httpx.AsyncBaseTransport = InProcessTransport(self.app)
        key = "sandbox" if service is ServiceName.FLICKR else "sandbox-ipernity"
        self.account = Account(
            "me",
            service,
            api_key=Secret(f"{key}-key"),
            api_secret=Secret(f"{key}-secret"),
            base_url=URL,
        )
        self.state_dir = directory / "state"
        self.others: dict[str, Account] = {}

    def now(self) -> float:
        """The service's clock; ours may be set wrong (`clock.skew`)."""
        try:
            return EPOCH + self.runtime.clock.monotonic()
        except RuntimeError:  # no loop runs yet
            return EPOCH

    @property
    def configuration(self) -> Configuration:
        """The settings as they stand."""
        return Configuration(self.state_dir, accounts={"me": self.account, **self.others})

    def log_in(
        self, open_page: OpenPage | None = None, name: str = "me", meant: Meant = ANYBODY
    ) -> NewLogin:
        """Log in, in no time."""
        return run_virtual(
            log_in(
                self.configuration,
                name,
                self.runtime,
                self.visitor,
                meant=meant,
                open_page=open_page,
                make_authoriser=self._authoriser,
            )
        )

    def _authoriser(self, account: Account, runtime: Runtime, grant: Grant) -> Authoriser:
        return open_authoriser(account, runtime, grant, transport=self.transport)

"""A login that is refused or missing, and a new one that a running deliverer takes by itself."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from random import Random
from typing import Any

import httpx
import pytest
from structlog.testing import capture_logs

from simulation.first_upload import UPLOAD, assert_budget_kept
from simulation.test_folder import Script, live, steps
from simulation.world import World
from uploadd.delivery.logins import LOOK_SECONDS, LoginSource
from uploadd.model.configuration import Configuration, WatchMode
from uploadd.model.errors import ConfigurationError
from uploadd.model.secret import Secret
from uploadd.model.states import State
from uploadd.sandbox import Credentials, SandboxOptions, build_app
from uploadd.sandbox.inprocess import InProcessTransport
from uploadd.sandbox.logins import AccessToken

pytestmark = pytest.mark.usefixtures("hours_pass_quickly")

NEW = AccessToken("renewed-token", "renewed-token-secret", "write")
SECRETS = ("sandbox-token", "sandbox-key", "sandbox-secret", "renewed-token", "bob-token")
SOON = LOOK_SECONDS + 2.0
BUDGET = 3600


class Town:
    """A world whose settings lie in a file that a person can change while uploadd runs."""

    def __init__(self, directory: Path, files: int = 6) -> None:
        self.world = World(directory)
        self.world.account = replace(self.world.account, calls_per_hour=BUDGET)
        self.world.folder = replace(self.world.folder, watch=WatchMode.POLL, poll_seconds=10.0)
        self.file = directory / "settings.json"
        self.changed: Callable[[Configuration], Configuration] = lambda configuration: configuration
        self.reads = 0
        self.logs: list[Any] = []
        self.write("sandbox-token", "sandbox-token-secret")
        self.world.login_source = LoginSource((self.file,), self.read)
        for number in range(files):
            self.world.add(f"p{number}.jpg")

    def write(self, token: str, secret: str) -> None:
        """A person (or `uploadd auth`) sets another login."""
        self.file.write_text(json.dumps([token, secret]) + " " * self.reads)

    def read(self) -> tuple[Configuration, Sequence[str]]:
        """What the settings are now."""
        self.reads += 1
        try:
            token, secret = json.loads(self.file.read_text())
        except ValueError:
            raise ConfigurationError("the file is broken", "mend it") from None
        configuration = self.world.configuration()
        account = configuration.accounts["me"]
        renewed = replace(account, token=Secret(token), token_secret=Secret(secret))
        return self.changed(replace(configuration, accounts={"me": renewed})), ()

    def live(self, script: Script) -> None:
        """Let the daemon's stages run."""
        with capture_logs() as logs:
            live(self.world, script)
        self.logs += logs
        shown = repr(logs)
        assert not [secret for secret in SECRETS if secret in shown]
        assert_budget_kept(self.world, BUDGET)

    def events(self, name: str) -> list[Any]:
        """The log lines of one kind."""
        return [entry for entry in self.logs if entry["event"] == name]

    def attempts(self) -> set[tuple[State, int]]:
        """How the jobs stand."""
        return {(job.state, job.trail.attempts) for job in self.world.jobs()}


@pytest.fixture
def town(tmp_path: Path) -> Town:
    """Six files, and a token that was withdrawn."""
    made = Town(tmp_path)
    made.world.sandbox.logins.revoke("sandbox-token")
    return made


def test_a_new_login_ends_the_pause_without_a_restart(town: Town) -> None:
    """The queue is as it was, and seconds after the new token was written all of it is sent."""
    before: list[Any] = []

    def renew() -> None:
        before.extend([town.attempts(), len(town.world.uploads())])
        town.world.sandbox.logins.admit(NEW)
        town.write(NEW.token, NEW.secret)

    def arrived() -> None:
        assert town.world.states() == {"done": 6}

    town.live(steps((1000.0, renew), (SOON + 10.0, arrived)))
    assert before == [{(State.QUEUED, 0)}, 0]
    assert town.attempts() == {(State.DONE, 1)}
    town.world.assert_each_once(6)
    assert len(town.events("account.login_renewed")) == 1
    assert town.reads == 2


def test_a_login_that_was_missing_is_taken(tmp_path: Path) -> None:
    """The account had no token at all when the daemon started."""
    town = Town(tmp_path)
    town.world.account = replace(town.world.account, token=Secret(""), token_secret=Secret(""))
    town.write("", "")

    def set_it() -> None:
        assert town.world.uploads() == []
        town.write("sandbox-token", "sandbox-token-secret")

    town.live(steps((500.0, set_it), (SOON + 10.0, lambda: None)))
    town.world.assert_each_once(6)


def test_a_wrong_new_login_changes_nothing(town: Town) -> None:
    """It is tried once, the pause goes on; a right one after it is taken as well."""

    def wrong() -> None:
        town.write("another-wrong-token", "x")

    def right() -> None:
        assert town.attempts() == {(State.QUEUED, 0)}
        town.world.sandbox.logins.admit(NEW)
        town.write(NEW.token, NEW.secret)

    town.live(steps((100.0, wrong), (100.0, right), (SOON + 10.0, lambda: None)))
    assert len(town.world.sandbox.journal.of("flickr.test.login")) <= 5
    town.world.assert_each_once(6)


def test_a_broken_file_is_one_warning(town: Town) -> None:
    """The settings of the start stay in force, until the file is mended."""

    def mend() -> None:
        town.world.sandbox.logins.admit(NEW)
        town.write(NEW.token, NEW.secret)

    town.live(
        steps(
            (100.0, lambda: town.file.write_text("[broken")),
            (100.0, mend),
            (SOON + 10.0, lambda: None),
        )
    )
    (warning,) = town.events("settings.refused")
    assert "broken" in warning["text"]
    town.world.assert_each_once(6)


def test_other_changes_are_told_and_not_applied(town: Town) -> None:
    """Only the login is taken; one line says that the rest needs a restart."""

    def change() -> None:
        town.changed = lambda configuration: replace(
            configuration,
            patience=5.0,
            accounts={
                name: replace(account, parallel_uploads=1)
                for name, account in configuration.accounts.items()
            },
        )
        town.world.sandbox.logins.admit(NEW)
        town.write(NEW.token, NEW.secret)

    town.live(steps((100.0, change), (SOON + 10.0, lambda: None)))
    assert len(town.events("settings.changed")) == 1
    town.world.assert_each_once(6)


def test_nothing_is_read_while_all_is_well(tmp_path: Path) -> None:
    """A change without a reason to look is not noticed, and costs nothing."""
    town = Town(tmp_path)
    town.live(steps((1000.0, lambda: town.write("x", "y")), (1000.0, lambda: None)))
    assert town.reads == 0
    town.world.assert_each_once(6)


class TwoPeople(httpx.AsyncBaseTransport):
    """The right account for each token."""

    def __init__(self, world: World, directory: Path) -> None:
        self.world = world
        bob = Credentials(
            token="bob-token",
            token_secret="bob-token-secret",
            nsid="87654321@N00",
            username="bob",
        )
        self.bob = build_app(
            SandboxOptions(directory=directory, credentials=bob, use_threads=False),
            now=world.now,
            rng=Random(1),
            sleep=asyncio.sleep,
        )

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        is_bob = 'oauth_token="bob-token"' in request.headers["Authorization"]
        app = self.bob if is_bob else self.world.app
        return await InProcessTransport(app).handle_async_request(request)


def test_the_login_of_another_person_mixes_nothing(tmp_path: Path) -> None:
    """Bob gets the files as jobs of his own; what waited for the first one waits for her."""
    town = Town(tmp_path)
    world = town.world
    world.transport = people = TwoPeople(world, tmp_path / "bob")
    bobs = people.bob.state.sandbox

    def withdraw() -> None:
        world.sandbox.logins.revoke("sandbox-token")
        for number in range(3):
            world.add(f"late{number}.jpg", mtime=world.now())

    def bob() -> None:
        assert world.states() == {"done": 6, "queued": 3}
        town.write("bob-token", "bob-token-secret")

    town.live(steps((60.0, withdraw), (100.0, bob), (60.0, lambda: None)))
    bobs.settle()
    assert len({photo.sha256 for photo in bobs.photos}) == len(bobs.photos) == 9
    assert world.states() == {"queued": 3, "done": 15}
    world.assert_each_once(6)
    # And back again: she is recognised by her identity, not by what was used last.
    world.sandbox.logins.admit(AccessToken("sandbox-token", "sandbox-token-secret", "write"))
    live(world, steps((100.0, lambda: None)))
    assert world.states() == {"done": 18}
    world.assert_each_once(9)
    assert len(bobs.photos) == 9
    assert len({job.account_id for job in world.jobs()}) == 2


class Slow(httpx.AsyncBaseTransport):
    """The reply to the first upload takes its time; the token is withdrawn meanwhile."""

    def __init__(self, world: World, seconds: float) -> None:
        self.world = world
        self.seconds = seconds
        self.is_first = True

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        is_slow = self.is_first and request.url.path == UPLOAD
        if is_slow:
            self.is_first = False
        response = await InProcessTransport(self.world.app).handle_async_request(request)
        if is_slow:
            self.world.sandbox.logins.revoke("sandbox-token")
            await asyncio.sleep(self.seconds)
        return response


def test_what_the_old_client_has_under_way_ends_well(tmp_path: Path) -> None:
    """A new login comes while a send of the old one waits for its reply: both count."""
    town = Town(tmp_path)
    world = town.world
    world.transport = Slow(world, 200.0)

    def renew() -> None:
        assert world.states()["uploading"] == 1
        world.sandbox.logins.admit(NEW)
        town.write(NEW.token, NEW.secret)

    town.live(steps((100.0, renew), (300.0, lambda: None)))
    assert world.states() == {"done": 6}
    world.assert_each_once(6)
    assert {job.trail.attempts for job in world.jobs()} == {1}
    assert len([entry for entry in world.uploads() if entry.outcome == "ok"]) == 6

"""A daemon that waits for a login, and `uploadd auth` beside it: it goes on by itself.

The whole way: OAuth on the sandbox, the files of the saved login, the settings that read them, and
the running daemon that looks at them.
"""

from __future__ import annotations

import asyncio
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from structlog.testing import capture_logs

from simulation.test_folder import live
from simulation.world import World
from unit.operations.logging_in import Visitor
from uploadd.delivery.logins import LOOK_SECONDS, LoginSource
from uploadd.model.configuration import NO_SECRET, Account, WatchMode
from uploadd.model.ports import Runtime
from uploadd.operations.auth.logging_in import keep, log_in
from uploadd.operations.auth.new_login import LoginRefusedError, NewLogin
from uploadd.sandbox.inprocess import InProcessTransport
from uploadd.services.authorising import Authoriser
from uploadd.services.base import Grant
from uploadd.services.registry import open_authoriser
from uploadd.settings import load
from uploadd.store import accounts, pauses
from uploadd.store.beside import reading

pytestmark = pytest.mark.usefixtures("hours_pass_quickly")

SOON = LOOK_SECONDS + 12.0
TEXT = """
state_dir = "{state}"
[accounts.me]
base_url = "http://127.0.0.1:8080"
api_key = "sandbox-key"
api_secret = "sandbox-secret"
"""


class Village:
    """A world with a real settings file that has no login, and one that was saved (or not)."""

    def __init__(self, directory: Path) -> None:
        self.world = World(directory)
        self.world.folder = replace(self.world.folder, watch=WatchMode.POLL, poll_seconds=10.0)
        self.file = directory / "uploadd.toml"
        self.file.write_text(TEXT.format(state=self.world.state_dir))
        self.file.chmod(0o600)
        self.world.login_source = LoginSource(
            (self.file, self.world.state_dir / "credentials"), self.read
        )
        self.take_login()
        self.visitor = Visitor(self.world.app)
        for number in range(4):
            self.world.add(f"p{number}.jpg")

    def read(self) -> Any:
        """What a running command reads: only the login of it is taken."""
        loaded = load(self.file, {})
        found = loaded.configuration.accounts["me"]
        ours = replace(self.world.account, token=found.token, token_secret=found.token_secret)
        return replace(self.world.configuration(), accounts={"me": ours}), ()

    def take_login(self) -> None:
        """Start with what the settings have."""
        account = self.read()[0].accounts["me"]
        self.world.account = account

    async def auth(self) -> NewLogin:
        """`uploadd auth me`."""
        configuration = load(self.file, {}).configuration
        runtime = self.world.runtime
        login = await log_in(
            configuration, "me", runtime, self.visitor, make_authoriser=self._authoriser
        )
        keep(configuration, login)
        return login

    def _authoriser(self, account: Account, runtime: Runtime, grant: Grant) -> Authoriser:
        transport = InProcessTransport(self.world.app)
        return open_authoriser(account, runtime, grant, transport=transport)

    def remedy(self) -> str:
        """What the account's pause asks a person to do."""
        with reading(self.world.state_dir) as db:
            assert db is not None
            (row,) = accounts.all_accounts(db)
            (pause,) = pauses.of_account(db, row.id)
        return pause.remedy


@pytest.fixture
def village(tmp_path: Path) -> Village:
    """Four files, and no login."""
    return Village(tmp_path)


def test_an_account_without_a_login_goes_on_when_it_has_one(village: Village) -> None:
    """It was configured with a key alone."""
    assert village.world.account.token == NO_SECRET

    async def script() -> None:
        await asyncio.sleep(300)
        assert village.world.uploads() == []
        assert "`uploadd auth me`" in village.remedy()
        await village.auth()
        await asyncio.sleep(SOON)
        assert village.world.states() == {"done": 4}

    live(village.world, script)
    village.world.assert_each_once(4)


@pytest.mark.parametrize("is_saved", [True, False])
def test_a_token_that_is_withdrawn_is_replaced(village: Village, is_saved: bool) -> None:
    """The queue is whole meanwhile, nothing is sent twice, and the command is named."""
    world = village.world

    async def first_login() -> None:
        await village.auth()

    if is_saved:
        live(world, first_login)
        village.take_login()

    async def script() -> None:
        if not is_saved:
            await village.auth()
        await asyncio.sleep(100)
        assert world.states() == {"done": 4}
        for token in list(world.sandbox.logins.tokens):
            world.sandbox.logins.revoke(token)
        for number in range(3):
            world.add(f"late{number}.jpg", mtime=world.now())
        await asyncio.sleep(600)
        assert world.states() == {"done": 4, "queued": 3}
        assert "`uploadd auth me`" in village.remedy()
        await village.auth()
        await asyncio.sleep(SOON)
        assert world.states() == {"done": 7}

    with capture_logs() as logs:
        live(world, script)
    assert [line for line in logs if line["event"] == "account.resumed"]
    world.assert_each_once(7)


def test_a_login_that_is_refused_changes_nothing(village: Village) -> None:
    """It may only read: nothing is saved, the account waits on, and a good one comes later."""

    async def script() -> None:
        await asyncio.sleep(60)
        village.visitor.perms = "read"
        with pytest.raises(LoginRefusedError):
            await village.auth()
        await asyncio.sleep(SOON)
        assert not (village.world.state_dir / "credentials").exists()
        assert village.world.uploads() == []
        village.visitor.perms = "write"
        await village.auth()
        await asyncio.sleep(SOON)

    live(village.world, script)
    village.world.assert_each_once(4)


def test_a_login_while_all_is_well_disturbs_nothing(village: Village) -> None:
    """The daemon keeps the one that it has; the next start takes the new one."""

    async def script() -> None:
        await village.auth()
        await asyncio.sleep(SOON)
        await village.auth()
        village.world.add("late.jpg", mtime=village.world.now())
        await asyncio.sleep(60)

    live(village.world, script)
    village.world.assert_each_once(5)
    village.take_login()
    village.world.add("later.jpg")

    async def nothing() -> None:
        await asyncio.sleep(60)

    live(village.world, nothing)
    village.world.assert_each_once(6)

"""`uploadd auth` as it is typed: what it says, and its exit codes."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from typer.testing import CliRunner

from uploadd.cli.app import app
from uploadd.cli.browser import is_at_hand
from uploadd.settings import load

SETTINGS = """
state_dir = "{state}"
[accounts.me]
base_url = "{url}"
{key}
{token}
"""
KEY = 'api_key = "sandbox-key"\napi_secret = "sandbox-secret"'
NOWHERE = "http://127.0.0.1:1"


class Home:
    """A configuration, and the command line."""

    def __init__(self, directory: Path) -> None:
        self.state = directory / "state"
        self.file = directory / "uploadd.toml"
        self.configure()

    def configure(self, key: str = KEY, token: str = "", url: str = NOWHERE) -> None:
        self.file.write_text(SETTINGS.format(state=self.state, key=key, token=token, url=url))
        self.file.chmod(0o600)

    def say(self, *words: str, answers: str = "") -> tuple[int, str]:
        """The exit code, and everything that was printed."""
        done = CliRunner().invoke(app, ["--config", str(self.file), "auth", *words], input=answers)
        assert "Traceback" not in done.output
        return done.exit_code, done.output


@pytest.fixture
def home(tmp_path: Path) -> Home:
    """A key, and no login."""
    return Home(tmp_path)


def test_without_a_key_it_is_77(home: Home) -> None:
    """With the page that gives one."""
    home.configure(key="")
    code, said = home.say("me")
    assert code == 77
    assert "accounts.me.api_key and accounts.me.api_secret are not set" in said
    assert "https://www.flickr.com/services/apps/create/" in said
    assert len(said.strip().splitlines()) == 1


def test_another_name_is_2(home: Home) -> None:
    """With those that there are."""
    code, said = home.say("you")
    assert (code, "known are: me" in said) == (2, True)


def test_a_service_that_is_away_is_1(home: Home) -> None:
    """In one line; nothing is made."""
    code, said = home.say("me")
    assert code == 1
    assert len(said.strip().splitlines()) == 1
    assert not home.state.exists()


def test_a_stronger_login_is_named_first(home: Home) -> None:
    """It would win over the new one."""
    home.configure(token='token = "t"')
    _, said = home.say("me")
    assert said.startswith(f"account me has a login in {home.file} already\n")


def test_the_environment_is_named_too(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    """By the variable."""
    monkeypatch.setenv("UPLOADD_ACCOUNTS__ME__TOKEN_SECRET", "t")
    _, said = home.say("me")
    assert "UPLOADD_ACCOUNTS__ME__TOKEN_SECRET" in said.splitlines()[0]
    assert load(home.file, os.environ).set_logins.keys() == {"me"}


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a directory away")
def test_another_users_state_directory_is_left_alone(home: Home) -> None:
    """And the command that works is printed."""
    home.state.mkdir()
    os.chown(home.state, 65534, -1)
    code, said = home.say("me")
    assert code == 2
    assert "sudo -u nobody uploadd" in said


@pytest.mark.parametrize(
    ("environ", "platform", "expected"),
    [
        ({"DISPLAY": ":0"}, "linux", True),
        ({"WAYLAND_DISPLAY": "wayland-0"}, "linux", True),
        ({"BROWSER": "firefox"}, "linux", True),
        ({}, "darwin", True),
        ({}, "linux", False),
        ({"DISPLAY": ""}, "linux", False),
        ({"DISPLAY": ":10", "SSH_CONNECTION": "1 2 3 4"}, "linux", False),
        ({"SSH_TTY": "/dev/pts/1"}, "darwin", False),
        ({"DISPLAY": ":0", "SUDO_USER": "me"}, "linux", False),
    ],
)
def test_a_browser_is_at_hand(environ: dict[str, str], platform: str, expected: bool) -> None:
    """Where the person sits before this machine, and as the user that it is."""
    assert is_at_hand(environ, is_terminal=True, platform=platform) is expected
    assert not is_at_hand(environ, is_terminal=False, platform=platform)

"""Where the configuration file and the state directory are."""

from __future__ import annotations

import pwd
from pathlib import Path

import pytest

from uploadd.model.errors import ConfigurationError
from uploadd.settings import SettingsError, find_config, load
from uploadd.settings.places import default_state_dir, usual_places

ROOT_HOME = pwd.getpwuid(0).pw_dir


def test_option_beats_variable_beats_xdg(tmp_path: Path) -> None:
    """Named files are taken as they are, there or not; the usual places must exist."""
    own = tmp_path / "uploadd" / "uploadd.toml"
    own.parent.mkdir()
    own.touch()
    environ = {"UPLOADD_CONFIG": "~/b.toml", "XDG_CONFIG_HOME": str(tmp_path), "HOME": "/home/anna"}
    assert find_config(Path("a.toml"), environ) == Path("a.toml")
    assert find_config(None, environ) == Path("/home/anna/b.toml")
    assert find_config(None, {**environ, "UPLOADD_CONFIG": ""}) == own


@pytest.mark.parametrize(
    ("environ", "first"),
    [
        ({"HOME": "/h"}, "/h/.config/uploadd/uploadd.toml"),
        ({"HOME": "/h", "XDG_CONFIG_HOME": "/c"}, "/c/uploadd/uploadd.toml"),
        ({"HOME": "/h", "XDG_CONFIG_HOME": "relative"}, "/h/.config/uploadd/uploadd.toml"),
    ],
)
def test_usual_places(environ: dict[str, str], first: str) -> None:
    """One's own file, then the system's; a relative XDG variable counts as not set."""
    assert usual_places(environ) == [Path(first), Path("/etc/uploadd/uploadd.toml")]


def test_no_file_at_all(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The error says where was looked and how to begin, unless the environment has an account."""
    monkeypatch.setattr("uploadd.settings.places.SYSTEM_DIRECTORY", tmp_path / "etc")
    environ = {"HOME": str(tmp_path)}
    with pytest.raises(ConfigurationError) as caught:
        find_config(None, environ)
    own = f"{tmp_path}/.config/uploadd/uploadd.toml"
    assert caught.value.text.endswith(f"looked at {own} and {tmp_path}/etc/uploadd.toml")
    assert caught.value.remedy.startswith(
        f"copy the commented example config/uploadd.toml to {own}"
    )
    assert find_config(None, {**environ, "UPLOADD_ACCOUNTS__ME__TOKEN": "x"}) is None


def test_file_that_may_not_be_looked_at_is_not_passed_over(tmp_path: Path) -> None:
    """Trouble with one's own file must not lead to another one."""
    too_long = tmp_path / ("x" * 300)
    found = find_config(None, {"XDG_CONFIG_HOME": str(too_long)})
    assert found == too_long / "uploadd" / "uploadd.toml"


@pytest.mark.parametrize(
    ("config", "environ", "state_dir"),
    [
        ("/etc/uploadd/uploadd.toml", {"XDG_STATE_HOME": "/s"}, "/var/lib/uploadd"),
        ("/etc/uploadd/../uploadd/other.toml", {"HOME": "/h"}, "/var/lib/uploadd"),
        ("/etc/other/uploadd.toml", {"HOME": "/h"}, "/h/.local/state/uploadd"),
        ("/h/uploadd.toml", {"HOME": "/h", "XDG_STATE_HOME": "/s"}, "/s/uploadd"),
        ("/h/uploadd.toml", {"HOME": "/h", "XDG_STATE_HOME": "s"}, "/h/.local/state/uploadd"),
        (None, {"HOME": "/h"}, "/h/.local/state/uploadd"),
    ],
)
def test_state_directory_follows_the_file(
    config: str | None, environ: dict[str, str], state_dir: str
) -> None:
    """The system's file has the system's state, whoever calls."""
    path = Path(config) if config else None
    assert default_state_dir(path, environ) == Path(state_dir)


def test_link_to_the_systems_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A link is the file that it leads to."""
    monkeypatch.setattr("uploadd.settings.places.SYSTEM_DIRECTORY", tmp_path / "etc")
    link = tmp_path / "mine.toml"
    link.symlink_to(tmp_path / "etc" / "uploadd.toml")
    assert default_state_dir(link, {"HOME": "/h"}) == Path("/var/lib/uploadd")


def test_nobody_has_no_home(monkeypatch: pytest.MonkeyPatch) -> None:
    """A user without a home directory must say where the state is."""
    monkeypatch.setattr("os.getuid", lambda: 2**31 - 7)
    account = {"UPLOADD_ACCOUNTS__ME__TOKEN": "x"}
    with pytest.raises(SettingsError, match="state_dir: is needed, because this user has no home"):
        load(None, account)
    assert load(None, {**account, "UPLOADD_STATE_DIR": "/s"}).configuration.state_dir == Path("/s")
    with pytest.raises(SettingsError, match="the home directory in '~/s' is not known"):
        load(None, {**account, "UPLOADD_STATE_DIR": "~/s"})


def test_home_comes_from_the_user_database(monkeypatch: pytest.MonkeyPatch) -> None:
    """A service without $HOME has one all the same, where its user has."""
    monkeypatch.setattr("os.getuid", lambda: 0)
    assert default_state_dir(None, {}) == Path(ROOT_HOME, ".local/state/uploadd")


@pytest.mark.parametrize("value", ['"relative/state"', '""', "3", '"\\u0000"'])
def test_bad_state_dir_is_told_once(refusal, value: str) -> None:
    """Its use before the check does not make a second line of it."""
    [problem] = refusal(f"state_dir = {value}")
    assert problem.startswith("state_dir: ")


def test_homes_of_others(refusal, read) -> None:
    """`~user` is known to the user database, or refused."""
    folder = '[accounts.me]\n[folders.a]\naccounts = ["me"]\npath = "{}"'
    configuration = read(folder.format("~root/p")).configuration
    assert configuration.folders["a"].path == Path(ROOT_HOME, "p")
    assert refusal(folder.format("~nobody-like-that/p")) == [
        "folders.a.path: the home directory in '~nobody-like-that/p' is not known; write it out"
    ]

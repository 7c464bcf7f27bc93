"""Secrets that are files of their own."""

from __future__ import annotations

from pathlib import Path

import pytest

from uploadd.settings.credentials import file_name

TOML = "state_dir = '{state}'\n[accounts.me]\n{rest}"


@pytest.fixture
def systemd(tmp_path: Path) -> Path:
    """A credentials directory as systemd makes it."""
    directory = tmp_path / "run" / "credentials"
    directory.mkdir(parents=True)
    return directory


@pytest.fixture
def saved(tmp_path: Path) -> Path:
    """Where a login is saved."""
    directory = tmp_path / "state" / "credentials"
    directory.mkdir(parents=True)
    return directory


@pytest.fixture
def account(read, tmp_path: Path, systemd: Path):
    """The account that comes of all places, and the warnings' texts."""

    def account(rest: str = "", environ: dict[str, str] | None = None):
        loaded = read(
            TOML.format(state=tmp_path / "state", rest=rest),
            {"CREDENTIALS_DIRECTORY": str(systemd), **(environ or {})},
        )
        return loaded.configuration.accounts["me"], [str(one) for one in loaded.warnings]

    return account


def write(directory: Path, key: str, value: str | bytes, name: str = "me") -> Path:
    """A credential with the mode that it should have."""
    file = directory / file_name(name, key)
    file.write_bytes(value if isinstance(value, bytes) else value.encode())
    file.chmod(0o600)
    return file


def test_each_place_beats_the_weaker_ones(account, systemd: Path, saved: Path) -> None:
    """Saved, file, environment, systemd: the later ones win, and a person is told of the login."""
    write(saved, "token", "saved\n")
    write(saved, "token_secret", "saved-secret\n")
    me, warnings = account()
    assert (me.token.reveal(), me.token_secret.reveal(), warnings) == ("saved", "saved-secret", [])
    me, warnings = account("token = 'file'")
    assert (me.token.reveal(), me.token_secret.reveal()) == ("file", "")
    assert "the saved login of me is not used, because " in warnings[0]
    assert "uploadd.toml sets another one" in warnings[0]
    environ = {"UPLOADD_ACCOUNTS__ME__TOKEN": "env"}
    me, warnings = account("token = 'file'", environ)
    assert me.token.reveal() == "env"
    assert "UPLOADD_ACCOUNTS__ME__TOKEN sets another one" in warnings[0]
    write(systemd, "token", " systemd ")
    me, warnings = account("token = 'file'", environ)
    assert me.token.reveal() == "systemd"
    assert "uploadd.me.token sets another one" in warnings[0]


def test_saved_halves_go_with_the_same_login(account, saved: Path) -> None:
    """A token secret is used with the token that it was given out with, wherever that one is."""
    write(saved, "token", "one")
    write(saved, "token_secret", "one-secret")
    me, warnings = account("token = ' one '")
    assert (me.token_secret.reveal(), warnings) == ("one-secret", [])
    me, _ = account("token_secret = 'other'")
    assert (bool(me.token), me.token_secret.reveal()) == (False, "other")


def test_key_of_the_app_is_filled_by_halves(account, systemd: Path, saved: Path) -> None:
    """The key is no secret to most people: it may be in the file while its secret is not."""
    write(systemd, "api_secret", "s", name="ME")
    write(saved, "api_key", "unused")
    me, _ = account("api_key = 'k'")
    assert (me.api_key.reveal(), me.api_secret.reveal()) == ("k", "s")


def test_empty_secret_counts_as_not_set(account, saved: Path) -> None:
    """An empty line in the file or the environment does not hide a saved login."""
    write(saved, "token", "saved")
    me, warnings = account("token = ' '", {"UPLOADD_ACCOUNTS__ME__TOKEN": ""})
    assert (me.token.reveal(), warnings) == ("saved", [])


@pytest.mark.parametrize(
    ("raw", "told"),
    [
        (b" \n", "it is empty"),
        (b"\xff", "it is not UTF-8 text"),
        (b"x" * 70_000, "it is too large for a secret"),
    ],
)
def test_credential_that_cannot_be_used(account, systemd: Path, raw: bytes, told: str) -> None:
    """It is left out with a warning; the command that needs it says what is missing."""
    file = write(systemd, "token", raw)
    me, warnings = account()
    assert not me.token
    assert warnings == [f"{file}: cannot be used: {told}"]


def test_credential_that_is_no_file(account, systemd: Path) -> None:
    """Trouble with reading is told with its reason."""
    (systemd / "uploadd.me.token").mkdir()
    assert account()[1] == [f"{systemd}/uploadd.me.token: cannot be used: Is a directory"]


def test_credential_directory_that_cannot_be_listed(account, tmp_path: Path) -> None:
    """Told once; a directory that is missing has no credentials, which is no news."""
    odd = str(tmp_path / ("x" * 300))
    assert account(environ={"CREDENTIALS_DIRECTORY": odd})[1] == [
        f"{odd}: cannot be listed: File name too long"
    ]
    assert account(environ={"CREDENTIALS_DIRECTORY": str(tmp_path / "none")})[1] == []
    assert account(environ={"CREDENTIALS_DIRECTORY": ""})[1] == []


def test_credential_that_nobody_asks_for(account, systemd: Path, saved: Path) -> None:
    """Among systemd's it is probably misspelt; a saved login may be a former account's."""
    stray = [write(systemd, "token", "x", name="you"), write(systemd, "tokn", "x")]
    write(saved, "token", "x", name="you")
    (systemd / "another.service.key").write_text("x")
    _, warnings = account()
    assert [warning.partition(":")[0] for warning in warnings] == sorted(map(str, stray))
    assert all("is not used" in warning for warning in warnings)


def test_saved_login_that_others_can_read(account, saved: Path) -> None:
    """The remedy is in the warning."""
    file = write(saved, "token", "x")
    file.chmod(0o640)
    me, [warning] = account()
    assert me.token.reveal() == "x"
    assert warning.endswith(f"can be read by others. Run: chmod 600 {file}")


def test_bad_secret_in_a_credential(refusal, systemd: Path) -> None:
    """The file is named, the secret is not shown."""
    file = write(systemd, "token", "two words")
    [problem] = refusal("[accounts.me]", {"CREDENTIALS_DIRECTORY": str(systemd)})
    assert problem.startswith(f"{file}: accounts.me.token: contains a space")
    assert "words" not in problem

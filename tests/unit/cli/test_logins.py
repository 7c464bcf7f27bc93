"""Where `uploadd run` looks for a login that was set after its start."""

from __future__ import annotations

import os
from pathlib import Path
from types import SimpleNamespace

import pytest
from structlog.testing import capture_logs

from uploadd.cli.context import configuration_of
from uploadd.cli.logins import login_source
from uploadd.delivery.logins import Logins, LoginSource, stamp_of
from uploadd.model.errors import ConfigurationError
from uploadd.runtime import real_runtime

TEXT = """
state_dir = "{state}"
[accounts.me]
api_key = "k"
api_secret = "s"
{token}
"""


@pytest.fixture
def source(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> LoginSource:
    """The source of a run that began without a token."""
    monkeypatch.setenv("CREDENTIALS_DIRECTORY", str(tmp_path / "given"))
    file = tmp_path / "uploadd.toml"
    file.write_text(TEXT.format(state=tmp_path / "state", token=""))
    context = SimpleNamespace(obj=file)
    return login_source(context, configuration_of(context))  # type: ignore[arg-type]


def token_of(source: LoginSource) -> str:
    """The token that the settings have now."""
    return source.read()[0].accounts["me"].token.reveal()


@pytest.mark.parametrize("place", ["given", "state/credentials"])
def test_a_credential_file_is_seen_and_read(
    source: LoginSource, tmp_path: Path, place: str
) -> None:
    """In the directory of systemd, and in that of a saved login."""
    before = stamp_of(source.places)
    assert stamp_of(source.places) == before
    directory = tmp_path / place
    directory.mkdir(parents=True)
    (directory / "uploadd.me.token").write_text("new")
    assert stamp_of(source.places) != before
    assert token_of(source) == "new"


def test_the_file_is_seen_and_read(source: LoginSource, tmp_path: Path) -> None:
    """Also where an editor puts another file of the same size and time in its place."""
    file = tmp_path / "uploadd.toml"
    before, seen = stamp_of(source.places), file.stat()
    other = tmp_path / "other.toml"
    other.write_text(TEXT.format(state=tmp_path / "state", token='token = "new"'))
    os.utime(other, ns=(seen.st_atime_ns, seen.st_mtime_ns))
    other.replace(file)
    assert stamp_of(source.places) != before
    assert token_of(source) == "new"


def test_a_broken_file_says_so(source: LoginSource, tmp_path: Path) -> None:
    """And does not show what is in it."""
    (tmp_path / "uploadd.toml").write_text("api_secret = very-secret")
    with pytest.raises(ConfigurationError) as raised:
        source.read()
    assert "very-secret" not in str(raised.value)


async def test_only_the_secrets_are_taken(source: LoginSource, tmp_path: Path) -> None:
    """Whatever else has changed for the account."""
    running = source.read()[0]
    logins = Logins(running, source, real_runtime().disk)
    assert await logins.newer(running.accounts["me"]) is None
    token = 'token = "new"\nparallel_uploads = 9'
    (tmp_path / "uploadd.toml").write_text(TEXT.format(state=tmp_path / "state", token=token))
    renewed = await logins.newer(running.accounts["me"])
    assert renewed is not None
    assert renewed.token.reveal() == "new"
    assert renewed.parallel_uploads == running.accounts["me"].parallel_uploads


async def test_a_login_that_others_may_write_is_not_taken(
    source: LoginSource, tmp_path: Path
) -> None:
    """Said once; taken as soon as it is the owner's alone, though no file has changed since."""
    running = source.read()[0]
    me = running.accounts["me"]
    logins = Logins(running, source, real_runtime().disk)
    directory = tmp_path / "state" / "credentials"
    directory.mkdir(parents=True)
    (directory / "uploadd.me.token").write_text("planted")
    for place in (directory / "uploadd.me.token", directory, directory.parent):
        mode = place.stat().st_mode
        place.chmod(mode | 0o002)
        with capture_logs() as said:
            assert [await logins.newer(me) for _ in range(3)] == [None] * 3
        (line,) = said
        assert line["event"] == "settings.refused"
        assert f"chmod go-w {place}" in line["text"]
        place.chmod(mode)
    renewed = await logins.newer(me)
    assert renewed is not None
    assert renewed.token.reveal() == "planted"
    (directory / "uploadd.me.token").unlink()
    (directory / "uploadd.me.token").symlink_to("/etc/hostname")
    assert (await logins.newer(me)) == renewed  # that of the last good look

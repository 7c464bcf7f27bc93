"""A login that is laid out for `systemd-creds`: private, in memory, and never on a command line."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from uploadd.model.errors import StoreError
from uploadd.model.secret import Secret
from uploadd.operations.auth.systemd_credentials import STORE, LaidOut, lay_out
from uploadd.services.authorising import Keys

KEYS = Keys(Secret("the-token"), Secret("the-token-secret"))
IN_MEMORY = {"tmpfs": lambda _path: "tmpfs", "ext4": lambda _path: "ext4"}


def laid_out(tmp_path: Path, keys: Keys = KEYS, account: str = "me") -> LaidOut:
    return lay_out(account, keys, {"XDG_RUNTIME_DIR": str(tmp_path)}, IN_MEMORY["tmpfs"])


def test_the_secrets_are_private(tmp_path: Path) -> None:
    """Files of 0600 in a directory of 0700; exactly the secret is in them."""
    directory = laid_out(tmp_path).directory
    assert directory.parent == tmp_path
    assert directory.stat().st_mode & 0o777 == 0o700
    found = {path.name: path for path in directory.iterdir()}
    assert found["uploadd.me.token"].read_bytes() == b"the-token"
    assert found["uploadd.me.token_secret"].read_bytes() == b"the-token-secret"
    assert {path.stat().st_mode & 0o777 for path in found.values()} == {0o600}


def test_a_directory_that_others_may_write_is_passed_over(tmp_path: Path) -> None:
    """Root would encrypt, and remove, what another user had put there by then."""
    tmp_path.chmod(0o777)
    directory = laid_out(tmp_path).directory
    shutil.rmtree(directory)
    assert directory.parent == Path("/dev/shm")


def test_no_secret_is_in_the_commands(tmp_path: Path) -> None:
    """They name files, and each file's name is what systemd asks for."""
    commands = "\n".join(laid_out(tmp_path).commands)
    assert "the-token" not in commands
    assert f"{STORE}/uploadd.me.token\n" in commands
    assert f"{STORE}/uploadd.me.token_secret\n" in commands


def test_a_login_without_a_secret_is_one_file(tmp_path: Path) -> None:
    """As that of ipernity."""
    directory = laid_out(tmp_path, Keys(Secret("the-token"))).directory
    assert [path.name for path in directory.iterdir()] == ["uploadd.me.token"]


def test_the_commands_are_a_script(tmp_path: Path) -> None:
    """A shell runs them; where the encryption fails, the login is not removed."""
    tools = tmp_path / "tools"
    tools.mkdir()
    for name in ("install", "systemctl"):
        (tools / name).write_text("#!/bin/sh\n")
    (tools / "systemd-creds").write_text(
        f'#!/bin/sh\ncat "$2" >> {tmp_path}/encrypted\nexit $FAIL\n'
    )
    for tool in tools.iterdir():
        tool.chmod(0o755)
    place = tmp_path / "with space"
    place.mkdir()
    out = laid_out(place)
    script = "\n".join(out.commands)
    environment = {"PATH": f"{tools}:/usr/bin:/bin", "FAIL": "1"}
    assert subprocess.run(["/bin/sh", "-c", script], env=environment, check=False).returncode == 1
    assert out.directory.exists()
    environment["FAIL"] = "0"
    subprocess.run(["/bin/sh", "-c", script], env=environment, check=True)
    assert not out.directory.exists()
    assert (tmp_path / "encrypted").read_text().endswith("the-tokenthe-token-secret")


def test_nothing_is_written_to_a_disk(tmp_path: Path) -> None:
    """A place that is not in memory is passed over; where there is no other, it says so."""
    with pytest.raises(StoreError, match="/dev/shm"):
        lay_out("me", KEYS, {"XDG_RUNTIME_DIR": str(tmp_path)}, IN_MEMORY["ext4"])
    assert list(tmp_path.iterdir()) == []

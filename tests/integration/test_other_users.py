"""Two users of one machine, and the commands of the one on what the other has done."""

from __future__ import annotations

import os
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from integration.preloaded import Running
from integration.processes import environment

ANNA, MALLORY = 4242, 4243
CONFIGURATION = """
state_dir = "{home}/state"
notify = ["{home}/told"]
[accounts.me]
base_url = "http://127.0.0.1:1"
api_key = "key"
api_secret = "secret"
"""
pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="only root can be two users")


class Annas:
    """A home directory of Anna's, which Mallory may enter, and her uploadd."""

    def __init__(self, home: Path) -> None:
        self.home = home
        self.state_dir = home / "state"
        self.config = home / "uploadd.toml"

    def shell(self, user: int, text: str) -> None:
        """Lines of a shell of one of the two, which work."""
        subprocess.run(
            ["sh", "-ec", f"umask 022; cd {self.home}; {text}"],
            user=user, group=user, extra_groups=[], check=True, timeout=20,
        )  # fmt: skip

    def uploadd(self, *words: str, user: int = ANNA) -> subprocess.CompletedProcess[str]:
        """Anna's command, or another user's."""
        with tempfile.TemporaryDirectory() as directory:
            stdout, stderr = Path(directory, "stdout"), Path(directory, "stderr")
            around = {**environment(), "HOME": str(self.home)}
            line = ["--config", str(self.config), *words]
            code = Running(line, around, stdout, stderr, user=user).wait(timeout=60)
            return subprocess.CompletedProcess(line, code, stdout.read_text(), stderr.read_text())

    def refused(self, *words: str) -> str:
        """The one line with which her command ends by 2."""
        done = self.uploadd(*words)
        assert done.returncode == 2, done.stderr
        assert done.stderr.count("\n") == 1, done.stderr
        return done.stderr.strip()


@pytest.fixture
def annas() -> Iterator[Annas]:
    """A home outside of pytest's directories, which only root may enter."""
    with tempfile.TemporaryDirectory(dir="/tmp") as home:
        os.chown(home, ANNA, ANNA)
        os.chmod(home, 0o755)
        made = Annas(Path(home))
        made.shell(ANNA, f"echo '{CONFIGURATION.format(home=home)}' > uploadd.toml; mkdir state")
        yield made


def test_a_planted_login_is_never_used(annas: Annas) -> None:
    """Mallory could write in the state directory once: each thing that he left is named."""
    annas.shell(ANNA, "chmod o+w state")
    annas.shell(MALLORY, "mkdir state/credentials; echo mine > state/credentials/uploadd.me.token")
    assert f"chmod go-w {annas.state_dir}" in annas.refused("status")
    annas.shell(ANNA, "chmod go-w state")
    line = annas.refused("status")
    assert f"{annas.state_dir}/credentials: belongs to {MALLORY}" in line
    assert f"sudo chown {ANNA} {annas.state_dir}/credentials" in line
    os.chown(annas.state_dir / "credentials", ANNA, ANNA)
    line = annas.refused("status")
    assert f"uploadd.me.token: belongs to {MALLORY}" in line
    annas.shell(ANNA, "rm -f state/credentials/uploadd.me.token")
    assert annas.uploadd("status").returncode == 0


def test_a_configuration_that_another_user_wrote(annas: Annas) -> None:
    """It names a command, which would run as Anna."""
    annas.shell(ANNA, "chmod o+w uploadd.toml")
    annas.shell(MALLORY, "sed -i s/told/owned/ uploadd.toml 2>/dev/null || : > uploadd.toml")
    assert f"chmod go-w {annas.config}" in annas.refused("status")
    annas.shell(ANNA, "mkdir -m 777 shared")
    annas.shell(MALLORY, f"echo 'state_dir = \"{annas.home}/state\"' > shared/uploadd.toml")
    annas.config = annas.home / "shared" / "uploadd.toml"
    assert f"belongs to {MALLORY}" in annas.refused("status")


def test_a_link_that_another_user_made(annas: Annas) -> None:
    """Of the configuration or the state directory: he would choose among Anna's own."""
    annas.shell(ANNA, "mkdir -m 777 shared")
    annas.shell(MALLORY, f"ln -s {annas.config} shared/uploadd.toml; ln -s ../state shared/state")
    annas.shell(ANNA, "sed s,/state,/shared/state, uploadd.toml > other.toml")
    annas.config = annas.home / "shared" / "uploadd.toml"
    assert f"{annas.config}, a symbolic link of {MALLORY}" in annas.refused("status")
    annas.config = annas.home / "other.toml"
    assert f"shared/state, a symbolic link of {MALLORY}" in annas.refused("status")


def test_a_database_that_another_user_left(annas: Annas) -> None:
    """A link in its place would have a file of Anna's written."""
    annas.shell(ANNA, "echo precious > diary; chmod o+w state")
    annas.shell(MALLORY, f"ln -s {annas.home}/diary state/uploadd.db")
    annas.shell(ANNA, "chmod go-w state")
    assert f"rm {annas.state_dir}/uploadd.db" in annas.refused("pause", "me")
    assert (annas.home / "diary").read_text() == "precious\n"


def test_what_root_has_made_is_believed(annas: Annas) -> None:
    """The layout of a service: /etc is root's, and a link of root's may lead to it."""
    group_only = annas.home / "etc.toml"
    annas.config.rename(group_only)
    os.chown(group_only, 0, ANNA)
    group_only.chmod(0o640)
    annas.config.symlink_to(group_only)
    assert annas.uploadd("status").returncode == 0


def test_root_is_told_to_be_the_user(annas: Annas) -> None:
    """With the command; the state directory and the configuration are Anna's."""
    done = annas.uploadd("status", user=0)
    assert done.returncode == 2
    assert f"sudo -u '#{ANNA}' uploadd" in done.stderr

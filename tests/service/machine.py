"""A small Debian under a real systemd, in namespaces of its own, for the tests of the service.

`boot.sh` proves its isolation before it starts systemd, and refuses otherwise.
"""

from __future__ import annotations

import json
import os
import shlex
import shutil
import subprocess
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
CHECKOUT = HERE.parents[1]
PATH = "/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"

CONFIGURATION = """
patience = 0.02
[accounts.me]
service = "flickr"
base_url = "http://127.0.0.1:8080"
{login}
calls_per_hour = 0
[folders.camera]
path = "/srv/photos"
accounts = ["me"]
settle_seconds = 1
"""
LOGIN = """
api_key = "sandbox-key"
api_secret = "sandbox-secret"
token = "sandbox-token"
token_secret = "sandbox-token-secret"
"""
STAND_IN = """
[Service]
DynamicUser=yes
StateDirectory=stand-in
EnvironmentFile=-/etc/stand-in
ExecStart=/opt/uploadd/bin/uploadd sandbox --port 8080 --dir /var/lib/stand-in $ARGS
"""
QUICK = """
[Unit]
After=stand-in.service
[Service]
RestartSec=1s
"""


class Machine:
    """One machine: its image outlives a power-off. `work` is a directory of the host's."""

    def __init__(self, work: Path) -> None:
        self._work = work
        self._image = work / "machine.img"
        self._unshare: subprocess.Popen[bytes] | None = None
        self._first_process = 0

    def make(self) -> None:
        """A fresh image, with a stand-in for Flickr, a configuration, and a user named anna."""
        shutil.copyfile(self._work / "base.img", self._image)

    def boot(self) -> None:
        """Start systemd, and wait until it has started everything."""
        script = [str(HERE / "boot.sh"), str(self._image), str(self._work), str(CHECKOUT)]
        self._unshare = subprocess.Popen(script, stdin=subprocess.DEVNULL)
        self.wait(lambda: bool(self._children()), "the first process")
        self._first_process = self._children()[0]
        self.wait(self._is_up, "systemd is up", seconds=60)

    def power_off(self) -> None:
        """`systemctl poweroff`, and wait for the end."""
        self.run("systemctl poweroff", check=False)
        assert self._unshare is not None
        self._unshare.wait(timeout=120)
        self._unshare = None
        for cgroups in Path("/sys/fs/cgroup").glob("**/uploadd-test"):
            _remove_cgroup(cgroups)

    def kill(self) -> None:
        """As a power cut does it."""
        if self._unshare is not None:
            self._unshare.kill()
            self._unshare.wait()
            self._unshare = None

    def run(self, script: str, *, check: bool = True, seconds: float = 120) -> str:
        """Run a script of the shell inside, as root; returns what it printed."""
        enter = ["nsenter", "-t", str(self._first_process), "-m", "-u", "-i", "-n", "-p", "-C"]
        command = [*enter, "--", "env", "-i", f"PATH={PATH}", "LANG=C.UTF-8", "bash", "-c", script]
        ended = subprocess.run(
            command, capture_output=True, text=True, timeout=seconds, check=False
        )
        if check and ended.returncode != 0:
            raise AssertionError(f"{script}\n{ended.stdout}{ended.stderr}")
        return ended.stdout

    def write(self, path: str, text: str, mode: str = "644") -> None:
        """Write a file inside."""
        self.run(
            f"install -D -m {mode} /dev/null {shlex.quote(path)};"
            f" printf %s {shlex.quote(text)} > {shlex.quote(path)}"
        )

    def wait(self, is_true: Callable[[], bool], what: str, seconds: float = 30) -> None:
        """Look until it is so."""
        end = time.monotonic() + seconds
        while not is_true():
            if time.monotonic() > end:
                raise AssertionError(f"after {seconds} s still not: {what}\n{self._last_words()}")
            time.sleep(0.2)

    def unit(self, name: str, *properties: str) -> dict[str, str]:
        """What `systemctl show` says of a unit."""
        asked = " ".join(f"-p {one}" for one in properties)
        shown = self.run(f"systemctl show {asked} {shlex.quote(name)}")
        return dict(line.split("=", 1) for line in shown.splitlines())

    def photos(self) -> list[dict[str, Any]]:
        """What the stand-in holds."""
        found: list[dict[str, Any]] = json.loads(
            self.run(
                "curl -s --retry 20 --retry-connrefused --retry-delay 1"
                " http://127.0.0.1:8080/photos.json"
            )
        )
        return found

    def contents(self) -> list[str]:
        """The hash of each photo that the stand-in holds: twice where it holds one twice."""
        return sorted(photo["sha256"] for photo in self.photos())

    def journal(self, words: str) -> list[dict[str, Any]]:
        """Lines of the journal, by `journalctl`'s own words."""
        shown = self.run(f"journalctl -q -o json --no-pager {words}")
        return [json.loads(line) for line in shown.splitlines()]

    def _is_up(self) -> bool:
        state = self.run("systemctl is-system-running", check=False).strip()
        return state in ("running", "degraded")

    def _children(self) -> list[int]:
        assert self._unshare is not None
        if self._unshare.poll() is not None:
            raise AssertionError(f"the machine did not start (status {self._unshare.returncode})")
        path = Path(f"/proc/{self._unshare.pid}/task/{self._unshare.pid}/children")
        children = [int(word) for word in path.read_text().split()]
        ours = os.readlink("/proc/self/ns/pid")
        return [child for child in children if _namespace_of(child) not in ("", ours)]

    def _last_words(self) -> str:
        return (
            self.run(
                "journalctl -q --no-pager -n 80 | grep -v -e pam_ -e sudo -e stand-in", check=False
            )
            if self._first_process
            else ""
        )


def _namespace_of(process: int) -> str:
    """Of its pids; empty where it is no more."""
    try:
        return os.readlink(f"/proc/{process}/ns/pid")
    except OSError:
        return ""


def _remove_cgroup(directory: Path) -> None:
    for below in sorted(directory.glob("**/"), reverse=True):
        if below.is_dir():
            below.rmdir()

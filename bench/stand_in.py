"""A fresh sandbox in a process of its own, and a configuration that points at it."""

from __future__ import annotations

import json
import re
import subprocess
import urllib.request
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bench.measure import UPLOADD


@dataclass(frozen=True)
class StandIn:
    """A sandbox that answers."""

    url: str

    def photos(self) -> list[dict[str, Any]]:
        """What it has kept."""
        return self._json("photos.json")

    def entries(self) -> list[dict[str, Any]]:
        """Its journal."""
        return self._json("journal")

    def calls(self) -> Counter[str]:
        """What was asked of it: requests by endpoint."""
        return Counter(entry["endpoint"] for entry in self.entries())

    def violations(self) -> int:
        """Requests that broke one of its rules."""
        return sum(1 for entry in self.entries() if entry["violation"])

    def _json(self, name: str) -> list[dict[str, Any]]:
        with urllib.request.urlopen(f"{self.url}/{name}") as reply:
            found: list[dict[str, Any]] = json.load(reply)
            return found


@contextmanager
def stand_in(directory: Path, *options: str) -> Iterator[StandIn]:
    """Run `uploadd sandbox` on a free port, keeping its photos in `directory`."""
    command = [UPLOADD, "sandbox", "--port", "0", "--dir", str(directory), *options]
    child = subprocess.Popen(command, stderr=subprocess.PIPE, text=True)
    try:
        assert child.stderr is not None
        found = re.search(r"http://[\d.:]+", child.stderr.readline())
        assert found is not None, "the sandbox did not say where it listens"
        yield StandIn(found[0])
    finally:
        child.terminate()
        child.wait()


def configured(directory: Path, url: str) -> Path:
    """A configuration with one account on the sandbox, and a state directory of its own."""
    directory.mkdir(parents=True, exist_ok=True)
    path = directory / "uploadd.toml"
    path.write_text(
        f"""\
state_dir = "{directory}/state"

[accounts.sandbox]
base_url = "{url}"
api_key = "sandbox-key"
api_secret = "sandbox-secret"
token = "sandbox-token"
token_secret = "sandbox-token-secret"
"""
    )
    path.chmod(0o600)
    return path

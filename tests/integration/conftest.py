"""Fixtures of the integration tests."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from integration.processes import Desk
from uploadd.sandbox import SandboxOptions
from uploadd.sandbox.server import running_sandbox


@pytest.fixture
def make_desk(tmp_path: Path) -> Iterator[Callable[..., Desk]]:
    """Make a desk whose sandbox runs on a socket, with these options."""
    running: list[Any] = []

    def make(options: SandboxOptions | None = None, settle: float = 0.2) -> Desk:
        context = running_sandbox(options or SandboxOptions())
        server = context.__enter__()
        running.append(context)
        return Desk(tmp_path, server.url, server.sandbox, settle)

    yield make
    for context in running:
        context.__exit__(None, None, None)

"""What every test has in common."""

from __future__ import annotations

import os
import shutil
import signal
import sys
from collections.abc import Iterator
from typing import NoReturn

import pytest
import structlog
from hypothesis import settings

MEMORY = "/dev/shm"
ENOUGH_BYTES = 500_000_000

# Machines are slow now and then: a deadline would fail for that. The same examples each time: a
# run that fails can be repeated; `--hypothesis-profile=explore` (make fuzz) draws others.
settings.register_profile("steady", deadline=None, derandomize=True)
settings.register_profile(
    "explore", deadline=None, max_examples=int(os.environ.get("EXAMPLES", "2000"))
)
settings.load_profile("steady")

# httpx looks for this module at each request to an ASGI application, on the whole import path.
# Nothing here installs it, so that is known once and for all.
sys.modules.setdefault("sniffio", None)  # type: ignore[arg-type]

# Every commit waits for the disk (`synchronous = FULL`). Where files are in memory it need not.
if os.access(MEMORY, os.W_OK) and shutil.disk_usage(MEMORY).free >= ENOUGH_BYTES:
    os.environ.setdefault("PYTEST_DEBUG_TEMPROOT", MEMORY)

# What everybody may write is not used: a test that wants that says so.
os.umask(0o022)

# A shell that starts the tests in the background has them ignore Ctrl-C, and their children too.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)


def _drop(_logger: object, _method: str, _event: object) -> NoReturn:
    raise structlog.DropEvent


@pytest.fixture(autouse=True)
def quiet_logs() -> Iterator[None]:
    """Log lines are dropped unless a test captures them; the configuration is put back."""
    structlog.configure(processors=[_drop], cache_logger_on_first_use=False)
    yield
    structlog.reset_defaults()

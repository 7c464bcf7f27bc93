"""The faults of slowness on a real socket: a byte a second, and never the last."""

from __future__ import annotations

import socket
from typing import Any

import pytest

from uploadd.sandbox import Fault
from uploadd.sandbox.server import Running, running_sandbox

REQUEST = b"GET /services/rest/?method=flickr.test.echo&api_key=%s HTTP/1.1\r\nHost: %s\r\n\r\n"
QUIET_SECONDS = 0.3


def received(running: Running) -> bytes:
    """What comes of a call until nothing has come for a moment."""
    host, port = running.url.removeprefix("http://").split(":")
    with socket.create_connection((host, int(port)), timeout=10) as line:
        key = running.sandbox.options.credentials.api_key
        line.sendall(REQUEST % (key.encode(), f"{host}:{port}".encode()))
        came = line.recv(65536)
        line.settimeout(QUIET_SECONDS)
        try:
            while more := line.recv(65536):
                came += more
        except TimeoutError:
            return came
        raise AssertionError(f"it came to an end: {came!r}")


@pytest.mark.parametrize(
    ("kind", "head", "most"), [("slow-head", b"H", 5), ("drip", b"HTTP/1.1 200 OK", 300)]
)
def test_an_answer_has_no_end(kind: Any, head: bytes, most: int) -> None:
    """Its head, or the body behind a right head."""
    with running_sandbox() as running:
        running.sandbox.faults.add(Fault(kind, where="rest", first=1))
        came = received(running)
        assert came.startswith(head)
        assert len(came) < most
        (entry,) = running.sandbox.journal
        assert (entry.outcome, entry.fault) == ("ok", kind)

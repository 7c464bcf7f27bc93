"""Programs that know nothing of the sandbox: a plain signed multipart POST, and bare sockets."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Iterator
from urllib.parse import urlsplit

import httpx
import pytest
from oauthlib.oauth1 import Client

from uploadd.sandbox import Fault, SandboxOptions
from uploadd.sandbox.server import ListenError, Running, listen, running_sandbox

JPEG = b"\xff\xd8\xff\xe0\x00\x07JFIF\x00\xff\xda\x00\x02\x00\xff\xd9"


@pytest.fixture
def running() -> Iterator[Running]:
    """A sandbox on a real socket."""
    with running_sandbox(SandboxOptions()) as server:
        yield server


def signed(url: str, fields: dict[str, str]) -> dict[str, str]:
    """The header of a POST, signed by oauthlib over every field but the photo."""
    signer = Client("sandbox-key", "sandbox-secret", "sandbox-token", "sandbox-token-secret")
    form = {"Content-Type": "application/x-www-form-urlencoded"}
    _, headers, _ = signer.sign(url, "POST", body=fields, headers=form)
    return {"Authorization": headers["Authorization"]}


def post_photo(running: Running, content: bytes = JPEG) -> httpx.Response:
    """Upload without any client library."""
    url = f"{running.url}/services/upload/"
    fields = {"title": "a & b", "async": "1", "tags": ""}
    files = {"photo": ("x.jpg", content, "image/jpeg")}
    return httpx.post(url, data=fields, files=files, headers=signed(url, fields))


def test_a_plain_multipart_post(running: Running) -> None:
    """Nothing but HTTP and a signature; the ticket comes as XML."""
    reply = post_photo(running)
    assert (reply.status_code, "<ticketid>" in reply.text) == (200, True)
    assert [one.title for one in running.sandbox.photos] == ["a & b"]


def test_a_lost_reply_over_a_socket(running: Running) -> None:
    """The whole body is read and kept, then the connection ends without a byte."""
    running.sandbox.faults.add(Fault("lose-reply", first=1))
    with pytest.raises(httpx.RemoteProtocolError, match="without sending a response"):
        post_photo(running, JPEG + bytes(3_000_000))
    assert len(running.sandbox.photos) == 1
    assert post_photo(running).status_code == 200


def test_a_cut_body_over_a_socket(running: Running) -> None:
    """The connection breaks under the send, and nothing is kept."""
    running.sandbox.faults.add(Fault("cut", first=1))
    with pytest.raises((httpx.WriteError, httpx.ReadError, httpx.RemoteProtocolError)):
        post_photo(running, JPEG + bytes(30_000_000))
    assert len(running.sandbox.photos) == 0
    assert list(running.sandbox.disk.incoming.iterdir()) == []


def test_a_refusal_arrives_although_the_body_is_long(running: Running) -> None:
    """429 is sent after the body, so that the client sees it and not a reset."""
    running.sandbox.options.calls_per_hour = 1
    post_photo(running)
    assert post_photo(running, JPEG + bytes(30_000_000)).status_code == 429


def test_a_client_that_goes_away_leaves_nothing(running: Running) -> None:
    """An upload that its client breaks off is journaled, and its bytes are removed."""
    host, port = urlsplit(running.url).hostname, urlsplit(running.url).port
    with socket.create_connection((host, port), timeout=10) as connection:
        connection.sendall(
            b"POST /services/upload/ HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1000\r\n"
            b"Content-Type: multipart/form-data; boundary=b\r\n\r\n--b\r\n"
        )
    give_up_at = time.monotonic() + 10
    while not (entries := running.sandbox.journal.of("upload")) or entries[0].ended is None:
        assert time.monotonic() < give_up_at
        time.sleep(0.01)
    assert entries[0].outcome == "cut by the client"
    assert list(running.sandbox.disk.incoming.iterdir()) == []


def test_parallel_uploads_are_all_kept(running: Running) -> None:
    """Eight connections at once, each photo whole."""
    contents = [JPEG + bytes([n]) * 1_500_000 for n in range(8)]
    threads = [threading.Thread(target=post_photo, args=(running, one)) for one in contents]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    kept = sorted(
        (running.sandbox.disk.photos / one.stored_as).read_bytes() for one in running.sandbox.photos
    )
    assert kept == contents


def test_a_taken_port_and_a_public_address_are_refused() -> None:
    """One line that says what is wrong."""
    with listen() as listener:
        port = listener.getsockname()[1]
        with pytest.raises(ListenError, match=f"port {port}: Address already in use"):
            listen(port=port)
    with pytest.raises(ListenError, match="not a loopback address"):
        listen("0.0.0.0")

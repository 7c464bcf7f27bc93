"""Programs that know nothing of the sandbox: flickrapi, and a plain signed multipart POST."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Iterator
from http.client import RemoteDisconnected
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import flickrapi
import httpx
import pytest
import requests
from flickrapi.auth import FlickrAccessToken
from oauthlib.oauth1 import Client

from uploadd.sandbox import Fault, SandboxOptions
from uploadd.sandbox.server import ListenError, Running, listen, running_sandbox

JPEG = b"\xff\xd8\xff\xe0\x00\x10JFIF\x00"


@pytest.fixture
def running() -> Iterator[Running]:
    """A sandbox on a real socket."""
    with running_sandbox(SandboxOptions()) as server:
        yield server


@pytest.fixture
def photo(tmp_path: Path) -> Path:
    """A small photo on the disk."""
    path = tmp_path / "Été à la mer.jpg"
    path.write_bytes(JPEG + bytes(range(256)) * 1000)
    return path


def flickr_of(running: Running, token: FlickrAccessToken | None) -> Iterator[Any]:
    """The unmodified client, pointed at the sandbox by its URL attributes."""
    api = flickrapi.FlickrAPI("sandbox-key", "sandbox-secret", token=token, store_token=False)
    api.REST_URL = f"{running.url}/services/rest/"
    api.UPLOAD_URL = f"{running.url}/services/upload/"
    api.REPLACE_URL = f"{running.url}/services/replace/"
    for step in ("request_token", "authorize", "access_token"):
        url = f"{running.url}/services/oauth/{step}"
        setattr(api.flickr_oauth, f"{step.upper()}_URL", url)
    try:
        yield api
    finally:
        api.flickr_oauth.session.close()


@pytest.fixture
def flickr(running: Running) -> Iterator[Any]:
    """Give flickrapi the sandbox's own token."""
    token = FlickrAccessToken("sandbox-token", "sandbox-token-secret", "write")
    yield from flickr_of(running, token)


@pytest.fixture
def stranger(running: Running) -> Iterator[Any]:
    """Give flickrapi before its login."""
    yield from flickr_of(running, None)


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


def test_flickrapi_logs_in(stranger: Any, running: Running, photo: Path) -> None:
    """The whole dance, with the verifier that the authorize page shows; then an upload."""
    stranger.get_request_token(oauth_callback="oob")
    page = requests.get(stranger.auth_url(perms="write"), timeout=10).text
    stranger.get_access_token(page.partition("<code id=verifier>")[2][:11])
    assert stranger.token_valid(perms="write")
    assert stranger.token_cache.token.username == "sandbox"
    with photo.open("rb") as file:
        stranger.upload(str(photo), file, title="after the login")
    assert [one.title for one in running.sandbox.photos] == ["after the login"]


def test_flickrapi_logs_in_with_a_callback(stranger: Any) -> None:
    """The authorize page redirects to the program with the verifier."""
    stranger.get_request_token(oauth_callback="http://127.0.0.1:9/back")
    page = requests.get(stranger.auth_url(perms="read"), timeout=10, allow_redirects=False)
    answer = parse_qs(urlsplit(page.headers["Location"]).query)
    stranger.get_access_token(answer["oauth_verifier"][0])
    assert stranger.token_valid(perms="read")


def test_flickrapi_uploads_and_asks_for_the_ticket(
    flickr: Any, running: Running, photo: Path
) -> None:
    """An async upload; its ticket is done and names the photo, whose bytes are the file's."""
    tags = 'one "two words"'
    with photo.open("rb") as file:
        reply = flickr.upload(str(photo), file, tags=tags, is_public="0", **{"async": "1"})
    ticket = reply.findtext("ticketid")
    told = flickr.photos.upload.checkTickets(tickets=ticket).find("uploader/ticket")
    assert told.get("complete") == "1"
    served = httpx.get(f"{running.url}/photos/{told.get('photoid')}")
    assert served.content == photo.read_bytes()
    (kept,) = running.sandbox.photos
    assert (kept.title, kept.tags) == ("Été à la mer.jpg", ["one", "two words"])
    assert running.sandbox.journal.violations() == []


def test_flickrapi_understands_refusals(flickr: Any, tmp_path: Path) -> None:
    """API errors reach it with their code; a wrong secret is an HTTP error."""
    (tmp_path / "a.txt").write_text("no photo")
    with (
        (tmp_path / "a.txt").open("rb") as file,
        pytest.raises(flickrapi.exceptions.FlickrError, match="Filetype was not recognised") as bad,
    ):
        flickr.upload("a.txt", file)
    assert bad.value.code == 5
    flickr.flickr_oauth.oauth.client.client_secret = "wrong"
    with pytest.raises(flickrapi.exceptions.FlickrError, match="401"):
        flickr.test.login()


def test_flickrapi_searches_in_json(flickr: Any, photo: Path) -> None:
    """JSON through the client's own parser."""
    with photo.open("rb") as file:
        flickr.upload(str(photo), file, tags="checksum:sha256=abc", title="t")
    found = flickr.photos.search(
        user_id="me", machine_tags='checksum:sha256="abc"', format="parsed-json"
    )
    assert [one["title"] for one in found["photos"]["photo"]] == ["t"]


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


def test_requests_sees_a_lost_reply_too(flickr: Any, running: Running, photo: Path) -> None:
    """Another HTTP library, the same end."""
    running.sandbox.faults.add(Fault("lose-reply", first=1))
    with photo.open("rb") as file, pytest.raises(requests.ConnectionError) as lost:
        flickr.upload(str(photo), file)
    assert isinstance(lost.value.args[0].args[1], RemoteDisconnected)
    assert len(running.sandbox.photos) == 1


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
            b"POST /services/upload/ HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n"
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

"""flickrapi, unmodified, pointed at the sandbox by its URL attributes."""

from __future__ import annotations

import contextlib
import io
import threading
import time
from collections.abc import Iterator
from http.client import RemoteDisconnected
from pathlib import Path
from typing import Any, get_args
from urllib.parse import parse_qs, urlsplit

import flickrapi
import httpx
import pytest
import requests
from flickrapi.auth import FlickrAccessToken

from uploadd.sandbox import Fault, SandboxOptions
from uploadd.sandbox.options import QuotaShape
from uploadd.sandbox.server import Running, running_sandbox

TOKEN = FlickrAccessToken("sandbox-token", "sandbox-token-secret", "write")
JPEG = b"\xff\xd8\xff\xe0\x00\x07JFIF\x00\xff\xda\x00\x02\x00\xff\xd9"


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
    yield from flickr_of(running, TOKEN)


@pytest.fixture
def stranger(running: Running) -> Iterator[Any]:
    """Give flickrapi before its login."""
    yield from flickr_of(running, None)


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


class Person(io.StringIO):
    """Standard output, with somebody before it who opens each address that is printed."""

    def __init__(self, extra: str) -> None:
        super().__init__()
        self._extra = extra

    def write(self, text: str) -> int:
        if text.startswith("http"):
            threading.Thread(target=self._visit, args=(text.strip() + self._extra,)).start()
        return super().write(text)

    def _visit(self, url: str) -> None:
        with contextlib.suppress(requests.ConnectionError):
            requests.get(url, timeout=10)


@pytest.fixture
def waiting(stranger: Any) -> Iterator[Any]:
    """Give flickrapi in the middle of its login, with the socket on which it is called back."""
    stranger.get_request_token()
    server = stranger.flickr_oauth.auth_http_server
    with contextlib.redirect_stderr(io.StringIO()):
        yield stranger
    server.server_close()


def test_flickrapi_waits_for_its_callback(waiting: Any, running: Running) -> None:
    """It prints the address, and is called back once the person there has agreed."""
    running.sandbox.options.consent = "ask"
    with contextlib.redirect_stdout(Person("&answer=yes&user=somebody-else")):
        waiting.flickr_oauth.auth_via_console(perms="write")
    waiting.get_access_token(waiting.flickr_oauth.verifier)
    assert waiting.token_valid(perms="write")
    assert waiting.token_cache.token.username == "somebody-else"


def test_flickrapi_is_called_back_without_a_verifier(waiting: Any) -> None:
    """Where the person says no, its wait ends, and it has nothing to trade."""
    with (
        contextlib.redirect_stdout(Person("&denied=1")),
        pytest.raises(AssertionError, match="verifier"),
    ):
        waiting.flickr_oauth.auth_via_console(perms="write")
    assert waiting.token_cache.token is None


def test_flickrapi_is_told_that_its_login_was_taken_back(flickr: Any, running: Running) -> None:
    """A revoked token is an HTTP error to it."""
    assert flickr.test.login(format="parsed-json")["user"]["id"] == "12345678@N00"
    running.sandbox.logins.revoke("sandbox-token")
    with pytest.raises(flickrapi.exceptions.FlickrError, match="401"):
        flickr.test.login()


@pytest.mark.parametrize("is_async", ["0", "1"])
def test_flickrapi_replaces(flickr: Any, running: Running, photo: Path, is_async: str) -> None:
    """New bytes under the old id, and a ticket that says so; refused without Pro."""
    with photo.open("rb") as file:
        photo_id = flickr.upload(str(photo), file, title="t").findtext("photoid")
    # flickrapi adds a title of its own to a replacement, which Flickr does not know there.
    running.sandbox.options.unknown_fields = "ignore"
    changed = photo.with_name("changed.jpg")
    changed.write_bytes(JPEG + b"changed")
    with (
        changed.open("rb") as file,
        pytest.raises(flickrapi.exceptions.FlickrError, match="Not a pro account"),
    ):
        flickr.replace(str(changed), photo_id, file)
    running.sandbox.options.is_pro = True
    with changed.open("rb") as file:
        reply = flickr.replace(str(changed), photo_id, file, **{"async": is_async})
    if is_async == "1":
        ticket = reply.findtext("ticketid")
        told = flickr.photos.upload.checkTickets(tickets=ticket).find("uploader/ticket")
        assert (told.get("complete"), told.get("photoid")) == ("1", photo_id)
    else:
        assert reply.findtext("photoid") == photo_id
    assert httpx.get(f"{running.url}/photos/{photo_id}").content == JPEG + b"changed"
    assert [one.title for one in running.sandbox.photos] == ["t"]


@pytest.mark.parametrize("shape", get_args(QuotaShape))
def test_flickrapi_reads_every_quota(flickr: Any, running: Running, shape: str) -> None:
    """Its parsers, for XML and for JSON, read what the sandbox writes in each shape."""
    running.sandbox.options.quota_shape = shape
    told = flickr.people.getUploadStatus(format="parsed-json")["user"]
    user = flickr.people.getUploadStatus().find("user")
    assert user.get("id") == told["id"] == "12345678@N00"
    assert (user.find("bandwidth") is None) == ("bandwidth" not in told) == (shape == "missing")


def test_flickrapi_and_a_clock_that_is_off(photo: Path) -> None:
    """A service an hour ahead refuses calls and uploads alike, and keeps nothing."""
    with running_sandbox(SandboxOptions(), now=lambda: time.time() + 3600) as ahead:
        for flickr in flickr_of(ahead, TOKEN):
            with pytest.raises(flickrapi.exceptions.FlickrError, match="401"):
                flickr.test.login()
            with (
                photo.open("rb") as file,
                pytest.raises(flickrapi.exceptions.FlickrError, match="401"),
            ):
                flickr.upload(str(photo), file)
        outcomes = [entry.outcome for entry in ahead.sandbox.journal]
        assert outcomes == ["http 401 timestamp_refused"] * 2
        assert len(ahead.sandbox.photos) == 0


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


def test_requests_sees_a_lost_reply_too(flickr: Any, running: Running, photo: Path) -> None:
    """Another HTTP library, the same end."""
    running.sandbox.faults.add(Fault("lose-reply", first=1))
    with photo.open("rb") as file, pytest.raises(requests.ConnectionError) as lost:
        flickr.upload(str(photo), file)
    assert isinstance(lost.value.args[0].args[1], RemoteDisconnected)
    assert len(running.sandbox.photos) == 1

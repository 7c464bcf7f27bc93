"""Whom the sandbox answers on a socket: no web page of another site, whatever it claims."""

from __future__ import annotations

import http.client
from collections.abc import Iterator

import httpx
import pytest
from oauthlib.oauth1 import Client

from uploadd.sandbox.server import Running, running_sandbox

KNOWN = ("sandbox-key", "sandbox-secret", "sandbox-token", "sandbox-token-secret")
OTHER_SITE = {"Sec-Fetch-Site": "cross-site"}
BY_A_LINK = {"Sec-Fetch-Mode": "navigate", "Sec-Fetch-Dest": "document"}


@pytest.fixture(scope="module")
def running() -> Iterator[Running]:
    """A sandbox on a socket."""
    with running_sandbox() as sandbox:
        yield sandbox


def status(running: Running, path: str, hosts: list[str], method: str = "GET") -> int:
    """How a request with these Host headers is answered."""
    connection = http.client.HTTPConnection(running.url.removeprefix("http://"), timeout=10)
    connection.putrequest(method, path, skip_host=True)
    for host in hosts:
        connection.putheader("Host", host)
    connection.putheader("Content-Length", "0")
    connection.endheaders()
    reply = connection.getresponse().status
    connection.close()
    return reply


@pytest.mark.parametrize("path", ["/", "/photos.json", "/journal", "/services/upload/", "/api/x"])
@pytest.mark.parametrize(
    "host", ["evil.example", "evil.example:8080", "127.0.0.1.evil.example", "0.0.0.0", "10.0.0.1"]
)
def test_a_foreign_host_is_refused(running: Running, path: str, host: str) -> None:
    """DNS rebinding: the page's own name leads to loopback, and is still in the Host header."""
    before = running.sandbox.journal.total, running.ipernity.journal.total
    assert status(running, path, [host]) == 421
    assert status(running, path, [host], "POST") == 421
    assert (running.sandbox.journal.total, running.ipernity.journal.total) == before


@pytest.mark.parametrize(
    "host",
    [
        "user@127.0.0.1",
        "evil.example@127.0.0.1",
        "127.0.0.1/evil",
        "127.0.0.1?x",
        "127.0.0.1#x",
        "127.0.0.1:x",
        "127.1",
        "[::1",
        "::1",
        "localhost.evil.example",
    ],
)
def test_a_host_that_is_half_loopback_is_refused(running: Running, host: str) -> None:
    """Only the whole header counts."""
    assert status(running, "/", [host]) in (400, 421)


def test_two_hosts_are_refused(running: Running) -> None:
    """Nobody knows which one a page was opened under."""
    assert status(running, "/", ["127.0.0.1", "evil.example"]) in (400, 421)


@pytest.mark.parametrize(
    "host",
    ["127.0.0.1", "127.0.0.1:8080", "127.8.9.1:1", "localhost", "LocalHost:80", "[::1]:8080"],
)
def test_every_name_of_loopback_is_good(running: Running, host: str) -> None:
    """Through a forwarded port too, which is another one."""
    assert status(running, "/", [host]) == 200


@pytest.mark.parametrize(
    "headers",
    [
        OTHER_SITE,
        {"Sec-Fetch-Site": "same-site"},
        {"Origin": "https://evil.example"},
        {"Origin": "null"},
        {"Origin": "https://evil.example"} | OTHER_SITE | BY_A_LINK,
    ],
)
def test_a_form_of_another_site_is_refused(running: Running, headers: dict[str, str]) -> None:
    """The keys are public, so its signature may be right; nothing is kept."""
    url = f"{running.url}/services/upload/"
    _, signed, _ = Client(*KNOWN).sign(url, "POST")
    photo = {"photo": ("a.jpg", b"\xff\xd8\xff\xe0\x00\x10JFIF\x00")}
    reply = httpx.post(url, files=photo, headers=signed | headers)
    assert reply.status_code == 403
    assert len(running.sandbox.photos) == 0


def test_a_form_in_the_address_is_refused(running: Running) -> None:
    """A picture's address, a frame and a link carry signed calls as well."""
    url = f"{running.url}/services/rest/?method=flickr.test.echo"
    address = Client(*KNOWN, signature_type="QUERY").sign(url)[0]
    for more in ({"Sec-Fetch-Dest": "image"}, {"Sec-Fetch-Dest": "iframe"}, BY_A_LINK):
        assert httpx.get(address, headers=OTHER_SITE | more).status_code == 403
    assert httpx.get(address).status_code == 200


def test_a_photo_cannot_be_deleted_from_elsewhere(running: Running) -> None:
    """DELETE is asked about first by every browser, and that question gets no leave."""
    url = f"{running.url}/photos/1"
    asked = {"Origin": "https://evil.example", "Access-Control-Request-Method": "DELETE"}
    reply = httpx.options(url, headers=asked)
    assert reply.status_code == 403
    assert not [name for name in reply.headers if name.startswith("access-control")]
    assert httpx.delete(url, headers={"Origin": "https://evil.example"}).status_code == 403
    assert httpx.delete(url).status_code == 404


def test_the_pages_for_people_open_by_a_link(running: Running) -> None:
    """From a README on another site, or from a program's login; not inside of another page."""
    assert httpx.get(f"{running.url}/", headers=OTHER_SITE | BY_A_LINK).status_code == 200
    framed = OTHER_SITE | {"Sec-Fetch-Mode": "navigate", "Sec-Fetch-Dest": "iframe"}
    assert httpx.get(f"{running.url}/", headers=framed).status_code == 403
    page = httpx.get(f"{running.url}/")
    assert "frame-ancestors 'none'" in page.headers["content-security-policy"]


@pytest.mark.parametrize("name", ["127.0.0.1", "localhost"])
def test_its_own_page_may_ask(running: Running, name: str) -> None:
    """Its pictures and its form come from the page's own origin."""
    url = running.url.replace("127.0.0.1", name)
    own = {"Sec-Fetch-Site": "same-origin", "Origin": url}
    assert httpx.get(f"{url}/photos.json", headers=own).status_code == 200

"""The signature, against vectors that other programs computed."""

from __future__ import annotations

import pytest

from uploadd.sandbox.flickr.oauth import header_pairs
from uploadd.sandbox.flickr.signing import base_string, base_url, encode, signature

KEY, SECRET = "9a0554259914a86fb9e7eb014e4e5d52", "000005fab4534d05"
TOKEN, TOKEN_SECRET = "72157626318069415-087bfc7b5816092c", "a202d1f853ec69de"

VECTORS = [
    (
        "GET",
        "https://www.flickr.com/services/oauth/request_token",
        {"oauth_callback": "oob"},
        1,
        False,
        "ELPrL1JzNcnGJ79hR3jBNIwHn1k=",
    ),
    (
        "GET",
        "https://api.flickr.com/services/rest/",
        {"method": "flickr.people.getUploadStatus", "format": "json", "nojsoncallback": "1"},
        3,
        True,
        "WU204+UP3+2YCIpQ0S84669zYpk=",
    ),
    (
        "POST",
        "https://up.flickr.com/services/upload/",
        {"title": "", "tags": "", "dedup_check": "2", "async": "1"},
        6,
        True,
        "Mx6FHzoJAjlzdO+Kq0Fu2QyiWqI=",
    ),
    (
        "POST",
        "https://up.flickr.com/services/replace/",
        {"photo_id": "10100895983", "async": "1"},
        7,
        True,
        "lIKV7mRGUTXC0SJ9+TPLi8uS7Ug=",
    ),
]


@pytest.mark.parametrize(("method", "url", "fields", "number", "has_token", "expected"), VECTORS)
def test_known_signatures(
    method: str, url: str, fields: dict[str, str], number: int, has_token: bool, expected: str
) -> None:
    """The recorded calls get the recorded signatures; empty fields count."""
    oauth = {
        "oauth_consumer_key": KEY,
        "oauth_nonce": f"n{number}",
        "oauth_timestamp": str(1_700_000_000 + number),
        "oauth_signature_method": "HMAC-SHA1",
        "oauth_version": "1.0",
    } | ({"oauth_token": TOKEN} if has_token else {})
    base = base_string(method, url, [*fields.items(), *oauth.items()])
    assert signature(base, SECRET, TOKEN_SECRET if has_token else "") == expected


def test_pairs_sort_after_encoding() -> None:
    """RFC 5849, 3.4.1.3.2 sorts the encoded names and values, bytewise."""
    base = base_string("GET", "http://h/", [("b", "é"), ("b", "+"), ("a z", "")])
    assert base == "GET&http%3A%2F%2Fh%2F&a%2520z%3D%26b%3D%252B%26b%3D%25C3%25A9"


def test_encoding_keeps_only_unreserved_characters() -> None:
    """Tilde stays, star and slash do not (RFC 5849, 3.6)."""
    assert encode("aZ9-._~ */é") == "aZ9-._~%20%2A%2F%C3%A9"


@pytest.mark.parametrize(
    ("scheme", "host", "expected"),
    [
        ("HTTP", "Example.COM:80", "http://example.com/r/"),
        ("https", "example.com:443", "https://example.com/r/"),
        ("http", "127.0.0.1:8080", "http://127.0.0.1:8080/r/"),
        ("http", "[::1]:8080", "http://[::1]:8080/r/"),
    ],
)
def test_only_the_default_port_is_left_out(scheme: str, host: str, expected: str) -> None:
    """RFC 5849, 3.4.1.2."""
    assert base_url(scheme, host, "/r/") == expected


def test_header_without_realm() -> None:
    """The header's parameters are decoded; `realm` is not signed."""
    header = 'OAuth realm="x", oauth_nonce="a%20b",oauth_version="1.0"'
    assert header_pairs(header) == [("oauth_nonce", "a b"), ("oauth_version", "1.0")]
    assert header_pairs("Basic abc=") == []

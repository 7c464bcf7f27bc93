"""OAuth 1.0a signatures, HMAC-SHA1: base string and digest (RFC 5849, sections 3.4 and 3.6).

Written by hand, so that a mistake of a client's library is not repeated here.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Iterable
from urllib.parse import quote

Pair = tuple[str, str]

_DEFAULT_PORTS = {"http": "80", "https": "443"}


def encode(text: str) -> str:
    """Percent-encode as RFC 5849, section 3.6: only letters, digits and `-._~` stay."""
    return quote(text.encode("utf-8"), safe="-._~")


def base_url(scheme: str, host: str, path: str) -> str:
    """The URL that is signed: lower-case host, no default port, no query (section 3.4.1.2)."""
    scheme, host = scheme.lower(), host.lower()
    name, colon, port = host.rpartition(":")
    if colon and port == _DEFAULT_PORTS.get(scheme):
        host = name
    return f"{scheme}://{host}{path}"


def normalised(pairs: Iterable[Pair]) -> str:
    """Encode each pair, then sort, then join (section 3.4.1.3.2). Empty values count."""
    return "&".join(
        f"{name}={value}" for name, value in sorted((encode(n), encode(v)) for n, v in pairs)
    )


def base_string(method: str, url: str, pairs: Iterable[Pair]) -> str:
    """The text that is signed (section 3.4.1.1); `pairs` without `oauth_signature` and `realm`."""
    return "&".join((method.upper(), encode(url), encode(normalised(pairs))))


def signature(base: str, consumer_secret: str, token_secret: str = "") -> str:
    """The base64 HMAC-SHA1 of a base string (section 3.4.2)."""
    key = f"{encode(consumer_secret)}&{encode(token_secret)}"
    digest = hmac.new(key.encode("ascii"), base.encode("ascii"), hashlib.sha1).digest()
    return base64.b64encode(digest).decode("ascii")


def fits(given: str, expected: str) -> bool:
    """Whether two signatures are the same."""
    return hmac.compare_digest(given.encode("utf-8"), expected.encode("utf-8"))

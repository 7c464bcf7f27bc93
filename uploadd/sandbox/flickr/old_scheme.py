"""The login before OAuth: an `api_sig` over every argument (Flickr authentication API, deprecated).

The signature is the MD5 of the secret and of each argument's name and value, sorted by name and
joined by nothing; the photo is left out.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Mapping
from typing import Literal

from uploadd.sandbox.flickr.replies import ApiError
from uploadd.sandbox.logins import AccessToken, Logins

Needs = Literal["key", "signature", "read", "write", "delete"]


def signature(secret: str, arguments: Mapping[str, str]) -> str:
    """The `api_sig` that belongs to some arguments, in hex; empty values count."""
    pairs = sorted((name, value) for name, value in arguments.items() if name != "api_sig")
    text = secret + "".join(name + value for name, value in pairs)
    return hashlib.md5(text.encode("utf-8", "replace"), usedforsecurity=False).hexdigest()


def check_signature(arguments: Mapping[str, str], logins: Logins) -> None:
    """Refuse an unknown key (100), a missing signature (97) and a wrong one (96)."""
    _check_key(arguments, logins)
    given = arguments.get("api_sig")
    if given is None:
        raise ApiError(97, "Missing signature")
    secret = logins.consumers[arguments["api_key"]]
    if not hmac.compare_digest(given.encode(), signature(secret, arguments).encode()):
        raise ApiError(96, "Invalid signature")


def login(arguments: Mapping[str, str], needs: Needs, logins: Logins) -> AccessToken | None:
    """Who makes a call without OAuth; None where its key is enough. Raises ApiError."""
    if "auth_token" in arguments or needs not in ("key", "signature"):
        return bearer(arguments, needs, logins)
    if "api_sig" in arguments or needs == "signature":
        check_signature(arguments, logins)
    _check_key(arguments, logins)
    return None


def bearer(arguments: Mapping[str, str], needs: Needs, logins: Logins) -> AccessToken:
    """Whose `auth_token` it is, for a call that needs one. Raises ApiError."""
    _check_key(arguments, logins)
    if "api_sig" in arguments or "auth_token" in arguments:
        check_signature(arguments, logins)
    if "auth_token" not in arguments:
        raise ApiError(99, "User not logged in")
    token = logins.tokens.get(arguments["auth_token"])
    if token is None or token.scheme != "old":
        raise ApiError(98, "Invalid auth token")
    refuse_weak(token, needs)
    return token


def refuse_weak(token: AccessToken, needs: Needs) -> None:
    """Raise error 99 where a token's permission does not include what a call needs."""
    if needs not in ("key", "signature") and not token.allows(needs):
        raise ApiError(
            99,
            f"Insufficient permissions. Method requires {needs} privileges; {token.perms} granted.",
        )


def _check_key(arguments: Mapping[str, str], logins: Logins) -> None:
    if arguments.get("api_key") not in logins.consumers:
        raise ApiError(100, "Invalid API Key (Key has invalid format)")

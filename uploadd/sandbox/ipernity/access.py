"""Who may call what: key, signature, token and permission (errors 100 to 107, 110, 120)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from uploadd.sandbox.ipernity import signing
from uploadd.sandbox.ipernity.account import IpernityAccount
from uploadd.sandbox.ipernity.replies import ApiError
from uploadd.sandbox.logins import AccessToken
from uploadd.sandbox.problems import UnacceptableError

Needs = Literal["key", "signature", "token", "read", "write"]

PERMS = ("none", "read", "write", "delete")
ALWAYS_KNOWN = frozenset({"api_key", "api_sig", "auth_token"})


def by_name(pairs: Sequence[tuple[str, str]]) -> dict[str, str]:
    """The parameters by name; raises UnacceptableError when one was sent twice."""
    found = dict(pairs)
    if len(found) != len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        raise UnacceptableError(f"parameter {twice!r} was sent twice")
    return found


def let_in(
    account: IpernityAccount, method: str, needs: Needs, values: dict[str, str]
) -> AccessToken | None:
    """The login of a call, None where it needs none and has none. Raises ApiError."""
    check_key(account, values)
    is_open = needs == "key" and "auth_token" not in values
    if not is_open or "api_sig" in values:
        check_signature(account, method, values)
    if needs == "signature" or is_open:
        return None
    token = _token(account, values)
    if needs not in PERMS:
        return token
    if not allows(token, needs):
        raise ApiError(110)
    if not account.logins.is_owners(token):
        raise UnacceptableError("this token is another person's; the sandbox keeps one account")
    return token


def check_key(account: IpernityAccount, values: dict[str, str]) -> None:
    """Raise error 100 or 101 for a key that is missing or not known."""
    if not values.get("api_key"):
        raise ApiError(100)
    if values["api_key"] not in account.logins.consumers:
        raise ApiError(101)


def check_signature(account: IpernityAccount, method: str, values: dict[str, str]) -> None:
    """Raise error 104 or 105 for a signature that is missing or wrong."""
    if not values.get("api_sig"):
        raise ApiError(104)
    secret = account.logins.consumers[values["api_key"]]
    expected = signing.api_sig(values.items(), method, secret)
    if not signing.fits(values["api_sig"], expected):
        raise ApiError(105)


def allows(token: AccessToken, perms: str) -> bool:
    """Whether a token's permission on documents includes another."""
    return PERMS.index(token.perms or "none") >= PERMS.index(perms)


def _token(account: IpernityAccount, values: dict[str, str]) -> AccessToken:
    if not values.get("auth_token"):
        raise ApiError(106)
    token = account.logins.tokens.get(values["auth_token"])
    if token is None:
        raise ApiError(107)
    return token

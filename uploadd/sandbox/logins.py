"""Who may sign: consumers, request tokens, access tokens and the nonces that were used."""

from __future__ import annotations

import random
from collections import deque
from dataclasses import dataclass

from uploadd.sandbox.frobs import Frob, Frobs
from uploadd.sandbox.options import Credentials
from uploadd.sandbox.users import User, user_named

PERMS = ("read", "write", "delete")
ACCEPTED_SKEW_SECONDS = 300
OOB = "oob"
"""The callback of a program that has none: its user types the verifier."""


@dataclass
class RequestToken:
    """The first step of a login; `verifier`, `perms` and `user` come with the user's consent."""

    token: str
    secret: str
    callback: str
    verifier: str | None = None
    perms: str = "read"
    user: str = ""


@dataclass(frozen=True)
class AccessToken:
    """A login that lasts.

    `user` is a username, empty for the account's owner; `scheme` is `oauth`, or `old` for a token
    without a secret that goes with an `api_sig`.
    """

    token: str
    secret: str
    perms: str
    user: str = ""
    scheme: str = "oauth"

    def allows(self, perms: str) -> bool:
        """Whether its permission includes another: delete > write > read."""
        return PERMS.index(self.perms) >= PERMS.index(perms)


class Logins:
    """The consumers and tokens that the sandbox knows."""

    def __init__(self, credentials: Credentials, rng: random.Random) -> None:
        self._rng = rng
        self.user = credentials
        self.consumers = {credentials.api_key: credentials.api_secret}
        self.requests: dict[str, RequestToken] = {}
        self.tokens: dict[str, AccessToken] = {}
        self.frobs = Frobs(rng)
        self._nonces: set[tuple[str, ...]] = set()
        self._nonce_order: deque[tuple[float, tuple[str, ...]]] = deque()
        self.admit(AccessToken(credentials.token, credentials.token_secret, credentials.perms))

    def admit(self, token: AccessToken) -> None:
        """Let a token in."""
        self.tokens[token.token] = token

    def revoke(self, token: str) -> None:
        """Take a token back: calls with it answer `token_rejected`."""
        self.tokens.pop(token, None)

    def begin(self, callback: str) -> RequestToken:
        """Make a request token."""
        token = RequestToken(self._text(), self._hex(16), callback)
        self.requests[token.token] = token
        return token

    def user_of(self, token: AccessToken) -> User:
        """Whose login a token is."""
        return user_named(token.user, self.user)

    def is_owners(self, token: AccessToken | None) -> bool:
        """Whether a token lets its bearer into the account that the sandbox keeps."""
        return token is not None and self.user_of(token).nsid == self.user.nsid

    def consent(self, request: RequestToken, perms: str, user: str = "") -> str:
        """A user agrees; gives the verifier: NNN-NNN-NNN to be typed, hex digits to a callback."""
        request.perms, request.user = perms, user
        typed = request.callback == OOB
        request.verifier = self._digits() if typed else self._hex(16)
        return request.verifier

    def deny(self, request: RequestToken) -> None:
        """The user does not agree: the request token is of no more use."""
        del self.requests[request.token]

    def finish(self, request: RequestToken) -> AccessToken:
        """Trade a request token for an access token; it cannot be traded again."""
        del self.requests[request.token]
        token = AccessToken(self._text(), self._hex(16), request.perms, request.user)
        self.admit(token)
        return token

    def finish_frob(self, frob: Frob) -> AccessToken:
        """Trade a frob that a user agreed to for a token of the old scheme, once."""
        self.frobs.forget(frob)
        token = AccessToken(self._text(), "", frob.perms, frob.user, scheme="old")
        self.admit(token)
        return token

    def uses_nonce(self, nonce: tuple[str, ...], now: float) -> bool:
        """Note a nonce; False when it was used within the accepted skew."""
        while self._nonce_order and self._nonce_order[0][0] < now - 2 * ACCEPTED_SKEW_SECONDS:
            self._nonces.discard(self._nonce_order.popleft()[1])
        if nonce in self._nonces:
            return False
        self._nonces.add(nonce)
        self._nonce_order.append((now, nonce))
        return True

    def _digits(self) -> str:
        return "-".join(f"{self._rng.randrange(1000):03d}" for _ in range(3))

    def _text(self) -> str:
        return f"{self._rng.randrange(10**16, 10**17)}-{self._hex(16)}"

    def _hex(self, digits: int) -> str:
        return f"{self._rng.getrandbits(digits * 4):0{digits}x}"

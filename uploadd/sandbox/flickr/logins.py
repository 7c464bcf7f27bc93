"""Who may sign: consumers, request tokens, access tokens and the nonces that were used."""

from __future__ import annotations

import random
from collections import deque
from dataclasses import dataclass

from uploadd.sandbox.options import Credentials

PERMS = ("read", "write", "delete")
ACCEPTED_SKEW_SECONDS = 300


@dataclass
class RequestToken:
    """The first step of a login; `verifier` and `perms` come with the user's consent."""

    token: str
    secret: str
    callback: str
    verifier: str | None = None
    perms: str = "read"


@dataclass(frozen=True)
class AccessToken:
    """A login that lasts."""

    token: str
    secret: str
    perms: str

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

    def consent(self, request: RequestToken, perms: str) -> str:
        """The user agrees; gives the verifier, NNN-NNN-NNN."""
        request.perms = perms
        request.verifier = "-".join(f"{self._rng.randrange(1000):03d}" for _ in range(3))
        return request.verifier

    def finish(self, request: RequestToken) -> AccessToken:
        """Trade a request token for an access token; it cannot be traded again."""
        del self.requests[request.token]
        token = AccessToken(self._text(), self._hex(16), request.perms)
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

    def _text(self) -> str:
        return f"{self._rng.randrange(10**16, 10**17)}-{self._hex(16)}"

    def _hex(self, digits: int) -> str:
        return f"{self._rng.getrandbits(digits * 4):0{digits}x}"

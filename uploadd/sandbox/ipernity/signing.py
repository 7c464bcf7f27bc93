"""ipernity's signature: the MD5 of the parameters, the method, and the secret last."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Iterable

UNSIGNED = frozenset({"api_sig", "file"})


def api_sig(pairs: Iterable[tuple[str, str]], method: str, secret: str) -> str:
    """The signature over all parameters but `file` and itself.

    `method` is empty for the authorise link, which is signed without one.
    """
    signed = "".join(name + value for name, value in sorted(pairs) if name not in UNSIGNED)
    text = signed + method + secret
    return hashlib.md5(text.encode("utf-8"), usedforsecurity=False).hexdigest()


def fits(given: str, expected: str) -> bool:
    """Whether two signatures are the same."""
    return hmac.compare_digest(given.encode("utf-8"), expected.encode("utf-8"))

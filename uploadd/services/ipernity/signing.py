"""ipernity's signature: the MD5 of the parameters in order, the method, and the secret last.

ipernity API, "Data encoding and request signature". The file of an upload is no parameter.
"""

from __future__ import annotations

import hashlib

from uploadd.model.configuration import Account
from uploadd.services.multipart import Fields


def signature(fields: Fields, method: str, api_secret: str) -> str:
    """`api_sig` of these fields. An authorisation link is signed with an empty `method`."""
    parameters = "".join(name + value for name, value in sorted(fields))
    signed = f"{parameters}{method}{api_secret}"
    return hashlib.md5(signed.encode(), usedforsecurity=False).hexdigest()


def signed(account: Account, method: str, fields: Fields) -> list[tuple[str, str]]:
    """`fields` with the key, the token where there is one, and the signature over all of them."""
    whole = [*fields, ("api_key", account.api_key.reveal())]
    if account.token:
        whole.append(("auth_token", account.token.reveal()))
    return [*whole, ("api_sig", signature(whole, method, account.api_secret.reveal()))]

"""OAuth 1.0a with HMAC-SHA1 (RFC 5849), the way Flickr reads it.

Flickr signs every field of a multipart body except the file, which departs from RFC 5849; for
the signature such a body is therefore shown to oauthlib as if it were a form.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass
from typing import Literal
from urllib.parse import urlencode

from oauthlib import oauth1

from uploadd.model.configuration import Account
from uploadd.model.ports import Runtime
from uploadd.services.multipart import Fields
from uploadd.services.requests import FORM_TYPE

# Its debug lines hold the key, the token and the signature.
logging.getLogger("oauthlib").setLevel(logging.WARNING)


@dataclass(frozen=True, slots=True)
class Stamp:
    """What makes a signature unique: a nonce, and the unix time as text."""

    nonce: str
    timestamp: str


def new_stamp(runtime: Runtime) -> Stamp:
    """A stamp of now, with 128 random bits."""
    nonce = f"{runtime.random.getrandbits(128):032x}"
    return Stamp(nonce, str(int(runtime.clock.wall())))


def authorization(
    account: Account,
    stamp: Stamp,
    method: Literal["GET", "POST"],
    url: str,
    fields: Fields,
    callback: str = "",
) -> str:
    """The Authorization header for a request with these fields, sent to exactly this URL.

    A GET's `fields` are its query. `callback` only asks for a request
    token (Flickr OAuth, step 1).
    """
    client = oauth1.Client(
        account.api_key.reveal(),
        client_secret=account.api_secret.reveal(),
        resource_owner_key=account.token.reveal() or None,
        resource_owner_secret=account.token_secret.reveal() or None,
        callback_uri=callback or None,
        nonce=stamp.nonce,
        timestamp=stamp.timestamp,
    )
    if method == "GET":
        query = f"{url}?{urlencode(fields)}" if fields else url
        _, headers, _ = client.sign(query)
    else:
        _, headers, _ = client.sign(
            url, method, body=urlencode(fields), headers={"Content-Type": FORM_TYPE}
        )
    return str(headers["Authorization"])

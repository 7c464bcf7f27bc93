"""What every service's requests have in common: addresses, masked replies, and the sending."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import aclosing
from dataclasses import asdict, replace
from typing import TypeVar
from urllib.parse import urlencode, urlsplit

import structlog

from uploadd.model.configuration import Account
from uploadd.model.errors import UsageError
from uploadd.model.ports import Runtime
from uploadd.services.cleaning import one_line
from uploadd.services.multipart import Fields, Multipart
from uploadd.services.replies import Failure, Garbage, HttpTrouble, OAuthProblem
from uploadd.services.wire import Handed, Received, Stage, Unanswered, Wire

R = TypeVar("R")
_log = structlog.get_logger()

FORM_TYPE = "application/x-www-form-urlencoded"

_DEFAULT_PORTS = {"http": 80, "https": 443}
# A secret shorter than this would blot out innocent words.
_SHORTEST_MASKED = 8


def address(path: str, origin: str, base_url: str | None) -> str:
    """An endpoint's address. `base_url` replaces scheme and host (design section 6)."""
    return (base_url.rstrip("/") if base_url else origin) + path


def host_name(base_url: str | None, own: str) -> str:
    """The service's host for the account's identity, with the port where it is not the usual."""
    if not base_url:
        return own
    parts = urlsplit(base_url)
    host = parts.hostname or ""
    host = f"[{host}]" if ":" in host else host
    port = parts.port
    return host if port in (None, _DEFAULT_PORTS.get(parts.scheme)) else f"{host}:{port}"


def check_text(fields: Fields) -> None:
    """Raises `UsageError` where a name or a value cannot be written in UTF-8."""
    for name, value in fields:
        if any("\ud800" <= character <= "\udfff" for character in name + value):
            shown = one_line(name.encode(errors="replace").decode())
            raise UsageError(f"the parameter {shown} is not text in UTF-8", "write it in UTF-8")


def masked(received: Received, account: Account) -> Received:
    """The reply without our secrets: some errors repeat what was sent."""
    body = received.body
    for secret in (account.api_key, account.api_secret, account.token, account.token_secret):
        if len(secret.reveal()) >= _SHORTEST_MASKED:
            body = body.replace(secret.reveal().encode(), b"***")
    return replace(received, body=body)


class Requests:
    """Requests of one account, and their replies read. Nothing here retries, grants or judges.

    `endpoint` is what the log calls it; `read` reads a reply, given the time (unix seconds).
    """

    def __init__(self, account: Account, runtime: Runtime, wire: Wire) -> None:
        self._account = account
        self._runtime = runtime
        self._wire = wire

    async def post_file(
        self,
        endpoint: str,
        url: str,
        headers: Mapping[str, str],
        body: Multipart,
        handed: Handed,
        read: Callable[[Received, float], R],
    ) -> R | Unanswered:
        """POST fields and a file. Raises only what the file's body raises."""
        async with aclosing(body.chunks(handed)) as content:
            whole = {**body.headers, **headers}
            received = await self._wire.send(url, whole, content, handed)
        return self._read(endpoint, received, read)

    async def post_form(
        self,
        endpoint: str,
        url: str,
        headers: Mapping[str, str],
        fields: Fields,
        most_bytes: int,
        read: Callable[[Received, float], R],
    ) -> R | Unanswered:
        """POST fields, once, and read at most `most_bytes` of the reply. Raises nothing."""
        whole = {"Content-Type": FORM_TYPE, **headers}
        received = await self._wire.call(url, whole, urlencode(fields).encode(), most_bytes)
        return self._read(endpoint, received, read)

    def _read(
        self,
        endpoint: str,
        received: Received | Unanswered,
        read: Callable[[Received, float], R],
    ) -> R | Unanswered:
        if isinstance(received, Unanswered):
            return received
        try:
            reply = read(masked(received, self._account), self._runtime.clock.wall())
        except Exception as error:  # noqa: BLE001 - see below
            # Reading is total. If that is wrong once, it is one reply that cannot be read.
            _log.exception("reply.unread", endpoint=endpoint)
            text = f"what came cannot be read ({type(error).__name__})"
            return Unanswered(Stage.UNKNOWN, text)
        log_trouble(endpoint, reply)
        return reply


def log_trouble(endpoint: str, reply: object) -> None:
    """Not every form of these replies is established; what came is worth a line."""
    if isinstance(reply, Failure):
        _log.info("reply.refused", endpoint=endpoint, **asdict(reply))
    elif isinstance(reply, OAuthProblem | HttpTrouble | Garbage):
        _log.warning("reply.unusable", endpoint=endpoint, **asdict(reply))

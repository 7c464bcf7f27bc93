"""One signed request to Flickr, whatever it is for: where it goes, who signs it, who reads it."""

from __future__ import annotations

from contextlib import aclosing
from dataclasses import asdict
from urllib.parse import urlencode, urlsplit

import structlog

from uploadd.model.configuration import Account
from uploadd.model.ports import Runtime
from uploadd.services.flickr import replies
from uploadd.services.flickr.signing import FORM_TYPE, authorization, new_stamp
from uploadd.services.multipart import Fields, FilePart, Multipart
from uploadd.services.wire import MOST_REPLY_BYTES, Handed, Received, Unanswered, Wire

_log = structlog.get_logger()

UPLOAD_PATH = "/services/upload/"
REPLACE_PATH = "/services/replace/"
REST_PATH = "/services/rest/"
EDIT_PATH = "/photos/upload/edit/"
SERVICE_HOST = "flickr.com"

_ORIGINS = {
    UPLOAD_PATH: "https://up.flickr.com",
    REPLACE_PATH: "https://up.flickr.com",
    REST_PATH: "https://api.flickr.com",
    EDIT_PATH: "https://www.flickr.com",
}
_DEFAULT_PORTS = {"http": 80, "https": 443}
# A secret shorter than this would blot out innocent words.
_SHORTEST_MASKED = 8


def url_of(path: str, base_url: str | None) -> str:
    """The address of an endpoint. `base_url` replaces its scheme and host (design section 6)."""
    return (base_url.rstrip("/") if base_url else _ORIGINS[path]) + path


def host_of(base_url: str | None) -> str:
    """The service's host for the account's identity, with the port where it is not the usual."""
    if not base_url:
        return SERVICE_HOST
    parts = urlsplit(base_url)
    host = parts.hostname or ""
    host = f"[{host}]" if ":" in host else host
    port = parts.port
    return host if port in (None, _DEFAULT_PORTS.get(parts.scheme)) else f"{host}:{port}"


class Calls:
    """Signed requests of one account. Nothing here retries, grants or judges."""

    def __init__(self, account: Account, runtime: Runtime, wire: Wire) -> None:
        self._account = account
        self._runtime = runtime
        self._wire = wire

    async def post_file(
        self, path: str, fields: Fields, part: FilePart, handed: Handed
    ) -> replies.UploadReply | Unanswered:
        """POST fields and a file. Raises only what the file's body raises."""
        url = url_of(path, self._account.base_url)
        form = Multipart(fields, part, self._runtime.random)
        headers = {**form.headers, "Authorization": self._authorization(url, fields)}
        async with aclosing(form.chunks(handed)) as content:
            received = await self._wire.send(url, headers, content, handed)
        if isinstance(received, Unanswered):
            return received
        reply = replies.upload_reply(self._masked(received), self._runtime.clock.wall())
        _log_trouble(path, reply)
        return reply

    async def rest(
        self, method: str, fields: Fields, most_bytes: int = MOST_REPLY_BYTES
    ) -> replies.CallReply | Unanswered:
        """Call one REST method by POST, once. Raises nothing."""
        url = url_of(REST_PATH, self._account.base_url)
        whole = [("method", method), ("format", "json"), ("nojsoncallback", "1"), *fields]
        headers = {"Content-Type": FORM_TYPE, "Authorization": self._authorization(url, whole)}
        content = urlencode(whole).encode()
        received = await self._wire.call(url, headers, content, most_bytes)
        if isinstance(received, Unanswered):
            return received
        reply = replies.call_reply(self._masked(received), self._runtime.clock.wall())
        _log_trouble(method, reply)
        return reply

    def _authorization(self, url: str, fields: Fields) -> str:
        return authorization(self._account, new_stamp(self._runtime), "POST", url, fields)

    def _masked(self, received: Received) -> Received:
        """The reply without our secrets: some errors repeat what was sent."""
        account = self._account
        body = received.body
        for secret in (account.api_key, account.api_secret, account.token, account.token_secret):
            if len(secret.reveal()) >= _SHORTEST_MASKED:
                body = body.replace(secret.reveal().encode(), b"***")
        return Received(received.status, body, received.headers, received.is_cut)


def _log_trouble(endpoint: str, reply: replies.UploadReply | replies.CallReply) -> None:
    """Not every form of these replies is established; what came is worth a line."""
    if isinstance(reply, replies.Failure):
        _log.info("reply.refused", endpoint=endpoint, **asdict(reply))
    elif isinstance(reply, replies.OAuthProblem | replies.HttpTrouble | replies.Garbage):
        _log.warning("reply.unusable", endpoint=endpoint, **asdict(reply))

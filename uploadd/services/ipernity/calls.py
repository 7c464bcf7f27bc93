"""One request to ipernity, whatever it is for: where it goes, who signs it, who reads it."""

from __future__ import annotations

from urllib.parse import quote

from uploadd.model.configuration import Account
from uploadd.model.ports import Runtime
from uploadd.services.ipernity import replies
from uploadd.services.ipernity.signing import signed
from uploadd.services.multipart import Fields, FilePart, Multipart
from uploadd.services.replies import CallReply, UploadReply, XmlReply
from uploadd.services.requests import Requests, address, host_name
from uploadd.services.wire import MOST_REPLY_BYTES, Handed, Unanswered, Wire

API_ORIGIN = "https://api.ipernity.com"
SERVICE_HOST = "ipernity.com"


def url_of(method: str, base_url: str | None, reply_form: str = "json") -> str:
    """The address of a method. `base_url` replaces its scheme and host."""
    return address(f"/api/{quote(method, safe='')}/{reply_form}", API_ORIGIN, base_url)


def host_of(base_url: str | None) -> str:
    """The service's host for the account's identity, with the port where it is not the usual."""
    return host_name(base_url, SERVICE_HOST)


class Calls:
    """Requests of one account, signed by `api_sig`."""

    def __init__(self, account: Account, runtime: Runtime, wire: Wire) -> None:
        self._account = account
        self._runtime = runtime
        self._requests = Requests(account, runtime, wire)

    async def post_file(
        self, method: str, fields: Fields, part: FilePart, handed: Handed
    ) -> UploadReply | Unanswered:
        """POST fields and a file. Raises only what the file's body raises."""
        url = url_of(method, self._account.base_url)
        body = Multipart(signed(self._account, method, fields), part, self._runtime.random)
        return await self._requests.post_file(method, url, {}, body, handed, replies.upload_reply)

    async def call(
        self,
        method: str,
        fields: Fields,
        most_bytes: int = MOST_REPLY_BYTES,
        *,
        is_signed: bool = True,
    ) -> CallReply | Unanswered:
        """Call one method by POST, once. Raises nothing."""
        url = url_of(method, self._account.base_url)
        whole = self._whole(method, fields, is_signed=is_signed)
        read = replies.call_reply
        return await self._requests.post_form(method, url, {}, whole, most_bytes, read)

    async def call_as_xml(
        self, method: str, fields: Fields, most_bytes: int, *, is_signed: bool
    ) -> XmlReply | Unanswered:
        """The same, with a reply in XML."""
        url = url_of(method, self._account.base_url, "xml")
        whole = self._whole(method, fields, is_signed=is_signed)
        read = replies.xml_reply
        return await self._requests.post_form(method, url, {}, whole, most_bytes, read)

    def _whole(self, method: str, fields: Fields, *, is_signed: bool) -> Fields:
        if is_signed:
            return signed(self._account, method, fields)
        return [*fields, ("api_key", self._account.api_key.reveal())]

"""One request to Flickr, whatever it is for: where it goes, who signs it, who reads it."""

from __future__ import annotations

from collections.abc import Callable

from uploadd.model.configuration import Account
from uploadd.model.ports import Runtime
from uploadd.services.flickr import replies
from uploadd.services.flickr.signing import authorization, new_stamp
from uploadd.services.multipart import Fields, FilePart, Multipart
from uploadd.services.replies import CallReply, UploadReply, XmlReply
from uploadd.services.requests import R, Requests, address, host_name
from uploadd.services.wire import MOST_REPLY_BYTES, Handed, Received, Unanswered, Wire

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


def url_of(path: str, base_url: str | None) -> str:
    """The address of an endpoint."""
    return address(path, _ORIGINS[path], base_url)


def host_of(base_url: str | None) -> str:
    """The service's host for the account's identity, with the port where it is not the usual."""
    return host_name(base_url, SERVICE_HOST)


class Calls:
    """Requests of one account, signed by OAuth."""

    def __init__(self, account: Account, runtime: Runtime, wire: Wire) -> None:
        self._account = account
        self._runtime = runtime
        self._requests = Requests(account, runtime, wire)

    async def post_file(
        self, path: str, fields: Fields, part: FilePart, handed: Handed
    ) -> UploadReply | Unanswered:
        """POST fields and a file. Raises only what the file's body raises."""
        url = url_of(path, self._account.base_url)
        body = Multipart(fields, part, self._runtime.random)
        headers = self._authorization(url, fields)
        read = replies.upload_reply
        return await self._requests.post_file(path, url, headers, body, handed, read)

    async def rest(
        self,
        method: str,
        fields: Fields,
        most_bytes: int = MOST_REPLY_BYTES,
        *,
        is_signed: bool = True,
    ) -> CallReply | Unanswered:
        """Call one REST method by POST, once. Raises nothing."""
        whole = [("method", method), ("format", "json"), ("nojsoncallback", "1"), *fields]
        return await self._post(whole, most_bytes, replies.call_reply, is_signed=is_signed)

    async def rest_as_xml(
        self, method: str, fields: Fields, most_bytes: int, *, is_signed: bool
    ) -> XmlReply | Unanswered:
        """The same, with a reply in XML."""
        whole = [("method", method), ("format", "rest"), *fields]
        return await self._post(whole, most_bytes, replies.xml_reply, is_signed=is_signed)

    async def _post(
        self,
        fields: list[tuple[str, str]],
        most_bytes: int,
        read: Callable[[Received, float], R],
        *,
        is_signed: bool,
    ) -> R | Unanswered:
        method = fields[0][1]
        url = url_of(REST_PATH, self._account.base_url)
        if is_signed:
            headers = self._authorization(url, fields)
        else:
            headers, fields = {}, [*fields, ("api_key", self._account.api_key.reveal())]
        return await self._requests.post_form(method, url, headers, fields, most_bytes, read)

    def _authorization(self, url: str, fields: Fields) -> dict[str, str]:
        stamp = new_stamp(self._runtime)
        return {"Authorization": authorization(self._account, stamp, "POST", url, fields)}

"""A service that puts an attack into its replies: into one place of them at a time.

Nothing here knows what a reply is about: every text and number in it is a place, so that what is
added to a reply tomorrow is attacked tomorrow.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl, urlencode
from xml.etree import ElementTree as ET

import httpx

from uploadd.model.signs import is_unsafe

IN_XML = "\x9b2J\x90q\x9c\x7f\u202e\u2066\u200f\u061cevil\u2028\u2029\ufeff\u200b\ufff9\U000e0041"
ATTACK = "\x1b[2J\x1b]0;owned\x07\x08\r\n\x00\ud800\ufffe" + IN_XML
LONG = "x" * 200_000 + "\u0301" * 1000

CHANGES: tuple[Callable[[str], str], ...] = (
    lambda _old: ATTACK,
    lambda old: old + ATTACK,
    lambda old: f"{old}{IN_XML}{LONG}",
)
"""What may stand where `old` should."""

LONGEST_TEXT = 2000

Place = tuple[str, ...]
HEADERS: Place = ("headers",)
"""All headers of a reply, and some more."""
EVERYWHERE: Place = ()
ANY = "any"
"""As the endpoint: every one."""

_METHOD = re.compile(rb"(?:^|&)method=([\w.]+)")
_ODD_HEADERS = ("retry-after", "date", "location", "www-authenticate", "server", "set-cookie")


@dataclass
class Marking(httpx.AsyncBaseTransport):
    """Replaces what stands at `place` of the replies of `endpoint` by `change` of it.

    Without a place it writes down the places of every reply in `seen`.
    """

    inner: httpx.AsyncBaseTransport
    endpoint: str = ""
    place: Place | None = None
    change: Callable[[str], str] = str
    seen: dict[tuple[str, Place], None] = field(default_factory=dict)

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        method = _METHOD.search(await request.aread() if _is_form(request) else b"")
        endpoint = request.url.path + (f" {method[1].decode()}" if method else "")
        reply = await self.inner.handle_async_request(request)
        body = await reply.aread()
        await reply.aclose()
        self.seen.update(dict.fromkeys((endpoint, place) for place in places(body)))
        headers = dict(reply.headers)
        is_meant = self.endpoint in (endpoint, ANY)
        if is_meant and self.place == HEADERS:
            headers = {name: self.change(value) for name, value in headers.items()}
            headers |= {name: self.change("1") for name in _ODD_HEADERS}
        elif is_meant and self.place is not None:
            body = changed(body, self.place, self.change)
        headers.pop("content-length", None)
        sent = [(name, value.encode("utf-8", "replace")) for name, value in headers.items()]
        return httpx.Response(reply.status_code, headers=sent, content=body)

    async def aclose(self) -> None:
        await self.inner.aclose()


def places(body: bytes) -> list[Place]:
    """Every place of a reply where a text or a number stands."""
    found: dict[Place, None] = {HEADERS: None}

    def note(place: Place, value: str) -> str:
        found[place] = None
        return value

    _rewritten(body, note)
    return list(found)


def changed(body: bytes, place: Place, change: Callable[[str], str]) -> bytes:
    """The reply with another text at this place, or everywhere."""
    return _rewritten(
        body, lambda here, value: change(value) if place in (here, EVERYWHERE) else value
    )


def _rewritten(body: bytes, rewrite: Callable[[Place, str], str]) -> bytes:
    text = body.decode("utf-8")
    if text.lstrip().startswith(("{", "[")):
        return json.dumps(_json(json.loads(text), (), rewrite)).encode()
    if text.lstrip().startswith("<?xml"):
        root = ET.fromstring(text)
        _xml(root, (root.tag,), rewrite)
        return ET.tostring(root, "unicode").encode("utf-8", "surrogatepass")
    if re.match(r"\w+=", text):
        pairs = [(name, rewrite((name,), value)) for name, value in parse_qsl(text)]
        return urlencode(pairs, errors="surrogatepass").encode()
    return rewrite(("text",), text).encode("utf-8", "surrogatepass")


def _json(value: Any, place: Place, rewrite: Callable[[Place, str], str]) -> Any:
    if isinstance(value, dict):
        return {name: _json(one, (*place, name), rewrite) for name, one in value.items()}
    if isinstance(value, list):
        return [_json(one, (*place, "*"), rewrite) for one in value]
    told = "" if value is None else str(value)
    new = rewrite(place, told)
    return value if new == told else new


def _xml(element: ET.Element, place: Place, rewrite: Callable[[Place, str], str]) -> None:
    for name, value in element.attrib.items():
        element.attrib[name] = rewrite((*place, f"@{name}"), value)
    if len(element) == 0:
        element.text = rewrite((*place, "#text"), element.text or "")
    for child in element:
        _xml(child, (*place, child.tag), rewrite)


def _is_form(request: httpx.Request) -> bool:
    return "urlencoded" in request.headers.get("content-type", "")


def texts_in(value: Any) -> Iterator[str]:
    """Every text in a value, an error and its causes included."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for name, one in value.items():
            yield from (*texts_in(name), *texts_in(one))
    elif isinstance(value, BaseException):
        yield str(value)
        for one in (*value.args, vars(value), value.__cause__, value.__context__):
            yield from texts_in(one)
    elif isinstance(value, list | tuple | set | frozenset):
        for one in value:
            yield from texts_in(one)
    elif hasattr(value, "__dataclass_fields__"):
        for name in value.__dataclass_fields__:
            yield from texts_in(getattr(value, name))


def faults_in(text: str, kept: str = "") -> str:
    """What is wrong with a text that a person may see; empty where nothing is."""
    unsafe = sorted({sign for sign in text if is_unsafe(sign) and sign not in kept})
    return f"{unsafe!a} in {text[:300]!a}" if unsafe else ""

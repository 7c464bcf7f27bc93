"""Replies to mutate: what Flickr is known to answer, and every way to twist it."""

from __future__ import annotations

import json
from collections.abc import Callable
from copy import deepcopy
from typing import Any
from xml.etree import ElementTree as ET

from hypothesis import strategies as st

XML = '<?xml version="1.0" encoding="utf-8" ?>\n'
UPLOADS = (
    XML + '<rsp stat="ok">\n<photoid>7301022570</photoid>\n</rsp>\n',
    XML + '<rsp stat="ok">\n<ticketid>67099213-72157629966030528</ticketid>\n</rsp>\n',
    '<rsp stat="ok"><photoid secret="f408b81374" originalsecret="95e7">10100895983</photoid></rsp>',
    '<rsp stat="fail">\n\t<err code="1" msg="Not a pro account" />\n</rsp>',
    '<rsp stat="fail"><err code="5" msg="Filetype was not recognised" /></rsp>',
    (
        '<rsp stat="fail"><err code="9" msg="Duplicate photo/video detected" />'
        "<duplicate_photo_id>54</duplicate_photo_id>"
        "<duplicate_photo_status>DELETED</duplicate_photo_status></rsp>"
    ),
    '<rsp stat="fail"><err code="9" msg="d" duplicate_photo_id="54" /></rsp>',
    (
        '<rsp stat="fail"><err code="14" msg="Upload limit"/>'
        "<non_pro_desktop_upload_wait_time>30</non_pro_desktop_upload_wait_time></rsp>"
    ),
    '<rsp stat="fail"><err code="105" msg="Service currently unavailable" /></rsp>',
    '<rsp stat="fail"><err code="98" msg="Invalid auth token" /></rsp>',
)
CALLS: dict[str, tuple[Any, ...]] = {
    "tickets": (
        {"uploader": {"ticket": [{"id": "67099213-72157629966030528", "complete": 0}]}},
        {"uploader": {"ticket": [{"id": "67-1", "complete": 1, "photoid": "7", "imported": "1"}]}},
        {"uploader": {"ticket": {"id": "67-1", "complete": 2}}},
        {"uploader": {"ticket": [{"id": "67-2", "invalid": 1}, {"id": "67-2", "complete": 1}]}},
    ),
    "photos": (
        {
            "photos": {
                "page": 1, "pages": 9, "perpage": 500, "total": "4500",
                "photo": [
                    {"id": "54", "owner": "1@N00", "machine_tags": "checksum:sha256=" + "ab" * 32},
                    {"id": 55, "machine_tags": ""},
                ],
            }
        },
        {"photos": {"page": 1, "pages": 1, "photo": []}},
    ),
    "quota": (
        {
            "user": {
                "id": "1@N00", "ispro": 1, "username": {"_content": "me"},
                "bandwidth": {"max": "1", "maxbytes": "1", "unlimited": 1, "remainingbytes": 7},
                "filesize": {"max": "209715200", "maxbytes": "209715200", "maxkb": "204800"},
                "sets": {"created": 3, "remaining": "lots"},
                "videosize": {"maxbytes": "1073741824"},
                "videos": {"uploaded": 1, "remaining": "lots"},
                "upload_count": "35", "upload_limit": "1000",
            }
        },
    ),
    "login": ({"user": {"id": "1@N00", "username": {"_content": "me"}, "path_alias": None}},),
    "permission": ({"oauth": {"token": {"_content": "t"}, "perms": {"_content": "write"}}},),
    "failure": (
        {"stat": "fail", "code": 100, "message": "Invalid API Key (Key has invalid format)"},
        {"stat": "fail", "err": {"code": "98", "msg": "Invalid auth token"}},
        {"stat": "fail", "code": 1, "message": "Photo not found"},
    ),
}  # fmt: skip
PAGES = (
    b"<html><head><title>504 Gateway Time-out</title></head><body>nginx<br></body></html>",
    b"oauth_problem=signature_invalid&debug_sbs=POST&https%3A%2F%2Fup.flickr.com",
    b"oauth_problem=token_rejected",
    b"<!DOCTYPE html><p>Sign in to the network &nbsp; here",
    b"",
    b"\x1f\x8b\x08\x00\x00\x00\x00\x00",
)
BOMBS = (
    (
        b'<!DOCTYPE x [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;">'
        b'<!ENTITY c "&b;&b;&b;&b;&b;&b;&b;">]><rsp stat="ok"><photoid>&c;</photoid></rsp>'
    ),
    b'<!DOCTYPE x SYSTEM "http://127.0.0.1:1/x.dtd"><rsp stat="ok"><photoid>1</photoid></rsp>',
    (
        b'<!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/passwd">]>'
        b'<rsp stat="ok"><photoid>&e;</photoid></rsp>'
    ),
    b"<rsp>" * 50_000,
    b"[" * 200_000,
    b'{"a":' * 100_000,
    b'{"stat":"ok","n":' + b"9" * 20_000 + b"}",
    b'<rsp stat="ok"><photoid>' + b"1" * 200_000 + b"</photoid></rsp>",
    b'<rsp stat="ok" ' + b" ".join(b'a%d="1"' % n for n in range(5_000)) + b"/>",
)


class Shortened(bytes):
    """Bytes that do not fill the screen where an example fails."""

    __slots__ = ()

    def __repr__(self) -> str:
        shown = bytes(self)
        return repr(shown) if len(shown) < 500 else f"{shown[:200]!r} + {len(shown) - 200} bytes"


ENCODINGS = st.sampled_from(["utf-8", "utf-8", "utf-8-sig", "utf-16", "utf-32", "utf-7", "cp037"])

_LEAVES: st.SearchStrategy[Any] = st.one_of(
    st.none(), st.booleans(), st.integers(), st.just(10**400), st.floats(), st.text(max_size=20),
    st.sampled_from(["", "0", "-1", "1e9", "lots", "NaN", " 7 ", "7\n8", "\ud800", "\0", "٣"]),
)  # fmt: skip


def _nested(depth: int) -> Any:
    tree: Any = 1
    for number in range(depth):
        tree = [tree] if number % 2 else {"ticket": tree}
    return tree


def _places(tree: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """Every place in a tree of objects and lists, itself included."""
    found = [path]
    if isinstance(tree, dict | list):
        below = tree.items() if isinstance(tree, dict) else enumerate(tree)
        for key, value in below:
            found += _places(value, (*path, key))
    return found


def _changed(tree: Any, path: tuple[Any, ...], change: Callable[[Any], Any]) -> Any:
    if not path:
        return change(tree)
    tree[path[0]] = _changed(tree[path[0]], path[1:], change)
    return tree


@st.composite
def trees(draw: st.DrawFn, kind: str | None = None) -> Any:
    """A known answer with some of its parts swapped for something of another type."""
    kinds = st.sampled_from(sorted(CALLS)) if kind is None else st.just(kind)
    tree = deepcopy(draw(kinds.flatmap(lambda name: st.sampled_from(CALLS[name]))))
    tree.setdefault("stat", "ok")
    for _ in range(draw(st.integers(0, 3))):
        if not isinstance(tree, dict):
            break
        path = draw(st.sampled_from(_places(tree)))
        leaf = draw(_LEAVES)
        depth = draw(st.sampled_from([3, 300]))
        change = draw(
            st.sampled_from([
                lambda old, leaf=leaf: leaf,
                lambda old: [old, old],
                lambda old: {"_content": old},
                lambda old: {},
                lambda old: [],
                lambda old: old[0] if isinstance(old, list) and old else old,
                lambda old, depth=depth: _nested(depth),
            ])
        )  # fmt: skip
        tree = _changed(tree, path, change)
    return tree


@st.composite
def xml_documents(draw: st.DrawFn) -> str:
    """A known upload reply with elements doubled, emptied, moved, renamed, or full of nonsense."""
    root = ET.fromstring(draw(st.sampled_from(UPLOADS)))
    for _ in range(draw(st.integers(0, 3))):
        element = draw(st.sampled_from(list(root.iter())))
        how = draw(st.integers(0, 5))
        word = draw(st.text("0123456789-ab \n<&", max_size=8))
        if how == 0:
            element.text = word
        elif how == 1:
            element.append(deepcopy(draw(st.sampled_from(list(root.iter())))))
        elif how == 2:
            element.attrib = dict.fromkeys(element.attrib, word)
        elif how == 3:
            element.tag = draw(st.sampled_from(["rsp", "err", "photoid", "ticketid", "x"]))
        elif how == 4:
            element.clear()
        else:
            element.set(draw(st.sampled_from(["stat", "code", "msg"])), word)
    return ET.tostring(root, encoding="unicode")


@st.composite
def _cut_and_pasted(draw: st.DrawFn, bodies: st.SearchStrategy[bytes]) -> bytes:
    """With bytes cut out, doubled, replaced and put in."""
    body = bytearray(draw(bodies))
    for _ in range(draw(st.integers(0, 3))):
        start = draw(st.integers(0, len(body)))
        end = draw(st.integers(start, min(len(body), start + 40)))
        piece = bytes(body[start:end])
        new = draw(st.one_of(st.just(b""), st.just(piece * 2), st.binary(max_size=8)))
        body[start:end] = new
    return bytes(body)


def _encoded(text: str, encoding: str) -> bytes:
    return text.encode(encoding, "replace")


def json_text(tree: Any) -> str:
    """As it comes over the wire."""
    return json.dumps(tree)


TEXTS = st.one_of(xml_documents(), trees().map(json_text), st.sampled_from(UPLOADS))
BODIES: st.SearchStrategy[bytes] = st.one_of(
    st.builds(_encoded, TEXTS, ENCODINGS),
    _cut_and_pasted(st.builds(_encoded, TEXTS, st.just("utf-8"))),
    st.sampled_from(PAGES),
    st.sampled_from(range(len(BOMBS))).map(lambda number: BOMBS[number]),
    st.binary(max_size=100),
).map(Shortened)
"""What may stand in a reply's body."""

STATUSES = st.sampled_from(
    [200, 200, 200, 201, 206, 302, 400, 401, 403, 404, 411, 413, 429, 500, 502, 503, 504, 599]
)
_VALUES = st.one_of(
    st.sampled_from([
        b"0", b"-1", b"1e400", b"9" * 5000, b"text/xml; charset=nonsense", b"application/json",
        b"image/jpeg", b"multipart/form-data", b"gzip", b"br, deflate", b"chunked",
        b"Tue, 14 Nov 2023 22:15:20 GMT", b"Tue, 99 Nov 99999 99:99:99 -9999", b"\xff\xfe", b";;;",
    ]),
    st.binary(max_size=20).map(lambda raw: raw.translate(None, b"\r\n\0")),
)  # fmt: skip
HEADERS = st.lists(
    st.tuples(
        st.sampled_from([b"Retry-After", b"Date", b"Content-Type", b"Content-Length", b"Set-Cookie",
                         b"Content-Encoding", b"Transfer-Encoding", b"Location", b"X-\xe9"]),
        _VALUES,
    ),
    max_size=4,
)  # fmt: skip
"""Header lines, most of which lie."""

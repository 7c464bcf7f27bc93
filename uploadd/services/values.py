"""Values out of replies, read leniently: types vary, parts are missing. Pure, and total.

What a person is to see comes from `words` and from nothing else: it obeys no terminal, and has an
end. `exact` is for what is compared, and is never shown. An id, a token or a number with a sign
that does not belong there is none.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any
from xml.etree.ElementTree import Element, ParseError

from defusedxml import ElementTree
from defusedxml.common import DefusedXmlException

from uploadd.services.cleaning import one_line

MOST_DIGITS = 18
MOST_BYTES = 2**63 - 1
"""What the database can compare with; nobody has so much room."""
# A page of 500 photos with 75 tags each has 76,000. A million take four seconds to read.
MOST_XML_MARKS = 200_000
# Such a page has 30,000 in JSON. Two million values take seconds to read.
MOST_JSON_MARKS = 400_000

_ID = re.compile(r"[0-9A-Za-z][0-9A-Za-z@._:-]{0,99}")
_TOKEN = re.compile(r"[!-~]{1,300}")
_BLANKS = " \t\r\n"
_DIGITS = re.compile(r"[0-9]+")
_BELOW_ZERO = re.compile(r"-[0-9]+")
_JSON_MARKS = (b",", b"[", b"{")
_TRAILING_COMMA = re.compile(r",(\s*[}\]])")


def items(value: object) -> Iterator[Mapping[str, Any]]:
    """The objects of what a service gives as a list, as one object, or not at all."""
    for item in value if isinstance(value, list) else [value]:
        if isinstance(item, Mapping):
            yield item


def part(fields: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    """The object of this name; an empty one where there is none."""
    found = fields.get(name)
    return found if isinstance(found, Mapping) else {}


def exact(value: object) -> str:
    """A value that comes as a string, a number, or as `{"_content": …}`. Never to be shown."""
    if isinstance(value, Mapping):
        value = value.get("_content")
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        return ""
    return str(value).strip(_BLANKS)


def words(value: object) -> str:
    """The same for a person's eyes: one line of at most 100 signs, none that a terminal obeys."""
    return one_line(exact(value))


def identifier(value: object) -> str | None:
    """A photo's, ticket's or user's id, or None where there is none."""
    found = exact(value)
    return found if _ID.fullmatch(found) else None


def token(value: object) -> str | None:
    """A secret of a login, or None where there is none."""
    found = exact(value)
    return found if _TOKEN.fullmatch(found) else None


def number(value: object) -> int | None:
    """A whole number from 0 up, or None (missing, empty, "lots", nonsense)."""
    digits = exact(value).removesuffix(".0")
    if _BELOW_ZERO.fullmatch(digits):
        return 0  # an account over its limit: nothing is left
    return int(digits[:MOST_DIGITS]) if _DIGITS.fullmatch(digits) else None


def json_value(body: bytes) -> object:
    """JSON as it was meant: one recorded reply of Flickr's had a trailing comma. Else None."""
    if sum(map(body.count, _JSON_MARKS)) > MOST_JSON_MARKS:
        return None
    source = body.decode("utf-8", errors="replace")
    try:
        return _parsed(source)
    except (ValueError, RecursionError):
        mended, commas = _TRAILING_COMMA.subn(r"\1", source)
    try:
        return _parsed(mended) if commas else None
    except (ValueError, RecursionError):
        return None


def xml_root(body: bytes) -> Element | None:
    """The outermost element of an XML document without a DTD, or None."""
    if body.count(b"<") + body.count(b"=") > MOST_XML_MARKS:
        return None
    try:
        root: Element = ElementTree.fromstring(body.strip(), forbid_dtd=True)
    except (ParseError, DefusedXmlException, ValueError, LookupError, RecursionError):
        return None
    return root


def _parsed(source: str) -> object:
    parsed: object = json.loads(source)
    return parsed

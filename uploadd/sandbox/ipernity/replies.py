"""ipernity's envelope: one reply, as JSON or as XML.

A body is written once, in JSON's shape: at the top a scalar is an element with text; below it a
scalar is an attribute, an object a child element, a list repeated children; `Text` is an element
with text anywhere. In JSON every attribute is a string.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from xml.sax.saxutils import escape, quoteattr

from uploadd.sandbox.ipernity.errors import wording

Value = str | int | None | Sequence["Value"] | Mapping[str, "Value"]
Body = Mapping[str, Value]

_XML_HEAD = '<?xml version="1.0" encoding="utf-8"?>\n'
_NOT_IN_XML = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")


class Text(str):
    """A text that is an element of its own in XML."""

    __slots__ = ()


class ApiError(Exception):
    """A call that ipernity refuses with a code; `message` where it is not the documented one."""

    def __init__(self, code: int, message: str = "") -> None:
        super().__init__(code, message)
        self.code = code
        self.message = message

    def wording(self, method: str) -> str:
        """What the reply says."""
        return self.message or wording(method, self.code)


def success_json(body: Body) -> str:
    """A successful reply as JSON."""
    return json.dumps({"api": {"status": "ok"}, **{name: _strings(v) for name, v in body.items()}})


def failure_json(code: int | str, message: str) -> str:
    """A refusal as JSON; its code is a number or a string."""
    return json.dumps({"api": {"status": "error", "code": code, "message": message}})


def success_xml(body: Body) -> str:
    """A successful reply as XML."""
    inner = "".join(_elements(name, value, is_top=True) for name, value in body.items())
    return f'{_XML_HEAD}<api status="ok">{inner}</api>\n'


def failure_xml(code: int, message: str) -> str:
    """A refusal as XML."""
    return f'{_XML_HEAD}<api status="error" code="{code}" message={quoteattr(_clean(message))}/>\n'


def _strings(value: Value) -> Value:
    if isinstance(value, Mapping):
        return {name: _strings(one) for name, one in value.items()}
    if isinstance(value, str) or value is None:
        return value
    return str(value) if isinstance(value, int) else [_strings(one) for one in value]


def _elements(name: str, value: Value, *, is_top: bool = False) -> str:
    if isinstance(value, Mapping):
        return _element(name, value)
    if isinstance(value, Text) or (is_top and isinstance(value, str | int)):
        return f"<{name}>{escape(_clean(value))}</{name}>"
    if isinstance(value, Sequence) and not isinstance(value, str):
        return "".join(_elements(name, one) for one in value)
    return ""


def _element(name: str, value: Body) -> str:
    attributes = "".join(
        f" {key}={quoteattr(_clean(one))}"
        for key, one in value.items()
        if isinstance(one, str | int | None) and not isinstance(one, Text)
    )
    inner = "".join(_elements(key, one) for key, one in value.items())
    return f"<{name}{attributes}>{inner}</{name}>" if inner else f"<{name}{attributes}/>"


def _clean(value: str | int | None) -> str:
    return _NOT_IN_XML.sub("\ufffd", "" if value is None else str(value))

"""Flickr's envelope: one reply, as XML or as JSON (Flickr API, response formats).

A body is written once, in JSON's shape: a scalar is an attribute, an object a child element, a
list repeated children, and `_content` an element's text.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from xml.sax.saxutils import escape, quoteattr

Scalar = str | int | float | None
Value = Scalar | Sequence["Value"] | Mapping[str, "Value"]
Body = Mapping[str, Value]

_XML_HEAD = '<?xml version="1.0" encoding="utf-8" ?>\n'
_NOT_IN_XML = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")


class ApiError(Exception):
    """A call that Flickr refuses with a code; `extras` are fields beside code and message."""

    def __init__(self, code: int, message: str, extras: Extras | None = None) -> None:
        super().__init__(code, message)
        self.code = code
        self.message = message
        self.extras = extras or Extras()


@dataclass(frozen=True)
class Extras:
    """What a failure carries beside its code, by where it sits in the XML."""

    rsp_children: Mapping[str, str] = field(default_factory=dict)
    err_children: Mapping[str, str] = field(default_factory=dict)
    err_attributes: Mapping[str, str] = field(default_factory=dict)
    rsp_attributes: Mapping[str, str] = field(default_factory=dict)


def success_xml(body: Body) -> str:
    """A successful reply as XML."""
    return f'{_XML_HEAD}<rsp stat="ok">\n{_children(body)}</rsp>\n'


def failure_xml(error: ApiError) -> str:
    """A refusal as XML; an `err` without children is closed at once, as Flickr does."""
    extras = error.extras
    err = {"code": str(error.code), "msg": error.message, **extras.err_attributes}
    inner = _texts(extras.err_children)
    end = f">{inner}</err>" if inner else " />"
    return (
        f'{_XML_HEAD}<rsp stat="fail"{_attributes(extras.rsp_attributes)}>\n'
        f"\t<err{_attributes(err)}{end}\n{_texts(extras.rsp_children)}</rsp>\n"
    )


def success_json(body: Body) -> str:
    """A successful reply as JSON."""
    return json.dumps({**body, "stat": "ok"})


def failure_json(error: ApiError) -> str:
    """A refusal as JSON."""
    return json.dumps({"stat": "fail", "code": error.code, "message": error.message})


def _texts(children: Mapping[str, str]) -> str:
    return "".join(f"\t<{name}>{_text(value)}</{name}>\n" for name, value in children.items())


def _children(body: Body) -> str:
    return "".join(_elements(name, value) for name, value in body.items())


def _elements(name: str, value: Value) -> str:
    if isinstance(value, Mapping):
        return _element(name, value)
    if isinstance(value, Sequence) and not isinstance(value, str):
        return "".join(_elements(name, one) for one in value)
    return ""


def _element(name: str, value: Body) -> str:
    own = {
        key: one
        for key, one in value.items()
        if key != "_content" and isinstance(one, str | int | float | None)
    }
    text, children = _text(value.get("_content") or ""), _children(value)
    # Flickr begins a line with each child; there are clients that count the text in between.
    inner = text + ("\n" if children and not text else "") + children
    return (
        f"<{name}{_attributes(own)}>{inner}</{name}>\n"
        if inner
        else f"<{name}{_attributes(own)} />\n"
    )


def _attributes(values: Mapping[str, Scalar]) -> str:
    return "".join(f" {name}={quoteattr(_clean(value))}" for name, value in values.items())


def _text(value: Value) -> str:
    return escape(_clean(value))


def _clean(value: Value) -> str:
    return _NOT_IN_XML.sub("�", "" if value is None else str(value))

"""The fields of upload.file and upload.replace, and what each may hold."""

from __future__ import annotations

import re

from uploadd.sandbox.ipernity.access import ALWAYS_KNOWN
from uploadd.sandbox.problems import UnacceptableError

_WHO = re.compile("[0-5]")
_FLAG = re.compile("[01]")
_NUMBER = re.compile(r"-?\d+(\.\d+)?")
_FORMS: dict[str, re.Pattern[str]] = {
    "created_at": re.compile(r"\d{4}-\d\d-\d\d( \d\d:\d\d:\d\d)?|\d+"),
    "license": re.compile(r"\d+"),
    "is_public": _FLAG,
    "is_family": _FLAG,
    "is_friend": _FLAG,
    "safety": re.compile("[123]"),
    "album_id": re.compile(r"\d+"),
    "member_ids": re.compile(r"\d+(,\d+)*"),
    "perm_comment": _WHO,
    "perm_tag": _WHO,
    "perm_tagme": _WHO,
    "lng": _NUMBER,
    "lat": _NUMBER,
    "dir": re.compile("[1368]"),
    "async": _FLAG,
}
UPLOAD_FIELDS = frozenset({"title", "description", "keywords"}) | frozenset(_FORMS)
REPLACE_FIELDS = frozenset({"doc_id", "async"})


def check_fields(
    values: dict[str, str], known: frozenset[str], *, ignores_unknown: bool = False
) -> None:
    """Raise UnacceptableError for a field that is not known and for a value out of range.

    What ipernity itself does with those is not documented; here they are made visible.
    """
    for name, value in values.items():
        if name not in known | ALWAYS_KNOWN:
            if ignores_unknown:
                continue
            raise UnacceptableError(f"unknown field {name!r}")
        form = _FORMS.get(name)
        if form is not None and not form.fullmatch(value):
            raise UnacceptableError(f"field {name!r} may not be {value!r}")

"""The fields of an upload, and what each may hold (Flickr upload API, arguments)."""

from __future__ import annotations

from collections.abc import Iterable

from uploadd.sandbox.flickr.problems import UnacceptableError

# Any call may carry these.
COMMON = frozenset({"api_key", "format", "nojsoncallback", "api_sig", "auth_token"})

_CHOICES: dict[str, frozenset[str]] = {
    "is_public": frozenset("01"),
    "is_friend": frozenset("01"),
    "is_family": frozenset("01"),
    "safety_level": frozenset("123"),
    "content_type": frozenset("1234"),
    "hidden": frozenset("12"),
    "async": frozenset("01"),
    "dedup_check": frozenset("012"),
    "bulk": frozenset("01"),
}
_TEXTS = frozenset(
    {"title", "description", "tags", "external_image_link", "clone_meta_from_photo_id"}
)
UPLOAD_FIELDS = _TEXTS | frozenset(_CHOICES)
REPLACE_FIELDS = frozenset({"photo_id", "async"})


def unknown(pairs: Iterable[tuple[str, str]], known: frozenset[str]) -> list[str]:
    """The names among a form's fields that Flickr does not know."""
    names = {name for name, _ in pairs if not name.startswith("oauth_")}
    return sorted(names - COMMON - known)


def accepted(pairs: Iterable[tuple[str, str]], known: frozenset[str]) -> dict[str, str]:
    """The known fields by name.

    Raises UnacceptableError for one that was sent twice, and for a value out of range. Flickr
    itself ignores these; here they are made visible.
    """
    found: dict[str, str] = {}
    for name, value in pairs:
        if name not in known:
            continue
        if name in found:
            raise UnacceptableError(f"field {name!r} was sent twice")
        if name in _CHOICES and value not in _CHOICES[name]:
            raise UnacceptableError(f"field {name!r} may not be {value!r}")
        found[name] = value
    return found

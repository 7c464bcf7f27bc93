"""doc.set, doc.setPerms, doc.tags.add: what is written about a document."""

from __future__ import annotations

from uploadd.sandbox.ipernity.keywords import split_keywords
from uploadd.sandbox.ipernity.methods.docs import tags, visibility
from uploadd.sandbox.ipernity.methods.registry import Call, method
from uploadd.sandbox.ipernity.replies import ApiError, Body, Text
from uploadd.sandbox.photos import Photo

_FLAGS = ("is_public", "is_friend", "is_family")
# 0 private, 1 family, 2 friends, 3 both, 4 public
_SHARES = {"0": (0, 0, 0), "1": (0, 0, 1), "2": (0, 1, 0), "3": (0, 1, 1), "4": (1, 0, 0)}
_WHO = ("perm_comment", "perm_tag", "perm_tagme")
_PERMS = "is_public is_friend is_family share perm_comment perm_tag perm_tagme"


@method("doc.set", "write", f"doc_id title description {_PERMS}", is_posted=True)
def set_texts(call: Call) -> Body:
    """New title, description or permissions."""
    photo = call.doc(call.values.get("doc_id", ""))
    if not call.values.keys() & {"title", "description", "share", *_FLAGS, *_WHO}:
        raise ApiError(2)
    _set_perms(call, photo, wrong=3)
    photo.title = call.values.get("title", photo.title)
    photo.description = call.values.get("description", photo.description)
    call.account.put(photo)
    return {
        "doc": {
            "doc_id": photo.id,
            "title": photo.title,
            "share": visibility(photo)["share"],
            "description": Text(photo.description),
        }
    }


@method("doc.setPerms", "write", f"doc_id {_PERMS}", is_posted=True)
def set_perms(call: Call) -> Body:
    """Who sees a document: all three flags, or `share`."""
    photo = call.doc(call.values.get("doc_id", ""))
    if not call.values.keys() & {"share", *_FLAGS, *_WHO}:
        raise ApiError(2)
    _set_perms(call, photo, wrong=2)
    call.account.put(photo)
    return {}


@method("doc.tags.add", "write", "doc_id keywords members", is_posted=True)
def add_tags(call: Call) -> Body:
    """Add keywords; those that are there are dropped."""
    photo = call.doc(call.values.get("doc_id", ""))
    if not call.values.get("keywords"):
        raise ApiError(2)
    given = split_keywords(call.values["keywords"])
    known = {tag.lower() for tag in photo.tags}
    new = [tag for tag in given if tag.lower() not in known]
    call.account.photos.forget(photo)
    photo.tags = [*photo.tags, *new]
    call.account.put(photo)
    counts = {"added": len(new), "dropped": len(given) - len(new)}
    return {"tags": {**counts, "tag": tags(call, photo, new)}}


def _set_perms(call: Call, photo: Photo, wrong: int) -> None:
    values = call.values
    if any(values.get(name, "0") not in "012345" for name in _WHO):
        raise ApiError(wrong)
    if "share" in values:
        if values["share"] not in _SHARES:
            raise ApiError(wrong)
        photo.is_public, photo.is_friend, photo.is_family = _SHARES[values["share"]]
    elif values.keys() & set(_FLAGS):
        if any(values.get(name) not in ("0", "1") for name in _FLAGS):
            raise ApiError(wrong)
        photo.is_public, photo.is_friend, photo.is_family = (int(values[n]) for n in _FLAGS)

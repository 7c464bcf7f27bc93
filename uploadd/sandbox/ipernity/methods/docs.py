"""doc.get, doc.checkMD5, doc.getList: which documents are there."""

from __future__ import annotations

import time

from uploadd.sandbox.ipernity.methods.registry import Call, method
from uploadd.sandbox.ipernity.replies import ApiError, Body, Text, Value
from uploadd.sandbox.photos import Photo

_MOST_MD5 = 20
_MOST_A_PAGE = 100
_DEFAULT_A_PAGE = 20


@method("doc.get", "key", "doc_id extra")
def get(call: Call) -> Body:
    """One document, and what is written about it."""
    photo = call.doc(call.values.get("doc_id", ""))
    owner = call.account.options.credentials
    return {
        "doc": {
            **_facts(photo),
            "link": f"/doc/{owner.nsid}/{photo.id}",
            "owner": {"user_id": owner.nsid, "username": owner.username, "realname": ""},
            "description": Text(photo.description),
            "dates": _dates(photo),
            "visibility": visibility(photo),
            "can": {"fave": 0, "comment": 1, "tag": 1, "tagme": 1, "zoom": 1, "download": 1},
            **_extras(call, photo),
        }
    }


@method("doc.checkMD5", "read", "md5")
def check_md5(call: Call) -> Body:
    """Which of at most 20 contents the account has, by their MD5."""
    options = call.account.options
    call.account.settle()
    asked = list(dict.fromkeys(call.several("md5", _MOST_MD5)))
    found = {md5: doc_id for md5 in asked if (doc_id := _doc_with(call, md5.lower()))}
    if not found and options.md5_reply == "error":
        raise ApiError(1)
    if not found and options.md5_reply == "empty":
        return {}
    told: list[Value] = [
        {"md5": md5, "found": 1, "doc_id": found[md5]} if md5 in found else {"md5": md5, "found": 0}
        for md5 in asked
        if md5 in found or options.md5_reply == "each"
    ]
    return {"docs": {"count": len(told), "found": len(found), "doc": told}}


@method("doc.getList", "key", "user_id media share extra thumbsize per_page page")
def get_list(call: Call) -> Body:
    """A user's documents, the newest first."""
    account = call.account
    account.settle()
    if call.values.get("user_id") != account.options.credentials.nsid:
        raise ApiError(1)
    shown = [
        photo
        for photo in reversed(list(account.photos))
        if photo.is_visible and (photo.is_public == 1 or call.login is not None)
    ]
    size = call.number("per_page", _DEFAULT_A_PAGE, _MOST_A_PAGE)
    page = call.number("page", 1, 10**9)
    listed: list[Value] = [
        {**_facts(photo), **_extras(call, photo)}
        for photo in shown[(page - 1) * size : page * size]
    ]
    counts = {"total": len(shown), "per_page": size, "page": page, "pages": -(-len(shown) // size)}
    return {"docs": {**counts, "doc": listed}}


def visibility(photo: Photo) -> Body:
    """Who sees a document; `share` is 0 private, 1 family, 2 friends, 3 both, 4 public."""
    share = 4 if photo.is_public else photo.is_family + 2 * photo.is_friend
    return {
        "ispublic": photo.is_public,
        "isfriend": photo.is_friend,
        "isfamily": photo.is_family,
        "share": share,
    }


def tags(call: Call, photo: Photo, shown: list[str]) -> list[Value]:
    """Tags as ipernity lists them."""
    user = call.account.options.credentials.nsid
    return [
        {"type": _kind(tag), "id": f"{photo.key}{number}", "user_id": user, "tag": tag}
        for number, tag in enumerate(shown, 1)
    ]


def _kind(tag: str) -> str:
    before, equals, _ = tag.partition("=")
    return "machine" if equals and ":" in before else "keyword"


def _doc_with(call: Call, md5: str) -> str | None:
    options, now = call.account.options, call.account.now()
    if not options.search_finds:
        return None
    for photo in call.account.photos.with_md5(md5):
        is_seen = photo.is_visible or (options.dedup_sees_pending and photo.is_on_account)
        if is_seen and photo.kept_at + options.search_lag_seconds <= now:
            return call.account.name(photo)
    return None


def _facts(photo: Photo) -> dict[str, Value]:
    return {
        "doc_id": photo.id,
        "media": "video" if photo.is_video else "photo",
        "license": 0,
        "title": photo.title,
        "safety": photo.safety_level,
    }


def _dates(photo: Photo) -> Body:
    created = time.strftime("%Y-%m-%d %H:%M:%S", time.gmtime(photo.kept_at))
    return {"posted_at": int(photo.kept_at), "created": created}


def _extras(call: Call, photo: Photo) -> dict[str, Value]:
    wanted = {name.strip() for name in call.values.get("extra", "").split(",")}
    extras: dict[str, Value] = {}
    if "md5" in wanted:
        extras["md5"] = photo.md5
    if "dates" in wanted:
        extras["dates"] = _dates(photo)
    if "tags" in wanted:
        extras["tags"] = {"total": len(photo.tags), "tag": tags(call, photo, photo.tags)}
    return extras

"""album.create, album.docs.add, album.getList."""

from __future__ import annotations

from uploadd.sandbox.ipernity.account import Album
from uploadd.sandbox.ipernity.methods.registry import Call, method
from uploadd.sandbox.ipernity.replies import ApiError, Body, Text, Value

_MOST_DOCS = 20
_MOST_A_PAGE = 100


@method("album.create", "write", "title description cover_id perm_comment", is_posted=True)
def create(call: Call) -> Body:
    """A new album; titles are not unique."""
    title = call.values.get("title", "").strip()
    if not title:
        raise ApiError(1)
    cover_id = call.values.get("cover_id", "")
    if cover_id:
        call.doc(cover_id, 2)
    album = call.account.make_album(title, call.values.get("description", ""), cover_id)
    return {"album": {**_facts(call, album), "description": Text(album.description)}}


@method("album.docs.add", "write", "album_id doc_id", is_posted=True)
def add_docs(call: Call) -> Body:
    """Add at most 20 documents; one that is there is skipped, without an error."""
    album = call.account.albums.get(call.values.get("album_id", ""))
    if album is None:
        raise ApiError(1)
    asked = call.several("doc_id", _MOST_DOCS)
    if not asked:
        raise ApiError(2)
    for doc_id in asked:
        call.doc(doc_id, 2)
    told: list[Value] = []
    added = 0
    for doc_id in asked:
        is_new = doc_id not in album.doc_ids
        added += is_new
        if is_new:
            album.doc_ids.append(doc_id)
        told.append({"doc_id": doc_id, "added": int(is_new), "error": 0})
    call.account.put_album(album)
    counts = {"total": len(album.doc_ids), "added": added, "skipped": len(asked) - added}
    return {"album": {"album_id": album.album_id, **counts, "doc": told}}


@method("album.getList", "key", "user_id empty notinfolder thumbsize per_page page")
def get_list(call: Call) -> Body:
    """A user's albums, the newest first; empty ones only with `empty=1`."""
    owner = call.account.options.credentials.nsid
    is_known = call.values.get("user_id", owner) == owner
    if not is_known or ("user_id" not in call.values and call.login is None):
        raise ApiError(1)
    with_empty = call.values.get("empty") == "1"
    shown = [one for one in reversed(call.account.albums.values()) if one.doc_ids or with_empty]
    size = call.number("per_page", _MOST_A_PAGE, _MOST_A_PAGE)
    page = call.number("page", 1, 10**9)
    listed: list[Value] = [_facts(call, album) for album in shown[(page - 1) * size : page * size]]
    counts = {"total": len(shown), "per_page": size, "page": page, "count": len(listed)}
    pages = -(-len(shown) // size)
    return {"albums": {**counts, "pages": pages, "can": {"create": 1}, "album": listed}}


def _facts(call: Call, album: Album) -> dict[str, Value]:
    owner = call.account.options.credentials.nsid
    return {
        "album_id": album.album_id,
        "link": f"/doc/{owner}/album/{album.album_id}",
        "title": album.title,
        "dates": {"created_at": int(album.made_at), "last_update_at": int(album.made_at)},
        "count": {"docs": len(album.doc_ids)},
        "cover": {"doc_id": album.cover_id},
    }

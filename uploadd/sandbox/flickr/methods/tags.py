"""flickr.photos.getInfo, addTags, removeTag: what is written about one photo, and its tags."""

from __future__ import annotations

from uploadd.sandbox.flickr.methods.registry import Call, method
from uploadd.sandbox.flickr.problems import UnacceptableError
from uploadd.sandbox.flickr.replies import ApiError, Body
from uploadd.sandbox.photos import Photo
from uploadd.sandbox.tags import MAX_TAGS, clean_tag, machine_tag, split_tags


@method("flickr.photos.getInfo", "key", "photo_id secret")
def get_info(call: Call) -> Body:
    """One photo with its tags; `secret` is not checked here."""
    photo = _photo(call)
    owner = call.sandbox.options.credentials
    return {
        "photo": {
            "id": photo.id,
            "secret": photo.md5[:10],
            "media": "video" if photo.is_video else "photo",
            "dateuploaded": str(int(photo.kept_at)),
            "safety_level": str(photo.safety_level - 1),
            "owner": {"nsid": owner.nsid, "username": owner.username},
            "title": {"_content": photo.title},
            "description": {"_content": photo.description},
            "visibility": {
                "ispublic": photo.is_public,
                "isfriend": photo.is_friend,
                "isfamily": photo.is_family,
            },
            "tags": {"tag": [_tag(photo, tag, owner.nsid) for tag in photo.tags]},
        }
    }


@method("flickr.photos.addTags", "write", "photo_id tags")
def add_tags(call: Call) -> Body:
    """Add tags: all of them, or, where there is no room for all, none."""
    photo, sandbox = _own_photo(call), call.sandbox
    if not call.arguments.get("tags", "").strip():
        raise UnacceptableError("addTags without tags")
    known = {clean_tag(tag) for tag in photo.tags}
    new = [tag for tag in split_tags(call.arguments["tags"]) if clean_tag(tag) not in known]
    if len(photo.tags) + len(new) > MAX_TAGS:
        raise ApiError(2, "Maximum number of tags reached")
    _set_tags(call, photo, [*photo.tags, *new])
    owner = sandbox.options.credentials.nsid
    return {"tags": {"tag": [_tag(photo, tag, owner) for tag in new]}}


@method("flickr.photos.removeTag", "write", "tag_id")
def remove_tag(call: Call) -> Body:
    """Remove one tag by its id, which names its photo."""
    tag_id = call.arguments.get("tag_id", "")
    _, _, rest = tag_id.partition("-")
    photo = call.sandbox.photos.get(rest.rpartition("-")[0])
    kept = [] if photo is None else [tag for tag in photo.tags if _tag_id(photo, tag) != tag_id]
    if not call.is_owners or photo is None or not photo.is_visible or len(kept) == len(photo.tags):
        raise ApiError(1, "Tag not found")
    _set_tags(call, photo, kept)
    return {}


def _photo(call: Call) -> Photo:
    photo_id = call.arguments.get("photo_id", "")
    call.sandbox.settle()
    photo = call.sandbox.photos.get(photo_id)
    if photo is None or not photo.is_visible or not (photo.is_public or call.is_owners):
        raise ApiError(1, f'Photo "{photo_id}" not found (invalid ID)')
    return photo


def _own_photo(call: Call) -> Photo:
    photo = _photo(call)
    if not call.is_owners:
        raise ApiError(1, f'Photo "{photo.id}" not found (invalid ID)')
    return photo


def _set_tags(call: Call, photo: Photo, tags: list[str]) -> None:
    call.sandbox.photos.forget(photo)
    photo.tags = tags
    call.sandbox.put(photo)


def _tag(photo: Photo, tag: str, author: str) -> Body:
    return {
        "id": _tag_id(photo, tag),
        "author": author,
        "raw": tag,
        "_content": clean_tag(tag),
        "machine_tag": int(machine_tag(tag) is not None),
    }


def _tag_id(photo: Photo, tag: str) -> str:
    """`user-photo-number`, as Flickr's look."""
    number = sum((at + 1) * ord(character) for at, character in enumerate(clean_tag(tag)))
    return f"12345678-{photo.id}-{number}"

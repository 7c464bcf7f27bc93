"""Lists of photos: pages, and the fields that `extras` adds."""

from __future__ import annotations

import time
from collections.abc import Callable

from uploadd.sandbox.flickr.methods.registry import Call
from uploadd.sandbox.flickr.problems import UnacceptableError
from uploadd.sandbox.flickr.replies import ApiError, Body, Value
from uploadd.sandbox.photos import Photo

LISTING = "user_id extras per_page page"
MAX_PER_PAGE = 500
_DEFAULT_PER_PAGE = 100


def number(call: Call, name: str, default: int) -> int:
    """A whole number among the arguments; raises UnacceptableError for anything else."""
    text = call.arguments.get(name, "")
    if not text:
        return default
    if not (text.isascii() and text.isdigit()):
        raise UnacceptableError(f"argument {name!r} may not be {text!r}")
    return int(text)


def sight(call: Call) -> Callable[[Photo], bool]:
    """Which photos of `user_id` (`me`, or an id) the caller may see.

    Only their owner sees those that are not public, and only for him `privacy_filter` counts.
    Raises ApiError 2 for a user that is not there.
    """
    sandbox, owner = call.sandbox, call.sandbox.logins.user.nsid
    asked = call.arguments.get("user_id") or "me"
    nsid = call.user.nsid if asked == "me" else asked
    if nsid not in (owner, call.user.nsid):
        raise ApiError(2, "Unknown user")
    sandbox.settle()
    wanted = number(call, "privacy_filter", 0) if call.is_owners else 1
    return lambda photo: nsid == owner and photo.is_visible and wanted in (0, privacy_of(photo))


def privacy_of(photo: Photo) -> int:
    """Who sees a photo, as `privacy_filter` counts: 1 all, 2 friends, 3 family, 4 both, 5 none."""
    if photo.is_public:
        return 1
    return {(1, 0): 2, (0, 1): 3, (1, 1): 4}.get((photo.is_friend, photo.is_family), 5)


def as_page(call: Call, photos: list[Photo]) -> Body:
    """The page that was asked for, newest upload first."""
    per_page = number(call, "per_page", _DEFAULT_PER_PAGE)
    if not 1 <= per_page <= MAX_PER_PAGE:
        raise UnacceptableError(f"per_page may not be {per_page}")
    page = max(1, number(call, "page", 1))
    photos.sort(key=lambda photo: (photo.kept_at, photo.key), reverse=True)
    shown = photos[(page - 1) * per_page : page * per_page]
    extras = {name.strip() for name in call.arguments.get("extras", "").split(",")}
    owner = call.sandbox.options.credentials.nsid
    return {
        "photos": {
            "page": page,
            "pages": -(-len(photos) // per_page),
            "perpage": per_page,
            "total": len(photos),
            "photo": [_row(photo, owner, extras) for photo in shown],
        }
    }


def _row(photo: Photo, owner: str, extras: set[str]) -> dict[str, Value]:
    row: dict[str, Value] = {
        "id": photo.id,
        "owner": owner,
        "secret": photo.md5[:10],
        "server": "65535",
        "farm": 66,
        "title": photo.title,
        "ispublic": photo.is_public,
        "isfriend": photo.is_friend,
        "isfamily": photo.is_family,
    }
    for name, values in _extras(photo).items():
        if name in extras:
            row |= values
    return row


def _extras(photo: Photo) -> dict[str, dict[str, Value]]:
    """What each of them adds; some come under another name than they are asked for."""
    dims: dict[str, Value] = {"o_width": str(photo.width), "o_height": str(photo.height)}
    taken = time.strftime("%Y-%m-%d %H:%M:%S", time.gmtime(photo.kept_at))
    return {
        "tags": {"tags": photo.clean_tags()},
        "machine_tags": {"machine_tags": photo.clean_machine_tags()},
        "description": {"description": {"_content": photo.description}},
        "date_upload": {"dateupload": str(int(photo.kept_at))},
        "date_taken": {"datetaken": taken},
        "last_update": {"lastupdate": str(int(photo.kept_at))},
        "original_format": {"originalformat": photo.original_format},
        "o_dims": dims if photo.width and photo.height else {},
        "media": {"media": "video" if photo.is_video else "photo"},
        "media_status": {"media_status": "ready"},
        "views": {"views": "0"},
    }

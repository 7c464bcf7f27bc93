"""flickr.photos.*: finding photos."""

from __future__ import annotations

from uploadd.sandbox.flickr.methods.listing import LISTING, as_page, sight
from uploadd.sandbox.flickr.methods.people import upload_date
from uploadd.sandbox.flickr.methods.registry import Call, method
from uploadd.sandbox.flickr.problems import UnacceptableError
from uploadd.sandbox.flickr.replies import ApiError, Body
from uploadd.sandbox.photos import Photo
from uploadd.sandbox.tags import clean_tag, machine_tag_query

_MAX_RESULTS = 4000


@method(
    "flickr.photos.search",
    "key",
    f"{LISTING} tags tag_mode text min_upload_date max_upload_date machine_tags machine_tag_mode"
    " sort privacy_filter safe_search content_type media",
)
def search(call: Call) -> Body:
    """Photos by machine tag, tag or text; lags behind uploads. At most 4,000 results."""
    sandbox = call.sandbox
    if not any(call.arguments.get(name) for name in ("tags", "text", "machine_tags", "user_id")):
        raise ApiError(
            3, "Parameterless searches have been disabled. Please use flickr.photos.getRecent."
        )
    sees = sight(call)
    shown_before = sandbox.now() - sandbox.options.search_lag_seconds
    found = [
        photo
        for photo in (_tagged(call) if sandbox.options.search_finds else [])
        if sees(photo) and photo.kept_at <= shown_before and _is_for(call, photo)
    ]
    return as_page(call, found[-_MAX_RESULTS:])


def _tagged(call: Call) -> list[Photo]:
    text = call.arguments.get("machine_tags", "")
    if not text:
        return list(call.sandbox.photos)
    queries = [machine_tag_query(part) for part in text.split(",") if part.strip()]
    if None in queries:
        raise UnacceptableError(f"machine_tags {text!r} is of a form the sandbox does not know")
    found = [
        {photo.key for photo in call.sandbox.photos.tagged(query)} for query in queries if query
    ]
    wants_all = call.arguments.get("machine_tag_mode") == "all"
    keys = set.intersection(*found) if wants_all else set.union(*found)
    return [call.sandbox.photos[key] for key in sorted(keys)]


def _is_for(call: Call, photo: Photo) -> bool:
    low = upload_date(call, "min_upload_date", 0.0)
    high = upload_date(call, "max_upload_date", float("inf"))
    is_within = low <= int(photo.kept_at) <= high
    return is_within and _has_tags(call, photo) and _has_text(call, photo)


def _has_tags(call: Call, photo: Photo) -> bool:
    asked = [
        clean_tag(tag.strip()) for tag in call.arguments.get("tags", "").split(",") if tag.strip()
    ]
    if not asked:
        return True
    has = [tag in photo.clean_tags().split() for tag in asked]
    return all(has) if call.arguments.get("tag_mode") == "all" else any(has)


def _has_text(call: Call, photo: Photo) -> bool:
    text = call.arguments.get("text", "").lower()
    return text in f"{photo.title} {photo.description} {' '.join(photo.tags)}".lower()

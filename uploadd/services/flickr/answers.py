"""What Flickr's answers to read calls mean in our words. Pure, and lenient where types vary."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

from uploadd.model.contents import Content
from uploadd.model.pixels import Pixels, contradict, difference
from uploadd.model.tickets import TicketReply, TicketState
from uploadd.services.base import ListedPhoto, Listing, Login
from uploadd.services.flickr.fields import CONTENT_TAG, content_tag
from uploadd.services.values import exact, identifier, items, number, part, words

Fields = Mapping[str, Any]

LOOK_EXTRAS = "machine_tags,original_format,o_dims"
"""What is asked of each photo in a list that is searched for contents."""

_SHA256 = re.compile(r"[0-9a-f]{64}")
_KEPT = {"jpg": "image/jpeg", "jpeg": "image/jpeg", "png": "image/png", "gif": "image/gif"}
_COMPLETE = {
    "0": TicketState.PENDING,
    "1": TicketState.COMPLETE,
    "2": TicketState.FAILED,
}


def login(fields: Fields) -> Login | None:
    """flickr.test.login: whose account this is, or None where it does not say."""
    user = part(fields, "user")
    user_id = identifier(user.get("id")) or identifier(user.get("nsid"))
    return Login(user_id, words(user.get("username")) or user_id) if user_id else None


def may_upload(fields: Fields) -> bool | None:
    """flickr.auth.oauth.checkToken: whether the permission is enough; None where it is missing."""
    permission = exact(part(fields, "oauth").get("perms"))
    return permission in ("write", "delete") if permission else None


def tickets(fields: Fields) -> dict[str, TicketReply]:
    """flickr.photos.upload.checkTickets: what is known of each ticket that it names."""
    found: dict[str, TicketReply] = {}
    for ticket in items(part(fields, "uploader").get("ticket")):
        ticket_id, reply = identifier(ticket.get("id")), _ticket(ticket)
        if ticket_id and reply:
            found[ticket_id] = reply
    return found


class Looked(NamedTuple):
    """A look for a content tag: a photo that has it, or why those that have it prove nothing."""

    photo_id: str | None = None
    doubt: str = ""


def photo_with(fields: Fields, content: Content) -> Looked:
    """The photo in a list (photos.search, people.getPhotos) that has the content's tag."""
    doubt = ""
    for photo in items(part(fields, "photos").get("photo")):
        photo_id, told = identifier(photo.get("id")), _contents(photo)
        if photo_id is None or content.sha256.lower() not in told:
            continue
        against = _against(photo, told, content)
        if not against:
            return Looked(photo_id)
        doubt = f"photo {photo_id} has its tag, but {against}"
    return Looked(doubt=doubt)


@dataclass(frozen=True, slots=True)
class ContentTags:
    """The content tags of one photo: whether the right one is there, and the ids of the others."""

    is_marked: bool
    stale_ids: tuple[str, ...]


def content_tags(fields: Fields, sha256: str) -> ContentTags:
    """flickr.photos.getInfo: which contents a photo's tags tell of."""
    wanted, is_marked, stale = content_tag(sha256), False, []
    for tag in items(part(part(fields, "photo"), "tags").get("tag")):
        told = _clean(exact(tag.get("raw")) or exact(tag))
        tag_id = identifier(tag.get("id"))
        if told == wanted:
            is_marked = True
        elif told.startswith(CONTENT_TAG) and tag_id:
            stale.append(tag_id)
    return ContentTags(is_marked, tuple(stale))


def listing(fields: Fields, page: int, per_page: int) -> Listing:
    """A page of flickr.people.getPhotos with `LOOK_EXTRAS` and `date_upload`."""
    found = list(items(part(fields, "photos").get("photo")))
    photos = tuple(
        _listed(photo_id, photo) for photo in found if (photo_id := identifier(photo.get("id")))
    )
    # Where it does not say how many pages there are, a full one is not the last.
    pages = number(part(fields, "photos").get("pages"))
    has_more = len(found) >= per_page if pages is None else page < pages
    return Listing(photos, has_more and bool(found))


def page_count(fields: Fields) -> int:
    """How many pages such a list has."""
    return number(part(fields, "photos").get("pages")) or 0


def came_at(fields: Fields) -> float | None:
    """photos.getInfo: when the photo was uploaded (unix seconds), where it says."""
    return number(part(fields, "photo").get("dateuploaded"))


def _listed(photo_id: str, photo: Fields) -> ListedPhoto:
    told = _contents(photo)
    hashes = tuple(sorted(content for content in told if _SHA256.fullmatch(content)))
    sha256 = hashes[0] if hashes and len(told) == 1 else None
    doubtful = () if sha256 else hashes
    return ListedPhoto(photo_id, sha256, number(photo.get("dateupload")), _pixels(photo), doubtful)


def _contents(photo: Fields) -> frozenset[str]:
    """What a listed photo's content tags tell.

    More than one tells nothing: Flickr makes tags of a file's keywords, too, and a file that came
    from Flickr brings the tag of what it was there.
    """
    tags = exact(photo.get("machine_tags")).split()
    return frozenset(
        tag.removeprefix(CONTENT_TAG) for tag in map(_clean, tags) if tag.startswith(CONTENT_TAG)
    )


def _clean(tag: str) -> str:
    """A tag as Flickr compares it."""
    return "".join(tag.lower().replace('"', "").split())


def _against(photo: Fields, told: frozenset[str], content: Content) -> str:
    """Why a listed photo's tag does not prove that it holds `content`; empty where it does."""
    if len(told) > 1:
        return f"{len(told)} such tags with different contents, of which none proves anything"
    pixels = _pixels(photo)
    if pixels is None or content.pixels is None or not contradict(pixels, content.pixels):
        return ""
    return difference(pixels, content.pixels)


def _pixels(photo: Fields) -> Pixels | None:
    """The `o_dims` of a photo whose file Flickr keeps as it came; other types are converted."""
    media_type = _KEPT.get(exact(photo.get("originalformat")).lower())
    width = number(photo.get("o_width")) or number(photo.get("width_o"))
    height = number(photo.get("o_height")) or number(photo.get("height_o"))
    return Pixels(width, height, media_type) if width and height and media_type else None


def _ticket(ticket: Fields) -> TicketReply | None:
    if number(ticket.get("invalid")):
        return TicketReply(TicketState.UNKNOWN)
    state = _COMPLETE.get(exact(ticket.get("complete")))
    if state is not TicketState.COMPLETE:
        return TicketReply(state) if state else None
    photo_id = identifier(ticket.get("photoid"))
    # Done, without saying which photo it became: it has to be looked up.
    return TicketReply(state, photo_id) if photo_id else TicketReply(TicketState.UNKNOWN)

"""What Flickr's answers to read calls mean in our words. Pure, and lenient where types vary."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from uploadd.model.tickets import TicketReply, TicketState
from uploadd.services.base import ListedPhoto, Listing, Login
from uploadd.services.flickr.fields import CONTENT_TAG, content_tag
from uploadd.services.values import identifier, items, number, part, text

Fields = Mapping[str, Any]

_CONTENT_TAG = re.compile(r"(?:^|\s)checksum:sha256=([0-9a-f]{64})(?:\s|$)")
_COMPLETE = {
    "0": TicketState.PENDING,
    "1": TicketState.COMPLETE,
    "2": TicketState.FAILED,
}


def login(fields: Fields) -> Login | None:
    """flickr.test.login: whose account this is, or None where it does not say."""
    user = part(fields, "user")
    user_id = identifier(user.get("id")) or identifier(user.get("nsid"))
    return Login(user_id, text(user.get("username")) or user_id) if user_id else None


def may_upload(fields: Fields) -> bool | None:
    """flickr.auth.oauth.checkToken: whether the permission is enough; None where it is missing."""
    permission = text(part(fields, "oauth").get("perms"))
    return permission in ("write", "delete") if permission else None


def tickets(fields: Fields) -> dict[str, TicketReply]:
    """flickr.photos.upload.checkTickets: what is known of each ticket that it names."""
    found: dict[str, TicketReply] = {}
    for ticket in items(part(fields, "uploader").get("ticket")):
        ticket_id, reply = identifier(ticket.get("id")), _ticket(ticket)
        if ticket_id and reply:
            found[ticket_id] = reply
    return found


def photo_with(fields: Fields, sha256: str) -> str | None:
    """The id of the photo in a list (photos.search, people.getPhotos) that has the content tag."""
    wanted = content_tag(sha256)
    for photo in items(part(fields, "photos").get("photo")):
        if wanted in text(photo.get("machine_tags")).lower().replace('"', "").split():
            return identifier(photo.get("id"))
    return None


@dataclass(frozen=True, slots=True)
class ContentTags:
    """The content tags of one photo: whether the right one is there, and the ids of the others."""

    is_marked: bool
    stale_ids: tuple[str, ...]


def content_tags(fields: Fields, sha256: str) -> ContentTags:
    """flickr.photos.getInfo: which contents a photo's tags tell of."""
    wanted, is_marked, stale = content_tag(sha256), False, []
    for tag in items(part(part(fields, "photo"), "tags").get("tag")):
        told = (text(tag.get("raw")) or text(tag)).lower().replace('"', "")
        tag_id = identifier(tag.get("id"))
        if told == wanted:
            is_marked = True
        elif told.startswith(CONTENT_TAG) and tag_id:
            stale.append(tag_id)
    return ContentTags(is_marked, tuple(stale))


def listing(fields: Fields, page: int, per_page: int) -> Listing:
    """A page of flickr.people.getPhotos with `extras=machine_tags,date_upload`."""
    found = list(items(part(fields, "photos").get("photo")))
    photos = tuple(
        ListedPhoto(photo_id, _content(photo), number(photo.get("dateupload")))
        for photo in found
        if (photo_id := identifier(photo.get("id")))
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


def _content(photo: Fields) -> str | None:
    tagged = _CONTENT_TAG.search(text(photo.get("machine_tags")).lower().replace('"', ""))
    return tagged[1] if tagged else None


def _ticket(ticket: Fields) -> TicketReply | None:
    if number(ticket.get("invalid")):
        return TicketReply(TicketState.UNKNOWN)
    state = _COMPLETE.get(text(ticket.get("complete")))
    if state is not TicketState.COMPLETE:
        return TicketReply(state) if state else None
    photo_id = identifier(ticket.get("photoid"))
    # Done, without saying which photo it became: it has to be looked up.
    return TicketReply(state, photo_id) if photo_id else TicketReply(TicketState.UNKNOWN)

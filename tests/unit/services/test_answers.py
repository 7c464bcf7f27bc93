"""What Flickr's answers to read calls mean."""

from __future__ import annotations

from typing import Any

import pytest

from uploadd.model.contents import Content
from uploadd.model.pixels import Pixels
from uploadd.model.tickets import TicketReply, TicketState
from uploadd.services.base import Login
from uploadd.services.flickr import answers
from uploadd.services.flickr.answers import Looked

SHA = "ab" * 32
PENDING = TicketReply(TicketState.PENDING)
FAILED = TicketReply(TicketState.FAILED)
UNKNOWN = TicketReply(TicketState.UNKNOWN)
DONE = TicketReply(TicketState.COMPLETE, "7301022850")


@pytest.mark.parametrize(
    ("user", "login"),
    [
        ({"id": "1@N00", "username": {"_content": "me"}}, Login("1@N00", "me")),
        ({"id": "1@N00", "username": "me"}, Login("1@N00", "me")),
        ({"nsid": "1@N00"}, Login("1@N00", "1@N00")),
        ({"username": "me"}, None),
        ("me", None),
        (None, None),
    ],
)
def test_a_login_is_an_id_and_a_name(user: object, login: Login | None) -> None:
    """Without an id there is no identity."""
    assert answers.login({"user": user}) == login


@pytest.mark.parametrize(
    ("ticket", "reply"),
    [
        ({"id": "67-1", "complete": 0}, PENDING),
        ({"id": "67-1", "complete": "0"}, PENDING),
        ({"id": "67-1", "complete": 1, "photoid": "7301022850", "imported": "1338"}, DONE),
        ({"id": "67-1", "complete": "1", "photoid": 7301022850}, DONE),
        ({"id": "67-1", "complete": 1}, UNKNOWN),
        ({"id": "67-1", "complete": 2}, FAILED),
        ({"id": "67-1", "invalid": 1}, UNKNOWN),
        ({"id": "67-1", "invalid": "1", "complete": 0}, UNKNOWN),
        ({"id": "67-1", "invalid": 0, "complete": 0}, PENDING),
        ({"id": "67-1"}, None),
        ({"id": "67-1", "complete": 7}, None),
        ({"complete": 1, "photoid": "1"}, None),
    ],
)
@pytest.mark.parametrize("as_list", [True, False])
def test_a_ticket_in_every_state(
    ticket: dict[str, Any], reply: TicketReply | None, *, as_list: bool
) -> None:
    """One ticket comes as a list or as an object; what says nothing is left out."""
    fields = {"uploader": {"ticket": [ticket] if as_list else ticket}}
    assert answers.tickets(fields) == ({"67-1": reply} if reply else {})


@pytest.mark.parametrize("fields", [{}, {"uploader": None}, {"uploader": {"ticket": "x"}}])
def test_no_tickets_are_none(fields: dict[str, Any]) -> None:
    """An answer about nothing says nothing."""
    assert answers.tickets(fields) == {}


@pytest.mark.parametrize(
    ("tags", "is_found"),
    [
        (f"checksum:sha256={SHA}", True),
        (f"from:x=1 CHECKSUM:SHA256={SHA.upper()} other:y=2", True),
        (f'checksum:sha256="{SHA}"', True),
        ({"_content": f"checksum:sha256={SHA}"}, True),
        (f"checksum:sha256={SHA}0", False),
        (f"checksum:sha1={SHA}", False),
        ("", False),
        (None, False),
    ],
)
def test_a_photo_is_found_by_its_exact_tag(tags: object, *, is_found: bool) -> None:
    """Case does not count, everything else does."""
    listed = {"photos": {"photo": [{"id": "1"}, {"id": "2", "machine_tags": tags}]}}
    assert answers.photo_with(listed, Content(SHA)) == Looked("2" if is_found else None)


OTHER = "ff" * 32


@pytest.mark.parametrize(
    ("tags", "is_found"),
    [
        (f"checksum:sha256={SHA} checksum:sha256={OTHER}", False),
        (f"checksum:sha256={OTHER} Checksum:SHA256={SHA}", False),
        (f"checksum:sha256={SHA} checksum:sha256=short", False),
        (f"checksum:sha256={SHA} CHECKSUM:SHA256={SHA.upper()}", True),
        (f"checksum:sha256={SHA} checksum:md5=0123 other:sha256={OTHER}", True),
    ],
)
def test_one_of_several_contents_proves_nothing(tags: str, *, is_found: bool) -> None:
    """Only tags of the very same name count, and the same content twice is one."""
    listed = {"photos": {"photo": [{"id": "2", "machine_tags": tags}]}}
    looked = answers.photo_with(listed, Content(SHA))
    assert looked.photo_id == ("2" if is_found else None)
    assert ("photo 2" in looked.doubt) is not is_found
    (photo,) = answers.listing(listed, 1, 500).photos
    assert photo.sha256 == (SHA if is_found else None)
    assert (SHA in photo.doubtful) is not is_found


def test_a_photo_with_the_one_tag_is_found_beside_a_doubtful_one() -> None:
    """Whichever comes first."""
    doubtful = {"id": "2", "machine_tags": f"checksum:sha256={SHA} checksum:sha256={OTHER}"}
    right = {"id": "3", "machine_tags": f"checksum:sha256={SHA}"}
    for photo in ([doubtful, right], [right, doubtful]):
        assert answers.photo_with({"photos": {"photo": photo}}, Content(SHA)) == Looked("3")


@pytest.mark.parametrize(
    ("told", "is_found"),
    [
        ({"o_width": "800", "o_height": "600", "originalformat": "jpg"}, True),
        ({"o_width": "600", "o_height": "800", "originalformat": "jpg"}, True),
        ({"o_width": "640", "o_height": "480", "originalformat": "jpg"}, False),
        ({"width_o": 640, "height_o": 480, "originalformat": "JPG"}, False),
        ({"o_width": "640", "o_height": "480", "originalformat": "png"}, True),
        ({"o_width": "640", "o_height": "480"}, True),
        ({"o_width": "640", "originalformat": "jpg"}, True),
        ({"o_width": "0", "o_height": "0", "originalformat": "jpg"}, True),
        ({"originalformat": "jpg"}, True),
    ],
)
def test_a_tag_is_not_believed_against_the_pixels(told: dict[str, Any], *, is_found: bool) -> None:
    """Only where the service kept the file as it came, and tells of it; turned is the same."""
    photo = {"id": "2", "machine_tags": f"checksum:sha256={SHA}", **told}
    content = Content(SHA, pixels=Pixels(800, 600, "image/jpeg"))
    looked = answers.photo_with({"photos": {"photo": photo}}, content)
    assert looked.photo_id == ("2" if is_found else None)
    assert ("640 x 480" in looked.doubt) is not is_found
    assert answers.photo_with({"photos": {"photo": photo}}, Content(SHA)) == Looked("2")


def test_the_pages_of_a_list() -> None:
    """Missing pages are no pages."""
    assert answers.page_count({"photos": {"pages": "3"}}) == 3
    assert answers.page_count({}) == 0

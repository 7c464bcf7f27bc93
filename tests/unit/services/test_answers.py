"""What Flickr's answers to read calls mean."""

from __future__ import annotations

from typing import Any

import pytest

from uploadd.model.tickets import TicketReply, TicketState
from uploadd.services.base import Login
from uploadd.services.flickr import answers

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
    assert answers.photo_with(listed, SHA) == ("2" if is_found else None)


def test_the_pages_of_a_list() -> None:
    """Missing pages are no pages."""
    assert answers.page_count({"photos": {"pages": "3"}}) == 3
    assert answers.page_count({}) == 0

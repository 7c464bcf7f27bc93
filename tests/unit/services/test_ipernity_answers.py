"""What ipernity's answers to read calls mean."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from uploadd.model.limits import Quota
from uploadd.model.tickets import TicketReply, TicketState
from uploadd.services.base import Login
from uploadd.services.ipernity import answers

MD5, OTHER = "ab" * 16, "cd" * 16
PENDING = TicketReply(TicketState.PENDING)
UNKNOWN = TicketReply(TicketState.UNKNOWN)
DONE = TicketReply(TicketState.COMPLETE, "5412")


@pytest.mark.parametrize(
    ("user", "login"),
    [
        ({"user_id": "1234", "username": "Superman", "realname": "K"}, Login("1234", "Superman")),
        ({"user_id": 1234, "username": ""}, Login("1234", "1234")),
        ({"user_id": "1234", "realname": "Kal-El"}, Login("1234", "Kal-El")),
        ({"id": "1234"}, Login("1234", "1234")),
        ({"username": "Superman"}, None),
        ({"user_id": ""}, None),
        ("Superman", None),
        (None, None),
    ],
)
def test_a_login_is_an_id_and_a_name(user: object, login: Login | None) -> None:
    """Without an id there is no identity."""
    assert answers.login({"auth": {"user": user}}) == login


@pytest.mark.parametrize(
    ("auth", "may"),
    [
        ({"permissions": {"doc": "write", "blog": "none"}}, True),
        ({"perms": {"doc": "delete"}}, True),
        ({"perms": {"doc": "read"}, "permissions": {}}, False),
        ({"permissions": {"doc": "none"}}, False),
        ({"permissions": "write"}, None),
        ({"permissions": {"doc": None}}, None),
        ({}, None),
        ("write", None),
    ],
)
def test_the_permission_stands_under_either_name(auth: object, *, may: bool | None) -> None:
    """Documented as `perms`, read as `permissions` by other clients."""
    assert answers.may_upload({"auth": auth}) is may


@pytest.mark.parametrize(
    ("ticket", "reply"),
    [
        ({"id": "7-1", "done": "1", "invalid": "0", "doc_id": "5412", "eta": "0"}, DONE),
        ({"id": "7-1", "done": 1, "doc_id": 5412}, DONE),
        ({"id": "7-1", "done": "1", "invalid": "0"}, UNKNOWN),
        ({"id": "7-1", "done": "0", "invalid": "1", "eta": "0"}, UNKNOWN),
        ({"id": "7-1", "done": 1, "invalid": 1, "doc_id": "5412"}, UNKNOWN),
        ({"id": "7-1", "done": "0", "invalid": "0", "eta": "0"}, PENDING),
        ({"id": "7-1", "done": "0", "eta": None}, PENDING),
        ({"id": "7-1", "done": "0", "eta": "soon"}, PENDING),
        ({"id": "7-1", "done": "0", "eta": "-5"}, PENDING),
        ({"id": "7-1", "done": "0", "eta": "120"}, TicketReply(TicketState.PENDING, None, 120.0)),
        ({"id": "7-1", "done": 0, "eta": 12.5}, TicketReply(TicketState.PENDING, None, 12.5)),
        ({"id": "7-1"}, None),
        ({"id": "7-1", "done": "maybe"}, None),
        ({"done": 1, "doc_id": "5412"}, None),
    ],
)
@pytest.mark.parametrize("as_list", [True, False])
def test_a_ticket_in_every_state(
    ticket: dict[str, Any], reply: TicketReply | None, *, as_list: bool
) -> None:
    """One ticket comes as a list or as an object; what says nothing is left out."""
    fields = {"tickets": {"ticket": [ticket] if as_list else ticket}}
    assert answers.tickets(fields) == ({"7-1": reply} if reply else {})


def test_a_ticket_without_an_eta_of_its_own_takes_that_of_all() -> None:
    """The whole reply has one, too."""
    fields = {"tickets": {"eta": "90", "ticket": [{"id": "7-1", "done": "0"}]}}
    assert answers.tickets(fields)["7-1"].eta_seconds == 90.0
    fields = {"tickets": {"eta": "90", "ticket": [{"id": "7-1", "done": "0", "eta": "0"}]}}
    assert answers.tickets(fields)["7-1"].eta_seconds is None


@pytest.mark.parametrize("fields", [{}, {"tickets": None}, {"tickets": {"ticket": "x"}}])
def test_no_tickets_are_none(fields: dict[str, Any]) -> None:
    """An answer about nothing says nothing."""
    assert answers.tickets(fields) == {}


@pytest.mark.parametrize(
    ("docs", "found"),
    [
        ({"count": "1", "found": "1", "doc": [{"md5": MD5, "found": "1", "doc_id": "9"}]}, "9"),
        ({"doc": {"md5": MD5.upper(), "found": 1, "doc_id": 9}}, "9"),
        ({"doc": [{"md5": MD5, "doc_id": "9"}]}, "9"),
        ({"doc": [{"md5": MD5, "found": "0"}]}, "absent"),
        ({"doc": [{"md5": MD5, "found": "0", "doc_id": "9"}]}, "absent"),
        ({"doc": [{"md5": OTHER, "found": "1", "doc_id": "9"}]}, "absent"),
        ({"doc": [{"md5": MD5, "found": "1"}]}, None),
        ({"doc": [{"md5": MD5, "found": "1", "doc_id": "0"}]}, None),
        ({"doc": [{"found": "1", "doc_id": "9"}]}, "9"),
        ({"doc": []}, "absent"),
        ({"doc": "x"}, "absent"),
        (None, "absent"),
    ],
)
def test_a_document_is_there_by_its_md5(docs: object, found: str | None) -> None:
    """An empty answer is none; one that is there without an id is told apart from both."""
    expected = {} if found == "absent" else {MD5: found}
    assert answers.documents({"docs": docs}, [MD5]) == expected


def test_of_several_only_what_was_asked_for_is_answered() -> None:
    """Two documents with one content: either will do. Without an MD5 nobody knows which it is."""
    told = [
        {"md5": OTHER, "found": "1"},
        {"md5": OTHER, "found": "1", "doc_id": "3"},
        {"md5": OTHER, "found": "1", "doc_id": "4"},
        {"md5": "ef" * 16, "found": "1", "doc_id": "5"},
        {"found": "1", "doc_id": "6"},
    ]
    assert answers.documents({"docs": {"doc": told}}, [MD5, OTHER]) == {OTHER: "3"}


def sizes(count: object) -> dict[str, object]:
    """A size in ipernity's units."""
    return {"bytes": count, "kb": "7", "mb": "0"}


DOCUMENTED = {
    "user_id": "1234", "is_pro": "1",
    "upload": {"unlimited": "1", "max": sizes("10737418240"), "left": sizes("10475274240")},
    "maxfilesize": {"photo": sizes("104857600"), "video": sizes("104857600")},
    "albums": {"max": "2048", "created": "32", "left": "2016"},
}  # fmt: skip
FREE = DOCUMENTED | {
    "is_pro": 0,
    "upload": {"unlimited": "0", "left": sizes("1000")},
    "maxfilesize": {"photo": {"kb": "10"}, "video": {"mb": 2}},
}
LOTS = {
    "is_pro": None,
    "upload": {"unlimited": "lots", "left": sizes("lots")},
    "maxfilesize": {"photo": "lots", "video": None},
}


@pytest.mark.parametrize(
    ("told", "quota"),
    [
        (DOCUMENTED, Quota(104857600, 104857600, is_pro=True)),
        (FREE, Quota(10240, 2097152, bytes_left=1000, is_pro=False)),
        ({"upload": {"left": {"bytes": "0"}}}, Quota(bytes_left=0)),
        ({"upload": {"left": {"bytes": "-5"}}}, Quota(bytes_left=0)),
        ({"upload": {"left": {"bytes": "", "kb": None, "mb": "1"}}}, Quota(bytes_left=1048576)),
        ({"upload": {"unlimited": "", "left": {"bytes": ""}}}, Quota()),
        (LOTS, Quota(bytes_left=7168)),
        ({"maxfilesize": {"photo": {"bytes": "0"}}}, Quota()),
        ({"upload": [], "maxfilesize": "big", "is_pro": ""}, Quota()),
        ({}, Quota()),
        (None, Quota()),
    ],
)
def test_the_quota_leniently(told: object, quota: Quota) -> None:
    """What is missing, empty, null or "lots" is no limit; numbers come as strings."""
    assert answers.quota({"quota": told}) == quota


def test_room_beyond_all_measure_is_what_the_database_can_hold() -> None:
    """More than that cannot be compared there, and the account's loop crashed of it."""
    told = {"upload": {"left": {"mb": "9" * 18}}, "maxfilesize": {"photo": {"kb": "9" * 18}}}
    quota = answers.quota({"quota": told})
    assert quota.bytes_left == quota.photo_max_bytes == 2**63 - 1


@given(value=st.one_of(st.none(), st.integers(), st.floats(), st.text(max_size=30)))
def test_a_length_of_time_is_above_zero_or_none(value: object) -> None:
    """Whatever it is made of."""
    found = answers.seconds(value)
    assert found is None or 0 < found < 1e18 + 1

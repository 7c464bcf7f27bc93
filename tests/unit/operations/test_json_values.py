"""How values look in JSON."""

from __future__ import annotations

import base64
from dataclasses import replace

import pytest

from unit.operations.records import BROKEN, NOW, Records
from uploadd.model.delays import Delay
from uploadd.model.pauses import ActivePause, PauseCause
from uploadd.model.states import State
from uploadd.operations.show.json_values import json_job, json_path, json_pause, json_time

KEYS = [
    *("id", "path", "folder", "account", "kind", "lane", "state", "sha256", "size", "attempts"),
    *("not_before", "ticket_id", "photo_id", "reason", "created_at", "updated_at"),
]


def test_times_are_rfc_3339_in_utc() -> None:
    """To the millisecond, with a Z; None stays None."""
    assert json_time(1_700_000_000.5) == "2023-11-14T22:13:20.500Z"
    assert json_time(None) is None
    assert [json_time(far) for far in (1e300, 1e12, float("inf"), float("nan"))] == [None] * 4


def test_a_path_that_is_not_utf_8_comes_with_its_bytes() -> None:
    """The text is for people, the bytes for programs."""
    found = json_path(b"/p/\xe9.jpg")
    assert found["path"] == "/p/\ufffd.jpg"
    assert base64.b64decode(found["path_bytes"]) == b"/p/\xe9.jpg"
    assert json_path("/p/é.jpg".encode()) == {"path": "/p/é.jpg"}


def test_a_job_has_every_key_of_the_contract(records: Records) -> None:
    """Ids are texts; a reason is an object or null."""
    job = records.failed("a.jpg")
    found = json_job(job, "me")
    assert set(KEYS) <= set(found)
    assert found["id"] == str(job.id)
    assert found["account"] == "me"
    assert found["reason"] == {"code": "5", "text": BROKEN.text, "remedy": BROKEN.remedy}
    assert json_job(records.add("b.jpg"), "me")["reason"] is None


def test_not_before_is_only_told_where_something_comes(records: Records) -> None:
    """A job that has ended waits for nothing."""
    waiting = replace(records.add("a.jpg"), wait=Delay(NOW, 5))
    assert json_job(waiting, "me")["not_before"] == json_time(NOW + 5)
    assert json_job(replace(waiting, state=State.FAILED), "me")["not_before"] is None


@pytest.mark.parametrize(
    ("cause", "end"),
    [
        (PauseCause.WAIT, NOW + 60),
        (PauseCause.AWAY, NOW + 60),
        (PauseCause.CREDENTIALS, None),
        (PauseCause.FULL, None),
    ],
)
def test_a_pause_for_a_person_has_no_end(cause: PauseCause, end: float | None) -> None:
    """What ends or is tried again by itself has one."""
    pause = ActivePause(1, cause, "14", "text", "remedy", NOW, Delay(NOW, 60), 1)
    assert pause.until == end
    assert json_pause(pause)["until"] == json_time(end)
    assert set(json_pause(pause)) == {"cause", "code", "since", "until", "remedy"}

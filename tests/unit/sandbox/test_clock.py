"""A client whose clock differs from the service's by an hour."""

from __future__ import annotations

from urllib.parse import parse_qs

import pytest

OAUTH = "http://sandbox.test/services/oauth/request_token"


async def ask(caller, timestamp: int, kind: str):
    """One signed call of a kind, by a client that takes it to be `timestamp`."""
    changes = {"timestamp": str(timestamp)}
    if kind == "upload":
        return await caller.upload(changes=changes)
    if kind == "replace":
        fields = {"photo_id": "1"}
        return await caller.post_file("/services/replace/", b"x", "a.jpg", fields, **changes)
    if kind == "rest":
        return await caller.ask("flickr.people.getUploadStatus", changes=changes)
    nobody = {"resource_owner_key": None, "resource_owner_secret": None, "callback_uri": "oob"}
    header = caller.header("GET", OAUTH, {}, **nobody, **changes)
    return await caller.http.get(OAUTH, headers={"Authorization": header})


@pytest.mark.parametrize("kind", ["upload", "replace", "rest", "login"])
@pytest.mark.parametrize("shift", [3600, -3600])
async def test_a_service_whose_clock_is_off(caller, kind, shift) -> None:
    """The refusal says what the service takes, from which the client learns how far it is off."""
    client_now = int(caller.clock())
    caller.clock.seconds += shift
    reply = await ask(caller, client_now, kind)
    assert (reply.status_code, reply.headers["content-type"][:10]) == (401, "text/plain")
    told = parse_qs(reply.text)
    assert told["oauth_problem"] == ["timestamp_refused"]
    low, high = map(int, told["oauth_acceptable_timestamps"][0].split("-"))
    assert (low + high) // 2 - client_now == shift
    assert len(caller.sandbox.photos) == 0
    for timestamp, is_taken in ((low, True), (high, True), (low - 1, False), (high + 1, False)):
        taken = await ask(caller, timestamp, kind)
        assert (taken.status_code == 200) == is_taken


async def test_a_clock_that_is_set_right_again(caller) -> None:
    """What was refused is taken once the service's clock is right; `now` may change at run time."""
    client_now = int(caller.clock())
    right = caller.sandbox.now
    caller.sandbox.now = lambda: right() - 1000
    assert "timestamp_refused" in (await ask(caller, client_now, "upload")).text
    caller.sandbox.now = right
    assert 'stat="ok"' in (await ask(caller, client_now, "upload")).text


async def test_a_timestamp_that_is_no_number(caller) -> None:
    """It is refused like a wrong one."""
    reply = await caller.upload(changes={"timestamp": "soon"})
    assert reply.text.startswith("oauth_problem=timestamp_refused&oauth_acceptable_timestamps=")

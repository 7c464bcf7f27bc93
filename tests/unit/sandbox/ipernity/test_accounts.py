"""Two accounts in one process that share nothing: pages, journals, directories, dice."""

from __future__ import annotations

from pathlib import Path

import httpx

from uploadd.sandbox import Fault, SandboxOptions
from uploadd.sandbox.server import running_sandbox

JPEG = b"\xff\xd8\xff\xe0\x00\x10JFIF\x00"


async def test_each_has_its_own_journal_and_photos(caller) -> None:
    """What one service was asked is not in the other's."""
    await caller.kept()
    assert (await caller.http.get("/journal")).json() == []
    assert (await caller.http.get("/photos.json?service=flickr")).json() == []
    (entry,) = (await caller.http.get("/journal?service=ipernity")).json()
    assert (entry["endpoint"], entry["outcome"]) == ("upload", "ok")
    assert len(caller.app.state.sandbox.photos) == 0
    for path in ("/", "/journal", "/photos.json", "/photos/1"):
        assert (await caller.http.get(f"{path}?service=other")).status_code == 404


async def test_the_front_page_shows_both(caller) -> None:
    """Ipernity's part where anybody asked it anything; either alone on request."""
    assert "ipernity" not in (await caller.http.get("/")).text
    doc_id = await caller.kept(title="<script>x</script>")
    assert doc_id
    page = (await caller.http.get("/")).text
    assert '<b id="photos">0</b>' in page
    assert '<b id="ipernity-photos">1</b>' in page
    assert "<script>" not in page
    assert "/photos/key-1?service=ipernity" in page
    picture = await caller.http.get("/photos/key-1?service=ipernity")
    assert (picture.content, picture.headers["content-type"]) == (JPEG, "image/jpeg")
    alone = (await caller.http.get("/?service=ipernity")).text
    assert 'id="photos"' not in alone
    assert 'id="ipernity-photos"' in alone


async def test_a_restart_forgets_nothing(make_caller, tmp_path: Path) -> None:
    """Documents, open tickets and tokens are there again, below a directory of their own."""
    options = SandboxOptions(directory=tmp_path, ticket_seconds=60)
    before = await make_caller(options)
    doc_id = await before.kept()
    ticket = (await before.send(**{"async": "1"})).json()["ticket"]
    frob = before.account.make_frob()
    frob.perms = "write"
    token = before.account.trade(frob).token
    assert (tmp_path / "ipernity" / "photos").is_dir()

    after = await make_caller(options)
    after.clock.seconds += 60
    told = await after.call("upload.checkTickets", tickets=ticket)
    (one,) = told["tickets"]["ticket"]
    assert one["done"] == "1"
    assert one["doc_id"] != doc_id
    assert (await after.call("doc.get", doc_id=doc_id))["api"] == {"status": "ok"}
    assert token in after.account.logins.tokens
    assert len(after.app.state.sandbox.photos) == 0


async def test_the_ids_of_the_services_never_meet(caller) -> None:
    """A mix-up of accounts must not go unseen."""
    doc_id = await caller.kept()
    flickr = caller.app.state.sandbox
    assert flickr.last_photo_id // int(doc_id) > 100


async def test_common_options_hold_for_both(make_caller) -> None:
    """Limits, tickets, the kind of account; each with dice of its own."""
    common = SandboxOptions(
        ticket_seconds=30, is_pro=True, max_photo_bytes=100, faults=(Fault("error", rate=0.5),)
    )
    caller = await make_caller(common)
    own, other = caller.account.options, caller.app.state.sandbox.options
    for name in ("ticket_seconds", "is_pro", "max_photo_bytes", "seed", "use_threads"):
        assert getattr(own, name) == getattr(other, name), name
    assert own.credentials.api_key != other.credentials.api_key
    assert own.quota_shape == "account"
    odd = await make_caller(SandboxOptions(quota_shape="lots"))
    assert odd.account.options.quota_shape == "lots"
    own.ticket_seconds = 1
    assert other.ticket_seconds == 30


def test_over_a_real_wire() -> None:
    """One port speaks both; a lost reply closes the connection."""
    with running_sandbox() as running:
        key = {"api_key": "sandbox-ipernity-key", "echo": "x"}
        told = httpx.get(f"{running.url}/api/test.echo", params=key)
        assert told.json()["api"] == {"status": "ok"}
        running.ipernity.faults.add(Fault("lose-reply", where="test.echo", first=1))
        try:
            httpx.get(f"{running.url}/api/test.echo", params=key)
        except httpx.RemoteProtocolError:
            pass
        else:
            raise AssertionError("the reply was not lost")
        assert len(running.ipernity.journal) == 2
        assert len(running.sandbox.journal) == 0

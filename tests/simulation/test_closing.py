"""What a backfill says at its end, held against what is on the accounts."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from pathlib import Path

import pytest

from simulation.parties import Party, Together, ended
from simulation.world import JPEG, World
from uploadd.cli.wording import ending_lines
from uploadd.intake import walk as walking
from uploadd.model.configuration import ServiceName
from uploadd.model.states import State
from uploadd.operations.backfill.delivering import Ending, Finished
from uploadd.operations.backfill.preview import preview
from uploadd.operations.backfill.trees import wanted_trees
from uploadd.sandbox import SandboxOptions

pytestmark = pytest.mark.usefixtures("hours_pass_quickly")
EVERYTHING = "everything is on the account"


def said(finished: Finished) -> str:
    return "\n".join(ending_lines(finished))


def add_raw(world: World, names: Sequence[str] = ("a.CR2", "b.cr2", "c.NEF")) -> None:
    for name in names:
        world.add(name, b"II*\x00" + name.encode())


def test_three_raw_files_are_not_on_the_account(tmp_path: Path) -> None:
    """Skipped files are no success: they are counted, named by kind, and `--strict` ends with 1."""
    world = World(tmp_path)
    add_raw(world)
    finished = world.backfill()
    assert finished.ending is Ending.DONE
    assert EVERYTHING not in said(finished)
    told = "0 are on the account. 3 are not: 3 RAW (.CR2, .NEF): `uploadd jobs --state skipped`"
    assert told in said(finished)
    assert finished.strictly().ending is Ending.FAILED


def test_the_dry_run_tells_the_groups_that_the_backfill_ends_with(tmp_path: Path) -> None:
    """Before anything is sent, and after it."""
    world = World(tmp_path)
    add_raw(world)
    for name, content in (("e.jpg", b""), ("t.txt", b"words"), ("z.bin", bytes(600))):
        world.add(name, content)
    world.add("good.jpg")
    world.add("good.xmp", b"<x/>")
    wanted = wanted_trees(world.configuration(), [str(world.photos)], None, None)
    before = preview(world.configuration(), wanted)
    finished = world.backfill()
    after = preview(world.configuration(), wanted)
    (me,) = finished.accounts
    assert me.groups == before.accounts["me"].groups == after.accounts["me"].groups
    assert finished.left_alone == before.left_alone == after.left_alone
    assert (before.accounts["me"].there, after.accounts["me"].there, me.there) == (0, 1, 1)


def test_everything_is_said_where_it_is_true(tmp_path: Path) -> None:
    """Duplicates are there, sidecars and links are told of, and the second run says the same."""
    world = World(tmp_path)
    content = world.add("a.jpg").read_bytes()
    world.add("twin.jpg", content)
    world.add("a.xmp", b"<x/>")
    (world.photos / "link.jpg").symlink_to("a.jpg")
    for _ in range(2):
        finished = world.backfill()
        assert EVERYTHING in said(finished)
        assert "left alone: 1 sidecar, 1 link" in said(finished)
        assert finished.strictly().ending is Ending.DONE
    (world.photos / "twin.jpg").unlink()
    assert "1 file found: 1 done" in said(world.backfill())


def test_a_file_that_has_gone_is_not_held_against_the_card(tmp_path: Path) -> None:
    """What is not there any more was not found."""
    world = World(tmp_path)
    add_raw(world)
    world.add("a.jpg")
    assert world.backfill().strictly().ending is Ending.FAILED
    for path in world.photos.glob("*.[CcN]*"):
        path.unlink()
    finished = world.backfill()
    assert EVERYTHING in said(finished)
    assert finished.strictly().ending is Ending.DONE


def test_a_directory_that_cannot_be_read_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What lies in it is not known: no sentence, and 1."""
    world = World(tmp_path)
    world.add("a.jpg")
    world.add("shut/b.jpg")
    let_in = walking.open_beneath

    def open_unless_shut(directory: int, relative: bytes, flags: int) -> int:
        if relative == b"shut":
            raise PermissionError(13, "Permission denied")
        return let_in(directory, relative, flags)

    monkeypatch.setattr(walking, "open_beneath", open_unless_shut)
    finished = world.backfill()
    assert finished.ending is Ending.FAILED
    assert EVERYTHING not in said(finished).splitlines()
    assert "1 is on the account, of those that were found" in said(finished)
    assert "left alone: 1 directory not readable" in said(finished)
    assert f"not readable: {world.photos}/shut (Permission denied)" in said(finished)


def test_excluded_files_hold_a_strict_backfill_back(tmp_path: Path) -> None:
    """Without it they are told of only."""
    world = World(tmp_path)
    world.folder = world.folder.__class__(
        "camera", world.photos, ("me",), settle_seconds=0.0, exclude=("private/", "*.png")
    )
    for name in ("a.jpg", "b.png", "private/c.jpg", "private/d.jpg"):
        world.add(name)
    finished = world.backfill()
    assert finished.ending is Ending.DONE
    assert "left alone: 2 excluded (1 of them a directory)" in said(finished)
    assert finished.strictly().ending is Ending.FAILED


def test_what_was_sent_before_a_stop_is_not_called_pending(tmp_path: Path) -> None:
    """Open tickets were sent; what is queued was not."""
    world = World(tmp_path, SandboxOptions(ticket_seconds=3600.0))
    world.set_accounts(bytes_per_second=100)
    for number in range(20):
        world.add(f"p{number}.jpg")
    finished = world.backfill(stop_after=20.0)
    assert finished.ending is Ending.INTERRUPTED
    sent = len(world.uploads())
    assert 0 < sent < 20
    first = said(finished).splitlines()[0]
    cut = sum(job.state is State.UPLOADING for job in world.jobs())
    assert first == (
        f"20 files found: {sent - cut} sent and to be confirmed, {cut} to be looked up,"
        f" {20 - sent} not yet sent"
    )
    assert EVERYTHING not in said(finished)
    assert "stopped; the queue is intact, run it again to go on" in said(finished)


def test_each_account_is_counted_for_itself(tmp_path: Path) -> None:
    """A file that one account refuses is on the other."""
    services = (ServiceName.FLICKR, ServiceName.IPERNITY)
    world = World(tmp_path, services=services)
    for number in range(3):
        world.add(f"p{number}.jpg")
    world.add("large.jpg", JPEG + bytes(5000))
    world.sandbox_of(world.account).options.max_photo_bytes = 2000
    finished = world.backfill()
    me, other = finished.accounts
    assert (me.found, me.there, other.found, other.there) == (4, 3, 4, 4)
    assert "me: 3 are on the account. 1 is not: 1 too large:" in said(finished)
    assert "--state failed --account me`" in said(finished)
    assert f"other: {EVERYTHING}" in said(finished)


def test_beside_a_daemon_the_same_is_said(tmp_path: Path) -> None:
    """What its walk left alone comes back by the request's row."""
    world = Together(tmp_path)
    world.add_extra(3)
    (world.extra / "a.CR2").write_bytes(b"II*\x00")
    (world.extra / "a.xmp").write_bytes(b"<x/>")
    (world.extra / "link.jpg").symlink_to("a.CR2")

    async def scene() -> None:
        world.daemon(Party())
        await asyncio.sleep(5)
        finished = await ended(world.backfill_of(Party()))
        assert finished.ending is Ending.DONE
        assert "3 are on the account. 1 is not: 1 RAW (.CR2):" in said(finished)
        assert "left alone: 1 sidecar, 1 link" in said(finished)
        assert finished.strictly().ending is Ending.FAILED

    world.play(scene)

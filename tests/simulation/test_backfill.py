"""A whole backfill against the sandbox, on virtual time."""

from __future__ import annotations

import errno
import os
from pathlib import Path
from typing import Any

import pytest
from structlog.testing import capture_logs

from simulation.world import JPEG, World
from uploadd.intake import listings
from uploadd.model.states import State
from uploadd.operations.backfill.delivering import Ending
from uploadd.sandbox import Fault, SandboxOptions

pytestmark = pytest.mark.usefixtures("hours_pass_quickly")


def test_every_photo_arrives_once(tmp_path: Path) -> None:
    """The main job, without any trouble."""
    world = World(tmp_path)
    for number in range(40):
        world.add(f"d{number % 3}/p{number}.jpg")
    finished = world.backfill()
    assert finished.ending is Ending.DONE
    assert finished.snapshot.as_json()["done"] == 40
    world.assert_each_once(40)


def test_calls_stay_near_one_a_photo(tmp_path: Path) -> None:
    """Tickets are asked for many at once: at most 1.1 calls a photo (issue: figures)."""
    world = World(tmp_path, SandboxOptions(ticket_seconds=1.0))
    for number in range(200):
        world.add(f"p{number}.jpg")
    finished = world.backfill()
    assert finished.snapshot.api_calls <= 1.1 * 200
    assert finished.snapshot.api_calls == len(world.sandbox.journal)


def test_a_second_backfill_sends_nothing(tmp_path: Path) -> None:
    """Known files count as what they are."""
    world = World(tmp_path)
    for number in range(10):
        world.add(f"p{number}.jpg")
    world.backfill()
    before = len(world.uploads())
    finished = world.backfill()
    assert finished.ending is Ending.DONE
    assert finished.snapshot.as_json()["done"] == 10
    assert len(world.uploads()) == before


def test_twins_are_sent_once(tmp_path: Path) -> None:
    """The same content under three names is one photo and two duplicates."""
    world = World(tmp_path)
    for name in ("a.jpg", "b.jpg", "sub/c.jpg"):
        world.add(name, JPEG + b"the same")
    finished = world.backfill()
    assert finished.snapshot.count(State.DONE) == 1
    assert finished.snapshot.count(State.DUPLICATE) == 2
    assert {job.photo_id for job in world.jobs()} == {world.job_of("a.jpg").photo_id}
    world.assert_each_once(1)


def test_found_is_the_sum_of_the_states(tmp_path: Path) -> None:
    """Empty files and texts are counted and skipped; temporary names and sidecars are not."""
    world = World(tmp_path)
    world.add("good.jpg")
    world.add("empty.jpg", b"")
    world.add("text.jpg", b"not a photo at all")
    world.add("half.jpg.part")
    world.add("good.xmp", b"<x/>")
    summary = world.backfill().snapshot.as_json()
    assert summary["found"] == 3
    assert (summary["done"], summary["skipped"]) == (1, 2)
    codes = {job.name: job.reason.code for job in world.jobs() if job.reason}
    assert codes == {b"empty.jpg": "empty", b"text.jpg": "damaged"}


def test_damaged_photos_are_skipped_and_cut_ones_are_sent(tmp_path: Path) -> None:
    """Each with one warning, and the reason says what was found at its beginning."""
    world = World(tmp_path)
    contents = {"zeros.jpg": bytes(900), "late.jpg": b"junk" + JPEG, "cut.jpg": JPEG[:-2]}
    for name, content in contents.items():
        world.add(name, content)
    world.add("song.jpg", b"ID3\x04" + bytes(90))
    with capture_logs() as logs:
        summary = world.backfill().snapshot.as_json()
    assert (summary["done"], summary["skipped"], summary["failed"]) == (1, 3, 0)
    reasons = {job.name: job.reason for job in world.jobs() if job.reason}
    texts = {name: reason.text for name, reason in reasons.items() if reason.code == "damaged"}
    assert {name: text.partition(": ")[2] for name, text in texts.items()} == {
        b"zeros.jpg": "it begins with zeros",
        b"late.jpg": "a JPEG begins 4 bytes late",
    }
    assert reasons[b"song.jpg"].code == "type"
    damaged = {line["text"] for line in logs if line["event"] == "file.damaged"}
    assert damaged == set(texts.values())
    (cut,) = [line for line in logs if line["event"] == "file.truncated"]
    assert cut["log_level"] == "warning"
    assert cut["path"].endswith("cut.jpg")
    with capture_logs() as logs:
        world.backfill()
    assert not [line for line in logs if line["event"].startswith("file.")]


def test_a_file_that_cannot_be_read_is_one_line_in_the_log(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A warning with the remedy when it fails, and none at the walks after it."""
    world = World(tmp_path)
    world.add("closed.jpg")
    world.add("bad.jpg")
    world.add("open.jpg")
    real_open, real_stat = os.open, listings._entry

    def fail_to_open(path: Any, *arguments: Any, **options: Any) -> int:
        if isinstance(path, bytes) and path.endswith(b"closed.jpg"):
            raise PermissionError(errno.EACCES, "Permission denied", path)
        return real_open(path, *arguments, **options)

    def fail_to_look(name: bytes, seen: os.stat_result) -> Any:
        if name == b"bad.jpg":
            raise OSError(errno.EIO, "Input/output error")
        return real_stat(name, seen)

    monkeypatch.setattr(os, "open", fail_to_open)
    monkeypatch.setattr(listings, "_entry", fail_to_look)
    for expected in (["bad.jpg", "closed.jpg"], []):
        with capture_logs() as logs:
            summary = world.backfill().snapshot.as_json()
        assert (summary["done"], summary["failed"]) == (1, 2)
        told = [line for line in logs if line["event"] == "file.unreadable"]
        assert sorted(os.path.basename(line["path"]) for line in told) == expected
        assert all(line["log_level"] == "warning" and line["remedy"] for line in told)


def test_a_name_that_is_not_utf8_is_uploaded(tmp_path: Path) -> None:
    """Paths are bytes; only the title shows that something was replaced."""
    world = World(tmp_path)
    path = world.add("plain.jpg")
    path.rename(path.parent / "caf\udce9.jpg")
    assert world.backfill().ending is Ending.DONE
    world.assert_each_once(1)


@pytest.mark.parametrize("code", [105, 106, 0, 3, 201])
def test_passing_codes_are_tried_again(tmp_path: Path, code: int) -> None:
    """A passing fault is backed off, looked up, sent again, and the photo is there once."""
    world = World(tmp_path, SandboxOptions(faults=(Fault("error", first=3, code=code or 105),)))
    for number in range(5):
        world.add(f"p{number}.jpg")
    assert world.backfill().ending is Ending.DONE
    world.assert_each_once(5)
    assert sum(job.trail.attempts for job in world.jobs()) == 8


@pytest.mark.parametrize("kind", ["lose-reply", "http-after", "garbage", "empty", "html", "bomb"])
def test_an_unknown_outcome_is_looked_up_and_not_doubled(tmp_path: Path, kind: str) -> None:
    """The photo was kept although no good reply came: it is found, not sent again."""
    fault = Fault(kind, first=2, code=502)  # type: ignore[arg-type]
    world = World(tmp_path, SandboxOptions(faults=(fault,), search_lag_seconds=60.0))
    for number in range(4):
        world.add(f"p{number}.jpg")
    finished = world.backfill()
    assert finished.ending is Ending.DONE
    assert len(world.uploads()) == 4
    world.assert_each_once(4)


def test_absence_is_believed_only_after_ten_minutes(tmp_path: Path) -> None:
    """A 502 before the photo was kept: five looks over ten minutes, then it is sent again."""
    world = World(tmp_path, SandboxOptions(faults=(Fault("http-before", first=1, code=502),)))
    world.add("p.jpg")
    finished = world.backfill()
    assert finished.ending is Ending.DONE
    assert finished.snapshot.seconds >= 600
    assert len(world.sandbox.journal.of("flickr.photos.search")) >= 5
    assert len(world.uploads()) == 2
    world.assert_each_once(1)


def test_a_body_cut_short_is_sent_again_without_a_look(tmp_path: Path) -> None:
    """Before the last byte nothing can have been kept."""
    world = World(tmp_path, SandboxOptions(faults=(Fault("cut", first=1),)))
    world.add("p.jpg", JPEG + bytes(3_000_000))
    assert world.backfill().ending is Ending.DONE
    assert world.sandbox.journal.of("flickr.photos.search") == []
    world.assert_each_once(1)


def test_refused_files_fail_and_the_others_go_on(tmp_path: Path) -> None:
    """Error 5 is for this file alone; the backfill ends with 1."""
    world = World(tmp_path, SandboxOptions(faults=(Fault("error", at=(2,), code=5),)))
    for number in range(5):
        world.add(f"p{number}.jpg")
    finished = world.backfill()
    assert finished.ending is Ending.FAILED
    assert world.states() == {"done": 4, "failed": 1}
    (failed,) = [job for job in world.jobs() if job.state is State.FAILED]
    assert failed.reason is not None
    assert failed.reason.code == "5"
    assert failed.reason.remedy


def test_slow_tickets_are_waited_for(tmp_path: Path) -> None:
    """A ticket that stays pending is never sent again."""
    world = World(tmp_path, SandboxOptions(ticket_seconds=5000.0))
    world.add("p.jpg")
    assert world.backfill().ending is Ending.DONE
    assert len(world.uploads()) == 1
    assert len(world.sandbox.journal.of("flickr.photos.upload.checkTickets")) < 20


@pytest.mark.parametrize("kind", ["ticket-fails", "ticket-forgotten"])
def test_a_lost_ticket_does_not_double(tmp_path: Path, kind: str) -> None:
    """A failed ticket is looked up and sent again; a forgotten one is found."""
    fault = Fault(kind, first=1)  # type: ignore[arg-type]
    world = World(tmp_path, SandboxOptions(faults=(fault,)))
    world.add("p.jpg")
    assert world.backfill().ending is Ending.DONE
    world.assert_each_once(1)


def test_tickets_that_always_fail_end_with_a_person(tmp_path: Path) -> None:
    """Sent again twice at most, then `ticket-failed` (design section 9)."""
    world = World(tmp_path, SandboxOptions(faults=(Fault("ticket-fails", rate=1.0),)))
    world.add("p.jpg")
    assert world.backfill().ending is Ending.FAILED
    failed = world.job_of("p.jpg")
    assert failed.reason is not None
    assert failed.reason.code == "ticket-failed"
    assert len(world.uploads()) == 3


def test_a_wait_stops_the_whole_account(tmp_path: Path) -> None:
    """Error 14: no upload is begun until the wait is over, and it is not an attempt."""
    world = World(tmp_path, SandboxOptions(wait_seconds=300, wait_every=5))
    for number in range(14):
        world.add(f"p{number}.jpg")
    finished = world.backfill()
    assert finished.ending is Ending.DONE
    assert finished.snapshot.seconds >= 600
    assert world.sandbox.journal.violations() == []
    assert {job.trail.attempts for job in world.jobs()} == {1}
    world.assert_each_once(14)


def test_no_wait_ends_with_75(tmp_path: Path) -> None:
    """`--no-wait` stops as soon as all that is left waits for the pause."""
    world = World(tmp_path, SandboxOptions(wait_seconds=300, wait_every=5))
    for number in range(14):
        world.add(f"p{number}.jpg")
    finished = world.backfill(no_wait=True)
    assert finished.ending is Ending.WOULD_WAIT
    assert finished.snapshot.pending > 0
    assert finished.snapshot.seconds < 100


def test_a_wait_outlives_a_restart(tmp_path: Path) -> None:
    """The pause is in the database, and so is what remains of it."""
    world = World(tmp_path, SandboxOptions(wait_seconds=300, wait_every=3))
    for number in range(8):
        world.add(f"p{number}.jpg")
    world.backfill(no_wait=True)
    began = len(world.uploads())
    world.runtime.clock.skew += 100.0  # type: ignore[attr-defined]
    assert world.backfill(no_wait=True).ending is Ending.WOULD_WAIT
    assert len(world.uploads()) == began
    assert world.sandbox.journal.violations() == []


def test_a_clock_set_back_does_not_lengthen_a_wait(tmp_path: Path) -> None:
    """What remains never exceeds the length of the wait, whatever the clock does."""
    world = World(tmp_path, SandboxOptions(wait_seconds=300, wait_every=3))
    for number in range(5):
        world.add(f"p{number}.jpg")
    world.backfill(no_wait=True)
    world.sandbox.options.wait_every = 0
    world.sandbox.wait.until = 0.0
    world.runtime.clock.skew -= 5 * 86400.0  # type: ignore[attr-defined]
    finished = world.backfill()
    assert finished.ending is Ending.DONE
    assert finished.snapshot.seconds < 700


def test_credentials_end_a_backfill_at_once(tmp_path: Path) -> None:
    """A refused token: 77, and the queue is whole."""
    world = World(tmp_path)
    world.sandbox.logins.revoke("sandbox-token")
    for number in range(3):
        world.add(f"p{number}.jpg")
    finished = world.backfill()
    assert finished.ending is Ending.CREDENTIALS
    assert finished.snapshot.pending == 3 or finished.snapshot.is_walking
    assert world.uploads() == []


def test_a_stop_leaves_the_queue_whole(tmp_path: Path) -> None:
    """Ctrl-C, and a second run goes on where the first stopped."""
    world = World(tmp_path, SandboxOptions(ticket_seconds=30.0))
    for number in range(30):
        world.add(f"p{number}.jpg")
    assert world.backfill(stop_after=1.0).ending is Ending.INTERRUPTED
    assert world.backfill().ending is Ending.DONE
    assert len(world.uploads()) == 30
    world.assert_each_once(30)


def test_the_call_budget_is_kept(tmp_path: Path) -> None:
    """Never more than `calls_per_hour` requests in any 3,600 s."""
    world = World(tmp_path)
    world.account = type(world.account)(
        **{
            **{name: getattr(world.account, name) for name in world.account.__slots__},
            "calls_per_hour": 30,
        }
    )
    for number in range(60):
        world.add(f"p{number}.jpg")
    assert world.backfill().ending is Ending.DONE
    times = sorted(entry.time for entry in world.sandbox.journal)
    for first, beyond in zip(times, times[30:], strict=False):
        assert beyond - first >= 3600.0 - 0.001


def test_a_changed_file_is_another_photo(tmp_path: Path) -> None:
    """`on_change = "new"`: the new content gets a job of its own."""
    world = World(tmp_path)
    world.add("p.jpg")
    world.backfill()
    world.add("p.jpg", mtime=LATER)
    assert world.backfill().ending is Ending.DONE
    world.assert_each_once(2)
    assert world.states() == {"done": 2}


LATER = 1_699_999_000.0


def test_a_vanished_file_is_skipped_and_wakes_up(tmp_path: Path) -> None:
    """Gone before its send: skipped; back again: uploaded."""
    world = World(tmp_path, SandboxOptions(wait_seconds=300, wait_every=1))
    path = world.add("p.jpg")
    world.add("q.jpg")
    world.backfill(no_wait=True)
    content = path.read_bytes()
    path.unlink()
    world.backfill(no_wait=True)
    gone = world.job_of("p.jpg")
    assert (gone.state, gone.reason.code if gone.reason else "") == (State.SKIPPED, "vanished")
    world.sandbox.options.wait_every = 0
    world.runtime.clock.skew += 400.0  # type: ignore[attr-defined]
    world.add("p.jpg", content)
    assert world.backfill().ending is Ending.DONE
    world.assert_each_once(2)

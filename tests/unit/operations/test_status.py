"""What the status says, and that looking changes nothing."""

from __future__ import annotations

import fcntl
import json
import os
from dataclasses import replace
from pathlib import Path

import pytest

from unit.operations.records import NOW, Records, account
from uploadd.model.budget import Budget, Purpose
from uploadd.model.configuration import Folder
from uploadd.model.pauses import PauseCause
from uploadd.model.photo import PhotoTable, Privacy
from uploadd.model.states import State
from uploadd.model.waits import Awaited, Wait
from uploadd.operations.show.json_values import json_time
from uploadd.operations.show.status import Status, status_of
from uploadd.store import activity, calls, lock, overview
from uploadd.store.activity import Activity
from uploadd.store.beside import reading, writing

KEY = Budget("key", 10)


def status(records: Records, now: float = NOW) -> Status:
    """The status at `now`."""
    return status_of(records.configuration, now)


def test_before_the_first_run_everything_is_empty(records: Records) -> None:
    """And no file is made for the question."""
    found = status(records).as_json()
    nobody = {"running": False, "pid": None, "since": None, "has_other_settings": False}
    assert found["daemon"] == nobody
    assert set(found["accounts"]["me"]["counts"].values()) == {0}
    assert found["folders"]["camera"]["last_rescan"] is None
    assert not records.configuration.state_dir.exists()


def test_it_has_the_shape_of_the_contract(records: Records) -> None:
    """Design section 9, key by key."""
    records.add("a.jpg")
    found = status(records).as_json()
    assert set(found) == {"version", "daemon", "accounts", "folders", "reads"}
    assert set(found["accounts"]["me"]) == {
        "service", "user", "counts", "pause", "calls_last_hour", "calls_per_hour", "uploading",
        "bytes_per_second", "waiting", "bytes_left", "seconds_left", "done_today", "done_week",
    }  # fmt: skip
    assert set(found["accounts"]["me"]["counts"]) == {str(state) for state in State}
    assert set(found["folders"]["camera"]) == {
        "path", "watch", "last_rescan", "degraded", "paused", "privacy", "troubles",
        "quiet_time_only", "away",
    }  # fmt: skip


def test_jobs_are_counted_by_state(records: Records) -> None:
    """Each in its own."""
    records.add("a.jpg")
    records.done("b.jpg")
    records.failed("c.jpg")
    found = status(records).accounts[0]
    assert found.counts == {State.QUEUED: 1, State.DONE: 1, State.FAILED: 1}
    assert found.user == "me on it"


def test_the_pause_that_lasts_longest_is_told(records: Records) -> None:
    """One that only a person ends lasts longer than any."""
    records.pause(PauseCause.WAIT, 60)
    records.pause(PauseCause.AWAY, 600)
    assert status(records).as_json()["accounts"]["me"]["pause"]["cause"] == "away"
    records.pause(PauseCause.HAND)
    assert status(records).as_json()["accounts"]["me"]["pause"]["cause"] == "hand"


def test_a_pause_that_is_over_is_none(records: Records) -> None:
    """Its row may still be there, to remember how often it came."""
    records.pause(PauseCause.WAIT, 60)
    assert status(records, NOW + 61).accounts[0].pauses == ()


def test_a_folder_is_paused_with_the_last_of_its_accounts(records: Records) -> None:
    """As long as one account takes its photos, it is not."""
    records.configuration.accounts["you"] = account("you")
    camera = records.configuration.folders["camera"]
    records.configuration.folders["camera"] = replace(camera, accounts=("me", "you"))
    records.account_id("you")
    records.pause(PauseCause.HAND)
    assert not status(records).folders[0].paused
    records.pause(PauseCause.HAND, name="you")
    assert status(records).folders[0].paused


def test_a_pause_of_videos_does_not_pause_a_folder(records: Records) -> None:
    """Photos still go."""
    records.pause(PauseCause.VIDEOS_FULL)
    assert not status(records).folders[0].paused


def test_who_delivers_is_told_while_the_lock_is_held(records: Records) -> None:
    """What a killed one left behind counts for nothing."""
    records.begin(records.add("a.jpg"))
    state_dir = records.configuration.state_dir
    with writing(state_dir) as db:
        lock.remember_holder(db, lock.Holder(os.getpid(), "run", NOW - 10))
        activity.remember(db, {1: Activity(5000)}, NOW - 1)
    assert status(records).holder is None
    assert status(records).accounts[0].uploading == 0
    with lock.take(state_dir):
        found = status(records)
    assert found.as_json()["daemon"]["pid"] == os.getpid()
    assert (found.accounts[0].uploading, found.accounts[0].activity.bytes_per_second) == (1, 5000)


def test_a_daemon_with_other_settings_is_told_of(records: Records, tmp_path: Path) -> None:
    """What `status` shows of the settings is the file's, and the daemon has read an older one."""
    source = tmp_path / "uploadd.toml"
    source.touch()
    configuration = replace(records.configuration, source=source)
    with writing(configuration.state_dir) as db:
        lock.remember_holder(db, lock.Holder(os.getpid(), "run", NOW))
    with lock.take(configuration.state_dir):
        for written, is_newer in ((NOW - 1, False), (NOW + 1, True)):
            os.utime(source, (written, written))
            found = status_of(configuration, NOW + 5)
            assert found.has_other_settings is is_newer
            assert found.as_json()["daemon"]["has_other_settings"] is is_newer


def test_what_is_waited_for_is_told(records: Records) -> None:
    """An upload's reply and a call's, the oldest first."""
    waits = (Wait(Awaited.UPLOAD, NOW - 40, "IMG_1.jpg"), Wait(Awaited.TICKETS, NOW - 12))
    state_dir = records.configuration.state_dir
    account_id = records.account_id()
    with writing(state_dir) as db:
        lock.remember_holder(db, lock.Holder(os.getpid(), "run", NOW - 100))
        activity.remember(db, {account_id: Activity(0, waits)}, NOW - 1)
    with lock.take(state_dir):
        found = status(records)
    assert found.as_json()["accounts"]["me"]["waiting"] == [
        {"for": "upload", "file": "IMG_1.jpg", "since": json_time(NOW - 40)},
        {"for": "tickets", "file": None, "since": json_time(NOW - 12)},
    ]
    assert status(records).as_json()["accounts"]["me"]["waiting"] == []  # nothing runs any more


def test_the_rate_of_an_earlier_deliverer_is_not_told(records: Records) -> None:
    """It was measured before this one began."""
    state_dir = records.configuration.state_dir
    account_id = records.account_id()
    with writing(state_dir) as db:
        activity.remember(db, {account_id: Activity(5000)}, NOW - 100)
        lock.remember_holder(db, lock.Holder(os.getpid(), "run", NOW - 10))
    with lock.take(state_dir):
        assert status(records).accounts[0].activity.bytes_per_second == 0


def test_looking_at_the_lock_disturbs_nobody(tmp_path: Path) -> None:
    """Two that look do not take each other for a deliverer, and no file is made."""
    assert not lock.is_taken(tmp_path)
    assert list(tmp_path.iterdir()) == []
    with lock.take(tmp_path):
        assert lock.is_taken(tmp_path)
    descriptor = os.open(tmp_path / lock.LOCK_NAME, os.O_RDONLY)
    fcntl.flock(descriptor, fcntl.LOCK_SH)
    assert not lock.is_taken(tmp_path)
    os.close(descriptor)


def test_calls_count_for_the_whole_budget(records: Records) -> None:
    """Two accounts with one key; and only what was in the last hour."""
    mine, yours = records.account_id(), records.account_id("you")
    with writing(records.configuration.state_dir) as db:
        for at, owner in [(NOW - 3590, mine), (NOW - 5, yours), (NOW - 4, mine)]:
            calls.take(db, KEY, owner, Purpose.CALL, at)
        calls.take(db, Budget("another key", 10), yours + 1, Purpose.CALL, NOW - 1)
    assert status(records).accounts[0].calls_last_hour == 3
    assert status(records, NOW + 20).accounts[0].calls_last_hour == 2


def test_calls_that_no_longer_count_are_forgotten(records: Records) -> None:
    """A daemon that runs for years keeps an hour of them."""
    owner = records.account_id()
    with writing(records.configuration.state_dir) as db:
        calls.take(db, KEY, owner, Purpose.CALL, NOW - 3601)
        calls.take(db, KEY, owner, Purpose.CALL, NOW)
        assert db.execute("SELECT count(*) FROM calls").fetchone() == (1,)


@pytest.mark.parametrize(("command", "watch"), [("run", "poll"), ("backfill", "auto")])
def test_how_a_folder_is_watched_is_what_the_daemon_says(
    records: Records, command: str, watch: str
) -> None:
    """Where none runs, what is configured."""
    state_dir = records.configuration.state_dir
    with writing(state_dir) as db:
        overview.set_folder(db, "camera", records.root, "poll", "too few watches")
        overview.set_last_rescan(db, "camera", NOW - 5)
        lock.remember_holder(db, lock.Holder(1, command, NOW))
    with lock.take(state_dir):
        found = status(records).folders[0]
    assert (found.watch, found.last_rescan) == (watch, NOW - 5)
    assert found.degraded == "too few watches"


def test_what_was_known_of_another_directory_is_not_told(records: Records) -> None:
    """The folder's path was changed since."""
    with writing(records.configuration.state_dir) as db:
        overview.set_folder(db, "camera", b"/elsewhere", "poll", "")
        overview.set_last_rescan(db, "camera", NOW)
    assert status(records).folders[0].last_rescan is None


def test_a_database_that_is_read_is_not_changed(records: Records) -> None:
    """Nor is the moment at which it is read."""
    records.add("a.jpg")
    with reading(records.configuration.state_dir) as db:
        assert db is not None
        before = overview.counts_of_account(db, 1)
        records.add("b.jpg")
        assert overview.counts_of_account(db, 1) == before


def test_a_folder_name_that_is_new_is_shown(records: Records) -> None:
    """Though nothing was ever seen in it."""
    folder = Folder("new", records.photos / "new", ("me",))
    records.configuration.folders["new"] = folder
    records.add("a.jpg")
    assert [found.name for found in status(records).folders] == ["camera", "new"]


def test_who_sees_a_folders_photos_is_told_for_each_account(records: Records) -> None:
    """Before the first run too."""
    configuration = records.configuration
    configuration.accounts["you"] = account("you", photo=PhotoTable(is_friend=1, is_family=1))
    camera = replace(configuration.folders["camera"], accounts=("me", "you"))
    configuration.folders["camera"] = camera
    web = PhotoTable(privacy=Privacy.PUBLIC)
    configuration.folders["web"] = replace(camera, name="web", photo=web)
    for _ in range(2):
        found = status(records)
        told = json.loads(json.dumps(found.as_json()))["folders"]
        assert told["camera"]["privacy"] == {"me": "private", "you": "friends-family"}
        assert told["web"]["privacy"] == {"me": "public", "you": "public"}
        assert found.privacy == (
            "camera: private on me, friends-family on you",
            "web: public",
            "everything else: private on me, friends-family on you",
        )
        records.add("a.jpg")

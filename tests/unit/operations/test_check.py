"""What a check finds, and its exit code."""

from __future__ import annotations

import os
import sqlite3
import stat
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from random import Random
from typing import Any

import pytest

from unit.operations.records import NOW, Records, account
from uploadd.model.budget import Purpose
from uploadd.model.configuration import Account, ServiceName, WatchMode
from uploadd.model.errors import (
    ServiceAwayError,
    ServiceError,
    ServiceFaultError,
    ServiceRefusedError,
)
from uploadd.model.limits import Quota
from uploadd.model.pauses import PauseCause
from uploadd.model.photo import PhotoTable, Privacy
from uploadd.model.ports import Runtime
from uploadd.model.verdicts import Pause, Reason
from uploadd.operations.check.checking import check
from uploadd.operations.check.findings import Concern, Finding, Level, Report, error, ok, warning
from uploadd.operations.check.folders import FolderChecks
from uploadd.operations.check.machine import notify_command, open_files
from uploadd.operations.check.queue import standing
from uploadd.runtime import RealClock
from uploadd.services.base import Grant, Login
from uploadd.services.error_tables import LATER
from uploadd.store import backups, lock, older
from uploadd.store.beside import writing
from uploadd.store.connection import DATABASE_NAME


class SteadyClock(RealClock):
    """It is always the same moment."""

    def wall(self) -> float:
        return NOW


class InlineDisk:
    """Disk work at once."""

    async def run(self, work: Any, /, *args: Any, **kwargs: Any) -> Any:
        return work(*args, **kwargs)


RUNTIME = Runtime(SteadyClock(), Random(1), InlineDisk())


@dataclass
class Town:
    """Services that answer what a test wants, and remember who asked."""

    logins: dict[str, Login] = field(default_factory=dict)
    refusals: dict[str, ServiceError] = field(default_factory=dict)
    quotas: dict[str, Quota] = field(default_factory=dict)
    may_upload: bool | None = True
    asked: list[str] = field(default_factory=list)
    closed: list[str] = field(default_factory=list)

    def service(self, account: Account, runtime: Runtime, grant: Grant) -> Any:
        return TownService(self, account.name, grant)


class TownService:
    """One account's service."""

    host = "town.test"

    def __init__(self, town: Town, name: str, grant: Grant) -> None:
        self._town = town
        self._name = name
        self._grant = grant

    async def log_in(self) -> Login:
        await self._grant(Purpose.PROBE)
        self._town.asked.append(self._name)
        if self._name in self._town.refusals:
            raise self._town.refusals[self._name]
        return self._town.logins.get(self._name, Login(f"{self._name}@N00", self._name))

    async def may_upload(self) -> bool | None:
        return self._town.may_upload

    async def quota(self) -> Quota:
        return self._town.quotas.get(self._name, Quota(photo_max_bytes=200_000_000))

    async def with_private_left(self, quota: Quota) -> Quota:
        return quota

    async def aclose(self) -> None:
        self._town.closed.append(self._name)


async def found(records: Records, town: Town | None = None) -> Report:
    """Everything that the check finds."""
    make_service = (town or Town()).service
    findings = check(records.configuration, RUNTIME, "check", make_service=make_service)
    return Report(tuple([finding async for finding in findings]))


def bad(report: Report) -> list[Finding]:
    """What is not well."""
    return [finding for finding in report.findings if finding.level is not Level.OK]


async def test_where_nothing_is_wrong_everything_is_ok(records: Records) -> None:
    """No file is made, the login is shown, and the connections are closed."""
    town = Town()
    report = await found(records, town)
    assert bad(report) == []
    assert report.exit_code == 0
    assert report.as_json()["ok"] is True
    assert any("logged in at town.test as me" in finding.text for finding in report.findings)
    assert town.closed == ["me"]
    assert not records.configuration.state_dir.exists()


async def test_after_a_run_the_database_is_looked_at(records: Records) -> None:
    """It is whole."""
    records.done("a.jpg")
    report = await found(records)
    assert bad(report) == []
    assert "the database is whole" in [finding.text for finding in report.findings]


@pytest.mark.parametrize(
    ("findings", "code"),
    [
        ([], 0),
        ([ok("x", "fine"), warning("x", "hm")], 0),
        ([error("x", "bad")], 1),
        ([error("x", "bad"), error("x", "bad", concern=Concern.CREDENTIALS)], 77),
        (
            [
                error("x", "bad", concern=Concern.CREDENTIALS),
                error("x", "bad", concern=Concern.CONFIGURATION),
            ],
            2,
        ),
    ],
)
def test_the_gravest_error_gives_the_exit_code(findings: Sequence[Finding], code: int) -> None:
    """Configuration before credentials before the rest; warnings give none."""
    assert Report(tuple(findings)).exit_code == code


async def test_missing_credentials_are_77_and_nobody_is_asked(records: Records) -> None:
    """The keys are named, never their values."""
    records.configuration.accounts["me"] = replace(
        records.configuration.accounts["me"], token=Account("x").token
    )
    town = Town()
    report = await found(records, town)
    (finding,) = bad(report)
    assert "accounts.me.token" in finding.text
    assert "of me" not in str(report.as_json())
    assert (report.exit_code, town.asked) == (77, [])


async def test_a_secret_that_ipernity_does_not_have_is_doubted(records: Records) -> None:
    """It is a sign of a login of the other service, and stops nothing."""
    mixed_up = account("me", service=ServiceName.IPERNITY)
    records.configuration.accounts["me"] = mixed_up
    report = await found(records, Town())
    (finding,) = [one for one in report.findings if one.subject.endswith(".token_secret")]
    assert finding.level is Level.WARNING
    assert "Flickr" in finding.text
    assert "of me" not in str(report.as_json())


def refused(cause: PauseCause) -> ServiceRefusedError:
    """The service says no."""
    reason = Reason("98", "the token is refused", "log in again")
    return ServiceRefusedError(reason, Pause(cause, reason))


@pytest.mark.parametrize(
    ("refusal", "code"),
    [
        (refused(PauseCause.CREDENTIALS), 77),
        (refused(PauseCause.CLOCK), 1),
        (ServiceAwayError("no connection", "check the network"), 1),
    ],
)
async def test_what_a_service_says_is_a_finding(
    records: Records, refusal: ServiceError, code: int
) -> None:
    """With its remedy; one account's trouble is not another's."""
    records.configuration.accounts["you"] = account("you")
    report = await found(records, Town(refusals={"me": refusal}))
    (finding,) = bad(report)
    assert (finding.subject, finding.text) == ("accounts.me", refusal.text)
    assert finding.remedy == refusal.remedy
    assert report.exit_code == code
    assert any("as you" in one.text for one in report.findings)


@pytest.mark.parametrize("remedy", ["", LATER])
async def test_a_passing_fault_has_a_remedy_too(records: Records, remedy: str) -> None:
    """A check is not tried again by itself."""
    fault = ServiceFaultError(Reason("105", "away", remedy))
    (finding,) = bad(await found(records, Town(refusals={"me": fault})))
    assert finding.remedy.startswith("check again later")


async def test_two_names_for_one_login_are_refused(records: Records) -> None:
    """That is an error in the configuration."""
    records.configuration.accounts["you"] = account("you")
    same = Login("1@N00", "jo")
    report = await found(records, Town(logins={"me": same, "you": same}))
    (finding,) = bad(report)
    assert "accounts.you and accounts.me are the same login" in finding.text
    assert report.exit_code == 2


async def test_a_token_that_may_only_read_is_refused(records: Records) -> None:
    """Where the service does not say, nothing is said."""
    assert (await found(records, Town(may_upload=False))).exit_code == 77
    assert (await found(records, Town(may_upload=None))).exit_code == 0


@pytest.mark.parametrize(
    ("quota", "level"),
    [
        (Quota(items_left=0), Level.ERROR),
        (Quota(items_left=5), Level.WARNING),
        (Quota(videos_left=0), Level.WARNING),
        (Quota(items_left=5000, bytes_left=10), Level.OK),
    ],
)
async def test_room_is_told_before_it_ends(records: Records, quota: Quota, level: Level) -> None:
    """None at all is an error."""
    report = await found(records, Town(quotas={"me": quota}))
    assert {finding.level for finding in bad(report)} == ({level} - {Level.OK})


FREE = Quota(
    photo_max_bytes=209_715_200,
    video_max_bytes=1_073_741_824,
    items_left=37,
    videos_left=2,
    bytes_left=300_000_000,
    is_pro=False,
    items_most=1000,
    items_there=963,
    private_most=50,
    private_left=13,
    video_max_seconds=180,
)


async def test_every_limit_is_shown(records: Records) -> None:
    """In one line, and the private places in another."""
    report = await found(records, Town(quotas={"me": FREE}))
    texts = [finding.text for finding in report.findings if finding.subject == "accounts.me"]
    assert texts[1:] == [
        (
            "the account takes 37 more items (963 of 1,000 items are there), photos up to 209.7 MB,"
            " videos up to 1.1 GB and 180 s, 2 more videos, 300.0 MB more this month"
        ),
        "of a free account's items at most 50 need not be public: 13 of 50 places are left",
    ]


@pytest.mark.parametrize(
    ("quota", "text"),
    [
        (replace(FREE, items_left=0, items_there=1000), "is full: it has 1,000 of 1,000 items"),
        (Quota(items_left=0), "is full: it takes no more photos"),
        (Quota(bytes_left=0), "takes no more this month"),
        (Quota(private_most=50), "the service did not say"),
        (Quota(video_max_seconds=90), "takes videos up to 90 s"),
        (Quota(videos_left=1), "takes 1 more video"),
        (Quota(is_pro=True), "takes any number of items"),
        (Quota(), "the service names no limits"),
        (Quota(is_pro=False), "the service names no limits"),
    ],
)
async def test_what_ends_or_is_unknown_is_said(records: Records, quota: Quota, text: str) -> None:
    """With the count, where there is one."""
    report = await found(records, Town(quotas={"me": quota}))
    assert any(text in finding.text for finding in report.findings)


@pytest.mark.parametrize(
    ("folder", "account", "level", "text"),
    [
        ({}, {}, Level.WARNING, "camera: private"),
        ({"title": "x"}, {}, Level.WARNING, "camera: private"),
        ({"is_family": 0}, {}, Level.OK, "camera: private"),
        ({}, {"privacy": Privacy.FAMILY}, Level.OK, "camera: family"),
        ({"privacy": Privacy.PUBLIC}, {"privacy": Privacy.FAMILY}, Level.OK, "camera: public"),
        ({"privacy": Privacy.ACCOUNT}, {}, Level.OK, "camera: by the site's default"),
    ],
)
async def test_who_sees_the_photos_is_told(
    records: Records, folder: dict[str, Any], account: dict[str, Any], level: Level, text: str
) -> None:
    """A warning where no setting says it: those photos were the site's default before."""
    accounts = records.configuration.accounts
    accounts["me"] = replace(accounts["me"], photo=PhotoTable(**account))
    with_fields(records, **folder)
    report = await found(records, Town())
    told = {one.subject: one for one in report.findings if ": " in one.text}
    assert (told["folders.camera.photo"].level, told["folders.camera.photo"].text) == (level, text)
    if level is Level.WARNING:
        assert told["folders.camera.photo"].remedy.startswith(
            'new photos are private now; privacy = "account" is as before'
        )
    assert told["folders"].text == f"everything else: {account.get('privacy', 'private')}"
    assert report.exit_code == 0


def with_fields(records: Records, **fields: Any) -> None:
    """Let the folder say this of its photos."""
    camera = records.configuration.folders["camera"]
    photo = replace(camera.photo, **fields)
    records.configuration.folders["camera"] = replace(camera, photo=photo)


@pytest.mark.parametrize(
    ("level", "is_pro", "is_told"),
    [(2, False, True), (3, False, True), (1, False, False), (None, False, False),
     (2, True, False), (2, None, False)],
)  # fmt: skip
async def test_content_that_a_free_account_may_not_hold(
    records: Records, level: int | None, *, is_pro: bool | None, is_told: bool
) -> None:
    """Each photo would be refused with error 15; nothing is said where the service is silent."""
    with_fields(records, safety_level=level)
    report = await found(records, Town(quotas={"me": Quota(is_pro=is_pro)}))
    told = [one for one in bad(report) if one.subject == "folders.camera.photo"]
    assert [one.level for one in told] == [Level.WARNING] * is_told
    assert all("safety_level" in one.text and one.remedy for one in told)


@pytest.mark.parametrize(
    ("fields", "left", "is_told"),
    [
        ({}, 2, True),
        ({}, 3, False),
        ({}, None, False),
        ({"is_public": 0}, 2, True),
        ({"privacy": Privacy.FAMILY}, 2, True),
        ({"privacy": Privacy.PUBLIC}, 0, False),
        ({"privacy": Privacy.ACCOUNT}, 0, False),  # nobody here knows what that default is
    ],
)
async def test_more_private_photos_than_places(
    records: Records, fields: dict[str, Any], left: int | None, *, is_told: bool
) -> None:
    """Counted are those that are still to be sent."""
    with_fields(records, **fields)
    for number in range(3):
        records.add(f"{number}.jpg")
    records.done("there-already.jpg")
    quota = Quota(is_pro=False, private_most=50, private_left=left)
    report = await found(records, Town(quotas={"me": quota}))
    told = [one for one in bad(report) if one.text.startswith("3 files are private, and")]
    assert [one.subject for one in told] == ["accounts.me"] * is_told
    assert all("`privacy`" in one.remedy and "Pro" in one.remedy for one in told)


async def test_private_photos_of_all_folders_share_the_places(records: Records) -> None:
    """Each folder alone would fit."""
    camera = records.configuration.folders["camera"]
    records.configuration.folders["again"] = replace(camera, name="again")
    for number in range(3):
        records.add(f"{number}.jpg")
    quota = Quota(is_pro=False, private_most=50, private_left=4)
    report = await found(records, Town(quotas={"me": quota}))
    [told] = [one for one in bad(report) if "places" in one.text]
    assert told.text == (
        "6 files are private, and the account has 4 of its 50 places for such left:"
        " 2 more than places"
    )


async def test_who_asked_for_no_calls_is_not_asked(records: Records) -> None:
    """HTTP 429 with a wait: a check is a call too."""
    records.pause(PauseCause.RATE)
    town = Town()
    report = await found(records, town)
    assert town.asked == []
    assert ["paused" in finding.text for finding in bad(report)] == [True]
    assert report.exit_code == 0


@pytest.mark.parametrize(("may_upload", "is_told"), [(True, True), (None, True), (False, False)])
async def test_a_pause_for_a_login_that_works_again(
    records: Records, *, may_upload: bool | None, is_told: bool
) -> None:
    """Its remedy, to log in, was taken: nobody shall do it twice."""
    records.pause(PauseCause.CREDENTIALS)
    town = Town(may_upload=may_upload)
    texts = [finding.text for finding in (await found(records, town)).findings]
    assert any("the pause for it ends by itself" in text for text in texts) == is_told


async def test_what_stands_in_the_queue_is_told(records: Records) -> None:
    """Failures, pauses, and jobs of an account that is no more."""
    records.failed("a.jpg")
    records.add("b.jpg", account="you")
    records.pause(PauseCause.HAND)
    texts = [finding.text for finding in bad(await found(records))]
    assert any("1 file has failed" in text for text in texts)
    assert any("paused: because of hand" in text for text in texts)
    assert any("account you" in text for text in texts)


async def test_a_pause_that_is_tried_now_has_no_time_left(records: Records) -> None:
    """Nobody waits for another 0 seconds."""
    records.pause(PauseCause.AWAY, 0.4)
    for seconds, words in ((0.0, "paused, for another 1 s:"), (1.0, "paused: because of away")):
        with writing(records.configuration.state_dir) as db:
            told = list(standing(db, records.configuration, NOW + seconds))
        assert [words in one.text for one in told] == [True]


async def test_a_damaged_database_is_an_error_and_the_rest_goes_on(records: Records) -> None:
    """Its folders and accounts are looked at all the same."""
    records.add("a.jpg")
    path = records.configuration.state_dir / DATABASE_NAME
    for wal in records.configuration.state_dir.glob("*-wal"):
        wal.unlink()
    path.write_bytes(b"this is no database, whatever its name says" * 100)
    report = await found(records)
    (finding,) = bad(report)
    assert "not a database" in finding.text
    assert "backup" in finding.remedy
    assert report.exit_code == 1
    assert any(one.subject == "accounts.me" for one in report.findings)


async def test_a_database_of_a_newer_version_is_an_error(records: Records) -> None:
    """It is left alone."""
    records.add("a.jpg")
    with sqlite3.connect(records.configuration.state_dir / DATABASE_NAME) as db:
        db.execute(
            "INSERT INTO _sqlite_migrations (migration_set, name, applied_at)"
            " VALUES ('uploadd', 'from_the_future', '')"
        )
    db.close()
    (finding,) = bad(await found(records))
    assert "newer uploadd" in finding.text


async def test_a_state_dir_that_is_a_file_stops_the_check(records: Records, tmp_path: Path) -> None:
    """Nothing else makes sense then."""
    (tmp_path / "file").write_text("")
    records.configuration = replace(records.configuration, state_dir=tmp_path / "file" / "state")
    report = await found(records)
    assert [finding.subject for finding in report.findings] == ["state_dir"]
    assert report.exit_code == 1


@pytest.mark.skipif(os.geteuid() != 0, reason="only root gives a directory away")
async def test_another_users_state_dir_names_the_command(records: Records) -> None:
    """With the arguments that were given."""
    records.add("a.jpg")
    os.chown(records.configuration.state_dir, 65534, 65534)
    report = await found(records)
    (finding,) = report.findings
    assert finding.level is Level.ERROR
    assert finding.remedy.endswith("uploadd check")


async def test_a_state_dir_for_everybodys_eyes_is_a_warning(records: Records) -> None:
    """It holds the names of all photos."""
    records.add("a.jpg")
    records.configuration.state_dir.chmod(0o755)
    (finding,) = bad(await found(records))
    assert "chmod" in finding.remedy
    assert stat.S_IMODE(records.configuration.state_dir.stat().st_mode) == 0o755


async def test_without_account_and_folder_there_is_nothing_to_do(records: Records) -> None:
    """The first is an error, the second works for backfills."""
    records.configuration.accounts.clear()
    records.configuration.folders.clear()
    report = await found(records)
    assert [(one.subject, one.level) for one in bad(report)] == [
        ("accounts", Level.ERROR),
        ("folders", Level.WARNING),
    ]
    assert report.exit_code == 2


async def test_a_folder_that_is_not_there_is_an_error(records: Records, tmp_path: Path) -> None:
    """So is one that is a file; the next folder is looked at."""
    camera = records.configuration.folders["camera"]
    (tmp_path / "file").write_text("")
    records.configuration.folders["gone"] = replace(camera, name="gone", path=tmp_path / "gone")
    records.configuration.folders["file"] = replace(camera, name="file", path=tmp_path / "file")
    report = await found(records)
    assert [(one.subject, one.level) for one in bad(report)] == [
        ("folders.gone", Level.ERROR),
        ("folders.file", Level.ERROR),
    ]
    assert report.exit_code == 1


def test_directories_are_counted_against_the_kernels_limit(records: Records) -> None:
    """Of all folders together; what is not entered needs no watch."""
    for name in ("a", "b", "b/c", ".git", ".git/x"):
        (records.photos / name).mkdir()
    folder = records.configuration.folders["camera"]
    assert bad(Report(tuple(FolderChecks([folder], 100).run()))) == []
    (finding,) = bad(Report(tuple(FolderChecks([folder], 4).run())))
    assert "4 directories are to be watched" in finding.text
    polled = replace(folder, watch=WatchMode.POLL)
    assert bad(Report(tuple(FolderChecks([polled], 4).run()))) == []
    assert bad(Report(tuple(FolderChecks([folder], None).run()))) == []


def test_files_and_directories_are_counted(records: Records) -> None:
    """With how they are watched."""
    records.path("a.jpg").write_bytes(b"x")
    (finding,) = FolderChecks([records.configuration.folders["camera"]], None).run()
    assert "1 file in 1 directory, watched by inotify" in finding.text


def test_a_pattern_that_makes_no_sense_is_a_configuration_error(records: Records) -> None:
    """It would match nothing."""
    folder = replace(records.configuration.folders["camera"], exclude=("!",))
    (finding,) = FolderChecks([folder], None).run()
    assert (finding.level, finding.concern) == (Level.ERROR, Concern.CONFIGURATION)


def test_the_notify_command_must_be_there(tmp_path: Path) -> None:
    """And executable; none is fine."""
    command = tmp_path / "tell"
    assert list(notify_command(())) == []
    assert [one.level for one in notify_command((str(command),))] == [Level.WARNING]
    command.write_text("#!/bin/sh\n")
    assert [one.level for one in notify_command((str(command),))] == [Level.WARNING]
    command.chmod(0o755)
    assert [one.level for one in notify_command((str(command), "x"))] == [Level.OK]


def test_a_notify_command_that_others_may_write_is_told(tmp_path: Path) -> None:
    """It runs as the user who reads every photo."""
    command = tmp_path / "tell me"
    command.write_text("#!/bin/sh\n")
    command.chmod(0o757)
    (finding,) = notify_command((str(command),))
    assert finding.level is Level.WARNING
    assert "can be written by everybody" in finding.text
    assert finding.remedy.endswith(f"chmod go-w '{command}'")


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a file away")
def test_a_notify_command_of_another_user_is_told(tmp_path: Path) -> None:
    """He may write to it whenever he likes."""
    command = tmp_path / "tell-me"
    command.write_text("#!/bin/sh\n")
    command.chmod(0o755)
    os.chown(command, 65534, -1)
    (finding,) = notify_command((str(command),))
    assert finding.level is Level.WARNING
    assert "belongs to nobody" in finding.text


def test_open_files_are_counted_by_uploads() -> None:
    """A low limit is a warning."""
    accounts = [replace(account("me"), parallel_uploads=64)]
    assert list(open_files(accounts, 1024)) == []
    (finding,) = open_files(accounts, 128)
    assert "128" in finding.text


async def test_who_is_at_work_is_told(records: Records) -> None:
    """A check needs no lock."""
    records.add("a.jpg")
    with writing(records.configuration.state_dir) as db:
        lock.remember_holder(db, lock.Holder(7, "run", NOW))
    with lock.take(records.configuration.state_dir):
        report = await found(records)
    assert "`uploadd run` is at work (pid 7)" in [finding.text for finding in report.findings]


@pytest.mark.parametrize(
    ("hours", "level", "words"),
    [
        (0.2, Level.OK, "less than an hour ago"),
        (1, Level.OK, "1 hour ago"),
        (30, Level.WARNING, "30 hours ago"),
    ],
)
async def test_the_age_of_the_backup_is_told(
    records: Records, hours: float, level: Level, words: str
) -> None:
    """A late one is a warning only while something runs that should have made it."""
    records.done("a.jpg")
    state = records.configuration.state_dir
    made_at = NOW - hours * 3600.0
    backups.make(state, state / DATABASE_NAME, made_at, lambda: True)
    with writing(state) as db:
        lock.remember_holder(db, lock.Holder(4711, "run", NOW))
    held = lock.take(state)
    (told,) = [one for one in (await found(records)).findings if "newest backup" in one.text]
    held.release()
    assert told.level is level
    assert f"was made {words}:" in told.text
    (told,) = [one for one in (await found(records)).findings if "newest backup" in one.text]
    assert told.level is Level.OK


async def test_an_account_that_awaits_its_adoption_is_told(records: Records) -> None:
    """With the command."""
    records.add("a.jpg")
    with writing(records.configuration.state_dir) as db:
        older.doubt_all(db, NOW - 1.0, NOW, 0)
    (told,) = [one for one in bad(await found(records)) if "adopt" in one.remedy]
    assert (told.level, told.subject) == (Level.WARNING, "accounts.me")
    assert told.remedy == "`uploadd adopt --account me`"

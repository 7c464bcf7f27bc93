"""What a dry run counts, for each account."""

from __future__ import annotations

import json
import os
from dataclasses import replace
from random import Random
from typing import Any

import pytest

from unit.operations.records import JPEG, NOT_A_PHOTO, NOW, Records, account
from unit.operations.test_calling import Disk
from uploadd.model import taken
from uploadd.model.configuration import Account, ServiceName
from uploadd.model.errors import ServiceAwayError, ServiceError
from uploadd.model.estimates import Pace
from uploadd.model.left_alone import LeftAlone
from uploadd.model.limits import Load, Quota
from uploadd.model.pauses import PauseCause
from uploadd.model.ports import Runtime
from uploadd.operations.backfill.preview import accounts_of, preview
from uploadd.operations.backfill.previewed import Preview
from uploadd.operations.backfill.trees import wanted_trees
from uploadd.operations.questions import Limits, limits_of
from uploadd.runtime import RealClock
from uploadd.services.base import Grant

MP4 = b"\0\0\0\x18ftypmp42\0\0\0\0mp42isom"
SMALL = Quota(photo_max_bytes=100, video_max_bytes=1000)


def seen(records: Records, **limits: Limits) -> Preview:
    """A dry run over the folder."""
    wanted = wanted_trees(records.configuration, [str(records.photos)], None, None)
    return preview(records.configuration, wanted, limits)


def limits(quota: Quota | None, **pace: Any) -> Limits:
    """What an account's service said."""
    return Limits(quota, Pace(**pace))


def photo(records: Records, name: str, size: int, head: bytes = JPEG) -> None:
    """A file on the disk that nobody has seen yet."""
    records.path(name).write_bytes(head + bytes(size - len(head)))


def test_files_are_counted_by_their_kind(records: Records) -> None:
    """Photos and videos with their bytes, others as not for upload, known ones as known."""
    photo(records, "a.jpg", 50)
    photo(records, "b.mp4", 500, MP4)
    photo(records, "c.txt", 20, b"words")
    records.add("known.jpg")
    found = seen(records, me=limits(SMALL))
    assert (found.found, found.known, found.photos, found.videos) == (4, 1, 1, 1)
    assert (found.skipped, found.too_large, found.bytes_to_send) == (1, 0, 550)
    me = found.accounts["me"]
    assert (me.photos, me.videos, me.files, me.bytes_to_send) == (1, 1, 2, 550)


def test_what_will_not_be_sent_is_grouped_as_a_backfill_groups_it(records: Records) -> None:
    """New files by their content, known ones by their jobs; what is on its way is in no group."""
    photo(records, "new.jpg", 50)
    photo(records, "new.CR2", 20, b"no picture")
    photo(records, "large.jpg", 101)
    records.path("empty.jpg").touch()
    (records.photos / "left.xmp").touch()
    (records.photos / "link.jpg").symlink_to("new.jpg")
    records.done("done.jpg")
    records.add("known.NEF", refusal=NOT_A_PHOTO)
    records.failed("refused.jpg")
    records.add("queued.jpg")
    records.add("changed.jpg", refusal=NOT_A_PHOTO)
    photo(records, "changed.jpg", 60)
    records.add("gone.jpg", refusal=NOT_A_PHOTO)
    records.path("gone.jpg").unlink()
    found = seen(records, me=limits(SMALL))
    me = found.accounts["me"]
    assert (me.photos, me.there, me.pending) == (2, 1, 1)
    assert [(one.code, one.kind, one.files) for one in me.groups] == [
        ("type", "raw", 2),
        ("5", "photo", 1),
        ("empty", "photo", 1),
        ("too-large", "photo", 1),
    ]
    assert found.left_alone == LeftAlone(sidecar=1, link=1)
    told = found.as_json()
    assert told["not_on_account"][0] == {"account": "me", "code": "type", "kind": "raw", "files": 2}
    assert told["not_looked_at"]["link"] == 1
    assert told["unread_directories"] == 0
    assert not found.is_everything_there


def test_a_directory_that_lies_in_another_is_counted_once(records: Records) -> None:
    """Whoever names both means one backfill."""
    deep = records.photos / "deep"
    deep.mkdir()
    (deep / "a.jpg").write_bytes(JPEG)
    (deep / "a.xmp").touch()
    wanted = wanted_trees(records.configuration, [str(records.photos), str(deep)], None, None)
    found = preview(records.configuration, wanted)
    assert (found.found, found.photos, found.left_alone.sidecar) == (1, 1, 1)


def test_a_dry_run_knows_when_everything_is_there(records: Records) -> None:
    """A sidecar is no photo; one file that is queued is enough."""
    records.done("done.jpg")
    (records.photos / "done.xmp").touch()
    assert seen(records).is_everything_there
    records.add("queued.jpg")
    assert not seen(records).is_everything_there


def test_damaged_files_are_not_for_upload(records: Records) -> None:
    """Zeros, and a JPEG that ends before its picture; a cut one is counted as it is sent."""
    records.path("a.jpg").write_bytes(bytes(500))
    records.path("b.jpg").write_bytes(JPEG[:8])
    records.path("c.jpg").write_bytes(JPEG[:-2])
    found = seen(records)
    assert (found.found, found.skipped, found.photos) == (3, 2, 1)


def test_each_service_has_its_own_list_of_types(
    records: Records, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A file that one of them does not take counts for the other."""
    others = account("other", service=ServiceName.IPERNITY)
    folder = replace(records.configuration.folders["camera"], accounts=("me", "other"))
    records.configuration = replace(
        records.configuration,
        accounts={**records.configuration.accounts, "other": others},
        folders={"camera": folder},
    )
    monkeypatch.setitem(taken.TAKEN_BY, ServiceName.IPERNITY, frozenset({"video/mp4"}))
    photo(records, "a.jpg", 50)
    photo(records, "b.mp4", 500, MP4)
    found = seen(records)
    assert (found.photos, found.videos, found.skipped) == (1, 1, 0)
    assert [found.accounts[name].files for name in ("me", "other")] == [2, 1]


def test_a_file_too_large_is_named_and_not_counted(records: Records) -> None:
    """By the limit of its kind."""
    photo(records, "a.jpg", 101)
    photo(records, "b.mp4", 101, MP4)
    found = seen(records, me=limits(SMALL))
    (large,) = found.accounts["me"].too_large
    assert large.path == os.fsencode(records.path("a.jpg"))
    assert "at most 100 bytes" in large.text
    assert (found.too_large, found.photos, found.videos, found.bytes_to_send) == (1, 0, 1, 101)


def test_without_limits_nothing_is_too_large(records: Records) -> None:
    """A dry run works where nobody answers."""
    photo(records, "a.jpg", 5000)
    for found in (seen(records), seen(records, me=limits(None))):
        assert (found.photos, found.too_large) == (1, 0)
        assert found.accounts["me"].beyond == Load()


def test_each_account_is_counted_for_itself(records: Records) -> None:
    """What one has or does not take goes to the other."""
    photo(records, "a.jpg", 150)
    records.add("b.jpg")
    records.configuration.accounts["you"] = account("you")
    camera = replace(records.configuration.folders["camera"], accounts=("me", "you"))
    records.configuration.folders["camera"] = camera
    found = seen(records, me=limits(SMALL), you=limits(Quota()))
    me, you = found.accounts["me"], found.accounts["you"]
    assert (me.photos, len(me.too_large)) == (0, 1)
    assert (you.photos, len(you.too_large)) == (2, 0)
    assert (found.photos, found.too_large) == (2, 0)


def test_what_will_not_fit_is_counted(records: Records) -> None:
    """Items, videos, bytes, and places for what is not public."""
    camera = records.configuration.folders["camera"]
    fields = replace(camera.photo, is_public=0)
    records.configuration.folders["camera"] = replace(camera, photo=fields)
    for number in range(4):
        photo(records, f"{number}.jpg", 50)
        photo(records, f"{number}.mp4", 50, MP4)
    quota = Quota(items_left=5, videos_left=1, bytes_left=390, private_most=50, private_left=2)
    me = seen(records, me=limits(quota)).accounts["me"]
    assert me.beyond == Load(3, 3, 10)
    assert (me.private, me.private_beyond) == (8, 6)
    assert seen(records, me=limits(Quota())).accounts["me"].private_beyond == 0


def test_the_object_can_be_written_as_json(records: Records) -> None:
    """Also with a name that is not UTF-8."""
    with open(os.path.join(records.root, b"\xff.jpg"), "wb") as file:
        file.write(JPEG + bytes(200))
    photo(records, "a.jpg", 50)
    found = seen(records, me=limits(SMALL, bytes_per_second=5))
    told = json.loads(json.dumps(found.as_json()))
    me = told["accounts"]["me"]
    assert told["too_large"] == 1
    assert me["too_large"][0]["path_bytes"]
    assert me["seconds"] == 10
    assert me["limits"]["photo_max_bytes"] == 100
    assert me["beyond"] == {"items": 0, "videos": 0, "size_bytes": 0, "private": 0}


class SteadyClock(RealClock):
    """It is always the same moment."""

    def wall(self) -> float:
        return NOW


class Answering:
    """A service that tells its limits, or raises."""

    host = "town.test"
    tickets_per_call = 50
    finds_per_call = 20

    def __init__(self, asked: list[str], name: str, quota: Quota | ServiceError) -> None:
        self._asked = asked
        self._name = name
        self._quota = quota

    async def quota(self) -> Quota:
        self._asked.append(self._name)
        if isinstance(self._quota, ServiceError):
            raise self._quota
        return self._quota

    async def with_private_left(self, quota: Quota) -> Quota:
        return replace(quota, private_left=7)

    async def aclose(self) -> None:
        self._asked.append(f"{self._name} closed")


async def told(records: Records, **quotas: Quota | ServiceError) -> dict[str, Limits]:
    """The limits of every account; the list of who was asked is in `asked`."""

    def make_service(account: Account, _runtime: Runtime, _grant: Grant) -> Any:
        return Answering(asked, account.name, quotas[account.name])

    asked.clear()
    runtime = Runtime(SteadyClock(), Random(1), Disk())
    return await limits_of(records.configuration, quotas, runtime, make_service)


asked: list[str] = []


async def test_limits_are_asked_of_each_account(records: Records) -> None:
    """One that is away has none, and says why; how fast it may be is known all the same."""
    records.configuration.accounts["me"] = account("me", bytes_per_second=7, calls_per_hour=9)
    records.configuration.accounts["you"] = account("you")
    found = await told(records, me=SMALL, you=ServiceAwayError("no connection", "check it"))
    assert found["me"] == Limits(replace(SMALL, private_left=7), Pace(7, 9, pytest.approx(1.07)))
    assert found["you"].quota is None
    assert found["you"].unknown == "no connection; check it"
    assert sorted(asked) == ["me", "me closed", "you", "you closed"]


async def test_who_cannot_be_asked_is_not(records: Records) -> None:
    """Without credentials, or while the service wants no calls."""
    records.configuration.accounts["you"] = replace(account("you"), token=Account("x").token)
    records.pause(PauseCause.RATE)
    found = await told(records, me=SMALL, you=SMALL)
    assert {limits.quota for limits in found.values()} == {None}
    assert "no calls now" in found["me"].unknown
    assert "accounts.you.token" in found["you"].unknown
    assert not {"me", "you"} & set(asked)


def test_the_accounts_of_several_trees(records: Records) -> None:
    """Each once, in their order."""
    wanted = wanted_trees(records.configuration, [str(records.photos)] * 2, None, None)
    assert accounts_of(wanted) == ["me"]

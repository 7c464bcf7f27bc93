"""What every service promises of `send` (`services.base`), against its sandbox."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from uploadd.model.errors import FileChangedError
from uploadd.model.pauses import PauseCause
from uploadd.model.secret import Secret
from uploadd.model.verdicts import (
    Duplicate,
    Pause,
    Refuse,
    Reschedule,
    Ticketed,
    Uncertain,
)
from uploadd.services.base import Parcel


async def test_a_photo_arrives_as_it_was_sent(stand: Any, parcel: Parcel) -> None:
    """Every byte and every word."""
    assert isinstance(await stand.service().send(parcel), Ticketed)
    (photo,) = stand.sandbox.photos
    assert photo.sha256 == parcel.sha256
    assert photo.filename == "Été %221%22.jpg"
    assert (photo.content_type, photo.title) == ("image/jpeg", parcel.title)
    assert photo.description == parcel.description
    assert photo.tags == [f"checksum:sha256={parcel.sha256}", *parcel.tags]
    assert (photo.is_public, photo.is_friend, photo.is_family) == (0, 1, 0)
    assert (photo.safety_level, photo.content_kind, photo.hidden) == (1, 2, 2)


async def test_what_is_not_said_is_left_to_the_account(stand: Any, parcel: Parcel) -> None:
    """A bare photo takes the account's defaults and its file's name."""
    bare = Parcel(parcel.stem, parcel.extension, parcel.media_type, parcel.sha256, parcel.body)
    await stand.service().send(bare)
    (photo,) = stand.sandbox.photos
    assert photo.title == "Été %221%22"
    assert photo.is_public == stand.sandbox.options.default_is_public


async def test_one_send_is_one_request_without_asking_for_leave(stand: Any, parcel: Parcel) -> None:
    """Its caller has been granted it before the state was committed."""
    await stand.service().send(parcel)
    assert len(stand.sandbox.journal) == 1
    assert stand.granted == []


async def test_passing_codes_are_rescheduled(stand: Any, parcel: Parcel) -> None:
    """The whole body was sent, so a look-up comes before the resend."""
    for code in stand.passing_codes:
        stand.sandbox.faults.clear()
        stand.script("error", code)
        verdict = await stand.service().send(parcel)
        assert isinstance(verdict, Reschedule)
        assert (verdict.was_sent, verdict.is_known, verdict.reason.code) == (True, True, str(code))


async def test_refusing_codes_fail_the_file(stand: Any, parcel: Parcel) -> None:
    """Each with something a person can do."""
    for code in stand.refusing_codes:
        stand.sandbox.faults.clear()
        stand.script("error", code)
        verdict = await stand.service().send(parcel)
        assert isinstance(verdict, Refuse)
        assert verdict.reason.code == str(code)
        assert verdict.reason.remedy


async def test_credential_codes_pause_the_account(stand: Any, parcel: Parcel) -> None:
    """The queue stays whole until a person acts."""
    for code in stand.credential_codes:
        stand.sandbox.faults.clear()
        stand.script("error", code)
        verdict = await stand.service().send(parcel)
        assert isinstance(verdict, Pause)
        assert verdict.cause is PauseCause.CREDENTIALS


async def test_a_code_nobody_knows_is_rescheduled_a_few_times(stand: Any, parcel: Parcel) -> None:
    """And shown as the service gave it."""
    stand.script("error", stand.unknown_code, message="Something new")
    verdict = await stand.service().send(parcel)
    assert isinstance(verdict, Reschedule)
    assert not verdict.is_known
    assert "Something new" in verdict.reason.text


async def test_a_full_account_pauses(stand: Any, parcel: Parcel) -> None:
    """It is no fault of the file's."""
    stand.script("error", stand.full_code)
    verdict = await stand.service().send(parcel)
    assert isinstance(verdict, Pause)
    assert verdict.cause is PauseCause.FULL


@pytest.mark.parametrize(
    "place", ["rsp-child", "err-child", "err-attribute", "rsp-attribute", "absent"]
)
async def test_a_wait_is_read_wherever_it_stands(stand: Any, parcel: Parcel, place: Any) -> None:
    """Error 14's place is not established; without it the pause is ours."""
    stand.sandbox.options.wait_every = 1
    stand.sandbox.options.wait_seconds = 123
    stand.sandbox.options.wait_place = place
    verdict = await stand.service().send(parcel)
    assert isinstance(verdict, Pause)
    assert verdict.cause is PauseCause.WAIT
    assert verdict.seconds == (None if place == "absent" else 123)


@pytest.mark.parametrize("kind", ["lose-reply", "garbage", "empty", "html", "bomb"])
async def test_a_reply_that_cannot_be_trusted_leaves_it_uncertain(
    stand: Any, parcel: Parcel, kind: str
) -> None:
    """The photo was kept, and nobody said so."""
    stand.script(kind)
    verdict = await stand.service().send(parcel)
    assert isinstance(verdict, Uncertain)
    assert stand.kept() == [parcel.sha256]
    assert len(stand.sandbox.journal) == 1


@pytest.mark.parametrize("kind", ["http-before", "http-after"])
@pytest.mark.parametrize("status", [500, 502, 503, 504])
async def test_a_gateways_error_leaves_it_uncertain(
    stand: Any, parcel: Parcel, kind: str, status: int
) -> None:
    """Whether it was kept cannot be seen from here; both have been reported."""
    stand.script(kind, status)
    verdict = await stand.service().send(parcel)
    assert isinstance(verdict, Uncertain)
    assert verdict.reason.code == f"http-{status}"


async def test_a_body_cut_short_is_not_uncertain(stand: Any, parcel: Parcel) -> None:
    """Before its last chunk nothing can have been kept."""
    stand.script("cut")
    verdict = await stand.service().send(parcel)
    assert isinstance(verdict, Reschedule)
    assert not verdict.was_sent
    assert stand.kept() == []


async def test_a_file_that_fails_us_keeps_nothing_there(
    stand: Any, parcel: Parcel, memory_body: Any
) -> None:
    """Its trouble passes through `send`, and the service has no photo."""
    odd = replace(parcel, body=memory_body(b"x" * 1000, FileChangedError("changed")))
    with pytest.raises(FileChangedError):
        await stand.service().send(odd)
    assert stand.kept() == []


async def test_too_many_requests_pause_for_what_the_service_names(
    stand: Any, parcel: Parcel
) -> None:
    """Retry-After where there is one, else a pause of ours."""
    stand.script("http-before", 429, retry_after_seconds=77)
    named = await stand.service().send(parcel)
    assert isinstance(named, Pause)
    assert (named.cause, named.seconds) == (PauseCause.RATE, 77)
    stand.sandbox.faults.clear()
    stand.script("http-before", 429)
    unnamed = await stand.service().send(parcel)
    assert isinstance(unnamed, Pause)
    assert unnamed.seconds is None


async def test_a_wrong_secret_pauses_until_a_person_acts(stand: Any, parcel: Parcel) -> None:
    """And nothing of the secret is in the reason."""
    service = stand.service(api_secret=Secret("a-wrong-secret"))
    verdict = await service.send(parcel)
    assert isinstance(verdict, Pause)
    assert verdict.cause is PauseCause.CREDENTIALS
    assert "sandbox-key" not in repr(verdict)
    assert "sandbox-token" not in repr(verdict)


async def test_a_wrong_clock_is_told_apart_from_wrong_credentials(
    stand: Any, parcel: Parcel
) -> None:
    """Nobody needs a new token because the time of day is wrong."""
    service = stand.service()
    there = stand.clock.now
    stand.sandbox.now = lambda: there + 7 * 86400
    verdict = await service.send(parcel)
    assert isinstance(verdict, Pause)
    assert verdict.cause is PauseCause.CLOCK


async def test_a_service_that_is_away_pauses(stand: Any, parcel: Parcel, refusing: Any) -> None:
    """Nothing was sent: it is not an attempt."""
    verdict = await stand.service(refusing).send(parcel)
    assert isinstance(verdict, Pause)
    assert (verdict.cause, verdict.seconds) == (PauseCause.AWAY, None)


async def test_a_duplicate_names_the_photo_that_is_there(stand: Any, parcel: Parcel) -> None:
    """The same content twice is one photo."""
    service = stand.service()
    await service.send(parcel)
    second = await service.send(parcel)
    (photo,) = stand.sandbox.photos
    assert isinstance(second, Duplicate)
    assert (second.photo_id, second.is_deleted) == (photo.id, False)
    assert stand.sandbox.doubled() == {}


async def test_a_deleted_duplicate_says_so(stand: Any, parcel: Parcel) -> None:
    """Whoever deleted it there may not want it back."""
    service = stand.service()
    await service.send(parcel)
    (photo,) = stand.sandbox.photos
    assert stand.sandbox.delete(photo.id)
    verdict = await service.send(parcel)
    assert isinstance(verdict, Duplicate)
    assert (verdict.photo_id, verdict.is_deleted) == (photo.id, True)


async def test_a_forced_send_is_kept_though_it_is_known(stand: Any, parcel: Parcel) -> None:
    """A person said so."""
    service = stand.service()
    await service.send(parcel)
    (photo,) = stand.sandbox.photos
    stand.sandbox.delete(photo.id)
    assert isinstance(await service.send(replace(parcel, is_forced=True)), Ticketed)
    assert stand.kept() == [parcel.sha256]

"""Every error code of the specifications, one by one, at one file's first upload.

The expectations are written out here and not taken from the program's table. The parameters come
from that table and from the specifications both: a row that is added or lost is a failing test.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pytest

from simulation.first_upload import (
    Seen,
    Watched,
    assert_budget_kept,
    watched_backfill,
    world_of,
)
from simulation.world import World
from uploadd.model.hurdles import HurdleKind
from uploadd.model.pauses import EndsBy, PauseCause, Stops
from uploadd.model.states import State
from uploadd.operations.backfill.delivering import Ending
from uploadd.operations.show.next_step import Who
from uploadd.sandbox import Fault, SandboxOptions
from uploadd.services.flickr import errors

# Flickr's upload API; 93 is known from recorded replies.
OF_UPLOAD = [*(str(code) for code in range(16)), "93"]
# What all REST methods have in common, as far as the upload API and read calls can meet them.
OF_ALL_METHODS = [
    *("95", "96", "97", "98", "99", "100", "105", "106"),
    *("111", "112", "114", "115", "116", "201"),
]
OAUTH_WORDS = [
    *("token_rejected", "token_revoked", "token_expired", "permission_denied"),
    *("consumer_key_unknown", "consumer_key_rejected", "signature_invalid"),
    *("timestamp_refused", "nonce_used"),
]
STATUSES = ["http-302", "http-307", "http-400", "http-401", "http-403", "http-404", "http-405"]
STATUSES += ["http-407", "http-408", "http-413", "http-418", "http-429"]
STATUSES += ["http-500", "http-502", "http-503", "http-504"]
NOT_IN_THE_SPECIFICATIONS = ["16", "118", "999"]
WITHOUT_A_REPLY = ["lose-reply", "cut", "garbage", "empty", "html", "bomb", "unreached"]


@dataclass(frozen=True)
class Paused:
    """The account's pause."""

    cause: PauseCause
    stops: Stops
    ends_by: EndsBy
    seconds: float


@dataclass(frozen=True)
class Then:
    """What must follow: for the one file at once, and in the end.

    `ledger`: what it says of the content at once. `sends`: uploads of all four files together.
    """

    state: State
    attempts: int
    who: Who
    ledger: str = ""
    pause: Paused | None = None
    end: State = State.DONE
    sends: int = 5
    looks: bool = False
    is_kept: bool = True
    code: str = ""


pytestmark = pytest.mark.usefixtures("hours_pass_quickly")


FAILED = Then(State.FAILED, 1, Who.YOU, end=State.FAILED, sends=4, is_kept=False)
LATER = Then(State.QUEUED, 1, Who.UPLOADD, ledger="maybe", looks=True)
# The body was cut before its last byte: nothing can be there, nothing is looked up.
CUT = Then(State.QUEUED, 1, Who.UPLOADD, code="network")
DOUBTFUL = Then(State.UNCERTAIN, 1, Who.UPLOADD, ledger="maybe", looks=True)


def paused(cause: PauseCause, stops: Stops, ends_by: EndsBy, seconds: float, who: Who) -> Then:
    """The file is back in the queue, and it was no attempt."""
    is_doubtful = cause in (PauseCause.RATE, PauseCause.CLOCK)
    return Then(
        State.QUEUED,
        0,
        who,
        ledger="maybe" if is_doubtful else "",
        pause=Paused(cause, stops, ends_by, seconds),
        looks=is_doubtful,
    )


LOGIN = paused(PauseCause.CREDENTIALS, Stops.CALLS, EndsBy.PROBE, 3600.0, Who.YOU)
CLOCK = paused(PauseCause.CLOCK, Stops.CALLS, EndsBy.PROBE, 60.0, Who.YOU)
AWAY = paused(PauseCause.AWAY, Stops.CALLS, EndsBy.PROBE, 5.0, Who.UPLOADD)
RATE = paused(PauseCause.RATE, Stops.CALLS, EndsBy.TIME, 60.0, Who.UPLOADD)

EXPECTED: dict[str, Then] = {
    "0": LATER,
    "1": FAILED,
    "2": FAILED,
    "3": LATER,
    "4": FAILED,
    "5": FAILED,
    "6": paused(PauseCause.FULL, Stops.UPLOADS, EndsBy.QUOTA, 3600.0, Who.YOU),
    "7": paused(PauseCause.VIDEOS_FULL, Stops.VIDEOS, EndsBy.QUOTA, 3600.0, Who.YOU),
    "8": FAILED,
    "9": Then(State.DUPLICATE, 1, Who.NOBODY, "there", end=State.DUPLICATE, sends=4, is_kept=False),
    "10": FAILED,
    "11": FAILED,
    "12": FAILED,
    "13": FAILED,
    "14": paused(PauseCause.WAIT, Stops.UPLOADS, EndsBy.TIME, 60.0, Who.UPLOADD),
    "15": FAILED,
    "93": FAILED,
    "95": LOGIN,
    "96": LOGIN,
    "97": LOGIN,
    "98": LOGIN,
    "99": LOGIN,
    "100": LOGIN,
    "105": LATER,
    "106": LATER,
    "111": FAILED,
    "112": FAILED,
    "114": FAILED,
    "115": FAILED,
    "116": FAILED,
    "201": LATER,
    "16": LATER,
    "118": LATER,
    "999": LATER,
    "token_rejected": LOGIN,
    "token_revoked": LOGIN,
    "token_expired": LOGIN,
    "permission_denied": LOGIN,
    "consumer_key_unknown": LOGIN,
    "consumer_key_rejected": LOGIN,
    "signature_invalid": LOGIN,
    "timestamp_refused": CLOCK,
    "nonce_used": CLOCK,
    "http-302": DOUBTFUL,
    "http-307": DOUBTFUL,
    "http-400": LATER,
    "http-401": LOGIN,
    "http-403": AWAY,
    "http-404": AWAY,
    "http-405": AWAY,
    "http-407": AWAY,
    "http-408": DOUBTFUL,
    "http-413": FAILED,
    "http-418": LATER,
    "http-429": RATE,
    "http-500": DOUBTFUL,
    "http-502": DOUBTFUL,
    "http-503": DOUBTFUL,
    "http-504": DOUBTFUL,
    "lose-reply": Then(
        State.UNCERTAIN, 1, Who.UPLOADD, "maybe", sends=4, looks=True, code="network"
    ),
    "cut": CUT,
    "garbage": Then(State.UNCERTAIN, 1, Who.UPLOADD, "maybe", sends=4, looks=True),
    "empty": Then(State.UNCERTAIN, 1, Who.UPLOADD, "maybe", sends=4, looks=True, code="garbage"),
    "html": Then(State.UNCERTAIN, 1, Who.UPLOADD, "maybe", sends=4, looks=True, code="garbage"),
    "bomb": Then(State.UNCERTAIN, 1, Who.UPLOADD, "maybe", sends=4, looks=True, code="garbage"),
    "unreached": Then(State.QUEUED, 0, Who.UPLOADD, pause=AWAY.pause, code="network"),
}

# Rows of the program's table that stand for several codes, or for none that a reply can have.
STANDS_FOR = {
    "http-3xx": "http-302",
    "http-4xx": "http-418",
    "http-5xx": "http-500",
    "network": "lose-reply",
}
OF_THE_TABLE = [STANDS_FOR.get(code, code) for code in errors.TABLE]
CODES = sorted(
    {
        *OF_UPLOAD,
        *OF_ALL_METHODS,
        *OAUTH_WORDS,
        *STATUSES,
        *NOT_IN_THE_SPECIFICATIONS,
        *WITHOUT_A_REPLY,
        *OF_THE_TABLE,
    }
)


def fault_of(code: str, where: str = "upload", **when: object) -> Fault:
    """The sandbox's fault that answers with this code; by default the first call alone."""
    when = when or {"first": 1}
    if code.isdigit():
        return Fault("error", code=int(code), where=where, **when)  # type: ignore[arg-type]
    if code.startswith("http-"):
        status = int(code.removeprefix("http-"))
        return Fault("http-before", code=status, where=where, **when)  # type: ignore[arg-type]
    if code in OAUTH_WORDS:
        return Fault("oauth-problem", message=code, where=where, **when)  # type: ignore[arg-type]
    return Fault(code, where=where, **when)  # type: ignore[arg-type]


@pytest.mark.parametrize("code", CODES)
def test_one_upload_meets_it(tmp_path: Path, code: str) -> None:
    """The file, the account and the others stand as the design's table says, at once and after."""
    then = EXPECTED[code]
    faults = () if code == "unreached" else (fault_of(code),)
    world = world_of(tmp_path, SandboxOptions(faults=faults), with_video=code == "7")
    watched = Watched(world, is_away=code == "unreached")
    finished = watched_backfill(world, watched)
    assert watched.seen is not None
    assert_at_once(watched.seen, then, code)
    assert finished.ending is (Ending.FAILED if then.end is State.FAILED else Ending.DONE)
    assert_in_the_end(world, watched, then)


def assert_at_once(seen: Seen, then: Then, code: str) -> None:
    """Right after the refusal."""
    job = seen.job
    assert (job.state, job.trail.attempts, seen.ledger) == (then.state, then.attempts, then.ledger)
    assert job.reason is not None
    assert job.reason.code == (then.code or code)
    assert job.reason.text
    assert_paused(seen, then.pause)
    assert seen.story.job.state is then.state
    assert seen.story.step.who is then.who
    if then.who is Who.YOU:
        assert job.reason.remedy
        assert seen.story.step.remedy
    if then.state is State.QUEUED:
        assert {one.kind for one in seen.story.step.hurdles} & {
            HurdleKind.PAUSE, HurdleKind.WAIT, HurdleKind.LEDGER, HurdleKind.QUEUE
        }  # fmt: skip
    assert job.reason.text in seen.story.history[-1].text


def assert_paused(seen: Seen, expected: Paused | None) -> None:
    """This pause and no other, and it says what to do."""
    found = [
        Paused(p.cause, p.rule.stops, p.rule.ends_by, p.delay.seconds if p.delay else 0.0)
        for p in seen.pauses
    ]
    assert found == ([] if expected is None else [expected])
    for pause in seen.pauses:
        assert pause.text
        assert pause.remedy


def assert_in_the_end(world: World, watched: Watched, then: Then) -> None:
    """The others were delivered, nothing is doubled, lost or stuck."""
    (one,) = [job for job in world.jobs() if watched.seen and job.id == watched.seen.job.id]
    assert one.state is then.end
    assert {job.state for job in world.jobs() if job.id != one.id} == {State.DONE}
    assert {job.trail.attempts for job in world.jobs() if job.id != one.id} == {1}
    assert len(world.jobs()) == 4
    world.assert_each_once(4 if then.is_kept else 3)
    assert watched.sends == then.sends
    looked = world.sandbox.journal.of("flickr.photos.search")
    assert bool(looked) is then.looks
    assert_others_went_on(world, watched, then)
    assert world.sandbox.journal.violations() == []
    assert_budget_kept(world)


def assert_others_went_on(world: World, watched: Watched, then: Then) -> None:
    """A file's own trouble holds nobody up; an account's pause lasts as long as it must."""
    assert watched.seen is not None
    uploads = world.uploads()
    others = [entry.time for entry in uploads[1:] if entry.outcome == "ok"]
    waited = min(others) - watched.seen.at
    if then.pause is None or then.pause.stops is Stops.VIDEOS:
        assert waited < 1.0
    elif then.pause.ends_by is not EndsBy.PROBE:
        assert waited >= then.pause.seconds - 2.0


def test_the_specifications_are_covered() -> None:
    """Each of their codes has a row, but for those that are not to be known."""
    assert set(OF_UPLOAD) == set(errors.UPLOAD)
    assert set(OF_ALL_METHODS) == set(errors.COMMON)
    assert set(OAUTH_WORDS) == set(errors.OAUTH)
    assert set(EXPECTED) == set(CODES)


@pytest.mark.parametrize("code", [code for code in CODES if EXPECTED[code] in (LOGIN, CLOCK)])
def test_an_account_that_is_refused_keeps_its_queue(tmp_path: Path, code: str) -> None:
    """Upload and probe are refused: no attempt is counted, and no other file is sent."""
    faults = (
        fault_of(code, rate=1.0),
        fault_of(code, "flickr.test.login", at=tuple(range(2, 500))),
    )
    world = world_of(tmp_path, SandboxOptions(faults=faults))
    watched = Watched(world)
    world.transport = watched
    finished = world.backfill(stop_after=2 * 3600.0)
    is_login = EXPECTED[code] is LOGIN
    assert finished.ending is (Ending.CREDENTIALS if is_login else Ending.INTERRUPTED)
    (pause,) = finished.pauses
    assert (pause[1].code, bool(pause[1].remedy)) == (code, True)
    assert {(job.state, job.trail.attempts) for job in world.jobs()} == {(State.QUEUED, 0)}
    assert watched.sends == 1
    world.sandbox.faults.clear()
    assert world.backfill().ending is Ending.DONE
    assert {job.trail.attempts for job in world.jobs()} == {1}
    world.assert_each_once(4)
    assert_budget_kept(world)


def test_a_named_wait_is_kept_to_the_second(tmp_path: Path) -> None:
    """Error 14 with its time: nothing is begun before, whatever `patience` says."""
    options = SandboxOptions(wait_seconds=41, wait_every=1)
    world = world_of(tmp_path, options)
    world.patience = 0.1
    watched = Watched(world)
    world.transport = watched
    world.backfill(no_wait=True)
    world.sandbox.options.wait_every = 0
    assert watched.seen is not None
    assert_paused(watched.seen, Paused(PauseCause.WAIT, Stops.UPLOADS, EndsBy.TIME, 41.0))
    assert world.backfill().ending is Ending.DONE
    refused, first, *_ = [entry.time for entry in world.uploads()]
    assert 41.0 <= first - refused < 43.0
    world.assert_each_once(4)


def test_retry_after_is_kept_to_the_second(tmp_path: Path) -> None:
    """HTTP 429 with Retry-After: no call at all is made before."""
    fault = Fault("http-before", first=1, code=429, retry_after_seconds=120)
    world = world_of(tmp_path, SandboxOptions(faults=(fault,)))
    watched = Watched(world)
    watched_backfill(world, watched)
    times = [at for at, _ in watched.requests]
    (refused,) = [entry.time for entry in world.uploads() if entry.outcome != "ok"]
    assert min(at for at in times if at > refused) >= refused + 120.0
    world.assert_each_once(4)


@pytest.mark.parametrize("is_deleted", [False, True])
def test_error_9_names_the_photo(tmp_path: Path, is_deleted: bool) -> None:
    """The account had it before this state directory knew: a duplicate, or deleted there."""
    world = world_of(tmp_path, SandboxOptions())
    world.backfill()
    photo_id = world.job_of("a.jpg").photo_id
    assert photo_id is not None
    if is_deleted:
        world.sandbox.delete(photo_id)
    world.state_dir = tmp_path / "another"
    finished = world.backfill()
    assert finished.ending is Ending.DONE
    job = world.job_of("a.jpg")
    assert job.photo_id == photo_id
    assert job.state is (State.SKIPPED if is_deleted else State.DUPLICATE)
    assert job.reason is not None
    assert job.reason.code == ("deleted" if is_deleted else "9")
    world.assert_each_once(3 if is_deleted else 4)


def test_the_limit_of_videos_for_a_photo_is_its_own_trouble(tmp_path: Path) -> None:
    """Error 7 for what is no video: the pause would not hold it, so it is a fault like others."""
    world = world_of(tmp_path, SandboxOptions(faults=(Fault("error", rate=1.0, code=7),)))
    assert world.backfill(stop_after=4 * 3600.0).ending is Ending.FAILED
    assert {(job.state, job.trail.attempts) for job in world.jobs()} == {(State.FAILED, 5)}
    assert len(world.uploads()) == 20


def test_retry_after_nothing_is_no_invitation_to_spin(tmp_path: Path) -> None:
    """`Retry-After: 0` with every 429: our own pause, which grows."""
    fault = Fault("http-before", rate=1.0, code=429, retry_after_seconds=0)
    world = world_of(tmp_path, SandboxOptions(faults=(fault,)))
    world.backfill(stop_after=3600.0)
    assert len(world.uploads()) <= 7
    assert {job.trail.attempts for job in world.jobs()} == {0}


def test_the_account_that_is_full_goes_on_when_there_is_room(tmp_path: Path) -> None:
    """The quota is asked before a third is sent, and then once an hour."""
    world = world_of(tmp_path, SandboxOptions(max_items=2))
    finished = world.backfill(stop_after=3.5 * 3600.0)
    assert finished.ending is Ending.INTERRUPTED
    assert world.states() == {"done": 2, "queued": 2}
    asked = [entry.time for entry in world.sandbox.journal.of("flickr.people.getUploadStatus")]
    assert len(world.uploads()) == 2
    assert len(asked) <= 8
    world.sandbox.options.max_items = 0
    assert world.backfill().ending is Ending.DONE
    world.assert_each_once(4)
    assert {job.trail.attempts for job in world.jobs()} == {1}

"""What comes next, and what holds it up: decided from values alone."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from unit.operations.records import NOW, Records
from uploadd.model.delays import Delay
from uploadd.model.hurdles import Facts, HurdleKind
from uploadd.model.jobs import Job, Kind
from uploadd.model.ledger import Entry
from uploadd.model.pauses import ActivePause, PauseCause
from uploadd.model.states import TERMINAL, State
from uploadd.model.trail import Doubt, Trail
from uploadd.model.verdicts import Reason
from uploadd.operations.show.next_step import Circumstances, NextStep, Who, next_step

FACTS = Facts(NOW, "me")
AROUND = Circumstances(FACTS)
MAYBE = Entry("maybe", NOW, 1, "77", Doubt.FULL)


def among(**facts: Any) -> Circumstances:
    """Facts that are otherwise than usual."""
    return Circumstances(replace(FACTS, **facts))


@pytest.fixture
def job(records: Records) -> Job:
    """A queued photo."""
    return records.add("a.jpg")


def paused(cause: PauseCause, seconds: float | None) -> ActivePause:
    """A pause that stands."""
    delay = None if seconds is None else Delay(NOW, seconds)
    return ActivePause(1, cause, "x", "a reason", "a remedy", NOW, delay, 1)


def kinds(step: NextStep) -> list[HurdleKind]:
    """What holds it up."""
    return [hurdle.kind for hurdle in step.hurdles]


def test_a_ready_job_is_sent_now(job: Job) -> None:
    """Nothing is in its way, and nobody has to act."""
    step = next_step(job, AROUND)
    assert (step.who, step.at, step.hurdles) == (Who.UPLOADD, NOW, ())


@pytest.mark.parametrize("state", sorted(set(State).difference(TERMINAL, {State.UPLOADING})))
def test_where_nothing_runs_a_person_starts_it(job: Job, state: State) -> None:
    """Whatever it waits for."""
    step = next_step(replace(job, state=state), replace(AROUND, is_delivering=False))
    assert HurdleKind.NOBODY_RUNS in kinds(step)
    assert step.who is Who.YOU
    assert step.at is None
    assert "uploadd run" in step.remedy


def test_a_send_that_was_interrupted_is_looked_up_by_the_next_run(job: Job) -> None:
    """While something runs, it is a send like any other."""
    uploading = replace(job, state=State.UPLOADING)
    assert next_step(uploading, AROUND).who is Who.UPLOADD
    step = next_step(uploading, replace(AROUND, is_delivering=False))
    assert "looked up" in step.text
    assert kinds(step) == [HurdleKind.NOBODY_RUNS]


@pytest.mark.parametrize(
    ("cause", "seconds", "at", "who"),
    [
        (PauseCause.WAIT, 60, NOW + 60, Who.UPLOADD),
        (PauseCause.AWAY, 60, NOW + 60, Who.UPLOADD),
        (PauseCause.HAND, None, None, Who.YOU),
        (PauseCause.CREDENTIALS, 60, None, Who.YOU),
    ],
)
def test_a_pause_says_who_ends_it(
    job: Job, cause: PauseCause, seconds: float | None, at: float | None, who: Who
) -> None:
    """Time, or a person."""
    step = next_step(job, among(pauses=[paused(cause, seconds)]))
    assert kinds(step) == [HurdleKind.PAUSE]
    assert (step.at, step.who) == (at, who)
    assert step.remedy == ("a remedy" if who is Who.YOU else "")


def test_a_pause_of_videos_holds_videos_only(job: Job) -> None:
    """A photo goes on."""
    around = among(pauses=[paused(PauseCause.VIDEOS_FULL, 60)])
    assert kinds(next_step(job, around)) == []
    video = replace(job, media_type="video/mp4")
    assert kinds(next_step(video, around)) == [HurdleKind.PAUSE]


@pytest.mark.parametrize("state", [State.UNCERTAIN, State.PROCESSING])
def test_questions_go_on_while_uploads_are_paused(job: Job, state: State) -> None:
    """Only what stops every call stops them."""
    asked = replace(job, state=state, ticket_id="t")
    assert kinds(next_step(asked, among(pauses=[paused(PauseCause.HAND, None)]))) == []
    around = among(pauses=[paused(PauseCause.RATE, 60)], call_at=NOW + 90)
    step = next_step(asked, around)
    assert kinds(step) == [HurdleKind.PAUSE, HurdleKind.BUDGET]
    assert step.at == NOW + 90


def test_a_twin_is_named(job: Job) -> None:
    """Nobody can tell when it is decided; the ledger's maybe is the twin's own."""
    twin = replace(job, id=99, name=b"b.jpg", state=State.PROCESSING)
    step = next_step(job, among(twin=twin, ledger=MAYBE))
    assert kinds(step) == [HurdleKind.TWIN]
    assert step.at is None
    assert "b.jpg" in step.hurdles[0].text
    assert "99" in step.hurdles[0].text


def test_the_ledgers_maybe_comes_before_a_send(job: Job) -> None:
    """It is looked up first."""
    assert kinds(next_step(job, among(ledger=MAYBE))) == [HurdleKind.LEDGER]
    assert kinds(next_step(job, among(ledger=MAYBE._replace(state="there")))) == []


def test_the_latest_of_several_waits_counts(job: Job) -> None:
    """Its own backoff, the call budget, a pause."""
    waiting = replace(job, wait=Delay(NOW - 5, 35), reason=Reason("105", "the service is ill"))
    around = among(call_at=NOW + 20, pauses=[paused(PauseCause.WAIT, 10)])
    step = next_step(waiting, around)
    assert kinds(step) == [HurdleKind.PAUSE, HurdleKind.BUDGET, HurdleKind.WAIT]
    assert step.at == NOW + 30
    assert step.hurdles[-1].text == "the service is ill"


def test_a_wait_never_lasts_longer_than_it_was_meant_to(job: Job) -> None:
    """The clock was set back by a day."""
    waiting = replace(job, wait=Delay(NOW + 86400, 35))
    assert next_step(waiting, AROUND).at == NOW + 35


def test_a_wait_that_is_over_is_none(job: Job) -> None:
    """It is ready."""
    assert kinds(next_step(replace(job, wait=Delay(NOW - 60, 35)), AROUND)) == []


def test_others_in_the_queue_are_counted(job: Job) -> None:
    """One is one."""
    assert "1 file is before" in next_step(job, replace(AROUND, ahead=1)).hurdles[0].text
    assert "7 files are" in next_step(job, replace(AROUND, ahead=7)).hurdles[0].text


def test_a_file_that_was_never_read_is_read_first(job: Job) -> None:
    """Pauses do not hold that up."""
    around = replace(among(pauses=[paused(PauseCause.HAND, None)]), ahead=3)
    step = next_step(replace(job, sha256=""), around)
    assert kinds(step) == [HurdleKind.UNREAD]
    assert step.text == "the file is read again"


def test_an_account_that_left_the_configuration_does_nothing(job: Job) -> None:
    """A person has to bring it back."""
    step = next_step(job, replace(AROUND, is_configured=False))
    assert kinds(step) == [HurdleKind.ACCOUNT]
    assert step.who is Who.YOU


def test_a_failed_job_names_the_command(job: Job) -> None:
    """Beside what its reason says."""
    failed = replace(job, state=State.FAILED, reason=Reason("5", "no", "convert it"))
    step = next_step(failed, AROUND)
    assert step.who is Who.YOU
    assert "convert it" in step.remedy
    assert f"`uploadd retry {job.id}`" in step.remedy


@pytest.mark.parametrize(
    ("code", "who", "word"),
    [
        ("deleted", Who.YOU, "not sent again"),
        ("vanished", Who.NOBODY, "by itself"),
        ("excluded", Who.NOBODY, "by itself"),
        ("type", Who.NOBODY, "nothing"),
        ("empty", Who.NOBODY, "content"),
        ("a new one", Who.NOBODY, "retried"),
    ],
)
def test_a_skipped_job_says_what_would_bring_it_back(
    job: Job, code: str, who: Who, word: str
) -> None:
    """Mostly nothing has to be done."""
    skipped = replace(job, state=State.SKIPPED, reason=Reason(code, "text"))
    step = next_step(skipped, AROUND)
    assert step.who is who
    assert word in step.text
    assert ("--force" in step.remedy) == (code == "deleted")


@pytest.mark.parametrize("state", [State.DONE, State.DUPLICATE])
def test_what_is_there_needs_nobody(job: Job, state: State) -> None:
    """Its photo is named."""
    step = next_step(replace(job, state=state, photo_id="77"), AROUND)
    assert step.who is Who.NOBODY
    assert "77" in step.text


def test_as_json_it_has_its_obstacles(job: Job) -> None:
    """With times as texts."""
    found = next_step(job, among(call_at=NOW)).as_json()
    assert set(found) == {"text", "who", "at", "remedy", "obstacles"}
    assert found["obstacles"][0]["kind"] == "budget"
    assert found["obstacles"][0]["until"].endswith("Z")


def test_a_replacement_says_which_photo_it_is_about(job: Job) -> None:
    """In each state on its way, and nothing of a look-up."""
    replacing = replace(job, kind=Kind.REPLACE, photo_id="77")
    for state in (State.QUEUED, State.UNCERTAIN, State.FILING):
        step = next_step(replace(replacing, state=state), among(ledger=MAYBE))
        assert "photo 77" in step.text
        assert HurdleKind.LEDGER not in kinds(step)
    cut = next_step(replace(replacing, state=State.UPLOADING), replace(AROUND, is_delivering=False))
    assert "harmless" in cut.text


def test_looks_that_were_refused_are_told(job: Job) -> None:
    """Beside those that found nothing."""
    step = next_step(
        replace(job, state=State.UNCERTAIN, trail=Trail(looks=1, unanswered=3)), AROUND
    )
    assert "1 look so far found nothing, 3 could not be answered" in step.text


def test_a_file_whose_earlier_content_is_torn_waits_for_it(job: Job) -> None:
    """Its content will mend that photo."""
    step = next_step(job, among(of_path=[replace(job, id=3, is_mending=True)]))
    assert kinds(step) == [HurdleKind.TWIN]
    assert "job 3" in step.hurdles[0].text


def test_a_changed_file_waits_for_its_former_content(job: Job) -> None:
    """Its photo is known only when that has ended."""
    changed = replace(job, kind=Kind.REPLACE)
    assert "the file's former content" in next_step(changed, AROUND).text
    former = replace(job, id=3, state=State.PROCESSING)
    step = next_step(changed, among(of_path=[former]))
    assert kinds(step) == [HurdleKind.TWIN]
    assert "job 3 (processing), the same file's other content" in step.hurdles[0].text
    other = replace(former, name=b"other.jpg")
    step = next_step(replace(changed, photo_id="77"), among(of_photo=[other]))
    assert "replaces the same photo" in step.hurdles[0].text


def test_a_content_that_was_replaced_is_not_called_there(job: Job) -> None:
    """Its photo has another one now."""
    done = replace(job, state=State.DONE, photo_id="77")
    step = next_step(done, replace(AROUND, has_left=True))
    assert (step.who, "photo 77 was replaced" in step.text) == (Who.NOBODY, True)

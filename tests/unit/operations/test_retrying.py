"""Back to the queue, and what stays where it is."""

from __future__ import annotations

from dataclasses import replace

import pytest

from unit.operations.records import NOT_A_PHOTO, NOW, UNREADABLE, Records
from uploadd.files.reaching import Roots
from uploadd.intake.comparing import compare
from uploadd.intake.selection import Selection
from uploadd.intake.walk import Scope, walk
from uploadd.model.errors import UsageError
from uploadd.model.jobs import Job
from uploadd.model.places import Spot
from uploadd.model.sightings import Refusal
from uploadd.model.states import State
from uploadd.model.verdicts import Reason
from uploadd.operations.naming import Names
from uploadd.operations.retrying import Retried, Wish, retry
from uploadd.store import accounts, ledger, lock, moves
from uploadd.store.beside import in_turns, writing
from uploadd.store.known import Asked, known_files

DELETED = Reason("deleted", "it was deleted there")


def retried(records: Records, *ids: int, **wish: object) -> Retried:
    """What a retry does."""
    return retry(records.configuration, Wish(Names(ids), **wish), NOW + 10)  # type: ignore[arg-type]


def ledger_state(records: Records, job: Job) -> str | None:
    """What the ledger says of the job's content."""
    with writing(records.configuration.state_dir) as db:
        entry = ledger.entry(db, job.account_id, job.sha256)
    return entry.state if entry else None


@pytest.mark.parametrize(
    "wish",
    [
        Wish(),
        Wish(Names((1,)), failed=True),
        Wish(Names((1,)), code="5"),
        Wish(Names((1,)), account="me"),
    ],
)
def test_jobs_are_named_or_chosen(records: Records, wish: Wish) -> None:
    """Neither nothing nor both."""
    with pytest.raises(UsageError):
        retry(records.configuration, wish, NOW)


def test_before_the_first_run_there_is_nothing_to_retry(records: Records) -> None:
    """No file is made for that."""
    assert retried(records, failed=True) == Retried()
    assert [one.job_id for one in retried(records, 3).refused] == [3]
    assert not records.configuration.state_dir.exists()


def test_every_failed_job_goes_back(records: Records) -> None:
    """Its attempts begin anew; the others stay."""
    job, other = records.failed("a.jpg"), records.done("b.jpg")
    found = retried(records, failed=True)
    assert found.queued == (job.id,)
    fresh = records.job(job.id)
    assert (fresh.state, fresh.trail.attempts, fresh.reason) == (State.QUEUED, 0, None)
    assert records.job(other.id).state is State.DONE


def test_an_account_chooses_among_the_failed(records: Records) -> None:
    """The same code means different things on two services."""
    records.name_accounts("me", "other")
    mine = records.failed("a.jpg")
    refusal = Refusal(State.FAILED, mine.reason or DELETED)
    other = records.add("b.jpg", account="other", refusal=refusal)
    assert retried(records, failed=True, account="other").queued == (other.id,)
    assert records.job(mine.id).state is State.FAILED
    with pytest.raises(UsageError, match="nobody"):
        retried(records, failed=True, account="nobody")


def test_what_the_settings_leave_out_stays(records: Records) -> None:
    """Sent again, it would only be skipped again."""
    unnamed = records.add("a.jpg", account="other", refusal=Refusal(State.FAILED, DELETED))
    excluded = records.failed("b.png")
    folder = replace(records.configuration.folders["camera"], exclude=("*.png",))
    records.configuration.folders["camera"] = folder
    refused = retried(records, failed=True).refused
    assert [one.job_id for one in refused] == [unnamed.id, excluded.id]
    assert "does not name account other" in refused[0].text
    assert "include and exclude" in refused[1].text


def test_a_code_chooses_failed_and_skipped_jobs(records: Records) -> None:
    """With --failed only the failed ones."""
    skipped = records.skipped("a.jpg", DELETED)
    failed = records.failed("b.jpg", DELETED)
    records.failed("c.jpg")
    assert retried(records, failed=True, code="deleted").queued == (failed.id,)
    found = retried(records, code="deleted")
    assert (found.queued, found.deleted) == ((skipped.id,), (skipped.id,))


def test_what_is_neither_failed_nor_skipped_is_refused(records: Records) -> None:
    """And the others go all the same."""
    done, failed = records.done("a.jpg"), records.failed("b.jpg")
    found = retried(records, done.id, failed.id, 99)
    assert found.queued == (failed.id,)
    assert [one.job_id for one in found.refused] == [done.id, 99]
    assert "is done" in found.refused[0].text


def test_what_may_have_arrived_is_looked_up_first(records: Records) -> None:
    """The ledger's maybe stands."""
    job = records.failed("a.jpg", is_cleared=False)
    assert retried(records, job.id).looked_up == (job.id,)
    assert records.job(job.id).state is State.UNCERTAIN
    assert ledger_state(records, job) == "maybe"


def test_force_sends_what_may_have_arrived(records: Records) -> None:
    """It says so, and clears the maybe."""
    job = records.failed("a.jpg", is_cleared=False)
    found = retried(records, job.id, is_forced=True)
    assert (found.queued, found.overruled) == ((job.id,), (job.id,))
    assert ledger_state(records, job) is None
    assert records.job(job.id).is_forced
    assert records.begin(job).state is State.UPLOADING


def test_a_retry_without_force_takes_force_back(records: Records) -> None:
    """It was said of another time."""
    job = records.failed("a.jpg")
    retried(records, job.id, is_forced=True)
    with writing(records.configuration.state_dir) as db:
        moves.refuse(db, records_job(db, job.id), DELETED, NOW)
    retried(records, job.id)
    assert not records.job(job.id).is_forced


def records_job(db: object, job_id: int) -> Job:
    """The job within a transaction."""
    found = moves.job_by_id(db, job_id)  # type: ignore[arg-type]
    assert found is not None
    return found


def test_force_leaves_the_maybe_of_a_twin_in_flight(records: Records) -> None:
    """That send is not over."""
    failed = records.failed("a.jpg")
    twin = records.add("b.jpg", b"a.jpg")
    assert twin.sha256 == failed.sha256
    records.begin(twin)
    retried(records, failed.id, is_forced=True)
    assert ledger_state(records, failed) == "maybe"
    with writing(records.configuration.state_dir) as db:
        assert moves.begin_send(db, failed.id, NOW) is None


def test_force_never_doubles_what_is_known_to_be_there(records: Records) -> None:
    """The content came by another file meanwhile."""
    failed = records.failed("a.jpg")
    records.done("b.jpg", content=b"a.jpg")
    retried(records, failed.id, is_forced=True)
    with writing(records.configuration.state_dir) as db:
        assert moves.begin_send(db, failed.id, NOW) is None
    assert records.job(failed.id).state is State.DUPLICATE


def test_a_file_that_still_cannot_be_read_stays_failed(records: Records) -> None:
    """It is not there, for instance."""
    job = records.add("a.jpg", refusal=UNREADABLE, is_unread=True)
    records.path("a.jpg").unlink()
    found = retried(records, failed=True)
    assert [one.job_id for one in found.refused] == [job.id]
    assert "not there" in found.refused[0].text
    assert records.job(job.id).state is State.FAILED


def test_a_file_that_can_be_read_now_is_read_by_the_next_walk(records: Records) -> None:
    """Although nothing in it seems to have changed; and it keeps its job."""
    job = records.add("a.jpg", refusal=UNREADABLE, is_unread=True)
    assert fresh_names(records) == []
    assert retried(records, failed=True).unread == (job.id,)
    assert fresh_names(records) == [b"a.jpg"]
    read = records.add("a.jpg")
    assert (read.id, read.state) == (job.id, State.QUEUED)
    assert read.sha256 != ""


def fresh_names(records: Records) -> list[bytes]:
    """What a walk would read."""
    with writing(records.configuration.state_dir) as db:
        (known,) = known_files(db, [Asked(records.root)])
    (listing,) = walk(Roots(), Spot(records.root, b""), Scope(Selection()))
    return [entry.name for entry in compare(listing, known, "1").fresh]


def test_an_unread_job_ends_where_another_job_has_the_content(records: Records) -> None:
    """The file could be read before, and can be again: nothing stays queued for ever."""
    records.done("a.jpg")
    unread = records.add("a.jpg", refusal=UNREADABLE, is_unread=True)
    assert unread.state is State.FAILED
    retried(records, unread.id)
    records.add("a.jpg")
    assert records.job(unread.id).state is State.SKIPPED


@pytest.mark.parametrize("is_forced", [False, True])
def test_what_is_no_photo_stays_skipped(records: Records, is_forced: bool) -> None:
    """The same content is no photo today either."""
    job = records.add("a.jpg", refusal=NOT_A_PHOTO, media_type="text/plain")
    found = retried(records, job.id, is_forced=is_forced)
    assert "still not for upload" in found.refused[0].text
    assert records.job(job.id).state is State.SKIPPED


def test_a_type_that_is_taken_by_now_goes_back(records: Records) -> None:
    """A newer uploadd may know more."""
    job = records.add("a.jpg", refusal=NOT_A_PHOTO, media_type="image/jpeg")
    assert retried(records, job.id).queued == (job.id,)


def test_whether_anything_runs_is_told(records: Records) -> None:
    """Else a person has to start something."""
    job = records.failed("a.jpg")
    with writing(records.configuration.state_dir) as db:
        lock.remember_holder(db, lock.Holder(1, "run", NOW))
    with lock.take(records.configuration.state_dir):
        assert retried(records, job.id).is_delivering
    assert not retried(records, job.id).is_delivering


def test_a_file_too_large_puts_the_limits_in_doubt(records: Records) -> None:
    """In the commit that queues it: whoever delivers asks before the next send."""
    too_large = Reason("too-large", "26 MB; the account takes 20", "make it smaller")
    job = records.add("a.jpg", refusal=Refusal(State.FAILED, too_large))
    other = records.failed("b.jpg")
    retried(records, other.id)
    with writing(records.configuration.state_dir) as db:
        assert accounts.count_limit_doubts(db, job.account_id) == 0
    assert retried(records, job.id).queued == (job.id,)
    with writing(records.configuration.state_dir) as db:
        assert accounts.count_limit_doubts(db, job.account_id) == 1


def test_files_and_directories_are_named_as_people_type_them(
    records: Records, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Relative, and over a link."""
    one, two = records.failed("a.jpg"), records.failed("b.jpg")
    (records.photos.parent / "link").symlink_to(records.photos)
    monkeypatch.chdir(records.photos.parent)
    assert retried_paths(records, b"link/a.jpg").queued == (one.id,)
    assert retried_paths(records, b"photos/b.jpg").queued == (two.id,)


def test_what_is_gone_has_nothing_to_send(records: Records) -> None:
    """It stays as it is, unless an earlier send may have arrived, or its disk may be away."""
    gone, doubted = records.failed("a.jpg"), records.failed("b.jpg", is_cleared=False)
    for name in ("a.jpg", "b.jpg"):
        records.path(name).unlink()
    found = retried_paths(records, records.root)
    assert (found.gone, found.looked_up, found.refused) == ((gone.id,), (doubted.id,), ())
    with writing(records.configuration.state_dir) as db:
        db.execute("UPDATE jobs SET device = device + 1 WHERE id = ?", (gone.id,))
    assert retried(records, gone.id).queued == (gone.id,)


def retried_paths(records: Records, *paths: bytes) -> Retried:
    """What a retry of files and directories does."""
    return retry(records.configuration, Wish(Names(paths=paths)), NOW + 10)


def test_a_directory_takes_what_failed_or_was_ignored(records: Records) -> None:
    """What else was skipped there was skipped for good reason: by its file it goes."""
    failed, ignored = records.failed("a.jpg"), records.failed("b.jpg")
    skipped = records.skipped("c.jpg", DELETED)
    records.done("d.jpg")
    with writing(records.configuration.state_dir) as db:
        moves.put_aside(db, records_job(db, ignored.id), NOW)
    found = retried_paths(records, records.root)
    assert (found.queued, found.refused) == ((failed.id, ignored.id), ())
    assert retried_paths(records, bytes(records.path("c.jpg"))).queued == (skipped.id,)
    assert retried_paths(records, records.root).moved == 0


def test_a_former_content_is_not_queued_with_its_file(records: Records) -> None:
    """It was left because it is not in the file any more."""
    records.failed("a.jpg")
    records.add("a.jpg", b"new")
    found = retried_paths(records, bytes(records.path("a.jpg")))
    assert "is queued" in found.refused[0].text


@pytest.mark.parametrize("path", ["nothing.jpg", "nowhere"])
def test_a_path_without_a_job_is_refused(records: Records, path: str) -> None:
    """And told where to ask."""
    records.add("a.jpg")
    (refused,) = retried_paths(records, bytes(records.path(path))).refused
    assert refused.job_id is None
    assert f"`uploadd why {records.path(path)}`" in refused.text


def test_a_retry_of_many_lets_others_in_between(records: Records) -> None:
    """Each commit takes some of them."""
    ids = [records.failed(f"{number}.jpg").id for number in range(7)]
    assert [list(some) for some in in_turns(ids, 3)] == [ids[:3], ids[3:6], ids[6:]]

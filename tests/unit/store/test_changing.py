"""Changed files in the database: which photo the new content goes to, and when that is decided."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from random import Random

import pytest
from sqlite_utils import Database

from uploadd.model import verdicts
from uploadd.model.configuration import OnChange
from uploadd.model.doubts import Found, after_look
from uploadd.model.hurdles import former_of
from uploadd.model.jobs import Job, Kind, Lane
from uploadd.model.outcomes import after_send, end_filing
from uploadd.model.replacement import after_doubt
from uploadd.model.settlement import Surroundings
from uploadd.model.sightings import Finding, Refusal
from uploadd.model.states import State
from uploadd.model.trail import Doubt
from uploadd.model.verdicts import Reason
from uploadd.store import accounts, changing, facts, moves, overview, queue, sightings
from uploadd.store.connection import open_database
from uploadd.store.writing import aim

NOW = 1_700_000_000.0
A, B, C = ("a" * 64, "b" * 64, "c" * 64)
NOT_PRO = Reason("1", "not Pro (Flickr error 1)", "upgrade")
FAULT = Reason("105", "ill", "")
AROUND = Surroundings(now=NOW, random=Random(1), patience=1.0, has_dedup_check=True)
FINDING = Finding(
    directory=b"/p", name=b"x.jpg", device=1, inode=2, size=3, mtime_ns=4, sha256=A,
    media_type="image/jpeg", folder="camera", root=b"/p", lane=Lane.LIVE, account_ids=(1,),
    on_change=OnChange.REPLACE,
)  # fmt: skip


@pytest.fixture
def db(tmp_path: Path) -> Iterator[Database]:
    """A database with two accounts."""
    opened = open_database(tmp_path)
    accounts.bind(opened, "me", "flickr", "flickr.com", "digest")
    accounts.bind(opened, "you", "flickr", "flickr.com", "digest")
    yield opened
    opened.close()


def seen(db: Database, sha256: str = A, name: bytes = b"x.jpg", **fields: object) -> Job:
    """Register a file; returns its job for this content and the first account."""
    finding = replace(
        FINDING,
        name=name,
        sha256=sha256,
        mtime_ns=int(sha256[0], 16),
        **fields,  # type: ignore[arg-type]
    )
    sightings.register(db, finding, NOW)
    return next(
        job
        for job in overview.jobs_of_path(db, b"/p/" + name)
        if job.sha256 == sha256 and job.account_id == finding.account_ids[0]
    )


def gone(db: Database, name: bytes = b"x.jpg") -> None:
    """A walk has found the file missing."""
    sightings.forget(db, b"/p", name, sightings.VANISHED, NOW)


def now_of(db: Database, job: Job) -> Job:
    """The job as it stands."""
    found = moves.job_by_id(db, job.id)
    assert found is not None
    return found


def begun(db: Database, job: Job) -> Job:
    """The job after its send was begun; one that becomes an upload is begun once more."""
    started = moves.begin_send(db, job.id, NOW) or moves.begin_send(db, job.id, NOW)
    assert started is not None, now_of(db, job)
    return started


def ended(db: Database, job: Job, verdict: verdicts.Verdict) -> Job:
    """The job after a send that ended so; filed away where it was kept."""
    job = replace(now_of(db, job), sent_as=None)
    moves.settle_all(db, [(job, after_send(job, verdict, AROUND))], NOW, 1.0)
    after = now_of(db, job)
    if after.state is State.FILING:
        moves.settle(db, job.id, end_filing(after), NOW, 1.0)
    return now_of(db, job)


def sent(db: Database, job: Job, photo: str = "7") -> Job:
    """The job after it went to the account."""
    return ended(db, begun(db, job), verdicts.Kept(photo))


def ledger(db: Database, account_id: int = 1) -> dict[str, tuple[str, str | None]]:
    """State and photo of each content."""
    rows = db.execute("SELECT * FROM ledger WHERE account_id = ?", (account_id,))
    names = [column[0] for column in rows.description]
    found = [dict(zip(names, row, strict=True)) for row in rows]
    return {row["sha256"]: (row["state"], row["photo_id"]) for row in found}


def upcoming(db: Database) -> list[int]:
    """The jobs that a sender may take now."""
    return [job.id for job in queue.coming(db, 1, Lane.LIVE, NOW + 1e6, 10)]


# --- the plain case ---------------------------------------------------------------------------


def test_changed_content_replaces_the_photo(db: Database) -> None:
    """Decided in the commit that begins the send."""
    sent(db, seen(db))
    job = seen(db, B)
    assert (job.kind, job.photo_id) == (Kind.REPLACE, None)
    job = begun(db, job)
    assert (job.kind, job.photo_id, job.is_mending) == (Kind.REPLACE, "7", False)
    assert ledger(db) == {A: ("maybe", "7"), B: ("maybe", "7")}
    assert ended(db, job, verdicts.Kept("7")).state is State.DONE
    assert ledger(db) == {B: ("there", "7")}


@pytest.mark.parametrize(
    ("on_change", "state"), [(OnChange.NEW, State.QUEUED), (OnChange.IGNORE, State.SKIPPED)]
)
def test_otherwise_it_does_not(db: Database, on_change: OnChange, state: State) -> None:
    """Another photo, or nothing."""
    sent(db, seen(db))
    job = seen(db, B, on_change=on_change)
    assert (job.state, job.kind) == (state, Kind.UPLOAD)


def test_an_ignored_change_stays_ignored_when_the_file_is_touched(db: Database) -> None:
    """The same content again says nothing new."""
    sent(db, seen(db))
    for mtime in (1, 2):
        finding = replace(FINDING, sha256=B, mtime_ns=mtime, on_change=OnChange.IGNORE)
        assert sightings.register(db, finding, NOW) == []


@pytest.mark.parametrize("on_change", [OnChange.IGNORE, OnChange.REPLACE])
def test_what_was_never_sent_is_not_a_change(db: Database, on_change: OnChange) -> None:
    """The file changed before its first send: it is sent as it is now."""
    old = seen(db, on_change=on_change)
    job = seen(db, B, on_change=on_change)
    assert now_of(db, old).state is State.SKIPPED
    assert (job.state, job.kind) == (State.QUEUED, Kind.UPLOAD)


def test_each_account_for_itself(db: Database) -> None:
    """On one it replaces, on the other, which never had the file, it is new."""
    sent(db, seen(db))
    failed = seen(db, account_ids=(2,))
    ended(db, begun(db, failed), verdicts.Refuse(NOT_PRO))
    mine = seen(db, B, account_ids=(1, 2))
    theirs = next(
        job
        for job in overview.jobs_of_path(db, b"/p/x.jpg")
        if (job.account_id, job.sha256) == (2, B)
    )
    assert (mine.kind, theirs.kind) == (Kind.REPLACE, Kind.UPLOAD)


# --- while the former content is on its way ---------------------------------------------------


@pytest.mark.parametrize(
    "verdict", [verdicts.Ticketed("1-2"), verdicts.Uncertain(FAULT)], ids=["ticket", "uncertain"]
)
def test_new_content_waits_for_the_photo_of_the_old(
    db: Database, verdict: verdicts.Verdict
) -> None:
    """Never two photos of one file because its two contents overlapped."""
    old = ended(db, begun(db, seen(db)), verdict)
    new = seen(db, B)
    assert upcoming(db) == []
    assert moves.begin_send(db, new.id, NOW) is None
    if old.state is State.UNCERTAIN:
        settlement = after_look(old, Found("7"), AROUND)
    else:
        settlement = after_send(replace(old, state=State.UPLOADING), verdicts.Kept("7"), AROUND)
    moves.settle(db, old.id, settlement, NOW, 1.0)
    assert upcoming(db) == [new.id]
    assert begun(db, new).photo_id == "7"


def test_a_queued_content_that_may_be_there_is_looked_up_before(db: Database) -> None:
    """After a 502 it waited to be sent again; its photo may be there to be replaced."""
    fault = verdicts.Reschedule(FAULT, was_sent=True, is_known=True)
    old = ended(db, begun(db, seen(db)), fault)
    assert old.state is State.QUEUED
    new = seen(db, B)
    old = now_of(db, old)
    assert (old.state, old.trail.doubt) == (State.UNCERTAIN, Doubt.FULL)
    moves.settle(db, old.id, after_look(old, Found("7"), AROUND), NOW, 1.0)
    assert begun(db, new).photo_id == "7"


def test_one_that_was_shown_absent_makes_room_for_a_new_photo(db: Database) -> None:
    """Nothing is there to be replaced, and the old content is in no file."""
    old = ended(db, begun(db, seen(db)), verdicts.Uncertain(FAULT))
    new = seen(db, B)
    old = now_of(db, old)
    late = replace(AROUND, now=NOW + 86400.0)
    believed = replace(old, trail=replace(old.trail, looks=10, uncertain_since=NOW))
    moves.settle(db, old.id, after_look(believed, None, late), NOW, 1.0)
    assert now_of(db, old).state is State.QUEUED
    job = begun(db, new)
    assert (job.kind, job.photo_id) == (Kind.UPLOAD, None)


def test_a_mixture_that_nobody_saw_is_replaced_and_needs_no_person(db: Database) -> None:
    """A crash during the send, then the file changed: its new content mends the photo."""
    old = begun(db, seen(db))
    moves.recover_interrupted(db, 1, AROUND)
    new = seen(db, B)
    old = now_of(db, old)
    changed = old.mark._replace(mtime_ns=99)
    moves.settle(db, old.id, after_look(old, Found("7", changed), AROUND), NOW, 1.0)
    old = now_of(db, old)
    assert old.state is State.SKIPPED
    assert old.reason is not None
    assert "photo 7" in old.reason.text
    job = begun(db, new)
    assert (job.photo_id, job.is_mending) == ("7", True)
    assert ended(db, job, verdicts.Kept("7")).state is State.DONE
    assert ledger(db) == {B: ("there", "7")}


def test_a_mixture_that_cannot_be_replaced_is_told_of(db: Database) -> None:
    """The account is not Pro: a person must delete it."""
    old = begun(db, seen(db))
    moves.recover_interrupted(db, 1, AROUND)
    new = seen(db, B)
    old = now_of(db, old)
    changed = old.mark._replace(mtime_ns=99)
    moves.settle(db, old.id, after_look(old, Found("7", changed), AROUND), NOW, 1.0)
    job = ended(db, begun(db, new), verdicts.Refuse(NOT_PRO))
    assert job.reason is not None
    assert (job.state, job.reason.code) == (State.FAILED, "torn")


# --- chains -----------------------------------------------------------------------------------


def test_there_and_back_again(db: Database) -> None:
    """A, B, A: the photo has A in the end, by a second replacement."""
    first = sent(db, seen(db))
    sent(db, seen(db, B))
    back = seen(db, A)
    assert back.id == first.id
    assert (back.state, back.kind) == (State.QUEUED, Kind.REPLACE)
    assert sent(db, back).photo_id == "7"
    assert ledger(db) == {A: ("there", "7")}
    again = seen(db, B)
    assert sent(db, again).photo_id == "7"
    assert ledger(db) == {B: ("there", "7")}


def test_back_while_it_is_being_replaced(db: Database) -> None:
    """The old content waits until the replacement has ended, and then replaces it."""
    sent(db, seen(db))
    between = begun(db, seen(db, B))
    back = seen(db, A)
    assert back.state is State.QUEUED
    assert upcoming(db) == []
    ended(db, between, verdicts.Kept("7"))
    assert upcoming(db) == [back.id]
    sent(db, back)
    assert ledger(db) == {A: ("there", "7")}


def test_back_while_a_replacement_is_refused(db: Database) -> None:
    """The photo still has it: nothing is sent, and its tag is put right."""
    sent(db, seen(db))
    between = begun(db, seen(db, B))
    back = seen(db, A)
    ended(db, between, verdicts.Refuse(NOT_PRO))
    assert moves.begin_send(db, back.id, NOW) is None
    assert (now_of(db, back).state, now_of(db, back).photo_id) == (State.FILING, "7")


def test_a_third_content_overtakes_one_of_unknown_outcome(db: Database) -> None:
    """B may be on the photo; C takes the place of both."""
    sent(db, seen(db))
    between = ended(db, begun(db, seen(db, B)), verdicts.Uncertain(FAULT))
    newest = seen(db, C)
    assert upcoming(db) == []
    moves.settle(db, between.id, after_doubt(between), NOW, 1.0)
    seen(db, C)
    assert now_of(db, between).state is State.SKIPPED
    sent(db, newest)
    assert ledger(db) == {C: ("there", "7")}


def test_back_to_one_of_unknown_outcome(db: Database) -> None:
    """It keeps its photo, and is never looked up by its tag."""
    sent(db, seen(db))
    between = ended(db, begun(db, seen(db, B)), verdicts.Uncertain(FAULT))
    moves.settle(db, between.id, after_doubt(between), NOW, 1.0)
    seen(db, C)
    back = seen(db, B)
    assert (back.state, back.photo_id) == (State.QUEUED, "7")
    assert sent(db, back).state is State.DONE
    assert ledger(db) == {B: ("there", "7")}


def test_a_refused_replacement_leaves_the_way_open(db: Database) -> None:
    """The next content tries again, on the same photo."""
    sent(db, seen(db))
    ended(db, begun(db, seen(db, B)), verdicts.Refuse(NOT_PRO))
    assert begun(db, seen(db, C)).photo_id == "7"


def test_an_emptied_file_is_no_new_one(db: Database) -> None:
    """An editor may truncate the file before it writes."""
    sent(db, seen(db))
    refusal = Refusal(State.SKIPPED, Reason("empty", "the file is empty"))
    seen(db, "0" * 64, size=0, refusal=refusal)
    assert begun(db, seen(db, B)).photo_id == "7"


# --- whose photo it is ------------------------------------------------------------------------


def test_a_photo_that_another_file_stands_for_is_left_alone(db: Database) -> None:
    """The changed file is another photo; the copy's content stays on the account."""
    sent(db, seen(db))
    copy = seen(db, A, b"copy.jpg")
    job = begun(db, seen(db, B))
    assert job.kind is Kind.UPLOAD
    ended(db, job, verdicts.Kept("8"))
    assert now_of(db, copy).state is State.DUPLICATE
    assert ledger(db) == {A: ("there", "7"), B: ("there", "8")}


def test_a_copy_that_changes_is_a_photo_of_its_own(db: Database) -> None:
    """A duplicate has no photo of its own."""
    sent(db, seen(db))
    seen(db, A, b"copy.jpg")
    assert begun(db, seen(db, B, b"copy.jpg")).kind is Kind.UPLOAD


def test_the_last_file_of_a_photo_replaces_it(db: Database) -> None:
    """A renamed file is the same: its old name is gone."""
    sent(db, seen(db))
    seen(db, A, b"renamed.jpg")
    gone(db)
    assert begun(db, seen(db, B, b"renamed.jpg")).photo_id == "7"


def test_what_somebody_else_put_there_is_never_overwritten(db: Database) -> None:
    """Error 9 on a first send: the photo is another program's."""
    job = seen(db)
    there = verdicts.Duplicate("7", is_deleted=False, reason=Reason("9", "duplicate"))
    assert ended(db, begun(db, job), there).state is State.DUPLICATE
    assert begun(db, seen(db, B)).kind is Kind.UPLOAD


def test_of_several_photos_the_latest_content_counts(db: Database) -> None:
    """Under "new" each change made a photo; the file came back to its first content since."""
    sent(db, seen(db))
    sent(db, seen(db, B, on_change=OnChange.NEW), "8")
    seen(db, A, on_change=OnChange.NEW)
    assert begun(db, seen(db, C)).photo_id == "7"


# --- absent in between ------------------------------------------------------------------------


def test_a_path_that_was_absent_at_a_walk_is_a_new_file(db: Database) -> None:
    """A camera counts from 1 again: another picture must not take the old one's place."""
    sent(db, seen(db))
    gone(db)
    job = begun(db, seen(db, B))
    assert job.kind is Kind.UPLOAD
    ended(db, job, verdicts.Kept("8"))
    assert begun(db, seen(db, C)).photo_id == "8"


def test_nor_is_an_ignored_change_of_it_one(db: Database) -> None:
    """`on_change = "ignore"` is about files, not about names."""
    sent(db, seen(db))
    gone(db)
    assert seen(db, B, on_change=OnChange.IGNORE).state is State.QUEUED


def test_an_earlier_file_of_that_name_is_never_replaced(db: Database) -> None:
    """Even where the new one has no photo yet when it changes again."""
    sent(db, seen(db))
    gone(db)
    ended(db, begun(db, seen(db, B)), verdicts.Refuse(NOT_PRO))
    assert begun(db, seen(db, C)).kind is Kind.UPLOAD


def test_a_file_that_came_back_as_it_was_keeps_its_photo(db: Database) -> None:
    """Moved away and back: it is the same content, so it is the same photo."""
    sent(db, seen(db))
    gone(db)
    assert seen(db, A).state is State.DONE
    assert begun(db, seen(db, B)).photo_id == "7"


# --- what a person says -----------------------------------------------------------------------


def asked(db: Database, sha256: str = B) -> Job:
    """A job for a photo that a person named."""
    job = seen(db, sha256, on_change=OnChange.NEW)
    aim(db, job.id, "9", is_mending=False, is_asked=True)
    return now_of(db, job)


def test_a_named_photo_goes_to_the_newest_content_that_waits(db: Database) -> None:
    """The file changed before it was sent: what is in it now is what was meant."""
    old = asked(db)
    new = seen(db, C, on_change=OnChange.NEW)
    assert (new.kind, new.photo_id, new.is_asked) == (Kind.REPLACE, "9", True)
    assert (now_of(db, old).state, now_of(db, old).kind) == (State.SKIPPED, Kind.UPLOAD)


def test_two_replacements_of_one_photo_never_overlap(db: Database) -> None:
    """Their order at the service would be anybody's guess."""
    begun(db, asked(db))
    other = seen(db, C, b"other.jpg", on_change=OnChange.NEW)
    aim(db, other.id, "9", is_mending=False, is_asked=True)
    assert upcoming(db) == []
    assert moves.begin_send(db, other.id, NOW) is None
    late = now_of(db, other)
    found = former_of(late, facts.around(db, late, NOW))
    assert found is not None
    assert found.sha256 == B


def test_a_file_whose_named_photo_changed_again_is_homeless(db: Database) -> None:
    """Another file's content is on it now: the content is sent again when it is seen."""
    sent(db, seen(db, B), "9")
    other = seen(db, C, b"other.jpg", on_change=OnChange.NEW)
    aim(db, other.id, "9", is_mending=False, is_asked=True)
    sent(db, other, "9")
    assert seen(db, B).state is State.QUEUED
    assert begun(db, seen(db, B)).kind is Kind.UPLOAD


@pytest.mark.parametrize(("is_asked", "kind"), [(True, Kind.REPLACE), (False, Kind.UPLOAD)])
def test_a_retry_where_the_folder_replaces_no_more(
    db: Database, is_asked: bool, kind: Kind
) -> None:
    """It sends a photo of its own, unless a person named the one to be replaced."""
    sent(db, seen(db))
    job = seen(db, B)
    if is_asked:
        aim(db, job.id, "7", is_mending=False, is_asked=True)
    job = ended(db, begun(db, job), verdicts.Refuse(NOT_PRO))
    changing.give_up_photo(db, job)
    assert now_of(db, job).kind is kind


def test_a_retry_of_one_in_doubt_replaces_still(db: Database) -> None:
    """The photo may have the new content already: another one would double it."""
    sent(db, seen(db))
    job = ended(db, begun(db, seen(db, B)), verdicts.Uncertain(FAULT))
    changing.give_up_photo(db, job)
    assert now_of(db, job).kind is Kind.REPLACE

"""What waits for hours counts nothing again, until a job has moved."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Any

import pytest
from sqlite_utils import Database

from unit.operations.records import Records
from uploadd.model.left_alone import LeftAlone
from uploadd.model.settlement import LedgerChange, Settlement
from uploadd.model.states import State
from uploadd.operations.backfill.oversight import Oversight, Tally
from uploadd.operations.backfill.trees import Wanted
from uploadd.operations.backfill.views import AccountView, IntakeView, Spent
from uploadd.runtime import RealClock
from uploadd.store import overview
from uploadd.store.connection import open_database
from uploadd.store.overview import OpenCounts


class Asked:
    """A store that notes what it is asked; and the backfill's view of it."""

    def __init__(self, db: Database, account_id: int) -> None:
        self.store: Any = self
        self.asked = Counter[str]()
        self._db = db
        self._account = AccountView("me", account_id, (), 0.0, 0.0, False, True)

    async def read(self, work: Any, *args: Any) -> Any:
        """One question."""
        self.asked[work.__name__] += 1
        return work(self._db, *args)

    async def accounts(self) -> list[AccountView]:
        return [self._account]

    async def intake(self) -> IntakeView:
        return IntakeView(0, False, LeftAlone())

    async def spent(self, *, is_last: bool) -> Spent:
        return Spent()

    async def edit_url(self, photo_ids: Sequence[str]) -> str | None:
        return None


@pytest.fixture
def db(records: Records) -> Iterator[Database]:
    """The records as another process reads them."""
    records.account_id()
    opened = open_database(records.configuration.state_dir)
    yield opened
    opened.close()


async def test_a_backfill_counts_again_once_a_job_has_moved(records: Records, db: Database) -> None:
    """Counting 300,000 files takes seconds, and a full account may pause for days."""
    job = records.add("a.jpg")
    view = Asked(db, records.account_id())
    clock = RealClock()
    wanted = [Wanted(records.root, b"", records.configuration.folders["camera"])]
    oversight = Oversight(view, wanted, clock, Tally.begun_at(clock), lambda _: None)
    for _ in range(3):
        oversight._count_again_at = 0.0
        await oversight.look()
    assert view.asked["counts_below"] == 1
    assert oversight.snapshot.files == {State.QUEUED: 1}
    there = Settlement(State.FILING, ledger=LedgerChange.THERE, photo_id="7")
    records.settle(records.begin(job), there)
    oversight._count_again_at = 0.0
    await oversight.look()
    assert view.asked["counts_below"] == 2
    assert oversight.snapshot.files == {State.DONE: 1}


def test_the_status_line_counts_again_once_a_job_has_moved(records: Records, db: Database) -> None:
    """It is sent every five seconds."""
    job = records.add("a.jpg")
    account_id = records.account_id()
    asked: list[str] = []
    db.conn.set_trace_callback(asked.append)
    counts = OpenCounts()
    for _ in range(3):
        assert counts.of_account(db, account_id)[State.QUEUED] == 1
    assert sum("count(*)" in text for text in asked) == 1
    records.begin(job)
    assert counts.of_account(db, account_id) == {State.QUEUED: 0, State.UPLOADING: 1}
    assert overview.last_story(db) == 2

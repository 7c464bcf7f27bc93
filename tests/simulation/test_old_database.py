"""Uploadd is killed at many steps of a run over a database that is older than what was sent."""

from __future__ import annotations

import shutil
import sqlite3
import tempfile
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from simulation.lives import Life
from simulation.scene import Scene, place_for_files
from uploadd.sandbox import Fault, SandboxOptions
from uploadd.store.connection import DATABASE_NAME

pytestmark = pytest.mark.usefixtures("hours_pass_quickly")

LAGGING = SandboxOptions(ticket_seconds=0.4, search_lag_seconds=0.5, list_lag_seconds=1.0)
PATIENCE = 0.01


def older(directory: Path, *, is_deleted: bool) -> Scene:
    """Two photos on the account, of which the database knows one or none; one is new."""
    scene = Scene(directory, LAGGING)
    scene.patience = PATIENCE
    scene.account = replace(scene.account, dedup_check=0)  # nothing else may help
    scene.add("known.jpg")
    scene.backfill_life(Life())
    database = scene.state_dir / DATABASE_NAME
    copy = Path(shutil.copy(database, directory / "copy.db"))
    scene.add("sent-since.jpg")
    scene.backfill_life(Life())
    assert sum(scene.kept().values()) == 2
    with closing(sqlite3.connect(database)):
        database.unlink() if is_deleted else shutil.copy(copy, database)
    scene.add("new.jpg")
    return scene


def play(life: Life, *, is_deleted: bool, faults: tuple[Fault, ...]) -> str:
    """What went wrong; empty where nothing did."""
    with tempfile.TemporaryDirectory(dir=place_for_files(), prefix="old-") as directory:
        scene = older(Path(directory), is_deleted=is_deleted)
        for fault in faults:
            scene.sandbox.faults.add(fault)
        scene.backfill_life(life)
        scene.sandbox.faults.clear()
        ended = scene.backfill_life(Life())
        states = scene.states()
        if isinstance(ended, BaseException):
            return f"the next start ended with {ended!r}"
        if sorted(scene.kept().values()) != [1, 1, 1] or states != {"done": 3}:
            return f"{dict(scene.kept())}, {dict(states)}"
        return ""


@pytest.mark.timeout(300)
@pytest.mark.parametrize(
    ("is_deleted", "faults", "stride"),
    [
        (False, (), 11),
        (True, (), 31),
        (False, (Fault("lose-reply", first=1),), 31),
        (False, (Fault("error", first=1, code=105),), 31),
    ],
    ids=["an old copy", "deleted", "the reply is lost", "error 105"],
)
def test_a_kill_at_any_step_doubles_nothing(
    is_deleted: bool, faults: tuple[Fault, ...], stride: int
) -> None:
    """Notice, look up, send: whatever was cut short, the next start goes on with it.

    At each `stride`th step, because a play takes its time.
    """
    whole = Life()
    problems = [play(whole, is_deleted=is_deleted, faults=faults)]
    assert len(whole.trace) > 30
    for number in range(1, len(whole.trace) + 1, stride):
        life = Life(dies_at=number)
        problem = play(life, is_deleted=is_deleted, faults=faults)
        if problem:
            problems.append(f"killed at step {number}, {life.trace[-1]}: {problem}")
    assert [problem for problem in problems if problem] == []


def test_without_the_doubt_it_would_be_doubled(monkeypatch: pytest.MonkeyPatch) -> None:
    """The test above can fail."""
    monkeypatch.setattr("uploadd.store.older.of_job", lambda _db, _job_id: None)
    assert play(Life(), is_deleted=False, faults=()).startswith("{")

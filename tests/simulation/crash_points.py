"""Small scenarios in which uploadd is killed at every single step, one after the other.

A step that belongs to a scenario is found by playing it once without a kill. Then it is played
again for each step, killed there, started anew in calm weather, and every promise is checked.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from simulation.lives import Life, every_step
from simulation.promises import broken, contents_on_disk
from simulation.scene import Scene, place_for_files
from simulation.weather import BOTH, IPERNITY
from simulation.world import JPEG
from uploadd.model.configuration import OnChange, ServiceName
from uploadd.sandbox import Fault, SandboxOptions

PATIENCE = 0.01


@dataclass(frozen=True)
class Scenario:
    """What the service does, and what happens to the files in the first life."""

    name: str
    options: SandboxOptions = field(default_factory=SandboxOptions)
    faults: tuple[Fault, ...] = ()
    is_watched: bool = False
    has_twin: bool = False
    changes_at: str = ""
    """The step before which a file is rewritten; empty: none is."""
    on_change: OnChange = OnChange.NEW
    services: tuple[ServiceName, ...] = (ServiceName.FLICKR,)


@dataclass
class Tried:
    """How many steps a scenario has, and what went wrong where."""

    points: int = 0
    problems: list[str] = field(default_factory=list)


SLOW = SandboxOptions(ticket_seconds=0.4, search_lag_seconds=0.5, list_lag_seconds=1.0)
BLIND = replace(SLOW, search_finds=False)
UPLOADED = "photos.upload.checkTickets: answered, the reply on its way"
ON_FLICKR = (
    Scenario("all goes well", SLOW, has_twin=True),
    Scenario("a watched folder", SLOW, is_watched=True),
    Scenario("the reply is lost", SLOW, (Fault("lose-reply", first=1),)),
    Scenario("502, and it was kept", SLOW, (Fault("http-after", first=1, code=502),)),
    Scenario("502, and it was not kept", SLOW, (Fault("http-before", first=1, code=502),)),
    Scenario("error 105", SLOW, (Fault("error", first=1, code=105),)),
    Scenario("429", SLOW, (Fault("http-before", first=1, code=429, retry_after_seconds=3),)),
    Scenario("a wait", replace(SLOW, wait_every=2, wait_seconds=5)),
    Scenario("the ticket fails", SLOW, (Fault("ticket-fails", first=1),)),
    Scenario("the ticket is forgotten", SLOW, (Fault("ticket-forgotten", first=1),)),
    Scenario("only the dedup can tell", BLIND, (Fault("lose-reply", first=1),)),
    Scenario("a torn upload, mended", replace(SLOW, is_pro=True), changes_at="disk: read_chunk"),
    Scenario("a torn upload, told of", SLOW, changes_at="disk: read_chunk"),
    Scenario(
        "replace on change",
        replace(SLOW, is_pro=True),
        is_watched=True,
        changes_at=UPLOADED,
        on_change=OnChange.REPLACE,
    ),
    Scenario(
        "replace on change, in doubt",
        replace(SLOW, is_pro=True),
        (Fault("lose-reply", first=1, where="replace"),),
        is_watched=True,
        changes_at=UPLOADED,
        on_change=OnChange.REPLACE,
    ),
)
# ipernity compares nothing when a photo arrives: only its look-ups keep these from doubling.
ON_IPERNITY = (
    "all goes well",
    "the reply is lost",
    "502, and it was not kept",
    "the ticket fails",
    "a torn upload, mended",
)
SCENARIOS = (
    *ON_FLICKR,
    *(
        replace(one, name=f"ipernity: {one.name}", services=IPERNITY)
        for one in ON_FLICKR
        if one.name in ON_IPERNITY
    ),
    Scenario("both services", SLOW, services=BOTH),
    Scenario(
        "ipernity: replace on change",
        replace(SLOW, is_pro=True),
        is_watched=True,
        changes_at=UPLOADED.removeprefix("photos."),
        on_change=OnChange.REPLACE,
        services=IPERNITY,
    ),
)


def try_points(
    scenario: Scenario, points: Callable[[Sequence[str]], list[int]] = every_step
) -> Tried:
    """Kill uploadd at each step of the scenario, or at those `points` of it, one at a time."""
    whole = Life()
    tried = Tried(problems=[f"without a kill: {text}" for text in _play(scenario, whole)])
    for number in points(whole.trace):
        tried.points += 1
        life = Life(dies_at=number)
        for text in _play(scenario, life):
            tried.problems.append(f"killed at step {number}, {life.trace[-1]}: {text}")
    return tried


def _play(scenario: Scenario, life: Life) -> list[str]:
    with tempfile.TemporaryDirectory(dir=place_for_files(), prefix="point-") as directory:
        scene = Scene(Path(directory), scenario.options, services=scenario.services)
        scene.patience = PATIENCE
        scene.folder = replace(scene.folder, on_change=scenario.on_change)
        for account in scene.accounts:
            for fault in scenario.faults:
                scene.sandbox_of(account).faults.add(fault)
        scene.add("a.jpg")
        scene.add("b.jpg")
        if scenario.has_twin:
            scene.add("twin.jpg", (scene.photos / "a.jpg").read_bytes())
        if scenario.changes_at:
            life.before[scenario.changes_at] = _rewriting(scene)
        if scenario.is_watched:
            if scenario.on_change is OnChange.REPLACE:
                scene.poll_folder()
            scene.watch_life(life, 20.0)
        else:
            scene.backfill_life(life)
        problems = [*_end_well(scene), *broken(scene, [])]
        if scenario.on_change is OnChange.REPLACE:
            problems += _left_over(scene)
        return problems


def _left_over(scene: Scene) -> Iterator[str]:
    """Where changes replace, no photo is left of a content that no file has any more."""
    for sha256 in scene.kept().keys() - contents_on_disk(scene).keys():
        yield f"left over: a photo of {sha256[:8]}, which is in no file"


def _rewriting(scene: Scene) -> Callable[[], None]:
    return lambda: scene.change(scene.photos / "a.jpg", JPEG + b"longer than the old content " * 20)


def _end_well(scene: Scene) -> Iterator[str]:
    """What a person would do: start it again, and say `retry` where one is asked to."""
    for account in scene.accounts:
        scene.sandbox_of(account).faults.clear()
    for may_retry in (True, True, False):
        ended = scene.backfill_life(Life())
        if isinstance(ended, BaseException):
            yield f"the next start ended with {ended!r}"
        if not any(job.state == "failed" for job in scene.jobs()):
            return
        if may_retry:
            scene.retry_failed()

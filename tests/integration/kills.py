"""SIGKILL at random moments of a real uploadd, again and again; then it may finish, and is counted.

The suite runs this small (`test_kills.py`), `make kills` runs it big:

    make kills                                  2 rounds of 100 kills over 500 photos
    make kills KILLS=20 PHOTOS=100 ROUNDS=1 SEED=7 COMMAND=run FAULTS=mixed SERVICE=ipernity

A kill counts only where the process was alive and had begun to deliver: a request of this very
life had reached the sandbox. Others are told apart as `early`.
"""

from __future__ import annotations

import argparse
import json
import logging
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path
from random import Random, SystemRandom

from integration.preloaded import Running
from integration.processes import Desk
from uploadd.sandbox import Fault, SandboxOptions, build_app
from uploadd.sandbox.server import listen, server_of, url_of

PHOTO_BYTES = 150_000
READ_BYTES_PER_SECOND = 300_000
"""Half a second a photo on each connection: a send can be cut anywhere."""
RECEIVE_BUFFER_BYTES = 8192
"""So small that a body is not in the kernel's hands already when its sender is killed."""
LONGEST_LIFE_SECONDS = 1.2
START_SECONDS = 60.0
EARLY_SHARE = 0.1
OUTAGE_SECONDS = 1.5
ENDED = frozenset({"done", "duplicate", "skipped", "failed"})
LOST_REPLIES = Fault("lose-reply", rate=0.2)
MIXED = (
    LOST_REPLIES,
    Fault("http-after", rate=0.05, code=502),
    Fault("http-before", rate=0.03, code=503),
    Fault("garbage", rate=0.03),
    Fault("cut", rate=0.03),
    Fault("ticket-forgotten", rate=0.03),
    Fault("http-before", rate=0.03, code=500, where="rest"),
)


@dataclass(frozen=True)
class Plan:
    """One round. `command`: `backfill` or `run`; `outages`: how often the sandbox goes away."""

    seed: int
    kills: int = 100
    photos: int = 500
    command: str = "backfill"
    faults: tuple[Fault, ...] = (LOST_REPLIES,)
    outages: int = 0
    search_lag_seconds: float = 0.5
    service: str = "flickr"
    finish_seconds: float = 600.0

    def options(self) -> SandboxOptions:
        """A sandbox that is slow enough to be caught in the act, and whose search lags."""
        return SandboxOptions(
            faults=self.faults,
            seed=self.seed,
            read_bytes_per_second=READ_BYTES_PER_SECOND,
            ticket_seconds=0.3,
            ticket_jitter_seconds=0.5,
            search_lag_seconds=self.search_lag_seconds,
            list_lag_seconds=self.search_lag_seconds / 2,
        )


@dataclass
class Count:
    """What a round came to. `early`: kills before a request of that life; not counted."""

    photos: int
    kills: int = 0
    early: int = 0
    lost: int = 0
    doubled: int = 0
    unfinished: int = 0
    failed: int = 0
    uploads: int = 0
    deduplicated: int = 0
    faults: int = 0
    outages: int = 0
    seconds: float = 0.0
    last_words: str = field(default="", repr=False)

    @property
    def is_clean(self) -> bool:
        """Each content on the account exactly once, each job in a terminal state."""
        return not (self.lost or self.doubled or self.unfinished)

    def line(self) -> str:
        """All of it for a person."""
        return (
            f"{self.kills} kills while it delivered (and {self.early} before it did),"
            f" {self.photos} photos, {self.faults} faults, {self.outages} outages:"
            f" {self.lost} lost, {self.doubled} doubled, {self.unfinished} unfinished,"
            f" {self.failed} failed;"
            f" {self.uploads - self.photos} sends beyond one a photo,"
            f" {self.deduplicated} of them answered as duplicates; {self.seconds:.0f} s"
        )


class Service:
    """The sandbox on one port, which can go away and come back with all that it kept."""

    def __init__(self, options: SandboxOptions, service: str) -> None:
        self._app = build_app(options)
        state = self._app.state
        self.sandbox = state.sandbox if service == "flickr" else state.ipernity
        self._listener = listen()
        self.url = url_of(self._listener)
        self._port = self._listener.getsockname()[1]
        self._serve()

    def go_away(self) -> None:
        """Cut every connection and refuse new ones."""
        self._server.should_exit = self._server.force_exit = True
        self._thread.join(20)
        self._listener.close()

    def come_back(self) -> None:
        """Answer again under the same address."""
        self._listener = listen(port=self._port)
        self._serve()

    def _serve(self) -> None:
        self._listener.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, RECEIVE_BUFFER_BYTES)
        self._server = server_of(self._app)
        logging.getLogger("uvicorn.error").setLevel(logging.CRITICAL + 1)  # of what was cut
        serving = {"sockets": [self._listener]}
        self._thread = threading.Thread(target=self._server.run, kwargs=serving, daemon=True)
        self._thread.start()


class Round:
    """The lives of one uploadd, until it is let finish."""

    def __init__(self, plan: Plan, home: Path, service: Service) -> None:
        self._plan = plan
        self._dice = Random(plan.seed)
        self._service = service
        self._sandbox = service.sandbox
        self._desk = Desk(home, service.url, service.sandbox, settle=0.1, service=plan.service)
        self._wanted: set[str] = set()
        self._words = ["run"] if plan.command == "run" else ["backfill", str(self._desk.photos)]
        lives = range(1, plan.kills)
        self._outages_at = set(self._dice.sample(lives, min(plan.outages, len(lives))))
        self.count = Count(plan.photos)

    def run(self) -> Count:
        """Kill, kill again, let it finish, and count."""
        began = time.monotonic()
        self._arrive(self._plan.photos // (2 if self._plan.command == "run" else 1))
        while self.count.kills < self._plan.kills and self._live():
            self._arrive(self._plan.photos // self._plan.kills)
        self._arrive(self._plan.photos)
        self._finish()
        self._reckon()
        self.count.seconds = time.monotonic() - began
        return self.count

    def _arrive(self, number: int) -> None:
        """So many more photos; a daemon has them come while it is dead, too."""
        for _ in range(min(number, self._plan.photos - len(self._wanted))):
            index = len(self._wanted)
            path = self._desk.add(f"d{index % 7}/p{index}.jpg", PHOTO_BYTES)
            self._wanted.add(sha256(path.read_bytes()).hexdigest())

    def _live(self) -> bool:
        """One life, ended by a kill. False where it came to its own end: all is sent."""
        is_early = self._dice.random() < EARLY_SHARE
        requests = self._sandbox.journal.total
        with self._desk.started(*self._words) as process:
            if is_early:
                _sleep_beside(process, self._dice.uniform(0, LONGEST_LIFE_SECONDS))
            else:
                _wait(process, lambda: self._sandbox.journal.total > requests)
                self._maybe_outage()
                _sleep_beside(process, self._dice.uniform(0, self._longest_life()))
            was_alive = process.poll() is None
            process.send_signal(signal.SIGKILL)
            process.wait(timeout=20)
        if was_alive and self._sandbox.journal.total > requests:
            self.count.kills += 1
        else:
            self.count.early += 1
        return was_alive

    def _longest_life(self) -> float:
        """Shorter where few photos are left for the kills that are still wanted."""
        left = self._plan.photos - len(self._desk.kept())
        share = left / max(1, self._plan.kills - self.count.kills)
        return min(LONGEST_LIFE_SECONDS, LONGEST_LIFE_SECONDS * share / 5)

    def _maybe_outage(self) -> None:
        if self.count.kills not in self._outages_at:
            return
        self._outages_at.discard(self.count.kills)
        self._service.go_away()
        time.sleep(self._dice.uniform(0, OUTAGE_SECONDS))
        self._service.come_back()
        self.count.outages += 1

    def _finish(self) -> None:
        if self._plan.command == "run":
            self._finish_daemon()
            return
        ended = self._desk.uploadd(*self._words, seconds=self._plan.finish_seconds)
        self.count.last_words = ended.stderr[-2000:]

    def _finish_daemon(self) -> None:
        end = time.monotonic() + self._plan.finish_seconds
        with self._desk.started(*self._words) as process:
            while time.monotonic() < end and not self._is_finished():
                time.sleep(0.5)
            process.send_signal(signal.SIGTERM)
            process.wait(timeout=90)
        self.count.last_words = self._desk.log()[-2000:]

    def _is_finished(self) -> bool:
        states = self._states()
        return len(states) >= self._plan.photos and set(states) <= ENDED

    def _states(self) -> list[str]:
        told = self._desk.uploadd("jobs", "--json")
        return [json.loads(line)["state"] for line in told.stdout.splitlines()]

    def _reckon(self) -> None:
        kept, states, count = self._desk.kept(), self._states(), self.count
        uploads = self._sandbox.journal.of("upload")
        count.lost = len(self._wanted - kept.keys())
        count.doubled = sum(kept.values()) - len(kept)
        missing = max(0, self._plan.photos - len(states))
        count.unfinished = sum(state not in ENDED for state in states) + missing
        count.failed = states.count("failed")
        count.uploads = len(uploads)
        count.deduplicated = sum(entry.outcome == "error 9" for entry in uploads)
        count.faults = self._sandbox.faults.given.total()


def one_round(plan: Plan, home: Path) -> Count:
    """Play `plan` in the empty directory `home`."""
    service = Service(plan.options(), plan.service)
    try:
        return Round(plan, home, service).run()
    finally:
        service.go_away()


def _wait(process: Running, is_true: Callable[[], bool]) -> None:
    """Until it is true, or the process has ended, or a long time has passed."""
    end = time.monotonic() + START_SECONDS
    while not is_true() and process.poll() is None and time.monotonic() < end:
        time.sleep(0.005)


def _sleep_beside(process: Running, seconds: float) -> None:
    try:
        process.wait(timeout=seconds)
    except subprocess.TimeoutExpired:
        return


def main(arguments: Sequence[str]) -> int:
    """The rounds by hand. Returns 1 where anything was lost, doubled or left unfinished."""
    asked = _parser().parse_args(arguments)
    seed = SystemRandom().randrange(10**9) if asked.seed is None else asked.seed
    is_clean = True
    for number in range(asked.rounds):
        plan = Plan(
            seed=seed + number,
            kills=asked.kills,
            photos=asked.photos,
            command=asked.command,
            faults=MIXED if asked.faults == "mixed" else (LOST_REPLIES,),
            outages=asked.outages,
            service=asked.service,
        )
        with tempfile.TemporaryDirectory(prefix="uploadd-kills-") as home:
            count = one_round(plan, Path(home))
        print(f"round {number + 1} (seed {plan.seed}): {count.line()}", flush=True)
        if not count.is_clean:
            print(count.last_words, flush=True)
        is_clean = is_clean and count.is_clean
    return 0 if is_clean else 1


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="integration.kills", description=__doc__)
    parser.add_argument("--rounds", type=int, default=2)
    parser.add_argument("--kills", type=int, default=100)
    parser.add_argument("--photos", type=int, default=500)
    parser.add_argument("--outages", type=int, default=0)
    parser.add_argument("--seed", type=int)
    parser.add_argument("--command", choices=("backfill", "run"), default="backfill")
    parser.add_argument("--service", choices=("flickr", "ipernity"), default="flickr")
    parser.add_argument("--faults", choices=("lost-replies", "mixed"), default="lost-replies")
    return parser


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

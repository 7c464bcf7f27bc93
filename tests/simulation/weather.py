"""What goes wrong in one schedule, drawn from its seed."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, replace
from random import Random

from simulation.accounts import TOKENS
from simulation.lives import Life
from simulation.scene import Scene
from simulation.world import JPEG
from uploadd.model.configuration import OnChange, ServiceName
from uploadd.model.look_ups import PHOTO_WINDOW_SECONDS, PHOTO_WINDOW_WITHOUT_DEDUP_SECONDS
from uploadd.sandbox import Fault, SandboxOptions

FAULT_KINDS = (
    ("error", 105), ("error", 106), ("error", 201), ("error", 3), ("error", 14), ("error", 777),
    ("http-before", 500), ("http-before", 503), ("http-before", 429),
    ("http-after", 500), ("http-after", 502), ("http-after", 504), ("http-after", 429),
    ("cut", 0), ("lose-reply", 0), ("lose-reply", 0), ("garbage", 0), ("empty", 0), ("html", 0),
    ("bomb", 0), ("ticket-fails", 0), ("ticket-forgotten", 0),
)  # fmt: skip
REST_FAULT_KINDS = (
    ("error", 105), ("error", 106), ("http-before", 502), ("http-before", 429), ("cut", 0),
    ("garbage", 0), ("empty", 0), ("html", 0),
)  # fmt: skip
# ipernity has error codes of its own, no waits, and no error that leaves a photo where it was.
IPERNITY_FAULT_KINDS = (
    ("error", 500), ("error", 501), ("error", 503), ("error", 112), ("error", 113), ("error", 777),
    *(one for one in FAULT_KINDS if one[0] != "error"),
)  # fmt: skip
IPERNITY_REST_FAULT_KINDS = (
    ("error", 500), ("error", 503), *(one for one in REST_FAULT_KINDS if one[0] != "error"),
)  # fmt: skip
KINDS = {
    ServiceName.FLICKR: (FAULT_KINDS, REST_FAULT_KINDS),
    ServiceName.IPERNITY: (IPERNITY_FAULT_KINDS, IPERNITY_REST_FAULT_KINDS),
}
FLICKR, IPERNITY = (ServiceName.FLICKR,), (ServiceName.IPERNITY,)
BOTH = (*FLICKR, *IPERNITY)
MOST_STEPS = 110
LONGEST_LIFE_SECONDS = 20.0


@dataclass(frozen=True)
class Weather:
    """The dice of one schedule, and how much may go wrong in it."""

    seed: int
    patience: float
    lives: int
    photos: int
    steps_clock_forward: bool
    changes_files: bool
    has_dedup: bool
    services: tuple[ServiceName, ...]
    replaces: bool
    ignores: bool
    loses_photos: bool
    """The first photo's reply is lost, it is found, and then lost while it is converted."""

    @classmethod
    def of(cls, seed: int) -> Weather:
        """What a seed stands for."""
        dice = Random(f"weather {seed}")
        return cls(
            seed=seed,
            patience=dice.choice((0.002, 0.004, 0.008)),
            lives=dice.choice((1, 1, 2, 3)),
            photos=dice.choice((1, 1, 2, 3)),
            steps_clock_forward=dice.random() < 0.05,
            changes_files=dice.random() < 0.25,
            has_dedup=dice.random() < 0.6,
            services=Random(f"services {seed}").choice((FLICKR,) * 5 + (IPERNITY,) * 4 + (BOTH,)),
            replaces=Random(f"replaces {seed}").random() < 0.6,
            ignores=Random(f"ignores {seed}").random() < 0.1,
            loses_photos=Random(f"loses {seed}").random() < 0.2,
        )

    @property
    def window(self) -> float:
        """Over how many seconds absence is looked for."""
        is_short = self.has_dedup and ServiceName.FLICKR in self.services
        whole = PHOTO_WINDOW_SECONDS if is_short else PHOTO_WINDOW_WITHOUT_DEDUP_SECONDS
        return whole * self.patience

    def options(self) -> SandboxOptions:
        """The service's own slowness and moods. Within what `docs/reliability.md` says it must do.

        A content must become visible to the search, or to the list, or to the dedup, before its
        absence is believed: nobody can see to it otherwise that nothing is sent twice.
        """
        dice = Random(f"options {self.seed}")
        # Half a second: the first look comes that early, and a photo in conversion hides.
        most = max(0.0, self.window * 0.8 - 0.5)
        ticket_seconds = dice.choice((0.0, 0.0, most / 8, most / 3))
        options = SandboxOptions(
            ticket_seconds=ticket_seconds,
            ticket_jitter_seconds=dice.choice((0.0, most / 8)),
            search_lag_seconds=dice.choice((0.0, most / 4, most / 2)),
            list_lag_seconds=dice.choice((0.0, most / 4, most / 2)),
            dedup_sees_pending=dice.random() < 0.7,
            wait_every=dice.choice((0, 0, 0, 2, 3)),
            wait_seconds=dice.choice((1, 5, 30)),
            is_pro=dice.random() < (0.8 if self.replaces and self.changes_files else 0.5),
        )
        if self.loses_photos:
            options = replace(options, ticket_seconds=most / 2, search_lag_seconds=0.0)
        can_tell = self.has_dedup and options.dedup_sees_pending and self.services == FLICKR
        if can_tell and dice.random() < 0.2:
            return replace(options, search_finds=False)
        if can_tell and dice.random() < 0.1:
            return replace(options, ticket_seconds=self.window * 3)
        return options

    def calls_per_hour(self) -> int:
        """The budget: mostly none, sometimes a tight one."""
        return Random(f"budget {self.seed}").choice((0,) * 30 + (100,))

    def set_out(self, scene: Scene) -> None:
        """The photos, the faults and the network of this schedule."""
        dice = Random(f"scene {self.seed}")
        scene.patience = self.patience
        if self.replaces:
            scene.folder = replace(scene.folder, on_change=OnChange.REPLACE)
        scene.set_accounts(calls_per_hour=self.calls_per_hour(), dedup_check=int(self.has_dedup))
        for number in range(self.photos):
            scene.add(f"d{number % 2}/p{number}.jpg")
        if dice.random() < 0.3:
            scene.add("twin.jpg", (scene.photos / "d0/p0.jpg").read_bytes())
        for account in scene.accounts:
            for fault in self._faults(dice, account.service):
                scene.sandbox_of(account).faults.add(fault)
        if dice.random() < 0.3:
            scene.network.roughen(self.seed, dice.choice((3, 10, 25)), dice.choice((0, 0.3, 2.0)))

    def _faults(self, dice: Random, service: ServiceName) -> list[Fault]:
        faults = []
        if self.loses_photos:
            faults = [Fault("lose-reply", first=1), Fault("ticket-fails", first=1)]
        for kinds, where in zip(KINDS[service], ("upload", "rest"), strict=True):
            for _ in range(dice.choice((0, 1, 1, 2) if where == "upload" else (0, 0, 0, 1))):
                kind, code = dice.choice(kinds)
                retry_after = dice.choice((None, 2, 20)) if code == 429 else None
                faults.append(
                    Fault(
                        kind,  # type: ignore[arg-type]
                        rate=dice.choice((0.1, 0.3, 0.6)),
                        where=where,
                        code=code,
                        retry_after_seconds=retry_after,
                    )
                )
        return faults

    def life(self, scene: Scene, number: int) -> Life:
        """The `number`-th life: when it dies, and what happens in the world meanwhile."""
        dice = Random(f"life {self.seed} {number}")
        dies_at = dice.randint(1, MOST_STEPS) if dice.random() < 0.75 else None
        life = Life(dies_at)
        for happening in self._happenings(scene, dice):
            life.happenings.setdefault(dice.randint(1, MOST_STEPS), []).append(happening)
        return life

    def _happenings(self, scene: Scene, dice: Random) -> list[Callable[[], None]]:
        drawn: list[Callable[[], None]] = []
        if dice.random() < 0.15:
            drawn.append(lambda: _network_goes(scene, dice.uniform(0.1, 30.0)))
        if dice.random() < 0.15:
            drawn.append(lambda: _clock_steps(scene, -dice.choice((3.0, 200.0, 90_000.0))))
        if self.steps_clock_forward:
            drawn.append(lambda: _clock_steps(scene, dice.choice((3.0, 200.0, 90_000.0))))
        if dice.random() < 0.06:
            drawn.append(scene.fill_disk)
        if dice.random() < 0.05:
            drawn.append(lambda: _token_goes(scene))
        if dice.random() < 0.05:
            drawn.append(lambda: _account_fills(scene))
        if self.changes_files:
            drawn += [_file_happening(scene, dice) for _ in range(dice.randint(1, 3))]
        return drawn


def calm(scene: Scene) -> None:
    """From now on nothing goes wrong any more, and what was wrong has been put right."""
    scene.network.calm()
    for account in scene.accounts:
        sandbox = scene.sandbox_of(account)
        sandbox.faults.clear()
        sandbox.options.max_items = 0
        sandbox.options.wait_every = 0
        sandbox.logins.admit(TOKENS[account.service])
    scene.clock.skew = 0.0


def _network_goes(scene: Scene, seconds: float) -> None:
    scene.network.is_down = True
    asyncio.get_running_loop().call_later(seconds, scene.network.come_back)


def _clock_steps(scene: Scene, seconds: float) -> None:
    scene.clock.skew += seconds


def _token_goes(scene: Scene) -> None:
    scene.sandbox.logins.revoke(TOKENS[scene.account.service].token)


def _account_fills(scene: Scene) -> None:
    scene.sandbox.options.max_items = max(1, scene.sandbox.items())


def _file_happening(scene: Scene, dice: Random) -> Callable[[], None]:
    """Somebody works in the folder, whatever uploadd is doing there."""
    number = dice.randrange(1000)

    def rewrite() -> None:
        for path in sorted(scene.photos.rglob("*.jpg"))[:1]:
            scene.change(path, JPEG + b"rewritten %d" % number)

    def remove() -> None:
        for path in sorted(scene.photos.rglob("*.jpg"))[-1:]:
            path.unlink()

    def rename() -> None:
        for path in sorted(scene.photos.rglob("*.jpg"))[:1]:
            path.rename(path.with_name(f"renamed-{number}.jpg"))

    def arrive() -> None:
        scene.change(scene.photos / f"new-{number}.jpg", JPEG + b"new %d" % number)

    return dice.choice((rewrite, remove, rename, arrive))

"""Which calls a scripted fault hits: deterministic for a seed and an order of calls."""

from __future__ import annotations

import random
from collections import Counter
from dataclasses import dataclass

from uploadd.sandbox.options import Fault

_BEFORE = {"error", "http-before", "cut", "oauth-problem"}
_TICKET = {"ticket-fails", "ticket-forgotten"}


@dataclass(frozen=True)
class Plan:
    """What will go wrong with one call: before the photo is kept, after it, and with its ticket."""

    before: Fault | None = None
    after: Fault | None = None
    ticket: Fault | None = None

    def names(self) -> str:
        """The faults' kinds, for the journal; empty when all goes well."""
        return ", ".join(fault.kind for fault in (self.before, self.after, self.ticket) if fault)


def hits(fault: Fault, count: int, draw: float) -> bool:
    """Whether a fault hits the `count`-th call it could hit; `draw` is uniform in [0, 1)."""
    return (
        draw < fault.rate
        or count <= fault.first
        or count in fault.at
        or (fault.every > 0 and count % fault.every == 0)
    )


def concerns(fault: Fault, endpoint: str, *, is_rest: bool, method: str = "") -> bool:
    """Whether a fault is meant for this kind of call; `method` is its name in the API, if any."""
    if is_rest and fault.where == "rest":
        return True
    return fault.where in ("*", endpoint) or (method != "" and fault.where == method)


def plan_of(chosen: list[Fault]) -> Plan:
    """One fault for each phase: the first that was added wins."""
    before = next((fault for fault in chosen if fault.kind in _BEFORE), None)
    ticket = next((fault for fault in chosen if fault.kind in _TICKET), None)
    after = next((fault for fault in chosen if fault.kind not in _BEFORE | _TICKET), None)
    if before is not None:
        return Plan(before=before)
    return Plan(after=after, ticket=ticket)


class Faults:
    """The faults in force, each with its own count of calls."""

    def __init__(self, faults: tuple[Fault, ...], rng: random.Random) -> None:
        self._rng = rng
        self._rules: list[tuple[Fault, list[int]]] = [(fault, [0]) for fault in faults]
        self.given: Counter[str] = Counter()

    def add(self, fault: Fault) -> None:
        """Put a fault in force; it counts calls from now on."""
        self._rules.append((fault, [0]))

    def clear(self) -> None:
        """End every fault. Those of calls under way still happen."""
        self._rules.clear()

    def plan(self, endpoint: str, *, is_rest: bool, method: str = "") -> Plan:
        """Decide, at its beginning, what will go wrong with a call."""
        chosen = []
        for fault, count in self._rules:
            if concerns(fault, endpoint, is_rest=is_rest, method=method):
                count[0] += 1
                if hits(fault, count[0], self._rng.random()):
                    chosen.append(fault)
        plan = plan_of(chosen)
        self.given.update(fault.kind for fault in (plan.before, plan.after, plan.ticket) if fault)
        return plan

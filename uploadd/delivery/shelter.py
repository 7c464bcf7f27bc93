"""Keeps one account's trouble that nobody foresaw from ending the process, and from the others.

What the network or a reply does is foreseen (`services/wire.py`, `Requests`). This is for a mistake
of ours that one account brings out: it is logged whole, its loop rests, and begins again. Only
where nothing can be written down any more (`StoreError`) everything ends.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import TypeVar

import structlog

from uploadd.delivery.desk import Desk
from uploadd.model.delays import growing
from uploadd.model.errors import StoreError

log = structlog.get_logger()
T = TypeVar("T")

FIRST_REST_SECONDS = 5.0
MOST_REST_SECONDS = 15 * 60.0


async def sheltered(desk: Desk, what: str, step: Callable[[], Awaitable[T]], crashed: T) -> T:
    """What `step` gives; `crashed` where it raised what nobody foresaw. Raises `StoreError`."""
    try:
        return await step()
    except StoreError:
        raise
    except Exception:
        log.exception("loop.crashed", account=desk.account.name, loop=what)
        return crashed


async def keep_running(
    desk: Desk, run: Callable[[asyncio.Event], Awaitable[None]], what: str, ended: asyncio.Event
) -> None:
    """Run a loop until `ended` is set; after a crash again, after a rest that grows."""
    clock, crashes = desk.runtime.clock, 0

    async def to_its_end() -> bool:
        await run(ended)
        return True

    while True:
        begun = clock.monotonic()
        if await sheltered(desk, what, to_its_end, crashed=False) or ended.is_set():
            return
        has_gone_on = clock.monotonic() - begun > MOST_REST_SECONDS * desk.patience
        crashes = 1 if has_gone_on else crashes + 1
        rest = growing(FIRST_REST_SECONDS, MOST_REST_SECONDS, crashes)
        await clock.wait(ended, rest * desk.patience)

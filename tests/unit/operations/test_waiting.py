"""When what is left of a backfill only waits: the cases that no simulation comes to."""

from __future__ import annotations

from typing import Any

from uploadd.model.states import State
from uploadd.operations.backfill.views import AccountView
from uploadd.operations.backfill.waiting import Left, only_waits


class Store:
    """Nothing is due before the budget has room."""

    async def read(self, _work: Any, *_: Any, **__: Any) -> float | None:
        return None


async def waits(*, question_seconds: float, is_sending: bool) -> bool:
    """One job in `uploading`."""
    view = AccountView("me", 1, (), 0.0, question_seconds, False, True, is_sending=is_sending)
    return await only_waits(view, Left({State.UPLOADING: 1}, [b"/p"]), Store(), 0.0)  # type: ignore[arg-type]


async def test_what_is_being_sent_is_seen_through() -> None:
    """It counted its call before it began."""
    assert not await waits(question_seconds=600.0, is_sending=True)


async def test_a_question_about_what_was_sent_may_wait_for_the_budget() -> None:
    """Error 9 named a photo, and there is no call left to see whether it is there."""
    assert await waits(question_seconds=600.0, is_sending=False)
    assert not await waits(question_seconds=0.0, is_sending=False)

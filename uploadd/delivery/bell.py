"""Tells every loop that something may have changed, so that none has to ask all the time."""

from __future__ import annotations

import asyncio


class Bell:
    """Each loop listens with an event of its own, which it clears before it looks around."""

    def __init__(self) -> None:
        self._listeners: list[asyncio.Event] = []

    def listener(self) -> asyncio.Event:
        """An event that every `ring` sets."""
        event = asyncio.Event()
        self._listeners.append(event)
        return event

    def ring(self) -> None:
        """Something changed: a new job, a send that ended, a pause, a word from a person."""
        for event in self._listeners:
            event.set()

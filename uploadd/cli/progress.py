"""The progress of a backfill: a bar on a terminal, plain lines elsewhere."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Protocol

from rich.filesize import decimal
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    TextColumn,
    TimeRemainingColumn,
)

from uploadd.cli.context import say
from uploadd.cli.screen import SafeConsole
from uploadd.model.numbers import counted, number
from uploadd.operations.backfill.summary import Snapshot

LINE_EVERY_SECONDS = 10.0


class Display(Protocol):
    """Shows how far a backfill is, when it is called; `say` puts a line beside that."""

    def __call__(self, snapshot: Snapshot) -> None:
        """Show it."""

    def say(self, text: str) -> None:
        """One line for people."""


@contextmanager
def shown_progress() -> Iterator[Display]:
    """Give what shows how far a backfill is, fit for where standard error goes."""
    if not sys.stderr.isatty():
        yield _PlainLines()
        return
    console = SafeConsole(stderr=True)
    columns = (
        TextColumn("{task.description}"),
        BarColumn(bar_width=None),
        MofNCompleteColumn(),
        TextColumn("{task.fields[bytes]}"),
        TextColumn("{task.fields[rate]}"),
        TimeRemainingColumn(),
        TextColumn("{task.fields[waits]}"),
    )
    progress = Progress(*columns, console=console, expand=True)
    progress.start()
    try:
        yield _Bar(progress)
    finally:
        progress.stop()


class _Bar:
    """The bar keeps its numbers; why it waits is said once, in a line above it."""

    def __init__(self, progress: Progress) -> None:
        self._progress = progress
        self._cause = ""
        self._task = progress.add_task("looking", total=None, bytes="", rate="", waits="")

    def __call__(self, snapshot: Snapshot) -> None:
        cause, left = _cause_and_rest(snapshot.waits_for)
        if cause and cause != self._cause:
            self.say(f"waits for {cause}")
        self._cause = cause
        self._progress.update(
            self._task,
            description=_doing(snapshot),
            total=snapshot.found or None,
            completed=snapshot.sent,
            bytes=decimal(snapshot.bytes_sent),
            rate=rate_of(snapshot),
            waits=f"waits {left}".strip() if cause else "",
        )

    def say(self, text: str) -> None:
        self._progress.console.print(text, markup=False, highlight=False)


class _PlainLines:
    """A line now and then, and at once when there is something new to wait for."""

    def __init__(self) -> None:
        self._said_at = float("-inf")
        self._waits_for = ""

    def __call__(self, snapshot: Snapshot) -> None:
        cause, _ = _cause_and_rest(snapshot.waits_for)
        is_news = cause != self._waits_for
        if not is_news and snapshot.seconds - self._said_at < LINE_EVERY_SECONDS:
            return
        self._waits_for = cause
        self._said_at = snapshot.seconds
        say(progress_line(snapshot))

    def say(self, text: str) -> None:
        say(text)


def _cause_and_rest(waits_for: str) -> tuple[str, str]:
    """`me: the call budget (12 s)` as its cause and the time that is left (empty: no end known)."""
    cause, bracket, rest = waits_for.rpartition(" (")
    if bracket and rest.endswith(" s)"):
        return cause, rest.removesuffix(")")
    return waits_for, ""


def progress_line(snapshot: Snapshot) -> str:
    """How far a backfill is, in one line."""
    accounts = f" for {number(snapshot.accounts)} accounts" if snapshot.accounts > 1 else ""
    parts = [
        f"{number(snapshot.sent)} of {counted(snapshot.found, 'file')}{accounts}",
        f"{decimal(snapshot.bytes_sent)} sent",
        rate_of(snapshot),
    ]
    if snapshot.is_walking:
        parts.append("still looking for files")
    if snapshot.confirming:
        parts.append(f"{number(snapshot.confirming)} to be confirmed")
    if snapshot.waits_for:
        parts.append(f"waits for {snapshot.waits_for}")
    return ", ".join(parts)


def _doing(snapshot: Snapshot) -> str:
    if snapshot.is_walking:
        return "looking"
    is_all_sent = snapshot.sent == snapshot.found and snapshot.confirming
    return "confirming" if is_all_sent else "uploading"


def rate_of(snapshot: Snapshot) -> str:
    """Bytes a second since the beginning."""
    return f"{decimal(int(snapshot.bytes_sent / max(snapshot.seconds, 0.001)))}/s"

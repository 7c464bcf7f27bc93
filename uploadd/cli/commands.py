"""Which commands there are. The module of each is imported when it is called, or asked for help."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from importlib import import_module
from typing import Any, cast

import typer
from typer.core import TyperCommand, TyperGroup

from uploadd.model.errors import NotWholeError

HOMES = {
    "run": "run",
    "backfill": "backfill",
    "auth": "auth",
    "check": "check",
    "status": "status",
    "jobs": "jobs",
    "why": "why",
    "retry": "retry",
    "ignore": "ignore",
    "forget": "forget",
    "pause": "pause",
    "resume": "pause",
    "replace": "replace",
    "adopt": "adopt",
    "restore": "restore",
    "call": "call",
    "sandbox": "sandbox",
    "demo": "demo",
}
"""Command -> module of `uploadd.cli`; in the order in which `uploadd --help` lists them."""


class _Loading(Mapping[str, TyperCommand]):
    """The commands by their names, each made when it is first taken."""

    def __init__(self) -> None:
        self._made: dict[str, TyperCommand] = {}

    def __getitem__(self, name: str) -> TyperCommand:
        if name not in self._made:
            self._made[name] = _made(name, HOMES[name])
        return self._made[name]

    def __iter__(self) -> Iterator[str]:
        return iter(HOMES)

    def __len__(self) -> int:
        return len(HOMES)


def _made(name: str, home: str) -> TyperCommand:
    """The command that is the function `name` of the module `home`. Raises `NotWholeError`."""
    try:
        module = import_module(f"uploadd.cli.{home}")
    except ImportError as error:
        raise NotWholeError(error) from error
    alone = typer.Typer(add_completion=False, pretty_exceptions_enable=False, rich_markup_mode=None)
    alone.command(name)(getattr(module, name))
    return cast("TyperCommand", typer.main.get_command(alone))  # a group only if there are several


class Commands(TyperGroup):
    """`uploadd` itself: a group of commands that are not imported before they are needed."""

    def __init__(self, **settings: Any) -> None:
        super().__init__(**{**settings, "commands": _Loading()})

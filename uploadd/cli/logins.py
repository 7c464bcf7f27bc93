"""Where a running command finds a login that was set after it had started."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

import typer

from uploadd.cli.context import load_settings
from uploadd.delivery.logins import LoginSource
from uploadd.model.configuration import Configuration


def login_source(context: typer.Context, configuration: Configuration) -> LoginSource:
    """The configuration file and the two places that credentials come from."""
    credentials = os.environ.get("CREDENTIALS_DIRECTORY", "")
    places = [configuration.source, configuration.state_dir / "credentials"]
    if credentials:
        places.append(Path(credentials))

    def read() -> tuple[Configuration, Sequence[str]]:
        loaded = load_settings(context)
        return loaded.configuration, [str(warning) for warning in loaded.warnings]

    return LoginSource(tuple(place for place in places if place is not None), read)

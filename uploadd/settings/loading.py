"""The whole way from a file and the environment to a `Configuration`."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from uploadd.model.configuration import Configuration, Folder
from uploadd.model.photo import PhotoTable
from uploadd.settings import patterns, rules
from uploadd.settings.checking import checked, place_of
from uploadd.settings.credentials import set_logins
from uploadd.settings.gathering import Gathered, gather
from uploadd.settings.problems import KeyPath, Problem, SettingsError, written
from uploadd.settings.schema import Settings
from uploadd.settings.values import accounts_of, folders_of


@dataclass(frozen=True, slots=True)
class Loaded:
    """The configuration, and what a person should know about it although it can be used.

    `set_logins`: by account, the places with a token that are stronger than a saved login.
    """

    configuration: Configuration
    warnings: tuple[Problem, ...] = ()
    set_logins: Mapping[str, tuple[str, ...]] = field(default_factory=dict)


def load(path: Path | None, environ: Mapping[str, str]) -> Loaded:
    """Read the configuration file (None: there is none) and everything that overrules it.

    Raises `SettingsError`, a `ConfigurationError` that has all problems. Credentials that are
    missing are no problem here: they stay empty.
    """
    return load_gathered(gather(path, environ), path, environ)


def load_gathered(gathered: Gathered, path: Path | None, environ: Mapping[str, str]) -> Loaded:
    """Check what was gathered and make plain values of it. Raises `SettingsError`."""
    settings, wrong = checked(gathered.layers)
    folders = folders_of(settings, environ)
    problems = [*gathered.problems, *wrong]
    problems += _broken_rules(settings, gathered, wrong)
    problems += _unmatchable(folders, gathered)
    problems += _unknown_homes(folders, gathered)
    state_dir = gathered.state_dir
    if state_dir is None:
        problems += _no_state_dir(settings, gathered, wrong)
    if problems or state_dir is None:
        raise SettingsError(problems)
    configuration = Configuration(
        state_dir=state_dir,
        source=Path(os.path.abspath(path)) if path else None,
        patience=settings.patience,
        settle_limit_seconds=settings.settle_limit_seconds,
        parallel_reads=settings.parallel_reads,
        notify=tuple(settings.notify),
        drain_seconds=settings.drain_seconds,
        accounts=accounts_of(settings),
        folders=folders,
    )
    warnings = (*gathered.warnings, *_cautions(configuration, gathered))
    return Loaded(configuration, warnings, set_logins(gathered.names["accounts"], gathered.given))


def _broken_rules(
    settings: Settings, gathered: Gathered, wrong: list[Problem]
) -> Iterator[Problem]:
    """What breaks a rule between keys, but for what only follows from keys that are wrong."""
    broken = [
        *rules.names(gathered.names),
        *rules.accounts(settings),
        *rules.folders(settings, gathered.names["accounts"]),
        *rules.privacy(settings),
    ]
    if not any(problem.key.endswith(".base_url") for problem in wrong):
        broken += rules.patience(settings)
    for key, told in broken:
        yield Problem(place_of(key, gathered.layers), written(key), told)


def _unmatchable(folders: Mapping[str, Folder], gathered: Gathered) -> Iterator[Problem]:
    """Patterns that would do nothing."""
    for key, told in patterns.unmatchable(folders):
        yield Problem(place_of(key, gathered.layers), written(key), told)


def _unknown_homes(folders: Mapping[str, Folder], gathered: Gathered) -> Iterator[Problem]:
    """Paths that begin with a `~` that nobody knows."""
    for name, folder in folders.items():
        if not folder.path.is_absolute():
            key = ("folders", name, "path")
            told = f"the home directory in {str(folder.path)[:60]!r} is not known; write it out"
            yield Problem(place_of(key, gathered.layers), written(key), told)


def _no_state_dir(
    settings: Settings, gathered: Gathered, wrong: list[Problem]
) -> Iterator[Problem]:
    """Why there is none, where the value itself was not refused already."""
    if settings.state_dir is not None:
        told = f"the home directory in {settings.state_dir[:60]!r} is not known; write it out"
        yield Problem(place_of(("state_dir",), gathered.layers), "state_dir", told)
    elif not any(problem.key == "state_dir" for problem in wrong):
        told = "is needed, because this user has no home directory to put it in"
        yield Problem("", "state_dir", told)


def _cautions(configuration: Configuration, gathered: Gathered) -> Iterator[Problem]:
    """What works, but perhaps not as its author thinks."""
    told: list[tuple[KeyPath, str]] = [
        (
            (section, name, "photo", "album"),
            "albums are not made by this version; the photos are uploaded without one",
        )
        for section, name, photo in _photo_tables(configuration)
        if photo.album
    ]
    for key, text in told:
        yield Problem(place_of(key, gathered.layers), written(key), text)


def _photo_tables(configuration: Configuration) -> Iterator[tuple[str, str, PhotoTable]]:
    for account in configuration.accounts.values():
        yield "accounts", account.name, account.photo
    for folder in configuration.folders.values():
        yield "folders", folder.name, folder.photo

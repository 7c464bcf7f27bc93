"""Every place that settings come from, read and put in order.

What wins, the strongest first: systemd credentials, the environment, the file, a saved
login. That one fills what is set nowhere else: what a person wrote down is
never overruled by what a program saved, and a warning says where the two differ.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from uploadd.settings.credentials import read_saved, read_systemd
from uploadd.settings.environment import read_environment
from uploadd.settings.layers import Layer, Tree, names_in, value_at
from uploadd.settings.places import default_state_dir, expanded
from uploadd.settings.problems import Problem
from uploadd.settings.schema import SECRET_KEYS
from uploadd.settings.toml_file import read_toml

SECTIONS = ("accounts", "folders")


@dataclass(frozen=True, slots=True)
class Gathered:
    """What all places say, before any of it is checked.

    `layers`: the strongest first. `names`: the accounts and folders by section. `state_dir`: None
    where none can be made out. `problems` and `warnings`: those that are known by now.
    """

    layers: tuple[Layer, ...]
    names: dict[str, list[str]]
    state_dir: Path | None
    problems: list[Problem]
    warnings: list[Problem]

    @property
    def given(self) -> tuple[Layer, ...]:
        """What persons have set: every layer but the saved login, which is the last."""
        return self.layers[:-1]


def gather(path: Path | None, environ: Mapping[str, str]) -> Gathered:
    """Read the configuration file, the environment and the credentials. Raises `SettingsError`."""
    file, warnings = read_toml(path) if path else (Layer({}), [])
    _drop_empty_secrets(file.tree)
    in_file = {section: names_in(file.tree, section) for section in SECTIONS}
    environment, problems = read_environment(environ, in_file)
    names = {section: _names(section, (file, environment)) for section in SECTIONS}
    systemd = read_systemd(environ.get("CREDENTIALS_DIRECTORY", ""), names["accounts"])
    given = (systemd.layer, environment, file)
    state_dir = _state_dir(path, given, environ)
    saved = read_saved(state_dir, names["accounts"], given)
    problems += [*systemd.refused, *saved.refused]
    warnings += [*systemd.doubted, *saved.doubted]
    return Gathered((*given, saved.layer), names, state_dir, problems, warnings)


def _state_dir(
    path: Path | None, layers: Sequence[Layer], environ: Mapping[str, str]
) -> Path | None:
    """Where the state is, needed before all is checked because saved credentials are there."""
    for layer in layers:
        if "state_dir" in layer.tree:
            value = layer.tree["state_dir"]
            chosen = expanded(value, environ) if isinstance(value, str) else None
            return chosen if chosen and chosen.is_absolute() else None
    return default_state_dir(path, environ)


def _names(section: str, layers: Sequence[Layer]) -> list[str]:
    """The names that the layers have, each once, in the order of the file."""
    return list(dict.fromkeys(name for layer in layers for name in names_in(layer.tree, section)))


def _drop_empty_secrets(tree: Tree) -> None:
    """An empty secret is one that is not set: a weaker place may fill it."""
    for name in names_in(tree, "accounts"):
        table = value_at(tree, ("accounts", name))
        if isinstance(table, dict):
            for key in SECRET_KEYS:
                if isinstance(table.get(key), str) and not table[key].strip():
                    del table[key]

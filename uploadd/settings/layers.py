"""The places that settings come from, laid over each other: the stronger one wins key by key."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from pydantic.fields import FieldInfo
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource

from uploadd.settings.problems import KeyPath
from uploadd.settings.schema import Settings

Tree = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Layer:
    """What one place says, as nested tables.

    `place` names it in errors; `places` does so for single keys that have a place of their own,
    such as an environment variable.
    """

    tree: Tree
    place: str = ""
    places: dict[KeyPath, str] = field(default_factory=dict)

    def place_of(self, path: KeyPath) -> str:
        """Where a person looks for this key."""
        return self.places.get(path, self.place)

    def put(self, path: tuple[str, ...], value: object, place: str) -> None:
        """Set one key, making the tables above it."""
        table = self.tree
        for part in path[:-1]:
            table = table.setdefault(part, {})
        table[path[-1]] = value
        self.places[path] = place


def merged(layers: Sequence[Layer], left_out: frozenset[KeyPath] = frozenset()) -> Settings:
    """The settings of all layers, the strongest first, without the keys in `left_out`.

    Raises pydantic's `ValidationError`.
    """
    trees = [_without(layer.tree, left_out) for layer in layers]

    class Layered(Settings):
        @classmethod
        def settings_customise_sources(
            cls,
            settings_cls: type[BaseSettings],
            init_settings: PydanticBaseSettingsSource,  # noqa: ARG003 - these four are what
            env_settings: PydanticBaseSettingsSource,  # noqa: ARG003 - pydantic-settings would
            dotenv_settings: PydanticBaseSettingsSource,  # noqa: ARG003 - read by itself
            file_secret_settings: PydanticBaseSettingsSource,  # noqa: ARG003 - if left alone
        ) -> tuple[PydanticBaseSettingsSource, ...]:
            return tuple(_TreeSource(settings_cls, tree) for tree in trees)

    return Layered()


class _TreeSource(PydanticBaseSettingsSource):
    """A layer in the form that pydantic-settings merges."""

    def __init__(self, settings_cls: type[BaseSettings], tree: Tree) -> None:
        super().__init__(settings_cls)
        self._tree = tree

    def get_field_value(self, field: FieldInfo, field_name: str) -> tuple[Any, str, bool]:  # noqa: ARG002 - the interface's
        return self._tree.get(field_name), field_name, False

    def __call__(self) -> Tree:
        return self._tree


def value_at(tree: Tree, path: KeyPath) -> object | None:
    """What stands at `path`, None where nothing does."""
    value: object = tree
    for part in path:
        if not isinstance(value, dict) or part not in value:
            return None
        value = value[part]
    return value


def names_in(tree: Tree, section: str) -> list[str]:
    """The names of the accounts or folders that a tree has."""
    tables = tree.get(section)
    return list(tables) if isinstance(tables, dict) else []


def _without(tree: Tree, left_out: frozenset[KeyPath], above: KeyPath = ()) -> Tree:
    kept = {}
    for key, value in tree.items():
        path = (*above, key)
        if path not in left_out:
            kept[key] = _without(value, left_out, path) if isinstance(value, dict) else value
    return kept

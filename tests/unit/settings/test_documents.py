"""The example and the page have every key, with the default that the schema has."""

from __future__ import annotations

import json
import re
import tomllib
from pathlib import Path
from typing import Any

import pytest
from pydantic import BaseModel, SecretStr

from uploadd.model.configuration import ServiceName
from uploadd.model.photo import PhotoFields
from uploadd.settings import load
from uploadd.settings.schema import (
    SECRET_KEYS,
    AccountSettings,
    FolderSettings,
    PhotoSettings,
    Settings,
)

TOP = Path(__file__).parents[3]
EXAMPLE = TOP / "config" / "uploadd.toml"
PAGE = TOP / "docs" / "configuration.md"
TABLES: dict[str, type[BaseModel]] = {
    "The top of the file": Settings,
    "`[accounts.NAME]`": AccountSettings,
    "`[folders.NAME]`": FolderSettings,
    "`[folders.NAME.photo]`": PhotoSettings,
}
SECTIONS = {"accounts", "folders"}
TOLD = PhotoFields()
PHOTO_DEFAULTS = {"title": TOLD.title, "tags": list(TOLD.tags), "privacy": TOLD.privacy}
"""What holds for a photo where no table sets it."""


def example(*, uncommented: bool) -> dict[str, Any]:
    """The example as it is, or with everything that is commented out set."""
    return tomllib.loads(uncommented_text() if uncommented else EXAMPLE.read_text())


def uncommented_text() -> str:
    """The example with every key and every table that is commented out."""
    return re.sub(r"^#(?=[a-z_]+ = |\[)", "", EXAMPLE.read_text(), flags=re.MULTILINE)


def example_tables() -> list[tuple[dict[str, Any], type[BaseModel]]]:
    """The example's tables, each with its model; the photo tables of both places are one here.

    No table may have `privacy` beside the numbers, so each has one of the two.
    """
    tree = example(uncommented=True)
    account, folder = tree["accounts"]["me"], tree["folders"]["camera"]
    photo = account["photo"] | folder["photo"]
    return list(zip([tree, account, folder, photo], TABLES.values(), strict=True))


def test_example_loads_as_it_is() -> None:
    """A copy of it can be used; only the credentials are missing."""
    loaded = load(EXAMPLE, {"HOME": "/h"})
    account = loaded.configuration.accounts["me"]
    assert loaded.warnings == ()
    assert account.missing_credentials == list(SECRET_KEYS)


def test_example_loads_with_everything_set(tmp_path: Path) -> None:
    """Every line of it is right, secrets filled in."""
    file = tmp_path / "uploadd.toml"
    file.write_text(uncommented_text().replace('"..."', '"filled-in"'))
    file.chmod(0o600)
    loaded = load(file, {"HOME": "/h"})
    me, other = loaded.configuration.accounts.values()
    assert me.missing_credentials == []
    assert other.service is ServiceName.IPERNITY
    assert other.missing_credentials == ["token"]
    assert [warning.key for warning in loaded.warnings] == ["folders.camera.photo.album"]


def test_example_has_every_key() -> None:
    """And no other."""
    for table, model in example_tables():
        assert set(table) == set(model.model_fields)


def test_example_shows_the_defaults() -> None:
    """Where there is a default, the line has it."""
    shown = 0
    for table, model in example_tables():
        for key, field in model.model_fields.items():
            default = _default_of(key, field, model)
            if not field.is_required() and _is_plain(default) and key not in SECTIONS:
                assert table[key] == default, key
                shown += 1
    assert shown == 24


def test_example_has_no_key_set_that_has_a_default_but_the_service() -> None:
    """A default that changes later reaches those who never touched it."""
    tree = example(uncommented=False)
    assert set(tree) == SECTIONS
    assert tree["accounts"] == {"me": {"service": "flickr"}}
    assert set(tree["folders"]["camera"]) == {"path", "accounts", "photo"}


@pytest.mark.parametrize("heading", TABLES)
def test_page_has_every_key_with_its_default(heading: str) -> None:
    """A key that is new, gone or changed fails here until the page says so."""
    rows = _rows(heading)
    fields = TABLES[heading].model_fields
    sections = SECTIONS if TABLES[heading] is Settings else set()
    assert set(rows) == set(fields) - sections
    for key, (kind, default, meaning) in rows.items():
        assert kind
        assert meaning
        assert default == _default(key, fields[key], TABLES[heading]), key


def test_page_says_what_wins_and_where_to_look() -> None:
    """The order of the sources, the variables, and the command that shows what is wrong."""
    text = PAGE.read_text()
    order = [
        "1. systemd credentials",
        "2. the environment",
        "3. the file",
        "4. files in `STATE_DIR/credentials/`",
    ]
    places = [text.index(line) for line in order]
    assert places == sorted(places)
    for word in ["`uploadd check`", "UPLOADD_ACCOUNTS__ME__TOKEN", "uploadd.me.token_secret"]:
        assert word in text


def test_page_examples_load(tmp_path: Path) -> None:
    """What the page shows works."""
    [block] = re.findall(r"```toml\n(.*?)```", PAGE.read_text(), flags=re.DOTALL)
    file = tmp_path / "uploadd.toml"
    file.write_text(block)
    assert list(load(file, {"HOME": "/h"}).configuration.folders) == ["camera"]


def _rows(heading: str) -> dict[str, list[str]]:
    section = PAGE.read_text().partition(f"### {heading}\n")[2].partition("\n### ")[0]
    rows = re.findall(r"^\| `(\w+)` \|(.*)\|$", section, flags=re.MULTILINE)
    return {key: [cell.strip() for cell in cells.split(" | ", 2)] for key, cells in rows}


def _default(key: str, field: Any, model: type[BaseModel]) -> str:
    if field.is_required():
        return "required"
    default = _default_of(key, field, model)
    return f"`{json.dumps(default)}`" if _is_plain(default) else "none"


def _default_of(key: str, field: Any, model: type[BaseModel]) -> object:
    return PHOTO_DEFAULTS.get(key) if model is PhotoSettings else field.default


def _is_plain(default: object) -> bool:
    return default is not None and not isinstance(default, SecretStr | BaseModel)


def test_it_is_said_of_each_setting_whom_it_trusts() -> None:
    """docs/security.md: a new setting has to be thought about."""
    page = (TOP / "docs" / "security.md").read_text()
    table = page.split("## Which setting trusts whom")[1].split("\n## ")[0]
    rows = re.findall(r"^\| (.+?) \|", table, re.MULTILINE)
    named = {key.rpartition(".")[2] for row in rows for key in re.findall(r"`([\w.]+)`", row)}
    keys = {key for model in TABLES.values() for key in model.model_fields} - {"folders"}
    assert keys <= named

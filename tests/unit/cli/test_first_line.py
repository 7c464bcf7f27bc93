"""The first line of a backfill: whose settings hold for what."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from unit.operations.records import account
from uploadd.cli.first_line import first_line
from uploadd.model.configuration import Configuration, Folder
from uploadd.model.photo import PhotoTable
from uploadd.operations.backfill.trees import wanted_trees


@pytest.fixture
def configuration(tmp_path: Path) -> Configuration:
    """A private folder in the directory `all`, and a public one elsewhere."""
    folders = {
        "cam": Folder("cam", tmp_path / "all/cam", ("me",)),
        "web": Folder("web", tmp_path / "web", ("me",), photo=PhotoTable(is_public=1)),
    }
    for folder in folders.values():
        folder.path.mkdir(parents=True)
    return Configuration(tmp_path / "state", accounts={"me": account("me")}, folders=folders)


def line(configuration: Configuration, where: str, **options: str | None) -> str:
    """The line for a directory beside the state directory."""
    directory = str(configuration.state_dir.parent / where)
    options = {"account": None, "folder": None} | options
    return first_line(configuration, wanted_trees(configuration, [directory], **options))


def test_each_folder_below_is_named(configuration: Configuration) -> None:
    """And everything else; a directory in a folder has that one's settings alone."""
    assert line(configuration, "all") == "everything else: private; cam: private"
    assert line(configuration, ".") == "everything else: private; cam: private; web: public"
    assert line(configuration, "all/cam") == "cam: private"


def test_a_folder_that_keeps_its_settings_beside_a_named_one(configuration: Configuration) -> None:
    """`--folder` does not hold for it, and the line says so."""
    found = line(configuration, "all", folder="web")
    assert found == "--folder web: public; cam (keeps its settings and exclusions): private"


def test_a_folder_that_does_not_name_the_account(configuration: Configuration) -> None:
    """Its files are only counted."""
    configuration.accounts["you"] = replace(account("you"), name="you")
    found = line(configuration, "all", account="you")
    assert found == "everything else: private; cam: not sent, it does not name the account"

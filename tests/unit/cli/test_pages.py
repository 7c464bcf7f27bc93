"""The pages for users have every command, option, state, move and word."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import typer

from uploadd.cli.app import app
from uploadd.model.hurdles import HurdleKind
from uploadd.model.states import MOVES, State

DOCS = Path(__file__).parents[3] / "docs"
GROUP = typer.main.get_command(app)
COMMANDS = GROUP.commands  # type: ignore[attr-defined]
# The order of the commands in the design, for as long as each of them is there; what the design
# does not name stands beside what it belongs to.
ORDER = [
    *("run", "backfill", "auth", "check", "status", "jobs", "why", "retry", "ignore", "forget"),
    *("pause", "resume", "replace", "adopt", "restore", "call", "sandbox", "demo"),
]
WORDS = [
    *("account", "folder", "candidate", "settle", "fingerprint", "job", "attempt", "ledger"),
    *("twin", "ticket", "uncertain", "look-up", "verdict", "pause", "retry", "reschedule"),
    *("lane", "backfill", "rescan", "adopt", "drain", "file away"),
]


def section(name: str) -> str:
    """What the page says of a command, its headline included."""
    page = (DOCS / "commands.md").read_text()
    found = re.search(rf"^## uploadd {name}\b.*?(?=^## |\Z)", page, re.MULTILINE | re.DOTALL)
    assert found, f"docs/commands.md has no section for {name}"
    return found[0]


def options() -> list[tuple[str, str]]:
    """Every option of every command."""
    return [
        (name, option)
        for name, command in COMMANDS.items()
        for parameter in command.params
        for option in (*parameter.opts, *parameter.secondary_opts)
        if parameter.param_type_name == "option" and option != "--help"
    ]


@pytest.mark.parametrize(("name", "option"), options())
def test_every_option_is_documented(name: str, option: str) -> None:
    """In the section of its command."""
    assert re.search(rf"{option}\b", section(name)), f"{name} {option}"


def test_no_option_is_documented_that_is_not_there() -> None:
    """A page that promises more is as wrong as one that hides something."""
    known = set(options())
    for name in COMMANDS:
        told = re.findall(r"^\| (`--?[^|]*) \|", section(name), re.MULTILINE)
        shown = {word for cell in told for word in re.findall(r"--?[a-z][a-z-]*", cell)}
        assert {(name, option) for option in shown} <= known


@pytest.mark.parametrize("name", COMMANDS)
def test_every_argument_is_in_the_headline(name: str) -> None:
    """As the command line takes it."""
    headline = section(name).splitlines()[0]
    arguments = [one for one in COMMANDS[name].params if one.param_type_name == "argument"]
    assert len(headline.split()) == 3 + len(arguments)


def test_commands_stand_in_the_order_of_the_design() -> None:
    """In the help and on the page."""
    page = (DOCS / "commands.md").read_text()
    told = re.findall(r"^## uploadd (\w+)", page, re.MULTILINE)
    assert list(COMMANDS) == told == [name for name in ORDER if name in COMMANDS]


def test_every_command_says_what_it_does() -> None:
    """In one line of the help."""
    assert all(command.help for command in COMMANDS.values())


def test_the_kinds_of_obstacles_are_documented() -> None:
    """Programs tell them apart."""
    assert all(f"`{kind}`" in section("why") for kind in HurdleKind)


def states_page() -> str:
    """The page of states."""
    return (DOCS / "states.md").read_text()


def test_every_state_has_its_row() -> None:
    """Once, in the order of the code."""
    table = states_page().split("## ")[0]
    assert re.findall(r"^\| ([a-z]+) \|", table, re.MULTILINE)[1:] == [str(one) for one in State]


def test_the_diagram_has_every_move_and_no_other() -> None:
    """The picture is the state machine's."""
    drawn = re.findall(r"^    (\w+) --> (\w+)$", states_page(), re.MULTILINE)
    assert drawn == [(str(old), str(new)) for old, new in MOVES]


def test_the_table_of_moves_has_every_reason() -> None:
    """In the words of the code."""
    rows = re.findall(r"^\| (\w+) \| (\w+) \| (.+) \|$", states_page(), re.MULTILINE)
    moves = [(old, new, text) for old, new, text in rows if new in set(State)]
    assert moves == [(str(old), str(new), text) for (old, new), text in MOVES.items()]


@pytest.mark.parametrize("word", WORDS)
def test_the_glossary_has_every_word(word: str) -> None:
    """In alphabetical order, so that it is found."""
    page = (DOCS / "glossary.md").read_text()
    assert f"**{word}** — " in page
    heads = re.findall(r"^\*\*([a-z-]+)\*\*", page, re.MULTILINE)
    assert [head for head in heads if head not in set(State)] == sorted(
        head for head in heads if head not in set(State)
    )


@pytest.mark.parametrize("page", ["commands.md", "states.md", "glossary.md"])
def test_links_between_the_pages_lead_somewhere(page: str) -> None:
    """Each to a file that is there."""
    links = re.findall(r"\]\(([^)#]+)", (DOCS / page).read_text())
    assert all((DOCS / link).is_file() for link in links)

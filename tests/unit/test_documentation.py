"""What the pages say exists: files, commands, options, dependencies, states."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest
import typer.main

from uploadd.cli.app import app
from uploadd.model.states import MOVES, State

ROOT = Path(__file__).parents[2]
PAGES = sorted(
    page
    for page in (*ROOT.glob("*.md"), *ROOT.glob("docs/*.md"), *ROOT.glob("bench/*.md"))
    if page.is_file()
)
COMMANDS = typer.main.get_command(app).commands  # type: ignore[attr-defined]
# Of a later version; the pages name them to say so, or as the remedy that they will be.
LATER = frozenset[str]()
# What a reader is asked to write.
EXAMPLES = frozenset(
    {
        "try.toml",
        "uploadd/services/third/",
        "uploadd/sandbox/third/",
        "tests/contract/third_stand.py",
    }
)
# Named in the pages, but of other programs or of the reader's own machine.
FOREIGN_DIRECTORIES = ("etc/", "opt/", "srv/", "tmp/", "usr/", "var/", "home/", "services/", "api/")

FENCE = re.compile(r"^```(\w*)\n(.*?)^```", re.MULTILINE | re.DOTALL)
CODE = re.compile(r"`([^`\n]+)`")
LINK = re.compile(r"\]\(([^)#\s]+)?(?:#([^)\s]+))?\)")
HEADING = re.compile(r"^#+ (.+)$", re.MULTILINE)
FILE = re.compile(r"^(?:[\w.-]+/)+[\w.@*-]*$|^[\w-]+\.(?:md|toml|lock|py)$")
COMMAND = re.compile(r"(?:^|[\s/;|&$(`])uploadd((?: --config \S+)?(?: [^`\n|;&]*)?)", re.MULTILINE)


def page_id(page: Path) -> str:
    return str(page.relative_to(ROOT))


@pytest.fixture(params=PAGES, ids=page_id)
def page(request: pytest.FixtureRequest) -> Path:
    """Every page in turn."""
    found: Path = request.param
    return found


def test_links_lead_somewhere(page: Path) -> None:
    """Every link between the pages, its heading included, and every picture."""
    for target, anchor in LINK.findall(page.read_text()):
        if target.startswith("http"):
            continue
        there = (page.parent / target) if target else page
        assert there.exists(), f"{target} is missing"
        if anchor:
            assert anchor in set(anchors(there)), f"{target}#{anchor} is missing"


def test_files_exist(page: Path) -> None:
    """Every file of this checkout that is named in code marks."""
    for name in CODE.findall(FENCE.sub("", page.read_text())):
        if FILE.match(name) and not name.startswith(FOREIGN_DIRECTORIES) and is_ours(name):
            places = (ROOT, ROOT / "uploadd", ROOT / "uploadd/services/flickr", page.parent)
            assert any(list(place.glob(name)) for place in places), f"{name} is missing"


def test_commands_and_options_exist(page: Path) -> None:
    """Every `uploadd …` in code marks or blocks is a command, with options that it has."""
    for line in code_of(page.read_text()):
        for words in COMMAND.findall(line):
            check_command(words.split())


def test_every_dependency_has_its_reason() -> None:
    """CONTRIBUTING has a line for each package of pyproject, and for no other."""
    rows = re.findall(
        r"^\| ([\w-]+) \| .+ \|$", (ROOT / "CONTRIBUTING.md").read_text(), re.MULTILINE
    )
    assert sorted(set(rows) - {"package", "tests", "---"}) == sorted(dependencies())


def test_the_pages_are_all_listed() -> None:
    """The README leads to every page."""
    readme = (ROOT / "README.md").read_text()
    named = {target for target, _ in LINK.findall(readme)}
    assert {page_id(page) for page in PAGES} - {"README.md"} <= named


def test_the_diagram_is_the_state_machine() -> None:
    """docs/architecture.md draws exactly the moves that are allowed."""
    drawn = re.findall(
        r"^ {4}(\w+) --> (\w+)$", (ROOT / "docs/architecture.md").read_text(), re.MULTILINE
    )
    assert {(State(old), State(new)) for old, new in drawn} == set(MOVES)


def test_every_state_is_explained() -> None:
    """docs/states.md says what each means to a user."""
    words = (ROOT / "docs/states.md").read_text()
    assert all(f"| {state} | " in words for state in State)


def test_no_command_is_left_out() -> None:
    """The README names every command."""
    readme = (ROOT / "README.md").read_text()
    assert [name for name in COMMANDS if f"uploadd {name}" not in readme] == ["demo"]
    assert "make demo" in readme


def anchors(page: Path) -> Iterator[str]:
    for heading in HEADING.findall(page.read_text()):
        kept = re.sub(r"[^\w\s-]", "", heading.lower())
        yield kept.strip().replace(" ", "-")


def is_ours(name: str) -> bool:
    """Whether the name looks like a path of the checkout: its first part is one."""
    if name in EXAMPLES:
        return False
    first = name.split("/", maxsplit=1)[0]
    return "/" not in name or any((base / first).exists() for base in (ROOT, ROOT / "uploadd"))


def code_of(text: str) -> Iterator[str]:
    """The code marks, and the lines of the blocks that are commands."""
    for language, block in FENCE.findall(text):
        if language in ("", "sh", "ini"):
            yield from (line for line in block.splitlines() if not line.startswith("uploadd/"))
    yield from CODE.findall(FENCE.sub("", text))


def check_command(words: list[str]) -> None:
    if words[:1] == ["--config"]:
        words = words[2:]
    if words[:1] == ["uploadd"]:  # `sudo -u uploadd uploadd …`
        words = words[1:]
    if not words or words[0] in LATER or words[0] in ("…", "[…]", "--version"):
        return
    name = words[0].rstrip(",.")
    if not re.fullmatch(r"[a-z]+", name):
        return  # a path, or prose in code marks
    assert name in COMMANDS, f"there is no `uploadd {name}`"
    known = {option for one in COMMANDS[name].params for option in (*one.opts, *one.secondary_opts)}
    for word in words[1:]:
        option = re.match(r"--?[a-z][a-z-]*", word)
        if option:
            assert option[0] in known, f"`uploadd {name}` has no {option[0]}"


def dependencies() -> Iterator[str]:
    """Every package that pyproject.toml names."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    named = [*project["project"]["dependencies"]]
    for group in (*project["project"]["optional-dependencies"].values(),):
        named += group
    for group in project["dependency-groups"].values():
        named += group
    for one in named:
        found = re.match(r"[\w-]+", one)
        assert found is not None
        yield found[0]


SECURITY = ROOT / "docs/security.md"
TEST = re.compile(r"`(tests/[\w/]+\.py)::(test_\w+)`")


def test_each_claim_about_security_names_a_test_that_exists() -> None:
    """docs/security.md: each row of its tables of attackers ends with its tests."""
    for row in re.findall(
        r"^\| (?!he cannot|it cannot|setting|---)(.+) \|$", attacks(), re.MULTILINE
    ):
        tests = TEST.findall(row)
        assert tests, f"no test is named: {row}"
        assert row.endswith(" | " + ", ".join(f"`{file}::{name}`" for file, name in tests)), row
        for file, name in tests:
            assert (ROOT / file).is_file(), f"{file} is missing"
            assert f"def {name}(" in (ROOT / file).read_text(), f"{file}::{name} is missing"


def attacks() -> str:
    """The part of the page that speaks of attackers."""
    return SECURITY.read_text().split("## Which setting trusts whom")[0]

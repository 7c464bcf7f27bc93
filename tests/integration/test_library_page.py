"""docs/library.md: every example is typed, and does what the page says."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from random import Random
from typing import Any

import pytest

from uploadd import Account, Flickr
from uploadd.sandbox import Fault, SandboxOptions
from uploadd.sandbox.server import Running, running_sandbox

ROOT = Path(__file__).parents[2]
EXAMPLE = re.compile(r"^```python\n(.*?)^```", re.MULTILINE | re.DOTALL)
EXAMPLES = EXAMPLE.findall((ROOT / "docs/library.md").read_text())
ADDRESS = "http://127.0.0.1:8080"
JPEG = b"\xff\xd8\xff\xe0\x00\x07JFIF\x00\xff\xda\x00\x02\x00\xff\xd9"


class Page:
    """The examples, pointed at a sandbox; `names` are those that they define."""

    def __init__(self, running: Running) -> None:
        self.running = running
        self.sandbox = running.sandbox
        self.names: dict[str, Any] = {}
        self.tried: set[str] = set()
        for text in EXAMPLES[1:]:
            exec(compile(text, "docs/library.md", "exec", dont_inherit=True), self.names)

    @property
    def first(self) -> str:
        """The page's first example: a whole program."""
        return str(EXAMPLES[0]).replace(ADDRESS, self.running.url)

    @property
    def account(self) -> Account:
        """The account that it makes."""
        names: dict[str, Any] = {}
        exec(self.first.partition("async def")[0], names)
        account: Account = names["account"]
        return account


@pytest.fixture(scope="module")
def page() -> Iterator[Page]:
    """The sandbox as the page says that it is started: with a Pro account."""
    with running_sandbox(SandboxOptions(is_pro=True)) as running:
        yield Page(running)


def photo(directory: Path, seed: int) -> Path:
    """A photo with content of its own."""
    path = directory / "sea.jpg"
    path.write_bytes(JPEG + Random(seed).randbytes(5000))
    return path


def test_the_first_program(page: Page) -> None:
    """As it stands there, but for the sandbox's port."""
    words = [sys.executable, "-W", "error", "-c", page.first]
    done = subprocess.run(words, capture_output=True, text=True, check=True, timeout=60)
    assert done.stdout == "this is the account of sandbox (12345678@N00)\n"


async def test_the_calls(page: Page) -> None:
    """Any method; names that are Python's own; without a token."""
    async with Flickr(page.account) as flickr:
        assert isinstance(await page.names["newest"](flickr), list)
        assert await page.names["echo"](flickr) == "here"
    assert await page.names["seen_by_all"](page.account) == 0


async def test_the_uploads(page: Page, tmp_path: Path) -> None:
    """Published, corrected, and the newest."""
    async with Flickr(page.account) as flickr:
        photo_id = await page.names["publish"](flickr, photo(tmp_path, 1))
        assert await page.names["publish"](flickr, photo(tmp_path, 1)) == photo_id
        assert await page.names["newest"](flickr) == ["Été à la mer"]
        await page.names["correct"](flickr, photo(tmp_path, 2), photo_id)
        content = await flickr.content_of(photo(tmp_path, 2))
        assert await flickr.look_up(content) == photo_id


async def test_a_careful_upload(page: Page, tmp_path: Path) -> None:
    """With a good reply, and with a lost one: the photo is there once."""
    async with Flickr(page.account) as flickr:
        known = await page.names["careful"](flickr, photo(tmp_path, 3))
        page.sandbox.faults.add(Fault("lose-reply", where="upload", first=1))
        found = await page.names["careful"](flickr, photo(tmp_path, 4))
    assert known != found
    contents = [one.sha256 for one in page.sandbox.photos]
    assert len(set(contents)) == len(contents)


async def test_a_patient_upload(page: Page, tmp_path: Path) -> None:
    """After the wait that Flickr names."""
    page.sandbox.options.wait_seconds, page.sandbox.options.wait_every = 1, 2
    async with Flickr(page.account) as flickr:
        for seed in (5, 6):
            assert await page.names["patient"](flickr, photo(tmp_path, seed))
    page.sandbox.options.wait_every = 0


async def test_ipernity(page: Page) -> None:
    """Another class, the same calls."""
    assert await page.names["kinds_and_limits"](page.running.url) == 209715200


def test_every_example_is_tried_here(page: Page) -> None:
    """A new one needs a test."""
    name = re.compile(r"^async def (\w+)", re.MULTILINE)
    defined = {found for text in EXAMPLES[1:] for found in name.findall(text)}
    here = Path(__file__).read_text()
    assert {one for one in defined if f'names["{one}"]' in here} == defined


@pytest.mark.timeout(300)
def test_every_example_is_fully_typed(tmp_path: Path) -> None:
    """With --strict mypy finds nothing, and knows what a caller gets."""
    files = []
    for number, text in enumerate((*EXAMPLES, REVEALED)):
        path = tmp_path / f"example_{number}.py"
        path.write_text(text)
        files.append(str(path))
    words = [sys.executable, "-m", "mypy", "--strict", *files]
    done = subprocess.run(words, capture_output=True, text=True, check=False, cwd=ROOT)
    revealed = re.findall(r'Revealed type is "(.*?)"', done.stdout)
    assert [re.sub(r"\b\w+\.", "", one) for one in revealed] == [
        *("dict[str, Any]", "Upload", "str", "Login", "Quota"),
    ]
    errors = [line for line in done.stdout.splitlines() if ": error:" in line]
    assert len(errors) == 1
    assert 'Module "uploadd" has no attribute "Nonsense"' in errors[0]


REVEALED = """
from uploadd import Flickr, Nonsense


async def revealed(flickr: Flickr) -> None:
    reveal_type(await flickr.call("flickr.test.login"))
    reveal_type(await flickr.upload("x.jpg"))
    reveal_type(await flickr.wait_for("1-2"))
    reveal_type(await flickr.log_in())
    reveal_type(await flickr.quota())
"""

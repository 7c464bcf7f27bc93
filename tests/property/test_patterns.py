"""Patterns fit names in every case and every normal form, and mean what git says of them."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import unicodedata
from pathlib import Path

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from uploadd.intake.selection import Choice, Selection
from uploadd.model.configuration import Folder
from uploadd.model.errors import ConfigurationError
from uploadd.model.folding import EXPANDING, folded, plain
from uploadd.settings.patterns import unmatchable

# Signs that case mappings or normal forms treat in a way of their own.
ODD = "ßẞſİıiIςσΣŉǰΐΰևẖẚﬁﬃᾳᾼᾴ\u0345\u0307\u0301\u0323é\u0958Å\u212bK\u212aᎠꭰ한각\u1100\u1161"
SIGNS = st.one_of(
    st.sampled_from(ODD),
    st.sampled_from("*?[]!\\{}#$~-^ .,ab"),
    st.characters(exclude_characters="/\0", exclude_categories=("Cs",)),
)
NAMES = st.text(SIGNS, min_size=1, max_size=12)
FORMS = st.sampled_from(["NFC", "NFD"])
CASES = st.sampled_from([str.lower, str.upper, str.casefold, str.swapcase, str.title, str])


def pattern_of(name: str) -> str:
    """The pattern that fits files and directories of this name, and of no other one."""
    inner = re.sub(r"[*?[{\\]", lambda sign: "[\\\\]" if sign[0] == "\\" else f"[{sign[0]}]", name)
    if len(inner) > 1 and inner[-1].isspace():
        inner = f"{inner[:-1]}\\{inner[-1]}"
    return f"\\{inner}" if inner[0] == "!" or inner[0].isspace() else inner


@given(st.text(SIGNS, max_size=20))
def test_what_is_folded_stays_as_it_is(text: str) -> None:
    """And both normal forms are folded to the same."""
    for fold in (folded, plain):
        once = fold(text)
        assert fold(once) == once
        assert {fold(unicodedata.normalize(form, text)) for form in ("NFC", "NFD")} == {once}
    assert folded(plain(text)) == folded(text)


def test_every_sign_that_becomes_several_is_known() -> None:
    """`EXPANDING` is a list by hand, of what Unicode's tables say."""
    for number in range(sys.maxunicode + 1):
        sign = unicodedata.normalize("NFC", chr(number))
        if len(sign) == 1 and len(folded(sign)) > 1:
            assert EXPANDING.search(sign), hex(number)
        assert folded(folded(sign)) == folded(sign)


@given(NAMES, FORMS, FORMS, CASES, FORMS)
def test_an_escaped_name_fits_that_name_however_it_is_written(
    name: str, of_pattern: str, before: str, case: object, after: str
) -> None:
    """In every case and normal form: what a person excludes by its name is left out."""
    assume(name not in {".", ".."})
    written = unicodedata.normalize(before, name)
    written = unicodedata.normalize(after, case(written))  # type: ignore[operator]
    selection = Selection(exclude=[pattern_of(unicodedata.normalize(of_pattern, name)) + "/"])
    assume(Selection().enters(written.encode()))
    assert not selection.enters(b"x/" + written.encode())


@given(st.binary(min_size=1, max_size=12).filter(lambda raw: b"/" not in raw and b"\0" not in raw))
def test_a_name_of_any_bytes_is_fit_by_itself(raw: bytes) -> None:
    """Bytes that are no text go through both sides unharmed."""
    assume(Selection().enters(raw))
    pattern = pattern_of(raw.decode("utf-8", "surrogateescape")) + "/"
    assert Selection(exclude=[pattern]).choice_of_directory(raw) is Choice.EXCLUDED


@given(st.text(st.sampled_from("ab*?[]!\\/-^{}ß"), max_size=12), NAMES)
def test_any_pattern_can_be_read_or_is_refused(pattern: str, name: str) -> None:
    """With one error of ours, and no other."""
    try:
        selection = Selection([pattern], [pattern])
    except ConfigurationError as refused:
        refusal = refused
    else:
        selection.verdict_below(name.encode("utf-8", "surrogateescape"))
        return
    assert refusal.remedy


@given(st.lists(st.text(st.sampled_from('ab/.~$*?[]!\\{},- "ß\t\u202e'), max_size=10), max_size=3))
def test_what_the_settings_take_can_be_read(patterns: list[str]) -> None:
    """What cannot is told by the number of the pattern, on one line."""
    folder = Folder("camera", Path("/a/b"), ("me",), exclude=tuple(patterns))
    told = list(unmatchable({"camera": folder}))
    if not told:
        Selection(exclude=patterns)
    for key, text in told:
        assert key[:3] == ("folders", "camera", "exclude")
        assert "; " in text


PATHS = ("a", "b", "ab", "ba", "a/a", "a/b", "b/a", "ab/b", "a/b/a", "a/a/b", "b/ab/a")


@pytest.fixture(scope="module")
def repository(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A repository whose files are what the patterns choose from."""
    if shutil.which("git") is None:
        pytest.skip("git is not installed")
    place = tmp_path_factory.mktemp("repository")
    subprocess.run(["git", "init", "--quiet", str(place)], check=True)
    return place


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.lists(st.text(st.sampled_from("ab*?/"), min_size=1, max_size=6), min_size=1, max_size=3),
    st.sets(st.integers(1, 2)),
)
def test_exclude_means_what_git_says(
    repository: Path, patterns: list[str], takes_back: set[int]
) -> None:
    """The patterns of a .gitignore, `!` among them."""
    lines = [f"!{one}" if n in takes_back else one for n, one in enumerate(patterns)]
    folder = Folder("camera", Path("/srv/photos"), ("me",), exclude=tuple(lines))
    assume(not list(unmatchable({"camera": folder})))
    selection = Selection(exclude=lines)
    repository.joinpath(".git", "info", "exclude").write_text("\n".join(lines) + "\n")
    told = subprocess.run(
        ["git", "check-ignore", "--no-index", *PATHS],
        cwd=repository,
        env={"PATH": os.environ["PATH"], "GIT_CONFIG_GLOBAL": "/dev/null"},
        capture_output=True,
        text=True,
        check=False,
    )
    ours = [path for path in PATHS if selection.verdict_below(path.encode()) is Choice.EXCLUDED]
    assert ours == told.stdout.split()

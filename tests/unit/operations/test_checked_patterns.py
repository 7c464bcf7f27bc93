"""What a check says of each pattern, by the counts of the last walk."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import pytest

from unit.operations.records import NOW
from uploadd.model.configuration import Configuration, Folder
from uploadd.model.walks import NOT_INCLUDED, PatternKey, Walk
from uploadd.operations.check.findings import Finding, Level
from uploadd.operations.check.patterns import MOST_LINES, counted_in_walks

FOLDER = Folder("camera", Path("/srv/photos"), ("me",))


def found(
    folder: Folder, matches: Mapping[PatternKey, int] | None, *, files: int = 100
) -> list[Finding]:
    """The findings, where the last walk was two hours ago (None: there was none)."""
    walks = {}
    if matches is not None:
        walks["camera"] = Walk(FOLDER.root, NOW - 7200, files, matches)
    configuration = Configuration(state_dir=Path("/state"), folders={"camera": folder})
    return list(counted_in_walks(walks, configuration, NOW))


def excluding(*patterns: str) -> Folder:
    """The folder with these patterns."""
    return replace(FOLDER, exclude=patterns)


def test_each_pattern_has_a_line() -> None:
    """With the number, and when that was."""
    matches = {("exclude", "*.png"): 1200, ("exclude", "private/"): 1}
    findings = found(excluding("private/", "*.png"), matches)
    assert [one.level for one in findings] == [Level.OK, Level.OK]
    assert {one.subject for one in findings} == {"folders.camera.exclude"}
    assert [one.text for one in findings] == [
        '"*.png" left out 1,200 files and directories at the last walk, 2 hours ago',
        '"private/" left out 1 file or directory at the last walk, 2 hours ago',
    ]


def test_a_pattern_that_matched_nothing_is_a_warning() -> None:
    """All of a list in one, with what to look at."""
    matches = {("exclude", "Geheim/"): 0, ("exclude", "Geheimes/"): 0}
    (finding,) = found(excluding("Geheim/", "Geheimes/"), matches)
    assert finding.level is Level.WARNING
    assert finding.text.startswith('"Geheim/", "Geheimes/" matched nothing at the last walk')
    assert "spelled as on the disk, from /srv/photos on" in finding.remedy


@pytest.mark.parametrize("pattern", ["*.xmp", ".git", ".stversions/", "@eaDir/", "**/Thumbs.db"])
def test_to_exclude_what_is_never_taken_does_no_harm(pattern: str) -> None:
    """To include it does nothing."""
    (finding,) = found(excluding(pattern), {("exclude", pattern): 0})
    assert (finding.level, "never taken" in finding.text) == (Level.OK, True)
    folder = replace(FOLDER, include=(pattern,))
    finding = found(folder, {("include", pattern): 0})[0]
    assert (finding.level, finding.remedy) == (Level.WARNING, "leave it out")


def test_before_any_walk_it_is_not_known() -> None:
    """Nor where the folder was at another place then."""
    (finding,) = found(excluding("*.png"), None)
    assert (finding.level, "next walk" in finding.text) == (Level.OK, True)
    moved = replace(excluding("*.png"), path=Path("/srv/other"))
    (finding,) = found(moved, {("exclude", "*.png"): 0})
    assert "next walk" in finding.text


def test_patterns_that_have_gone_are_not_told_of_and_new_ones_wait() -> None:
    """What was counted belongs to the pattern as it was written."""
    matches = {("exclude", "old"): 5, ("exclude", "*.png"): 2, ("include", "*.gif"): 3}
    texts = [one.text for one in found(excluding("*.png", "*.gif"), matches)]
    assert len(texts) == 2
    assert texts[1] == 'known after the next walk: "*.gif"'


def test_a_walk_that_saw_no_file_accuses_no_pattern() -> None:
    """The disk may be away."""
    (finding,) = found(excluding("*.png"), {("exclude", "*.png"): 0}, files=0)
    assert (finding.level, "no file" in finding.text) == (Level.OK, True)


def test_include_tells_what_it_took_and_what_nothing_matched() -> None:
    """A `!` there leaves out, and takes back in `exclude`."""
    folder = replace(FOLDER, include=("*.jpg", "!x/"), exclude=("a*", "!ab*"))
    matches = {("include", "*.jpg"): 7, ("include", "!x/"): 1, NOT_INCLUDED: 2}
    matches |= {("exclude", "a*"): 4, ("exclude", "!ab*"): 3}
    texts = [one.text.partition(" at ")[0] for one in found(folder, matches)]
    assert texts == [
        '"*.jpg" took 7 files',
        '"!x/" left out 1 file',
        "2 files matched no pattern",
        '"a*" left out 4 files and directories',
        '"!ab*" took back 3 files and directories',
    ]


def test_an_include_that_takes_nothing_is_a_warning() -> None:
    """Nothing is uploaded then, and nothing else says so."""
    folder = replace(FOLDER, include=("jpg",))
    last = found(folder, {("include", "jpg"): 0, NOT_INCLUDED: 100})[-1]
    assert (last.level, "nothing is uploaded" in last.text) == (Level.WARNING, True)


def test_many_patterns_share_a_line() -> None:
    """Each with its number all the same."""
    patterns = [f"dir{number}/" for number in range(50)]
    matches = {("exclude", one): 50 - n for n, one in enumerate(patterns)}
    findings = found(excluding(*patterns), matches)
    assert len(findings) == MOST_LINES + 1
    assert '"dir49/" 1' in findings[-1].text


def test_a_pattern_shows_no_sign_that_a_terminal_obeys() -> None:
    """Whatever an older configuration had in it."""
    (finding,) = found(excluding("a\x1b[2Jb"), {("exclude", "a\x1b[2Jb"): 1})
    assert "\x1b" not in finding.text

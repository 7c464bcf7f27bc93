"""What the patterns of a folder keep back, as a person's commands show it."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from integration.processes import Desk

MakeDesk = Callable[..., Desk]
PRIVATE = ("ΠΡΟΣΩΠΙΚΑ/1.jpg", "private/2.jpg", "Geheim/3.jpg", "a.jpg", "b.jpg")


def exclude(desk: Desk, *patterns: str) -> None:
    """Write these into the folder's settings, in the place of what was there."""
    lines = [one for one in desk.config.read_text("utf-8").splitlines() if "exclude" not in one]
    at = lines.index("[folders.camera]") + 1
    lines.insert(at, f"exclude = {json.dumps(list(patterns), ensure_ascii=False)}")
    desk.config.write_text("\n".join(lines) + "\n", "utf-8")


def titles(desk: Desk) -> set[str]:
    """Of what is on the account."""
    desk.sandbox.settle()
    return {photo.title for photo in list(desk.sandbox.photos)}


def findings(desk: Desk, key: str) -> list[dict[str, Any]]:
    """What `check` says of this key."""
    told = json.loads(desk.uploadd("check", "--json").stdout)
    return [one for one in told["findings"] if key in one["subject"]]


@pytest.mark.parametrize(
    ("pattern", "instead"),
    [
        ("{photos}/private/", '"/private/"'),
        ("./private/", '"/private/"'),
        ("private//", '"private/"'),
        ("{{a,b}}.jpg", '"a.jpg", "b.jpg"'),
        ("Geheim ", '"Geheim"'),
    ],
)
def test_nothing_goes_out_by_a_pattern_that_cannot_match(
    make_desk: MakeDesk, pattern: str, instead: str
) -> None:
    """Every command that would send says what to write instead, and sends nothing."""
    desk = make_desk()
    for name in PRIVATE:
        desk.add(name)
    exclude(desk, pattern.format(photos=desk.photos))
    for words in (["run"], ["backfill", str(desk.photos)]):
        told = desk.uploadd(*words)
        assert told.returncode == 2
        assert instead in told.stderr
    (finding,) = findings(desk, "exclude")
    assert finding["level"] == "error"
    assert instead in finding["text"]
    assert titles(desk) == set()


def test_a_check_tells_what_each_pattern_left_out(make_desk: MakeDesk) -> None:
    """Before a walk it does not know; after it, the misspelled one is a warning."""
    desk = make_desk()
    for name in (*PRIVATE, "open.jpg"):
        desk.add(name)
    exclude(desk, "ΠΡΟΣ*/", "Privat/", "[A-B].JPG", "geheim")
    (before,) = findings(desk, "folders.camera.exclude")
    assert "next walk" in before["text"]
    assert desk.uploadd("backfill", str(desk.photos)).returncode == 0
    assert titles(desk) == {"open", "2"}
    told = {one["text"].partition(" at ")[0]: one["level"] for one in findings(desk, ".exclude")}
    assert told == {
        '"[A-B].JPG" left out 2 files and directories': "ok",
        '"ΠΡΟΣ*/" left out 1 file or directory': "ok",
        '"geheim" left out 1 file or directory': "ok",
        '"Privat/" matched nothing': "warning",
    }
    why = desk.uploadd("why", str(Path(desk.photos, PRIVATE[0])))
    assert '"ΠΡΟΣ*/" in exclude of folder camera' in why.stdout + why.stderr

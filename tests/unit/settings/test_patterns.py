"""A pattern that cannot match is refused, with what to write instead."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from uploadd.settings import SettingsError, load

ROOT = "/srv/photos"
CONFIG = """
[accounts.me]
api_key = "k"
[folders.camera]
path = {path}
accounts = ["me"]
{key} = {patterns}
"""


def _refused(tmp_path: Path, *patterns: str, key: str = "exclude", path: str = ROOT) -> str:
    """What loading says of these patterns; empty where they are taken."""
    file = tmp_path / "uploadd.toml"
    text = CONFIG.format(
        path=json.dumps(path), key=key, patterns=json.dumps(list(patterns), ensure_ascii=False)
    )
    file.write_text(text, "utf-8")
    environ = {"HOME": "/home/me", "XDG_STATE_HOME": str(tmp_path / "state")}
    try:
        load(file, environ)
    except SettingsError as error:
        return str(error)
    return ""


REFUSED = [
    # A path where a pattern is wanted.
    ("/srv/photos/private/", '"/private/"'),
    ("/SRV/Photos/private/*.jpg", '"/private/*.jpg"'),
    ("/srv/photos", '"*"'),
    ("/srv/photos/", '"*"'),
    ("/srv/private", '"srv/private"'),
    ("/srv/phot*/private", '"srv/phot*/private"'),
    ("/home/you/private/", '"home/you/private/"'),
    ("/Users/you/private/", '"Users/you/private/"'),
    ("/mnt/disk/photos/private/", '"mnt/disk/photos/private/"'),
    ("!/srv/photos/keep.jpg", '"!/keep.jpg"'),
    ("~/private/", "relative to"),
    ("~/photos/private/", '"/private/"'),
    ("$HOME/photos/private/", '"/private/"'),
    ("${HOME}/private", "relative to"),
    ("~", "[~]"),
    ("file:///srv/photos/private", '"/private"'),
    # Ways that no path has.
    ("./private/", '"/private/"'),
    ("./*.png", '"/*.png"'),
    (".", '"*"'),
    ("./", '"*"'),
    ("../private/", "leads out"),
    ("..", "leads out"),
    ("private//", '"private/"'),
    ("a//b", '"a/b"'),
    ("//a", '"/a"'),
    ("a/./b", '"a/b"'),
    ("a/../b", '"/b"'),
    ("a/b/..", '"/a/"'),
    ("/", '"*"'),
    ("//", '"*"'),
    ("a/**.jpg", '"a/*.jpg", or "a/**/*.jpg"'),
    ("/2024**/", '"/2024*/", or "/2024*/**/"'),
    ("/***/x", '"/*/x", or "/**/x"'),
    ("a**b/c", '"a*b/c", or "a*/**/*b/c"'),
    # Signs of a shell, of Windows, or of another language.
    ("{a,b}.jpg", '"a.jpg", "b.jpg"'),
    ("*.{jpg,JPEG}", '"*.jpg", "*.JPEG"'),
    ("x/{a,b{1,2}}/", '"x/a/", "x/b1/", "x/b2/"'),
    ("{a,}.jpg", '"a.jpg", ".jpg"'),
    ("IMG_{1..3}.jpg", '"IMG_1.jpg", "IMG_2.jpg", "IMG_3.jpg"'),
    ("{a", "[{]"),
    ("{a," * 400 + "b" + "}" * 400, "[{]"),
    ("private\\*.jpg", '"private/*.jpg"'),
    ("private\\*.jpg", '"private[*].jpg"'),
    ("private\\", '"private/"'),
    ("private\\raw", '"private/raw"'),
    ("x\\\\y", '"x/y"'),
    ("*\\.jpg", '"*.jpg"'),
    ("*.png,*.gif", '"*.png", "*.gif"'),
    ("*.png; *.gif", '"*.png", "*.gif"'),
    ("*.png *.gif", '"*.png", "*.gif"'),
    ("*.png|*.gif", '"*.png", "*.gif"'),
    ('"private/"', '"private/"'),
    ("'private/'", '"private/"'),
    (".png", '"*.png"'),
    (".JPG", '"*.JPG"'),
    # Blanks, and what nobody sees.
    ("Geheim ", r"'Geheim\ '"),
    ("Geheim ", '"Geheim"'),
    ("Geheim /", r"'Geheim\ /'"),
    (" private/", r"'\ private/'"),
    ("private/ a.jpg", '"private/a.jpg"'),
    ("Geheim\u00a0", '"Geheim"'),
    ("  ", "leave it out"),
    ("private/\n", '"private/"'),
    ("pri\tvate/", "U+0009"),
    ("\u202aprivate/", '"private/"'),
    ("\ufeffprivate/", "U+FEFF"),
    # What nothing can be made of.
    ("[2019", "[[]"),
    ("[z-a].jpg", "[a-z]"),
    ("[[:alpha:]].jpg", "[a-z]"),
    ("[a/b].jpg", "[[]"),
    ("!", "names"),
    ("!keep.jpg", "earlier"),
]


@pytest.mark.parametrize("key", ["include", "exclude"])
@pytest.mark.parametrize(("pattern", "instead"), REFUSED)
def test_a_pattern_that_cannot_match_is_refused(
    tmp_path: Path, key: str, pattern: str, instead: str
) -> None:
    """By the path of its key, in one line, with what to write."""
    before = ["x"] if pattern.startswith("!") and pattern != "!keep.jpg" else []
    told = _refused(tmp_path, *before, pattern, key=key)
    assert f"folders.camera.{key}[{len(before)}]: " in told
    assert instead in told
    assert "\n" not in told


@pytest.mark.parametrize(
    "pattern",
    [
        *(
            "*",
            "**",
            "**.jpg",
            "***",
            "*.jpg",
            "/raw",
            "/Raw/x",
            "private/",
            "2024/**",
            "IMG_[0-9]*",
            "#recycle",
        ),
        *("a/**/b", "**/b", "a*b?c[!d]", "Meine Bilder/", "Übung/", "[{]a,b}.jpg", r"\{a,b\}.jpg"),
        *(r"My\ Photos\ \(1\)/", r"\!x", r"\[2019\] x/", r"Geheim\ ", r"\ x", "~snapshot/", "{a}"),
        *("$RECYCLE.BIN/", ".git", ".stversions/", "a.b,c.d", "media/x", "/media/WhatsApp/", "..x"),
        *(
            "srv/private",
            "/srv",
            "/[s]rv/photos/x",
            "x...",
            "a, b.jpg",
            "[[]",
            "[[]2019]*",
            "[\\\\]",
        ),
        *(
            "👨\u200d👩\u200d👧/",
            "می\u200cخواهم/",
            "{3F2504E0-4F89}.jpg",
            "it's",
            '"a" and "b"',
            "=1",
        ),
    ],
)
def test_a_pattern_that_can_match_is_taken(tmp_path: Path, pattern: str) -> None:
    """Also where it looks odd."""
    assert _refused(tmp_path, pattern) == ""
    if pattern not in {".git", ".stversions/", "..x"}:
        assert _refused(tmp_path, pattern, key="include") == ""


@pytest.mark.parametrize("pattern", sorted({pattern for pattern, _ in REFUSED}))
def test_what_is_to_be_written_instead_is_taken(tmp_path: Path, pattern: str) -> None:
    """So nobody is sent from one refusal to the next."""
    told = _refused(tmp_path, "x", pattern).partition("; write ")[2]
    for instead in re.findall(r'"([^"]+)"', told.partition(" if ")[0].partition("[{]")[0]):
        assert _refused(tmp_path, "x", instead) == "" or instead.startswith("."), instead


def test_what_is_never_taken_cannot_be_included(tmp_path: Path) -> None:
    """A hidden name; to exclude it as well does no harm."""
    told = _refused(tmp_path, ".private/*.jpg", key="include")
    assert "never taken" in told
    assert _refused(tmp_path, ".private/*.jpg") == ""


def test_what_is_taken_back_first_is_refused_with_its_place(tmp_path: Path) -> None:
    """In `include` it is meant for `exclude`."""
    told = _refused(tmp_path, "!*.gif", "*", key="include")
    assert "folders.camera.include[0]" in told
    assert 'exclude = ["*.gif"]' in told
    assert _refused(tmp_path, "*", "!*.gif", key="include") == ""
    assert _refused(tmp_path, "*", "!*/", "!*.jpg") == ""


def test_every_bad_pattern_is_told_at_once(tmp_path: Path) -> None:
    """With the number of each."""
    told = _refused(tmp_path, "ok", "./a", "b//")
    assert "exclude[1]" in told
    assert "exclude[2]" in told


def test_a_folder_in_the_home_directory_is_known_by_its_path(tmp_path: Path) -> None:
    """What `~` stands for is a part of it."""
    told = _refused(tmp_path, "/home/me/Pictures/private", path="~/Pictures")
    assert '"/private"' in told


def test_a_list_of_the_environment_is_refused_in_pieces(tmp_path: Path) -> None:
    """Commas part its patterns, those in braces, too."""
    file = tmp_path / "uploadd.toml"
    file.write_text(CONFIG.format(path='"/p"', key="include", patterns='["*"]'), "utf-8")
    environ = {"HOME": "/home/me", "UPLOADD_FOLDERS__CAMERA__EXCLUDE": "{a,b}.jpg"}
    with pytest.raises(SettingsError, match=r"UPLOADD_FOLDERS__CAMERA__EXCLUDE.*\[\{\]"):
        load(file, environ)

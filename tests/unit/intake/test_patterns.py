"""Patterns and names meet whatever their case, their normal form, or the signs they are made of."""

from __future__ import annotations

import time
import unicodedata

import pytest

from uploadd.intake.selection import Choice, Selection
from uploadd.model.errors import ConfigurationError


def _is_closed(pattern: str, directory: str | bytes) -> bool:
    raw = directory if isinstance(directory, bytes) else directory.encode()
    return not Selection(exclude=[pattern]).reaches(raw)


def _is_left_out(pattern: str, path: str | bytes) -> bool:
    raw = path if isinstance(path, bytes) else path.encode()
    return Selection(exclude=[pattern]).verdict_below(raw) is Choice.EXCLUDED


@pytest.mark.parametrize(
    ("pattern", "directory"),
    [
        ("ΠΡΟΣ*/", "ΠΡΟΣΩΠΙΚΑ"),
        ("ΠΡΟΣ*/", "προσωπικα"),
        ("ΠΡΟΣ/", "προς"),
        ("προσ/", "ΠΡΟΣ"),
        ("Straße/", "STRASSE"),
        ("STRASSE/", "Straße"),
        ("STRAẞE/", "straße"),
        ("Stra?e/", "Straße"),
        ("stra?e/", "STRAẞE"),
        ("Stra[ß]e/", "strasse"),
        ("Stra[ß]e/", "Straße"),
        ("ß?/", "ßß"),
        ("ÖZEL İŞLER/", "özel işler"),
        ("özel işler/", "ÖZEL İŞLER"),
        ("ÖZEL KISIM/", "özel kısım"),
        ("?stanbul/", "İstanbul"),
        ("İSTANBUL/", "istanbul"),
        ("Privé/", unicodedata.normalize("NFD", "PRIVÉ")),
        (unicodedata.normalize("NFD", "Privé/"), "PRIVÉ"),
        ("[À-Ý]*/", "élan"),
        ("[à-ý]*/", "Élan"),
        ("[A-Z]x/", "bx"),
        ("[!A]x/", "bx"),
        ("Tiế[nN]g/", unicodedata.normalize("NFD", "TIẾNG")),
        ("ſecret/", "SECRET"),
        ("ﬁles/", "FILES"),
        ("ıß́/", "IŚS".replace("ŚS", "SŚ")),
        ("ᾼ/", "ᾳ"),
        ("Ꭰ/", "ꭰ"),
    ],
)
def test_an_excluded_directory_is_closed_however_it_is_written(
    pattern: str, directory: str
) -> None:
    """Case, ς and σ, ß and ss, the Turkish i, and both ways to write an accent."""
    assert _is_closed(pattern, directory)


@pytest.mark.parametrize(
    ("pattern", "directory"),
    [
        ("Maß/", "Mas"),
        ("prive/", "privé"),
        ("?.x/", "ab.x"),
        ("a²/", "a2"),  # compatibility is not sameness
        ("[!A]x/", "Ax"),
        ("[!a]x/", "Ax"),
        ("[!ß]/", "ß"),
        ("*a*b*c/", "abcd"),
        ("x/y/", "a/x/y"),
        ("/y/", "x/y"),
    ],
)
def test_nothing_else_is_closed(pattern: str, directory: str) -> None:
    """What differs to the eye stays different."""
    assert not _is_closed(pattern, directory)


def test_a_name_that_is_not_utf_8_is_matched_by_its_bytes() -> None:
    """`?` stands for each byte that is no text; a pattern may hold such a byte itself."""
    assert _is_closed("Priv?/", b"PRIV\xe9")
    assert _is_closed("priv[!x]/", b"PRIV\xe9")
    assert _is_closed(b"Priv\xe9/".decode("utf-8", "surrogateescape"), b"priv\xe9")
    assert not _is_closed("Privé/", b"Priv\xe9")


def test_a_line_end_in_a_name_is_a_sign_like_others() -> None:
    """It ends no match, neither at the end of a name nor within it."""
    assert _is_left_out("*.jpg", "a\nb.jpg")
    assert _is_left_out("a?b.jpg", "a\nb.jpg")
    assert not _is_left_out("*.jpg", "a.jpg\n")


@pytest.mark.parametrize(
    ("pattern", "path"),
    [
        ("[[]1].jpg", "[1].jpg"),
        (r"\[1\].jpg", "[1].jpg"),
        ("[]].jpg", "].jpg"),
        ("[!]].jpg", "a.jpg"),
        (r"[\]].jpg", "].jpg"),
        (r"[\\]x.jpg", "\\x.jpg"),
        ("[a-].jpg", "-.jpg"),
        ("[^b].jpg", "a.jpg"),
        (r"\!x.jpg", "!x.jpg"),
        ("[*].jpg", "*.jpg"),
        ("**.jpg", "x/a.jpg"),
        ("a/**/b.jpg", "a/b.jpg"),
        ("a/**/b.jpg", "a/x/y/b.jpg"),
        ("**/b.jpg", "a/b.jpg"),
        ("a/**", "a/x/b.jpg"),
        ("*/b.jpg", "a/b.jpg"),
        (r"Geheim\ .jpg", "Geheim .jpg"),
        ("**", "a.jpg"),
    ],
)
def test_the_signs_of_a_pattern(pattern: str, path: str) -> None:
    """As in a .gitignore."""
    assert _is_left_out(pattern, path)


@pytest.mark.parametrize(
    "pattern",
    ["[1.jpg", "a[]", "[!]", "[z-a].jpg", "a\\", "", "!", "/", "!/", "[a/b]", "[[:alpha:]]"],
)
def test_what_cannot_be_read_is_refused(pattern: str) -> None:
    """With what to write instead; it never counts as a pattern that matches nothing."""
    with pytest.raises(ConfigurationError) as refusal:
        Selection(exclude=["a", pattern])
    assert refusal.value.text.startswith("exclude: ")


def test_what_is_taken_back_in_include_is_left_out_below_a_directory_too() -> None:
    """The last pattern that says something of a file, or of a directory above it, decides."""
    selection = Selection(["*.jpg", "!private/"])
    assert selection.verdict_below(b"x/private/a.jpg") is Choice.EXCLUDED
    assert selection.verdict_below(b"x/a.jpg") is Choice.TAKE
    assert Selection(["*", "!/private"]).verdict_below(b"private/x/a.jpg") is Choice.EXCLUDED


def test_to_take_back_directories_takes_back_none_of_their_files() -> None:
    """`*`, `!*/`, `!*.jpg` leaves all but JPEGs out at every depth, as in a .gitignore."""
    selection = Selection(exclude=["*", "!*/", "!*.jpg"])
    assert selection.verdict_below(b"x/a.jpg") is Choice.TAKE
    assert selection.verdict_below(b"x/a.png") is Choice.EXCLUDED


@pytest.mark.parametrize(
    ("pattern", "name"),
    [
        ("*a*a*a*a*a*b", "a" * 255),
        ("**/a/**/a/**/a/**/b", "a/" * 300 + "c"),
        ("*[ß]*[ß]*[ß]*b", "ß" * 120),
    ],
)
def test_a_name_made_for_it_does_not_hold_the_walk_up(pattern: str, name: str) -> None:
    """Whoever may write in a folder chooses the names."""
    began = time.process_time()
    assert not _is_left_out(pattern, name)
    assert time.process_time() - began < 1

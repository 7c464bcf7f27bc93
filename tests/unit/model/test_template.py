"""The small language of titles, tags and albums."""

from __future__ import annotations

from datetime import datetime

import pytest

from uploadd.model.errors import ConfigurationError
from uploadd.model.template import (
    VARIABLES,
    check_template,
    file_variables,
    photo_variables,
    render,
)

TAKEN = datetime(2024, 5, 7)  # noqa: DTZ001 - cameras know no time zone


def test_every_variable_has_a_value() -> None:
    """What may be written can be filled in."""
    variables = file_variables(b"/p/x.jpg", b"/p", "camera") | photo_variables(TAKEN, "Canon")
    assert set(variables) == set(VARIABLES)
    check_template("".join(f"{{{name}}}" for name in VARIABLES))


def test_variables_of_a_file() -> None:
    """`parent` is the last directory, `path` all of them below the folder."""
    assert file_variables(b"/srv/photos/2024/Rome/IMG.1.JPG", b"/srv/photos", "camera") == {
        "name": "IMG.1.JPG",
        "stem": "IMG.1",
        "ext": "JPG",
        "parent": "Rome",
        "path": "2024/Rome",
        "folder": "camera",
    }


def test_file_right_in_the_folder() -> None:
    """It has no path, but a parent."""
    variables = file_variables(b"/srv/photos/x", b"/srv/photos", "")
    assert (variables["path"], variables["parent"], variables["ext"]) == ("", "photos", "")


def test_name_that_is_not_utf8() -> None:
    """It shows as what it cannot be."""
    assert file_variables(b"/p/\xff.jpg", b"/p", "")["stem"] == "\ufffd"


def test_variables_of_a_photo() -> None:
    """Month and day have two digits."""
    assert photo_variables(TAKEN, "") == {"year": "2024", "month": "05", "day": "07", "camera": ""}


def test_braces_in_a_name_are_not_variables() -> None:
    """What a file is called is never read as a template."""
    assert render("{{{stem}}}", {"stem": "{year}"}) == "{{year}}"


@pytest.mark.parametrize(
    ("template", "told"),
    [
        ("{stam}", r"\{stam\} is not a variable; known are: stem name ext"),
        ("{}", r"\{\} is not a variable"),
        ("{0}", r"\{0\} is not a variable"),
        ("{stem.upper}", r"\{stem.upper\} is not a variable"),
        ("{stem[0]}", r"\{stem\[0\]\} is not a variable"),
        ("{a\nb}", r"\{'a\\nb'\} is not a variable"),
        ("{stem!r}", r"write \{stem\} alone"),
        ("{stem:>10}", r"write \{stem\} alone"),
        ("{stem:{year}}", r"write \{stem\} alone"),
        ("{stem:d}", r"write \{stem\} alone"),
        ("{stem", r"\{stem has a brace without its partner"),
        ("stem}", r"stem\} has a brace without its partner"),
        ("x" * 99 + "{", "…  ?has a brace without its partner"),
    ],
)
def test_mistakes_are_refused(template: str, told: str) -> None:
    """What `render` could not fill in is found before the first photo."""
    with pytest.raises(ConfigurationError, match=told):
        check_template(template)


@pytest.mark.parametrize("template", ["", "plain", "{stem} ({year})", "{{stem}}", "{stem:}"])
def test_what_is_accepted_renders(template: str) -> None:
    """A template that passes the check never fails later."""
    check_template(template)
    render(template, {"stem": "s", "year": "y"})

"""Values out of replies: what a person sees, what is compared, and what is no id at all."""

from __future__ import annotations

import pytest

from marking import ATTACK, LONG, faults_in
from uploadd.services.replies import failure_code
from uploadd.services.values import exact, identifier, number, token, words


@pytest.mark.parametrize(
    "found", ["12345", "12345678@N00", "9729180-3cb8f3cd8f", "1-2", 7, "a.b_c:d"]
)
def test_an_id_is_what_services_call_one(found: object) -> None:
    """Digits, letters, and what stands between them."""
    assert identifier(found) == identifier({"_content": f" {found}\n"}) == str(found)


@pytest.mark.parametrize("sign", ["\x1b", "\x00", "\x1c", "\x1f", "\x7f", "\x85", "\x9b", "\u2028"])
@pytest.mark.parametrize("form", ["{}123", "123{}", "1{}23"])
def test_an_id_with_a_control_sign_is_none_and_is_not_mended(sign: str, form: str) -> None:
    """Nor is a number, a token or an error's code; at the ends, where Python would strip some."""
    found = form.format(sign)
    assert identifier(found) is None
    assert token(found) is None
    assert number(found) is None
    assert failure_code(found) is None


@pytest.mark.parametrize(
    "found", ["$(reboot)", "`id`", "1;2", "1'2", "1|2", "-rf", "--force", "١٢", ""]
)
def test_an_id_is_nothing_that_a_shell_obeys(found: str) -> None:
    """Ids stand in commands that people copy."""
    assert identifier(found) is None


@pytest.mark.parametrize("given", [f"a{ATTACK}b", f"a{ATTACK}{LONG}", {"_content": f"a{ATTACK}b"}])
def test_words_obey_nothing_and_end(given: object) -> None:
    """Whatever comes as a name or a message."""
    shown = words(given)
    assert shown.startswith("a ")
    assert not faults_in(shown)
    assert len(shown) <= 100


def test_words_keep_what_people_are_called() -> None:
    """Emoji with joiners, other scripts, several blanks as one."""
    assert words("  Zoë 👩\u200d🚀  שלום\t海 ") == "Zoë 👩\u200d🚀 שלום 海"


def test_what_is_compared_stays_as_it_is() -> None:
    """A state with a sign too many is another state."""
    assert exact("1\x1f") == "1\x1f"
    assert exact(" 1\n") == "1"

"""The rules that hold between keys."""

from __future__ import annotations

import pytest

FOLDER = '[folders.camera]\npath = "/p"\naccounts = '


def test_one_of_tag_and_check_is_needed(refusal, read) -> None:
    """Without both, a lost reply could double a photo."""
    [problem] = refusal("[accounts.me]\ncontent_tag = false\ndedup_check = 0\n")
    assert problem.startswith("accounts.me.content_tag: found false together with dedup_check = 0")
    assert read("[accounts.me]\ncontent_tag = false\n").configuration.accounts


def test_impatience_is_for_loopback(refusal, read) -> None:
    """Below 1 every account must be on this machine, and those that are not are named."""
    near = '[accounts.near]\nbase_url = "http://127.0.0.1:1"\n'
    far = '[accounts.far]\nbase_url = "https://example.com"\n[accounts.real]\n'
    assert read(f"patience = 0.01\n{near}").configuration.patience == 0.01
    assert read(f"patience = 1\n{near}{far}").configuration.patience == 1
    [problem] = refusal(f"patience = 0.99\n{near}{far}")
    assert problem.startswith("patience: found 0.99, expected at least 1")
    assert problem.endswith("not so for accounts.far, accounts.real")


def test_impatience_is_not_judged_by_a_wrong_base_url(refusal) -> None:
    """One mistake gives one line."""
    [problem] = refusal('patience = 0.1\n[accounts.me]\nbase_url = "http:/127.0.0.1"\n')
    assert problem.startswith("accounts.me.base_url: ")


@pytest.mark.parametrize("patience", ["0", "-1", "nan", "inf", "1001", "true"])
def test_patience_is_a_number_above_zero(refusal, patience: str) -> None:
    """It multiplies delays."""
    [problem] = refusal(f"patience = {patience}")
    assert problem == f"patience: found {patience}, expected a number above 0, up to 1000"


def test_accounts_of_a_folder_exist_and_are_named_once(refusal) -> None:
    """The line says which accounts there are."""
    assert refusal(f'[accounts.me]\n{FOLDER}["you", "me", "ME"]') == [
        "folders.camera.accounts[0]: found 'you', expected the name of an account (me)",
        "folders.camera.accounts[2]: names me a second time; leave it out",
    ]
    assert "there is none" in refusal(f'{FOLDER}["me"]')[0]
    assert "at least one account's name" in refusal(f"[accounts.me]\n{FOLDER}[]")[0]


def test_account_with_a_mistake_still_exists(refusal) -> None:
    """A folder is not blamed for what is wrong with its account."""
    [problem] = refusal(f'{FOLDER}["me"]\n[accounts]\nme = 3')
    assert problem == "accounts.me: found a number, expected a table"


@pytest.mark.parametrize("name", ["a b", "a.b", "ä", "", "x" * 65, "a/b"])
def test_names_are_plain_words(refusal, name: str) -> None:
    """They become variables' and files' names."""
    for section in ("accounts", "folders"):
        table = f'[{section}."{name}"]\n'
        body = 'path = "/p"\naccounts = ["me"]\n[accounts.me]' if section == "folders" else ""
        [problem] = refusal(table + body)
        assert "is not a name; expected at most 64 of the signs A-Z a-z 0-9 _ -" in problem


def test_names_differ_in_more_than_case(refusal) -> None:
    """The environment could not tell them apart."""
    problems = refusal(
        f'[accounts.me]\n[accounts.Me]\n{FOLDER}["me"]\n'
        '[folders.CAMERA]\npath = "/q"\naccounts = ["me"]'
    )
    assert problems == [
        "accounts.Me: differs from me only in case; rename one of them",
        "folders.CAMERA: differs from camera only in case; rename one of them",
    ]


@pytest.mark.parametrize("table", ["accounts.me.photo", "folders.camera.photo"])
def test_privacy_is_the_word_or_the_numbers(refusal, table: str) -> None:
    """Both in one table are refused, whatever they say; each in a table of its own is not."""
    base = f'[accounts.me]\n{FOLDER}["me"]\n'
    assert refusal(f'{base}[{table}]\nprivacy = "private"\nis_public = 0\nis_family = 1\n') == [
        (
            f'{table}.privacy: found "private" beside is_public and is_family, expected one or the'
            " other: privacy says it all"
        )
    ]


def test_privacy_and_numbers_in_two_tables(read) -> None:
    """The folder's table decides alone, so nothing contradicts."""
    toml = f'[accounts.me.photo]\nprivacy = "public"\n{FOLDER}["me"]\nphoto.is_family = 1\n'
    assert read(toml).configuration.folders["camera"].photo.is_family == 1


def test_privacy_of_the_environment_beside_numbers_of_the_file(refusal) -> None:
    """The variable is named: that is where a person looks."""
    toml = f'[accounts.me]\n{FOLDER}["me"]\nphoto.is_public = 0\n'
    variable = "UPLOADD_FOLDERS__CAMERA__PHOTO__PRIVACY"
    [problem] = refusal(toml, {variable: "public"})
    assert problem.startswith(f"{variable}: folders.camera.photo.privacy: found ")


def test_album_of_an_account_is_warned_of(read) -> None:
    """As in a folder's table."""
    [warning] = read('[accounts.me.photo]\nalbum = "{parent}"\n').warnings
    assert warning.key == "accounts.me.photo.album"

"""Settings from environment variables."""

from __future__ import annotations

from pathlib import Path

import pytest

from uploadd.model.photo import PhotoTable, Privacy
from uploadd.settings import SettingsError, load

ACCOUNT = "[accounts.My-Cam]\ntoken = 'file'\nparallel_uploads = 2\n"


def test_environment_overrules_the_file(read) -> None:
    """Key by key: what it does not name stays."""
    account = read(ACCOUNT, {"UPLOADD_ACCOUNTS__MY-CAM__TOKEN": "env\n"}).configuration.accounts
    assert list(account) == ["My-Cam"]
    assert account["My-Cam"].token.reveal() == "env"
    assert account["My-Cam"].parallel_uploads == 2


@pytest.mark.parametrize("name", ["MY_CAM", "my_cam", "mY-cAm"])
def test_names_match_without_case_and_with_underscores(read, name: str) -> None:
    """A shell knows neither small letters by custom nor hyphens at all."""
    loaded = read(ACCOUNT, {f"UPLOADD_ACCOUNTS__{name}__PARALLEL_UPLOADS": "3"})
    assert {name: account.parallel_uploads for name, account in _accounts(loaded)} == {"My-Cam": 3}


def test_exact_name_wins_over_one_with_a_hyphen(read) -> None:
    """Where both exist, an underscore is an underscore."""
    toml = "[accounts.my-cam]\n[accounts.my_cam]\n"
    loaded = read(toml, {"UPLOADD_ACCOUNTS__MY_CAM__PARALLEL_UPLOADS": "3"})
    assert {name: account.parallel_uploads for name, account in _accounts(loaded)} == {
        "my-cam": 4,
        "my_cam": 3,
    }


def test_everything_from_the_environment() -> None:
    """No file is needed; every kind of value can be given."""
    configuration = load(
        None,
        {
            "HOME": "/home/anna",
            "UPLOADD_CONFIG": "",
            "UPLOADD_PATIENCE": "0.5",
            "UPLOADD_NOTIFY": "tell-me, -x",
            "UPLOADD_ACCOUNTS__ME__BASE_URL": "http://localhost:1",
            "UPLOADD_ACCOUNTS__ME__CONTENT_TAG": "off",
            "UPLOADD_ACCOUNTS__ME__API_KEY": "0123",
            "UPLOADD_ACCOUNTS__ME__PHOTO__PRIVACY": "friends",
            "UPLOADD_ACCOUNTS__ME__PHOTO__TAGS": "a, b",
            "UPLOADD_FOLDERS__PHOTO__PATH": "~/p",
            "UPLOADD_FOLDERS__PHOTO__ACCOUNTS": "ME",
            "UPLOADD_FOLDERS__PHOTO__SETTLE_SECONDS": "1",
            "UPLOADD_FOLDERS__PHOTO__EXCLUDE": '["a,b", "c"]',
            "UPLOADD_FOLDERS__PHOTO__PHOTO__TITLE": "{name}",
            "UPLOADD_FOLDERS__PHOTO__PHOTO__IS_PUBLIC": "true",
            "UPLOADD_FOLDERS__PHOTO__PHOTO__IS_FAMILY": "0",
            "UPLOADD_FOLDERS__PHOTO__PHOTO__HIDDEN": "2",
            "UPLOADD_FOLDERS__PHOTO__PHOTO__ALBUM": "",
        },
    ).configuration
    account, folder = configuration.accounts["me"], configuration.folders["photo"]
    assert configuration.source is None
    assert configuration.state_dir == Path("/home/anna/.local/state/uploadd")
    assert (configuration.patience, configuration.notify) == (0.5, ("tell-me", "-x"))
    assert (account.content_tag, account.api_key.reveal()) == (False, "0123")
    assert (folder.path, folder.accounts) == (Path("/home/anna/p"), ("me",))
    assert (folder.settle_seconds, folder.exclude) == (1, ("a,b", "c"))
    assert folder.photo == PhotoTable(title="{name}", is_public=1, is_family=0, hidden=2)
    assert account.photo == PhotoTable(privacy=Privacy.FRIENDS, tags=("a", "b"))


def test_path_that_is_not_utf8() -> None:
    """A directory's name is bytes; only the environment can say such a one."""
    configuration = load(
        None,
        {
            "HOME": "/h",
            "UPLOADD_ACCOUNTS__ME__TOKEN": "x",
            "UPLOADD_FOLDERS__A__PATH": "/p\udcff",
            "UPLOADD_FOLDERS__A__ACCOUNTS": "me",
        },
    ).configuration
    assert bytes(configuration.folders["a"].path) == b"/p\xff"


@pytest.mark.parametrize(
    ("variable", "told"),
    [
        ("UPLOADD_PATIENC", "is not a setting; did you mean UPLOADD_PATIENCE?"),
        ("UPLOADD_", "is not a setting"),
        ("UPLOADD_ACCOUNTS", "is not a setting; set its keys one by one"),
        ("UPLOADD_ACCOUNTS__ME", "is not a setting"),
        ("UPLOADD_ACCOUNTS____TOKEN", "is not a setting"),
        (
            "UPLOADD_ACCOUNTS__ME__TOKN",
            "is not a setting; did you mean UPLOADD_ACCOUNTS__ME__TOKEN?",
        ),
        ("UPLOADD_FOLDERS__CAMERA__PHOTO", "is not a setting"),
        ("UPLOADD_FOLDERS__CAMERA__PHOTO__WATCH", "is not a setting"),
        ("UPLOADD_PATIENCE__X", "is not a setting"),
        ("UPLOADD_ACCOUNTS__ME__PHOTO", "is not a setting"),
        (
            "UPLOADD_ACCOUNTS__ME__PHOTO__PRIVAC",
            "is not a setting; did you mean UPLOADD_ACCOUNTS__ME__PHOTO__PRIVACY?",
        ),
    ],
)
def test_unknown_variables_are_refused(refusal, variable: str, told: str) -> None:
    """The variable is named, its value is not: it may be a secret."""
    [problem] = refusal("[accounts.me]", {variable: "hunter2"})
    assert problem.startswith(f"{variable}: {told}")
    assert "hunter2" not in problem


@pytest.mark.parametrize(
    ("variable", "value", "told"),
    [
        ("ACCOUNTS__ME__PARALLEL_UPLOADS", "many", "accounts.me.parallel_uploads: found 'many'"),
        ("ACCOUNTS__ME__CONTENT_TAG", "perhaps", "accounts.me.content_tag: found 'perhaps'"),
        ("PATIENCE", "nan", "patience: found nan"),
        ("NOTIFY", "[1", "notify: found '[1'"),
        ("NOTIFY", "[1]", "notify[0]: found 1"),
        ("NOTIFY", "\udcff", "notify[0]: is not UTF-8 text"),
        ("DRAIN_SECONDS", "9" * 400, "drain_seconds: found inf"),
        ("SETTLE_LIMIT_SECONDS", "-1", "settle_limit_seconds: found -1"),
        ("ACCOUNTS__ME__CALLS_PER_HOUR", "9" * 5000, "accounts.me.calls_per_hour: found '999"),
    ],
)
def test_bad_values_name_their_variable(refusal, variable: str, value: str, told: str) -> None:
    """A person looks where the value was set."""
    [problem] = refusal("[accounts.me]", {f"UPLOADD_{variable}": value})
    assert problem.startswith(f"UPLOADD_{variable}: {told}")
    assert len(problem) < 250


def test_one_key_by_two_spellings_is_refused() -> None:
    """Neither may win by chance."""
    spellings = {"UPLOADD_ACCOUNTS__ME__TOKEN": "a", "UPLOADD_accounts__me__token": "b"}
    with pytest.raises(SettingsError) as caught:
        load(None, {"HOME": "/h", **spellings})
    assert str(caught.value) == (
        "UPLOADD_accounts__me__token: says the same as UPLOADD_ACCOUNTS__ME__TOKEN; "
        "leave one of them out"
    )


def test_other_variables_are_not_ours(read) -> None:
    """Only the prefix, in capitals, makes a variable a setting."""
    assert read("", {"PATIENCE": "x", "uploadd_patience": "x", "XUPLOADD_PATIENCE": "x"})


def _accounts(loaded):
    return loaded.configuration.accounts.items()

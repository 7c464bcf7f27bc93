"""Whatever stands in a configuration, it is loaded or refused in lines that show no secret."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable
from contextlib import suppress
from datetime import date
from pathlib import Path
from typing import Any

from hypothesis import example, given, settings
from hypothesis import strategies as st

from uploadd.model.errors import ConfigurationError
from uploadd.model.template import VARIABLES, check_template, render
from uploadd.settings import Loaded, SettingsError, load
from uploadd.settings.gathering import Gathered
from uploadd.settings.layers import Layer
from uploadd.settings.loading import load_gathered
from uploadd.settings.schema import (
    SECRET_KEYS,
    AccountSettings,
    FolderSettings,
    PhotoSettings,
    Settings,
)

MARK = "hunter2hunter2"
ENVIRON = {"HOME": "/home/anna"}

scalars = st.one_of(
    st.text(max_size=20),
    st.integers(),
    st.just(10**400),
    st.floats(),
    st.booleans(),
    st.dates(),
    st.sampled_from(
        ["~", "/p", "~x/y", "keep", "move:x", "auto", "flickr", "me", "http://[::1", "private"]
    ),
)
anything = st.recursive(
    scalars,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner),
    max_leaves=5,
)


def table(model: Any, **special: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    """Some of a table's keys with any values, now and then an unknown key, or no table at all."""
    keys = {key: special.get(key, anything) for key in model.model_fields}
    known = st.fixed_dictionaries({}, optional=keys)
    odd = st.dictionaries(st.text(max_size=8), anything, max_size=1)
    return st.builds(lambda one, other: other | one, known, odd) | anything


secrets = st.builds(
    lambda before, after: f"{before}{MARK}{after}", st.text(max_size=3), st.text(max_size=3)
)
kept_secrets = st.one_of(
    secrets, st.lists(secrets, max_size=2), st.dictionaries(st.just("x"), secrets)
)
photos = table(PhotoSettings)
accounts = table(AccountSettings, **dict.fromkeys(SECRET_KEYS, kept_secrets), photo=photos)
folders = table(FolderSettings, photo=photos)
names = st.sampled_from(["me", "ME", "a b", ""]) | st.text(max_size=5)
trees = table(
    Settings,
    accounts=st.dictionaries(names, accounts, max_size=2) | anything,
    folders=st.dictionaries(names, folders, max_size=2) | anything,
)


def refusal(loading: Callable[[], Loaded]) -> str:
    """The lines of the refusal, one for each problem and fit to print; "" where there is none."""
    try:
        loading()
    except SettingsError as error:
        told, problems = str(error), error.problems
    else:
        return ""
    assert len(told.splitlines()) == len(problems) > 0
    assert told.encode()
    return told


@given(tree=trees.filter(lambda tree: isinstance(tree, dict)))
@example(tree={"accounts": {"me": {"token": f"{MARK} x", "tokn": MARK}}, "patience": date.min})
def test_any_values_load_or_are_refused(tree: dict[str, Any]) -> None:
    """Nothing but a `SettingsError` comes out, one line a problem, without a secret."""
    names_by_section = {
        section: list(tree[section]) if isinstance(tree.get(section), dict) else []
        for section in ("accounts", "folders")
    }
    gathered = Gathered((Layer(tree, "file"),), names_by_section, Path("/s"), [], [])
    told = refusal(lambda: load_gathered(gathered, None, ENVIRON))
    assert MARK not in told


@settings(max_examples=200)
@given(
    raw=st.binary(max_size=200) | st.text(max_size=200).map(lambda t: t.encode("utf-8", "replace"))
)
def test_any_bytes_load_or_are_refused(raw: bytes) -> None:
    """A file of anything is refused as a configuration, not with a traceback."""
    with tempfile.TemporaryDirectory() as directory:
        file = Path(directory, "uploadd.toml")
        file.write_bytes(raw)
        with suppress(ConfigurationError):
            assert load(file, ENVIRON).configuration.source == file


variables = st.sampled_from(
    [
        *(f"UPLOADD_{key.upper()}" for key in Settings.model_fields),
        *(f"UPLOADD_ACCOUNTS__ME__{key.upper()}" for key in AccountSettings.model_fields),
        *(f"UPLOADD_ACCOUNTS__ME__PHOTO__{key.upper()}" for key in PhotoSettings.model_fields),
        *(f"UPLOADD_FOLDERS__A__{key.upper()}" for key in FolderSettings.model_fields),
        *(f"UPLOADD_FOLDERS__A__PHOTO__{key.upper()}" for key in PhotoSettings.model_fields),
    ]
) | st.text(max_size=9).map("UPLOADD_".__add__)
words = st.text(st.characters(exclude_characters="\0"), max_size=20) | st.sampled_from(
    ["[", '["a"]', "true", "1", "/p", "me", "nan", "0.5", "{stem}", "public"]
)


@given(environ=st.dictionaries(variables, words, max_size=6))
def test_any_environment_loads_or_is_refused(environ: dict[str, str]) -> None:
    """The same for variables, whose names are shown and whose secrets are not."""
    marked = {
        name: f"{MARK} {value}" if name.endswith(("TOKEN", "SECRET", "KEY")) else value
        for name, value in environ.items()
    }
    assert MARK not in refusal(lambda: load(None, {**ENVIRON, **marked}))


credentials = st.dictionaries(
    st.one_of(
        st.builds(
            lambda account, key: os.fsencode(f"uploadd.{account}.{key}"),
            st.sampled_from(["me", "ME", "m\n", "", "other"]),
            st.sampled_from([*SECRET_KEYS, "tokn", ""]),
        ),
        st.binary(min_size=1, max_size=20).map(lambda raw: b"uploadd." + raw),
    ).filter(lambda name: b"/" not in name and b"\0" not in name),
    st.one_of(
        st.binary(max_size=30),
        st.just(b"x" * 70_000),
        st.sampled_from([b"", b" \n", b"\xff\xfe", b"two\nlines", b"nul\0", b"\x1b[31m"]),
    ).map(lambda raw: MARK.encode() + raw if raw.strip() else raw),
    max_size=4,
)


@given(files=credentials, is_saved=st.booleans())
def test_any_credential_files_load_or_are_refused(
    files: dict[bytes, bytes], *, is_saved: bool
) -> None:
    """Names and contents of any bytes: used, warned of, or refused; and never shown."""
    with tempfile.TemporaryDirectory() as home:
        state = Path(home, "state")
        directory = state / "credentials" if is_saved else Path(home, "run")
        directory.mkdir(parents=True)
        for name, content in files.items():
            Path(os.fsdecode(os.path.join(os.fsencode(directory), name))).write_bytes(content)
        toml = Path(home, "uploadd.toml")
        toml.write_text(f"state_dir = '{state}'\n[accounts.me]\n")
        environ = {**ENVIRON, "CREDENTIALS_DIRECTORY": "" if is_saved else str(directory)}
        warnings: list[str] = []

        def loading() -> Loaded:
            loaded = load(toml, environ)
            warnings.extend(str(one) for one in loaded.warnings)
            assert MARK not in repr(loaded.configuration)
            return loaded

        assert MARK not in refusal(loading)
        for warning in warnings:
            assert MARK not in warning
            assert len(warning.splitlines()) == 1
            assert warning.encode()


pieces = st.sampled_from(
    ["{", "}", "{{", "}}", "!", ":", "r", "x", ".", "[0]", "{stem}", "{x}", "stem"]
)


@given(template=st.lists(pieces).map("".join) | st.text(max_size=20))
def test_template_that_passes_the_check_renders(template: str) -> None:
    """No photo meets a template that cannot be filled in."""
    with suppress(ConfigurationError):
        check_template(template)
        render(template, dict.fromkeys(VARIABLES, "v"))

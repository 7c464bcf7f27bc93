"""A saved login: whole, private, and never half of one and half of another."""

from __future__ import annotations

import os
from itertools import count
from pathlib import Path
from typing import Any

import pytest

from uploadd.model.errors import StoreError
from uploadd.model.secret import Secret
from uploadd.settings.credentials import read_saved
from uploadd.settings.layers import Layer, value_at
from uploadd.store.saved_login import save

OLD, NEW = ("old-token", "old-secret"), ("new-token", "new-secret")


class PowerCut(BaseException):
    """The machine goes off."""


def put(state_dir: Path, pair: tuple[str, str], account: str = "me") -> Path:
    return save(state_dir, account, Secret(pair[0]), Secret(pair[1]))


def found(state_dir: Path, account: str = "me") -> tuple[object, object]:
    """The pair as the settings read it."""
    found = read_saved(state_dir, [account], [Layer({})])
    layer, problems = found.layer, [*found.doubted, *found.refused]
    assert problems == []
    return (
        value_at(layer.tree, ("accounts", account, "token")),
        value_at(layer.tree, ("accounts", account, "token_secret")),
    )


def test_the_settings_read_what_was_saved(tmp_path: Path) -> None:
    """With its names, for one account and not for another."""
    put(tmp_path / "state", OLD)
    put(tmp_path / "state", NEW, "my-cam_2")
    assert found(tmp_path / "state") == OLD
    assert found(tmp_path / "state", "my-cam_2") == NEW
    put(tmp_path / "state", NEW)
    assert found(tmp_path / "state") == NEW


def test_only_its_owner_may_read_it(tmp_path: Path) -> None:
    """Whatever the umask is, and whatever the directory was before."""
    before = os.umask(0)
    try:
        (tmp_path / "credentials").mkdir(mode=0o777)
        directory = put(tmp_path, OLD)
    finally:
        os.umask(before)
    assert directory.stat().st_mode & 0o777 == 0o700
    assert {path.stat().st_mode & 0o777 for path in directory.iterdir()} == {0o600}


def test_a_secret_that_the_service_does_not_have_is_removed(tmp_path: Path) -> None:
    """The account was Flickr's, and is ipernity's now."""
    put(tmp_path, OLD)
    put(tmp_path, ("new-token", ""))
    assert found(tmp_path) == ("new-token", None)


@pytest.mark.parametrize("second", [NEW, ("new-token", "")])
def test_a_crash_at_any_step_leaves_no_mixture(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, second: tuple[str, str]
) -> None:
    """The old login, none, or the new one; and the next save works."""
    seen = set()
    for step in count(1):
        state_dir = tmp_path / str(step)
        put(state_dir, OLD)
        if not cut_at(state_dir, second, step, monkeypatch):
            break
        pair = found(state_dir)
        seen.add(pair)
        new = (second[0], second[1] or None)
        assert pair in (OLD, (None, OLD[1]), (None, new[1]), new)
        put(state_dir, second)
        assert found(state_dir) == new
        assert not list((state_dir / "credentials").glob(".*"))
    assert step > 6
    assert OLD in seen


def cut_at(
    state_dir: Path, pair: tuple[str, str], step: int, monkeypatch: pytest.MonkeyPatch
) -> bool:
    """Save, with the power going right before the n-th thing that reaches the disk."""
    steps = count(1)

    def until(work: Any) -> Any:
        def done(*args: Any, **named: Any) -> Any:
            if next(steps) == step:
                raise PowerCut
            return work(*args, **named)

        return done

    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", until(os.fsync))
        patch.setattr(Path, "replace", until(Path.replace))
        patch.setattr(Path, "unlink", until(Path.unlink))
        try:
            put(state_dir, pair)
        except PowerCut:
            return True
    return False


def test_a_directory_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    """In one line, without the secret."""
    (tmp_path / "credentials").write_text("a file")
    with pytest.raises(StoreError, match="cannot be saved") as raised:
        put(tmp_path, NEW)
    assert "new-" not in str(raised.value)


def test_a_login_that_changes_while_it_is_read_is_read_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The token of the old one was read when the new one came."""
    put(tmp_path, OLD)
    reads = count()
    real = os.open

    def interrupted(path: Any, *args: Any, **named: Any) -> Any:
        if str(path).endswith("token_secret") and next(reads) == 0:
            put(tmp_path, NEW)
        return real(path, *args, **named)

    monkeypatch.setattr(os, "open", interrupted)
    assert found(tmp_path) == NEW

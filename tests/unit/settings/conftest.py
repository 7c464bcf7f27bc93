"""What the tests of the settings share: a file in a home directory, and reading it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from uploadd.settings import Loaded, SettingsError, load

Read = Callable[..., Loaded]


@pytest.fixture
def read(tmp_path: Path) -> Read:
    """Loads this TOML with this environment, from a file that only its owner can read."""

    def read(toml: str, environ: Mapping[str, str] | None = None, mode: int = 0o600) -> Loaded:
        file = tmp_path / "uploadd.toml"
        file.write_text(toml)
        file.chmod(mode)
        return load(file, {"HOME": str(tmp_path), **(environ or {})})

    return read


@pytest.fixture
def refusal(read: Read) -> Callable[..., list[str]]:
    """The lines with which this TOML and this environment are refused, without the file's name."""

    def refusal(toml: str, environ: Mapping[str, str] | None = None) -> list[str]:
        with pytest.raises(SettingsError) as caught:
            read(toml, environ)
        lines = str(caught.value).splitlines()
        assert len(lines) == len(caught.value.problems)
        return [line.partition("uploadd.toml: ")[2] or line for line in lines]

    return refusal

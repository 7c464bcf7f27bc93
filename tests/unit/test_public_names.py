"""What `from uploadd import …` gives, and what it costs."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

import uploadd
from uploadd import OutcomeUnknownError, UploaddError


def test_importing_uploadd_loads_nothing() -> None:
    """Nor does importing its sandbox load anything of uploadd's own."""
    program = (
        "import sys, json, uploadd, uploadd.sandbox;"
        "print(json.dumps([n for n in sys.modules if n.startswith('uploadd.')]))"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, check=True)
    loaded = json.loads(done.stdout)
    assert all(name.startswith("uploadd.sandbox") for name in loaded)


def test_every_public_name_is_there() -> None:
    """And no other."""
    assert all(getattr(uploadd, name).__name__ == name for name in uploadd.__all__)
    assert set(uploadd.__all__) <= set(dir(uploadd))
    with pytest.raises(AttributeError, match="no attribute 'nonsense'"):
        uploadd.nonsense  # type: ignore[attr-defined]  # noqa: B018
    assert issubclass(OutcomeUnknownError, UploaddError)

"""For tests that name a file by its path alone."""

from __future__ import annotations

import os
from pathlib import Path

from uploadd.files.reaching import Roots, Route
from uploadd.model.places import Spot


def route_to(path: bytes | Path) -> Route:
    """From the directory that holds it."""
    return Roots().route(Spot(*os.path.split(os.fsencode(path))))

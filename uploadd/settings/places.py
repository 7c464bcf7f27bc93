"""Where the configuration file and the state directory are."""

from __future__ import annotations

import os
import pwd
from collections.abc import Mapping
from pathlib import Path

from uploadd.model.errors import ConfigurationError
from uploadd.model.signs import escaped

FILE = Path("uploadd", "uploadd.toml")
SYSTEM_DIRECTORY = Path("/etc/uploadd")
SYSTEM_STATE = Path("/var/lib/uploadd")


def find_config(option: Path | None, environ: Mapping[str, str]) -> Path | None:
    """The configuration file: `--config`, else $UPLOADD_CONFIG, else the first that exists.

    Named ones are returned whether or not they exist; `load` says so then. None: there is no
    file, and none is needed because the environment sets an account. Raises
    `ConfigurationError` where there is neither.
    """
    named = str(option) if option is not None else environ.get("UPLOADD_CONFIG", "")
    if named:
        return expanded(named, environ)
    places = usual_places(environ)
    for place in places:
        if _is_there(place):
            return place
    if any(name.upper().startswith("UPLOADD_ACCOUNTS__") for name in environ):
        return None
    raise ConfigurationError(
        escaped("there is no configuration file; looked at " + " and ".join(map(str, places))),
        f"copy the commented example config/uploadd.toml to {escaped(str(places[0]))} "
        "and fill it in, or name another file with --config",
    )


def usual_places(environ: Mapping[str, str]) -> list[Path]:
    """Where the file is looked for when none is named, in order."""
    own = _xdg(environ, "XDG_CONFIG_HOME", ".config")
    return [*([own / FILE] if own else []), SYSTEM_DIRECTORY / FILE.name]


def default_state_dir(config: Path | None, environ: Mapping[str, str]) -> Path | None:
    """The state directory that goes with this configuration file, whoever calls.

    None: the caller has no home directory to put it in.
    """
    if config is not None and _is_of_the_system(config):
        return SYSTEM_STATE
    home = _xdg(environ, "XDG_STATE_HOME", ".local/state")
    return home / "uploadd" if home else None


def expanded(path: str, environ: Mapping[str, str]) -> Path:
    """`path` with `~` and `~user` replaced where these are known."""
    if path == "~" or path.startswith("~/"):
        home = _home(environ)
        return Path(home + path[1:]) if home else Path(path)
    return Path(os.path.expanduser(path)) if path.startswith("~") else Path(path)


def _is_of_the_system(config: Path) -> bool:
    absolute = Path(os.path.abspath(config))
    return SYSTEM_DIRECTORY in {absolute.parent, Path(os.path.realpath(absolute)).parent}


def _is_there(path: Path) -> bool:
    """Whether something is at `path`; what may not be looked at counts, so that it gets said."""
    try:
        path.stat()
    except (FileNotFoundError, NotADirectoryError):
        return False
    except OSError:
        return True
    return True


def _xdg(environ: Mapping[str, str], variable: str, below_home: str) -> Path | None:
    """An XDG base directory; relative values count as not set, as its specification says."""
    if os.path.isabs(environ.get(variable, "")):
        return Path(environ[variable])
    home = _home(environ)
    return Path(home, below_home) if home else None


def _home(environ: Mapping[str, str]) -> str | None:
    if os.path.isabs(environ.get("HOME", "")):
        return environ["HOME"]
    try:
        return pwd.getpwuid(os.getuid()).pw_dir
    except KeyError:
        return None

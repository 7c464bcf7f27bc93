"""What a user can set: read from files and the environment, checked, given out as plain values.

`find_config` says which file is meant, `load` reads it. Both take the environment as an argument
and read nothing global but files (and, for `~`, the user database). The rules come from the
design, section 6 and section 9 "Configuration"; users read them in `docs/configuration.md`.
"""

from uploadd.settings.loading import Loaded, load
from uploadd.settings.places import SYSTEM_DIRECTORY, find_config
from uploadd.settings.problems import Problem, SettingsError

__all__ = ["SYSTEM_DIRECTORY", "Loaded", "Problem", "SettingsError", "find_config", "load"]

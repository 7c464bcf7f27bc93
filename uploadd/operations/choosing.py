"""Which account a command means: the one that is named, or the only one there is. Pure."""

from __future__ import annotations

from uploadd.model.configuration import Account, Configuration
from uploadd.model.errors import UsageError


def account_called(configuration: Configuration, name: str, said: str = "") -> Account:
    """The account `name`. `said`: how the person wrote it. Raises `UsageError`."""
    if name not in configuration.accounts:
        known = ", ".join(configuration.accounts) or "none is configured"
        raise UsageError(f"{said or name} is not an account", f"known are: {known}")
    return configuration.accounts[name]


def account_asked_for(configuration: Configuration, option: str | None) -> Account:
    """The account of `--account`; None: the only one. Raises `UsageError` where that is not one."""
    if not configuration.accounts:
        raise UsageError("no account is configured", "add an [accounts.NAME] to the configuration")
    if option is not None:
        return account_called(configuration, option, f"--account {option}")
    if len(configuration.accounts) > 1:
        known = ", ".join(configuration.accounts)
        raise UsageError("there are several accounts", f"say which with --account: {known}")
    return next(iter(configuration.accounts.values()))

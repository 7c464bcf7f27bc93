"""What a command means: which account, and that each folder is a directory of its own."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from uploadd.files.membership import Folders
from uploadd.model.configuration import Account, Configuration, Folder
from uploadd.model.errors import ConfigurationError, UsageError
from uploadd.operations.accepted import folders_of


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


def folder_called(configuration: Configuration, name: str) -> Folder:
    """The folder that `--folder` names. Raises `UsageError`."""
    if name not in configuration.folders:
        known = ", ".join(configuration.folders) or "none is configured"
        raise UsageError(f"--folder {name} is not a folder", f"known are: {known}")
    return configuration.folders[name]


def refuse_wrong_folders(configuration: Configuration) -> None:
    """Raise `ConfigurationError` where a folder has no directory of its own."""
    for text, remedy in wrong_folders(folders_of(configuration), configuration.folders.values()):
        raise ConfigurationError(text, remedy)


def wrong_folders(places: Folders, folders: Iterable[Folder]) -> Iterator[tuple[str, str]]:
    """What is wrong with folders that have no directory of their own, and what to do (blocking).

    Where two are one, nobody knows whose settings hold.
    """
    for folder in folders:
        if places.is_own(folder.root):
            text = f"folders.{folder.name} is uploadd's own state directory: {folder.path}"
            yield text, "set another state_dir, or the path of the photos"
    for one, other in places.same():
        accounts = ", ".join(f'"{name}"' for name in dict.fromkeys(one.accounts + other.accounts))
        yield (
            f"folders.{one.name} and folders.{other.name} are one directory: {other.path}",
            f"make one folder of both, with accounts = [{accounts}]",
        )

"""Which trees a backfill's directories mean: by whose rules, and to which accounts."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from uploadd.files.directories import trouble_with_directory
from uploadd.intake.tree import is_inside, plain_folder, root_for, root_of
from uploadd.model.configuration import Configuration, Folder
from uploadd.model.errors import UsageError
from uploadd.model.left_alone import LeftAlone
from uploadd.model.privacy import EVERYTHING_ELSE, privacy_by_account, privacy_text
from uploadd.operations.choosing import account_asked_for


@dataclass(frozen=True, slots=True)
class Wanted:
    """A directory to be walked: `start` is where the walk begins, from `root` (empty: there)."""

    root: bytes
    start: bytes
    folder: Folder

    @property
    def directory(self) -> bytes:
        """The directory itself."""
        return os.path.join(self.root, self.start) if self.start else self.root


def wanted_trees(
    configuration: Configuration,
    directories: Sequence[str],
    account: str | None,
    folder: str | None,
) -> list[Wanted]:
    """One tree for each directory. Raises `UsageError` for what is missing or not known."""
    return [_wanted(configuration, directory, account, folder) for directory in directories]


def privacy_of(configuration: Configuration, wanted: Sequence[Wanted]) -> list[str]:
    """Who sees what these directories hold: a text for each folder, or for everything else."""
    texts = []
    for one in wanted:
        accounts = [configuration.accounts[name] for name in one.folder.accounts]
        by_account = privacy_by_account(one.folder, accounts)
        texts.append(privacy_text(one.folder.name or EVERYTHING_ELSE, by_account))
    return list(dict.fromkeys(texts))


def separate(directories: Sequence[bytes]) -> list[bytes]:
    """The directories without those that lie in another of them."""
    found: list[bytes] = []
    for directory in sorted(set(directories)):
        if not any(is_inside(directory, above) for above in found):
            found.append(directory)
    return found


def sum_below(left_alone: Mapping[bytes, LeftAlone]) -> LeftAlone:
    """What was left alone in all, by the directory of each walk; nothing is counted twice."""
    found = LeftAlone()
    for directory in separate(list(left_alone)):
        found = found.plus(left_alone[directory])
    return found


def _wanted(
    configuration: Configuration, directory: str, account: str | None, folder: str | None
) -> Wanted:
    path = os.fsencode(os.path.abspath(directory))
    trouble = trouble_with_directory(path)
    if trouble is not None:
        raise UsageError(*trouble)
    rules, root = _rules(configuration, path, folder)
    names = _accounts(configuration, account, rules)
    rules = replace(rules, accounts=names)
    start = b"" if path == root else os.path.relpath(path, root)
    return Wanted(root, start, rules)


def _rules(configuration: Configuration, path: bytes, folder: str | None) -> tuple[Folder, bytes]:
    """The folder whose settings hold for `path`, and the root that its patterns start from."""
    if folder is not None:
        if folder not in configuration.folders:
            known = ", ".join(configuration.folders) or "none is configured"
            raise UsageError(f"--folder {folder} is not a folder", f"known are: {known}")
        rules = configuration.folders[folder]
        return rules, root_for(path, rules)
    inside = [rules for rules in configuration.folders.values() if is_inside(path, root_of(rules))]
    if inside:
        rules = max(inside, key=lambda rules: len(root_of(rules)))
        return rules, root_of(rules)
    return plain_folder(path), path


def _accounts(configuration: Configuration, account: str | None, rules: Folder) -> tuple[str, ...]:
    if account is not None:
        return (account_asked_for(configuration, account).name,)
    return rules.accounts or (account_asked_for(configuration, None).name,)

"""The first line of a backfill: whose settings hold for what, and who sees it."""

from __future__ import annotations

from collections.abc import Sequence

from uploadd.model.configuration import Configuration
from uploadd.model.privacy import EVERYTHING_ELSE, privacy_by_account, privacy_text
from uploadd.operations.backfill.trees import Wanted

NOT_NAMED = "{}: not sent, it does not name the account"
KEEPS = "{} (keeps its settings and exclusions)"
"""A folder below DIR, beside the one that `--folder` names."""


def first_line(configuration: Configuration, wanted: Sequence[Wanted]) -> str:
    """A text for each folder that lies there, and for everything else."""
    is_named = any(one.is_named for one in wanted)
    return "; ".join(dict.fromkeys(_text(configuration, one, is_named) for one in wanted))


def _text(configuration: Configuration, one: Wanted, is_named: bool) -> str:
    name, folder = one.folder.name or EVERYTHING_ELSE, one.folder
    if not folder.accounts:
        return NOT_NAMED.format(name)
    if is_named and folder.name:
        name = f"--folder {name}" if one.is_named else KEEPS.format(name)
    accounts = [configuration.accounts[account] for account in folder.accounts]
    return privacy_text(name, privacy_by_account(folder if folder.name else None, accounts))

"""Who sees what is uploaded, so that nobody finds out afterwards."""

from __future__ import annotations

from collections.abc import Iterator

from uploadd.model.configuration import Configuration
from uploadd.model.privacy import (
    EVERYTHING_ELSE,
    folder_privacy,
    is_unsaid,
    privacy_by_account,
    privacy_text,
)
from uploadd.operations.check.findings import Finding, ok, warning

IS_NEW = (
    'new photos are private now; privacy = "account" is as before, and privacy = "private" keeps'
    " them so and ends this warning"
)


def stated(configuration: Configuration) -> Iterator[Finding]:
    """One finding for each folder, a warning where no setting says it; then everything else."""
    accounts = configuration.accounts
    for folder in configuration.folders.values():
        text = privacy_text(folder.name, folder_privacy(configuration, folder))
        subject = f"folders.{folder.name}.photo"
        if is_unsaid(folder, [accounts[name] for name in folder.accounts]):
            yield warning(subject, text, IS_NEW)
        else:
            yield ok(subject, text)
    if accounts:
        rest = privacy_by_account(None, accounts.values())
        yield ok("folders", privacy_text(EVERYTHING_ELSE, rest))

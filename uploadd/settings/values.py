"""From checked settings to the plain values of `uploadd.model.configuration`."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from pydantic import SecretStr

from uploadd.model.configuration import Account, Folder
from uploadd.model.photo import PhotoTable
from uploadd.model.secret import Secret
from uploadd.settings.names import matching_name
from uploadd.settings.places import expanded
from uploadd.settings.schema import AccountSettings, FolderSettings, PhotoSettings, Settings


def accounts_of(settings: Settings) -> dict[str, Account]:
    """The accounts by name."""
    return {name: _account(name, account) for name, account in settings.accounts.items()}


def folders_of(settings: Settings, environ: Mapping[str, str]) -> dict[str, Folder]:
    """The folders by name, with `~` replaced and accounts named as they are configured."""
    known = list(settings.accounts)
    return {
        name: _folder(
            name,
            folder,
            path=expanded(folder.path, environ),
            accounts=tuple(matching_name(wanted, known) or wanted for wanted in folder.accounts),
        )
        for name, folder in settings.folders.items()
    }


def _account(name: str, account: AccountSettings) -> Account:
    return Account(
        name=name,
        service=account.service,
        api_key=_secret(account.api_key),
        api_secret=_secret(account.api_secret),
        token=_secret(account.token),
        token_secret=_secret(account.token_secret),
        parallel_uploads=account.parallel_uploads,
        calls_per_hour=account.calls_per_hour,
        bytes_per_second=account.bytes_per_second,
        dedup_check=account.dedup_check,
        content_tag=account.content_tag,
        base_url=account.base_url,
        photo=_photo(account.photo),
    )


def _folder(name: str, folder: FolderSettings, path: Path, accounts: tuple[str, ...]) -> Folder:
    return Folder(
        name=name,
        path=path,
        accounts=accounts,
        watch=folder.watch,
        settle_seconds=folder.settle_seconds,
        settle_unproven_seconds=folder.settle_unproven_seconds,
        settle_unfinished_seconds=folder.settle_unfinished_seconds,
        poll_seconds=folder.poll_seconds,
        rescan_seconds=folder.rescan_seconds,
        include=tuple(folder.include),
        exclude=tuple(folder.exclude),
        on_change=folder.on_change,
        after_upload=folder.after_upload,
        photo=_photo(folder.photo),
    )


def _photo(photo: PhotoSettings) -> PhotoTable:
    tags = None if photo.tags is None else tuple(photo.tags)
    return PhotoTable(**{**photo.model_dump(), "tags": tags})


def _secret(secret: SecretStr) -> Secret:
    return Secret(secret.get_secret_value())

"""Who sees what is uploaded, folder by folder, in the words that people read. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from uploadd.model.configuration import Account, Configuration, Folder, photo_fields
from uploadd.model.photo import Privacy

EVERYTHING_ELSE = "everything else"
"""Files that lie in no configured folder."""

SITES_DEFAULT = "by the site's default"
"""What `account` means, where no setting stands beside it."""

VIEWERS: dict[Privacy, frozenset[str]] = {
    Privacy.PRIVATE: frozenset(),
    Privacy.FRIENDS: frozenset({"friends"}),
    Privacy.FAMILY: frozenset({"family"}),
    Privacy.FRIENDS_FAMILY: frozenset({"friends", "family"}),
    Privacy.PUBLIC: frozenset({"friends", "family", "everybody"}),
}


def privacy_by_account(folder: Folder | None, accounts: Iterable[Account]) -> dict[str, Privacy]:
    """Who sees a folder's photos on each account, by its name. None: files in no folder."""
    return {account.name: photo_fields(folder, account).privacy for account in accounts}


def privacy_text(name: str, by_account: Mapping[str, Privacy]) -> str:
    """`camera: private`; `camera: private on me, public on other` where accounts differ."""
    words = {account: _word(privacy) for account, privacy in by_account.items()}
    if len(set(words.values())) == 1:
        return f"{name}: {next(iter(words.values()))}"
    return f"{name}: {', '.join(f'{word} on {account}' for account, word in words.items())}"


def privacy_texts(configuration: Configuration) -> Iterator[str]:
    """One text for each folder, and one for everything else."""
    for folder in configuration.folders.values():
        yield privacy_text(folder.name, folder_privacy(configuration, folder))
    if configuration.accounts:
        rest = privacy_by_account(None, configuration.accounts.values())
        yield privacy_text(EVERYTHING_ELSE, rest)


def folder_privacy(configuration: Configuration, folder: Folder) -> dict[str, Privacy]:
    """Who sees a folder's photos on each of its accounts."""
    accounts = (configuration.accounts[name] for name in folder.accounts)
    return privacy_by_account(folder, accounts)


def is_unsaid(folder: Folder, accounts: Iterable[Account]) -> bool:
    """Whether no setting says who sees a folder's photos, on one of its accounts at least."""
    return not folder.photo.has_privacy and not all(
        account.photo.has_privacy for account in accounts
    )


def is_wider(photo: Privacy, settings: Privacy) -> bool:
    """Whether a photo that came so is, or may be, shown to somebody whom the settings leave out.

    What the site's own default shows is not known; as a setting it leaves out nobody.
    """
    if settings in (photo, Privacy.PUBLIC, Privacy.ACCOUNT):
        return False
    return photo is Privacy.ACCOUNT or not VIEWERS[photo] <= VIEWERS[settings]


def kept_privacy(photo_id: str, came: Privacy | None, settings: Privacy) -> str:
    """What to say of a photo that stays as it is; empty where it is no wider than the settings.

    `came`: who was to see it when uploadd sent it; None: it came otherwise.
    """
    if came is None and settings not in (Privacy.PUBLIC, Privacy.ACCOUNT):
        return (
            f"who sees photo {photo_id} was decided on the service, and is left so; it is not known"
            f" here, and may be more than the settings say ({settings})"
        )
    if came is not None and is_wider(came, settings):
        how = "with the site's default" if came is Privacy.ACCOUNT else f"as {came}"
        return f"photo {photo_id} was sent {how}, and is left so; the settings say {settings} now"
    return ""


def _word(privacy: Privacy) -> str:
    return SITES_DEFAULT if privacy is Privacy.ACCOUNT else privacy

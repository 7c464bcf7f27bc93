"""The rules that hold between keys. Each takes settings whose single keys are valid."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence

from uploadd.model.configuration import ServiceName
from uploadd.model.photo import FLAG_KEYS
from uploadd.settings.kinds import is_loopback
from uploadd.settings.names import matching_name
from uploadd.settings.problems import BARE_KEY, KeyPath, quoted_key, written
from uploadd.settings.schema import AccountSettings, FolderSettings, PhotoSettings, Settings

Broken = Iterator[tuple[KeyPath, str]]
"""Keys that break a rule, each with what was found and what was expected."""

LONGEST_NAME = 64


def names(by_section: Mapping[str, Sequence[str]]) -> Broken:
    """Names of accounts and folders are plain words, and unique without regard to case."""
    for section, owners in by_section.items():
        same = defaultdict(list)
        for name in owners:
            same[name.lower()].append(name)
            if not BARE_KEY.fullmatch(name) or len(name) > LONGEST_NAME:
                expected = f"at most {LONGEST_NAME} of the signs A-Z a-z 0-9 _ -"
                yield (section, name), f"is not a name; expected {expected}"
        for first, *others in same.values():
            for name in others:
                told = f"differs from {quoted_key(first)} only in case; rename one of them"
                yield (section, name), told


def accounts(settings: Settings) -> Broken:
    """An account must have one way to find a photo that may have arrived.

    On ipernity that is the content itself, whatever is set here.
    """
    for name, account in settings.accounts.items():
        is_flickr = account.service is ServiceName.FLICKR
        if is_flickr and not account.content_tag and account.dedup_check == 0:
            told = (
                "found false together with dedup_check = 0, expected one of the two: "
                "without both, a photo whose reply was lost could be sent twice"
            )
            yield ("accounts", name, "content_tag"), told


def patience(settings: Settings) -> Broken:
    """Only stand-in services are asked more often than the design's delays say."""
    far = [name for name, account in settings.accounts.items() if not _is_near(account)]
    if settings.patience < 1 and far:
        where = ", ".join(f"accounts.{name}" for name in far)
        told = (
            f"found {settings.patience:g}, expected at least 1: below 1 every account's base_url "
            f"must be loopback, and this is not so for {where}"
        )
        yield ("patience",), told


def folders(settings: Settings, known: Sequence[str]) -> Broken:
    """The accounts that a folder goes to exist and are named once. `known`: all of them."""
    for name, folder in settings.folders.items():
        yield from _folder(("folders", name, "accounts"), folder, known)


def privacy(settings: Settings) -> Broken:
    """A table says who sees a photo by the word or by the numbers: both could differ."""
    for section, owners in (("accounts", settings.accounts), ("folders", settings.folders)):
        for name, owner in owners.items():
            yield from _privacy((section, name, "photo", "privacy"), owner.photo)


def _folder(key: KeyPath, folder: FolderSettings, known: Sequence[str]) -> Broken:
    seen = set()
    for position, wanted in enumerate(folder.accounts):
        account = matching_name(wanted, known)
        if account is None:
            there = ", ".join(known) if known else "there is none"
            told = f"found {wanted[:60]!r}, expected the name of an account ({there})"
            yield (*key, position), told
        elif account in seen:
            yield (*key, position), f"names {written((account,))} a second time; leave it out"
        seen.add(account)


def _privacy(key: KeyPath, photo: PhotoSettings) -> Broken:
    beside = [name for name in FLAG_KEYS if getattr(photo, name) is not None]
    if photo.privacy is not None and beside:
        told = (
            f'found "{photo.privacy}" beside {" and ".join(beside)}, expected one or the other: '
            "privacy says it all"
        )
        yield key, told


def _is_near(account: AccountSettings) -> bool:
    return is_loopback(account.base_url)

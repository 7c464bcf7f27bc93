"""What a backfill claims of the files that were found: people go by it when they wipe a card."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence

from uploadd.files.media import FileKind
from uploadd.files.opening import printable
from uploadd.model.left_alone import MOST_NAMED, LeftAlone
from uploadd.model.numbers import counted, number
from uploadd.model.restless import NOTHING_RESTLESS, Restless
from uploadd.model.states import TERMINAL, State
from uploadd.operations.backfill.endings import Finished
from uploadd.operations.backfill.remaining import AccountSum, Group

MOST_EXTENSIONS = 4

_ON_THEIR_WAY = {
    State.PROCESSING: "sent and to be confirmed",
    State.FILING: "sent and to be confirmed",
    State.UNCERTAIN: "to be looked up",
    State.UPLOADING: "being sent",
    State.QUEUED: "not yet sent",
}
_CUT = {**_ON_THEIR_WAY, State.UPLOADING: _ON_THEIR_WAY[State.UNCERTAIN]}
"""If no process goes on: the next deliverer looks up what was being sent."""
BY_CODE = {
    "empty": "empty",
    "damaged": "damaged",
    "ignored": "ignored",
    "excluded": "excluded",
    "hard-link": "perhaps linked by somebody else",
    "changed": "changed and left so",
    "deleted": "deleted on the service",
    "too-large": "too large",
    "unreadable": "not readable",
    "vanished": "not there any more",
}


def found_lines(finished: Finished) -> Iterator[str]:
    """How many files were found for each account, and their states."""
    so_far = " so far" if finished.snapshot.is_walking else ""
    for one in finished.accounts or (AccountSum(""),):
        yield (
            f"{_name_of(one, finished)}{counted(one.found, 'file')} found{so_far}:"
            f" {_counts(one, _ways(finished)) or 'nothing to do'}"
        )


def account_lines(finished: Finished) -> Iterator[str]:
    """For each account: that it has everything, or what it has not, and why."""
    for one in finished.accounts:
        text = _claim(one, finished)
        if text:
            yield f"{_name_of(one, finished)}{text}"


def left_alone_lines(
    left_alone: LeftAlone, settling: int = 0, restless: Restless = NOTHING_RESTLESS
) -> Iterator[str]:
    """What was not looked at: names that are passed by, and what could not be read.

    `settling`: files that were found and are not at rest; `restless`: those of them that stay so.
    """
    parts = list(_left_alone_parts(left_alone))
    if parts:
        yield f"left alone: {', '.join(parts)}"
    if left_alone.unread_directories:
        more = left_alone.unread_directories - len(left_alone.unread_named)
        named = ", ".join(left_alone.unread_named) + (f" and {number(more)} more" if more else "")
        yield f"not readable: {named}"
    for folder, files in left_alone.not_named.items():
        told = counted(files, "file")
        yield f"folder {folder}: {told} not sent, because it does not name the account"
    if restless.count:
        paths = restless.paths[:MOST_NAMED]
        more = restless.count - len(paths)
        names = ", ".join(map(printable, paths)) + (f" and {number(more)} more" if more else "")
        one = "file that is held open, keeps changing or lacks its end"
        several = "files that are held open, keep changing or lack their end"
        yield f"left for later: {counted(restless.count, one, several)}: {names}"
    if settling > restless.count:
        words = counted(settling - restless.count, "file that is", "files that are")
        yield f"left: {words} still being written"


def group_words(groups: Sequence[Group], ways: Mapping[State, str] = _ON_THEIR_WAY) -> str:
    """`5,900 RAW (.CR2, .NEF), 80 other types, 5 empty`.

    `ways`: the words for files that still have a way to go.
    """
    has_raw = any(one.code == "type" and one.kind is FileKind.RAW for one in groups)
    sums: Counter[tuple[str, str]] = Counter()
    for one in groups:
        sums[_words(one, ways, has_raw=has_raw)] += one.files
    return ", ".join(counted(files, *words) for words, files in sums.most_common())


def _claim(one: AccountSum, finished: Finished) -> str:
    """Empty where the states alone have said it."""
    if not one.groups and one.found:
        if finished.has_seen_all:
            return "everything is on the account"
        return f"{_are(one.found)} on the account, of those that were found"
    if not any(group.state in TERMINAL for group in one.groups):
        return ""
    absent = one.found - one.there
    words = group_words(one.groups, _ways(finished))
    text = f"{_are(one.there)} on the account. {_are(absent)} not: {words}"
    account = one.name if len(finished.accounts) > 1 else ""
    return f"{text}: `{_command(one.groups, account)}`"


def _command(groups: Sequence[Group], account: str) -> str:
    states = {group.state for group in groups if group.state in TERMINAL}
    options = [f" --state {state}" for state in State if state in states]
    if account:
        options.append(f" --account {account}")
    return f"uploadd jobs{''.join(options)}"


def _ways(finished: Finished) -> Mapping[State, str]:
    return _CUT if finished.left_to is None else _ON_THEIR_WAY


def _counts(one: AccountSum, ways: Mapping[State, str]) -> str:
    sums: Counter[str] = Counter({str(state): one.counts.get(state, 0) for state in TERMINAL})
    for state, words in ways.items():
        sums[words] += one.counts.get(state, 0)
    return ", ".join(f"{number(files)} {words}" for words, files in sums.items() if files)


def _words(group: Group, ways: Mapping[State, str], *, has_raw: bool) -> tuple[str, str]:
    """What stands behind the number of a group: of one file, and of several."""
    if group.state in ways:
        words = ways[group.state]
    elif group.code == "type" and group.kind is FileKind.RAW:
        words = f"RAW ({_extensions(group)})" if group.extensions else "RAW"
    elif group.code == "type":
        one = "other type" if has_raw else "of a type that is not taken"
        return one, "other types" if has_raw else "of types that are not taken"
    else:
        words = BY_CODE.get(group.code, f"{group.state} ({group.code})")
    return words, words


def _extensions(group: Group) -> str:
    more = ", …" if len(group.extensions) > MOST_EXTENSIONS else ""
    return ", ".join(group.extensions[:MOST_EXTENSIONS]) + more


def _left_alone_parts(left_alone: LeftAlone) -> Iterator[str]:
    if left_alone.excluded:
        directories = left_alone.excluded_directories
        of = f" ({counted(directories, 'of them a directory', 'of them directories')})"
        yield f"{number(left_alone.excluded)} excluded{of if directories else ''}"
    if left_alone.sidecar:
        yield counted(left_alone.sidecar, "sidecar")
    if left_alone.temporary:
        yield f"{number(left_alone.temporary)} hidden or unfinished"
    if left_alone.link:
        yield counted(left_alone.link, "link")
    if left_alone.unread_directories:
        count = left_alone.unread_directories
        yield f"{counted(count, 'directory', 'directories')} not readable"


def _name_of(one: AccountSum, finished: Finished) -> str:
    return f"{one.name}: " if len(finished.accounts) > 1 else ""


def _are(files: int) -> str:
    return counted(files, "is", "are")

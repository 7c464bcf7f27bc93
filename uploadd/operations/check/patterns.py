"""What each pattern of `include` and `exclude` did at the last walk of its folder.

Nothing is walked here: a pattern that matched nothing then is most likely misspelled, and what it
was to keep back goes out.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from uploadd.files.opening import printable
from uploadd.intake.selection import EVERYTHING, Choice, is_entered, judge
from uploadd.model.configuration import Configuration, Folder
from uploadd.model.numbers import counted, number
from uploadd.model.signs import escaped
from uploadd.model.walks import NOT_INCLUDED, Walk
from uploadd.operations.check.findings import Finding, ok, warning
from uploadd.operations.check.state_dir import how_long_ago

MOST_LINES = 10
"""Of the patterns of one list; further ones share a line."""


def counted_in_walks(
    walks: Mapping[str, Walk], configuration: Configuration, now: float
) -> Iterator[Finding]:
    """For each folder with patterns, what they did."""
    for folder in configuration.folders.values():
        walk = walks.get(folder.name)
        include = () if folder.include in EVERYTHING else folder.include
        for key, patterns in (("include", include), ("exclude", folder.exclude)):
            yield from _list(folder, key, tuple(dict.fromkeys(patterns)), walk, now)


def _list(
    folder: Folder, key: str, patterns: Sequence[str], walk: Walk | None, now: float
) -> Iterator[Finding]:
    subject = f"folders.{folder.name}.{key}"
    if not patterns:
        return
    if walk is None or walk.root != folder.root:
        yield ok(subject, "what each pattern leaves out is known after the folder's next walk")
        return
    at = f"at the last walk, {how_long_ago(now - walk.ended_at)}"
    if not walk.files and not any(walk.matches.values()):
        yield ok(subject, f"no pattern was tried: there was no file {at}")
        return
    known = {one: walk.matches[key, one] for one in patterns if (key, one) in walk.matches}
    yield from _those_that_matched(subject, {one: n for one, n in known.items() if n}, key, at)
    yield from _those_that_did_not(folder, key, [one for one, n in known.items() if not n], at)
    fresh = [one for one in patterns if one not in known]
    if fresh:
        yield ok(subject, f"known after the next walk: {_named(fresh)}")
    if key == "include":
        yield from _of_the_whole(folder, walk, at)


def _those_that_matched(
    subject: str, counts: Mapping[str, int], key: str, at: str
) -> Iterator[Finding]:
    rows = sorted(counts.items(), key=lambda row: -row[1])
    for pattern, count in rows[:MOST_LINES]:
        both = ("file or directory", "files and directories")
        what = counted(count, "file") if key == "include" else counted(count, *both)
        yield ok(subject, f"{_quoted(pattern)} {_did(key, pattern)} {what} {at}")
    if rows[MOST_LINES:]:
        others = ", ".join(f"{_quoted(one)} {number(count)}" for one, count in rows[MOST_LINES:])
        yield ok(subject, f"further patterns, with how much each one matched {at}: {others}")


def _those_that_did_not(
    folder: Folder, key: str, patterns: Sequence[str], at: str
) -> Iterator[Finding]:
    subject = f"folders.{folder.name}.{key}"
    needless = [one for one in patterns if _is_never_taken(one)]
    others = [one for one in patterns if one not in needless]
    if needless and key == "exclude":
        yield ok(subject, f"{_named(needless)}: what this names is never taken anyway")
    elif needless:
        text = f"{_named(needless)}: what this names is never taken, whatever include says"
        yield warning(subject, text, "leave it out")
    if others:
        remedy = (
            f"see whether it is spelled as on the disk, from {printable(folder.root)} on; leave it"
            " out if what it names is gone"
        )
        yield warning(subject, f"{_named(others)} matched nothing {at}", remedy)


def _of_the_whole(folder: Folder, walk: Walk, at: str) -> Iterator[Finding]:
    """What `include` as a whole leaves out."""
    subject, left = f"folders.{folder.name}.include", walk.matches.get(NOT_INCLUDED, 0)
    taken = sum(
        count
        for (key, pattern), count in walk.matches.items()
        if key == "include" and pattern and not pattern.startswith("!")
    )
    if left and not taken:
        text = f"no pattern matched any of {counted(left, 'file')} {at}: nothing is uploaded"
        yield warning(subject, text, 'write include = ["*"] for all of them')
    elif left:
        yield ok(subject, f"{counted(left, 'file')} matched no pattern {at}, and were left out")


def _did(key: str, pattern: str) -> str:
    if pattern.startswith("!"):
        return "took back" if key == "exclude" else "left out"
    return "took" if key == "include" else "left out"


def _is_never_taken(pattern: str) -> bool:
    """Whether it names what is left alone by its name, as far as that can be told."""
    name = pattern.lstrip("!").rstrip("/").rpartition("/")[2]
    name = f"x{name[1:]}" if name.startswith("*.") else name
    if not name or any(sign in name for sign in "*?[\\"):
        return False
    raw = name.encode("utf-8", "surrogateescape")
    return judge(raw) is not Choice.TAKE or not is_entered(raw)


def _named(patterns: Sequence[str]) -> str:
    return ", ".join(map(_quoted, patterns))


def _quoted(pattern: str) -> str:
    return f'"{escaped(pattern)}"'

"""Patterns of `include` and `exclude` that cannot match, each with what to write instead.

A file that a pattern was to keep back would go out without a word. So whatever looks like a
path, a shell's or another program's way to write it is refused here.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import islice

from uploadd.model.configuration import Folder
from uploadd.model.errors import ConfigurationError
from uploadd.model.folding import folded
from uploadd.model.globs import read_glob
from uploadd.model.signs import is_unsafe
from uploadd.settings.braces import TOKEN, UnbalancedError, expand
from uploadd.settings.problems import KeyPath, shown

MOST_NAMED = 6

_SCHEME = re.compile(r"[a-z]+://", re.IGNORECASE)
_HOME = re.compile(r"(?:~|\$HOME|\$\{\w+\}|\$USER|\$PWD)(?:/|$)")
_SEPARATED = re.compile(r"\s*[,;|]\s*|\s+")
_MANY_STARS = re.compile(r"\*{2,}")
_BARE_EXTENSION = re.compile(
    r"\.(?:jpe?g|jpe|png|gif|tiff?|hei[cf]|hif|webp|bmp|mp4|mov|m4v|3gp|3g2|avi|wmv|mpe?g|m2ts|mts"
    r"|raw|dng|cr2|cr3|nef|arw|orf|rw2|raf|psd|avif|mkv|webm)",
    re.IGNORECASE,
)
# What a shell puts a backslash before, but for the signs that a Windows path could mean by it.
_ESCAPABLE = frozenset(" !\"#$&'(),:;<=>[]^`{|}~")
_TOPS = frozenset({"home", "users", "mnt", "srv", "volumes", "volume1"})
"""Where a path of a disk begins, and hardly ever a folder of photos."""


def unmatchable(folders: Mapping[str, Folder]) -> Iterator[tuple[KeyPath, str]]:
    """Each pattern that cannot match, by its key, with what to write instead."""
    for name, folder in folders.items():
        for key, patterns in (("include", folder.include), ("exclude", folder.exclude)):
            for position, pattern in enumerate(patterns):
                told = _told(key, patterns[:position], pattern, os.fsdecode(folder.root))
                if told:
                    yield ("folders", name, key, position), f"{shown(pattern)} {told}"


def _told(key: str, earlier: Sequence[str], pattern: str, root: str) -> str:
    sign, body = ("!", pattern[1:]) if pattern.startswith("!") else ("", pattern)
    for rule in _RULES:
        told = rule(body, root, lambda *instead: _quoted(sign, instead))
        if told:
            return told
    try:
        read_glob(pattern)
    except ConfigurationError as error:
        return str(error)
    if sign and all(one.startswith("!") for one in earlier):
        instead = f"leave it out, or write exclude = [{_toml(body)}]"
        remedy = instead if key == "include" else "leave it out, or write it behind that one"
        return (
            f"takes back what an earlier pattern of the list matches, and there is none; {remedy}"
        )
    if key == "include" and any(part.startswith(".") for part in body.split("/")):
        return "names what is never taken, because it begins with a dot; leave it out"
    return ""


def _quoted(sign: str, instead: Sequence[str]) -> str:
    return ", ".join(_toml(sign + one) for one in instead)


def _toml(pattern: str) -> str:
    """As it stands in a TOML file."""
    return f"'{pattern}'" if "\\" in pattern and "'" not in pattern else f'"{pattern}"'


Write = Callable[..., str]
"""Patterns as they are to be written, in quotes and with the `!` of the one that was found."""


def _unseen(body: str, _: str, write: Write) -> str:
    # A surrogate stands for a byte that is no text: names have such bytes.
    odd = [one for one in body if is_unsafe(one) and not "\ud800" <= one <= "\udfff"]
    if not odd:
        return ""
    told = f"has a sign that nobody sees (U+{ord(odd[0]):04X})"
    instead = "".join(one for one in body if one not in odd).strip()
    return f"{told}; write {write(instead or '*')}, or ? where a name has that sign"


def _blank(body: str, _: str, write: Write) -> str:
    names = body.split("/")
    if not any(name != name.lstrip() or _ends_in_blank(name) for name in names):
        return ""
    stripped = "/".join(name.strip() for name in names)
    if not stripped.strip("/"):
        return "names nothing but a blank; leave it out"
    kept = "/".join(map(_with_blanks_escaped, names))
    told = "has a blank at the beginning or the end of a name"
    return f"{told}; write {write(stripped)}, or {write(kept)} if the name has it"


def _ends_in_blank(name: str) -> bool:
    return name != name.rstrip() and not name.rstrip().endswith("\\")


def _with_blanks_escaped(name: str) -> str:
    begin = "\\" if name != name.lstrip() else ""
    return f"{begin}{name[:-1]}\\{name[-1]}" if _ends_in_blank(name) else f"{begin}{name}"


def _in_quotes(body: str, _: str, write: Write) -> str:
    inner = body[1:-1]
    if not inner or body[0] != body[-1] or body[0] not in "\"'" or body[0] in inner:
        return ""
    return f"has quotes that belong to no name; write {write(inner)}"


def _several(body: str, _: str, write: Write) -> str:
    parts = _SEPARATED.split(body)
    if len(parts) == 1 or not all(part.startswith("*.") for part in parts):
        return ""
    return f"holds several patterns; write {write(*parts)}"


def _braces(body: str, _: str, write: Write) -> str:
    try:
        several = list(islice(expand(body), MOST_NAMED + 1))
    except UnbalancedError:
        told = "has braces that cannot be read, and they mean nothing in a pattern"
        return f"{told}; write one pattern for each, or [{{] for the sign itself"
    if several == [body]:
        return ""
    more = ", …" if len(several) > MOST_NAMED else ""
    told = "has braces, which mean nothing in a pattern"
    instead = write(*several[:MOST_NAMED])
    return f"{told}; write {instead}{more}, or [{{] for the sign itself"


def _backslash(body: str, _: str, write: Write) -> str:
    tokens = TOKEN.findall(body)
    wrong = [one for one in tokens if one[0] == "\\" and one[1:] not in _ESCAPABLE]
    if not wrong:
        return ""
    bare = "".join(_without_backslash(one) if one in wrong else one for one in tokens)
    if set(wrong) == {"\\."}:
        return f"has a backslash, which a dot does not need; write {write(bare)}"
    way = "/".join(part for part in body.replace("\\", "/").split("/") if part)
    way = f"/{way}" if body.startswith("/") else way
    way = f"{way}/" if body.endswith(("\\", "/")) else way
    told = "has a backslash, which does not part directories"
    return f"{told}; write {write(way)}, or {write(bare)} for the sign itself"


def _without_backslash(token: str) -> str:
    sign = token[1:] or "\\"
    return {"\\": "[\\\\]", "*": "[*]", "?": "[?]"}.get(sign, sign)


def _home(body: str, root: str, write: Write) -> str:
    found = _HOME.match(body)
    if found is None:
        return ""
    names, own = body[found.end() :].split("/"), root.split("/")
    told = f"begins with {body[: found.end()].rstrip('/')}, but a pattern is relative to {root}"
    for depth in range(len(own) - 1, 0, -1):
        if _same(own[-depth:], names[:depth]):
            return f"{told}; write {write(_anchored(names[depth:]))}"
    literal = f"[{body[0]}]{body[1:]}"
    return f"{told}; write it from there on, or {write(literal)} for the name itself"


def _way(body: str, root: str, write: Write) -> str:
    """`.`, `..`, and slashes beside each other."""
    plain = _SCHEME.sub("", body)
    names = plain.removeprefix("/").removesuffix("/").split("/")
    if plain == body and names != [""] and not {"", ".", ".."} & set(names):
        return ""
    kept: list[str] = []
    for name in names:
        if name == "..":
            if not kept:
                return "leads out of the folder, and a pattern names what lies in it; leave it out"
            kept.pop()
        elif name not in {"", "."}:
            kept.append(name)
    is_anchored = plain.startswith("/") or bool({".", ".."} & set(names))
    way = "/".join(kept) + ("/" if plain.endswith("/") or names[-1] in {".", ".."} else "")
    way = f"/{way}" if is_anchored and len(kept) <= 1 else way
    if plain.startswith("/"):
        way = _from_root(f"/{way.lstrip('/')}", root) or way
    told = "can match nothing: one / stands between two names, and no name is ."
    return f"{told}; write {write(way if kept else '*')}"


def _absolute(body: str, root: str, write: Write) -> str:
    if not body.startswith("/"):
        return ""
    names, own = body[1:].removesuffix("/").split("/"), root.split("/")[1:]
    inside = _from_root(body, root)
    is_near = len(names) > 1 and (_same(names[:1], own[:1]) or folded(names[0]) in _TOPS)
    if not inside and not is_near:
        return ""
    told = f"is a path, but a pattern begins at the folder, {root}"
    deep = body[1:] if len(names) > 1 else f"/[{body[1]}]{body[2:]}"
    there = f"{write(deep)} if the folder has such a directory itself"
    return (
        f"{told}; write {write(inside)}, or {there}"
        if inside
        else f"{told}; leave it out, or write {there}"
    )


def _from_root(body: str, root: str) -> str:
    """A pattern for the same place, where the folder's own path begins `body`; else empty."""
    names, own = body.split("/"), root.split("/")
    return _anchored(names[len(own) :]) if _same(names[: len(own)], own) else ""


def _anchored(names: Sequence[str]) -> str:
    return "/" + "/".join(names) if any(names) else "*"


def _same(names: Sequence[str], others: Sequence[str]) -> bool:
    return [folded(name) for name in names] == [folded(name) for name in others]


def _stars(body: str, _: str, write: Write) -> str:
    """`a/**b`: git's page and git itself do not agree on it."""
    names = body.removesuffix("/").split("/")
    if len(names) == 1 or not any("**" in name and name != "**" for name in names):
        return ""
    here = "/".join(name if name == "**" else _MANY_STARS.sub("*", name) for name in names)
    deep = "/".join(map(_at_every_depth, names))
    end = "/" if body.endswith("/") else ""
    told = "has ** beside other signs in a name"
    return f"{told}; write {write(here + end)}, or {write(deep + end)} for every depth"


def _at_every_depth(name: str) -> str:
    if "**" not in name or name == "**":
        return name
    return _MANY_STARS.sub("*/**/*", name).removeprefix("*/").removesuffix("/*")


def _extension(body: str, _: str, write: Write) -> str:
    if _BARE_EXTENSION.fullmatch(body) is None:
        return ""
    return f"names a hidden file, which is never taken; write {write(f'*{body}')}"


_RULES = (
    *(_unseen, _blank, _in_quotes, _several, _braces, _backslash),
    *(_home, _way, _absolute, _stars, _extension),
)

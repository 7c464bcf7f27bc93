"""Which names below a folder are candidates, and which directories are entered.

`include` and `exclude` are patterns as in a `.gitignore`, relative to the folder: see
`model/globs.py`. A file is taken if `include` matches it or a directory that it lies in, and
`exclude` does not match it; a directory that `exclude` matches is not entered. `!keep.jpg` takes
back what an earlier pattern of the same list matched.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from enum import Enum

from uploadd.intake.patterns import NO_PATTERN, Patterns, Spellings, spellings
from uploadd.model.walks import NOT_INCLUDED, PatternKey

# Sync tools, editors and file servers hide their unfinished files behind a dot:
# .syncthing.x.tmp, rsync's .x.A1b2C3 and .~tmp~/x, .goutputstream-…, .nfs…, .pending-… on Android.
_TEMPORARY_BEGINNINGS = (b".", b"~$", b"~syncthing~")
_TEMPORARY_ENDS = (b"~", b"_exiftool_tmp")
_TEMPORARY_EXTENSIONS = frozenset(
    b"!qb !sync !ut aria2 aria2__temp az! bc! crdownload crswap download downloading dtapart dwnl "
    b"fb! fdmdownload ffs_lock ffs_tmp filepart incomplete jc! lftp lftp-pget-status opdownload "
    b"part partial pdnsave swp tacitpart temp tmp unfinished wkdl wkdownload xltd ytdl".split()
)
ODD_MIDDLE = b".digikamtempfile."
"""digiKam's own, between two of its steps: BatchTool-x.digikamtempfile.JPG."""
# What macOS names a file while it is being saved (photo.jpg.sb-1a2b3c4d-Xy12Zw), and yt-dlp the
# pieces of a film (a.mp4.part-Frag12).
_NUMBERED_EXTENSION = re.compile(rb"sb-[0-9a-f]{8}-[0-9a-z]{6}|part-frag[0-9]+")

# Files that say something of a photo beside them, and what programs leave for themselves.
_SIDECAR_EXTENSIONS = frozenset(
    b"aae cos ctg db dop ffs_db ini json lrf lrv nksc pp3 thm vrd xmp".split()
)
_SIDECAR_NAMES = frozenset({b"Icon\r"})
_SIDECAR_BEGINNING = b"SYNOFILE_THUMB_"
_BACKUP_END = b"_original"  # exiftool keeps a.jpg as a.jpg_original before it writes into it

# Thumbnails, bins and snapshots of NAS systems and operating systems; all in lower case.
# Hidden directories (.stversions, .Trash-1000, .thumbnails, .zfs …) go by their dot.
_CLOSED_DIRECTORIES = frozenset(
    {
        b"#recycle",
        b"#snapshot",
        b"$recycle.bin",
        b"@__thumb",
        b"@eadir",
        b"@recently-snapshot",
        b"@recycle",
        b"@sharebin",
        b"@synodrive",
        b"@synologycloudsync",
        b"@tmp",
        b"@transcode",
        b"__macosx",
        b"_gsdata_",
        b"lightroom catalog",
        b"lost+found",
        b"network trash folder",
        b"recycled",
        b"recycler",
        b"system volume information",
        b"temporary items",
        b"trashbox",
        b"~snapshot",
    }
)
# Where programs keep a file while they make it: macOS, Rapid Photo Downloader.
_CLOSED_BEGINNINGS = (b".", b"(a document being saved by ", b"rpd-tmp-")
# Directories that stand for one file: Safari's unfinished download, Lightroom's previews.
_CLOSED_ENDS = (b".download", b".lrdata", b".part", b".tmp")
# The small copies that a photo library or a camera keeps beside its originals. A `*` stands for
# the name of a library.
_CLOSED_PLACES = (
    b"*.aplibrary/thumbnails",
    b"*.migratedphotolibrary/thumbnails",
    b"*.photolibrary/thumbnails",
    b"*.photoslibrary/resources/derivatives",
    b"*.photoslibrary/resources/proxies/derivatives",
    b"m4root/thmbnl",
    b"xdroot/thmbnl",
)
_LAST_NAMES = frozenset(place.rpartition(b"/")[2] for place in _CLOSED_PLACES)
_CLOSED_PLACE = re.compile(
    rb"(?:.*/)?(?:%s)"
    % b"|".join(re.escape(place).replace(rb"\*", rb"[^/]*") for place in _CLOSED_PLACES),
    re.DOTALL,
)


class Choice(Enum):
    """What a name, or its place, makes of a file."""

    TAKE = "take"  # a candidate
    TEMPORARY = "temporary"  # not finished; it will get another name
    SIDECAR = "sidecar"  # belongs to a photo, or to a program
    EXCLUDED = "excluded"  # by the folder's include and exclude


_by_extension: dict[bytes, Choice] = {}
_MOST_CACHED = 4096

PLAIN_TAIL = 4
PLAIN_TAILS: set[bytes] = set()
"""Last four bytes (`.JPG`) of names that `judge` takes if their first is none of `ODD_FIRSTS`.

And if `ODD_MIDDLE` is not in them."""
ODD_FIRSTS = b".~S"


def judge(name: bytes) -> Choice:
    """TAKE, TEMPORARY or SIDECAR, by the file's last name alone."""
    if name.startswith(_TEMPORARY_BEGINNINGS) or name.endswith(_TEMPORARY_ENDS):
        return Choice.TEMPORARY
    if ODD_MIDDLE in name:
        return Choice.TEMPORARY
    if name.startswith(_SIDECAR_BEGINNING):
        return Choice.SIDECAR
    dot = name.rfind(b".")
    if dot < 0:
        return Choice.SIDECAR if name in _SIDECAR_NAMES else Choice.TAKE
    extension = name[dot:]
    choice = _by_extension.get(extension)
    return choice if choice is not None else _judge_extension(extension)


def is_entered(directory: bytes) -> bool:
    """Whether the directory at this path is walked at all, by its last names."""
    name = directory.rpartition(b"/")[2].lower()
    if name.startswith(_CLOSED_BEGINNINGS) or name.endswith(_CLOSED_ENDS):
        return False
    if name in _CLOSED_DIRECTORIES:
        return False
    return name not in _LAST_NAMES or _CLOSED_PLACE.fullmatch(directory.lower()) is None


def _judge_extension(extension: bytes) -> Choice:
    choice = _of_extension(extension[1:].lower())
    if len(_by_extension) < _MOST_CACHED:
        _by_extension[extension] = choice
        if choice is Choice.TAKE and len(extension) == PLAIN_TAIL:
            PLAIN_TAILS.add(extension)
    return choice


def _of_extension(extension: bytes) -> Choice:
    if extension in _TEMPORARY_EXTENSIONS or _NUMBERED_EXTENSION.fullmatch(extension):
        return Choice.TEMPORARY
    is_sidecar = extension in _SIDECAR_EXTENSIONS or extension.endswith(_BACKUP_END)
    return Choice.SIDECAR if is_sidecar else Choice.TAKE


EVERYTHING = (("*",), ("**",), ("**/*",))
"""Each is an `include` that leaves nothing out."""


class Selection:
    """The choice of one folder's files. Raises `ConfigurationError` for a bad pattern.

    `root`: the folder's path, which may itself end in the middle of a photo library.
    """

    def __init__(
        self, include: Sequence[str] = ("*",), exclude: Sequence[str] = (), root: bytes = b""
    ) -> None:
        self._prefix = root.rstrip(b"/") + b"/"
        if tuple(include) in EVERYTHING:
            include, self._include = (), None
        else:
            self._include = Patterns("include", include, reaches_below=True)
        self._exclude = Patterns("exclude", exclude, reaches_below=False) if exclude else None
        self.has_patterns = self._include is not None or self._exclude is not None
        """Whether anything but the names themselves decides."""
        self.patterns: tuple[PatternKey, ...] = (
            *(("exclude", pattern) for pattern in exclude),
            *(("include", pattern) for pattern in include),
            NOT_INCLUDED,
        )
        """Each pattern with its key; the last one stands for what no `include` matches."""
        self._first_include, self._last = len(exclude), len(self.patterns) - 1

    def no_counts(self) -> list[int]:
        """A zero for each of `patterns`: `verdict` and `choice_of_directory` count there."""
        return [0] * len(self.patterns)

    def verdict(self, relative: bytes, name: bytes, counts: list[int] | None = None) -> Choice:
        """What the file at `relative` (from the folder's path) is; `name` is its last part.

        Its directories are taken to be entered; `verdict_below` asks for them too.
        """
        choice = judge(name)
        if choice is not Choice.TAKE or not self.has_patterns:
            return choice
        _, is_wanted = self._decide(spellings(relative), counts or self.no_counts())
        return Choice.TAKE if is_wanted else Choice.EXCLUDED

    def verdict_below(self, relative: bytes) -> Choice:
        """The same for a path that was not found by a walk: EXCLUDED in a closed directory."""
        directory, _, name = relative.rpartition(b"/")
        if not self.reaches(directory):
            return Choice.EXCLUDED
        return self.verdict(relative, name)

    def deciding(self, relative: bytes, *, is_directory: bool = False) -> PatternKey:
        """Key and pattern of what leaves a file or a directory out, of one that is EXCLUDED."""
        path = spellings(relative)
        if is_directory and self._exclude is not None:
            return self.patterns[self._exclude.decide_directory(path)]
        return self.patterns[self._decide(path, self.no_counts())[0]]

    def choice_of_directory(self, relative_dir: bytes, counts: list[int] | None = None) -> Choice:
        """TAKE where a walk that has come as far as its parent goes into this directory.

        A hidden one is TEMPORARY, one of a program SIDECAR.
        """
        if not is_entered(self._prefix + relative_dir):
            is_hidden = relative_dir.rpartition(b"/")[2].startswith(b".")
            return Choice.TEMPORARY if is_hidden else Choice.SIDECAR
        if self._exclude is None:
            return Choice.TAKE
        number = self._exclude.decide_directory(spellings(relative_dir))
        if number == NO_PATTERN:
            return Choice.TAKE
        if counts is not None:
            counts[number] += 1
        return Choice.TAKE if self._exclude.takes_back[number] else Choice.EXCLUDED

    def enters(self, relative_dir: bytes) -> bool:
        """Whether a walk goes into this directory, having come as far as its parent."""
        return self.choice_of_directory(relative_dir) is Choice.TAKE

    def choice_of_way(self, relative_dir: bytes) -> Choice:
        """TAKE where a walk from the folder's path comes into this directory (b"": the path)."""
        parts = relative_dir.split(b"/") if relative_dir else []
        for depth in range(1, len(parts) + 1):
            choice = self.choice_of_directory(b"/".join(parts[:depth]))
            if choice is not Choice.TAKE:
                return choice
        return Choice.TAKE

    def reaches(self, relative_dir: bytes) -> bool:
        """Whether a walk from the folder's path comes into this directory (b"": the path)."""
        return self.choice_of_way(relative_dir) is Choice.TAKE

    def _decide(self, path: Spellings, counts: list[int]) -> tuple[int, bool]:
        """Which of `patterns` decides about a file, and whether it is wanted."""
        number = NO_PATTERN
        if self._exclude is not None:
            number = self._exclude.decide(path)
            if number != NO_PATTERN:
                counts[number] += 1
                if not self._exclude.takes_back[number]:
                    return number, False
        if self._include is None:
            return number, True
        number = self._include.decide(path)
        is_wanted = number != NO_PATTERN and not self._include.takes_back[number]
        slot = self._last if number == NO_PATTERN else self._first_include + number
        counts[slot] += 1
        return slot, is_wanted

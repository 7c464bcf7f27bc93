"""Which names are candidates, and which directories are walked."""

from __future__ import annotations

from pathlib import Path

import pytest

from uploadd.intake import selection
from uploadd.intake.selection import Choice, Selection
from uploadd.model.errors import ConfigurationError


def _verdict(selection: Selection, path: str) -> Choice:
    raw = path.encode()
    return selection.verdict(raw, raw.rpartition(b"/")[2])


@pytest.mark.parametrize(
    "name",
    [
        "IMG_1.JPG",
        "a.jpg",
        "film.mp4",
        "notes.txt",
        "no extension",
        "a.b.c.jpeg",
        "ü.heic",
        "-.png",
    ],
)
def test_every_other_name_is_a_candidate(name: str) -> None:
    """The content decides later, so a text is one too: it is reported, not overlooked."""
    assert _verdict(Selection(), name) is Choice.TAKE
    assert _verdict(Selection(), name) is Choice.TAKE  # and it stays so when it is remembered


@pytest.mark.parametrize(
    "name",
    [
        ".hidden.jpg",
        ".a.jpg.Xy12Zw",
        ".syncthing.a.jpg.tmp",
        "~syncthing~a.jpg.tmp",
        "a.jpg.part",
        "a.jpg.PARTIAL",
        "a.jpg.crdownload",
        "a.jpg.download",
        "a.jpg.filepart",
        "a.jpg.!ut",
        "a.jpg.!qB",
        "a.tmp",
        "a.jpg~",
        "~$a.jpg",
        ".pending-1700000000-a.jpg",
        ".ocTransferId12.part",
        "a.jpg.sb-1a2b3c4d-Xy12Zw",
        ".jpg",
        "a.jpg_exiftool_tmp",
        "a_exiftool_tmp",
        "a.jpg.ffs_tmp",
        "a.ffs_lock",
        "a.jpg.!sync",
        "a.jpg.FDMDownload",
        "a.jpg.downloading",
        "a.jpg.xltd",
        *("a.jpg.aria2", "a.jpg.aria2__temp", "a.jpg.lftp-pget-status", "a.jpg.lftp"),
        *("a.jpg.wkdownload", "a.jpg.crswap", "a.jpg.dtapart", "a.jpg.az!", "a.jpg.jc!"),
        *("a.jpg.tacitpart", "a.0.pdnSave", "a.mp4.part-Frag12", "a.mp4.ytdl"),
        *("BatchTool-EpEjEz-9e1c7a12.digikamtempfile.JPG", "a.digikamtempfile.tmp"),
        *("._a.jpg", ".DS_Store", ".a.jpg.icloud", ".a.jpg.~1a2b", ".in.a.jpg", ".nfs000001"),
        *(".fuse_hidden0000", ".goutputstream-AB12CD", ".smbdeleteAAA1.4", ".getxfer.1.mega"),
        *(".trashed-1700000000-a.jpg", ".com.google.Chrome.Xy12Zw", "~WRL0001.tmp"),
    ],
)
def test_unfinished_files_are_temporary(name: str) -> None:
    """They get another name when they are done, and that is a new sighting."""
    assert _verdict(Selection(), name) is Choice.TEMPORARY


@pytest.mark.parametrize(
    "name",
    [
        *("a.xmp", "a.jpg.XMP", "a.aae", "a.THM", "a.json", "Thumbs.db", "desktop.ini", "a.lrv"),
        *("a.jpg_original", "A.JPG_original", "SYNOFILE_THUMB_M.jpg", "sync.ffs_db"),
    ],
)
def test_sidecars_are_no_candidates(name: str) -> None:
    """They belong to a photo or to a program."""
    assert _verdict(Selection(), name) is Choice.SIDECAR


@pytest.mark.parametrize(
    "name",
    [
        *("a~b.jpg", "~a.jpg", "part", "tmp", "xmp", "apart.jpg", "a.sb-1.jpg"),
        *("a.part-frag.jpg", "digikamtempfile.jpg", "a.lftp.jpg", "aria2.jpg", "a.jpg.1"),
        *("a_original.jpg", "a_original", "SYNOFILE.jpg", "exiftool_tmp.jpg"),
    ],
)
def test_what_only_looks_temporary_is_taken(name: str) -> None:
    """Only the end or the beginning counts, and only a real extension."""
    assert _verdict(Selection(), name) is Choice.TAKE


@pytest.mark.parametrize(
    "name",
    [
        ".stversions",
        ".Trash-1000",
        "@eaDir",
        "#recycle",
        "lost+found",
        "$RECYCLE.BIN",
        "System Volume Information",
        "a.jpg.download",
        "Catalog Previews.lrdata",
        "_gsdata_",
        "@__thumb",
        "Lightroom Catalog",
        *(".git", ".~tmp~", ".rsync-partial", ".dropbox.cache", ".tmp.driveupload"),
        *(".@__thumb", ".@upload_cache", ".stfolder", ".SynologyWorkingDirectory"),
        *("@Transcode", "@SynologyCloudSync", "@SynoDrive", "trashbox", "RECYCLED"),
        *(".Spotlight-V100", ".TemporaryItems", "Temporary Items", "Network Trash Folder"),
        *("(A Document Being Saved By Preview 2)", "rpd-tmp-x1y2z3"),
        "Mine.photoslibrary/resources/derivatives",
        "Mine.photoslibrary/resources/proxies/derivatives",
        "iPhoto Library.photolibrary/Thumbnails",
        "iPhoto.migratedphotolibrary/Thumbnails",
        "Aperture.aplibrary/Thumbnails",
        "PRIVATE/M4ROOT/THMBNL",
        "private/m4root/thmbnl",
        "XDROOT/Thmbnl",
    ],
)
def test_bins_and_thumbnails_are_not_entered(name: str) -> None:
    """At no depth, whatever is below them."""
    raw = name.encode()
    assert not Selection().enters(raw)
    assert not Selection().enters(b"2024/" + raw)
    assert not Selection().reaches(b"2024/" + raw + b"/below")
    assert Selection().verdict_below(raw + b"/a.jpg") is Choice.EXCLUDED


def test_other_directories_are_entered() -> None:
    """The root above all."""
    originals = (
        *(b"X.photoslibrary/originals/1", b"X.photoslibrary/resources/renders/1"),
        *(b"X.photolibrary/Masters", b"X.aplibrary/Masters/2012", b"PRIVATE/M4ROOT/CLIP"),
        *(b"Thumbnails", b"art/derivatives", b"resources/derivatives", b"a/thmbnl", b"Lightroom"),
        *(b"@home", b"#1 hits", b"(a document)", b"rpd", b"temporary"),
    )
    for directory in (b"", b"2024", b"2024/05", "Süden".encode(), b"tmp", *originals):
        assert Selection().reaches(directory)
    assert Selection().verdict_below(b"2024/05/a.jpg") is Choice.TAKE


@pytest.mark.parametrize(
    ("root", "left", "taken"),
    [
        (b"/p/X.photoslibrary", b"resources/derivatives", b"originals"),
        (b"/p/X.photoslibrary/resources/", b"derivatives", b"renders"),
        (b"/card/PRIVATE/M4ROOT", b"THMBNL", b"CLIP"),
    ],
)
def test_a_folder_may_begin_inside_a_library(root: bytes, left: bytes, taken: bytes) -> None:
    """Its thumbnails are left alone all the same."""
    selection = Selection(root=root)
    assert not selection.enters(left)
    assert selection.verdict_below(left + b"/1/a.jpg") is Choice.EXCLUDED
    assert selection.verdict_below(taken + b"/1/a.jpg") is Choice.TAKE


def test_a_folder_of_thumbnails_was_asked_for() -> None:
    """Where the folder's path itself is such a directory, or lies in one."""
    inside = b"/p/X.photoslibrary/resources/derivatives"
    for root in (inside, inside + b"/masters", b"/nas/@__thumb"):
        assert Selection(root=root).verdict_below(b"0/a.jpg") is Choice.TAKE


@pytest.mark.parametrize(
    ("include", "taken", "left"),
    [
        (["*.jpg"], ["a.jpg", "A.JPG", "x/y/a.Jpg"], ["a.png", "ajpg"]),
        (["*.jpg", "*.png"], ["a.jpg", "x/b.PNG"], ["a.gif"]),
        (["2024/"], ["2024/a.jpg", "2024/x/a.jpg"], ["2023/a.jpg"]),
        (["/2024/*.jpg"], ["2024/a.jpg"], ["x/2024/a.jpg", "2024/x/a.jpg"]),
        (["2024/**"], ["2024/a.jpg", "2024/x/y/a.jpg"], ["a.jpg"]),
        (["IMG_[0-9]*"], ["img_1.jpg", "x/IMG_22.png"], ["IMG_a.jpg"]),
        (["*"], ["a.jpg", "x/y/z"], []),
        (["**"], ["a.jpg", "x/y/z"], []),
        (["*", "!*.gif"], ["a.jpg"], ["a.gif", "x/a.GIF"]),
        ([], [], ["a.jpg"]),
    ],
)
def test_include(include: list[str], taken: list[str], left: list[str]) -> None:
    """As in a .gitignore, without regard to case."""
    selection = Selection(include)
    assert [_verdict(selection, path) for path in taken] == [Choice.TAKE] * len(taken)
    assert [_verdict(selection, path) for path in left] == [Choice.EXCLUDED] * len(left)


@pytest.mark.parametrize(
    ("exclude", "left", "taken"),
    [
        (["*.gif"], ["a.gif", "x/A.GIF"], ["a.jpg"]),
        (["private"], ["private", "x/private"], ["privates", "x.private"]),
        (["#recycle2"], ["#recycle2"], ["recycle2"]),
        (["*", "!keep.jpg"], ["a.jpg"], ["keep.jpg", "x/KEEP.jpg"]),
        (["?.jpg"], ["a.jpg"], ["ab.jpg"]),
        (["übung.jpg"], ["Übung.jpg", "U\u0308bung.jpg"], ["ubung.jpg"]),
    ],
)
def test_exclude(exclude: list[str], left: list[str], taken: list[str]) -> None:
    """A # is no comment, and an umlaut is one however it is spelled."""
    selection = Selection(exclude=exclude)
    assert [_verdict(selection, path) for path in left] == [Choice.EXCLUDED] * len(left)
    assert [_verdict(selection, path) for path in taken] == [Choice.TAKE] * len(taken)


def test_exclude_is_stronger_than_include() -> None:
    """What is in both lists is left out."""
    selection = Selection(["*.jpg"], ["draft*"])
    assert _verdict(selection, "draft.jpg") is Choice.EXCLUDED
    assert _verdict(selection, "final.jpg") is Choice.TAKE


def test_an_excluded_directory_is_not_entered() -> None:
    """Nor is anything below it reached; include closes no directory."""
    selection = Selection(["*.jpg"], ["private/", "/uploaded"])
    assert not selection.enters(b"private")
    assert not selection.enters(b"x/Private")
    assert not selection.reaches(b"uploaded/2024")
    assert selection.enters(b"x/uploaded")
    assert selection.enters(b"2024")
    assert selection.verdict_below(b"private/a.jpg") is Choice.EXCLUDED


def test_a_name_that_is_not_utf_8_can_be_chosen() -> None:
    """Patterns see its other letters."""
    selection = Selection(["*.jpg"], ["bad*"])
    assert selection.verdict(b"caf\xe9.jpg", b"caf\xe9.jpg") is Choice.TAKE
    assert selection.verdict(b"bad\xe9.jpg", b"bad\xe9.jpg") is Choice.EXCLUDED


def test_a_temporary_name_stays_temporary_when_included() -> None:
    """A pattern cannot make half a file whole."""
    assert _verdict(Selection(["*.part"]), "a.jpg.part") is Choice.TEMPORARY


@pytest.mark.parametrize("key", ["include", "exclude"])
def test_a_bad_pattern_is_refused_by_name(key: str) -> None:
    """With the key that it stands in."""
    with pytest.raises(ConfigurationError, match=key):
        Selection(**{key: ["a", "!"]})


def test_many_odd_extensions_do_not_fill_the_memory() -> None:
    """What is remembered is bounded, and what is not remembered is judged all the same."""
    for number in range(10_000):
        assert _verdict(Selection(), f"a.{number}") is Choice.TAKE
    assert _verdict(Selection(), "a.very-late.part") is Choice.TEMPORARY


def test_the_users_page_names_what_is_left_out() -> None:
    """Every extension and every directory that is never looked at."""
    page = Path(__file__).parents[3].joinpath("docs", "files.md").read_text("utf-8").lower()
    extensions = selection._TEMPORARY_EXTENSIONS | selection._SIDECAR_EXTENSIONS
    assert [one for one in sorted(extensions) if f"`.{one.decode()}`" not in page] == []
    closed = {*selection._CLOSED_DIRECTORIES, *selection._CLOSED_ENDS, *selection._CLOSED_PLACES}
    closed |= {*selection._CLOSED_BEGINNINGS, *selection._TEMPORARY_ENDS, selection.ODD_MIDDLE}
    closed |= set(selection._TEMPORARY_BEGINNINGS)
    assert [one for one in sorted(closed) if f"`{one.decode().strip()}`" not in page] == []

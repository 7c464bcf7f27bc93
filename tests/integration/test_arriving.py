"""How files arrive, as a real daemon and a real kernel see it: the tools, users and moves of life.

The folder is walked at the start and once an hour, so whatever arrives is found by events.
"""

from __future__ import annotations

import os
import shutil
import sqlite3
import subprocess
import time
import zipfile
from collections.abc import Iterator
from pathlib import Path
from random import Random

import pytest

from integration.processes import JPEG, wait_until
from integration.watched import NOBODY, Watched, a_home, needs_root, photos_below

# A tool, and how it brings the directory `album` below SOURCE to INTO; OWN is a place of its own.
# Half a second passes in the middle, where that can be had: cp and tar make a directory for its
# owner alone, and give it its mode when everything is in it; rsync does so at once.
TOOLS = {
    "cp": (
        "cp -a SOURCE OWN; mkfifo OWN/album/late.jpg; "
        "{ sleep 0.5; cat SOURCE/album/0.jpg > OWN/album/late.jpg; } & "
        "cp -a --copy-contents OWN/album INTO/"
    ),
    "rsync": "rsync -a --bwlimit=40 SOURCE/ INTO/",
    "rsync-inplace": "rsync -a --bwlimit=40 --inplace SOURCE/ INTO/",
    "rsync-delayed": "rsync -a --bwlimit=40 --delay-updates SOURCE/ INTO/",
    "rsync-partial": "rsync -a --bwlimit=40 --partial-dir=.rsync-partial SOURCE/ INTO/",
    "tar": ("tar cf - -C SOURCE album | { head -c 20480; sleep 0.5; cat; } | tar xpf - -C INTO"),
    "install": "mkdir INTO/album; install -m 644 SOURCE/album/*.jpg INTO/album",
    "cpio": "cd SOURCE; { find album; sleep 0.5; } | cpio --quiet -pdm INTO",
    "unzip": "unzip -q SOURCE.zip -d INTO",
    "mv": "cp -a SOURCE OWN; mv OWN/album INTO/",
    "git": "git clone -q SOURCE.git INTO/clone",
}


def is_there(tool: str) -> bool:
    """Whether the tool is installed."""
    return shutil.which(tool.partition("-")[0]) is not None


def begin(text: str, **paths: Path) -> subprocess.Popen[bytes]:
    """Start lines of a shell in which each word in capitals is a path."""
    for word, path in paths.items():
        text = text.replace(word, str(path))
    around = {**os.environ, "GIT_CONFIG_GLOBAL": "/dev/null", "GIT_CONFIG_SYSTEM": "/dev/null"}
    return subprocess.Popen(["sh", "-ec", text], env=around)


def end(*begun: subprocess.Popen[bytes]) -> None:
    """Wait for them; all must succeed."""
    assert [one.wait(timeout=30) for one in begun] == [0] * len(begun)


@pytest.fixture(scope="module")
def nobodys() -> Iterator[Watched]:
    """A folder of root's, and a daemon of another user's beside it: one for many tests."""
    with a_home() as home:
        watched = Watched(home, NOBODY)
        with watched.running():
            yield watched


@pytest.fixture(scope="module")
def brought(nobodys: Watched) -> dict[str, list[str]]:
    """What each tool has brought by root's hand, and is in no job: all of them at once."""
    source = nobodys.outside / "source"
    for number in range(10):
        nobodys.photo(f"outside/source/album/{number}.jpg", 2000)
        nobodys.photo(f"outside/source/album/below/{number}.jpg", 2000)
    with zipfile.ZipFile(f"{source}.zip", "w") as archive:
        for path in sorted(source.rglob("*")):
            archive.write(path, path.relative_to(source))
    if is_there("git"):
        commit = "commit -q -m x; git clone -q --bare . SOURCE.git; rm -r .git"
        git = f"cd SOURCE; git init -q; git add .; git -c user.name=a -c user.email=b {commit}"
        end(begin(git, SOURCE=source))
    begun = []
    for tool, how in TOOLS.items():
        into, own = nobodys.photos / tool, nobodys.outside / tool
        into.mkdir()
        if is_there(tool):
            begun.append(begin(how, SOURCE=source, INTO=into, OWN=own))
    end(*begun)
    nobodys.missing(photos_below(nobodys.photos))
    return {tool: nobodys.missing(photos_below(nobodys.photos / tool), 0) for tool in TOOLS}


@needs_root
@pytest.mark.parametrize("tool", TOOLS)
def test_what_root_copies_is_taken_in(
    tool: str, brought: dict[str, list[str]], nobodys: Watched
) -> None:
    """By a daemon of another user, and nothing but the photos themselves."""
    if not is_there(tool):
        pytest.skip(f"{tool} is not installed")
    assert len(photos_below(nobodys.photos / tool)) >= 10
    assert brought[tool] == []
    below = os.fsencode(nobodys.photos / tool) + b"/"
    jobs = {path for path in nobodys.jobs() if path.startswith(below)}
    assert jobs == {os.fsencode(path) for path in photos_below(nobodys.photos / tool)}


@needs_root
def test_a_directory_that_is_closed_while_a_file_settles(nobodys: Watched) -> None:
    """The file is not called unreadable: it is taken in once the directory is open again."""
    closing = nobodys.photos / "closing"
    closing.mkdir()
    before = nobodys.photo("photos/closing/before.jpg")
    assert nobodys.missing([before]) == []
    photo = nobodys.photo("photos/closing/x.jpg")
    closing.chmod(0o700)
    wait_until(lambda: bool(nobodys.folder()["degraded"]), 10, "the directory is in trouble")
    assert os.fsencode(photo) not in nobodys.jobs()
    closing.chmod(0o755)
    assert nobodys.missing([before, photo]) == []


@needs_root
def test_a_directory_that_may_be_read_later(nobodys: Watched) -> None:
    """What came before and what comes after, also deep below, and it is watched from then on."""
    late = nobodys.photos / "late"
    late.mkdir(mode=0o700)
    first = [nobodys.photo("photos/late/x.jpg"), nobodys.photo("photos/late/a/b/x.jpg")]
    time.sleep(0.5)
    late.chmod(0o755)
    assert nobodys.missing([*first, nobodys.photo("photos/late/y.jpg")]) == []
    assert nobodys.missing([nobodys.photo("photos/late/a/b/z.jpg")], 3) == []


@pytest.fixture(scope="module")
def owned() -> Iterator[Watched]:
    """A folder and a daemon of one user: one for many tests."""
    with a_home() as home:
        watched = Watched(home)
        with watched.running():
            yield watched


def test_directories_that_are_moved_about_keep_their_watch(owned: Watched) -> None:
    """Out of the folder, in elsewhere, and another one of the old name is renamed."""
    home, out = owned.photos / "moves", owned.outside / "out"
    (home / "a/x").mkdir(parents=True)
    (home / "b").mkdir()
    assert owned.missing([owned.photo("photos/moves/a/x/1.jpg")]) == []
    (home / "a/x").rename(out)
    time.sleep(1)
    out.rename(home / "b/y")
    assert owned.missing([home / "b/y/1.jpg"]) == []
    (home / "a").rename(home / "c")
    time.sleep(1)
    assert owned.missing([owned.photo("photos/moves/b/y/3.jpg")]) == []


def move_about(watched: Watched, seed: int, pause: float, steps: int = 150) -> None:
    """Make, move in, out and about directories with photos in them, at random."""
    dice, root = Random(seed), watched.photos / f"stress{seed}-{pause}"
    out = watched.outside / f"stress{seed}-{pause}"
    root.mkdir()
    out.mkdir()
    for step in range(steps):
        inside = [root, *(path for path in root.rglob("*") if path.is_dir())]
        outside = [path for path in out.iterdir() if path.is_dir()]
        at, what = dice.choice(inside), dice.random()
        if what < 0.3:
            (at / f"d{step}").mkdir()
        elif what < 0.6:
            (at / f"{step}.jpg").write_bytes(JPEG + watched.dice.randbytes(100))
        elif what < 0.75 and at != root:
            at.rename(out / f"o{step}")
        elif what < 0.85 and outside:
            dice.choice(outside).rename(at / f"i{step}")
        elif at != root:
            to = dice.choice(inside)
            if to != at and at not in to.parents:
                at.rename(to / f"m{step}")
        time.sleep(pause)


def test_random_moves_lose_nothing(owned: Watched) -> None:
    """At full speed and gently, and what comes into each directory afterwards is seen, too."""
    for seed, pause in ((1, 0.0), (2, 0.0), (3, 0.0), (4, 0.005), (5, 0.005)):
        move_about(owned, seed, pause)
    roots = sorted(owned.photos.glob("stress*"))
    photos = [path for root in roots for path in photos_below(root)]
    assert len(photos) > 50
    assert owned.missing(photos) == []
    places = {path for root in roots for path in root.rglob("*") if path.is_dir()}
    later = [place / "later.jpg" for place in sorted(places)]
    for path in later:
        path.write_bytes(JPEG + owned.dice.randbytes(100))
    assert owned.missing(later) == []


def test_a_live_photo_overtakes_the_first_walk() -> None:
    """Its job is made while the walk goes on."""
    files = 5000
    with a_home() as home:
        watched = Watched(home, settle=0.1)
        for number in range(files):
            path = watched.photos / f"{number % 20:02}" / f"{number}.jpg"
            path.parent.mkdir(exist_ok=True)
            path.write_bytes(JPEG + number.to_bytes(4))
        with watched.running(walks=0):
            count = "SELECT count(*) FROM jobs"
            wait_until(lambda: has_jobs(watched), 20, "the first jobs")
            live = watched.photo("photos/00/live.jpg")
            assert watched.missing([live], 10) == []
            name = "SELECT count(*) FROM jobs WHERE id < (SELECT id FROM jobs WHERE name = ?)"
            before = watched.rows(name, b"live.jpg")[0][0]
            assert before < files * 3 // 4
            wait_until(lambda: watched.rows(count) == [(files + 1,)], 30, "all others")


def has_jobs(watched: Watched) -> bool:
    """Whether the daemon has come so far."""
    try:
        return bool(watched.rows("SELECT 1 FROM jobs LIMIT 1"))
    except sqlite3.OperationalError:
        return False


def test_a_large_file_holds_up_no_other() -> None:
    """In its own folder and in another one."""
    with a_home() as home:
        watched = Watched(home)
        other = home / "other"
        other.mkdir()
        watched.configure("other", other)
        with watched.running(walks=2):
            large = watched.photos / "large.jpg"
            with large.open("wb") as file:
                file.write(JPEG)
                file.truncate(9_000_000_000)
            time.sleep(0.6)
            small = [watched.photo("photos/small.jpg"), watched.photo("other/small.jpg")]
            assert watched.missing(small, 4) == []
            assert os.fsencode(large) not in watched.jobs()


@pytest.mark.parametrize("kind", ["watches", "instances"])
def test_a_limit_that_is_raised_ends_the_trouble(kind: str) -> None:
    """Without a restart. Until then what lies beyond the limit is polled, and status says so."""
    with a_home() as home:
        watched = Watched(home)
        for number in range(12):
            (watched.photos / str(number)).mkdir()
        with watched.limited(kind, 5 if kind == "watches" else 0) as set_limit:
            assert watched.missing([watched.photo(f"photos/{n}/a.jpg") for n in range(12)]) == []
            assert f"fs.inotify.max_user_{kind}" in watched.folder()["degraded"]
            set_limit(1000)
            wait_until(lambda: not watched.folder()["degraded"], 10, "the trouble has ended")
            before = watched.walks()
            assert watched.missing([watched.photo(f"photos/{n}/b.jpg") for n in range(12)]) == []
            time.sleep(2.5)
            assert watched.walks() == before

"""What nobody expects in a folder, as a real daemon meets it: taken, left alone or waited for."""

from __future__ import annotations

import json
import os
import re
import socket
import stat
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from integration.processes import JPEG, wait_until
from integration.watched import NOBODY, STARTER, Watched, a_home, needs_root

ODD_NAMES = (
    b"two\nlines.jpg",
    b'it\'s "quoted" `and` $HOME.jpg',
    b"caf\xe9 \xff.jpg",
    b"-rf.jpg",
    b"%s{}\\.jpg",
    b" blank .jpg",
    b"\x1b[31mred\x07.jpg",
    "\u202egpj.jpg".encode(),
    b"x" * 251 + b".jpg",
)
YEAR_SECONDS = 31_556_952
OLD_AND_LATE = {"1950": -20, "2100": 130, "2300": 330, "1969": -1}
LONG = "d" * 250


@pytest.fixture
def watched() -> Iterator[Watched]:
    """A folder and a daemon of one user."""
    with a_home() as home:
        yield Watched(home)


def bring_oddities(watched: Watched, directory: Path) -> set[bytes]:
    """Fill a directory with all kinds of things; returns the paths of what is a photo."""
    directory.mkdir()
    at = os.fsencode(directory)
    names = [*ODD_NAMES, *(f"{year}.jpg".encode() for year in OLD_AND_LATE)]
    photos = {os.path.join(at, name) for name in names}
    for path in photos:
        Path(os.fsdecode(path)).write_bytes(JPEG + watched.dice.randbytes(200))
    for year, years in OLD_AND_LATE.items():
        os.utime(directory / f"{year}.jpg", (0, years * YEAR_SECONDS))
    os.mkfifo(directory / "fifo.jpg")
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(directory / "socket.jpg"))
    if os.geteuid() == 0:
        os.mknod(directory / "device.jpg", stat.S_IFCHR | 0o600, os.makedev(1, 5))
    (directory / "link.jpg").symlink_to(watched.photo("outside/linked.jpg"))
    (directory / "nowhere.jpg").symlink_to("nowhere")
    (directory / "loop").symlink_to(directory)
    return photos


def test_whatever_lies_in_a_folder(watched: Watched) -> None:
    """Found by the first walk and brought later: every photo, nothing else, and each once."""
    before = bring_oddities(watched, watched.photos / "before")
    with watched.running():
        later = bring_oddities(watched, watched.photos / "later")
        assert watched.missing([Path(os.fsdecode(path)) for path in before | later]) == []
        _, told, said = watched.uploadd("why", str(watched.photos / "before/fifo.jpg"))
        assert "a device, a pipe or a socket" in told + said
    assert set(watched.jobs()) == before | later
    _, told, _ = watched.uploadd("jobs", "--limit", "100")
    assert len(re.findall(r"\.jpg", told)) >= len(before | later)
    assert re.search(r"[\x00-\x09\x0b-\x1f\x7f\u202e]", told + watched.log()) is None
    with watched.running():  # nothing of it looks new to the next walk
        (walk,) = [line for line in watched.log().splitlines() if "folder.walked" in line][1:]
        told = json.loads(walk)
        assert (told["found"], told["fresh"], told["gone"]) == (len(before | later), 0, 0)


def test_paths_near_the_longest_and_beyond(watched: Watched) -> None:
    """A photo whose path no command could be given is no job; one line says so, once."""
    near, at = 15, os.open(watched.photos, os.O_RDONLY | os.O_DIRECTORY)
    for depth in range(20):
        os.mkdir(LONG, dir_fd=at)
        below = os.open(LONG, os.O_RDONLY | os.O_DIRECTORY, dir_fd=at)
        os.close(at)
        at = below
        with os.fdopen(os.open("a.jpg", os.O_CREAT | os.O_WRONLY, dir_fd=at), "wb") as file:
            file.write(JPEG + bytes([depth]))
    os.close(at)
    try:
        watch_by_polling(watched)
        with watched.running(walks=3):
            good = [watched.photos.joinpath(*[LONG] * depth, "a.jpg") for depth in range(1, near)]
            assert watched.missing(good) == []
            wait_until(lambda: watched.walks() >= 5, 20, "some more walks")
            assert max(map(len, watched.jobs())) < 4096
            told = [line for line in watched.log().splitlines() if LONG in line]
            assert len(told) == 1, [line[-200:] for line in told]
            assert watched.folder()["last_rescan"]
    finally:
        subprocess.run(["rm", "-rf", watched.photos / LONG], check=True)  # pytest's own recurses


def watch_by_polling(watched: Watched) -> None:
    """Walk every second."""
    watched.config.write_text(watched.config.read_text() + 'watch = "poll"\n')


@needs_root
def test_rights_that_are_taken_away_and_given_back() -> None:
    """Nothing vanishes meanwhile, and what came meanwhile is taken when the directory is open.

    A file that cannot be read itself fails, and `retry` ends that.
    """
    with a_home() as home:
        watched = Watched(home, NOBODY)
        first = [watched.photo(f"photos/a/b/{number}.jpg") for number in range(3)]
        unread = watched.photo("photos/unread.jpg")
        unread.chmod(0)
        with watched.running():
            assert watched.missing(first) == []
            assert watched.jobs()[os.fsencode(unread)] == "failed"
            (watched.photos / "a").chmod(0)
            meanwhile = [watched.photo("photos/a/new.jpg"), watched.photo("photos/a/b/new.jpg")]
            closed = str(watched.photos / "a")
            wait_until(lambda: closed in (watched.folder()["degraded"] or ""), 10, "it is told")
            assert watched.missing(first, 0) == []
            (watched.photos / "a").chmod(0o755)
            unread.chmod(0o644)
            assert watched.missing([watched.photo("photos/a/b/newer.jpg")]) == []
            assert watched.missing([watched.photo("photos/a/last.jpg")]) == []
            assert watched.missing(meanwhile) == []
            assert watched.uploadd("retry", "--failed")[0] == 0
            assert watched.missing([unread]) == []
            never_read = "SELECT count(*) FROM jobs WHERE sha256 = ''"
            wait_until(lambda: watched.rows(never_read) == [(0,)], 10, "all are read")


@needs_root
def test_a_directory_that_cannot_be_read_is_told() -> None:
    """By status, with its name and what to do, until it can be read."""
    with a_home() as home:
        watched = Watched(home, NOBODY)
        (watched.photos / "closed").mkdir(mode=0o700)
        with watched.running():
            told = watched.folder()["degraded"] or ""
            assert "closed" in told
            (watched.photos / "closed").chmod(0o755)
            wait_until(lambda: not watched.folder()["degraded"], 10, "the trouble has ended")


def test_a_file_that_grows_for_ever_holds_up_no_other(watched: Watched) -> None:
    """It waits for as long as it grows, the others do not, and it is taken whole in the end."""
    watched.change("settle_seconds = 0.3", "settle_seconds = 1.5")
    grown, is_over = watched.photos / "grows.jpg", threading.Event()

    def grow() -> None:
        while not is_over.wait(0.1):
            with grown.open("ab") as file:
                file.write(bytes(1000))

    grown.write_bytes(JPEG)
    growing = threading.Thread(target=grow)
    growing.start()
    with watched.running():
        try:
            assert watched.missing([watched.photo("photos/a.jpg")], 5) == []
            assert watched.missing([watched.photo("photos/b.jpg")], 5) == []
            assert os.fsencode(grown) not in watched.jobs()
        finally:
            is_over.set()
            growing.join()
        grown.write_bytes(grown.read_bytes() + JPEG[2:])
        assert watched.missing([grown]) == []


def test_a_directory_of_very_many_files(watched: Watched) -> None:
    """Its photos are found among them, also new ones, and what goes is told from what stays."""
    many = watched.photos / "many"
    many.mkdir()
    for number in range(20_000):
        os.close(os.open(many / f"{number}.json", os.O_CREAT))
    photos = [watched.photo(f"photos/many/{number}.jpg") for number in range(40)]
    with watched.running():
        photos += [watched.photo(f"photos/many/new{number}.jpg") for number in range(5)]
        assert watched.missing(photos) == []
        assert len(watched.jobs()) == len(photos)
        for path in photos[:10]:
            path.unlink()
    watch_by_polling(watched)
    with watched.running():
        gone = {os.fsencode(path) for path in photos[:10]}
        wait_until(lambda: not gone & watched.queued(), 10, "what is gone is skipped")
        assert watched.missing(photos[10:], 0) == []


def test_a_folder_inside_a_folder_that_excludes_it(watched: Watched) -> None:
    """Each walk of the outer one leaves the jobs of the inner one alone."""
    watched.config.write_text(watched.config.read_text() + 'watch = "poll"\nexclude = ["inner/"]\n')
    inner = watched.photos / "inner"
    watched.configure("inner", inner, 'watch = "poll"\n')
    photos = [watched.photo(f"photos/inner/{number}.jpg") for number in range(20)]
    photos += [watched.photo(f"photos/inner/below/{number}.jpg") for number in range(20)]
    states = set()
    with watched.running(walks=2):
        while watched.walks() < 8:
            states |= set(watched.jobs().values())
            time.sleep(0.05)
        assert watched.missing(photos, 0) == []
    assert states == {"queued"}


def test_the_state_directory_inside_a_folder(watched: Watched) -> None:
    """Neither the database nor what lies beside it is taken for a photo, whatever changes there."""
    state = watched.photos / "state"
    watched.change(str(watched.state), str(state))
    watched.state = state
    state.mkdir(mode=0o700)
    (state / "a.jpg").write_bytes(JPEG)
    with watched.running():
        (state / "b.jpg").write_bytes(JPEG)
        (state / "below").mkdir()
        (state / "below/c.jpg").write_bytes(JPEG)
        assert watched.missing([watched.photo("photos/good.jpg")]) == []
        time.sleep(1)
    assert set(watched.jobs()) == {os.fsencode(watched.photos / "good.jpg")}


BARE = {"PATH": os.environ["PATH"], "LC_ALL": "C"}
NO_UTF_8 = {**BARE, "PYTHONCOERCECLOCALE": "0", "PYTHONUTF8": "0"}


def test_an_environment_like_that_of_cron(watched: Watched) -> None:
    """No HOME, no TERM, no UTF-8: every name is taken and shown, also into a pipe that closes."""
    photos = bring_oddities(watched, watched.photos / "odd")
    line = [sys.executable, "-c", STARTER]
    with (watched.home / "log").open("ab") as log:
        daemon = subprocess.Popen(
            [*line, *watched.words("run")], env=NO_UTF_8, stdout=log, stderr=log
        )
    try:
        wait_until(lambda: watched.walks() > 0, 30, "the first walk")
        photos |= bring_oddities(watched, watched.photos / "later")
        assert watched.missing([Path(os.fsdecode(path)) for path in photos]) == []
        ended = subprocess.run(
            [*line, *watched.words("jobs")], env=NO_UTF_8, capture_output=True, check=False
        )
        assert (ended.returncode, ended.stdout.count(b".jpg")) == (0, len(photos)), ended.stderr
        for words in (["status"], ["jobs", "--json"], ["why", str(watched.photos)]):
            assert closed_at_once([*line, *watched.words(*words)], NO_UTF_8) == b""
    finally:
        daemon.kill()
        daemon.wait(timeout=20)
    assert set(watched.jobs()) == photos
    assert "Traceback" not in watched.log()


def closed_at_once(line: list[str], around: dict[str, str]) -> bytes:
    """What a command says to a pipe that nobody reads: its complaints."""
    with subprocess.Popen(
        line, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=around
    ) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.close()
        return process.stderr.read()

"""`uploadd demo` as a process: on painted photos and on a person's own, on a terminal and off."""

from __future__ import annotations

import os
import pty
import re
import signal
import subprocess
import sys
import urllib.request
from collections.abc import Sequence
from pathlib import Path

import pytest
from PIL import Image

from uploadd.sandbox.options import SandboxOptions
from uploadd.sandbox.server import running_sandbox

UPLOADD = str(Path(sys.executable).with_name("uploadd"))
OLD = 1_700_000_000


def environment(tmp_path: Path) -> dict[str, str]:
    """Nothing of the machine's own; a configuration that no demo may read."""
    home, temporary = tmp_path / "home", tmp_path / "tmp"
    for directory in (home, temporary):
        directory.mkdir(exist_ok=True)
    forbidden = home / "uploadd.toml"
    forbidden.write_text("this is no configuration")
    return {
        "PATH": os.environ["PATH"],
        "HOME": str(home),
        "TMPDIR": str(temporary),
        "UPLOADD_CONFIG": str(forbidden),
        "UPLOADD_STATE_DIR": str(home / "state"),
    }


def run_demo(
    tmp_path: Path, *arguments: str, prefix: Sequence[str] = (UPLOADD,)
) -> subprocess.CompletedProcess[str]:
    """The command without a terminal."""
    return subprocess.run(
        [*prefix, "demo", *arguments],
        env=environment(tmp_path),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )


def make_photos(directory: Path, count: int) -> None:
    """A person's own folder: photos of some age."""
    directory.mkdir()
    for number in range(count):
        path = directory / f"mine {number}.jpg"
        Image.new("RGB", (40, 30), (number * 20, 90, 30)).save(path)
        os.utime(path, (OLD, OLD))  # what was written a moment ago has to settle first


def test_painted_photos(tmp_path: Path) -> None:
    """Everything is counted, what was left out has its reason, and the result can be seen later."""
    ended = run_demo(tmp_path)
    assert ended.returncode == 0, ended.stderr
    assert "39 files found: 36 done, 1 duplicate, 2 skipped" in ended.stderr
    assert "broken transfer.jpg: the file is empty" in ended.stderr
    assert ended.stdout == ""
    kept = re.search(r"sandbox --dir (\S+)", ended.stderr)
    assert kept is not None
    with running_sandbox(SandboxOptions(directory=Path(kept[1]))) as later:
        assert len(list(later.sandbox.photos)) == 36
        assert later.sandbox.doubled() == {}


def test_a_directory_is_only_read(tmp_path: Path) -> None:
    """DIR is as it was, nothing appears in the home directory, and TMPDIR has the result alone."""
    photos = tmp_path / "mine"
    make_photos(photos, 3)
    before = {path: path.stat() for path in photos.iterdir()}
    ended = run_demo(tmp_path, str(photos))
    assert ended.returncode == 0, ended.stderr
    assert "3 files found: 3 done" in ended.stderr
    after = {path: path.stat() for path in photos.iterdir()}
    assert {p: (s.st_mtime_ns, s.st_size, s.st_ino) for p, s in after.items()} == {
        p: (s.st_mtime_ns, s.st_size, s.st_ino) for p, s in before.items()
    }
    assert [path.name for path in (tmp_path / "home").iterdir()] == ["uploadd.toml"]
    assert [path.name[:13] for path in (tmp_path / "tmp").iterdir()] == ["uploadd-demo-"]


def test_what_it_keeps_is_for_its_owner_alone(tmp_path: Path) -> None:
    """The sandbox's copies are of a person's photos, whatever their umask says."""
    make_photos(tmp_path / "mine", 1)
    shell = ("sh", "-c", 'umask 0; exec "$0" "$@"', UPLOADD)
    assert run_demo(tmp_path, str(tmp_path / "mine"), prefix=shell).returncode == 0
    kept = list((tmp_path / "tmp").rglob("*"))
    assert "00000001.jpg" in [path.name for path in kept]
    assert [path for path in kept if path.stat().st_mode & 0o77] == []


def test_the_command_that_removes_the_result(tmp_path: Path) -> None:
    """Pasted into a shell it removes what the demo kept, and nothing else, blanks or not."""
    temporary = tmp_path / "my photos"
    temporary.mkdir()
    (tmp_path / "my").mkdir()
    ended = run_demo(tmp_path, prefix=("env", f"TMPDIR={temporary}", UPLOADD))
    command = re.search(r"To remove them: (rm .*)", ended.stderr)
    assert command is not None, ended.stderr
    subprocess.run(["sh", "-c", command[1]], cwd=tmp_path, check=True)
    assert (tmp_path / "my").is_dir()
    assert list(temporary.iterdir()) == []


def test_a_directory_around_the_demos_own(tmp_path: Path) -> None:
    """What the sandbox keeps is not taken for more photos."""
    make_photos(tmp_path / "photos", 2)
    ended = run_demo(tmp_path, str(tmp_path))
    assert ended.returncode == 0, ended.stderr
    assert "2 done" in ended.stderr


def test_a_missing_directory(tmp_path: Path) -> None:
    """A usage error, in one line."""
    ended = run_demo(tmp_path, str(tmp_path / "nowhere"))
    assert ended.returncode == 2
    assert ended.stderr.count("\n") == 1
    assert "is not a directory" in ended.stderr


def test_missing_extras(tmp_path: Path) -> None:
    """One line that names the package and the remedy."""
    without = "import sys; sys.modules['uvicorn'] = None; from uploadd.cli.app import main; main()"
    ended = run_demo(tmp_path, prefix=(sys.executable, "-c", without))
    assert ended.returncode == 2
    assert ended.stderr == "uploadd: the demo needs uvicorn: pip install 'uploadd[sandbox]'\n"


def test_a_taken_port(tmp_path: Path) -> None:
    """A usage error, in one line."""
    with running_sandbox() as other:
        ended = run_demo(tmp_path, "--port", other.url.rpartition(":")[2])
    assert ended.returncode == 2
    assert "cannot listen" in ended.stderr


@pytest.mark.parametrize("way", ["enter", "ctrl-c", "sigterm"])
def test_the_page_stays_on_a_terminal(tmp_path: Path, way: str) -> None:
    """Until Enter, Ctrl-C or SIGTERM; then everything is gone."""
    photos = tmp_path / "mine"
    make_photos(photos, 1)
    leader, follower = pty.openpty()
    with subprocess.Popen(
        [UPLOADD, "demo", str(photos)],
        env=environment(tmp_path) | {"TERM": "xterm", "COLUMNS": "100"},
        stdin=follower,
        stdout=follower,
        stderr=follower,
        start_new_session=True,
        preexec_fn=lambda: take_terminal(follower),  # noqa: PLW1509 - nothing else runs here
    ) as demo:
        os.close(follower)
        shown = read_until(leader, "Enter ends the demo")
        page = re.search(r"What arrived is on (http://\S+)", shown)
        assert page is not None
        with urllib.request.urlopen(page[1]) as reply:
            assert "mine 0" in reply.read().decode()
        if way == "sigterm":
            demo.send_signal(signal.SIGTERM)
        else:
            os.write(leader, b"\n" if way == "enter" else b"\x03")
        code = demo.wait(20)
    os.close(leader)
    assert code == (143 if way == "sigterm" else 0)
    assert list((tmp_path / "tmp").iterdir()) == []


def take_terminal(descriptor: int) -> None:
    """Make it the new session's own, so that Ctrl-C is a signal."""
    import fcntl
    import termios

    fcntl.ioctl(descriptor, termios.TIOCSCTTY, 0)


def read_until(leader: int, words: str) -> str:
    """What a terminal showed, up to these words."""
    shown = ""
    while words not in shown:
        shown += os.read(leader, 4096).decode(errors="replace")
    return shown

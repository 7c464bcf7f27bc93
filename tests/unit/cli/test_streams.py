"""What is printed where nothing can be printed: dropped and counted, or one clear line."""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import structlog
from typer.testing import CliRunner

from uploadd.cli import streams
from uploadd.cli.app import app
from uploadd.cli.context import say, stop, with_clear_errors
from uploadd.cli.logs import set_up_logs


@pytest.fixture
def broken() -> Iterator[int]:
    """A descriptor that nobody reads from."""
    reading, writing = os.pipe()
    os.close(reading)
    yield writing
    os.close(writing)


def text_of(raw: io.RawIOBase) -> io.TextIOWrapper:
    """As `make_safe` makes it, in a locale that knows few letters."""
    former = io.TextIOWrapper(io.BytesIO(), encoding="latin-1")
    return streams._text(raw, former, is_line_by_line=True)  # type: ignore[arg-type]


def test_lost_lines_are_counted_and_told_by_the_next_event(
    broken: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A log that cannot be written raises nothing; once it can be, it says what is missing."""
    monkeypatch.setattr(sys, "stderr", text_of(streams._Told(broken)))
    set_up_logs()
    log = structlog.get_logger()
    log.info("photo.lost")
    say("nobody hears this")
    log.info("photo.lost")
    with (tmp_path / "log").open("w+") as file:
        os.dup2(file.fileno(), broken)
        log.info("photo.found")
        log.info("photo.found")
        file.seek(0)
        first, second = map(json.loads, file)
    assert first["dropped_lines"] == 3
    assert "dropped_lines" not in second


def test_results_that_cannot_be_written_are_one_line(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Exit 1, once, although more is printed and everything is flushed at the end."""
    full = os.open("/dev/full", os.O_WRONLY)

    def command() -> None:
        monkeypatch.setattr(sys, "stdout", text_of(streams._Results(full)))
        print("a result")

    with pytest.raises(SystemExit) as ending:
        with_clear_errors(command)
    print("more")
    sys.stdout.flush()
    os.close(full)
    assert ending.value.code == 1
    (line,) = capsys.readouterr().err.splitlines()
    assert "standard output: No space left on device" in line


def test_results_that_nobody_reads_end_in_silence(
    broken: int, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """As with `| head -1`: 1, and no word; the command's own exit code is kept."""
    for own, code in ((0, 1), (77, 77)):

        def command(own: int = own) -> None:
            monkeypatch.setattr(sys, "stdout", text_of(streams._Results(broken)))
            sys.stdout.write("a result")  # it is flushed at the end
            sys.exit(own)

        with pytest.raises(SystemExit) as ending:
            with_clear_errors(command)
        assert ending.value.code == code
    assert capsys.readouterr().err == ""


def test_letters_that_the_locale_has_not_are_escaped(tmp_path: Path) -> None:
    """Neither a result nor a line for people fails for its letters."""
    for kind in (streams._Results, streams._Told):
        with (tmp_path / "out").open("w+") as file:
            print("Café 😀", file=text_of(kind(file.fileno())))
            assert (tmp_path / "out").read_bytes() == b"Caf\xe9 \\U0001f600\n"


def test_lines_for_the_journal_are_json_with_their_level(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """`journalctl -p warning` goes by the level, `-o cat` shows JSON: sentences and events."""
    seen = os.fstat(streams.STDERR)
    monkeypatch.setenv("JOURNAL_STREAM", f"{seen.st_dev}:{seen.st_ino}")
    set_up_logs()
    structlog.get_logger().warning("photo.refused", text="too large")
    say("3 files found")
    with pytest.raises(BaseException, match="2"):
        stop("no folder is configured", 2)
    lines = capsys.readouterr().err.splitlines()
    assert [line[:3] for line in lines] == ["<4>", "<6>", "<3>"]
    events = [json.loads(line[3:]) for line in lines]
    assert [event["event"] for event in events] == [
        "photo.refused",
        "command.told",
        "command.failed",
    ]
    assert [event["text"] for event in events][1:] == ["3 files found", "no folder is configured"]


def test_an_inherited_journal_is_not_ours(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """A command started by a service, with its output elsewhere, speaks to people."""
    monkeypatch.setenv("JOURNAL_STREAM", "8:12345")
    say("3 files found")
    assert capsys.readouterr().err == "3 files found\n"


def test_a_working_directory_that_was_removed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One line, and 2."""
    (tmp_path / "gone").mkdir()
    monkeypatch.chdir(tmp_path / "gone")
    (tmp_path / "gone").rmdir()
    with pytest.raises(SystemExit) as ending:
        with_clear_errors(lambda: app(["status"]))
    assert ending.value.code == 2


@pytest.mark.parametrize(
    ("error", "told"),
    [
        (FileNotFoundError(2, "No such file or directory", "/dev/shm"), "directory: /dev/shm;"),
        (OSError("what a library says"), "what a library says;"),
        (UnicodeDecodeError("utf-8", b"\xff", 0, 1, "invalid"), "UnicodeDecodeError: "),
        (ImportError("no module named socks"), "ImportError: no module named socks;"),
        (ExceptionGroup("tasks", [PermissionError(13, "Permission denied")]), "denied;"),
    ],
)
def test_what_the_system_refuses_is_told_as_it_says_it(
    error: Exception, told: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """No traceback, and no *should not happen*: that is for bugs."""

    def command() -> None:
        raise error

    with pytest.raises(SystemExit) as ending:
        with_clear_errors(command)
    (line,) = capsys.readouterr().err.splitlines()
    assert ending.value.code == 1
    assert told in line
    assert "should not happen" not in line


def test_an_installation_that_is_not_whole() -> None:
    """The package that is missing is named, and how to put that right."""
    code = "import sys; sys.modules['httpx'] = None; from uploadd.__main__ import main; main()"
    ended = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=False, timeout=30
    )
    assert ended.returncode == 1
    assert ended.stderr.count("\n") == 1
    assert "httpx" in ended.stderr


def test_help_needs_no_stream() -> None:
    """The command line itself is sound."""
    assert CliRunner().invoke(app, ["--help"]).exit_code == 0

"""What a log line shows of an event, whatever stands in it."""

from __future__ import annotations

import io
import json
import logging
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import structlog
from typer.testing import CliRunner

from uploadd.cli import logs
from uploadd.cli.app import app
from uploadd.cli.context import with_clear_errors
from uploadd.cli.logs import LogFormat, set_up_logs
from uploadd.model.signs import is_unsafe

SECRET = "a-secret-in-a-local-variable"
ATTACK = "\x1b[2J\x9b2J\x07\x7f\u202eevil\u2066\u2028x\ud800\U000e0041"
Begin = Callable[[LogFormat], io.StringIO]
TOLD = ATTACK.replace("\ud800", "")  # pytest keeps what `logging` was told, as UTF-8
FORMS = [LogFormat.JSON, LogFormat.PEOPLE]


class Terminal(io.StringIO):
    """Standard error as a terminal."""

    def isatty(self) -> bool:
        return True


@pytest.fixture(params=["pipe", "terminal", "journal"])
def begin(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[Begin]:
    """Sets up the logs in this form, and gives what is told, wherever standard error leads."""

    def begun(form: LogFormat) -> io.StringIO:
        stream = Terminal() if request.param == "terminal" else io.StringIO()
        monkeypatch.setattr(sys, "stderr", stream)
        monkeypatch.setattr(logs, "is_journal", lambda _environ: request.param == "journal")
        set_up_logs(form)
        return stream

    before, root = structlog.get_config(), logging.getLogger()
    handlers, level = root.handlers[:], root.level
    yield begun
    structlog.configure(**before)
    root.handlers[:] = handlers
    root.setLevel(level)


def fail(text: str = "it broke", depth: int = 0) -> None:
    """Raise, with a secret in a local variable of every frame."""
    token = SECRET
    if depth:
        fail(text, depth - 1)
    raise ValueError(text + token[:0])


@contextmanager
def crashed(event: str = "job.crashed") -> Iterator[None]:
    """Log what is raised, as the stages do."""
    try:
        yield
    except Exception:  # noqa: BLE001 - whatever is raised
        structlog.get_logger().exception(event, job=7)


def lines(told: io.StringIO) -> list[str]:
    """The lines, without the colours of our own and the journal's level."""
    text = told.getvalue()
    for number in (0, 1, 2, 31, 32, 33, 34, 35, 36):
        text = text.replace(f"\x1b[{number}m", "")
    return [line.removeprefix("<3>").removeprefix("<4>") for line in text.splitlines()]


@pytest.mark.parametrize("form", FORMS)
def test_a_traceback_shows_no_local_variable(begin: Begin, form: LogFormat) -> None:
    """It says what was raised and where; the secret in the frames is not in it."""
    told = begin(form)
    with crashed():
        fail()
    assert "ValueError: it broke" in told.getvalue()
    assert "in fail" in told.getvalue()
    assert SECRET not in told.getvalue()


@pytest.mark.parametrize("form", FORMS)
def test_a_traceback_has_an_end(begin: Begin, form: LogFormat) -> None:
    """However deep the calls, however long the text, however many tasks failed together."""
    told = begin(form)
    with crashed():
        fail("x" * 1_000_000, depth=400)
    deep = len(told.getvalue())
    with crashed():
        raise ExceptionGroup("tasks", [ValueError(str(number) * 500) for number in range(500)])
    with crashed():
        raise _chain(300)
    assert deep < 10_000
    assert len(told.getvalue()) < 30_000
    assert SECRET not in told.getvalue()


def _chain(length: int) -> Exception:
    error = Exception("first")
    for number in range(length):
        follower = Exception(f"{number}" * 100)
        follower.__cause__ = error
        error = follower
    return error


@pytest.mark.parametrize("form", FORMS)
def test_a_line_obeys_no_terminal(begin: Begin, form: LogFormat) -> None:
    """Whatever stands in a field, in an exception's text, or in the event itself."""
    told = begin(form)
    structlog.get_logger().warning("call.failed", text=ATTACK, name=ATTACK * 2, more=[ATTACK])
    with crashed():
        raise ValueError(ATTACK + "\n" + ATTACK)
    for line in lines(told):
        assert not [sign for sign in line if is_unsafe(sign)], ascii(line)


def test_json_keeps_the_value(begin: Begin) -> None:
    """What is escaped is the same text; each event is one line."""
    told = begin(LogFormat.JSON)
    structlog.get_logger().warning("call.failed", text=ATTACK)
    with crashed():
        raise ValueError(ATTACK)
    first, second = map(json.loads, lines(told))
    assert first["text"] == ATTACK
    assert second["exception"].endswith(f"ValueError: {ATTACK}")


@pytest.mark.parametrize("form", FORMS)
def test_a_field_has_an_end(begin: Begin, form: LogFormat) -> None:
    """A megabyte in a field is no line."""
    told = begin(form)
    structlog.get_logger().warning("call.failed", text="x" * 1_000_000, other=["y" * 1_000_000])
    assert len(told.getvalue()) < 10_000


@pytest.mark.parametrize("form", FORMS)
def test_what_libraries_warn_of_is_an_event(begin: Begin, form: LogFormat) -> None:
    """Exceptions that asyncio lost come by `logging`: in our form, and without secrets."""
    told = begin(form)
    try:
        fail(TOLD)
    except ValueError:
        logging.getLogger("asyncio").exception("Task exception was never retrieved %s", TOLD)
    logging.getLogger("httpx").info("HTTP Request: POST https://x.test/?auth_token=%s", SECRET)
    assert "library.told" in told.getvalue()
    assert "never retrieved" in told.getvalue()
    assert SECRET not in told.getvalue()
    for line in lines(told):
        assert not [sign for sign in line if is_unsafe(sign)], ascii(line)
    if form is LogFormat.JSON:
        assert [json.loads(line)["logger"] for line in lines(told)] == ["asyncio"]


def test_no_renderer_of_locals_is_left() -> None:
    """Neither structlog's nor Typer's nor rich's."""
    root = os.path.dirname(os.path.dirname(logs.__file__))
    for directory, _, names in os.walk(root):
        for name in names:
            if name.endswith(".py"):
                with open(os.path.join(directory, name), encoding="utf-8") as file:
                    text = file.read()
                for unwanted in ("show_locals=True", "dict_tracebacks", "rich_traceback", "cgitb"):
                    assert unwanted not in text, f"{name}: {unwanted}"


@pytest.mark.parametrize("words", [["status"], ["jobs"], ["why", "x"], ["retry", "--failed"]])
def test_every_command_has_its_logs_set_up(
    begin: Begin, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, words: list[str]
) -> None:
    """Also one that has nothing to log: structlog would show locals, on standard output."""
    begin(LogFormat.JSON)
    structlog.reset_defaults()
    monkeypatch.setattr(sys, "argv", ["uploadd", *words])
    config = tmp_path / "uploadd.toml"
    config.write_text(f'state_dir = "{tmp_path}/state"\n')
    CliRunner().invoke(app, ["--config", str(config), *words])
    told = io.StringIO()
    monkeypatch.setattr(sys, "stderr", told)
    with crashed():
        fail()
    assert "ValueError: it broke" in told.getvalue()
    assert SECRET not in told.getvalue()


def test_what_a_bug_shows_holds_no_local_variable_either(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """UPLOADD_DEBUG=1 shows where, and obeys no terminal."""
    monkeypatch.setenv("UPLOADD_DEBUG", "1")
    with pytest.raises(SystemExit):
        with_clear_errors(lambda: fail(ATTACK))
    shown = capsys.readouterr().err
    assert "in fail" in shown
    assert "an error that should not happen: ValueError" in shown
    assert SECRET not in shown
    assert not [sign for sign in shown if is_unsafe(sign) and sign != "\n"]

"""What every command begins with: the configuration, and one way to end with an error."""

from __future__ import annotations

import os
import shlex
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

import typer

from uploadd.cli.logs import journal_line, traceback_text
from uploadd.cli.streams import flush_results, is_journal
from uploadd.files.opening import printable
from uploadd.files.state_directory import check_state_dir
from uploadd.model.configuration import Configuration
from uploadd.model.errors import (
    ConfigurationError,
    ServiceRefusedError,
    StoreBusyError,
    UploaddError,
    UsageError,
)
from uploadd.model.pauses import PauseCause
from uploadd.model.signs import escaped

if TYPE_CHECKING:
    from uploadd.settings import Loaded

EXIT_FAILED = 1
EXIT_USAGE = 2
EXIT_WOULD_WAIT = 75
EXIT_CREDENTIALS = 77
EXIT_INTERRUPTED = 130


_PAUSE_EXITS = {PauseCause.CREDENTIALS: EXIT_CREDENTIALS, PauseCause.RATE: EXIT_WOULD_WAIT}


def load_settings(context: typer.Context) -> Loaded:
    """Read the configuration that `--config`, the environment or the usual places name."""
    from uploadd.settings import find_config, load  # noqa: PLC0415 - not every command has any

    option: Path | None = context.obj
    return load(find_config(option, os.environ), os.environ)


def configuration_of(context: typer.Context) -> Configuration:
    """The configuration alone."""
    return load_settings(context).configuration


def own_configuration(context: typer.Context) -> Configuration:
    """The configuration, for a command that only the state directory's owner may give."""
    configuration = configuration_of(context)
    check_state_dir(configuration, command_line(configuration.source))
    return configuration


def command_line(source: Path | None) -> str:
    """What stands behind `uploadd` on the command line, as another user would type it again.

    `source`: the configuration file. It is named unless every user finds it: sudo keeps neither
    `$UPLOADD_CONFIG` nor the home directory.
    """
    from uploadd.settings import SYSTEM_DIRECTORY  # noqa: PLC0415 - see `load_settings`

    words = sys.argv[1:]
    is_named = any(word.partition("=")[0] == "--config" for word in words)
    if source is not None and source.parent != SYSTEM_DIRECTORY and not is_named:
        words = ["--config", os.path.abspath(source), *words]
    return shlex.join(words)


def check_working_directory() -> None:
    """Every relative path begins there. Raises `UsageError` where it was removed."""
    try:
        os.getcwd()
    except OSError as error:
        told = f"the working directory cannot be used: {error.strerror}"
        raise UsageError(told, "change to one that is there (cd)") from None


def say(text: str) -> None:
    """One line for people: they read standard error, programs read standard output."""
    is_for_journal = is_journal(os.environ)
    print(journal_line("info", text) if is_for_journal else escaped(text, "\n"), file=sys.stderr)


def stop(text: str, code: int) -> NoReturn:
    """End the command with one clear line."""
    is_for_journal = is_journal(os.environ)
    told = escaped(f"uploadd: {text}", "\n")
    print(journal_line("error", text) if is_for_journal else told, file=sys.stderr)
    raise typer.Exit(code)


@contextmanager
def clear_errors() -> Iterator[None]:
    """Turn every error into a clear line and the exit code of design section 7."""
    try:
        yield
    except UploaddError as error:
        stop(str(error), exit_code_of(error))
    except BaseExceptionGroup as group:
        _stop_with_group(group)
    except KeyboardInterrupt:
        stop("stopped; the queue is intact", EXIT_INTERRUPTED)
    except BrokenPipeError:  # nobody reads the results any more
        raise typer.Exit(EXIT_FAILED) from None
    except (typer.Exit, typer.Abort):
        raise
    except Exception as error:  # noqa: BLE001 - the last resort: a line, never a traceback
        _stop_with(error)


def exit_code_of(error: UploaddError) -> int:
    """The exit code for an error that ends a command."""
    if isinstance(error, ConfigurationError | UsageError):
        return EXIT_USAGE
    if isinstance(error, ServiceRefusedError) and error.pause is not None:
        return _PAUSE_EXITS.get(error.pause.cause, EXIT_FAILED)
    return EXIT_WOULD_WAIT if isinstance(error, StoreBusyError) else EXIT_FAILED


def _stop_with_group(group: BaseExceptionGroup[BaseException]) -> NoReturn:
    """Tasks fail in groups; a person is told of the first one that means something."""
    for error in _leaves(group):
        if isinstance(error, UploaddError):
            stop(str(error), exit_code_of(error))
    _stop_with(next(iter(_leaves(group))))


def _leaves(group: BaseExceptionGroup[BaseException]) -> Iterator[BaseException]:
    for error in group.exceptions:
        if isinstance(error, BaseExceptionGroup):
            yield from _leaves(error)
        else:
            yield error


def _stop_with(error: BaseException) -> NoReturn:
    """Tell what the system refuses in its own words; anything else is a bug."""
    if os.environ.get("UPLOADD_DEBUG"):
        say(traceback_text((type(error), error, error.__traceback__)))
    if isinstance(error, OSError | UnicodeError | ImportError):
        stop(f"{_told_by_system(error)}; the queue is intact, UPLOADD_DEBUG=1 shows more", 1)
    stop(
        f"an error that should not happen: {type(error).__name__}: {error}. The queue is intact;"
        " UPLOADD_DEBUG=1 shows more, please report it",
        EXIT_FAILED,
    )


def _told_by_system(error: OSError | UnicodeError | ImportError) -> str:
    if not isinstance(error, OSError):
        return f"{type(error).__name__}: {error}"
    paths = (error.filename, error.filename2)
    named = [printable(os.fsencode(path)) for path in paths if isinstance(path, str | bytes)]
    return ": ".join([error.strerror or str(error) or type(error).__name__, *named])


def with_clear_errors(command: Callable[[], None]) -> None:
    """Run a whole command line inside `clear_errors`, and leave with its exit code."""
    code = _exit_code_of_all(command)
    lost = _exit_code_of_all(flush_results)
    sys.exit(code or lost)


def _exit_code_of_all(command: Callable[[], None]) -> int | str | None:
    """How `command` ends, whether it returns, exits by itself, or fails."""
    try:
        with clear_errors():
            command()
    except typer.Exit as ending:  # raised outside of the command line's own reach
        return ending.exit_code
    except SystemExit as ending:
        return ending.code
    return 0

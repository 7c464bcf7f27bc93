"""Log events as lines: JSON for the journal, coloured words for a terminal.

Whatever stands in an event, its line obeys no terminal, has an end, and shows no local variable:
those hold secrets.
"""

from __future__ import annotations

import json
import logging
import os
import sys
from datetime import UTC, datetime
from enum import StrEnum
from traceback import TracebackException
from types import TracebackType
from typing import Any

import structlog
from structlog.typing import EventDict

from uploadd.cli.streams import dropped_lines, is_journal
from uploadd.model.signs import escaped, escaped_json, shortened

# What `journalctl -p` goes by (sd-daemon(3)); a level that is not here is of no urgency.
PRIORITIES = {"critical": 2, "error": 3, "exception": 3, "warning": 4, "info": 6, "debug": 7}

MOST_FIELD_SIGNS = 4000
MOST_TRACEBACK_SIGNS = 8000
MOST_FRAMES = 20
MOST_IN_GROUP = 3
"""Of exceptions in a group; their groups are as deep at most."""

ExcInfo = tuple[type[BaseException], BaseException, TracebackType | None]


class LogFormat(StrEnum):
    """How a log line looks."""

    AUTO = "auto"  # for people on a terminal, JSON elsewhere
    JSON = "json"
    PEOPLE = "people"


def set_up_logs(form: LogFormat = LogFormat.AUTO, level: int = logging.INFO) -> None:
    """One line an event, on standard error; the journal keeps the time and the level as well."""
    is_for_people = form is LogFormat.PEOPLE or (form is LogFormat.AUTO and sys.stderr.isatty())
    processors: list[Any] = [
        _without_empty,
        _with_dropped,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=not is_for_people),
        structlog.processors.ExceptionRenderer(traceback_text),
    ]
    if is_for_people:
        plain = structlog.dev.plain_traceback
        for_people = structlog.dev.ConsoleRenderer(
            colors=sys.stderr.isatty(), pad_event_to=0, exception_formatter=plain
        )
        processors += [_fit_for_people, for_people]
    else:
        processors += [_fit, structlog.processors.JSONRenderer(_json_line)]
    if is_journal(os.environ):
        processors.append(_with_priority)
    structlog.configure(
        processors=processors,
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=_to_standard_error,
        cache_logger_on_first_use=False,
    )
    root = logging.getLogger()
    root.handlers = [one for one in root.handlers if not isinstance(one, _IntoEvents)]
    root.addHandler(_IntoEvents(logging.WARNING))


class _IntoEvents(logging.Handler):
    """What libraries warn of by `logging`, asyncio's lost exceptions too, as events like ours."""

    def emit(self, record: logging.LogRecord) -> None:
        try:
            text = record.getMessage()
        except Exception:  # noqa: BLE001 - a library's mistake in a format
            text = str(record.msg)
        log = structlog.get_logger()
        say = log.error if record.levelno >= logging.ERROR else log.warning
        say("library.told", logger=record.name, text=text, exc_info=record.exc_info)


def format_beside_progress() -> LogFormat:
    """How events look beside lines for people: only the journal gets JSON."""
    return LogFormat.JSON if is_journal(os.environ) else LogFormat.PEOPLE


def journal_line(level: str, text: str) -> str:
    """A sentence for people as a line of the journal, like the events around it."""
    event = "command.failed" if level == "error" else "command.told"
    now = datetime.now(UTC).isoformat().replace("+00:00", "Z")
    said = {"event": event, "text": text.strip(), "level": level, "timestamp": now}
    return f"<{PRIORITIES[level]}>{_json_line(said)}"


def traceback_text(exc_info: ExcInfo) -> str:
    """What was raised and where, of at most 8,000 signs: no local variables, few frames."""
    whole = TracebackException(
        *exc_info,
        limit=-MOST_FRAMES,
        capture_locals=False,
        max_group_width=MOST_IN_GROUP,
        max_group_depth=MOST_IN_GROUP,
    )
    return shortened("".join(whole.format()).rstrip("\n"), MOST_TRACEBACK_SIGNS)


def _fit(_logger: Any, _method: str, event: EventDict) -> EventDict:
    """Every text of an event has an end."""
    return {name: _ended(name, value) for name, value in event.items()}


def _fit_for_people(_logger: Any, _method: str, event: EventDict) -> EventDict:
    """The same, with what a terminal would obey written out; JSON's line does that by itself."""
    return {
        name: escaped(text, "\n" if name == "exception" else "") if isinstance(text, str) else text
        for name, text in _fit(_logger, _method, event).items()
    }


def _ended(name: str, value: Any) -> Any:
    """A field's value; what is no text, no number and no yes or no becomes a text."""
    if value is None or isinstance(value, bool | int | float):
        return value
    text = str(value) if isinstance(value, str) else repr(value)
    return shortened(text, MOST_TRACEBACK_SIGNS if name == "exception" else MOST_FIELD_SIGNS)


def _json_line(event: EventDict, **_options: Any) -> str:
    return escaped_json(json.dumps(event, ensure_ascii=False))


def _without_empty(_logger: Any, _method: str, event: EventDict) -> EventDict:
    """What there is nothing to say about is not said."""
    return {name: value for name, value in event.items() if value is not None and value != ""}


def _with_dropped(_logger: Any, _method: str, event: EventDict) -> EventDict:
    """Tell in the next line that can be written how many could not be."""
    lines = dropped_lines()
    return {**event, "dropped_lines": lines} if lines else event


def _with_priority(_logger: Any, method: str, text: str) -> str:
    """The journal takes the level from the beginning of each line, and removes it there."""
    begin = f"<{PRIORITIES.get(method, 6)}>"
    return "\n".join(begin + line for line in text.splitlines())


def _to_standard_error(*_arguments: Any) -> structlog.PrintLogger:
    """Looks standard error up each time: a progress bar puts itself in between."""
    return structlog.PrintLogger(sys.stderr)

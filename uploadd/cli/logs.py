"""Log events as lines: JSON for the journal, coloured words for a terminal."""

from __future__ import annotations

import json
import logging
import os
import sys
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any

import structlog
from structlog.typing import EventDict

from uploadd.cli.streams import dropped_lines, is_journal

# What `journalctl -p` goes by (sd-daemon(3)); a level that is not here is of no urgency.
PRIORITIES = {"critical": 2, "error": 3, "exception": 3, "warning": 4, "info": 6, "debug": 7}


class LogFormat(StrEnum):
    """How a log line looks."""

    AUTO = "auto"  # for people on a terminal, JSON elsewhere
    JSON = "json"
    PEOPLE = "people"


def set_up_logs(form: LogFormat = LogFormat.AUTO, level: int = logging.INFO) -> None:
    """One line an event, on standard error; the journal keeps the time and the level as well."""
    is_for_people = form is LogFormat.PEOPLE or (form is LogFormat.AUTO and sys.stderr.isatty())
    renderer: Any = (
        structlog.dev.ConsoleRenderer(
            colors=sys.stderr.isatty(),
            pad_event_to=0,
            exception_formatter=structlog.dev.plain_traceback,
        )
        if is_for_people
        else structlog.processors.JSONRenderer(ensure_ascii=False)
    )
    processors: list[Any] = [
        _without_empty,
        _with_dropped,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=not is_for_people),
    ]
    if not is_for_people:
        processors.append(structlog.processors.dict_tracebacks)
    processors.append(renderer)
    if is_journal(os.environ):
        processors.append(_with_priority)
    structlog.configure(
        processors=processors,
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=_to_standard_error,
        cache_logger_on_first_use=False,
    )


def format_beside_progress() -> LogFormat:
    """How events look beside lines for people: only the journal gets JSON."""
    return LogFormat.JSON if is_journal(os.environ) else LogFormat.PEOPLE


def journal_line(level: str, text: str) -> str:
    """A sentence for people as a line of the journal, like the events around it."""
    event = "command.failed" if level == "error" else "command.told"
    now = datetime.now(UTC).isoformat().replace("+00:00", "Z")
    said = {"event": event, "text": text.strip(), "level": level, "timestamp": now}
    return f"<{PRIORITIES[level]}>{json.dumps(said, ensure_ascii=False)}"


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

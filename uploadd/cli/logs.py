"""Log events as lines: JSON for the journal, coloured words for a terminal."""

from __future__ import annotations

import logging
import sys
from enum import StrEnum
from typing import Any

import structlog
from structlog.typing import EventDict


class LogFormat(StrEnum):
    """How a log line looks."""

    AUTO = "auto"  # for people on a terminal, JSON elsewhere
    JSON = "json"
    PEOPLE = "people"


def set_up_logs(form: LogFormat = LogFormat.AUTO, level: int = logging.INFO) -> None:
    """One line an event, on standard error; the journal keeps the time as well."""
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
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=not is_for_people),
    ]
    if not is_for_people:
        processors.append(structlog.processors.dict_tracebacks)
    structlog.configure(
        processors=[*processors, renderer],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=_to_standard_error,
        cache_logger_on_first_use=False,
    )


def _without_empty(_logger: Any, _method: str, event: EventDict) -> EventDict:
    """What there is nothing to say about is not said."""
    return {name: value for name, value in event.items() if value is not None and value != ""}


def _to_standard_error(*_arguments: Any) -> structlog.PrintLogger:
    """Looks standard error up each time: a progress bar puts itself in between."""
    return structlog.PrintLogger(sys.stderr)

"""What a check finds, and the exit code that follows from it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Any

EXIT_FAILED = 1
EXIT_CONFIGURATION = 2
EXIT_CREDENTIALS = 77


class Level(StrEnum):
    """How bad it is."""

    OK = "ok"
    WARNING = "warning"  # it runs, but perhaps not as one thinks
    ERROR = "error"  # it does not run, or uploads nothing


class Concern(StrEnum):
    """What an error is about; it decides the exit code."""

    CONFIGURATION = "configuration"
    CREDENTIALS = "credentials"
    OTHER = "other"


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was looked at. `subject`: a key of the configuration, a path, an account."""

    level: Level
    subject: str
    text: str
    remedy: str = ""
    concern: Concern = Concern.OTHER

    def as_json(self) -> dict[str, str]:
        """Its part of `check --json` (design section 9)."""
        return {
            "level": self.level,
            "subject": self.subject,
            "text": self.text,
            "remedy": self.remedy,
        }


@dataclass(frozen=True, slots=True)
class Report:
    """Everything that was found."""

    findings: tuple[Finding, ...]

    @property
    def errors(self) -> int:
        """How many errors there are."""
        return self._count(Level.ERROR)

    @property
    def warnings(self) -> int:
        """How many warnings there are."""
        return self._count(Level.WARNING)

    @property
    def exit_code(self) -> int:
        """2 where the configuration is wrong, 77 for credentials, 1 for other errors, else 0."""
        concerns = {found.concern for found in self.findings if found.level is Level.ERROR}
        if Concern.CONFIGURATION in concerns:
            return EXIT_CONFIGURATION
        if Concern.CREDENTIALS in concerns:
            return EXIT_CREDENTIALS
        return EXIT_FAILED if concerns else 0

    def as_json(self) -> dict[str, Any]:
        """The object that `check --json` prints."""
        return {
            "ok": self.errors == 0,
            "findings": [found.as_json() for found in self.findings],
        }

    def _count(self, level: Level) -> int:
        return sum(found.level is level for found in self.findings)


def ok(subject: str, text: str) -> Finding:
    """Something that is as it should be."""
    return Finding(Level.OK, subject, text)


def warning(subject: str, text: str, remedy: str = "") -> Finding:
    """Something that a person should know."""
    return Finding(Level.WARNING, subject, text, remedy)


def error(subject: str, text: str, remedy: str = "", concern: Concern = Concern.OTHER) -> Finding:
    """Something that stops a run."""
    return Finding(Level.ERROR, subject, text, remedy, concern)

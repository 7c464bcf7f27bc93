"""The errors that cross a room's border.

::

    UploaddError
    ├── IllegalMoveError        a bug: a job was to make a move that it does not have (`states`)
    ├── ConfigurationError      the settings are wrong                             (exit 2)
    ├── UsageError              the command line is wrong, a directory is missing  (exit 2)
    ├── NotWholeError           a package that uploadd needs is not there          (exit 1)
    ├── StoreError              the state directory cannot be used                 (exit 1)
    │   └── StoreBusyError      another process delivers for it                    (exit 75)
    ├── FileTrouble             one file cannot be used now; the others go on
    │   ├── FileVanishedError   it is not there any more
    │   ├── FileSilentError     its disk does not answer
    │   ├── FileChangedError    it is not what was fingerprinted
    │   ├── FileUnreadableError it is there and cannot be read
    │   │   └── FileTooLargeError    it is larger than anything that a service takes
    │   ├── FileLinkedError     somebody else may have linked it there
    │   └── RootRefusedError    its folder's directory is another owner's, or behind a foreign link
    └── ServiceError            a read call to a service did not work
        ├── ServiceAwayError    nothing answered
        ├── ServiceFaultError   it answered, with a passing fault or with something unreadable
        │   └── OutcomeUnknownError  a call whose reply was lost: it may have done its work
        └── ServiceRefusedError it answered with an error that has a row in its error table

Each says what happened, to what, and what to do. No httpx, XML or SQLite type leaves its room.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from uploadd.model.verdicts import Pause, Reason


class UploaddError(Exception):
    """Something a person can be told in one line: `text`, and `remedy` where there is one."""

    def __init__(self, text: str, remedy: str = "") -> None:
        super().__init__(text if not remedy else f"{text}; {remedy}")
        self.text = text
        self.remedy = remedy


class ConfigurationError(UploaddError):
    """The settings are wrong."""


class UsageError(UploaddError):
    """The command line asks for what cannot be."""


class NotWholeError(UploaddError):
    """Something that belongs to the installation cannot be loaded."""

    def __init__(self, error: ImportError) -> None:
        super().__init__(
            f"a package that it needs cannot be loaded ({error})",
            "install uploadd anew: pip install --force-reinstall uploadd",
        )


class StoreError(UploaddError):
    """The state directory or its database cannot be used."""


class StoreBusyError(StoreError):
    """Another process delivers for this state directory."""


class FileTrouble(UploaddError):  # noqa: N818 - a family of states of a file, not a fault of ours
    """One file cannot be used now."""


class FileVanishedError(FileTrouble):
    """The file is not there any more."""


class FileSilentError(FileTrouble):
    """Its disk does not answer."""


class FileChangedError(FileTrouble):
    """The file is not what was fingerprinted."""


class FileUnreadableError(FileTrouble):
    """The file is there and cannot be read."""


class FileTooLargeError(FileUnreadableError):
    """The file is larger than anything that a service takes: it is not read."""


class FileLinkedError(FileTrouble):
    """The file is there, and somebody else may have linked it there: it is not read."""


class RootRefusedError(FileTrouble):
    """The directory that its folder's path leads to may not be read: the file waits.

    `folder`: its name; empty: a directory in no folder. `needs_person`: it does not pass by itself.
    """

    def __init__(self, text: str, remedy: str, folder: str, *, needs_person: bool = True) -> None:
        super().__init__(text, remedy)
        self.folder = folder
        self.needs_person = needs_person


class ServiceError(UploaddError):
    """A read call to a service did not work."""


class ServiceAwayError(ServiceError):
    """Nothing answered: connection refused, no name, no route. Nothing was sent."""


class ServiceFaultError(ServiceError):
    """A passing fault: reset, time-out, 5xx, an unreadable reply, a passing error code."""

    def __init__(self, reason: Reason) -> None:
        super().__init__(reason.text, reason.remedy)
        self.reason = reason


class OutcomeUnknownError(ServiceFaultError):
    """A call that changes something was sent whole, and its reply was lost: look, then decide."""


class ServiceRefusedError(ServiceError):
    """An error with a verdict: `pause` where the whole account must stop, else None."""

    def __init__(self, reason: Reason, pause: Pause | None = None) -> None:
        super().__init__(reason.text, reason.remedy)
        self.reason = reason
        self.pause = pause

"""uploadd: photos from a folder to a photo service, none lost, none doubled.

For other programs: the clients of both services, and what they take and give (docs/library.md).
Each name is loaded when it is asked for, so that `import uploadd` costs nothing.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from uploadd.library import Flickr, Ipernity
    from uploadd.model.configuration import Account, ServiceName
    from uploadd.model.contents import Content
    from uploadd.model.errors import (
        ConfigurationError,
        FileChangedError,
        FileTrouble,
        FileUnreadableError,
        FileVanishedError,
        OutcomeUnknownError,
        ServiceAwayError,
        ServiceError,
        ServiceFaultError,
        ServiceRefusedError,
        UploaddError,
        UsageError,
    )
    from uploadd.model.limits import Quota
    from uploadd.model.pauses import PauseCause
    from uploadd.model.secret import Secret
    from uploadd.model.tickets import TicketReply, TicketState
    from uploadd.model.verdicts import Pause, Reason
    from uploadd.operations.library.sending import Upload
    from uploadd.services.base import Login

__all__ = [
    "Account",
    "ConfigurationError",
    "Content",
    "FileChangedError",
    "FileTrouble",
    "FileUnreadableError",
    "FileVanishedError",
    "Flickr",
    "Ipernity",
    "Login",
    "OutcomeUnknownError",
    "Pause",
    "PauseCause",
    "Quota",
    "Reason",
    "Secret",
    "ServiceAwayError",
    "ServiceError",
    "ServiceFaultError",
    "ServiceName",
    "ServiceRefusedError",
    "TicketReply",
    "TicketState",
    "Upload",
    "UploaddError",
    "UsageError",
]

_HOMES = {
    "Flickr": "uploadd.library",
    "Ipernity": "uploadd.library",
    "Account": "uploadd.model.configuration",
    "ServiceName": "uploadd.model.configuration",
    "Content": "uploadd.model.contents",
    "PauseCause": "uploadd.model.pauses",
    "Secret": "uploadd.model.secret",
    "TicketReply": "uploadd.model.tickets",
    "TicketState": "uploadd.model.tickets",
    "Pause": "uploadd.model.verdicts",
    "Reason": "uploadd.model.verdicts",
    "Upload": "uploadd.operations.library.sending",
    "Login": "uploadd.services.base",
    "Quota": "uploadd.model.limits",
}
_ERRORS = "uploadd.model.errors"


if not TYPE_CHECKING:  # for a type checker, names that are not there are mistakes

    def __getattr__(name: str) -> object:
        if name not in __all__:
            raise AttributeError(f"module 'uploadd' has no attribute {name!r}")
        return getattr(import_module(_HOMES.get(name, _ERRORS)), name)


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})

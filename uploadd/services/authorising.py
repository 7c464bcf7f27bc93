"""The contract of a login: how a person gives uploadd the permission to upload.

Every service does it in three steps. `begin` gives an address; the person opens it and agrees
there; `finish` trades that consent for a token, and `check` asks the service whose token it is
and what it may do. Nothing here is kept: a login that is cut short at any step leaves no trace
with us, and on the service at most a token that nobody knows.

No secret is in any error, log line or `repr`.
"""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Protocol, TypeVar

from uploadd.model import verdicts
from uploadd.model.configuration import NO_SECRET
from uploadd.model.errors import ServiceFaultError, ServiceRefusedError
from uploadd.model.pauses import PauseCause
from uploadd.model.ports import Clock
from uploadd.model.secret import Secret
from uploadd.model.verdicts import Reason
from uploadd.services.values import exact, words

T = TypeVar("T")

PERMISSION = "write"
ENOUGH = frozenset({PERMISSION, "delete"})

# Letters, marks and symbols that show nothing (Unicode: Default_Ignorable_Code_Point, and blanks
# that are none by their category). An emoji may have its selector.
_UNSEEN = re.compile(
    "[\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u2800\u3164\ufe00-\ufe0e\uffa0\U000e0100-\U000e01ef]"
    "|(?<![\u203c-\u3299\U0001f000-\U0001faff])\ufe0f"
)

TRIES = 3
RETRY_SECONDS = 1.0


class ConsentRefusedError(ServiceRefusedError):
    """What the person brought back from the service's page is not taken.

    `is_final`: this address is worth nothing any more, a new one is needed. Else the same step may
    be tried again.
    """

    def __init__(self, reason: Reason, *, is_final: bool) -> None:
        super().__init__(reason, verdicts.Pause(PauseCause.CREDENTIALS, reason))
        self.is_final = is_final


@dataclass(frozen=True, slots=True)
class Keys:
    """A login. `token_secret` is empty where the service has none."""

    token: Secret
    token_secret: Secret = NO_SECRET


@dataclass(frozen=True, slots=True)
class Standing:
    """Whose token it is, and what it may do. `permission` is "" where the service does not say."""

    user_id: str
    user_name: str
    permission: str

    @property
    def may_upload(self) -> bool:
        """Whether the permission is enough. A service that says nothing is taken at its word."""
        return self.permission in ENOUGH or not self.permission


class Authoriser(Protocol):
    """One login on one service. The steps are taken in their order, `finish` more than once."""

    @property
    def host(self) -> str:
        """The service's host, as in `Service.host`."""

    @property
    def gives_code(self) -> bool:
        """Whether the page shows a code that is typed in, or leads back to a callback.

        Else the person only says that it is done.
        """

    async def begin(self, callback: str = "") -> str:
        """The address that a person opens and agrees at. Raises `ServiceError`.

        `callback`: where the page leads back to, for a service that `gives_code`; "": the page
        shows the code instead.
        """

    def code_in(self, query: str) -> str | None:
        """The code in the query of the callback; "" where the person did not agree.

        None where the query does not name the consent that `begin` asked for: anybody can send one.
        """

    async def finish(self, code: str) -> Keys:
        """The token for a consent. Raises `ConsentRefusedError`, or another `ServiceError`."""

    async def check(self, keys: Keys) -> Standing:
        """Whose token it is and what it may do. Raises `ServiceError`."""

    async def aclose(self) -> None:
        """Close the connections."""


def name_of(told: object, user_id: str) -> str:
    """The user's name out of a reply; his id where the name cannot be shown just as it is.

    Without its hidden signs, or cut short, it could be taken for another user's.
    """
    name = words(told)
    is_whole = bool(name) and name == exact(told) and name.isprintable()
    return name if is_whole and not _UNSEEN.search(name) else user_id


async def patiently(clock: Clock, step: Callable[[], Awaitable[T]]) -> T:
    """Take a step that may be taken twice, again after passing faults. Raises what it raises."""
    for number in range(1, TRIES):
        try:
            return await step()
        except ServiceFaultError:
            await clock.sleep(number * RETRY_SECONDS)
    return await step()

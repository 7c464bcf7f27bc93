"""Refusals of the sandbox's own: what a service would quietly swallow."""

from __future__ import annotations

from starlette.responses import Response


class UnacceptableError(Exception):
    """HTTP 400 text/plain: what a service would quietly swallow, and a client should not send."""


class Interrupted(Exception):  # noqa: N818 - an end, not an error
    """The call ends here, with this reply."""

    def __init__(self, reply: Response) -> None:
        super().__init__(reply.status_code)
        self.reply = reply

"""Logging in to ipernity: a frob, the person's consent on ipernity's page, a token for both.

ipernity API, "Authentication of desktop applications". Nothing is typed in: the person says when it
is done. The token lasts until the person takes it back, and has no secret of its own.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any
from urllib.parse import urlencode

import httpx

from uploadd.model.budget import Purpose
from uploadd.model.configuration import NO_SECRET, Account
from uploadd.model.errors import ServiceError, ServiceFaultError
from uploadd.model.ports import Runtime
from uploadd.model.secret import Secret
from uploadd.model.verdicts import Reason
from uploadd.services.authorising import (
    PERMISSION,
    ConsentRefusedError,
    Keys,
    Standing,
    name_of,
    patiently,
)
from uploadd.services.base import Grant
from uploadd.services.error_tables import GARBAGE
from uploadd.services.ipernity import answers
from uploadd.services.ipernity.calls import Calls, host_of
from uploadd.services.ipernity.errors import COMMON
from uploadd.services.ipernity.judging import JUDGE
from uploadd.services.ipernity.signing import signed
from uploadd.services.multipart import Fields
from uploadd.services.replies import Answer, Document, Failure
from uploadd.services.requests import address
from uploadd.services.values import part, token, words
from uploadd.services.wire import Wire

LOGIN_ORIGIN = "https://www.ipernity.com"
AUTHORIZE_PATH = "/apps/authorize"


class IpernityAuthoriser:
    """One login. Keeps the contract of `services.authorising.Authoriser`."""

    gives_code = False

    def __init__(
        self,
        account: Account,
        runtime: Runtime,
        grant: Grant,
        *,
        transport: httpx.AsyncBaseTransport | None = None,
    ) -> None:
        self._account = replace(account, token=NO_SECRET, token_secret=NO_SECRET)
        self._runtime = runtime
        self._grant = grant
        self._wire = Wire(1, transport)
        self._frob = ""

    @property
    def host(self) -> str:
        """As the client's, so that both mean one identity."""
        return host_of(self._account.base_url)

    async def begin(self, callback: str = "") -> str:  # noqa: ARG002 - nothing comes back here
        """auth.getFrob; gives the address of ipernity's page. Raises `ServiceError`."""
        fields = await self._patiently("auth.getFrob", [], self._account)
        auth = part(fields, "auth")
        self._frob = token(auth.get("frob")) or token(fields.get("frob")) or ""
        if not self._frob:
            raise _garbage("ipernity gave no frob")
        # An authorisation link is signed without a method.
        query = signed(self._account, "", [("frob", self._frob), ("perm_doc", PERMISSION)])
        page = address(AUTHORIZE_PATH, LOGIN_ORIGIN, self._account.base_url)
        return f"{page}?{urlencode(query)}"

    def code_in(self, query: str) -> str | None:  # noqa: ARG002 - nothing comes back here
        """Nothing leads back from ipernity's page."""
        return None

    async def finish(self, code: str) -> Keys:  # noqa: ARG002 - there is none
        """auth.getToken, once. Raises `ConsentRefusedError`, or another `ServiceError`."""
        fields = await self._call("auth.getToken", [("frob", self._frob)], self._account)
        auth = part(fields, "auth")
        given = token(auth.get("token")) or token(fields.get("token"))
        if given is None:
            raise _garbage("ipernity gave no token")
        return Keys(Secret(given))

    async def check(self, keys: Keys) -> Standing:
        """auth.checkToken. Raises `ServiceError`."""
        fields = await self._patiently(
            "auth.checkToken", [], replace(self._account, token=keys.token)
        )
        login = answers.login(fields)
        if login is None:
            raise _garbage("ipernity did not say whose account this is")
        # Not the real name, which everybody chooses for himself.
        told = part(part(fields, "auth"), "user").get("username")
        return Standing(login.user_id, name_of(told, login.user_id), _permission(fields))

    async def aclose(self) -> None:
        """Close the connections."""
        await self._wire.aclose()

    async def _patiently(self, method: str, fields: Fields, account: Account) -> Mapping[str, Any]:
        return await patiently(self._runtime.clock, lambda: self._call(method, fields, account))

    async def _call(self, method: str, fields: Fields, account: Account) -> Mapping[str, Any]:
        await self._grant(Purpose.PROBE)
        reply = await Calls(account, self._runtime, self._wire).call(method, fields)
        if isinstance(reply, Answer):
            return reply.fields
        assert not isinstance(reply, Document)  # noqa: S101 - nobody asked for a text
        if method == "auth.getToken" and isinstance(reply, Failure) and reply.code not in COMMON:
            raise _refused(reply)
        raise JUDGE.call_error(reply, method)


def _refused(failure: Failure) -> ServiceError:
    """The frob is worth no token (yet). The method's own numbers are not established."""
    text = f"nobody has let uploadd in on ipernity's page yet (ipernity: “{failure.message}”)"
    remedy = "do that first; where the page says that its link is too old, give the command again"
    return ConsentRefusedError(Reason(failure.code, text, remedy), is_final=False)


def _permission(fields: Mapping[str, Any]) -> str:
    """What the token may do with documents; "" where that is not told."""
    auth = part(fields, "auth")
    told = (words(part(auth, name).get("doc")) for name in ("permissions", "perms"))
    return next((one for one in told if one), "")


def _garbage(what: str) -> ServiceFaultError:
    return ServiceFaultError(Reason(GARBAGE, what))

"""Logging in to Flickr: OAuth 1.0a, with the permission to write.

A request token, the person's consent on Flickr's page, and an access token for both. The page
shows a code (`oob`), or leads back to an address on this machine.
"""

from __future__ import annotations

import re
import secrets
from dataclasses import dataclass, replace
from urllib.parse import parse_qs, parse_qsl, urlencode

import httpx

from uploadd.model import verdicts
from uploadd.model.budget import Purpose
from uploadd.model.configuration import NO_SECRET, Account
from uploadd.model.errors import ServiceError, ServiceFaultError, ServiceRefusedError
from uploadd.model.pauses import PauseCause
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
from uploadd.services.flickr import replies
from uploadd.services.flickr.calls import Calls, host_of
from uploadd.services.flickr.judging import call_error
from uploadd.services.flickr.signing import authorization, new_stamp
from uploadd.services.replies import Answer, Document, Garbage, OAuthProblem
from uploadd.services.requests import masked
from uploadd.services.values import identifier, part, token, words
from uploadd.services.wire import Received, Unanswered, Wire

LOGIN_ORIGIN = "https://www.flickr.com"
REQUEST_PATH = "/services/oauth/request_token"
AUTHORIZE_PATH = "/services/oauth/authorize"
ACCESS_PATH = "/services/oauth/access_token"
OUT_OF_BAND = "oob"
MOST_FIELDS = 50
KEYS_PAGE = "https://www.flickr.com/services/apps/"

_CODE_DIGITS = re.compile(r"(\d{3})\D?(\d{3})\D?(\d{3})")
_AGAIN = "give the command again, and agree on the page that it names"


@dataclass(frozen=True, slots=True)
class _Refusal:
    """What one of OAuth's words means in this dance."""

    text: str
    remedy: str
    is_final: bool

    def error(self, code: str) -> ConsentRefusedError:
        """It as an error. `code`: OAuth's word for it."""
        return ConsentRefusedError(Reason(code, self.text, self.remedy), is_final=self.is_final)


_WRONG_CODE = _Refusal("Flickr does not take this code", "type it as Flickr's page shows it", False)
_NOT_YET = _Refusal(
    "nobody has let uploadd in on Flickr's page yet",
    "open the address that was shown, let uploadd in, and type the code",
    False,
)
_DENIED = _Refusal("the permission was not given on Flickr's page", _AGAIN, True)
_OVER = _Refusal(
    "Flickr does not know this login any more: it was used or is too old", _AGAIN, True
)

_CONSENT = {
    "verifier_invalid": _WRONG_CODE,
    "verifier_rejected": _WRONG_CODE,
    "parameter_absent": _WRONG_CODE,
    "permission_unknown": _NOT_YET,
    "permission_denied": _DENIED,
    "user_refused": _DENIED,
    "token_rejected": _OVER,
    "token_revoked": _OVER,
    "token_expired": _OVER,
    "token_used": _OVER,
}
_KEY_PROBLEMS = {
    "consumer_key_unknown": "Flickr does not know this api_key",
    "consumer_key_rejected": "Flickr refuses this api_key",
    "consumer_key_refused": "Flickr refuses this api_key",
    "signature_invalid": "the signature is wrong: api_secret does not belong to this api_key",
}


class FlickrAuthoriser:
    """One login. Keeps the contract of `services.authorising.Authoriser`."""

    gives_code = True

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
        self._request = Keys(NO_SECRET)

    @property
    def host(self) -> str:
        """As the client's, so that both mean one identity."""
        return host_of(self._account.base_url)

    async def begin(self, callback: str = "") -> str:
        """GET request_token; gives the address of Flickr's page. Raises `ServiceError`."""
        answer = await patiently(
            self._runtime.clock, lambda: self._get(REQUEST_PATH, [], callback or OUT_OF_BAND)
        )
        self._request = _keys(answer)
        query = urlencode({"oauth_token": self._request.token.reveal(), "perms": PERMISSION})
        return f"{self._url(AUTHORIZE_PATH)}?{query}"

    def code_in(self, query: str) -> str | None:
        """`oauth_verifier`, where `oauth_token` is the request token's."""
        try:
            fields = parse_qs(query, max_num_fields=MOST_FIELDS)
        except ValueError:
            return None
        named = fields.get("oauth_token", [])
        asked = self._request.token.reveal()
        if len(named) != 1 or not asked or not is_same(named[0], asked):
            return None
        return fields.get("oauth_verifier", [""])[0]

    async def finish(self, code: str) -> Keys:
        """GET access_token with the code of Flickr's page, once. Raises `ServiceError`."""
        verifier = verifier_in(code)
        if not verifier:
            raise _WRONG_CODE.error("code")
        return _keys(await self._get(ACCESS_PATH, [("oauth_verifier", verifier)]))

    async def check(self, keys: Keys) -> Standing:
        """flickr.auth.oauth.checkToken. Raises `ServiceError`."""
        account = replace(self._account, token=keys.token, token_secret=keys.token_secret)
        calls = Calls(account, self._runtime, self._wire)

        async def ask() -> Standing:
            await self._grant(Purpose.PROBE)
            reply = await calls.rest("flickr.auth.oauth.checkToken", [])
            if isinstance(reply, Answer):
                return _standing(reply)
            assert not isinstance(reply, Document)  # noqa: S101 - nobody asked for a text
            raise call_error(reply, "flickr.auth.oauth.checkToken")

        return await patiently(self._runtime.clock, ask)

    async def aclose(self) -> None:
        """Close the connections."""
        await self._wire.aclose()

    async def _get(
        self, path: str, fields: list[tuple[str, str]], callback: str = ""
    ) -> dict[str, str]:
        """One signed GET of the dance; gives the pairs of its reply. Raises `ServiceError`."""
        await self._grant(Purpose.PROBE)
        url = self._url(path)
        signer = replace(
            self._account, token=self._request.token, token_secret=self._request.token_secret
        )
        if callback:
            signer = self._account
        stamp = new_stamp(self._runtime)
        header = authorization(signer, stamp, "GET", url, fields, callback)
        address = f"{url}?{urlencode(fields)}" if fields else url
        received = await self._wire.get(address, {"Authorization": header})
        return self._pairs(received, signer, path, is_begin=bool(callback))

    def _pairs(
        self, received: Received | Unanswered, signer: Account, path: str, *, is_begin: bool
    ) -> dict[str, str]:
        method = path.rpartition("/")[2]
        if isinstance(received, Unanswered):
            raise call_error(received, method)
        pairs = _login_pairs(received)
        if pairs:
            return pairs
        reply = replies.call_reply(masked(received, signer), self._runtime.clock.wall())
        if isinstance(reply, Answer | Document):
            reply = Garbage("it holds no token")
        if isinstance(reply, OAuthProblem):
            raise _problem_error(reply, method, is_begin=is_begin)
        raise call_error(reply, method)

    def _url(self, path: str) -> str:
        return (self._account.base_url or LOGIN_ORIGIN).rstrip("/") + path


def is_same(one: str, other: str) -> bool:
    """Compared in a time that tells nothing of where they differ."""
    return secrets.compare_digest(one.encode("utf-8", "replace"), other.encode())


def verifier_in(code: str) -> str:
    """The verifier in what a person typed: the code, however it was spaced, or a whole address.

    "" where there is none.
    """
    typed = code.strip()
    if "oauth_verifier=" in typed:
        typed = parse_qs(typed.partition("?")[2]).get("oauth_verifier", [""])[0]
    digits = _CODE_DIGITS.fullmatch(typed)
    if digits:
        return "-".join(digits.groups())
    return token(typed) or ""


def _login_pairs(received: Received) -> dict[str, str] | None:
    """The form that a step was answered with, where it holds a token and its secret."""
    if received.status != httpx.codes.OK or received.cut:
        return None
    try:
        pairs = dict(parse_qsl(received.body.decode("utf-8").strip(), max_num_fields=MOST_FIELDS))
    except ValueError:
        return None
    wanted = (pairs.get("oauth_token", ""), pairs.get("oauth_token_secret", ""))
    return pairs if all(token(value) == value for value in wanted) else None


def _keys(pairs: dict[str, str]) -> Keys:
    return Keys(Secret(pairs["oauth_token"]), Secret(pairs["oauth_token_secret"]))


def _standing(answer: Answer) -> Standing:
    oauth = part(answer.fields, "oauth")
    user = part(oauth, "user")
    user_id = identifier(user.get("nsid")) or identifier(user.get("id"))
    if user_id is None:
        reason = Reason(GARBAGE, "Flickr did not say whose account this is")
        raise ServiceFaultError(reason)
    return Standing(user_id, name_of(user.get("username"), user_id), words(oauth.get("perms")))


def _problem_error(reply: OAuthProblem, method: str, *, is_begin: bool) -> ServiceError:
    """One of OAuth's words in this dance; what has no meaning of its own here is a refusal."""
    if reply.problem in _KEY_PROBLEMS:
        told = f"{_KEY_PROBLEMS[reply.problem]} (OAuth: {reply.problem})"
        reason = Reason(reply.problem, told, f"compare both with {KEYS_PAGE}")
        return ServiceRefusedError(reason, verdicts.Pause(PauseCause.CREDENTIALS, reason))
    if not is_begin and reply.problem in _CONSENT:
        return _CONSENT[reply.problem].error(reply.problem)
    return call_error(reply, method)

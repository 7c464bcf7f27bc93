"""Checking a signed request, as strictly as Flickr does (OAuth 1.0a, HMAC-SHA1 only)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from urllib.parse import parse_qsl, unquote

from starlette.requests import Request

from uploadd.sandbox.flickr import signing
from uploadd.sandbox.flickr.problems import OAuthProblem
from uploadd.sandbox.logins import ACCEPTED_SKEW_SECONDS, AccessToken, Logins, RequestToken

_NEEDED = (
    "oauth_consumer_key",
    "oauth_nonce",
    "oauth_signature",
    "oauth_signature_method",
    "oauth_timestamp",
)


@dataclass(frozen=True)
class Signed:
    """A request as its signature sees it: every pair of header, query and form."""

    method: str
    url: str
    pairs: tuple[tuple[str, str], ...]

    @property
    def oauth(self) -> dict[str, str]:
        """The OAuth parameters; raises OAuthProblem when one was sent twice."""
        oauth = [(name, value) for name, value in self.pairs if name.startswith("oauth_")]
        found = dict(oauth)
        if len(found) != len(oauth):
            raise OAuthProblem("parameter_rejected")
        return found

    @property
    def arguments(self) -> dict[str, str]:
        """All the other parameters; of two with one name the last counts."""
        return {name: value for name, value in self.pairs if not name.startswith("oauth_")}

    @property
    def is_signed(self) -> bool:
        """Whether any OAuth parameter came along."""
        return any(name.startswith("oauth_") for name, _ in self.pairs)

    def base_string(self) -> str:
        """The text that its signature must cover."""
        return signing.base_string(
            self.method, self.url, [pair for pair in self.pairs if pair[0] != "oauth_signature"]
        )


def signed_request(request: Request, form: Iterable[tuple[str, str]] = ()) -> Signed:
    """Gather what a request's signature covers; `form` without the file part."""
    path = request.scope.get("raw_path", request.scope["path"].encode()).decode("ascii")
    host = request.headers.get("host", "")
    query = parse_qsl(request.scope["query_string"].decode("ascii"), keep_blank_values=True)
    header = header_pairs(request.headers.get("authorization", ""))
    url = signing.base_url(request.scope["scheme"], host, path)
    return Signed(request.method, url, (*header, *query, *form))


def header_pairs(authorization: str) -> list[tuple[str, str]]:
    """The parameters of an `Authorization: OAuth …` header, without `realm` (section 3.5.1)."""
    scheme, _, rest = authorization.partition(" ")
    if scheme.lower() != "oauth":
        return []
    pairs = []
    for part in rest.split(","):
        name, equals, value = part.strip().partition("=")
        if equals and name.lower() != "realm":
            pairs.append((unquote(name), unquote(value.strip('"'))))
    return pairs


def check_login(signed: Signed, logins: Logins, now: float) -> AccessToken:
    """The access token of a well-signed request; raises OAuthProblem."""
    token = logins.tokens.get(signed.oauth.get("oauth_token", ""))
    _check_consumer(signed, logins)
    if token is None or token.scheme != "oauth":
        raise OAuthProblem("token_rejected")
    _check(signed, logins, token.secret, now)
    return token


def check_request_token(signed: Signed, logins: Logins, now: float) -> RequestToken:
    """The request token of a well-signed request; raises OAuthProblem."""
    token = logins.requests.get(signed.oauth.get("oauth_token", ""))
    _check_consumer(signed, logins)
    if token is None:
        raise OAuthProblem("token_rejected")
    _check(signed, logins, token.secret, now)
    return token


def check_consumer(signed: Signed, logins: Logins, now: float) -> None:
    """Check a request that is signed without a token; raises OAuthProblem."""
    _check_consumer(signed, logins)
    _check(signed, logins, "", now)


def _check_consumer(signed: Signed, logins: Logins) -> None:
    oauth = signed.oauth
    missing = [name for name in _NEEDED if not oauth.get(name)]
    if missing:
        raise OAuthProblem(
            "parameter_absent", "oauth_parameters_absent=" + signing.encode("&".join(missing))
        )
    if oauth["oauth_signature_method"] != "HMAC-SHA1":
        raise OAuthProblem("signature_method_rejected")
    if oauth.get("oauth_version", "1.0") != "1.0":
        raise OAuthProblem("version_rejected")
    if oauth["oauth_consumer_key"] not in logins.consumers:
        raise OAuthProblem("consumer_key_unknown")


def _check(signed: Signed, logins: Logins, token_secret: str, now: float) -> None:
    oauth = signed.oauth
    key = oauth["oauth_consumer_key"]
    _check_timestamp(oauth["oauth_timestamp"], now)
    base = signed.base_string()
    expected = signing.signature(base, logins.consumers[key], token_secret)
    if not signing.fits(oauth["oauth_signature"], expected):
        raise OAuthProblem("signature_invalid", "debug_sbs=" + base)
    nonce = (key, oauth.get("oauth_token", ""), oauth["oauth_timestamp"], oauth["oauth_nonce"])
    if not logins.uses_nonce(nonce, now):
        raise OAuthProblem("nonce_used")


def _check_timestamp(timestamp: str, now: float) -> None:
    is_number = timestamp.isascii() and timestamp.isdigit()
    if not is_number or abs(now - int(timestamp)) > ACCEPTED_SKEW_SECONDS:
        low, high = int(now) - ACCEPTED_SKEW_SECONDS, int(now) + ACCEPTED_SKEW_SECONDS
        raise OAuthProblem("timestamp_refused", f"oauth_acceptable_timestamps={low}-{high}")

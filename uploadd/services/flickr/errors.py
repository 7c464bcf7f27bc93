"""Flickr's errors as data: one row a code, what it means, and what we do about it.

Sources: the error codes of Flickr's upload and replace specifications and those common to all
REST methods; 93, 201 and the OAuth words are known from recorded replies only. `error_page`
makes `docs/errors-flickr.md` of these rows.
"""

from __future__ import annotations

from uploadd.model.pauses import PauseCause
from uploadd.model.verdicts import Action, ErrorRow

_LATER = "nothing: it is tried again by itself"
_KEY = "check api_key and api_secret on https://www.flickr.com/services/apps/, then `uploadd check`"
_LOGIN = (
    "set a token that works (accounts.NAME.token and token_secret);"
    " a running `uploadd run` takes it by itself"
)
_REPORT = "this is a fault of uploadd: please report it; then `uploadd retry` the job"
_CLOCK = "set this computer's clock (NTP); the queue goes on by itself"
_ADDRESS = "check base_url, the proxy, and whether a browser here reaches https://www.flickr.com"


def _later(code: str, wording: str, remedy: str = _LATER) -> ErrorRow:
    return ErrorRow(code, wording, Action.RESCHEDULE, remedy)


def _refuse(code: str, wording: str, remedy: str) -> ErrorRow:
    return ErrorRow(code, wording, Action.REFUSE, remedy)


def _pause(code: str, wording: str, cause: PauseCause, remedy: str) -> ErrorRow:
    return ErrorRow(code, wording, Action.PAUSE, remedy, cause)


def _table(*rows: ErrorRow) -> dict[str, ErrorRow]:
    return {row.code: row for row in rows}


UPLOAD = _table(
    _later("0", "video uploads are switched off at Flickr for the moment"),
    _refuse(
        "1",
        "this needs a Pro account",
        'upgrade the account, or set on_change to "new" or "ignore"; then `uploadd retry`',
    ),
    _refuse("2", "no photo was found in the request", _REPORT),
    _later("3", "the upload failed in general: the file did not arrive correctly"),
    _refuse("4", "the file has no bytes", "restore the file from where it came from, or remove it"),
    _refuse(
        "5",
        "Flickr does not recognise the file's type",
        "see whether the file opens elsewhere; convert it (JPEG, PNG, MP4), or exclude it",
    ),
    _pause(
        "6",
        "the account's upload limit is reached",
        PauseCause.FULL,
        "delete photos there or upgrade the account; the queue goes on by itself",
    ),
    _pause(
        "7",
        "the account's limit of videos is reached",
        PauseCause.VIDEOS_FULL,
        "delete videos there or upgrade the account; photos go on meanwhile",
    ),
    _refuse(
        "8",
        "the file is larger than Flickr takes",
        "make it smaller, or exclude it (`uploadd check` shows the account's limits)",
    ),
    ErrorRow(
        "9",
        "the account has this photo or video already",
        Action.DUPLICATE,
        "nothing; if it was deleted there and is wanted again: `uploadd retry --force`",
    ),
    _refuse("10", "external_image_link is no address Flickr fetches from", _REPORT),
    _refuse("11", "no valid image could be fetched from external_image_link", _REPORT),
    _refuse("12", "clone_meta_from_photo_id is not the id of a photo", _REPORT),
    _refuse("13", "clone_meta_from_photo_id is a photo of somebody else", _REPORT),
    _pause(
        "14",
        "Flickr is at capacity, or takes no automatic uploads from a free account now",
        PauseCause.WAIT,
        "nothing: the queue goes on after the time that Flickr named; Pro accounts wait less",
    ),
    _refuse(
        "15",
        "a free account may only hold safe content",
        "set safety_level = 1 where that is true, or upgrade; then `uploadd retry`",
    ),
    _refuse(
        "93", "the request is larger than Flickr takes", "make the file smaller, or exclude it"
    ),
)

# The same numbers mean other things here: 8 is no file that is too large.
REPLACE = _table(
    _refuse(
        "1",
        "only a Pro account can replace photos",
        'upgrade the account, or set on_change to "new" or "ignore"; then `uploadd retry`',
    ),
    _refuse("2", "no photo was found in the request", _REPORT),
    _later("3", "the replacement failed in general: the file did not arrive correctly"),
    _refuse("4", "the file has no bytes", "restore the file from where it came from, or remove it"),
    _refuse(
        "5",
        "Flickr does not recognise the file's type",
        "see whether the file opens elsewhere; convert it (JPEG, PNG), or exclude it",
    ),
    _pause(
        "6",
        "the account's upload limit is reached",
        PauseCause.FULL,
        "delete photos there or upgrade the account; the queue goes on by itself",
    ),
    _refuse(
        "8",
        "videos cannot be replaced",
        "delete the video there, then send the file as a new one; or leave both as they are",
    ),
    _refuse(
        "93", "the request is larger than Flickr takes", "make the file smaller, or exclude it"
    ),
)

COMMON = _table(
    _pause(
        "95", "Flickr takes HTTPS only", PauseCause.CREDENTIALS, "make base_url begin with https"
    ),
    _pause("96", "the signature is wrong", PauseCause.CREDENTIALS, _KEY),
    _pause("97", "the signature is missing", PauseCause.CREDENTIALS, _KEY),
    _pause("98", "the login failed, or the token is not valid", PauseCause.CREDENTIALS, _LOGIN),
    _pause(
        "99",
        "not logged in, or the token lacks the write permission",
        PauseCause.CREDENTIALS,
        _LOGIN,
    ),
    _pause("100", "the API key is not valid, or has expired", PauseCause.CREDENTIALS, _KEY),
    _later("105", "the service is not available for the moment"),
    _later("106", "the operation failed for a passing reason"),
    _refuse("111", "the reply's format is unknown to Flickr", _REPORT),
    _refuse("112", "the method is unknown to Flickr", _REPORT),
    _refuse("114", "the SOAP envelope is not valid", _REPORT),
    _refuse("115", "the XML-RPC document is not valid", _REPORT),
    _refuse(
        "116",
        "the title, the description or a tag holds an address that Flickr blocks",
        "take the web address out of them, then `uploadd retry` the job",
    ),
    _later("201", "the API is not available for the moment"),
)

OAUTH = _table(
    _pause("token_rejected", "the token is refused", PauseCause.CREDENTIALS, _LOGIN),
    _pause("token_revoked", "the token was withdrawn", PauseCause.CREDENTIALS, _LOGIN),
    _pause("token_expired", "the token has expired", PauseCause.CREDENTIALS, _LOGIN),
    _pause("permission_denied", "the token may not do this", PauseCause.CREDENTIALS, _LOGIN),
    _pause("consumer_key_unknown", "the API key is unknown", PauseCause.CREDENTIALS, _KEY),
    _pause("consumer_key_rejected", "the API key is refused", PauseCause.CREDENTIALS, _KEY),
    _pause(
        "signature_invalid",
        "the signature is wrong: most often the API secret or the token secret",
        PauseCause.CREDENTIALS,
        _KEY,
    ),
    _pause("timestamp_refused", "Flickr refuses our time of day", PauseCause.CLOCK, _CLOCK),
    _pause("nonce_used", "Flickr has seen this request before", PauseCause.CLOCK, _CLOCK),
)

# A status with nothing of the API in its body. `4xx` and the like stand for all without a row.
HTTP = _table(
    _pause(
        "http-3xx",
        "a redirect: a portal that wants a login, or a wrong address",
        PauseCause.AWAY,
        _ADDRESS,
    ),
    _pause("http-401", "Flickr refuses the login", PauseCause.CREDENTIALS, _LOGIN),
    _pause("http-403", "something between us and Flickr forbids it", PauseCause.AWAY, _ADDRESS),
    _pause("http-404", "there is no Flickr at this address", PauseCause.AWAY, _ADDRESS),
    _pause("http-405", "there is no Flickr at this address", PauseCause.AWAY, _ADDRESS),
    _pause("http-407", "the proxy wants a login", PauseCause.AWAY, _ADDRESS),
    _later("http-408", "the server waited too long for the request"),
    _refuse("http-413", "the request is too large", "make the file smaller, or exclude it"),
    _pause(
        "http-429",
        "too many requests",
        PauseCause.RATE,
        "nothing: the queue goes on by itself; lower calls_per_hour if it comes often",
    ),
    _later("http-4xx", "the request is refused without one of Flickr's own errors"),
    _later("http-5xx", "a fault of the server or of something before it"),
)

# Where not even a status could be used.
NETWORK = "network"
GARBAGE = "garbage"
UNREACHED = _pause(
    NETWORK, "nothing answers: refused, no name, no route", PauseCause.AWAY, _ADDRESS
)
NO_REPLY = _table(
    _later(NETWORK, "the connection broke, or no reply came in time"),
    _later(GARBAGE, "a reply that is not Flickr's: an HTML page, nothing, or broken XML", _ADDRESS),
)

TABLE: dict[str, ErrorRow] = {**UPLOAD, **COMMON, **OAUTH, **HTTP, **NO_REPLY}

_DOUBTFUL = frozenset({"http-3xx", "http-408", "http-5xx", NETWORK, GARBAGE})

# What has no row of its own gets five attempts, not twenty.
CATCH_ALL = frozenset({"http-4xx"})

# REST methods number their own errors from 1; these two mean "not now".
_PASSING_METHOD_ERRORS = {("*", "0"), ("flickr.photos.search", "10")}


def http_row(status: int) -> ErrorRow:
    """The row of an HTTP status, or the one that stands for its hundred."""
    exact = HTTP.get(f"http-{status}")
    if exact:
        return exact
    hundred = min(max(status // 100, 3), 5)
    return HTTP[f"http-{hundred}xx"]


def is_doubtful(row: ErrorRow) -> bool:
    """Whether a row leaves open if a photo was kept, once its last byte was handed over."""
    return row.code in _DOUBTFUL and row is not UNREACHED


def is_passing_call_error(method: str, code: str) -> bool:
    """Whether a read call's error is over by itself, so that the same call may work soon."""
    if {("*", code), (method, code)} & _PASSING_METHOD_ERRORS:
        return True
    row = COMMON.get(code)
    return row is not None and row.action is Action.RESCHEDULE

"""Flickr's errors as data: one row a code, what it means, and what we do about it.

Sources: the error codes of Flickr's upload and replace specifications and those common to all
REST methods; 93, 201 and the OAuth words are known from recorded replies only. `error_page`
makes `docs/errors-flickr.md` of these rows.
"""

from __future__ import annotations

from uploadd.model.pauses import PauseCause
from uploadd.model.verdicts import Action, ErrorRow
from uploadd.services.error_tables import (
    CLOCK,
    LOGIN,
    REPORT,
    UNREACHED,
    ErrorTables,
    http_rows,
    later,
    no_reply_rows,
    pause,
    refuse,
    table,
)

_KEY = "check api_key and api_secret on https://www.flickr.com/services/apps/, then `uploadd check`"
_KEY_OR_LOGIN = (
    "check api_key and api_secret on https://www.flickr.com/services/apps/; where both are right,"
    " log in again: `uploadd auth NAME`"
)
_ADDRESS = "check base_url, the proxy, and whether a browser here reaches https://www.flickr.com"

UPLOAD = table(
    later("0", "video uploads are switched off at Flickr for the moment"),
    refuse(
        "1",
        "this needs a Pro account",
        'upgrade the account, or set on_change to "new" or "ignore"; then `uploadd retry`',
    ),
    refuse("2", "no photo was found in the request", REPORT),
    later("3", "the upload failed in general: the file did not arrive correctly"),
    refuse("4", "the file has no bytes", "restore the file from where it came from, or remove it"),
    refuse(
        "5",
        "Flickr does not recognise the file's type",
        "see whether the file opens elsewhere; convert it (JPEG, PNG, MP4), or exclude it",
    ),
    pause(
        "6",
        "the account's upload limit is reached",
        PauseCause.FULL,
        "delete photos there or upgrade the account; the queue goes on by itself",
    ),
    pause(
        "7",
        "the account's limit of videos is reached",
        PauseCause.VIDEOS_FULL,
        "delete videos there or upgrade the account; photos go on meanwhile",
    ),
    refuse(
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
    refuse("10", "external_image_link is no address Flickr fetches from", REPORT),
    refuse("11", "no valid image could be fetched from external_image_link", REPORT),
    refuse("12", "clone_meta_from_photo_id is not the id of a photo", REPORT),
    refuse("13", "clone_meta_from_photo_id is a photo of somebody else", REPORT),
    pause(
        "14",
        "Flickr is at capacity, or takes no automatic uploads from a free account now",
        PauseCause.WAIT,
        "nothing: the queue goes on after the time that Flickr named; Pro accounts wait less",
    ),
    refuse(
        "15",
        "a free account may only hold safe content",
        "set safety_level = 1 where that is true, or upgrade; then `uploadd retry`",
    ),
    refuse("93", "the request is larger than Flickr takes", "make the file smaller, or exclude it"),
)

# The same numbers mean other things here: 8 is no file that is too large.
REPLACE = table(
    refuse(
        "1",
        "only a Pro account can replace photos",
        'upgrade the account, or set on_change to "new" or "ignore"; then `uploadd retry`',
    ),
    refuse("2", "no photo was found in the request", REPORT),
    later("3", "the replacement failed in general: the file did not arrive correctly"),
    refuse("4", "the file has no bytes", "restore the file from where it came from, or remove it"),
    refuse(
        "5",
        "Flickr does not recognise the file's type",
        "see whether the file opens elsewhere; convert it (JPEG, PNG), or exclude it",
    ),
    pause(
        "6",
        "the account's upload limit is reached",
        PauseCause.FULL,
        "delete photos there or upgrade the account; the queue goes on by itself",
    ),
    refuse(
        "8",
        "videos cannot be replaced",
        "delete the video there, then send the file as a new one; or leave both as they are",
    ),
    refuse("93", "the request is larger than Flickr takes", "make the file smaller, or exclude it"),
)

COMMON = table(
    pause(
        "95", "Flickr takes HTTPS only", PauseCause.CREDENTIALS, "make base_url begin with https"
    ),
    pause("96", "the signature is wrong", PauseCause.CREDENTIALS, _KEY),
    pause("97", "the signature is missing", PauseCause.CREDENTIALS, _KEY),
    pause("98", "the login failed, or the token is not valid", PauseCause.CREDENTIALS, LOGIN),
    pause(
        "99",
        "not logged in, or the token lacks the write permission",
        PauseCause.CREDENTIALS,
        LOGIN,
    ),
    pause("100", "the API key is not valid, or has expired", PauseCause.CREDENTIALS, _KEY),
    later("105", "the service is not available for the moment"),
    later("106", "the operation failed for a passing reason"),
    refuse("111", "the reply's format is unknown to Flickr", REPORT),
    refuse("112", "the method is unknown to Flickr", REPORT),
    refuse("114", "the SOAP envelope is not valid", REPORT),
    refuse("115", "the XML-RPC document is not valid", REPORT),
    refuse(
        "116",
        "the title, the description or a tag holds an address that Flickr blocks",
        "take the web address out of them, then `uploadd retry` the job",
    ),
    later("201", "the API is not available for the moment"),
)

OAUTH = table(
    pause("token_rejected", "the token is refused", PauseCause.CREDENTIALS, LOGIN),
    pause("token_revoked", "the token was withdrawn", PauseCause.CREDENTIALS, LOGIN),
    pause("token_expired", "the token has expired", PauseCause.CREDENTIALS, LOGIN),
    pause("permission_denied", "the token may not do this", PauseCause.CREDENTIALS, LOGIN),
    pause("consumer_key_unknown", "the API key is unknown", PauseCause.CREDENTIALS, _KEY),
    pause("consumer_key_rejected", "the API key is refused", PauseCause.CREDENTIALS, _KEY),
    pause(
        "signature_invalid",
        "the signature is wrong: most often the API secret or the token secret",
        PauseCause.CREDENTIALS,
        _KEY_OR_LOGIN,
    ),
    pause("timestamp_refused", "Flickr refuses our time of day", PauseCause.CLOCK, CLOCK),
    pause("nonce_used", "Flickr has seen this request before", PauseCause.CLOCK, CLOCK),
)

HTTP = http_rows("Flickr", _ADDRESS)
NO_REPLY = no_reply_rows("Flickr", _ADDRESS)

TABLE: dict[str, ErrorRow] = {**UPLOAD, **COMMON, **OAUTH, **HTTP, **NO_REPLY}

TABLES = ErrorTables(
    "Flickr",
    upload=UPLOAD,
    replace=REPLACE,
    common=COMMON,
    http=HTTP,
    unreached=UNREACHED,
    no_reply=NO_REPLY,
    unknown_method="112",
    oauth=OAUTH,
    # REST methods number their own errors from 1; these two mean "not now".
    passing=frozenset({("*", "0"), ("flickr.photos.search", "10")}),
)

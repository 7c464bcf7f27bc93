"""ipernity's errors as data: one row a code, what it means, and what we do about it.

Sources: the error codes of `upload.file` and `upload.replace` and those common to all methods in
ipernity's API documentation. The numbers are Flickr's by chance only: 105 and 106 are a login
that is wrong here, and no passing fault. `error_page` makes `docs/errors-ipernity.md` of these.
"""

from __future__ import annotations

from uploadd.model.pauses import PauseCause
from uploadd.services.error_tables import (
    CLOCK,
    DOUBTFUL,
    LOGIN,
    REPORT,
    REPORT_IF_RIGHT,
    UNREACHED,
    ErrorTables,
    http_rows,
    later,
    no_reply_rows,
    pause,
    refuse,
    table,
)

_KEY = "check api_key and api_secret on https://www.ipernity.com/apps/, then `uploadd check`"
_ADDRESS = "check base_url, the proxy, and whether a browser here reaches https://www.ipernity.com"
_SMALLER = "make it smaller, or exclude it (`uploadd check` shows the account's limits)"
_SLOWER = "nothing: the queue goes on by itself; lower calls_per_hour if it comes often"

UPLOAD = table(
    refuse("1", "no file was found in the request, or an empty one", REPORT),
    refuse("2", "the file is larger than ipernity takes", _SMALLER),
    refuse(
        "3",
        "ipernity does not accept this file",
        "see whether the file opens elsewhere; convert it (JPEG, PNG, MP4), or exclude it",
    ),
)

# The same numbers mean other things here: 3 is no file that is not accepted.
REPLACE = table(
    refuse("1", "no file was found in the request, or an empty one", REPORT),
    refuse("2", "the file is larger than ipernity takes", _SMALLER),
    pause(
        "3",
        "the account has uploaded as much as it may in a month",
        PauseCause.FULL,
        "wait for the next month, or upgrade the account; the queue goes on by itself",
    ),
    refuse(
        "4",
        "the document is not there, or belongs to somebody else",
        "look for it on ipernity; `uploadd retry` sends the file again where it is there",
    ),
    refuse(
        "5",
        "a file can only replace one of its own kind: a photo a photo, a video a video",
        "delete the document there, then send the file as a new one; or leave both as they are",
    ),
    refuse(
        "6",
        "only a Pro account can replace files",
        'upgrade the account, or set on_change to "new" or "ignore"; then `uploadd retry`',
    ),
)

_CREDENTIALS = PauseCause.CREDENTIALS

COMMON = table(
    pause("100", "the API key is missing", _CREDENTIALS, _KEY),
    pause("101", "the API key is not valid, or was switched off", _CREDENTIALS, _KEY),
    pause("102", "the reply's format is unknown to ipernity", _CREDENTIALS, REPORT_IF_RIGHT),
    pause("103", "the method is unknown to ipernity", _CREDENTIALS, REPORT_IF_RIGHT),
    pause("104", "the signature is missing", _CREDENTIALS, _KEY),
    pause("105", "the signature is wrong: most often the API secret", _CREDENTIALS, _KEY),
    pause("106", "the token is missing: nobody is logged in", _CREDENTIALS, LOGIN),
    pause("107", "the token is not valid", _CREDENTIALS, LOGIN),
    pause(
        "108",
        "the account is closed or suspended",
        _CREDENTIALS,
        "log in to https://www.ipernity.com in a browser to see why; then `uploadd check`",
    ),
    refuse(
        "109",
        "a member or a group has blocked this",
        "take what concerns them out of the file's description or tags, then `uploadd retry`",
    ),
    pause("110", "the token lacks the permission to upload", _CREDENTIALS, LOGIN),
    pause(
        "111",
        "the API key may not be used from this computer's address",
        _CREDENTIALS,
        "allow this address for the key on https://www.ipernity.com/apps/, then `uploadd check`",
    ),
    pause("112", "the API key has used up its calls", PauseCause.RATE, _SLOWER),
    pause("113", "this computer's address calls too often", PauseCause.RATE, _SLOWER),
    pause("120", "the method takes POST only", _CREDENTIALS, REPORT_IF_RIGHT),
    pause("121", "the SOAP envelope is not valid", _CREDENTIALS, REPORT_IF_RIGHT),
    pause("122", "the XML-RPC envelope is not valid", _CREDENTIALS, REPORT_IF_RIGHT),
    pause("130", "this version of OAuth is not taken", _CREDENTIALS, REPORT_IF_RIGHT),
    pause("131", "some of OAuth's parameters are missing", _CREDENTIALS, REPORT_IF_RIGHT),
    pause("132", "ipernity refuses our time of day", PauseCause.CLOCK, CLOCK),
    pause("133", "ipernity has seen this request before", PauseCause.CLOCK, CLOCK),
    pause("134", "ipernity refuses the request's time stamp", PauseCause.CLOCK, CLOCK),
    pause("135", "OAuth's way of signing is not taken", _CREDENTIALS, REPORT_IF_RIGHT),
    later("500", "a general fault of the service"),
    later("501", "ipernity is down for maintenance"),
    later("503", "the service is not available for the moment"),
)

HTTP = http_rows("ipernity", _ADDRESS)
NO_REPLY = no_reply_rows("ipernity", _ADDRESS)

TABLES = ErrorTables(
    "ipernity",
    upload=UPLOAD,
    replace=REPLACE,
    common=COMMON,
    http=HTTP,
    unreached=UNREACHED,
    no_reply=NO_REPLY,
    unknown_method="103",
    # A fault in its own words after the whole body is no clean no, and a resend is not compared.
    doubtful=DOUBTFUL | {"500", "501", "503"},
)

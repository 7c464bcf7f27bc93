"""Flickr's stand: its client on one side, its sandbox on the other."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from email.utils import formatdate
from typing import Any
from urllib.parse import parse_qs

import httpx

from contract.stand import Outcome, Stand, Told, as_json, as_xml
from uploadd.model.configuration import Account
from uploadd.model.pauses import PauseCause
from uploadd.model.secret import Secret
from uploadd.model.tickets import TicketState
from uploadd.model.verdicts import Duplicate, Refuse, Reschedule
from uploadd.sandbox import Credentials, Sandbox
from uploadd.services.flickr import errors

CREDENTIALS, RATE, FULL = PauseCause.CREDENTIALS, PauseCause.RATE, PauseCause.FULL
WAIT, VIDEOS_FULL = PauseCause.WAIT, PauseCause.VIDEOS_FULL

# Flickr API, the errors that every method has; and 93 and 201, seen on the wire (wire.md, A4).
COMMON: dict[str, Outcome] = {
    "95": CREDENTIALS,
    "96": CREDENTIALS,
    "97": CREDENTIALS,
    "98": CREDENTIALS,
    "99": CREDENTIALS,
    "100": CREDENTIALS,
    "105": Reschedule,
    "106": Reschedule,
    "111": Refuse,
    "112": Refuse,
    "114": Refuse,
    "115": Refuse,
    "116": Refuse,
    "201": Reschedule,
}
COMPLETE = {
    TicketState.PENDING: {"complete": 0},
    TicketState.COMPLETE: {"complete": 1},
    TicketState.FAILED: {"complete": 2},
    TicketState.UNKNOWN: {"invalid": 1},
}
MB = 2**20
# Flickr upload API, error codes.
SEND: dict[str, Outcome] = {
    "0": Reschedule,
    "1": Refuse,
    "2": Refuse,
    "3": Reschedule,
    "4": Refuse,
    "5": Refuse,
    "6": FULL,
    "7": VIDEOS_FULL,
    "8": Refuse,
    "9": Duplicate,
    "10": Refuse,
    "11": Refuse,
    "12": Refuse,
    "13": Refuse,
    "14": WAIT,
    "15": Refuse,
    "93": Refuse,
    **COMMON,
}
# Flickr replace API, error codes; 8 was seen on the wire.
REPLACE: dict[str, Outcome] = {
    "1": Refuse,
    "2": Refuse,
    "3": Reschedule,
    "4": Refuse,
    "5": Refuse,
    "6": FULL,
    "8": Refuse,
    "93": Refuse,
    **COMMON,
}
CALL: dict[str, PauseCause | str] = {
    "0": "fault",
    "1": "refused",
    "2": "refused",
    **dict.fromkeys(("95", "96", "97", "98", "99", "100"), CREDENTIALS),
    "105": "fault",
    "106": "fault",
    "111": "refused",
    "112": "refused",
    "114": "refused",
    "115": "refused",
    "116": "refused",
    "201": "fault",
}
# Bodies as they were recorded over the years, and as they may come (wire.md, A6).
QUOTA_CASES: list[tuple[str, dict[str, Any], dict[str, Any]]] = [
    (
        "an older free account, in numbers",
        {
            "flickr.people.getUploadStatus": {
                "user": {
                    "ispro": 0,
                    "bandwidth": {"max": 300 * MB, "remainingbytes": 5 * MB, "unlimited": 0},
                    "filesize": {"maxbytes": 30 * MB},
                    "videosize": {"maxbytes": 150 * MB},
                    "videos": {"uploaded": 0, "remaining": 2},
                }
            }
        },
        {
            "photo_max_bytes": 30 * MB,
            "video_max_bytes": 150 * MB,
            "videos_left": 2,
            "bytes_left": 5 * MB,
            "items_left": None,
        },
    ),
    (
        "since 2021, in texts",
        {
            "flickr.people.getUploadStatus": {
                "user": {
                    "ispro": "0",
                    "upload_count": "35",
                    "upload_limit": "1000",
                    "upload_limit_status": "below_limit",
                    "bandwidth": {"max": "1", "remainingbytes": "2", "unlimited": "1"},
                    "filesize": {"maxbytes": "209715200"},
                    "videosize": {"maxbytes": "1073741824"},
                    "sets": {"remaining": "lots"},
                    "videos": {"remaining": "lots"},
                }
            }
        },
        {
            "photo_max_bytes": 209715200,
            "video_max_bytes": 1073741824,
            "items_left": 965,
            "videos_left": None,
            "bytes_left": None,
        },
    ),
    (
        "over its limit",
        {"flickr.people.getUploadStatus": {"user": {"upload_count": 1200, "upload_limit": 1000}}},
        {"items_left": 0, "photo_max_bytes": None, "bytes_left": None},
    ),
    (
        "sizes in kilobytes only",
        {
            "flickr.people.getUploadStatus": {
                "user": {"filesize": {"maxkb": "204800"}, "videosize": {"maxkb": 1048576}}
            }
        },
        {"photo_max_bytes": 209715200, "video_max_bytes": 1073741824},
    ),
    (
        "nothing, empty, null, lots and lists",
        {
            "flickr.people.getUploadStatus": {
                "user": {
                    "bandwidth": None,
                    "filesize": {"maxbytes": ""},
                    "videosize": [],
                    "videos": {"remaining": "lots"},
                    "upload_limit": None,
                    "upload_count": "many",
                }
            }
        },
        {
            "photo_max_bytes": None,
            "video_max_bytes": None,
            "items_left": None,
            "videos_left": None,
            "bytes_left": None,
        },
    ),
]


class FlickrStand(Stand):
    """Flickr. Ids are texts, errors have numbers, logins OAuth's words (wire.md, A)."""

    name = "flickr"
    tables = errors.TABLES
    send_outcomes = SEND
    replace_outcomes = REPLACE
    call_outcomes = CALL
    failed_ticket = TicketState.FAILED
    looks_at_content = False
    compares_on_send = True
    finds_per_call = 0
    has_listing = True
    has_photo_fields = True
    edit_page = "https://sandbox.test/photos/upload/edit/"
    no_pro_code = "1"
    other_kind_code = "8"
    own_login_method = "flickr.test.login"
    echo_method = "flickr.test.echo"
    photo_method = ("flickr.photos.getInfo", "photo_id")
    no_such_photo_code = "1"
    unknown_method_code = "112"
    misused_codes = (111, 114, 115)
    unsigned_code = "99"
    login_steps = ("oauth.request_token", "oauth.access_token", "flickr.auth.oauth.checkToken")
    quota_cases = QUOTA_CASES

    @staticmethod
    def accounts_of(app: Any) -> tuple[Sandbox, Sandbox]:
        return app.state.sandbox, app.state.ipernity

    def account(self) -> Account:
        known = Credentials()
        return Account(
            "me",
            api_key=Secret(known.api_key),
            api_secret=Secret(known.api_secret),
            token=Secret(known.token),
            token_secret=Secret(known.token_secret),
            base_url="https://sandbox.test",
        )

    def ticket_reply(self, ticket_id: str | int) -> httpx.Response:
        return as_xml(f'<rsp stat="ok"><ticketid>{ticket_id}</ticketid></rsp>')

    def photo_reply(self, photo_id: str | int) -> httpx.Response:
        return as_xml(
            f'<rsp stat="ok"><photoid secret="a" originalsecret="b">{photo_id}</photoid></rsp>'
        )

    def tickets_reply(
        self, told: Sequence[Told], *, as_text: bool = False, alone: bool = False
    ) -> httpx.Response:
        tickets = [self._ticket(one, as_text=as_text) for one in told]
        return self.wrapped({"uploader": {"ticket": tickets[0] if alone else tickets}})

    def _ticket(self, told: Told, *, as_text: bool) -> dict[str, Any]:
        ticket: dict[str, Any] = {"id": told.ticket_id, **COMPLETE[told.state]}
        if told.photo_id is not None:
            ticket |= {"photoid": told.photo_id, "imported": 1_338_374_836}
        return {name: str(value) for name, value in ticket.items()} if as_text else ticket

    def odd_tickets(self) -> Sequence[tuple[Mapping[str, Any], TicketState | None]]:
        shapes: list[tuple[dict[str, Any], TicketState | None]] = [
            ({"complete": 1}, TicketState.UNKNOWN),
            ({"complete": 1, "photoid": ""}, TicketState.UNKNOWN),
            ({"complete": 1, "photoid": None}, TicketState.UNKNOWN),
            ({"complete": 1, "invalid": 1, "photoid": "5"}, TicketState.UNKNOWN),
            ({"complete": 7}, None),
            ({"complete": None}, None),
            ({}, None),
        ]
        return [({"uploader": {"ticket": [{"id": "1-2"} | shape]}}, it) for shape, it in shapes]

    def failures(self, code: str, message: str) -> Sequence[httpx.Response]:
        err = f'<err code="{code}" msg="{message}" />'
        return [
            as_xml(f'<rsp stat="fail">{err}</rsp>'),
            as_xml(f'<rsp stat="fail">{err}</rsp>', 400),
            as_json({"stat": "fail", "code": int(code), "message": message}),
            as_json({"stat": "fail", "code": code, "message": message}),
            as_json({"stat": "fail", "err": {"code": code, "msg": message}}),
        ]

    def clock_refusal(self, ahead_seconds: float) -> httpx.Response:
        date = formatdate(self.clock.now - ahead_seconds, usegmt=True)
        text = "oauth_problem=timestamp_refused"
        return httpx.Response(401, text=text, headers={"Date": date, "Content-Type": "text/plain"})

    def token_reply(self, permission: str | None) -> httpx.Response:
        perms = {} if permission is None else {"perms": {"_content": permission}}
        return self.wrapped({"oauth": {"user": {"nsid": "1@N00"}, **perms}})

    def method_of(self, request: httpx.Request) -> str:
        return parse_qs(request.content.decode())["method"][0]

    def wrapped(self, body: Mapping[str, Any]) -> httpx.Response:
        return as_json({**body, "stat": "ok"})

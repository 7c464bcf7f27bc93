"""ipernity's stand: its client on one side, its sandbox on the other."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from email.utils import formatdate
from typing import Any

import httpx

from contract.stand import Outcome, Stand, Told, as_json, as_xml
from uploadd.model.configuration import Account, ServiceName
from uploadd.model.pauses import PauseCause
from uploadd.model.secret import Secret
from uploadd.model.tickets import TicketState
from uploadd.model.verdicts import Refuse, Uncertain
from uploadd.sandbox import Sandbox
from uploadd.sandbox.ipernity.options import IPERNITY_CREDENTIALS
from uploadd.services.ipernity import errors

CREDENTIALS, CLOCK, RATE = PauseCause.CREDENTIALS, PauseCause.CLOCK, PauseCause.RATE

# ipernity API, the errors that every method has. After the whole body 500, 501 and 503 leave it
# open whether a document was kept, and a second upload would not be compared (wire.md, B3).
COMMON: dict[str, Outcome] = {
    "100": CREDENTIALS,
    "101": CREDENTIALS,
    "102": CREDENTIALS,
    "103": CREDENTIALS,
    "104": CREDENTIALS,
    "105": CREDENTIALS,
    "106": CREDENTIALS,
    "107": CREDENTIALS,
    "108": CREDENTIALS,
    "109": Refuse,
    "110": CREDENTIALS,
    "111": CREDENTIALS,
    "112": RATE,
    "113": RATE,
    "120": CREDENTIALS,
    "121": CREDENTIALS,
    "122": CREDENTIALS,
    "130": CREDENTIALS,
    "131": CREDENTIALS,
    "132": CLOCK,
    "133": CLOCK,
    "134": CLOCK,
    "135": CREDENTIALS,
    "500": Uncertain,
    "501": Uncertain,
    "503": Uncertain,
}
STANDINGS = {
    TicketState.PENDING: {"done": 0, "invalid": 0},
    TicketState.COMPLETE: {"done": 1, "invalid": 0},
    TicketState.UNKNOWN: {"done": 0, "invalid": 1},
}
MB = 2**20
# ipernity API, upload.file.
SEND: dict[str, Outcome] = {"1": Refuse, "2": Refuse, "3": Refuse, **COMMON}
# ipernity API, upload.replace.
REPLACE: dict[str, Outcome] = {
    "1": Refuse,
    "2": Refuse,
    "3": PauseCause.FULL,
    "4": Refuse,
    "5": Refuse,
    "6": Refuse,
    **COMMON,
}
CALL: dict[str, PauseCause | str] = {
    "1": "refused",
    "2": "refused",
    "100": CREDENTIALS,
    "101": CREDENTIALS,
    "102": CREDENTIALS,
    "103": CREDENTIALS,
    "104": CREDENTIALS,
    "105": CREDENTIALS,
    "106": CREDENTIALS,
    "107": CREDENTIALS,
    "108": CREDENTIALS,
    "109": "refused",
    "110": CREDENTIALS,
    "111": CREDENTIALS,
    "112": RATE,
    "113": RATE,
    "120": CREDENTIALS,
    "121": CREDENTIALS,
    "122": CREDENTIALS,
    "130": CREDENTIALS,
    "131": CREDENTIALS,
    "132": CLOCK,
    "133": CLOCK,
    "134": CLOCK,
    "135": CREDENTIALS,
    "500": "fault",
    "501": "fault",
    "503": "fault",
}
# As documented, with numbers as texts and as numbers, and as they may come (wire.md, B4).
QUOTA_CASES: list[tuple[str, dict[str, Any], dict[str, Any]]] = [
    (
        "a free account, in texts",
        {
            "account.getQuota": {
                "quota": {
                    "user_id": "1",
                    "is_pro": "0",
                    "upload": {
                        "unlimited": "0",
                        "max": {"bytes": "209715200"},
                        "used": {"bytes": "1048576"},
                        "left": {"bytes": "208666624", "kb": "203776", "percent": "99"},
                    },
                    "maxfilesize": {
                        "photo": {"bytes": "20971520"},
                        "video": {"bytes": "104857600"},
                    },
                    "albums": {"max": "20", "created": "1", "left": "19"},
                }
            }
        },
        {
            "photo_max_bytes": 20 * MB,
            "video_max_bytes": 100 * MB,
            "bytes_left": 208666624,
            "items_left": None,
            "videos_left": None,
        },
    ),
    (
        "an unlimited account, in numbers, whose `left` means nothing",
        {
            "account.getQuota": {
                "quota": {
                    "is_pro": 1,
                    "upload": {"unlimited": 1, "left": {"bytes": 0}},
                    "maxfilesize": {"photo": {"mb": 50}, "video": {"kb": 1048576}},
                }
            }
        },
        {"photo_max_bytes": 50 * MB, "video_max_bytes": 1024 * MB, "bytes_left": None},
    ),
    (
        "over its limit",
        {"account.getQuota": {"quota": {"upload": {"unlimited": 0, "left": {"bytes": "-5"}}}}},
        {"bytes_left": 0},
    ),
    (
        "nothing, empty, null, lots and lists",
        {
            "account.getQuota": {
                "quota": {
                    "is_pro": "",
                    "upload": {"unlimited": None, "left": {"bytes": "lots"}},
                    "maxfilesize": {"photo": {"bytes": ""}, "video": []},
                }
            }
        },
        {"photo_max_bytes": None, "video_max_bytes": None, "bytes_left": None},
    ),
    (
        "no quota at all",
        {"account.getQuota": {}},
        {"photo_max_bytes": None, "bytes_left": None},
    ),
]


class IpernityStand(Stand):
    """ipernity. Numbers come as texts, documents are known by their MD5 (wire.md, B)."""

    name = "ipernity"
    tables = errors.TABLES
    send_outcomes = SEND
    replace_outcomes = REPLACE
    call_outcomes = CALL
    # There is no word for a failed conversion (wire.md, B3): such a ticket is invalid.
    failed_ticket = TicketState.UNKNOWN
    looks_at_content = True
    compares_on_send = False
    finds_per_call = 20
    has_listing = False
    has_photo_fields = False
    edit_page = None
    no_pro_code = "6"
    other_kind_code = "5"
    own_login_method = "auth.checkToken"
    echo_method = "test.echo"
    photo_method = ("doc.get", "doc_id")
    no_such_photo_code = "1"
    unknown_method_code = "103"
    misused_codes = (102, 120, 121, 122, 130, 131, 135)
    unsigned_code = "104"
    login_steps = ("auth.getFrob", "auth.getToken", "auth.checkToken")
    quota_cases = QUOTA_CASES

    @staticmethod
    def accounts_of(app: Any) -> tuple[Sandbox, Sandbox]:
        return app.state.ipernity, app.state.sandbox

    def account(self) -> Account:
        known = IPERNITY_CREDENTIALS
        return Account(
            "me",
            service=ServiceName.IPERNITY,
            api_key=Secret(known.api_key),
            api_secret=Secret(known.api_secret),
            token=Secret(known.token),
            base_url="https://sandbox.test",
        )

    def ticket_reply(self, ticket_id: str | int) -> httpx.Response:
        return self.wrapped({"ticket": ticket_id})

    def photo_reply(self, photo_id: str | int) -> httpx.Response:
        return self.wrapped({"doc_id": photo_id})

    def tickets_reply(
        self, told: Sequence[Told], *, as_text: bool = False, alone: bool = False
    ) -> httpx.Response:
        tickets = [self._ticket(one, as_text=as_text) for one in told]
        return self.wrapped({"tickets": {"ticket": tickets[0] if alone else tickets}})

    def _ticket(self, told: Told, *, as_text: bool) -> dict[str, Any]:
        ticket: dict[str, Any] = {"id": told.ticket_id, **STANDINGS[told.state]}
        if told.photo_id is not None:
            ticket["doc_id"] = told.photo_id
        if told.eta_seconds is not None:
            ticket["eta"] = told.eta_seconds
        return {name: str(value) for name, value in ticket.items()} if as_text else ticket

    def odd_tickets(self) -> Sequence[tuple[Mapping[str, Any], TicketState | None]]:
        shapes: list[tuple[dict[str, Any], TicketState | None]] = [
            ({"done": 1, "invalid": 0}, TicketState.UNKNOWN),
            ({"done": "1", "doc_id": ""}, TicketState.UNKNOWN),
            ({"done": 1, "doc_id": None}, TicketState.UNKNOWN),
            ({"done": 1, "invalid": "1", "doc_id": "5"}, TicketState.UNKNOWN),
            ({"done": None}, None),
            ({"done": "soon"}, None),
            ({}, None),
        ]
        return [({"tickets": {"ticket": [{"id": "1-2"} | shape]}}, it) for shape, it in shapes]

    def failures(self, code: str, message: str) -> Sequence[httpx.Response]:
        told = f'<api status="error" code="{code}" message="{message}"/>'
        as_number = {"status": "error", "code": int(code), "message": message}
        return [
            as_json({"api": as_number}),
            as_json({"api": as_number | {"code": code}}),
            as_json({"api": as_number}, 400),
            as_json({"api": as_number}, 500),
            as_xml(told),
            as_xml(told, 503),
        ]

    def clock_refusal(self, ahead_seconds: float) -> httpx.Response:
        reply = as_json({"api": {"status": "error", "code": "132", "message": "OAuth Clock skew"}})
        reply.headers["Date"] = formatdate(self.clock.now - ahead_seconds, usegmt=True)
        return reply

    def token_reply(self, permission: str | None) -> httpx.Response:
        perms = {} if permission is None else {"permissions": {"doc": permission}}
        return self.wrapped({"auth": {"user": {"user_id": "1"}, **perms}})

    def method_of(self, request: httpx.Request) -> str:
        return request.url.path.split("/")[2]

    def wrapped(self, body: Mapping[str, Any]) -> httpx.Response:
        return as_json({"api": {"status": "ok"}, **body})

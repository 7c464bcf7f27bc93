"""Error tables are data: one row a code. This is what every service's table is made of."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from uploadd.model.pauses import PauseCause
from uploadd.model.verdicts import Action, ErrorRow

Rows = Mapping[str, ErrorRow]

LATER = "nothing: it is tried again by itself"
OUTAGE = "nothing to do: it is tried again by itself; check the network if it stays"
REPORT = "this is a fault of uploadd: please report it; then `uploadd retry` the job"
REPORT_IF_RIGHT = "if base_url is right, this is a fault of uploadd: please report it"
OUR_FAULT = frozenset({REPORT, REPORT_IF_RIGHT})
"""The remedies of errors that uploadd itself never causes; who calls by name may cause them."""
# Stands for the account's own name.
ACCOUNT = "NAME"
LOGIN = f"log in again: `uploadd auth {ACCOUNT}`; a running `uploadd run` takes it by itself"
CLOCK = "set this computer's clock (NTP); the queue goes on by itself"

# Where not even a status could be used.
NETWORK = "network"
GARBAGE = "garbage"

# What leaves open if a photo was kept, once its last byte was handed over.
DOUBTFUL = frozenset({"http-3xx", "http-408", "http-5xx", NETWORK, GARBAGE})

# What has no row of its own gets five attempts, not twenty.
CATCH_ALL = frozenset({"http-4xx"})


def later(code: str, wording: str, remedy: str = LATER) -> ErrorRow:
    """A passing fault."""
    return ErrorRow(code, wording, Action.RESCHEDULE, remedy)


def refuse(code: str, wording: str, remedy: str) -> ErrorRow:
    """A file, or a call, that will never be taken as it is."""
    return ErrorRow(code, wording, Action.REFUSE, remedy)


def pause(code: str, wording: str, cause: PauseCause, remedy: str) -> ErrorRow:
    """A reason to stop the account."""
    return ErrorRow(code, wording, Action.PAUSE, remedy, cause)


def table(*rows: ErrorRow) -> dict[str, ErrorRow]:
    """Rows by their code."""
    return {row.code: row for row in rows}


def http_rows(service: str, address: str) -> dict[str, ErrorRow]:
    """A status with nothing of the API in its body; `4xx` stands for all without a row.

    `address`: what a person does where something else than the service answers.
    """
    return table(
        pause(
            "http-3xx",
            "a redirect: a portal that wants a login, or a wrong address",
            PauseCause.AWAY,
            address,
        ),
        pause("http-401", f"{service} refuses the login", PauseCause.CREDENTIALS, LOGIN),
        pause(
            "http-403",
            f"something between us and {service} forbids it",
            PauseCause.AWAY,
            address,
        ),
        pause("http-404", f"there is no {service} at this address", PauseCause.AWAY, address),
        pause("http-405", f"there is no {service} at this address", PauseCause.AWAY, address),
        pause("http-407", "the proxy wants a login", PauseCause.AWAY, address),
        later("http-408", "the server waited too long for the request"),
        refuse("http-413", "the request is too large", "make the file smaller, or exclude it"),
        pause(
            "http-429",
            "too many requests",
            PauseCause.RATE,
            "nothing: the queue goes on by itself; lower calls_per_hour if it comes often",
        ),
        later("http-4xx", f"the request is refused without one of {service}'s own errors"),
        later("http-5xx", "a fault of the server or of something before it"),
    )


UNREACHED = pause(NETWORK, "nothing answers: refused, no name, no route", PauseCause.AWAY, OUTAGE)
"""No connection ever stood."""


def no_reply_rows(service: str, address: str) -> dict[str, ErrorRow]:
    """A connection that broke, and a reply that cannot be used."""
    garbage = f"a reply that is not {service}'s: an HTML page, nothing, or broken XML"
    return table(
        later(NETWORK, "the connection broke, or no reply came in time"),
        later(GARBAGE, garbage, address),
    )


@dataclass(frozen=True, slots=True)
class ErrorTables:
    """One service's rows, by where they apply; an endpoint's own come before those of any call.

    `service`: its name for people. `doubtful`: codes that leave open if a photo was kept.
    `passing`: a method (`*`: any) and its own code that mean "not now". `unknown_method`: the
    code for a method that there is not.
    """

    service: str
    upload: Rows
    replace: Rows
    common: Rows
    http: Rows
    unreached: ErrorRow
    no_reply: Rows
    unknown_method: str
    oauth: Rows = field(default_factory=dict)
    doubtful: frozenset[str] = DOUBTFUL
    passing: frozenset[tuple[str, str]] = frozenset()

    def rows(self) -> list[ErrorRow]:
        """Each row once."""
        tables = (self.upload, self.replace, self.common, self.oauth, self.http, self.no_reply)
        return [*(row for rows in tables for row in rows.values()), self.unreached]

    def http_row(self, status: int) -> ErrorRow:
        """The row of an HTTP status, or the one that stands for its hundred."""
        exact = self.http.get(f"http-{status}")
        if exact:
            return exact
        hundred = min(max(status // 100, 3), 5)
        return self.http[f"http-{hundred}xx"]

    def is_doubtful(self, row: ErrorRow) -> bool:
        """Whether a row leaves open if a photo was kept, once its last byte was handed over."""
        return row.code in self.doubtful and row is not self.unreached

    def is_passing_call_error(self, method: str, code: str) -> bool:
        """Whether a call's error is over by itself, so that the same call may work soon."""
        if {("*", code), (method, code)} & self.passing:
            return True
        row = self.common.get(code)
        return row is not None and row.action is Action.RESCHEDULE

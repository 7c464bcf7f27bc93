"""Makes the page of a service's errors, `docs/errors-*.md`, of its error tables."""

from __future__ import annotations

from collections.abc import Iterable

from uploadd.model.pauses import PauseCause
from uploadd.model.settlement import MOST_ATTEMPTS, MOST_ATTEMPTS_UNKNOWN_CODE
from uploadd.model.verdicts import Action, ErrorRow
from uploadd.services.error_tables import CATCH_ALL, ErrorTables

_PAUSES = {
    PauseCause.WAIT: "sends nothing to this account for as long as {service} says",
    PauseCause.FULL: "sends nothing to this account, and asks now and then whether there is room",
    PauseCause.VIDEOS_FULL: "sends no videos to this account, and asks now and then for room",
    PauseCause.RATE: (
        "makes no calls for this account for as long as {service} says, or ever longer"
    ),
    PauseCause.CREDENTIALS: (
        "checks the login by another call at once; where that is refused too, stops this account"
        " until you act; the queue stays whole"
    ),
    PauseCause.CLOCK: "stops this account, and tries again at once, then soon",
    PauseCause.AWAY: "stops this account, and knocks at growing intervals; not an attempt",
}


def page(tables: ErrorTables, command: str) -> str:
    """The whole page, as Markdown. `command`: what makes it."""
    parts = [_introduction(tables, command)]
    parts += [_section(tables, *section) for section in _sections(tables)]
    return "\n".join(parts)


def what_uploadd_does(tables: ErrorTables, row: ErrorRow) -> str:
    """The verdict of a row, in a person's words."""
    if row is tables.replace.get(row.code) and row.action is Action.RESCHEDULE:
        return f"sends it again with growing delays, {MOST_ATTEMPTS} times in all"
    if tables.is_doubtful(row):
        return _after_doubt(tables, row)
    if row.pause is not None:
        return _of_pause(tables, row.pause)
    if row.action is Action.REFUSE:
        return "fails this file; the others go on"
    if row.action is Action.DUPLICATE:
        return (
            "ends the job and notes the photo's id; where it was deleted there, the file is skipped"
        )
    most = MOST_ATTEMPTS_UNKNOWN_CODE if row.code in CATCH_ALL else MOST_ATTEMPTS
    return f"looks whether it arrived, then tries again with growing delays, {most} times in all"


def _introduction(tables: ErrorTables, command: str) -> str:
    service = tables.service
    return f"""\
# {service}'s errors

<!-- Made by `{command}`. -->

What {service}, or something between it and you, may answer; what uploadd does then; and what is
left for you. The code is what `uploadd why FILE` and `uploadd jobs --json` show as the reason,
and what `uploadd retry --code` takes.

**Not listed here:** a number that {service} has never documented is tried again with growing
delays, and the file fails after {MOST_ATTEMPTS_UNKNOWN_CODE} attempts. Pauses, quotas, refused
logins and {_article(service)} that cannot be reached do not count as attempts.
"""


def _article(service: str) -> str:
    return f"an {service}" if service[0] in "aeiou" else f"a {service}"


def _sections(tables: ErrorTables) -> Iterable[tuple[str, str, list[ErrorRow]]]:
    own = f"{tables.service}'s own numbers"
    yield "Errors of an upload", f"{own} for uploading.", [*tables.upload.values()]
    replacing = f"{own} for giving a photo that is there new content."
    yield "Errors of a replacement", replacing, [*tables.replace.values()]
    yield "Errors of any call", f"{own}, whatever was asked.", [*tables.common.values()]
    if tables.oauth:
        words = "HTTP 401 with one of OAuth's words. A word that is not here counts as `http-401`."
        yield "Refused logins and signatures", words, [*tables.oauth.values()]
    numbers = "`3xx`, `4xx` and `5xx` stand for every number without a line of its own."
    yield f"HTTP without an error of {tables.service}'s", numbers, [*tables.http.values()]
    which = "The first is for a connection that never stood; the second for one that broke."
    lost = [tables.unreached, *tables.no_reply.values()]
    yield "No reply that can be used", which, lost


def _after_doubt(tables: ErrorTables, row: ErrorRow) -> str:
    before = _of_pause(tables, row.pause) if row.pause else "tries again with growing delays"
    return f"after the last byte: looks for the photo before it sends it again; else: {before}"


def _of_pause(tables: ErrorTables, cause: PauseCause) -> str:
    return _PAUSES[cause].format(service=tables.service)


def _section(tables: ErrorTables, title: str, explanation: str, rows: Iterable[ErrorRow]) -> str:
    head = "| code | what it means | what uploadd does | what you do |\n| --- | --- | --- | --- |"
    lines = "".join(_line(tables, row) for row in rows)
    return f"## {title}\n\n{explanation}\n\n{head}\n{lines}"


def _line(tables: ErrorTables, row: ErrorRow) -> str:
    cells = (f"`{row.code}`", row.wording, what_uploadd_does(tables, row), row.remedy)
    return f"| {' | '.join(cells)} |\n"

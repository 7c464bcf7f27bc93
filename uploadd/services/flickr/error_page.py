"""Makes `docs/errors-flickr.md` of the error table.

`python -m uploadd.services.flickr.error_page > docs/errors-flickr.md`; a test compares the two.
"""

from __future__ import annotations

from collections.abc import Iterable

from uploadd.model.pauses import PauseCause
from uploadd.model.settlement import MOST_ATTEMPTS, MOST_ATTEMPTS_UNKNOWN_CODE
from uploadd.model.verdicts import Action, ErrorRow
from uploadd.services.flickr import errors

INTRODUCTION = f"""\
# Flickr's errors

<!-- Made by `python -m uploadd.services.flickr.error_page > docs/errors-flickr.md`. -->

What Flickr, or something between it and you, may answer; what uploadd does then; and what is
left for you. The code is what `uploadd why FILE` and `uploadd jobs --json` show as the reason,
and what `uploadd retry --code` takes.

**Not listed here:** a number that Flickr has never documented is tried again with growing
delays, and the file fails after {MOST_ATTEMPTS_UNKNOWN_CODE} attempts. Pauses, quotas, refused
logins and a Flickr that cannot be reached do not count as attempts.
"""

_SECTIONS: tuple[tuple[str, str, Iterable[ErrorRow]], ...] = (
    ("Errors of an upload", "Flickr's own numbers for uploading.", errors.UPLOAD.values()),
    (
        "Errors of a replacement",
        "Flickr's own numbers for giving a photo that is there new content.",
        errors.REPLACE.values(),
    ),
    ("Errors of any call", "Flickr's own numbers, whatever was asked.", errors.COMMON.values()),
    (
        "Refused logins and signatures",
        "HTTP 401 with one of OAuth's words. A word that is not here counts as `http-401`.",
        errors.OAUTH.values(),
    ),
    (
        "HTTP without an error of Flickr's",
        "`3xx`, `4xx` and `5xx` stand for every number without a line of its own.",
        errors.HTTP.values(),
    ),
    (
        "No reply that can be used",
        "The first is for a connection that never stood; the second for one that broke.",
        (errors.UNREACHED, *errors.NO_REPLY.values()),
    ),
)

_PAUSES = {
    PauseCause.WAIT: "sends nothing to this account for as long as Flickr says",
    PauseCause.FULL: "sends nothing to this account, and asks now and then whether there is room",
    PauseCause.VIDEOS_FULL: "sends no videos to this account, and asks now and then for room",
    PauseCause.RATE: "makes no calls for this account for as long as Flickr says, or ever longer",
    PauseCause.CREDENTIALS: (
        "checks the login by another call at once; where that is refused too, stops this account"
        " until you act; the queue stays whole"
    ),
    PauseCause.CLOCK: "stops this account, and tries again at once, then soon",
    PauseCause.AWAY: "stops this account, and knocks at growing intervals; not an attempt",
}


def page() -> str:
    """The whole page, as Markdown."""
    return "\n".join((INTRODUCTION, *(_section(*section) for section in _SECTIONS)))


def what_uploadd_does(row: ErrorRow) -> str:
    """The verdict of a row, in a person's words."""
    if row is errors.REPLACE.get(row.code) and row.action is Action.RESCHEDULE:
        return f"sends it again with growing delays, {MOST_ATTEMPTS} times in all"
    if errors.is_doubtful(row):
        return _after_doubt(row)
    if row.pause is not None:
        return _PAUSES[row.pause]
    if row.action is Action.REFUSE:
        return "fails this file; the others go on"
    if row.action is Action.DUPLICATE:
        return (
            "ends the job and notes the photo's id; where it was deleted there, the file is skipped"
        )
    most = MOST_ATTEMPTS_UNKNOWN_CODE if row.code in errors.CATCH_ALL else MOST_ATTEMPTS
    return f"looks whether it arrived, then tries again with growing delays, {most} times in all"


def _after_doubt(row: ErrorRow) -> str:
    before = _PAUSES[row.pause] if row.pause else "tries again with growing delays"
    return f"after the last byte: looks for the photo before it sends it again; else: {before}"


def _section(title: str, explanation: str, rows: Iterable[ErrorRow]) -> str:
    head = "| code | what it means | what uploadd does | what you do |\n| --- | --- | --- | --- |"
    return f"## {title}\n\n{explanation}\n\n{head}\n" + "".join(map(_line, rows))


def _line(row: ErrorRow) -> str:
    cells = (f"`{row.code}`", row.wording, what_uploadd_does(row), row.remedy)
    return f"| {' | '.join(cells)} |\n"


if __name__ == "__main__":
    print(page(), end="")

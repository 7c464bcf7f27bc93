"""From a reply to a verdict (for a send) or to an error (for a read call). Pure.

Design section 8 says which outcome is which; `errors` holds the rows.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from uploadd.model import verdicts
from uploadd.model.errors import (
    ServiceAwayError,
    ServiceError,
    ServiceFaultError,
    ServiceRefusedError,
)
from uploadd.model.pauses import PauseCause
from uploadd.model.verdicts import Action, ErrorRow, Reason, Verdict
from uploadd.services.flickr import errors, replies
from uploadd.services.flickr.replies import Failure, Garbage, HttpTrouble, OAuthProblem
from uploadd.services.wire import Stage, Unanswered

DELETED = "DELETED"

Unsuccessful = Failure | OAuthProblem | HttpTrouble | Garbage | Unanswered


@dataclass(frozen=True, slots=True)
class _Outcome:
    """A row of the table with what is said of this one case, and the wait that was named."""

    row: ErrorRow
    reason: Reason
    seconds: float | None = None


def send_verdict(
    reply: replies.UploadReply | Unanswered,
    *,
    was_sent: bool,
    table: Mapping[str, ErrorRow] = errors.UPLOAD,
) -> Verdict:
    """What becomes of a photo. `was_sent`: its last chunk was handed to the socket.

    `table`: the errors of the endpoint that it was sent to, before those of any call.
    """
    match reply:
        case replies.PhotoId(photo_id):
            return verdicts.Kept(photo_id)
        case replies.TicketId(ticket_id):
            return verdicts.Ticketed(ticket_id)
        case Failure():
            return _failed(reply, table, was_sent=was_sent)
        case _:
            return _by_row(_outcome(reply), was_sent=was_sent)


def call_error(reply: Unsuccessful, method: str) -> ServiceError:
    """The error that a read call ends with."""
    match reply:
        case Failure():
            return _call_failed(reply, method)
        case Unanswered(Stage.NOTHING_SENT):
            reason = _outcome(reply).reason
            return ServiceAwayError(reason.text, reason.remedy)
        case _:
            return _call_error(_outcome(reply))


def is_worth_a_retry(error: BaseException) -> bool:
    """Whether the same read call may work some seconds later."""
    if not isinstance(error, ServiceFaultError):
        return False
    code = error.reason.code
    return code == "http-408" or not code.startswith(("http-3", "http-4"))


def _failed(failure: Failure, table: Mapping[str, ErrorRow], *, was_sent: bool) -> Verdict:
    row = table.get(failure.code) or errors.COMMON.get(failure.code)
    if row is None:
        reason = Reason(failure.code, _quoted(failure), "nothing yet: it is tried a few times")
        return verdicts.Reschedule(reason, was_sent=was_sent, is_known=False)
    if row.action is Action.DUPLICATE:
        return _duplicate(failure, _reason(row))
    return _by_row(_Outcome(row, _reason(row), failure.wait_seconds), was_sent=was_sent)


def _duplicate(failure: Failure, reason: Reason) -> Verdict:
    is_deleted = failure.duplicate_status.upper() == DELETED
    if is_deleted:
        text = "the account had this photo or video, and it was deleted there (Flickr error 9)"
        reason = Reason("deleted", text, "`uploadd retry --force` sends it anyway")
    return verdicts.Duplicate(failure.duplicate_id, is_deleted, reason)


def _by_row(outcome: _Outcome, *, was_sent: bool) -> Verdict:
    row, reason = outcome.row, outcome.reason
    if was_sent and errors.is_doubtful(row):
        return verdicts.Uncertain(reason)
    if row.pause is not None:
        return verdicts.Pause(row.pause, reason, outcome.seconds)
    if row.action is Action.REFUSE:
        return verdicts.Refuse(reason)
    is_known = row.code not in errors.CATCH_ALL
    return verdicts.Reschedule(reason, was_sent=was_sent, is_known=is_known)


def _call_failed(failure: Failure, method: str) -> ServiceError:
    text = f"{method}: {_quoted(failure)}"
    if errors.is_passing_call_error(method, failure.code):
        return ServiceFaultError(Reason(failure.code, text))
    row = errors.COMMON.get(failure.code)
    if row is None:
        return ServiceRefusedError(Reason(failure.code, text))
    return _call_error(_Outcome(row, _reason(row)))


def _call_error(outcome: _Outcome) -> ServiceError:
    row, reason = outcome.row, outcome.reason
    if row.pause is PauseCause.AWAY or row.action is Action.RESCHEDULE:
        return ServiceFaultError(reason)
    pause = None if row.pause is None else verdicts.Pause(row.pause, reason, outcome.seconds)
    return ServiceRefusedError(reason, pause)


def _outcome(reply: OAuthProblem | HttpTrouble | Garbage | Unanswered) -> _Outcome:
    match reply:
        case OAuthProblem(problem):
            row = errors.OAUTH.get(problem) or errors.HTTP["http-401"]
            return _told(row, f"{row.wording} (OAuth: {problem})")
        case HttpTrouble():
            return _http(reply)
        case Garbage(shown):
            row = errors.NO_REPLY[errors.GARBAGE]
            return _told(row, f"the reply cannot be read: {shown}")
        case Unanswered(stage, text):
            is_away = stage is Stage.NOTHING_SENT
            row = errors.UNREACHED if is_away else errors.NO_REPLY[errors.NETWORK]
            return _told(row, f"Flickr did not answer: {text}")


def _told(row: ErrorRow, text: str) -> _Outcome:
    return _Outcome(row, Reason(row.code, text, row.remedy))


def _http(trouble: HttpTrouble) -> _Outcome:
    row = errors.http_row(trouble.status)
    shown = f", “{trouble.shown}”" if trouble.shown else ""
    text = f"{row.wording} (HTTP {trouble.status}{shown})"
    reason = Reason(f"http-{trouble.status}", text, row.remedy)
    return _Outcome(row, reason, trouble.wait_seconds)


def _reason(row: ErrorRow) -> Reason:
    return Reason(row.code, f"{row.wording} (Flickr error {row.code})", row.remedy)


def _quoted(failure: Failure) -> str:
    return f"Flickr error {failure.code}: “{failure.message}”"

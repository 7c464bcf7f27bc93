"""From a reply to a verdict (for a send) or to an error (for a call). Pure.

Design section 8 says which outcome is which; each service's `ErrorTables` hold the rows.
"""

from __future__ import annotations

import shlex
from collections.abc import Callable
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
from uploadd.services import replies
from uploadd.services.cleaning import one_line
from uploadd.services.clock_skew import skew_text
from uploadd.services.error_tables import (
    ACCOUNT,
    CATCH_ALL,
    GARBAGE,
    LOGIN,
    NETWORK,
    OUR_FAULT,
    ErrorTables,
    Rows,
)
from uploadd.services.replies import Failure, Garbage, HttpTrouble, OAuthProblem
from uploadd.services.wire import Stage, Unanswered

DELETED = "DELETED"
_TOO_SOON = Garbage("it came before the file was sent whole")
FEW_TIMES = "nothing yet: it is tried a few times"

Unsuccessful = Failure | OAuthProblem | HttpTrouble | Garbage | Unanswered


@dataclass(frozen=True, slots=True)
class _Outcome:
    """A row of the table with what is said of this one case, and the wait that was named."""

    row: ErrorRow
    reason: Reason
    seconds: float | None = None


@dataclass(frozen=True, slots=True)
class Judge:
    """Judges one service's replies by its tables. `account`: whose command mends its login."""

    tables: ErrorTables
    account: str = ACCOUNT

    def send_verdict(
        self,
        reply: replies.UploadReply | Unanswered,
        *,
        was_sent: bool,
        table: Rows | None = None,
    ) -> Verdict:
        """What becomes of a photo. `was_sent`: its last chunk was handed to the socket.

        `table`: the errors of the endpoint that it was sent to (an upload's, if not said).
        """
        match reply:
            case replies.PhotoId() | replies.TicketId() if not was_sent:
                return self._too_soon()
            case replies.PhotoId(photo_id):
                return verdicts.Kept(photo_id)
            case replies.TicketId(ticket_id):
                return verdicts.Ticketed(ticket_id)
            case Failure():
                rows = self.tables.upload if table is None else table
                return self._failed(reply, rows, was_sent=was_sent)
            case _:
                return self._by_row(self._outcome(reply), was_sent=was_sent)

    def call_error(self, reply: Unsuccessful, method: str) -> ServiceError:
        """The error that one of uploadd's own calls ends with."""
        return self._error(reply, lambda failure: self._call_failed(failure, method))

    def named_call_error(self, reply: Unsuccessful, method: str) -> ServiceError:
        """The error that a call ends with whose method a person named: in the service's words."""
        return self._error(reply, lambda failure: self._named_call_failed(failure, method))

    def _error(
        self, reply: Unsuccessful, of_failure: Callable[[Failure], ServiceError]
    ) -> ServiceError:
        match reply:
            case Failure():
                return of_failure(reply)
            case Unanswered(Stage.NOTHING_SENT):
                reason = self._outcome(reply).reason
                return ServiceAwayError(reason.text, reason.remedy)
            case _:
                return _error_of(self._outcome(reply))

    def _failed(self, failure: Failure, table: Rows, *, was_sent: bool) -> Verdict:
        row = table.get(failure.code) or self.tables.common.get(failure.code)
        if row is None:
            reason = Reason(failure.code, self._quoted(failure), FEW_TIMES)
            return verdicts.Reschedule(reason, was_sent=was_sent, is_known=False)
        if row.action is Action.DUPLICATE and not was_sent:
            return self._too_soon()
        if row.action is Action.DUPLICATE:
            return self._duplicate(failure, self._reason(row))
        outcome = _Outcome(row, self._reason(row, failure), failure.wait_seconds)
        return self._by_row(outcome, was_sent=was_sent)

    def _too_soon(self) -> Verdict:
        """Nobody can know what was not sent whole: it is the answer to something else, or a lie."""
        return self._by_row(self._outcome(_TOO_SOON), was_sent=False)

    def _duplicate(self, failure: Failure, reason: Reason) -> Verdict:
        is_deleted = failure.duplicate_status.upper() == DELETED
        if is_deleted:
            code = f"{self.tables.service} error {failure.code}"
            text = f"the account had this photo or video, and it was deleted there ({code})"
            reason = Reason("deleted", text, "`uploadd retry --force` sends it anyway")
        return verdicts.Duplicate(failure.duplicate_id, is_deleted, reason)

    def _by_row(self, outcome: _Outcome, *, was_sent: bool) -> Verdict:
        row, reason = outcome.row, outcome.reason
        if was_sent and self.tables.is_doubtful(row):
            return verdicts.Uncertain(reason)
        if row.pause is not None:
            return verdicts.Pause(row.pause, reason, outcome.seconds)
        if row.action is Action.REFUSE:
            return verdicts.Refuse(reason)
        is_known = row.code not in CATCH_ALL
        return verdicts.Reschedule(reason, was_sent=was_sent, is_known=is_known)

    def _call_failed(self, failure: Failure, method: str) -> ServiceError:
        text = f"{method}: {self._quoted(failure)}"
        if self.tables.is_passing_call_error(method, failure.code):
            return ServiceFaultError(Reason(failure.code, text))
        row = self.tables.common.get(failure.code)
        if row is None:
            return ServiceRefusedError(Reason(failure.code, text))
        return _error_of(_Outcome(row, self._reason(row, failure), failure.wait_seconds))

    def _named_call_failed(self, failure: Failure, method: str) -> ServiceError:
        tables, text = self.tables, f"{method}: {self._quoted(failure)}"
        if failure.code == tables.unknown_method:
            told = f"{method}: {tables.service} knows no such method ({self._quoted(failure)})"
            return ServiceRefusedError(Reason(failure.code, told))
        if tables.is_passing_call_error(method, failure.code):
            return ServiceFaultError(Reason(failure.code, text))
        row = tables.common.get(failure.code)
        if row is None or row.remedy in OUR_FAULT:
            return ServiceRefusedError(Reason(failure.code, text))
        told = _with_clock(text, row, failure.clock_off_seconds, tables.service)
        reason = Reason(failure.code, told, self._remedy(row))
        return _error_of(_Outcome(row, reason, failure.wait_seconds))

    def _outcome(self, reply: OAuthProblem | HttpTrouble | Garbage | Unanswered) -> _Outcome:
        tables = self.tables
        match reply:
            case OAuthProblem(problem, off):
                row = tables.oauth.get(problem) or tables.http["http-401"]
                text = f"{row.wording} (OAuth: {problem})"
                return self._told(row, _with_clock(text, row, off, tables.service))
            case HttpTrouble():
                return self._http(reply)
            case Garbage(shown):
                row = tables.no_reply[GARBAGE]
                return self._told(row, f"the reply cannot be read: {shown}")
            case Unanswered(stage, text):
                is_away = stage is Stage.NOTHING_SENT
                row = tables.unreached if is_away else tables.no_reply[NETWORK]
                return self._told(row, f"{tables.service} did not answer: {text}")

    def _http(self, trouble: HttpTrouble) -> _Outcome:
        row = self.tables.http_row(trouble.status)
        shown = f", “{trouble.shown}”" if trouble.shown else ""
        text = f"{row.wording} (HTTP {trouble.status}{shown})"
        reason = Reason(f"http-{trouble.status}", text, self._remedy(row))
        return _Outcome(row, reason, trouble.wait_seconds)

    def _reason(self, row: ErrorRow, failure: Failure | None = None) -> Reason:
        service = self.tables.service
        text = f"{row.wording} ({service} error {row.code})"
        off = failure.clock_off_seconds if failure else None
        return Reason(row.code, _with_clock(text, row, off, service), self._remedy(row))

    def _told(self, row: ErrorRow, text: str) -> _Outcome:
        return _Outcome(row, Reason(row.code, text, self._remedy(row)))

    def _remedy(self, row: ErrorRow) -> str:
        """What a person does about it, with the account's own name in the command."""
        if row.remedy != LOGIN:
            return row.remedy
        return row.remedy.replace(ACCOUNT, shlex.quote(one_line(self.account)))

    def _quoted(self, failure: Failure) -> str:
        return f"{self.tables.service} error {failure.code}: “{failure.message}”"


def is_worth_a_retry(error: BaseException) -> bool:
    """Whether the same read call may work some seconds later."""
    if not isinstance(error, ServiceFaultError):
        return False
    code = error.reason.code
    return code == "http-408" or not code.startswith(("http-3", "http-4"))


def _error_of(outcome: _Outcome) -> ServiceError:
    row, reason = outcome.row, outcome.reason
    if row.pause is PauseCause.AWAY or row.action is Action.RESCHEDULE:
        return ServiceFaultError(reason)
    pause = None if row.pause is None else verdicts.Pause(row.pause, reason, outcome.seconds)
    return ServiceRefusedError(reason, pause)


def _with_clock(text: str, row: ErrorRow, off_seconds: float | None, service: str) -> str:
    """Where the clock is to blame: by how much it is off, as far as the reply tells."""
    if row.pause is not PauseCause.CLOCK or off_seconds is None:
        return text
    return f"{text}: {skew_text(off_seconds, service)}"

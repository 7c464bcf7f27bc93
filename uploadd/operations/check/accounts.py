"""The accounts: whether each service knows us, and how much it still takes."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from uploadd.assembly import ServiceMaker
from uploadd.model.configuration import Account, Configuration, ServiceName
from uploadd.model.errors import ServiceFaultError, ServiceRefusedError, UploaddError
from uploadd.model.limits import Quota
from uploadd.model.pauses import PauseCause
from uploadd.model.ports import Runtime
from uploadd.model.verdicts import with_name
from uploadd.operations.check.findings import Concern, Finding, error, ok, warning
from uploadd.operations.check.limits import room
from uploadd.operations.questions import BudgetUsedError, put
from uploadd.services.base import Login, Service
from uploadd.services.error_tables import LATER

PASSING = "check again later; what waits in the queue is tried again by itself"


@dataclass
class Answers:
    """What one account's service said."""

    account: Account
    host: str = ""
    login: Login | None = None
    may_upload: bool | None = None
    quota: Quota | None = None
    refusal: UploaddError | None = None

    @property
    def is_well(self) -> bool:
        """Whether the login works, and may upload."""
        return self.login is not None and self.refusal is None and self.may_upload is not False


async def ask(
    configuration: Configuration, account: Account, runtime: Runtime, make_service: ServiceMaker
) -> Answers:
    """Log in, ask for the permission and for the limits: calls that change nothing."""
    answers = Answers(account)
    answers.refusal = await put(
        configuration, account, runtime, make_service, lambda service: _ask(service, answers)
    )
    return answers


async def _ask(service: Service, answers: Answers) -> None:
    answers.host = service.host
    answers.login = await service.log_in()
    answers.may_upload = await service.may_upload()
    answers.quota = await service.quota()
    answers.quota = await service.with_private_left(answers.quota)


def missing_credentials(account: Account) -> Iterator[Finding]:
    """Secrets that the account's service needs and that are not set."""
    missing = account.missing_credentials
    if missing:
        keys = ", ".join(f"accounts.{account.name}.{key}" for key in missing)
        subject = f"accounts.{account.name}"
        text = f"credentials are missing: {keys}"
        yield error(subject, text, account.login_remedy, Concern.CREDENTIALS)


def needless_secret(account: Account) -> Iterator[Finding]:
    """A token's secret on ipernity, which has none: perhaps the login of the other service."""
    if account.service is ServiceName.IPERNITY and account.token_secret:
        subject = f"accounts.{account.name}.token_secret"
        text = "it is set, and ipernity has no such secret: is this login one of Flickr's?"
        remedy = f"leave it out; where it is, `uploadd auth {account.name}` logs in"
        yield warning(subject, text, remedy)


def judged(answers: Answers) -> Iterator[Finding]:
    """What a service's answers mean."""
    subject = f"accounts.{answers.account.name}"
    if answers.login is not None:
        yield ok(subject, f"logged in at {answers.host} as {answers.login.user_name}")
    if answers.may_upload is False:
        text = "the token may read, and not upload"
        remedy = f"`uploadd auth {answers.account.name}` logs in with the permission to write"
        yield error(subject, text, remedy, Concern.CREDENTIALS)
    if isinstance(answers.refusal, BudgetUsedError):
        yield warning(subject, answers.refusal.text, "check again later; a run waits by itself")
    elif answers.refusal is not None:
        refusal = answers.refusal
        is_passing = isinstance(refusal, ServiceFaultError) and refusal.remedy in ("", LATER)
        remedy = PASSING if is_passing else with_name(refusal.remedy, answers.account.name)
        yield error(subject, refusal.text, remedy, _concern(refusal))
    if answers.quota is not None:
        yield from room(subject, answers.quota)


def same_logins(answers: list[Answers]) -> Iterator[Finding]:
    """Two names for one login: what goes to both would be doubled, so it is refused."""
    seen: dict[tuple[str, str, str], str] = {}
    for one in answers:
        if one.login is None:
            continue
        key = (one.account.service, one.host, one.login.user_id)
        first = seen.setdefault(key, one.account.name)
        if first != one.account.name:
            text = f"accounts.{one.account.name} and accounts.{first} are the same login"
            remedy = "keep one of the two, and name it in the folders of both"
            yield error(f"accounts.{one.account.name}", text, remedy, Concern.CONFIGURATION)


def _concern(refusal: UploaddError) -> Concern:
    pause = refusal.pause if isinstance(refusal, ServiceRefusedError) else None
    is_login = pause is not None and pause.cause is PauseCause.CREDENTIALS
    return Concern.CREDENTIALS if is_login else Concern.OTHER

"""The accounts: whether each service knows us, and how much it still takes."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from dataclasses import dataclass, field

from rich.filesize import decimal

from uploadd.assembly import ServiceMaker
from uploadd.model.budget import Purpose
from uploadd.model.configuration import Account
from uploadd.model.errors import ServiceAwayError, ServiceError, ServiceRefusedError, UploaddError
from uploadd.model.pauses import PauseCause
from uploadd.model.ports import Runtime
from uploadd.operations.check.findings import Concern, Finding, error, ok, warning
from uploadd.services.base import Login, Quota, Service

MOST_SECONDS = 60.0
FEW_ITEMS = 100
CREDENTIALS_REMEDY = "set them in the configuration, in the environment, or as systemd credentials"


@dataclass
class Answers:
    """What one account's service said. `asked`: how many calls that took."""

    account: Account
    host: str = ""
    login: Login | None = None
    may_upload: bool | None = None
    quota: Quota | None = None
    refusal: UploaddError | None = None
    asked: list[Purpose] = field(default_factory=list)


async def ask(account: Account, runtime: Runtime, make_service: ServiceMaker) -> Answers:
    """Log in, ask for the permission and for the quota: three calls that change nothing."""
    answers = Answers(account)

    async def grant(purpose: Purpose) -> None:
        answers.asked.append(purpose)

    service = make_service(account, runtime, grant)
    try:
        async with asyncio.timeout(MOST_SECONDS):
            await _ask(service, answers)
    except TimeoutError:
        text = f"{service.host} did not answer within {MOST_SECONDS:.0f} s"
        answers.refusal = ServiceAwayError(text, "check the network, the proxy and base_url")
    except ServiceError as refusal:
        answers.refusal = refusal
    finally:
        await service.aclose()
    return answers


async def _ask(service: Service, answers: Answers) -> None:
    answers.host = service.host
    answers.login = await service.log_in()
    answers.may_upload = await service.may_upload()
    answers.quota = await service.quota()


def missing_credentials(account: Account) -> Iterator[Finding]:
    """Secrets that the account's service needs and that are not set."""
    missing = account.missing_credentials
    if missing:
        keys = ", ".join(f"accounts.{account.name}.{key}" for key in missing)
        subject = f"accounts.{account.name}"
        text = f"credentials are missing: {keys}"
        yield error(subject, text, CREDENTIALS_REMEDY, Concern.CREDENTIALS)


def judged(answers: Answers) -> Iterator[Finding]:
    """What a service's answers mean."""
    subject = f"accounts.{answers.account.name}"
    if answers.login is not None:
        yield ok(subject, f"logged in at {answers.host} as {answers.login.user_name}")
    if answers.may_upload is False:
        text = "the token may read, and not upload"
        remedy = "make a new token, with the permission to write"
        yield error(subject, text, remedy, Concern.CREDENTIALS)
    if answers.refusal is not None:
        refusal = answers.refusal
        yield error(subject, refusal.text, refusal.remedy, _concern(refusal))
    if answers.quota is not None:
        yield from _quota(subject, answers.quota)


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


def _quota(subject: str, quota: Quota) -> Iterator[Finding]:
    if quota.items_left == 0:
        text = "the account is full: it takes no more photos"
        yield error(subject, text, "delete photos there or upgrade the account")
        return
    few = quota.items_left is not None and quota.items_left < FEW_ITEMS
    text = f"the account takes {_room(quota)}"
    yield warning(subject, text, "delete photos there or upgrade it") if few else ok(subject, text)
    if quota.videos_left == 0:
        text = "the account takes no more videos"
        yield warning(subject, text, "delete videos there or upgrade the account")


def _room(quota: Quota) -> str:
    parts = [
        "any number of items" if quota.items_left is None else f"{quota.items_left} more items"
    ]
    sizes: list[tuple[str, int | None]] = [
        ("photos up to", quota.photo_max_bytes),
        ("videos up to", quota.video_max_bytes),
    ]
    parts += [f"{what} {decimal(size)}" for what, size in sizes if size is not None]
    if quota.bytes_left is not None:
        parts.append(f"{decimal(quota.bytes_left)} in all this month")
    return ", ".join(parts)

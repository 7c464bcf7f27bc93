"""One call of any API method by its own name: `uploadd call`.

It is counted in the budget that the deliverer keeps to, obeys a wait that the service asked for,
and works beside a running deliverer. Where there is no database yet, nobody counts, and none is
made. The call is made once: one whose reply was lost may have done its work.
"""

from __future__ import annotations

from dataclasses import dataclass

from uploadd.assembly import ServiceMaker
from uploadd.model.configuration import Account, Configuration
from uploadd.model.errors import ServiceError, ServiceRefusedError
from uploadd.model.methods import check_call, error_of_call
from uploadd.model.pauses import PauseCause
from uploadd.model.ports import Runtime
from uploadd.model.verdicts import Pause, Reason
from uploadd.operations.call.parameters import Fields
from uploadd.operations.choosing import account_asked_for
from uploadd.operations.counting import Counter, TellWait
from uploadd.services.base import Reply
from uploadd.services.registry import open_service


@dataclass(frozen=True, slots=True)
class Wish:
    """What is to be called. `account` None: the only one; `is_unsigned`: with the key alone."""

    method: str
    fields: Fields = ()
    account: str | None = None
    is_unsigned: bool = False
    as_xml: bool = False


async def call_method(
    configuration: Configuration,
    wish: Wish,
    runtime: Runtime,
    tell_wait: TellWait,
    make_service: ServiceMaker = open_service,
) -> Reply:
    """Make the call, and return what the service says.

    Signed where the account has a token, else with the key alone. Raises `UsageError`,
    `StoreError`, `ConfigurationError`, and `ServiceError` as `model.methods` words it.
    """
    account = account_asked_for(configuration, wish.account)
    check_call(account.service, wish.method, [name for name, _ in wish.fields])
    is_signed = bool(account.token) and not wish.is_unsigned
    _check_credentials(account, is_signed=is_signed)
    counter = Counter(configuration, account, runtime, tell_wait)
    service = make_service(account, runtime, counter.grant)
    try:
        await counter.begin(service.host)
        async with counter.listening():
            return await service.call(
                wish.method, wish.fields, is_signed=is_signed, as_xml=wish.as_xml
            )
    except ServiceError as error:
        raise error_of_call(error, account, wish.method, is_signed=is_signed) from None
    finally:
        await service.aclose()


def _check_credentials(account: Account, *, is_signed: bool) -> None:
    """Raise `ServiceRefusedError` before anything is asked with credentials that are not whole."""
    missing = [key for key in account.missing_credentials if is_signed or key == "api_key"]
    if not missing:
        return
    keys = ", ".join(f"accounts.{account.name}.{key}" for key in missing)
    reason = Reason("credentials", f"credentials are missing: {keys}", account.login_remedy)
    raise ServiceRefusedError(reason, Pause(PauseCause.CREDENTIALS, reason))

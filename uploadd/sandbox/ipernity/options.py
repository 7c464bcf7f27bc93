"""What can be chosen about the ipernity account, beside what holds for both services."""

from __future__ import annotations

from dataclasses import dataclass, field, fields, replace
from typing import Literal

from uploadd.sandbox.ipernity.errors import is_known
from uploadd.sandbox.options import Credentials, Fault, SandboxOptions

IpernityQuotaShape = Literal["account", "unlimited", "limited", "missing", "empty", "lots", "null"]

IPERNITY_CREDENTIALS = Credentials(
    api_key="sandbox-ipernity-key",
    api_secret="sandbox-ipernity-secret",  # noqa: S106 - public on purpose
    token="sandbox-ipernity-token",  # noqa: S106
    token_secret="",
    nsid="54321",
)


@dataclass
class IpernityOptions(SandboxOptions):
    """What is not established about ipernity can be chosen here; the documented way is first."""

    credentials: Credentials = field(default_factory=lambda: IPERNITY_CREDENTIALS)

    quota_shape: IpernityQuotaShape = "account"  # type: ignore[assignment]
    """account.getQuota: as the account is (unlimited, or limited by `max_month_bytes`), the same
    forced, without its parts, or with values that are empty, `lots` or null."""
    permissions_name: Literal["permissions", "perms"] = "permissions"
    """How auth.checkToken calls them: clients read the one, the documentation says the other."""
    code_form: Literal["dice", "int", "str"] = "dice"
    """An error's code in JSON: a number, a string, or either at random."""
    has_http_status: bool = False
    """Whether errors 500, 501 and 503 come with that HTTP status; else with 200."""
    eta_form: Literal["right", "zero", "missing"] = "right"
    """How upload.checkTickets tells when a ticket will be done."""
    unknown_tickets: Literal["invalid", "error"] = "invalid"
    """A ticket that is not known: `invalid="1"`, or error 1 for the whole call. Both are
    documented."""
    md5_reply: Literal["each", "found", "empty", "error"] = "each"
    """What doc.checkMD5 says of contents that are not there: `found="0"` for each; nothing of
    them; an empty reply where none was found; or error 1 there."""
    replace_makes_new: bool = False
    """Whether upload.replace behaves like upload.file, as one client's author reports."""
    frob_seconds: float = 600.0
    """How long a frob may be traded for a token ("a few minutes", says the documentation)."""


def ipernity_options(common: SandboxOptions) -> IpernityOptions:
    """The options of the ipernity account that stands beside a Flickr account."""
    own = {"credentials", "quota_shape", "directory", "faults"}
    values = {one.name: getattr(common, one.name) for one in fields(SandboxOptions)}
    made = IpernityOptions(**{name: value for name, value in values.items() if name not in own})
    if common.quota_shape in ("missing", "empty", "lots", "null"):
        made.quota_shape = common.quota_shape
    made.directory = common.directory and common.directory / "ipernity"
    made.faults = faults_of(common.faults, "ipernity")
    return made


def faults_of(faults: tuple[Fault, ...], service: str) -> tuple[Fault, ...]:
    """The faults that make sense at a service, with the service's name taken off their place.

    `where` may begin with `flickr:` or `ipernity:`; without that a fault is for both. ipernity
    gets no error code that it does not have, and no OAuth word.
    """
    return tuple(
        replace(fault, where=fault.where.removeprefix(f"{service}:"))
        for fault in faults
        if _is_for(fault, service)
    )


def _is_for(fault: Fault, service: str) -> bool:
    named, colon, _ = fault.where.partition(":")
    if colon and named != service:
        return False
    return service != "ipernity" or _suits_ipernity(fault)


def _suits_ipernity(fault: Fault) -> bool:
    if fault.kind == "oauth-problem":
        return False
    return fault.kind != "error" or fault.code is None or is_known(fault.code)

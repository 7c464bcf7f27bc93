"""An account that no configuration was read for: what a program must have given with it. Pure."""

from __future__ import annotations

from urllib.parse import urlsplit

from uploadd.model.configuration import LOOPBACK_HOSTS, Account, ServiceName
from uploadd.model.errors import ConfigurationError


def check_account(account: Account, service: ServiceName) -> None:
    """Raise `ConfigurationError` for an account that a client of `service` cannot be used with.

    A token is sent to its own service only, and over no open line.
    """
    where = f"account {account.name}"
    if account.service is not service:
        remedy = "say which in Account(service=…)"
        raise ConfigurationError(f"{where} is on {account.service}, not on {service}", remedy)
    needed = account.missing_credentials if account.token else ["api_key"]
    missing = [name for name in needed if not getattr(account, name)]
    if missing:
        raise ConfigurationError(f"{where} has no {', '.join(missing)}", "give it as Secret(…)")
    if account.base_url is not None and not _is_private(account.base_url):
        raise ConfigurationError(f"base_url of {where} is not https", "write https://HOST")
    if account.parallel_uploads < 1 or min(account.calls_per_hour, account.bytes_per_second) < 0:
        text = f"parallel_uploads, calls_per_hour or bytes_per_second of {where} is too small"
        raise ConfigurationError(text, "at least 1 upload at a time; 0 is no limit for the others")


def _is_private(base_url: str) -> bool:
    try:
        address = urlsplit(base_url)
    except ValueError:
        return False
    is_here = address.scheme == "http" and address.hostname in LOOPBACK_HOSTS
    return is_here or (address.scheme == "https" and bool(address.hostname))

"""Which client speaks for an account: the one place that knows every service."""

from __future__ import annotations

import httpx

from uploadd.model.configuration import Account, ServiceName
from uploadd.model.ports import Runtime
from uploadd.services.base import Grant, Service
from uploadd.services.flickr import Flickr


def open_service(
    account: Account,
    runtime: Runtime,
    grant: Grant,
    *,
    transport: httpx.AsyncBaseTransport | None = None,
) -> Service:
    """The client for an account's service. Close it with `aclose`.

    `transport`: where requests go instead of the network. Raises `ConfigurationError` where the
    environment's proxy settings cannot be used.
    """
    match account.service:
        case ServiceName.FLICKR:
            return Flickr(account, runtime, grant, transport=transport)
        case ServiceName.IPERNITY:
            from uploadd.services.ipernity import Ipernity  # noqa: PLC0415

            return Ipernity(account, runtime, grant, transport=transport)

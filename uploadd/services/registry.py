"""Which client speaks for an account: the one place that knows every service."""

from __future__ import annotations

import httpx

from uploadd.model.configuration import Account, ServiceName
from uploadd.model.ports import Runtime
from uploadd.services.authorising import Authoriser
from uploadd.services.base import Grant, Service
from uploadd.services.flickr import Flickr
from uploadd.services.flickr import calls as flickr_calls
from uploadd.services.flickr.authorising import FlickrAuthoriser
from uploadd.services.ipernity import Ipernity
from uploadd.services.ipernity import calls as ipernity_calls
from uploadd.services.ipernity.authorising import IpernityAuthoriser


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
            return Ipernity(account, runtime, grant, transport=transport)


def open_authoriser(
    account: Account,
    runtime: Runtime,
    grant: Grant,
    *,
    transport: httpx.AsyncBaseTransport | None = None,
) -> Authoriser:
    """What logs an account in at its service. As `open_service`."""
    match account.service:
        case ServiceName.FLICKR:
            return FlickrAuthoriser(account, runtime, grant, transport=transport)
        case ServiceName.IPERNITY:
            return IpernityAuthoriser(account, runtime, grant, transport=transport)


def host_of(account: Account) -> str:
    """The host of an account's service, as it stands in the account's identity."""
    match account.service:
        case ServiceName.FLICKR:
            return flickr_calls.host_of(account.base_url)
        case ServiceName.IPERNITY:
            return ipernity_calls.host_of(account.base_url)

"""The accounts that the sandbox keeps: what uploadd must know to get in, on either service."""

from __future__ import annotations

from typing import Any

from uploadd.model.configuration import Account, ServiceName
from uploadd.model.secret import Secret
from uploadd.sandbox.logins import AccessToken

BASE_URL = "http://127.0.0.1:8080"
TOKENS = {
    ServiceName.FLICKR: AccessToken("sandbox-token", "sandbox-token-secret", "write"),
    ServiceName.IPERNITY: AccessToken("sandbox-ipernity-token", "", "write"),
}
SECRETS = (
    "sandbox-secret",
    "sandbox-token-secret",
    "sandbox-token",
    "sandbox-key",
    "sandbox-ipernity-secret",
    "sandbox-ipernity-token",
    "sandbox-ipernity-key",
)


def account_on(service: ServiceName, name: str) -> Account:
    """The settings of the sandbox's account on a service."""
    prefix = "sandbox" if service is ServiceName.FLICKR else "sandbox-ipernity"
    return Account(
        name=name,
        service=service,
        api_key=Secret(f"{prefix}-key"),
        api_secret=Secret(f"{prefix}-secret"),
        token=Secret(TOKENS[service].token),
        token_secret=Secret(TOKENS[service].secret),
        base_url=BASE_URL,
        calls_per_hour=0,
    )


def sandbox_on(app: Any, service: ServiceName) -> Any:
    """The sandbox's side of it."""
    return app.state.sandbox if service is ServiceName.FLICKR else app.state.ipernity

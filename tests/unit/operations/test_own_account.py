"""Accounts that a program makes itself."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from uploadd.model.configuration import Account, ServiceName
from uploadd.model.errors import ConfigurationError
from uploadd.model.secret import Secret
from uploadd.operations.library.own_account import check_account

HIDDEN = Secret("hidden")
ME = Account("me", api_key=HIDDEN, api_secret=HIDDEN, token=HIDDEN, token_secret=HIDDEN)


@pytest.mark.parametrize("address", [None, "https://proxy.example/x", "http://[::1]:8080"])
def test_accounts_that_can_be_used(address: str | None) -> None:
    """Whole, and over no open line; the key alone is enough where there is no token."""
    check_account(replace(ME, base_url=address), ServiceName.FLICKR)
    check_account(Account("me", api_key=HIDDEN, base_url=address), ServiceName.FLICKR)


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"service": ServiceName.IPERNITY}, "is on ipernity, not on flickr"),
        ({"api_key": Secret("")}, "has no api_key"),
        ({"token_secret": Secret("")}, "has no token_secret"),
        ({"base_url": "http://flickr.example"}, "is not https"),
        ({"base_url": "ftp://127.0.0.1"}, "is not https"),
        ({"base_url": "https:"}, "is not https"),
        ({"base_url": "http://[::1"}, "is not https"),
        ({"parallel_uploads": 0}, "is too small"),
        ({"calls_per_hour": -1}, "is too small"),
    ],
)
def test_accounts_that_cannot_be_used(changes: dict[str, Any], told: str) -> None:
    """Before anything is sent, and without a secret in the text."""
    with pytest.raises(ConfigurationError, match=told) as error:
        check_account(replace(ME, **changes), ServiceName.FLICKR)
    assert "hidden" not in str(error.value)

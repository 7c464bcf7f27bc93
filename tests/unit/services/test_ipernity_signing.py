"""ipernity's signature against worked examples."""

from __future__ import annotations

from dataclasses import replace

import pytest

from uploadd.model.configuration import Account
from uploadd.model.secret import Secret
from uploadd.services.ipernity.signing import signature, signed


def test_the_documented_example() -> None:
    """The parameters in order, the method, the secret last."""
    fields = [
        ("keywords", "easy"),
        ("doc_id", "1234"),
        ("api_key", "6fa87ba500002712bd4eed6020f3bd72"),
    ]
    found = signature(fields, "doc.tags.add", "e9a599f0cf6ce193")
    assert found == "a269b218feb341ef03bc093a0f2c8078"


def test_an_upload_signs_every_field_but_the_file() -> None:
    """In UTF-8, whatever the fields hold."""
    fields = [
        ("title", "Été à la mer"),
        ("keywords", '"blue sky",sunset'),
        ("async", "1"),
        ("auth_token", "TOKEN"),
        ("api_key", "KEY"),
    ]
    assert signature(fields, "upload.file", "SECRET") == "59dffb4989e62cbebbc71ed8f8b5e396"


def test_an_authorisation_link_is_signed_without_a_method() -> None:
    """The parameters and the secret alone (ipernity API, "Authorization link signature")."""
    fields = [("api_key", "6fa87ba500002712bd4eed6020f3bd72"), ("perm_network", "read")]
    assert signature(fields, "", "e9a599f0cf6ce193") == "da183021cd39461108770b822fcd9398"


@pytest.mark.parametrize("token", ["TOKEN", ""])
def test_the_token_is_in_each_call_where_there_is_one(account: Account, token: str) -> None:
    """Getting a frob is signed, and there is no token yet."""
    known = replace(
        account, api_key=Secret("KEY"), api_secret=Secret("SECRET"), token=Secret(token)
    )
    fields = signed(known, "upload.file", [("async", "1")])
    names = ["async", "api_key", *(["auth_token"] if token else []), "api_sig"]
    assert [name for name, _ in fields] == names
    assert fields[-1] == ("api_sig", signature(fields[:-1], "upload.file", "SECRET"))

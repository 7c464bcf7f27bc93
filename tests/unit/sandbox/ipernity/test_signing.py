"""The signature, against vectors that others computed."""

from __future__ import annotations

import pytest

from uploadd.sandbox.ipernity.signing import api_sig, fits

DOCUMENTED = {"api_key": "6fa87ba500002712bd4eed6020f3bd72"}

VECTORS = [
    (
        DOCUMENTED | {"doc_id": "1234", "keywords": "easy"},
        "doc.tags.add",
        "e9a599f0cf6ce193",
        "a269b218feb341ef03bc093a0f2c8078",
    ),
    (
        {
            "title": "Été à la mer",
            "keywords": '"blue sky",sunset',
            "auth_token": "TOKEN",
            "api_key": "KEY",
            "async": "1",
        },
        "upload.file",
        "SECRET",
        "59dffb4989e62cbebbc71ed8f8b5e396",
    ),
    # The documentation's authorise link: signed without a method.
    (
        DOCUMENTED | {"perm_network": "read"},
        "",
        "e9a599f0cf6ce193",
        "da183021cd39461108770b822fcd9398",
    ),
]


@pytest.mark.parametrize(("fields", "method", "secret", "expected"), VECTORS)
def test_known_signatures(fields: dict[str, str], method: str, secret: str, expected: str) -> None:
    """Whatever the order of the fields; the file and the signature itself are left out."""
    backwards = [*reversed(fields.items()), ("file", "bytes"), ("api_sig", "x")]
    assert api_sig(fields.items(), method, secret) == api_sig(backwards, method, secret) == expected


def test_a_signature_is_compared_whole() -> None:
    """Neither another one, nor its beginning, nor text that is not ASCII fits."""
    assert fits("ab", "ab")
    assert not any(fits(given, "ab") for given in ("", "a", "AB", "é"))

"""Signatures against vectors that were made by another implementation."""

from __future__ import annotations

import logging
import re
from dataclasses import replace
from random import Random
from urllib.parse import unquote

import pytest

from uploadd.model.configuration import Account
from uploadd.model.ports import Runtime
from uploadd.model.secret import Secret
from uploadd.services.flickr.signing import Stamp, authorization, new_stamp

KNOWN = Account(
    "vectors",
    api_key=Secret("9a0554259914a86fb9e7eb014e4e5d52"),
    api_secret=Secret("000005fab4534d05"),
    token=Secret("72157626318069415-087bfc7b5816092c"),
    token_secret=Secret("a202d1f853ec69de"),
)
NOBODY = Secret("")
REST = "https://api.flickr.com/services/rest/"
UPLOAD = "https://up.flickr.com/services/upload/"


def parameters(header: str) -> dict[str, str]:
    """The parts of an Authorization header."""
    return {name: unquote(value) for name, value in re.findall(r'(\w+)="([^"]*)"', header)}


def test_a_request_token_is_asked_for_with_the_callback_signed() -> None:
    """OAuth, step 1: no token yet, and the callback is part of what is signed."""
    stranger = replace(KNOWN, token=NOBODY, token_secret=NOBODY)
    url = "https://www.flickr.com/services/oauth/request_token"
    header = authorization(stranger, Stamp("n1", "1700000001"), "GET", url, [], callback="oob")
    assert parameters(header)["oauth_signature"] == "ELPrL1JzNcnGJ79hR3jBNIwHn1k="
    assert "oauth_token" not in parameters(header)


def test_a_rest_call_by_get_signs_its_query() -> None:
    """The fields of a GET are its query."""
    fields = [
        ("method", "flickr.people.getUploadStatus"),
        ("format", "json"),
        ("nojsoncallback", "1"),
    ]
    header = authorization(KNOWN, Stamp("n3", "1700000003"), "GET", REST, fields)
    assert parameters(header)["oauth_signature"] == "WU204+UP3+2YCIpQ0S84669zYpk="


def test_an_upload_signs_every_field_but_the_photo_and_empty_ones_too() -> None:
    """Flickr signs the fields of a multipart body, which RFC 5849 does not."""
    fields = [("title", ""), ("tags", ""), ("dedup_check", "2"), ("async", "1")]
    header = authorization(KNOWN, Stamp("n6", "1700000006"), "POST", UPLOAD, fields)
    assert parameters(header)["oauth_signature"] == "Mx6FHzoJAjlzdO+Kq0Fu2QyiWqI="


def test_a_replace_signs_its_photo_id() -> None:
    """The replace endpoint is signed like the upload endpoint."""
    fields = [("photo_id", "10100895983"), ("async", "1")]
    url = "https://up.flickr.com/services/replace/"
    header = authorization(KNOWN, Stamp("n7", "1700000007"), "POST", url, fields)
    assert parameters(header)["oauth_signature"] == "lIKV7mRGUTXC0SJ9+TPLi8uS7Ug="


def test_a_stamp_is_now_with_128_random_bits(runtime: Runtime) -> None:
    """Two stamps of one second differ; the time is whole seconds."""
    first, second = new_stamp(runtime), new_stamp(runtime)
    assert re.fullmatch(r"[0-9a-f]{32}", first.nonce)
    assert first.nonce != second.nonce
    assert first.timestamp == "1700000000"


def test_equal_dice_give_equal_stamps(runtime: Runtime) -> None:
    """The nonce comes from the dice that are handed in and from nothing else."""
    same = Runtime(runtime.clock, Random(1), runtime.disk)
    assert new_stamp(runtime) == new_stamp(same)


@pytest.mark.parametrize("value", ["", "a&b=c d+e%", "Été ☃ 😀", "line\nline", '"quoted"'])
def test_any_text_can_be_signed(value: str) -> None:
    """A title may hold whatever a person writes."""
    header = authorization(KNOWN, Stamp("n", "1"), "POST", UPLOAD, [("title", value)])
    assert len(parameters(header)["oauth_signature"]) == 28


def test_no_credentials_at_all_still_give_a_header() -> None:
    """Missing credentials are the service's to refuse, not ours to fall over."""
    nobody = Account("nobody")
    header = authorization(nobody, Stamp("n", "1"), "POST", UPLOAD, [])
    assert header.startswith("OAuth ")


def test_nothing_of_it_reaches_the_log(caplog: pytest.LogCaptureFixture) -> None:
    """The library writes key, token and signature to its debug log; not here."""
    with caplog.at_level(logging.DEBUG):
        authorization(KNOWN, Stamp("n", "1"), "POST", UPLOAD, [("title", "x")])
    assert KNOWN.token.reveal() not in caplog.text
    assert KNOWN.api_key.reveal() not in caplog.text

"""The kinds of values that keys take. Each `description` is what an error says was expected."""

from __future__ import annotations

import ipaddress
import re
from typing import Annotated, Any
from urllib.parse import urlsplit

from pydantic import AfterValidator, BeforeValidator, Field, SecretStr

from uploadd.model import photo
from uploadd.model.configuration import LOOPBACK_HOSTS, OnChange, ServiceName, WatchMode
from uploadd.model.errors import ConfigurationError
from uploadd.model.numbers import number
from uploadd.model.template import check_template

YEAR_SECONDS = 366 * 24 * 3600
HOST = re.compile(r"[A-Za-z0-9]([A-Za-z0-9.-]*[A-Za-z0-9])?")


def whole(low: int, high: int) -> Any:
    """A whole number in a range."""
    description = f"a whole number from {number(low)} to {number(high)}"
    return Field(strict=True, ge=low, le=high, description=description)


def seconds(low: int, high: int = YEAR_SECONDS) -> Any:
    """A number of seconds in a range."""
    description = f"a number of seconds from {number(low)} to {number(high)}"
    return Field(strict=True, ge=low, le=high, allow_inf_nan=False, description=description)


def choice(*values: str) -> Any:
    """One of a few words."""
    return Field(description=" or ".join(f'"{value}"' for value in values))


def _without_nul(text: str) -> str:
    if "\0" in text:
        raise ValueError("contains a NUL character; leave it out")
    return text


def _utf8(text: str) -> str:
    try:
        text.encode()
    except UnicodeEncodeError:
        raise ValueError("is not UTF-8 text") from None
    return text


def _as_number(value: object) -> object:
    return int(value) if isinstance(value, bool) else value


def _stripped(value: object) -> object:
    return value.strip() if isinstance(value, str) else value


def _one_word(secret: SecretStr) -> SecretStr:
    if any(sign.isspace() or not sign.isprintable() for sign in secret.get_secret_value()):
        raise ValueError("contains a space, a line break or a control character (not shown)")
    return secret


def _template(text: str) -> str:
    try:
        check_template(text)
    except ConfigurationError as error:
        raise ValueError(str(error)) from None
    return text


def _rooted(path: str) -> str:
    if not path.startswith(("/", "~")):
        raise ValueError(f"found {path[:60]!r}, expected a path that begins with / or ~")
    return path


def is_loopback(base_url: str | None) -> bool:
    """Whether a (checked) base_url leads to this machine."""
    return base_url is not None and urlsplit(base_url).hostname in LOOPBACK_HOSTS


def _base_url(text: str) -> str:
    expected = "expected https://HOST or https://HOST:PORT, without a path"
    if not _is_origin(text):
        raise ValueError(expected)
    origin = text.rstrip("/").lower()
    if origin.startswith("http:") and not is_loopback(origin):
        loopback = ", ".join(sorted(LOOPBACK_HOSTS))
        raise ValueError(f"plain http is only for loopback ({loopback}); use https")
    return origin


def _is_origin(text: str) -> bool:
    """Whether it is scheme://host[:port], with at most a slash behind; urlsplit forgives more."""
    if not text.isascii() or not text.isprintable() or any(sign in text for sign in " @?#\\"):
        return False
    try:
        parts = urlsplit(text)
        port = parts.port
    except ValueError:
        return False
    if parts.netloc.endswith(":") or port == 0:
        return False
    is_http = parts.scheme in {"http", "https"} and parts.path in {"", "/"}
    return is_http and _is_host(parts.hostname or "")


def _is_host(host: str) -> bool:
    if ":" not in host:
        return HOST.fullmatch(host) is not None
    try:
        ipaddress.IPv6Address(host)
    except ValueError:
        return False
    return True


def _known_end(after_upload: str) -> str:
    if after_upload.removeprefix("move:") and after_upload.startswith("move:"):
        raise ValueError('"move:DIR" is not carried out by this version; use "keep"')
    if after_upload != "keep":
        raise ValueError(f'found {after_upload[:60]!r}, expected "keep" or "move:DIR"')
    return after_upload


# A path in the environment need not be UTF-8; everything else goes to a service.
Raw = Annotated[str, Field(strict=True, description="a text"), AfterValidator(_without_nul)]
Text = Annotated[Raw, AfterValidator(_utf8)]
Word = Annotated[Text, Field(min_length=1, description="a text that is not empty")]
Template = Annotated[Text, AfterValidator(_template)]
Secret = Annotated[
    SecretStr,
    BeforeValidator(_stripped),
    AfterValidator(_one_word),
    Field(strict=False, description="a text"),
]
Flag = Annotated[
    int,
    BeforeValidator(_as_number),
    Field(strict=True, ge=0, le=1, description="0 or 1 (or false, true)"),
]
Directory = Annotated[
    Raw, Field(description="a path that begins with / or ~"), AfterValidator(_rooted)
]
BaseUrl = Annotated[Text, AfterValidator(_base_url)]
Service = Annotated[ServiceName, choice(*ServiceName)]
Watch = Annotated[WatchMode, choice(*WatchMode)]
Change = Annotated[OnChange, choice(*OnChange)]
Privacy = Annotated[photo.Privacy, choice(*photo.Privacy)]
AfterUpload = Annotated[Text, AfterValidator(_known_end)]

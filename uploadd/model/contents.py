"""What a file holds, by the names that services know contents by."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Content:
    """The hashes of one content, in lower-case hexadecimal.

    `sha256` is the fingerprint, by which all of uploadd knows it. `md5` is empty where no account
    of the file needs it.
    """

    sha256: str
    md5: str = ""

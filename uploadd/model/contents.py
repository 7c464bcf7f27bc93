"""What a file holds, by the names that services know contents by."""

from __future__ import annotations

from dataclasses import dataclass, field

from uploadd.model.pixels import Pixels


@dataclass(frozen=True, slots=True)
class Content:
    """The hashes of one content, in lower-case hexadecimal.

    `sha256` is the fingerprint, by which all of uploadd knows it. `md5` is empty where no account
    of the file needs it. `pixels`: of a picture whose services may be asked for them; None where
    they are not known.
    """

    sha256: str
    md5: str = ""
    pixels: Pixels | None = field(default=None, compare=False)

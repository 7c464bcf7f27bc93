"""What is told about a photo, where the services' forms agree. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from uploadd.services.base import Parcel
from uploadd.services.cleaning import sendable


def file_name(parcel: Parcel) -> str:
    """The file part's name: a service may judge a file's type by its extension."""
    return f"{parcel.stem or 'photo'}{parcel.extension}"


def texts(parcel: Parcel) -> Iterable[tuple[str, str]]:
    """`title` and `description`. Without a title the service takes the file's name."""
    title = " ".join(sendable(parcel.title).split())
    if title:
        yield "title", title
    if parcel.description is not None:
        yield "description", sendable(parcel.description)


def choices(parcel: Parcel, names: Mapping[str, str]) -> Iterable[tuple[str, str]]:
    """What is chosen by a number. `names`: a parcel's attribute, and the form's name for it."""
    for attribute, name in names.items():
        value = getattr(parcel, attribute)
        if value is not None:
            yield name, f"{value:d}"  # True is 1

"""The photos and tickets of the account, and the indexes over them. In memory."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, fields
from typing import Any, Literal, Self

from uploadd.sandbox.tags import MachineTag, MachineTagQuery, clean_tag, machine_tag

PhotoState = Literal["processing", "ready", "failed"]
TicketEnd = Literal["done", "failed", "forgotten"]


@dataclass
class Photo:
    """One kept upload. Times are seconds since 1970, by the sandbox's clock."""

    key: int
    """Ours, in the order of keeping. The service's `id` comes with the ticket's end."""
    state: PhotoState
    kept_at: float
    filename: str
    content_type: str
    media: str
    stored_as: str
    size_bytes: int
    md5: str
    sha256: str
    id: str | None = None
    title: str = ""
    description: str = ""
    tags: list[str] = field(default_factory=list)
    is_public: int = 1
    is_friend: int = 0
    is_family: int = 0
    safety_level: int = 1
    content_kind: int = 1
    hidden: int = 1
    deleted: bool = False
    replaced: int = 0
    width: int = 0
    height: int = 0
    """In pixels; zeros where the file does not tell."""

    @property
    def is_on_account(self) -> bool:
        """Whether it takes up room: neither deleted nor failed in conversion."""
        return not self.deleted and self.state != "failed"

    @property
    def is_visible(self) -> bool:
        """Whether the service shows it."""
        return self.is_on_account and self.state == "ready"

    @property
    def is_video(self) -> bool:
        """Whether it is a video."""
        return self.media.startswith("video/")

    @property
    def original_format(self) -> str:
        """What the service keeps: pictures but JPEG, PNG and GIF are turned into JPEG."""
        extension = self.stored_as.rpartition(".")[2]
        return extension if self.is_video or extension in ("jpg", "png", "gif") else "jpg"

    def machine_tags(self) -> list[MachineTag]:
        """Its tags of the form `ns:pred=value`."""
        return [parts for tag in self.tags if (parts := machine_tag(tag))]

    def clean_tags(self) -> str:
        """Its tags as `extras=tags` lists them."""
        return " ".join(clean_tag(tag) for tag in self.tags)

    def clean_machine_tags(self) -> str:
        """Its machine tags as `extras=machine_tags` lists them."""
        return " ".join(tag.clean() for tag in self.machine_tags())

    def record(self) -> dict[str, Any]:
        """What is kept of it on the disk."""
        return vars(self).copy()

    @classmethod
    def from_record(cls, record: dict[str, Any]) -> Self:
        """Read `record()` again; unknown fields of a later version are left out."""
        known = {one.name for one in fields(cls)}
        return cls(**{name: value for name, value in record.items() if name in known})


@dataclass
class Ticket:
    """The receipt for an async upload; `end` is decided when it is given out."""

    id: str
    photo_key: int
    made_at: float
    ends_at: float
    end: TicketEnd = "done"
    is_ended: bool = False
    is_replacement: bool = False


class Photos:
    """Every photo that was kept, found by id, content or machine tag."""

    def __init__(self) -> None:
        self._by_key: dict[int, Photo] = {}
        self._by_id: dict[str, Photo] = {}
        self._by_sha256: dict[str, list[Photo]] = {}
        self._by_md5: dict[str, dict[int, Photo]] = {}
        self._by_predicate: dict[tuple[str, str], dict[int, Photo]] = {}

    def __iter__(self) -> Iterator[Photo]:
        return iter(self._by_key.values())

    def __len__(self) -> int:
        return len(self._by_key)

    def __getitem__(self, key: int) -> Photo:
        return self._by_key[key]

    def get(self, photo_id: str) -> Photo | None:
        """The photo with an id, deleted ones included."""
        return self._by_id.get(photo_id)

    def add(self, photo: Photo) -> None:
        """Keep a photo, or its newer state."""
        old = self._by_key.get(photo.key)
        if old is not None:
            self.forget(old)
        self._by_key[photo.key] = photo
        self._by_sha256.setdefault(photo.sha256, []).append(photo)
        self._by_md5.setdefault(photo.md5, {})[photo.key] = photo
        if photo.id is not None:
            self._by_id[photo.id] = photo
        for tag in photo.machine_tags():
            self._by_predicate.setdefault((tag.namespace, tag.predicate), {})[photo.key] = photo

    def with_content(self, sha256: str) -> list[Photo]:
        """The photos whose received bytes have this SHA-256."""
        return list(self._by_sha256.get(sha256, ()))

    def with_md5(self, md5: str) -> list[Photo]:
        """The photos whose received bytes have this MD5."""
        return list(self._by_md5.get(md5, {}).values())

    def contents(self) -> Iterator[tuple[str, list[Photo]]]:
        """Every content that was received, by SHA-256, with its photos."""
        return iter(self._by_sha256.items())

    def tagged(self, query: MachineTagQuery) -> list[Photo]:
        """The photos with a machine tag that answers the query."""
        candidates = self._by_predicate.get((query.namespace, query.predicate), {}).values()
        return [
            photo for photo in candidates if any(query.finds(tag) for tag in photo.machine_tags())
        ]

    def forget(self, photo: Photo) -> None:
        """Take a photo out of the indexes, before its content or its tags change."""
        same = self._by_sha256.get(photo.sha256, [])
        self._by_sha256[photo.sha256] = [other for other in same if other.key != photo.key]
        self._by_md5.get(photo.md5, {}).pop(photo.key, None)
        for tag in photo.machine_tags():
            self._by_predicate.get((tag.namespace, tag.predicate), {}).pop(photo.key, None)

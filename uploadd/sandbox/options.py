"""What can be chosen about a sandbox. Plain values, no behaviour."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

FaultKind = Literal[
    "error",
    "http-before",
    "http-after",
    "cut",
    "oauth-problem",
    "lose-reply",
    "garbage",
    "empty",
    "html",
    "bomb",
    "slow-head",
    "drip",
    "ticket-fails",
    "ticket-forgotten",
]

WaitPlace = Literal["rsp-child", "err-child", "err-attribute", "rsp-attribute", "absent"]

QuotaShape = Literal["since-2021", "unlimited-2018", "old-free", "missing", "empty", "lots", "null"]

Consent = Literal["at-once", "ask", "deny"]


@dataclass(frozen=True)
class Fault:
    """One scripted fault: what happens, and to which calls.

    `kind`: `error` (API error `code`, nothing kept), `http-before` and `http-after` (an HTML page
    with status `code`, before or after the photo is kept), `cut` (the connection closes in the
    middle of the body, nothing kept), `oauth-problem` (HTTP 401 with the OAuth word in `message`,
    nothing kept), `lose-reply` (kept, then closed without a reply), `garbage`,
    `empty`, `html`, `bomb` (kept, then an answer that is no answer), `slow-head`, `drip` (kept,
    then an answer whose head, or body, comes a byte a second and never ends; in-process nothing
    comes at all), `ticket-fails` (complete=2),
    `ticket-forgotten` (invalid=1 though the photo is there).

    `where`: `upload`, `replace`, `rest` (every REST method), one method's name, or `*`.
    A call is hit when any of `rate` (0..1), `first` (the next N calls), `at` (the k-th, counted
    from 1 since the fault was added) or `every` (each N-th) says so.
    """

    kind: FaultKind
    rate: float = 0.0
    first: int = 0
    at: tuple[int, ...] = ()
    every: int = 0
    where: str = "upload"
    code: int | None = None
    """None: 105 for an `error`, 502 for a status. 0 is an error code of its own."""
    message: str = ""
    retry_after_seconds: int | None = None


@dataclass(frozen=True)
class Credentials:
    """What a client must know to get in, and who it then is."""

    api_key: str = "sandbox-key"
    api_secret: str = "sandbox-secret"  # noqa: S105 - public on purpose
    token: str = "sandbox-token"  # noqa: S105
    token_secret: str = "sandbox-token-secret"  # noqa: S105
    perms: Literal["read", "write", "delete"] = "write"
    nsid: str = "12345678@N00"
    username: str = "sandbox"
    fullname: str = "Sandbox Account"

    def __repr__(self) -> str:
        """Name the account, never its secrets."""
        return f"Credentials(nsid={self.nsid!r}, username={self.username!r})"


@dataclass
class SandboxOptions:
    """Everything about a sandbox that can be chosen. Times in seconds, sizes in bytes.

    A running sandbox works on a copy, `Sandbox.options`; a test may change any field of that copy
    at run time, except `directory`, `seed` and `credentials`. Faults are added to
    `Sandbox.faults` at run time.
    """

    directory: Path | None = None
    credentials: Credentials = field(default_factory=Credentials)
    seed: int = 0
    use_threads: bool = True
    """Write to the disk in threads. False: inline, for tests on a virtual clock."""

    faults: tuple[Fault, ...] = ()

    ticket_seconds: float = 0.0
    ticket_jitter_seconds: float = 0.0
    search_lag_seconds: float = 0.0
    search_finds: bool = True
    list_lag_seconds: float = 0.0
    """How long a new photo is missing from flickr.people.getPhotos."""
    dedup_sees_pending: bool = True
    """False: dedup_check overlooks photos whose ticket is still open."""

    wait_seconds: int = 0
    wait_every: int = 0
    """Each N-th upload answers error 14 with `wait_seconds`; 0 = never."""
    wait_place: WaitPlace = "rsp-child"

    is_pro: bool = False
    default_is_public: int = 1
    max_items: int = 0
    """Items that the account may hold (then error 6); 0 = no limit."""
    max_videos: int = 0
    """Videos that the account may hold (then error 7); 0 = no limit."""
    max_private_items: int = 0
    """Items that may be other than public; 0 = no limit. What Flickr does beyond is not
    established: they are kept, and each is a violation in the journal."""
    max_month_bytes: int = 0
    """Bytes in a calendar month, UTC; 0 = no limit. On Flickr only with `quota_shape="old-free"`
    (then error 6): other accounts have no such limit."""
    quota_shape: QuotaShape = "since-2021"
    """How flickr.people.getUploadStatus and getLimits tell the limits; see flickr/quotas.py."""
    max_photo_bytes: int = 200 * 2**20
    max_video_bytes: int = 2**30
    calls_per_hour: int = 0
    """Requests in any 3,600 s, uploads included (then HTTP 429); 0 = no limit."""
    unknown_fields: Literal["refuse", "ignore"] = "refuse"
    """Fields and arguments that Flickr does not know: HTTP 400, or ignored as Flickr does (they
    must be covered by the signature either way)."""

    consent: Consent = "at-once"
    """What the authorize page does: lets the program in, asks the person, or turns it away."""
    logs_in_as: str = ""
    """Whose login the authorize page gives: a username; empty = the account's owner."""
    read_bytes_per_second: int = 0
    """How fast an upload's body is read; 0 = as fast as it comes."""

"""How times, paths, jobs and pauses look in JSON (design sections 7 and 9)."""

from __future__ import annotations

from base64 import b64encode
from datetime import UTC, datetime
from typing import Any

from uploadd.model.jobs import Job
from uploadd.model.pauses import ActivePause
from uploadd.model.states import TERMINAL
from uploadd.model.verdicts import Reason
from uploadd.model.waits import Wait


def json_time(seconds: float | None) -> str | None:
    """RFC 3339 in UTC, to the millisecond; None stays None.

    None also where no calendar has it: the database can be edited by hand.
    """
    if seconds is None:
        return None
    try:
        moment = datetime.fromtimestamp(seconds, UTC)
    except (ValueError, OverflowError, OSError):
        return None
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def json_path(path: bytes) -> dict[str, str]:
    """`path`, and `path_bytes` (base64) where it is not UTF-8: then U+FFFD stands in `path`."""
    try:
        return {"path": path.decode("utf-8")}
    except UnicodeDecodeError:
        text = path.decode("utf-8", errors="replace")
        return {"path": text, "path_bytes": b64encode(path).decode("ascii")}


def json_job(job: Job, account: str) -> dict[str, Any]:
    """A job; `account` is its account's name."""
    not_before = job.wait.end if job.wait and job.state not in TERMINAL else None
    return {
        "id": str(job.id),
        **json_path(job.path),
        "folder": job.folder or None,
        "account": account,
        "kind": job.kind,
        "lane": job.lane,
        "state": job.state,
        "sha256": job.sha256 or None,
        "size": job.size,
        "attempts": job.trail.attempts,
        "not_before": json_time(not_before),
        "ticket_id": job.ticket_id,
        "photo_id": job.photo_id,
        "reason": _json_reason(job.reason),
        "created_at": json_time(job.created_at),
        "updated_at": json_time(job.updated_at),
    }


def json_wait(wait: Wait) -> dict[str, Any]:
    """A reply that has not come yet; `file` is null where it is no upload's."""
    return {"for": wait.what, "file": wait.name or None, "since": json_time(wait.since)}


def json_pause(pause: ActivePause) -> dict[str, Any]:
    """A pause; `until` is null where it has no end but the one that a person makes."""
    return {
        "cause": pause.cause,
        "code": pause.code,
        "since": json_time(pause.since),
        "until": json_time(pause.until),
        "remedy": pause.remedy,
    }


def _json_reason(reason: Reason | None) -> dict[str, str] | None:
    if reason is None:
        return None
    return {"code": reason.code, "text": reason.text, "remedy": reason.remedy}

"""account.getQuota: what the account may still take. Advisory, as the real one is."""

from __future__ import annotations

from uploadd.sandbox.ipernity.methods.registry import Call, method
from uploadd.sandbox.ipernity.options import IpernityOptions
from uploadd.sandbox.ipernity.replies import Body, Value

_INTERNAL_LIMIT = 10 * 2**30
_MOST_ALBUMS = 2048


@method("account.getQuota", "write")
def get_quota(call: Call) -> Body:
    """The month's bytes, the largest file of each kind, and the albums."""
    account, options = call.account, call.account.options
    user: dict[str, Value] = {"user_id": options.credentials.nsid, "is_pro": int(options.is_pro)}
    odd = {"empty": "", "lots": "lots", "null": None}
    if options.quota_shape == "missing":
        return {"quota": {**user, "upload": {"unlimited": 0}}}
    if options.quota_shape in odd:
        return {"quota": {**user, **_oddly(odd[options.quota_shape])}}
    made = len(account.albums)
    return {
        "quota": {
            **user,
            "upload": _upload(options, account.bytes_this_month()),
            "maxfilesize": {
                kind: _size(options.max_video_bytes if kind == "video" else options.max_photo_bytes)
                for kind in ("photo", "audio", "video", "other")
            },
            "albums": {"max": _MOST_ALBUMS, "created": made, "left": _MOST_ALBUMS - made},
        }
    }


def _upload(options: IpernityOptions, used: int) -> Body:
    is_limited = options.max_month_bytes > 0
    if options.quota_shape in ("limited", "unlimited"):
        is_limited = options.quota_shape == "limited"
    most = options.max_month_bytes or _INTERNAL_LIMIT
    # An unlimited account's `left` belongs to a limit of the service's own, and means nothing.
    left = max(0, most - used) if is_limited else 0
    return {
        "unlimited": int(not is_limited),
        "max": _share(most, most),
        "used": _share(used, most),
        "left": _share(left, most),
    }


def _oddly(value: str | None) -> dict[str, Value]:
    """Every part is there, and none holds a number."""
    share: Value = dict.fromkeys(("bytes", "kb", "mb", "percent", "seconds"), value)
    kinds: Value = dict.fromkeys(("photo", "audio", "video", "other"), value)
    return {
        "upload": {"unlimited": value, "max": share, "used": share, "left": share},
        "maxfilesize": kinds,
        "albums": {"max": value, "created": value, "left": value},
    }


def _share(count: int, most: int) -> Body:
    return {**_size(count), "percent": round(100 * count / most), "seconds": count // 10**6}


def _size(count: int) -> dict[str, Value]:
    return {"bytes": count, "kb": count // 2**10, "mb": count // 2**20}

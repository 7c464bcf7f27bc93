"""What came behind a reply, before anything more was asked.

httpcore (1.0.9) looks only for what still lies in the socket before it uses a connection again.
What it has read already it takes for the reply to the next request, and a photo would get the id of
another upload. So such a connection is closed. `tests/unit/services/test_wire.py` pins it.
"""

from __future__ import annotations

import httpx

_WAY = ("stream", "_stream", "_httpcore_stream", "_stream", "_connection", "_h11_state")
_NOTHING = (b"", False)


def has_more(response: httpx.Response) -> bool:
    """Whether a connection holds more than this reply, which was read to its end."""
    found: object = response
    for name in _WAY:
        found = getattr(found, name, None)
    waiting: tuple[bytes, bool] = getattr(found, "trailing_data", _NOTHING)
    return bool(waiting[0])

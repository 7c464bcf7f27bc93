"""What came behind a reply, before anything more was asked.

httpcore (1.0.9) looks only for what still lies in the socket before it uses a connection again.
What was read from there already, by h11, by TLS or by anyio, it takes for the reply to the next
request, and a photo would get the id of another upload. So such a connection is closed. The tests
`test_a_reply_that_nobody_asked_for…` of `test_wire.py` and `test_wire_tls.py` pin the names.
"""

from __future__ import annotations

import ssl

import httpx

_TO_H11 = ("stream", "_stream", "_httpcore_stream", "_stream", "_connection", "_h11_state")
_NOTHING = (b"", False)


def has_more(response: httpx.Response) -> bool:
    """Whether a connection holds more than this reply, which was read to its end.

    A byte of it may be gone after that.
    """
    waiting: tuple[bytes, bool] = getattr(_found(response, *_TO_H11), "trailing_data", _NOTHING)
    return bool(waiting[0]) or _is_below(response)


def _is_below(response: httpx.Response) -> bool:
    stream = _found(response.extensions.get("network_stream"), "_stream")
    while isinstance(tls := _found(stream, "_ssl_object"), ssl.SSLObject):
        try:
            tls.read(1)
        except ssl.SSLWantReadError:  # what it had, if anything, were tickets of TLS 1.3
            stream = _found(stream, "transport_stream")
        except ssl.SSLError:  # at its end, or broken
            return True
        else:
            return True
    return bool(getattr(_found(stream, "_protocol"), "read_queue", ()))


def _found(start: object, *way: str) -> object:
    for name in way:
        start = getattr(start, name, None)
    return start

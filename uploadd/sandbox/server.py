"""The sandbox on a loopback socket: for the command, and for tests that need a real wire."""

from __future__ import annotations

import contextlib
import ipaddress
import socket
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import uvicorn
from starlette.applications import Starlette

from uploadd.sandbox.account import Sandbox
from uploadd.sandbox.app import build_app
from uploadd.sandbox.connection import CuttableProtocol
from uploadd.sandbox.directory import alone_in
from uploadd.sandbox.door import Door
from uploadd.sandbox.ipernity.account import IpernityAccount
from uploadd.sandbox.ipernity.options import IpernityOptions
from uploadd.sandbox.options import SandboxOptions

_BACKLOG = 128
_STOP_SECONDS = 10


class ListenError(Exception):
    """The address is not loopback, or the port is taken. The text is for people."""


@dataclass(frozen=True)
class Running:
    """A sandbox that answers: its base URL (no slash at the end) and its two accounts.

    `sandbox` is the Flickr account.
    """

    url: str
    sandbox: Sandbox
    ipernity: IpernityAccount
    server: uvicorn.Server


def listen(host: str = "127.0.0.1", port: int = 0) -> socket.socket:
    """A listening socket on loopback; port 0 takes a free one. Raises ListenError."""
    address = _loopback(host)
    family = socket.AF_INET6 if address.version == 6 else socket.AF_INET
    # asyncio switches Nagle off only where the protocol is named; with it a reply takes 40 ms.
    listener = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((str(address), port))
        listener.listen(_BACKLOG)
    except OSError as error:
        listener.close()
        raise ListenError(f"cannot listen on {host} port {port}: {error.strerror}") from error
    return listener


def url_of(listener: socket.socket) -> str:
    """The base URL of a listening socket."""
    host, port = listener.getsockname()[:2]
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


def server_of(app: Starlette) -> uvicorn.Server:
    """A quiet uvicorn whose connections can be cut, and which answers no other site's page."""
    config = uvicorn.Config(
        Door(app),
        http=CuttableProtocol,
        ws="none",
        lifespan="off",
        log_config=None,
        log_level="error",
        access_log=False,
        # A signature covers the URL as sent, so nothing may rewrite scheme or host.
        proxy_headers=False,
        server_header=False,
        timeout_graceful_shutdown=1,
    )
    return uvicorn.Server(config)


@contextlib.contextmanager
def running_sandbox(
    options: SandboxOptions | None = None,
    *,
    ipernity: IpernityOptions | None = None,
    port: int = 0,
    now: Callable[[], float] = time.time,
) -> Iterator[Running]:
    """A sandbox in a thread of this process, on a real socket, for as long as the block runs.

    Raises ListenError and DirectoryRefusedError.
    """
    directory = options.directory if options else None
    with alone_in(directory), listen(port=port) as listener:
        app = build_app(options, ipernity=ipernity, now=now)
        server = server_of(app)
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, daemon=True)
        thread.start()
        try:
            yield Running(url_of(listener), app.state.sandbox, app.state.ipernity, server)
        finally:
            server.should_exit = True
            thread.join(_STOP_SECONDS)


def _loopback(host: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address:
    try:
        address = ipaddress.ip_address("127.0.0.1" if host == "localhost" else host)
    except ValueError as error:
        raise ListenError(f"{host} is not a loopback address") from error
    if not address.is_loopback:
        raise ListenError(f"{host} is not a loopback address: the sandbox's password is public")
    return address

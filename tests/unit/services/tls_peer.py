"""A TLS server that can be told to break the rules: on a real socket, record by record."""

from __future__ import annotations

import asyncio
import ssl
import subprocess
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path

NAME = "photos.test"
BAD_RECORD = b"\x17\x03\x03\x00\x40" + b"\xa5" * 64
"""Application data by its head, and nothing that any key opens."""


def make_certificate(directory: Path) -> Path:
    """A certificate for loopback that signs itself, with its key in the same file."""
    key, certificate, both = (directory / name for name in ("key.pem", "cert.pem", "both.pem"))
    command = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "30"]
    names = ["-subj", f"/CN={NAME}", "-addext", f"subjectAltName=IP:127.0.0.1,DNS:{NAME}"]
    files = ["-keyout", str(key), "-out", str(certificate)]
    subprocess.run([*command, *names, *files], check=True, capture_output=True, timeout=60)
    both.write_bytes(certificate.read_bytes() + key.read_bytes())
    return both


class Secured:
    """One connection, with TLS done by hand so that anything may be written between records."""

    def __init__(
        self, certificate: Path, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate)
        self._incoming, self._outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        self._tls = context.wrap_bio(self._incoming, self._outgoing, server_side=True)
        self.reader, self.writer = reader, writer

    async def shake_hands(self) -> None:
        """Become secure."""
        while True:
            try:
                self._tls.do_handshake()
            except ssl.SSLWantReadError:
                await self._exchange()
            else:
                await self._flush()
                return

    async def read(self) -> bytes:
        """What the client sends next; empty at its end."""
        while True:
            try:
                return self._tls.read(65536)
            except ssl.SSLWantReadError:
                if not await self._exchange():
                    return b""
            except ssl.SSLZeroReturnError:
                return b""

    async def read_request(self, body_bytes: int | None = None) -> bytes:
        """The whole request, or `body_bytes` of its body at least."""
        seen = b""
        while b"\r\n\r\n" not in seen:
            seen += await self.read()
        head, _, body = seen.partition(b"\r\n\r\n")
        length = int(head.lower().split(b"content-length: ")[1].split(b"\r\n")[0])
        while len(body) < (length if body_bytes is None else body_bytes):
            body += await self.read()
        return body

    async def write(self, data: bytes) -> None:
        """Send data as it should be."""
        await self.write_together(data)

    async def write_together(self, *parts: bytes) -> None:
        """Send each part as a record of its own, all of them at once."""
        for part in parts:
            self._tls.write(part)
        await self._flush()

    async def write_raw(self, data: bytes) -> None:
        """Send bytes that are not what they should be."""
        self.writer.write(data)
        await self.writer.drain()

    async def _exchange(self) -> bytes:
        await self._flush()
        data = await self.reader.read(65536)
        self._incoming.write(data) if data else self._incoming.write_eof()
        return data

    async def _flush(self) -> None:
        await self.write_raw(self._outgoing.read())


Script = Callable[[Secured], Awaitable[None]]


@asynccontextmanager
async def tls_peer(certificate: Path, script: Script) -> AsyncIterator[str]:
    """A server that plays `script` with each connection; gives its https address."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await script(Secured(certificate, reader, writer))
        except (OSError, ssl.SSLError):
            pass  # the client went away
        finally:
            writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    async with server:
        yield f"https://127.0.0.1:{server.sockets[0].getsockname()[1]}/services/upload/"

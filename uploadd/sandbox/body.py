"""An upload's way in: at the pace that was asked for, and cut where a fault says so."""

from __future__ import annotations

from collections.abc import AsyncIterator

from starlette.requests import Request

from uploadd.sandbox.account import Sandbox
from uploadd.sandbox.connection import ConnectionCut
from uploadd.sandbox.multipart import Form, read_form
from uploadd.sandbox.options import Fault


async def received_body(
    request: Request, sandbox: Sandbox, form: Form, length: int, fault: Fault | None
) -> None:
    """Read a multipart body of `length` bytes into `form`; a `cut` closes it half way.

    Raises BodyError and ConnectionCut.
    """
    receive = sandbox.disk.receiver(use_threads=sandbox.options.use_threads)
    body = _paced(sandbox, request.stream())
    if fault is not None and fault.kind == "cut":
        body = _cut(body, length // 2)
    await read_form(form, body, request.headers.get("content-type", ""), receive)


async def _paced(sandbox: Sandbox, body: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    async for block in body:
        rate = sandbox.options.read_bytes_per_second
        if rate > 0 and block:
            await sandbox.sleep(len(block) / rate)
        yield block


async def _cut(body: AsyncIterator[bytes], after_bytes: int) -> AsyncIterator[bytes]:
    read = 0
    async for block in body:
        read += len(block)
        if read >= after_bytes:
            raise ConnectionCut(body_was_read=False)
        yield block

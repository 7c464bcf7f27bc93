"""`uploadd sandbox`: the stand-in services on loopback."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from uploadd.files.opening import printable

if TYPE_CHECKING:
    from uploadd.sandbox.disk import Disk
    from uploadd.sandbox.options import Fault, SandboxOptions

_FAULT_HELP = (
    "A scripted fault, KIND[:CODE][@WHERE]=WHEN; WHEN is a rate, first:N, every:N or at:K,K. "
    "Kinds: error, http-before, http-after, cut, lose-reply, garbage, empty, html, bomb, "
    "ticket-fails, ticket-forgotten. WHERE may begin with flickr: or ipernity:, else it is both. "
    "May be given several times."
)


def sandbox(
    *,
    port: Annotated[int, typer.Option(min=0, max=65535, help="0 takes a free port.")] = 8080,
    host: Annotated[str, typer.Option(help="A loopback address.")] = "127.0.0.1",
    directory: Annotated[
        Path | None,
        typer.Option("--dir", help="Keep photos and state here; they outlive the sandbox."),
    ] = None,
    seed: Annotated[int, typer.Option(help="Of the dice that faults roll.")] = 0,
    error: Annotated[
        list[str] | None, typer.Option(metavar="CODE:RATE", help="An API error now and then.")
    ] = None,
    fault: Annotated[list[str] | None, typer.Option(help=_FAULT_HELP)] = None,
    lose_reply: Annotated[
        float, typer.Option(min=0, max=1, help="Keep the photo, then hang up without a reply.")
    ] = 0.0,
    ticket_seconds: Annotated[float, typer.Option(min=0, help="How long tickets stay open.")] = 0.0,
    ticket_jitter: Annotated[float, typer.Option(min=0, help="At most this much longer.")] = 0.0,
    wait: Annotated[int, typer.Option(min=0, help="Seconds that error 14 asks to wait.")] = 0,
    wait_every: Annotated[int, typer.Option(min=0, help="Each N-th upload gets error 14.")] = 0,
    wait_place: Annotated[
        str,
        typer.Option(help="rsp-child, err-child, err-attribute, rsp-attribute or absent."),
    ] = "rsp-child",
    search_lag: Annotated[float, typer.Option(min=0, help="Seconds until search finds.")] = 0.0,
    search_finds: Annotated[
        bool, typer.Option("--search-finds/--search-never-finds", help="Whether search works.")
    ] = True,
    list_lag: Annotated[float, typer.Option(min=0, help="Seconds until getPhotos lists.")] = 0.0,
    read_rate: Annotated[int, typer.Option(min=0, help="Bytes a second; 0 = no brake.")] = 0,
    max_items: Annotated[int, typer.Option(min=0, help="Error 6 beyond; 0 = no limit.")] = 0,
    max_photo_bytes: Annotated[int, typer.Option(min=1, help="Error 8 beyond.")] = 200 * 2**20,
    max_video_bytes: Annotated[int, typer.Option(min=1, help="Error 8 beyond.")] = 2**30,
    calls_per_hour: Annotated[int, typer.Option(min=0, help="HTTP 429 beyond; 0 = no limit.")] = 0,
    max_month_bytes: Annotated[
        int, typer.Option(min=0, help="What a month may hold; 0 = no limit.")
    ] = 0,
    quota_shape: Annotated[
        str,
        typer.Option(
            help="How Flickr tells its limits: since-2021, unlimited-2018, old-free, missing, "
            "empty, lots or null."
        ),
    ] = "since-2021",
    pro: Annotated[bool, typer.Option(help="Pro accounts (replace, safety levels).")] = False,
    replace_makes_new: Annotated[
        bool,
        typer.Option("--replace-makes-new", help="ipernity's replace makes a second document."),
    ] = False,
) -> None:
    """Run stand-ins for Flickr and ipernity on loopback. Strict, with faults on request."""
    try:
        from uploadd.sandbox.directory import DirectoryRefusedError  # noqa: PLC0415
        from uploadd.sandbox.options import SandboxOptions  # noqa: PLC0415 - an extra, see _missing
        from uploadd.sandbox.server import ListenError  # noqa: PLC0415
    except ModuleNotFoundError as missing:
        raise _missing(missing) from missing
    options = SandboxOptions(
        directory=directory,
        seed=seed,
        faults=_faults(error or [], fault or [], lose_reply),
        ticket_seconds=ticket_seconds,
        ticket_jitter_seconds=ticket_jitter,
        search_lag_seconds=search_lag,
        search_finds=search_finds,
        list_lag_seconds=list_lag,
        wait_seconds=wait,
        wait_every=wait_every,
        wait_place=_wait_place(wait_place),  # type: ignore[arg-type]
        is_pro=pro,
        max_items=max_items,
        max_photo_bytes=max_photo_bytes,
        max_video_bytes=max_video_bytes,
        max_month_bytes=max_month_bytes,
        quota_shape=_quota_shape(quota_shape),  # type: ignore[arg-type]
        calls_per_hour=calls_per_hour,
        read_bytes_per_second=read_rate,
    )
    try:
        _serve(options, host, port, replace_makes_new=replace_makes_new)
    except (ListenError, DirectoryRefusedError) as refusal:
        typer.echo(f"uploadd: {refusal}", err=True)
        raise typer.Exit(2) from refusal


def _serve(options: SandboxOptions, host: str, port: int, *, replace_makes_new: bool) -> None:
    from uploadd.sandbox.app import build_app  # noqa: PLC0415
    from uploadd.sandbox.directory import alone_in  # noqa: PLC0415
    from uploadd.sandbox.ipernity.options import ipernity_options  # noqa: PLC0415
    from uploadd.sandbox.server import listen, server_of, url_of  # noqa: PLC0415

    with listen(host, port) as listener, private_files(), alone_in(options.directory):
        ipernity = ipernity_options(options)
        ipernity.replace_makes_new = replace_makes_new
        app = build_app(options, ipernity=ipernity)
        _tell_left_alone([app.state.sandbox.disk, app.state.ipernity.disk])
        server = server_of(app)
        typer.echo(_greeting(url_of(listener), options, ipernity), err=True)
        try:
            server.run(sockets=[listener])
        except KeyboardInterrupt:
            typer.echo("The sandbox is closed.", err=True)


@contextmanager
def private_files() -> Iterator[None]:
    """Make files for their owner alone: what a sandbox keeps may be seen by nobody else."""
    before = os.umask(0o077)
    try:
        yield
    finally:
        os.umask(before)


def _tell_left_alone(disks: list[Disk]) -> None:
    for path in (path for disk in disks for path in disk.left_alone):
        told = printable(os.fsencode(path))
        typer.echo(f"Left alone, because no sandbox put it there: {told}", err=True)


def _greeting(url: str, options: SandboxOptions, ipernity: SandboxOptions) -> str:
    known, other = options.credentials, ipernity.credentials
    where = options.directory or "a temporary directory, removed at the end"
    return f"""\
The sandbox listens on {url}/ (Ctrl-C ends it). Photos go to {where}.
For the configuration:

[accounts.sandbox]
service = "flickr"
base_url = "{url}"
api_key = "{known.api_key}"
api_secret = "{known.api_secret}"
token = "{known.token}"
token_secret = "{known.token_secret}"

[accounts.ipernity]
service = "ipernity"
base_url = "{url}"
api_key = "{other.api_key}"
api_secret = "{other.api_secret}"
token = "{other.token}"
"""


def _faults(errors: list[str], faults: list[str], lose_reply: float) -> tuple[Fault, ...]:
    from uploadd.sandbox.fault_text import FaultTextError, parse_error, parse_fault  # noqa: PLC0415

    try:
        parsed = [parse_error(text) for text in errors] + [parse_fault(text) for text in faults]
    except FaultTextError as bad:
        raise typer.BadParameter(str(bad)) from bad
    if lose_reply:
        parsed.append(parse_fault(f"lose-reply={lose_reply}"))
    return tuple(parsed)


def _wait_place(text: str) -> str:
    from typing import get_args  # noqa: PLC0415

    from uploadd.sandbox.options import WaitPlace  # noqa: PLC0415

    if text not in get_args(WaitPlace):
        raise typer.BadParameter(f"{text!r}: expected one of {', '.join(get_args(WaitPlace))}")
    return text


def _quota_shape(text: str) -> str:
    from typing import get_args  # noqa: PLC0415

    from uploadd.sandbox.options import QuotaShape  # noqa: PLC0415

    if text not in get_args(QuotaShape):
        raise typer.BadParameter(f"{text!r}: expected one of {', '.join(get_args(QuotaShape))}")
    return text


def _missing(missing: ModuleNotFoundError) -> typer.Exit:
    typer.echo(
        f"uploadd: the sandbox needs {missing.name}: pip install 'uploadd[sandbox]'", err=True
    )
    return typer.Exit(2)

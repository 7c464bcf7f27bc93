"""The status as tables for people."""

from __future__ import annotations

from collections.abc import Iterator
from importlib.metadata import version

from rich import box
from rich.console import Group, RenderableType
from rich.filesize import decimal
from rich.table import Table
from rich.text import Text

from uploadd.cli.moments import ago, length, moment
from uploadd.cli.screen import STATE_STYLES
from uploadd.files.opening import printable
from uploadd.model.pauses import ActivePause
from uploadd.model.states import State
from uploadd.operations.show.status import AccountStatus, FolderStatus, Status
from uploadd.store.backfills import Request, Stage

STAGE_WORDS = {
    Stage.ASKED: "not begun yet",
    Stage.WALKING: "looking for files",
    Stage.SETTLING: "some files are still being written, or were lately",
    Stage.WALKED: "every file is in the queue or known",
    Stage.REFUSED: "refused",
}
IN_FLIGHT = (State.UPLOADING, State.UNCERTAIN, State.PROCESSING, State.FILING)
ENDED = (State.DONE, State.DUPLICATE, State.SKIPPED, State.FAILED)


def status_view(status: Status) -> RenderableType:
    """Everything, one below the other."""
    parts: list[RenderableType] = [_headline(status), _accounts(status)]
    for account in status.accounts:
        parts += [*_activity_lines(account), *_pause_lines(account, status.at)]
        parts += _adoption_lines(account)
    if status.folders:
        parts.append(_folders(status))
    parts += [Text(f"  {text}") for text in status.privacy]
    parts += [_backfill_line(request, status.at) for request in status.backfills]
    return Group(*parts)


def _headline(status: Status) -> Text:
    name = Text(f"uploadd {version('uploadd')}  ", style="bold")
    holder = status.holder
    if holder is None:
        return name.append("● nothing runs: start `uploadd run`, or `uploadd backfill`", "yellow")
    what = "the daemon runs" if holder.command == "run" else f"a {holder.command} runs"
    since = length(max(0.0, status.at - holder.since))
    return name.append(f"● {what}", "green").append(f"  pid {holder.pid}, for {since}", "not bold")


def _accounts(status: Status) -> Table:
    table = _table("account")
    for name, style in [("queued", ""), ("in flight", "cyan")]:
        table.add_column(name, justify="right", header_style=style)
    for state in ENDED:
        table.add_column(state, justify="right", header_style=STATE_STYLES[state])
    table.add_column("calls", justify="right")
    for account in status.accounts:
        table.add_row(*_account_row(account))
    if not status.accounts:
        table.caption = "no account is configured"
    return table


def _table(what: str) -> Table:
    """Fits into 80 columns as long as the names are short."""
    table = Table(box=box.SIMPLE_HEAD, padding=(0, 1, 0, 0), pad_edge=False)
    table.add_column(what, style="bold", overflow="fold")
    return table


def _account_row(account: AccountStatus) -> Iterator[Text]:
    user = f"\n{account.service}" + (f", {account.user}" if account.user else "")
    yield Text(account.name).append(user, "dim not bold")
    yield _number(account.counts.get(State.QUEUED, 0), "")
    yield _number(sum(account.counts.get(state, 0) for state in IN_FLIGHT), "cyan")
    for state in ENDED:
        yield _number(account.counts.get(state, 0), STATE_STYLES[state])
    of = f"/{account.calls_per_hour:,}" if account.calls_per_hour else ""
    yield Text(f"{account.calls_last_hour:,}{of}")


def _number(number: int, style: str) -> Text:
    return Text(f"{number:,}", style) if number else Text("·", "dim")


def _activity_lines(account: AccountStatus) -> Iterator[Text]:
    """What is in flight, where anything is."""
    parts = [
        f"{account.counts[state]:,} {state}" for state in IN_FLIGHT if account.counts.get(state)
    ]
    if account.bytes_per_second:
        parts.append(f"{decimal(account.bytes_per_second)}/s")
    if parts:
        yield Text(f"  ▸ {account.name}: ", "cyan").append(", ".join(parts), "default")


def _pause_lines(account: AccountStatus, now: float) -> Iterator[Text]:
    for pause in account.pauses:
        line = Text("  ‖ ", "yellow").append(f"{account.name} is paused", "bold yellow")
        line.append(f" {_until(pause, now)}: {pause.text}", "not bold")
        yield line
        if pause.remedy:
            yield Text(f"    → {pause.remedy}")


def _adoption_lines(account: AccountStatus) -> Iterator[Text]:
    if account.adopt_since is not None:
        line = Text("  ! ", "yellow").append(f"{account.name} awaits its adoption", "bold yellow")
        yield line.append(": until then unknown photos are looked up before they are sent", "")
        yield Text(f"    → `uploadd adopt --account {account.name}`")


def _until(pause: ActivePause, now: float) -> str:
    """The end of a pause, or when it is tried again where only that is known."""
    since = f"since {moment(pause.since, now)}"
    if pause.delay is None:
        return since
    left = pause.delay.remaining(now)
    when = "now" if left <= 0 else f"in {length(left)}, {moment(now + left, now)}"
    ends = "ends" if pause.rule.ends_by == "time" else "tried again"
    return f"{since} ({ends} {when})"


def _folders(status: Status) -> Table:
    table = _table("folder")
    table.add_column("path", overflow="fold")
    table.add_column("watched")
    table.add_column("last walk")
    table.add_column("", overflow="fold")
    for folder in status.folders:
        walked = ago(folder.last_rescan, status.at) if folder.last_rescan else "never"
        note = _note(folder)
        table.add_row(Text(folder.name), Text(folder.path), folder.watch, walked, note)
    return table


def _backfill_line(request: Request, now: float) -> Text:
    """A directory that was asked for, and is the daemon's to take in."""
    line = Text("  ▸ backfill of ", "cyan").append(printable(request.directory), "default")
    line.append(f": {STAGE_WORDS[request.state]}", "default")
    line.append(f", asked for {ago(request.asked_at, now)}", "dim")
    return line.append(f"\n    → {request.text}", "yellow") if request.text else line


def _note(folder: FolderStatus) -> Text:
    if folder.degraded:
        return Text(folder.degraded, "red")
    return Text("paused", "yellow") if folder.paused else Text("")

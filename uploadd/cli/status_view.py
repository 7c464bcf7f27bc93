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
from uploadd.intake.presence import away_text
from uploadd.model.numbers import counted, number
from uploadd.model.pauses import ActivePause
from uploadd.model.states import TERMINAL, State
from uploadd.model.waits import Awaited
from uploadd.operations.show.progress import Progress
from uploadd.operations.show.status import AccountStatus, FolderStatus, Status
from uploadd.store.backfills import Request, Stage
from uploadd.store.reads import Reading

STAGE_WORDS = {
    Stage.ASKED: "not begun yet",
    Stage.WALKING: "looking for files",
    Stage.SETTLING: "some files are still being written, or were lately",
    Stage.WALKED: "every file is in the queue or known",
    Stage.REFUSED: "refused",
}
QUIET_TIME_ONLY = "quiet time only (docs/service.md, Whether a file is finished)"
OTHER_SETTINGS = "its configuration file has changed since then, and is what is shown: restart it"
ASKED = {
    Awaited.TICKETS: "a question for tickets",
    Awaited.LOOK_UP: "a look-up",
    Awaited.CONTENTS: "a question for contents that may be there",
    Awaited.TAGS: "a change of tags",
    Awaited.LIMITS: "a question for its limits",
    Awaited.LOGIN: "a login",
}
IN_FLIGHT = (State.UPLOADING, State.UNCERTAIN, State.PROCESSING, State.FILING)


def status_view(status: Status) -> RenderableType:
    """Everything, one below the other."""
    parts: list[RenderableType] = [_headline(status)]
    if status.has_other_settings:
        parts.append(Text(OTHER_SETTINGS, style="yellow"))
    parts.append(_accounts(status))
    for account in status.accounts:
        parts += _activity_lines(account, is_running=status.holder is not None)
        parts += _wait_lines(account, status.at)
        parts += [*_progress_lines(account), *_pause_lines(account, status.at)]
        parts += _failed_lines(account, is_only=len(status.accounts) == 1)
        parts += _adoption_lines(account)
    if status.folders:
        parts.append(_folders(status))
    parts += [line for one in status.folders for line in _trouble_lines(one, status.at)]
    parts += [Text(f"  {text}") for text in status.privacy]
    parts += [_reading_line(one, status.at) for one in status.reads]
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
    for state in TERMINAL:
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
    for state in TERMINAL:
        yield _number(account.counts.get(state, 0), STATE_STYLES[state])
    of = f"/{number(account.calls_per_hour)}" if account.calls_per_hour else ""
    yield Text(f"{number(account.calls_last_hour)}{of}")


def _number(count: int, style: str) -> Text:
    return Text(number(count), style) if count else Text("·", "dim")


def _activity_lines(account: AccountStatus, *, is_running: bool) -> Iterator[Text]:
    """What is in flight, where anything is."""
    parts = [
        _in_flight(state, account.counts[state], is_running=is_running)
        for state in IN_FLIGHT
        if account.counts.get(state)
    ]
    if account.activity.bytes_per_second:
        parts.append(f"{decimal(account.activity.bytes_per_second)}/s")
    if parts:
        yield _told(account, ", ".join(parts))


def _in_flight(state: State, jobs: int, *, is_running: bool) -> str:
    if is_running or state is not State.UPLOADING:
        return f"{number(jobs)} {state}"
    return f"{counted(jobs, 'was', 'were')} being sent, and will be looked up"


def _wait_lines(account: AccountStatus, now: float) -> Iterator[Text]:
    """What the service has not answered yet, though it was asked a while ago."""
    for wait in account.activity.waits:
        lasts = length(max(0.0, now - wait.since))
        what = f"the upload of {wait.name}" if wait.what is Awaited.UPLOAD else ASKED[wait.what]
        yield _told(account, f"waits for the reply to {what}, for {lasts}")


def _progress_lines(account: AccountStatus) -> Iterator[Text]:
    """What is left, and how long that takes; what was done today and this week."""
    progress = account.progress
    if progress.files_left:
        left = counted(progress.files_left, "file")
        # Rounded down: not everything is there before it is.
        share = f"{int(progress.share * 1000) / 10:.1f}% done"
        text = f"{left} ({decimal(progress.bytes_left)}) left to send, {share}"
        yield _told(account, text + "".join(_rate(progress)))
    if progress.done_week:
        today, week = number(progress.done_today), number(progress.done_week)
        yield _told(account, f"{today} done today, {week} this week")


def _rate(progress: Progress) -> Iterator[str]:
    if progress.rate is not None:
        a_minute = progress.rate.files / progress.rate.seconds * 60
        files = f"{counted(round(a_minute), 'file')} a minute"
        if a_minute < 1:
            files = f"{counted(round(a_minute * 60), 'file')} an hour"
        yield f"; {files}, {decimal(round(progress.rate.size_bytes / progress.rate.seconds))}/s"
    if progress.seconds_left is not None:
        yield f": about {length(progress.seconds_left)} left"


def _told(account: AccountStatus, text: str) -> Text:
    return Text(f"  ▸ {account.name}: ", "cyan").append(text, "default")


def _failed_lines(account: AccountStatus, *, is_only: bool) -> Iterator[Text]:
    """Where to go on with what has failed."""
    failed = account.counts.get(State.FAILED, 0)
    if failed:
        which = "" if is_only else f" --account {account.name}"
        line = Text("  ! ", "red").append(f"{account.name}: {number(failed)} failed", "bold red")
        yield line.append(f": `uploadd jobs --state failed{which}` says why", "not bold default")


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
    table.add_column("")
    for folder in status.folders:
        walked = ago(folder.last_rescan, status.at) if folder.last_rescan else "never"
        table.add_row(Text(folder.name), Text(folder.path), folder.watch, walked, _note(folder))
    return table


def _trouble_lines(folder: FolderStatus, now: float) -> Iterator[Text]:
    """What is wrong with a folder, below the table: a remedy is to be copied as one line."""
    texts = [f"{away_text(one)} (for {length(now - (one.since or now))})" for one in folder.away]
    if folder.degraded:
        texts.append(folder.degraded)
    for text in texts:
        line = Text("  ! ", "red").append(f"{folder.name}: ", "bold red")
        yield line.append(text, "not bold default")


def _reading_line(one: Reading, now: float) -> Text:
    """A large file that has no job yet."""
    line = Text("  ▸ reading ", "cyan").append(printable(one.path), "default")
    line.append(f": {decimal(one.read)} of {decimal(one.size)}", "default")
    return line.append(f", begun {ago(one.since, now)}", "dim")


def _backfill_line(request: Request, now: float) -> Text:
    """A directory that was asked for, and is the daemon's to take in."""
    line = Text("  ▸ backfill of ", "cyan").append(printable(request.directory), "default")
    line.append(f": {STAGE_WORDS[request.state]}", "default")
    line.append(f", asked for {ago(request.asked_at, now)}", "dim")
    return line.append(f"\n    → {request.text}", "yellow") if request.text else line


def _note(folder: FolderStatus) -> Text:
    if folder.away:
        return Text("away", "red")
    if folder.degraded:
        return Text("degraded", "red")
    if folder.paused:
        return Text("paused", "yellow")
    return Text(QUIET_TIME_ONLY if folder.is_quiet_time_only else "", "yellow")

"""The `notify` command: run when a person must act, once a day for each cause."""

from __future__ import annotations

import stat
from pathlib import Path

from structlog.testing import capture_logs

from uploadd.assembly import assembled
from uploadd.delivery.desk import Desk
from uploadd.model.configuration import Account, Configuration
from uploadd.model.pauses import PauseCause
from uploadd.model.verdicts import Pause, Reason
from uploadd.notices import Notices
from uploadd.runtime import real_runtime

REFUSED = Pause(PauseCause.CREDENTIALS, Reason("98", "the login failed", "set a token"))
BUSY = Pause(PauseCause.WAIT, Reason("14", "Flickr is busy"), 60.0)


def teller(directory: Path) -> tuple[Path, Path]:
    """A command that writes its argument down, and where it does."""
    told, command = directory / "told", directory / "tell-me"
    command.write_text(f'#!/bin/sh\nprintf "%s\\n" "$1" >> "{told}"\n')
    command.chmod(command.stat().st_mode | stat.S_IXUSR)
    return command, told


async def look_twice(directory: Path, command: str, *pauses: Pause) -> None:
    """An account with these pauses, looked at twice."""
    configuration = Configuration(directory / "state", accounts={"me": Account("me")})
    async with assembled(configuration, real_runtime(), "run") as assembly:
        desk: Desk = assembly.desks["me"]
        for pause in pauses:
            await desk.pause(pause)
        for _ in range(2):
            await Notices([command], assembly.store).look(desk)


async def test_a_person_is_told_once(tmp_path: Path) -> None:
    """Not at every look, and not again after a restart on the same day."""
    command, told = teller(tmp_path)
    await look_twice(tmp_path, str(command), REFUSED)
    await look_twice(tmp_path, str(command), REFUSED)
    assert told.read_text() == ("uploadd: account me is paused: the login failed. set a token\n")


async def test_what_ends_by_itself_is_not_told(tmp_path: Path) -> None:
    """A wait that Flickr named needs nobody."""
    command, told = teller(tmp_path)
    await look_twice(tmp_path, str(command), BUSY)
    assert not told.exists()


async def test_a_command_that_cannot_run_is_logged(tmp_path: Path) -> None:
    """It never stops the daemon."""
    with capture_logs() as logs:
        await look_twice(tmp_path, str(tmp_path / "missing"), REFUSED)
    assert [entry["event"] for entry in logs if entry["event"] == "notice.failed"]

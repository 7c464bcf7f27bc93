"""The `notify` command: run when a person must act, once a day for each cause."""

from __future__ import annotations

import asyncio
import stat
import time
from pathlib import Path

from structlog.testing import capture_logs

from uploadd.assembly import assembled
from uploadd.delivery.desk import Desk
from uploadd.model.configuration import Account, Configuration
from uploadd.model.pauses import PauseCause
from uploadd.model.verdicts import Pause, Reason
from uploadd.notices import NoticeCommand, Notices
from uploadd.runtime import real_runtime

REFUSED = Pause(PauseCause.CREDENTIALS, Reason("98", "the login failed", "set a token"))
BUSY = Pause(PauseCause.WAIT, Reason("14", "Flickr is busy"), 60.0)


def script(directory: Path, text: str) -> Path:
    """A command that does this."""
    command = directory / "tell-me"
    command.write_text(f"#!/bin/sh\n{text}\n")
    command.chmod(command.stat().st_mode | stat.S_IXUSR)
    return command


def teller(directory: Path) -> tuple[Path, Path]:
    """A command that writes its argument down, and where it does."""
    told = directory / "told"
    return script(directory, f'printf "%s\\n" "$1" >> "{told}"'), told


async def look_twice(
    directory: Path, command: str, *pauses: Pause, was_probed: bool = True
) -> None:
    """An account with these pauses, looked at twice."""
    configuration = Configuration(directory / "state", accounts={"me": Account("me")})
    async with assembled(configuration, real_runtime(), "run") as assembly:
        desk: Desk = assembly.desks["me"]
        for pause in pauses:
            await desk.pause(pause)
        desk.was_probed = was_probed
        tell = NoticeCommand([command], asyncio.Event())
        for _ in range(2):
            await Notices(tell, assembly.store).look(desk)


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


async def test_what_was_not_tried_yet_is_not_told(tmp_path: Path) -> None:
    """A pause of an earlier run, or a refusal that no probe has confirmed."""
    command, told = teller(tmp_path)
    await look_twice(tmp_path, str(command), REFUSED, was_probed=False)
    assert not told.exists()


async def test_a_command_that_cannot_run_is_logged(tmp_path: Path) -> None:
    """It never stops the daemon."""
    with capture_logs() as logs:
        await look_twice(tmp_path, str(tmp_path / "missing"), REFUSED)
    assert [entry["event"] for entry in logs if entry["event"] == "notice.failed"]


async def warnings_of(command: NoticeCommand) -> list[str]:
    """What is logged when the command is run once."""
    with capture_logs() as logs:
        await command("a text")
    return [entry["text"] for entry in logs if entry["event"] == "notice.failed"]


async def test_a_command_that_fails_is_one_warning(tmp_path: Path) -> None:
    """With its exit code."""
    command = NoticeCommand([str(script(tmp_path, "exit 7"))], asyncio.Event())
    assert await warnings_of(command) == ["it ended with 7"]


async def test_a_command_that_hangs_is_killed_with_its_children(tmp_path: Path) -> None:
    """After its time; what it started ends with it."""
    alive = tmp_path / "alive"
    hanging = script(tmp_path, f'(sleep 0.7; touch "{alive}") & sleep 100')
    command = NoticeCommand([str(hanging)], asyncio.Event(), most_seconds=0.3)
    (warning,) = await warnings_of(command)
    assert "still running" in warning
    await asyncio.sleep(0.8)
    assert not alive.exists()


async def test_a_command_that_hangs_does_not_hold_the_end_up(tmp_path: Path) -> None:
    """The daemon stops at once, and blames nobody."""
    ended = asyncio.Event()
    command = NoticeCommand([str(script(tmp_path, "sleep 100"))], ended)
    asyncio.get_running_loop().call_later(0.2, ended.set)
    began = time.monotonic()
    assert await warnings_of(command) == []
    assert time.monotonic() - began < 10

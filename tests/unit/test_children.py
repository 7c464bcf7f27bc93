"""What a program that uploadd starts gets of it: nothing that is secret."""

from __future__ import annotations

import ast
import asyncio
import json
import os
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

import uploadd
from uploadd.children import passed_on, start
from uploadd.notices import NoticeCommand

ROOM = Path(uploadd.__file__).parent
SECRETS = {
    "UPLOADD_ACCOUNTS__ME__TOKEN": "kept-from-all-1",
    "uploadd_accounts__me__api_secret": "kept-from-all-2",
    "CREDENTIALS_DIRECTORY": "/run/credentials/kept-from-all-3",
    "NOTIFY_SOCKET": "@kept-from-all-4",
    "WATCHDOG_USEC": "kept-from-all-5",
    "WATCHDOG_PID": "kept-from-all-6",
    "LISTEN_FDS": "kept-from-all-7",
}
LOOK = """#!{python} -I
import json, os, sys
seen = {{
    "environ": dict(os.environ),
    "stdin": sys.stdin.read(),
    "is_leader": os.getsid(0) == os.getpid(),
    "descriptors": sorted(int(name) for name in os.listdir("/proc/self/fd")),
}}
with open({place!r}, "w") as file:
    json.dump(seen, file)
"""
STARTERS = ("subprocess", "webbrowser", "multiprocessing", "pty")


def looker(directory: Path) -> tuple[Path, Path]:
    """A command that writes down what it was given, and where."""
    place, command = directory / "seen", directory / "look"
    command.write_text(LOOK.format(python=sys.executable, place=str(place)))
    command.chmod(0o755)
    return command, place


async def test_the_notify_command_gets_no_secret(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No setting, no credential, no line to systemd, no open file, nothing to read."""
    for name, text in SECRETS.items():
        monkeypatch.setenv(name, text)
    monkeypatch.setenv("HTTPS_PROXY", "http://proxy:3128")
    command, place = looker(tmp_path)
    with (tmp_path / "open").open("w") as file:
        os.set_inheritable(file.fileno(), True)
        await NoticeCommand([str(command)], asyncio.Event())("text")
    seen = json.loads(place.read_text())
    assert "kept-from-all" not in json.dumps(seen["environ"])
    assert not SECRETS.keys() & seen["environ"].keys()
    assert seen["environ"]["HTTPS_PROXY"] == "http://proxy:3128"
    assert seen["environ"]["PATH"] == os.environ["PATH"]
    assert (seen["stdin"], seen["is_leader"]) == ("", True)
    assert len(seen["descriptors"]) <= 4  # the fourth is the listing's own


async def test_a_program_of_the_persons_own_stays_in_the_session(tmp_path: Path) -> None:
    """A browser of the terminal could not use it otherwise."""
    command, place = looker(tmp_path)
    process = await start(str(command), has_terminal=True)
    await process.wait()
    assert json.loads(place.read_text())["is_leader"] is False


def test_what_is_not_ours_is_passed_on() -> None:
    """Whatever its name looks like."""
    others = {"UPLOAD_DIR": "a", "MY_UPLOADD_KEY": "b", "LISTEN": "c", "LANG": "C.UTF-8"}
    assert passed_on({**others, **SECRETS}) == others


def test_programs_are_started_in_one_place() -> None:
    """Nowhere else, so that none is forgotten."""
    found = {
        str(path.relative_to(ROOM)): names
        for path in ROOM.rglob("*.py")
        if (names := sorted(set(starts(ast.parse(path.read_text())))))
    }
    assert found == {"children.py": ["asyncio.create_subprocess_exec"]}


def starts(tree: ast.AST) -> Iterator[str]:
    """What could start a program."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (name.name for name in node.names if name.name.split(".")[0] in STARTERS)
        elif isinstance(node, ast.ImportFrom):
            module = node.module or ""
            names = [f"{module}.{name.name}" for name in node.names]
            yield from (name for name in names if module.split(".")[0] in STARTERS)
            yield from (name for name in names if is_starter(name))
        elif isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name | ast.Attribute):
            name = f"{ast.unparse(node.value)}.{node.attr}"
            if is_starter(name):
                yield name


def is_starter(name: str) -> bool:
    """Whether a name with its module starts a program."""
    module, _, function = name.rpartition(".")
    begins = ("exec", "spawn", "posix_spawn", "system", "popen", "fork", "startfile")
    if module in ("os", "posix"):
        return function.startswith(begins)
    return function.startswith(("create_subprocess", "subprocess_exec", "subprocess_shell"))

"""No output of any command obeys what a service, a database or a settings file says.

The service attacks in what it says of itself, in its errors, in its pages, or in everything at
once; the database has an attack in each text of each table. Whatever a command then prints, to a
terminal or into a pipe, has no sign in it that a terminal obeys, and JSON stays JSON.
"""

from __future__ import annotations

import asyncio
import io
import json
import os
import re
import sqlite3
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from typer.main import get_command

from integration.processes import BEGIN, JPEG, LOGINS
from marking import ANY, ATTACK, EVERYWHERE, HEADERS, IN_XML, Marking, Place, faults_in
from uploadd.cli.app import app as command_line
from uploadd.cli.context import with_clear_errors
from uploadd.notices import NoticeCommand
from uploadd.sandbox import Fault, SandboxOptions, build_app
from uploadd.sandbox.inprocess import InProcessTransport
from uploadd.sandbox.server import listen, server_of, url_of
from uploadd.services import asking

SERVICES = ["flickr", "ipernity"]
# SQLite keeps no lone surrogates.
STORED = ATTACK.replace("\ud800", "")
COMMAND_LINE = get_command(command_line)  # made once: that takes longer than most commands
OUR_OWN = re.compile(r"\x1b\[[0-9;]*m|\x1b\[\?25[lh]|\r?\x1b\[(?:2K|1A)|\r(?=\d)")
"""Colours, and how a progress bar moves. The attacks do otherwise."""
OWN = {"sandbox", "Sandbox Account", "sandbox-ipernity"}


@dataclass
class Attack:
    """What is attacked of the replies, and what goes wrong beside."""

    place: Place | None
    change: Callable[[str], str]
    faults: tuple[Fault, ...] = ()


ATTACKS = {
    "what it calls itself": Attack(EVERYWHERE, lambda old: old + ATTACK if old in OWN else old),
    "its errors": Attack(
        EVERYWHERE,
        lambda old: old + IN_XML if old == "told" else old,
        (
            Fault("error", rate=1, where="upload", code=2, message="told"),
            Fault("error", rate=1, where="replace", code=1, message="told"),
        ),
    ),
    "its refusals": Attack(
        EVERYWHERE,
        lambda old: old + IN_XML if old == "told" else old,
        (Fault("error", rate=1, where="*", code=4711, message="told"),),
    ),
    "its pages": Attack(
        EVERYWHERE,
        lambda old: old.replace("<title>", f"<title>{ATTACK}"),
        (Fault("http-before", rate=1, where="*", code=503, retry_after_seconds=1),),
    ),
    "its headers": Attack(HEADERS, lambda old: old + ATTACK.replace("\n", "").replace("\r", "")),
    "everything": Attack(EVERYWHERE, lambda old: old + ATTACK),
}


QUICK = ("what it calls itself", "its headers")
"""Attacks after which a replacement does not wait for a better time."""


EVERY_CASE = bool(os.environ.get("EVERY_CASE"))


@pytest.fixture(autouse=True)
def short_retries(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is printed counts here; a command makes its own clock, so its rests are shortened."""
    monkeypatch.setattr(asking, "FIRST_RETRY_SECONDS", 0.01)
    monkeypatch.setattr(asking, "MOST_RETRY_SECONDS", 0.01)


class Screen(io.TextIOWrapper):
    """A standard stream in memory, which may be a terminal."""

    def __init__(self, is_terminal: bool) -> None:
        super().__init__(io.BytesIO(), encoding="utf-8", write_through=True)
        self._is_terminal = is_terminal

    def isatty(self) -> bool:
        return self._is_terminal

    def text(self) -> str:
        """What was written, without colours and moves of our own."""
        written: Any = self.buffer
        return OUR_OWN.sub("", written.getvalue().decode("utf-8"))


class Home:
    """A home with three photos, one account, and the commands run in it."""

    def __init__(self, directory: Path, service: str, url: str) -> None:
        self.directory = directory
        self.config = directory / "uploadd.toml"
        begin = BEGIN.format(
            home=directory, service=service, url=url, login=LOGINS[service], settle=0
        )
        self.config.write_text(begin)
        (directory / "photos").mkdir()
        self.files = []
        for number in range(3):
            path = directory / "photos" / f"{number}.jpg"
            path.write_bytes(JPEG + bytes([number]) * 50)
            os.utime(path, (1e9, 1e9))
            self.files.append(str(path))

    @property
    def database(self) -> Path:
        return self.directory / "state" / "uploadd.db"

    def outputs(self, *words: str, is_terminal: bool = False) -> tuple[str, str]:
        """Run a command; gives what stands on standard output, and on standard error."""
        before = sys.stdout, sys.stderr, sys.stdin, sys.argv
        out, err = Screen(is_terminal), Screen(is_terminal)
        sys.stdout, sys.stderr, sys.stdin = out, err, io.TextIOWrapper(io.BytesIO(b"\n123456789\n"))
        sys.argv = ["uploadd", "--config", str(self.config), *words]
        try:
            with_clear_errors(COMMAND_LINE)
        except SystemExit:
            pass
        finally:
            sys.stdout, sys.stderr, sys.stdin, sys.argv = before
        return out.text(), err.text()

    def faults(self, *words: str) -> Iterator[str]:
        """What is wrong with the outputs of a command, on a terminal and in a pipe."""
        is_asking = words[0] in ("check", "adopt", "call", "auth", "replace")
        for is_terminal in ("--json" not in words,) if is_asking else (False, True):
            out, err = self.outputs(*words, is_terminal=is_terminal)
            for stream in (out, err):
                fault = faults_in(stream, "\n")
                if fault:
                    yield f"{' '.join(words)}: {fault}"
            if "--json" in words:
                for line in out.splitlines():
                    json.loads(line)


@contextmanager
def attacked(attack: Attack, service: str) -> Iterator[tuple[str, Marking]]:
    """A sandbox on a socket whose replies are attacked."""
    sandbox = build_app(SandboxOptions(faults=attack.faults, is_pro=True))
    marking = Marking(InProcessTransport(sandbox), ANY, attack.place, attack.change)

    async def answer(request: Request) -> Response:
        asked = httpx.Request(
            request.method,
            str(request.url),
            headers=request.headers.raw,
            content=await request.body(),
        )
        reply = await marking.handle_async_request(asked)
        headers = {
            name: value
            for name, value in reply.headers.items()
            if name not in ("content-length", "transfer-encoding")
        }
        told = Response(reply.content, reply.status_code)
        told.raw_headers = [
            (name.encode(), re.sub(rb"[\x00\r\n]", b"", value.encode("utf-8", "replace")))
            for name, value in headers.items()
        ] + [(b"content-length", str(len(reply.content)).encode())]
        return told

    routes = [Route("/{path:path}", answer, methods=["GET", "POST"])]
    with listen() as listener:
        server = server_of(Starlette(routes=routes))
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, daemon=True)
        thread.start()
        try:
            yield url_of(listener), marking
        finally:
            server.should_exit = True
            thread.join(10)


@pytest.mark.parametrize("name", ATTACKS)
@pytest.mark.parametrize("service", SERVICES)
def test_no_output_obeys_a_service(tmp_path: Path, service: str, name: str) -> None:
    """Every command that asks it, and every command that tells of it later."""
    own_login = "flickr.test.login" if service == "flickr" else "auth.checkToken"
    with attacked(ATTACKS[name], service) as (url, marking):
        home = Home(tmp_path, service, url)
        first, photos = home.files[0], str(tmp_path / "photos")
        commands = [
            ["check"],
            ["check", "--json"],
            ["backfill", photos, "--dry-run"],
            ["backfill", photos, "--no-wait", "--verbose"],
            ["backfill", photos, "--no-wait", "--json"],
            ["status"],
            ["status", "--json"],
            ["jobs"],
            ["jobs", "--json"],
            ["why", first],
            ["why", first, "--json"],
            ["why", photos],
            ["adopt"],
            ["call", own_login],
            ["auth", "me"],
            ["status"],
        ]
        if name in QUICK:
            commands.append(["replace", first, "--photo-id", "123", "--account", "me", "--verbose"])
        faults = [fault for words in commands for fault in home.faults(*words)]
        # Into a pipe XML goes as it came.
        shown, _ = home.outputs("call", own_login, "--xml", is_terminal=True)
        assert not faults_in(shown, "\n")
        assert marking.seen
        assert not faults, "\n".join(faults)
        assert not list(raw_texts(home.database))


def raw_texts(path: Path) -> Iterator[str]:
    """What stands raw in a database."""
    with closing(sqlite3.connect(path)) as db:
        for table, column in text_columns(db):
            for (text,) in db.execute(f'SELECT "{column}" FROM "{table}"'):
                if isinstance(text, str) and faults_in(text, "\n"):
                    yield f"{table}.{column}: {faults_in(text)}"


def text_columns(db: sqlite3.Connection) -> list[tuple[str, str]]:
    """Every column of every table."""
    tables = [name for (name,) in db.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
    return [
        (table, column)
        for table in tables
        for _, column, *_ in db.execute(f'PRAGMA table_info("{table}")')
    ]


@pytest.fixture(scope="module")
def worked(tmp_path_factory: pytest.TempPathFactory) -> Home:
    """A home whose account has done something of everything."""
    directory = tmp_path_factory.mktemp("home")
    attack = Attack(None, str, (Fault("error", first=1, where="upload", code=5, message="told"),))
    with attacked(attack, "flickr") as (url, _):
        home = Home(directory, "flickr", url)
        home.outputs("backfill", str(directory / "photos"), "--no-wait")
        home.outputs("pause", "me")
    return home


@pytest.mark.timeout(240)
def test_no_output_obeys_a_planted_database(worked: Home) -> None:
    """Each text of each table in turn; what a command cannot read it says in a line.

    Every run takes the commands in turn, those that show most with each text; all of them with
    each text where EVERY_CASE=1 is in the environment.
    """
    photos = str(worked.directory / "photos")
    always = [["status"], ["jobs"], ["why", worked.files[0]]]
    in_turn = [
        ["status", "--json"],
        ["jobs", "--json"],
        ["why", worked.files[0], "--json"],
        ["why", photos],
        ["backfill", photos, "--dry-run"],
        ["check"],
    ]
    with closing(sqlite3.connect(worked.database)) as db:
        db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        columns = text_columns(db)
        db.close()
    original = worked.database.read_bytes()
    faults: list[str] = []
    planted = 0
    try:
        for table, column in columns:
            if not plant(worked.database, table, column):
                continue
            planted += 1
            rest = in_turn if EVERY_CASE else [in_turn[planted % len(in_turn)]]
            for words in (*always, *rest):
                faults += [f"{table}.{column}: {fault}" for fault in worked.faults(*words)]
            for left in worked.database.parent.glob("uploadd.db-*"):
                left.unlink()
            worked.database.write_bytes(original)
    finally:
        worked.database.write_bytes(original)
    assert planted > 20
    assert not faults, "\n".join(dict.fromkeys(faults))


def plant(path: Path, table: str, column: str) -> bool:
    """Put an attack behind every text of a column; False where there is none, or it is refused."""
    with closing(sqlite3.connect(path)) as db:
        try:
            done = db.execute(
                f'UPDATE "{table}" SET "{column}" = "{column}" || ?'
                f" WHERE typeof(\"{column}\") = 'text'",
                (STORED,),
            )
            db.commit()
        except sqlite3.Error:
            return False
        return done.rowcount > 0


def test_no_output_obeys_a_name_of_the_settings(tmp_path: Path) -> None:
    """TOML can write every sign in a name and in a text."""
    with attacked(Attack(None, str), "flickr") as (url, _):
        home = Home(tmp_path, "flickr", url)
        text = home.config.read_text()
        odd = "".join(f"\\u{ord(sign):04x}" for sign in STORED if ord(sign) < 0x10000)
        for old, new in (
            ("[accounts.me]", f'[accounts."me{odd}"]'),
            ("[folders.camera]", f'[folders."camera{odd}"]'),
            ('"sandbox-token"', f'"sandbox-token{odd}"'),
            ('accounts = ["me"]', f'accounts = ["me{odd}"]'),
            ("settle_seconds", f'"{odd}settle_seconds"'),
            ('service = "flickr"', f'service = "{odd}"'),
        ):
            home.config.write_text(text.replace(old, new, 1))
            for words in (
                ["check"],
                ["check", "--json"],
                ["status"],
                ["jobs"],
                ["adopt"],
                ["auth", "me"],
            ):
                assert not list(home.faults(*words)), new[:30]


@pytest.mark.parametrize(
    "words", [[f"--{STORED[:4]}"], [STORED[1:]], ["jobs", "--state", STORED[1:]]]
)
def test_no_output_obeys_the_command_line(tmp_path: Path, words: list[str]) -> None:
    """Words that came from a list of files."""
    home = Home(tmp_path, "flickr", "http://127.0.0.1:9")
    assert not list(home.faults(*words))


async def test_the_notify_command_gets_no_sign_that_a_terminal_obeys(tmp_path: Path) -> None:
    """Its text may go on to a terminal, a mail or a chat; a NUL byte would keep it from running."""
    told = tmp_path / "told"
    command = NoticeCommand(["/bin/sh", "-c", f'printf %s "$1" > {told}', "-"], asyncio.Event())
    await command(f"uploadd: account me is paused: {STORED}")
    assert told.read_text().startswith("uploadd: account me is paused: ")
    assert not faults_in(told.read_text(), "\n")

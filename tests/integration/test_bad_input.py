"""Whole commands on bad input: a clear line that says what and what to do, and the others go on."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import socket
import subprocess
import threading
from collections.abc import Callable, Iterator

import pytest

from integration.processes import Desk, environment
from uploadd.sandbox import Fault, SandboxOptions

MakeDesk = Callable[..., Desk]
Ended = subprocess.CompletedProcess[str]


@pytest.fixture
def desk(make_desk: MakeDesk) -> Desk:
    """A desk whose files need no rest."""
    return make_desk(settle=0)


def backfill(desk: Desk, *words: str) -> Ended:
    """A backfill of the desk's photos."""
    return desk.uploadd("backfill", *words, "--json", str(desk.photos))


def summary(ended: Ended) -> dict[str, int]:
    """The object that `--json` prints last."""
    found: dict[str, int] = json.loads(ended.stdout.splitlines()[-1])
    return found


def assert_clear(ended: Ended, code: int, *words: str) -> None:
    """It ended with this code and said this, and no traceback."""
    assert "Traceback" not in ended.stderr
    assert "should not happen" not in ended.stderr
    assert ended.returncode == code, ended.stderr
    for word in words:
        assert word in ended.stderr


def reason_of(desk: Desk, name: str) -> dict[str, str]:
    """Why a file was not uploaded, as `jobs --json` says it."""
    lines = desk.uploadd("jobs", "--json").stdout.splitlines()
    (job,) = [job for job in map(json.loads, lines) if job["path"].endswith(name)]
    reason: dict[str, str] = job["reason"]
    return reason


def change(desk: Desk, begin: str, line: str) -> None:
    """Replace the line of the configuration that begins so."""
    lines = desk.config.read_text().splitlines()
    assert any(old.startswith(begin) for old in lines)
    desk.config.write_text("\n".join(line if old.startswith(begin) else old for old in lines))


# --- the configuration and the command line ---------------------------------------------------


@pytest.mark.parametrize(
    ("begin", "line", "said"),
    [
        ("calls_per_hour", 'calls_per_hour = "many"', "accounts.me.calls_per_hour"),
        ("calls_per_hour", "calls_per_our = 0", "calls_per_our"),
        ("service", 'service = "fotolog"', "accounts.me.service"),
        ("settle_seconds", "settle_seconds = -1", "folders.camera.settle_seconds"),
        ("accounts =", 'accounts = ["you"]', "folders.camera.accounts"),
        ("state_dir", "state_dir = [", "uploadd.toml"),
    ],
)
def test_a_wrong_configuration(desk: Desk, begin: str, line: str, said: str) -> None:
    """The key is named, by every command, with exit 2."""
    change(desk, begin, line)
    for words in (("run",), ("backfill", str(desk.photos))):
        assert_clear(desk.uploadd(*words), 2, said)


def test_no_configuration(desk: Desk) -> None:
    """The file that was asked for is named."""
    desk.config.unlink()
    assert_clear(desk.uploadd("backfill", str(desk.photos)), 2, str(desk.config))


def test_a_missing_directory(desk: Desk) -> None:
    """A usage error before anything is sent, also beside a good directory."""
    desk.add("p.jpg")
    ended = desk.uploadd("backfill", str(desk.photos), str(desk.home / "nowhere"))
    assert_clear(ended, 2, "nowhere does not exist")
    assert desk.kept() == {}


def test_a_file_in_the_place_of_a_directory(desk: Desk) -> None:
    """Backfill takes directories."""
    path = desk.add("p.jpg")
    assert_clear(desk.uploadd("backfill", str(path)), 2, "is not a directory")


@pytest.mark.parametrize(
    ("words", "said"),
    [(("--account", "you"), "known are: me"), (("--folder", "attic"), "known are: camera")],
)
def test_names_that_nobody_knows(desk: Desk, words: tuple[str, str], said: str) -> None:
    """The known ones are listed."""
    assert_clear(backfill(desk, *words), 2, words[1], said)


def test_missing_credentials(desk: Desk) -> None:
    """77, and the keys that are missing."""
    desk.add("p.jpg")
    change(desk, "token_secret", "")
    assert_clear(backfill(desk), 77, "accounts.me.token_secret")


# --- files ------------------------------------------------------------------------------------


def test_files_that_are_no_photos(desk: Desk) -> None:
    """An empty file and a text are skipped with their reasons, and the good one is uploaded."""
    desk.add("good.jpg")
    (desk.photos / "empty.jpg").touch()
    (desk.photos / "text.jpg").write_text("Dear diary")
    os.mkfifo(desk.photos / "fifo.jpg")
    ended = backfill(desk)
    assert_clear(ended, 0)
    assert (summary(ended)["done"], summary(ended)["skipped"]) == (1, 2)
    assert summary(ended)["found"] == 3
    assert reason_of(desk, "empty.jpg")["code"] == "empty"
    assert reason_of(desk, "text.jpg")["code"] == "damaged"
    assert "the text 'Dear diary'" in reason_of(desk, "text.jpg")["text"]


def test_a_name_that_is_not_utf8(desk: Desk) -> None:
    """It is uploaded, and every command can show it."""
    (desk.photos / "caf\udce9\n.jpg").write_bytes(desk.add("p.jpg").read_bytes() + b"!")
    assert_clear(backfill(desk), 0)
    assert len(desk.kept()) == 2
    for command in ("jobs", "status"):
        assert_clear(desk.uploadd(command), 0)


def test_a_file_that_vanishes(make_desk: MakeDesk) -> None:
    """Gone while it waited in the queue: skipped, with the word for it; the others go on."""
    desk = make_desk(SandboxOptions(wait_seconds=2, wait_every=1), settle=0)
    for number in range(3):
        desk.add(f"p{number}.jpg")
    assert_clear(backfill(desk, "--no-wait"), 75, "Flickr")
    desk.sandbox.options.wait_every = 0
    (desk.photos / "p1.jpg").unlink()
    ended = backfill(desk)
    assert_clear(ended, 0)
    assert len(desk.kept()) == 2
    assert reason_of(desk, "p1.jpg")["code"] == "vanished"


def test_files_that_may_not_be_read(desk: Desk) -> None:
    """One file and one directory are closed to us: 1, a line for each, the others go on."""
    desk.add("good.jpg")
    desk.add("closed.jpg").chmod(0)
    desk.add("shut/in.jpg").parent.chmod(0)
    try:
        ended = subprocess.run(
            [*without_privileges(), *desk.command("backfill", "--json", str(desk.photos))],
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
            env=environment(),
        )
    finally:
        (desk.photos / "shut").chmod(0o700)
    assert_clear(ended, 1, "shut", "Permission denied")
    assert (summary(ended)["done"], summary(ended)["failed"]) == (1, 1)
    assert len(desk.kept()) == 1
    assert "chmod +r" in reason_of(desk, "closed.jpg")["remedy"]


def without_privileges() -> list[str]:
    """Root reads everything, unless it is started without that right."""
    if os.geteuid() != 0:
        return []
    if shutil.which("setpriv") is None:
        pytest.skip("root reads everything, and there is no setpriv to take that from it")
    return ["setpriv", "--bounding-set=-dac_override,-dac_read_search", "--"]


def test_a_file_that_is_held_open_does_not_hold_a_backfill_up(make_desk: MakeDesk) -> None:
    """`--no-wait` ends with 75 and names it; without, it is left after the limit, with 1."""
    desk = make_desk(settle=0)
    desk.add("a.jpg")
    held = desk.add("held.jpg")
    config = desk.config.read_text()
    with open(held, "ab"):
        assert_clear(backfill(desk, "--no-wait"), 75, "held open", str(held))
        desk.config.write_text("settle_limit_seconds = 2\n" + config)
        assert_clear(backfill(desk), 1, "held open", str(held))
    assert_clear(backfill(desk), 0)
    assert len(desk.kept()) == 2


# --- servers ----------------------------------------------------------------------------------


def test_a_server_that_is_not_there(desk: Desk) -> None:
    """`--no-wait` ends with 75, says that nobody answers, and keeps the queue."""
    desk.add("p.jpg")
    change(desk, "base_url", 'base_url = "http://127.0.0.1:9"')
    assert_clear(backfill(desk, "--no-wait"), 75, "no connection", "check the network")


@pytest.mark.parametrize("kind", ["html", "garbage", "bomb", "empty", "http-before"])
def test_a_server_that_answers_nonsense(make_desk: MakeDesk, kind: str) -> None:
    """Whatever is at that address is no Flickr: 75, what it said, and what to look at."""
    fault = Fault(kind, rate=1.0, where="*", code=502)  # type: ignore[arg-type]
    desk = make_desk(SandboxOptions(faults=(fault,)), settle=0)
    desk.add("p.jpg")
    assert_clear(backfill(desk, "--no-wait"), 75, "is paused", "base_url")
    desk.sandbox.faults.clear()
    assert_clear(backfill(desk), 0)
    assert set(desk.kept().values()) == {1}


@pytest.mark.parametrize("kind", ["html", "garbage", "bomb", "empty", "lose-reply"])
def test_an_upload_that_is_answered_with_nonsense(make_desk: MakeDesk, kind: str) -> None:
    """The photo was kept: it is found by a look-up, and the others go on."""
    fault = Fault(kind, at=(2,))  # type: ignore[arg-type]
    desk = make_desk(SandboxOptions(faults=(fault,)), settle=0)
    for number in range(4):
        desk.add(f"p{number}.jpg")
    ended = backfill(desk)
    assert_clear(ended, 0)
    assert summary(ended)["done"] == 4
    assert sorted(desk.kept().values()) == [1, 1, 1, 1]


@pytest.mark.parametrize("method", ["flickr.photos.upload.checkTickets", "flickr.photos.search"])
@pytest.mark.parametrize("kind", ["html", "garbage", "bomb", "empty"])
def test_a_question_that_is_answered_with_nonsense(
    make_desk: MakeDesk, method: str, kind: str
) -> None:
    """It is said, and asked again; nothing is sent twice for it."""
    faults = (Fault(kind, first=4, where=method), Fault("lose-reply", first=1))  # type: ignore[arg-type]
    desk = make_desk(SandboxOptions(faults=faults), settle=0)
    for number in range(3):
        desk.add(f"p{number}.jpg")
    assert_clear(backfill(desk), 0, "call.failed")
    assert sorted(desk.kept().values()) == [1, 1, 1]


def test_a_server_that_hangs_up(desk: Desk) -> None:
    """It takes connections and closes them without a word: 75, with what happened."""
    desk.add("p.jpg")
    with hanging_up() as port:
        change(desk, "base_url", f'base_url = "http://127.0.0.1:{port}"')
        assert_clear(backfill(desk, "--no-wait"), 75, "is paused", "did not answer")


@contextlib.contextmanager
def hanging_up() -> Iterator[int]:
    """A server that closes every connection at once."""
    server = socket.create_server(("127.0.0.1", 0))

    def serve() -> None:
        with contextlib.suppress(OSError):
            while True:
                server.accept()[0].close()

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    yield server.getsockname()[1]
    server.shutdown(socket.SHUT_RDWR)
    server.close()
    thread.join(timeout=5)

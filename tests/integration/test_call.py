"""`uploadd call` as it is typed, against both services on a socket."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable
from typing import Any

import pytest

from integration.processes import Desk, environment, wait_until
from uploadd.sandbox import Fault, SandboxOptions

LOGIN = "flickr.test.login"
ECHO = "flickr.test.echo"
IPERNITY = """
[accounts.ip]
service = "ipernity"
base_url = "{url}"
api_key = "sandbox-ipernity-key"
api_secret = "sandbox-ipernity-secret"
token = "sandbox-ipernity-token"
"""
SECRETS = ("sandbox-key", "sandbox-secret", "sandbox-token", "sandbox-ipernity")


@pytest.fixture
def desk(make_desk: Callable[..., Desk]) -> Desk:
    """A home with one account on Flickr, in which uploadd has never run."""
    return make_desk()


def add_ipernity(desk: Desk) -> None:
    """A second account, on ipernity."""
    text = desk.config.read_text()
    url = text.partition('base_url = "')[2].partition('"')[0]
    place = text.index("[folders")
    desk.config.write_text(text[:place] + IPERNITY.format(url=url) + text[place:])


def change(desk: Desk, old: str, new: str) -> None:
    """Another configuration."""
    text = desk.config.read_text()
    assert old in text
    desk.config.write_text(text.replace(old, new, 1))


def reply(desk: Desk, *words: str) -> Any:
    """The reply of a call that works: JSON alone on standard output, nothing for people."""
    done = desk.uploadd("call", *words)
    assert (done.returncode, done.stderr) == (0, "")
    return json.loads(done.stdout)


def refused(desk: Desk, *words: str) -> tuple[int, str]:
    """The exit code and the one line of a call that does not work; nothing for programs."""
    done = desk.uploadd("call", *words)
    assert done.stdout == ""
    (line,) = done.stderr.splitlines()
    assert line.startswith("uploadd: ")
    assert not any(secret in line for secret in SECRETS)
    return done.returncode, line.removeprefix("uploadd: ")


def test_a_call_to_flickr(desk: Desk) -> None:
    """Signed with the only account's token; no file is made."""
    assert reply(desk, LOGIN)["user"]["username"]["_content"] == "sandbox"
    assert not (desk.home / "state").exists()
    assert desk.sandbox.journal.violations() == []


def test_what_is_sent_is_what_was_typed(desk: Desk) -> None:
    """Signs, spaces, empty values, files and standard input, in UTF-8."""
    story = desk.home / "story.txt"
    story.write_text("Été ☃\n\n")
    words = ("from=a&b=c+d%20", "empty=", f"text=@{story}", "sign=@@x", "input=@-", "é=ü")
    done = subprocess.run(
        desk.command("call", ECHO, *words),
        input=b"one\ntwo\n",
        capture_output=True,
        env=environment(),
        check=True,
        timeout=60,
    )
    echoed = json.loads(done.stdout)
    assert {name: echoed[name]["_content"] for name in ("from", "empty", "text", "sign")} == {
        "from": "a&b=c+d%20",
        "empty": "",
        "text": "Été ☃\n",
        "sign": "@x",
    }
    assert (echoed["input"]["_content"], echoed["é"]["_content"]) == ("one\ntwo", "ü")
    assert "Été ☃" in done.stdout.decode()  # readable, not escaped


def test_the_xml_as_it_came(desk: Desk) -> None:
    """On standard output."""
    done = desk.uploadd("call", LOGIN, "--xml")
    assert done.returncode == 0
    assert done.stdout.startswith("<?xml")
    assert '<rsp stat="ok">' in done.stdout


def test_an_error_in_xml_is_an_error_too(desk: Desk) -> None:
    """Not printed as if it were a result."""
    code, line = refused(desk, "flickr.photos.getInfo", "photo_id=7", "--xml")
    assert (code, "Flickr error 1" in line) == (1, True)


def test_a_call_beside_a_daemon_is_counted(desk: Desk) -> None:
    """Without the lock, in the budget that the daemon keeps to."""

    def called() -> int:
        status = json.loads(desk.uploadd("status", "--json").stdout)
        return int(status["accounts"]["me"]["calls_last_hour"])

    change(desk, "calls_per_hour = 0", "calls_per_hour = 1000")
    photo = desk.add("a.jpg")
    with desk.started("run"):
        wait_until(lambda: len(desk.kept()) == 1, 30, "the photo is there")
        wait_until(lambda: '"done"' in desk.uploadd("why", str(photo), "--json").stdout, 30, "done")
        before = called()
        assert reply(desk, LOGIN)["stat"] == "ok"
        assert called() == before + 1


def test_without_a_signature(desk: Desk) -> None:
    """What everybody may ask works; a method that needs a login says what is missing."""
    words = ("flickr.photos.upload.checkTickets", "tickets=67099213-72157629966030528")
    assert reply(desk, *words, "--unsigned")["uploader"]["ticket"][0]["invalid"] == 1
    code, line = refused(desk, LOGIN, "--unsigned")
    assert code == 77
    assert "made with the key alone" in line
    change(desk, 'token = "sandbox-token"', "")
    change(desk, 'token_secret = "sandbox-token-secret"', "")
    assert reply(desk, *words)["uploader"]["ticket"][0]["invalid"] == 1


@pytest.mark.parametrize(
    ("words", "code", "told"),
    [
        ((), 2, None),
        ((LOGIN, "photo_id"), 2, "'photo_id' is no parameter; write NAME=VALUE"),
        ((LOGIN, "=1"), 2, "'' is no parameter's name"),
        ((LOGIN, "a=1", "a=2"), 2, "the parameter a is given twice"),
        ((LOGIN, "api_key=x"), 2, "the parameter api_key is set by uploadd"),
        ((LOGIN, "a=@/not/there"), 2, "'/not/there' cannot be read"),
        ((LOGIN, "--account", "you"), 2, "--account you is not an account; known are: me"),
        (("../rest",), 2, "'../rest' is no method's name"),
        (("upload", "title=x"), 2, "upload needs a file; `uploadd backfill`"),
        (("replace", "photo_id=1"), 2, "replace needs a file; `uploadd replace`"),
        (("flickr.no.such.method",), 1, "Flickr knows no such method"),
        (("doc.get", "doc_id=1"), 1, "Flickr knows no such method"),
        (("flickr.photos.search", "user=me"), 1, "flickr.photos.search does not know user"),
        (("flickr.photos.getInfo", "photo_id=x"), 1, "Flickr error 1"),
    ],
)
def test_bad_input(desk: Desk, words: tuple[str, ...], code: int, told: str | None) -> None:
    """One line each, with the exit code of its kind."""
    if told is None:
        assert desk.uploadd("call", *words).returncode == code
        return
    found, line = refused(desk, *words)
    assert (found, told in line) == (code, True), line


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ('"sandbox-key"', '"sandbox-wrong-key"', "API key"),
        ('"sandbox-secret"', '"sandbox-wrong-secret"', "signature"),
        ('"sandbox-token"', '"sandbox-ipernity-token"', "token"),
        ('token_secret = "sandbox-token-secret"', "", "accounts.me.token_secret"),
    ],
)
def test_wrong_credentials(desk: Desk, old: str, new: str, told: str) -> None:
    """77, and a way out."""
    change(desk, old, new)
    code, line = refused(desk, LOGIN)
    assert (code, told in line) == (77, True), line


@pytest.mark.parametrize("kind", ["lose-reply", "garbage", "html", "empty", "bomb"])
def test_a_reply_that_is_lost(desk: Desk, kind: Any) -> None:
    """The call may have done its work; it is not made again."""
    desk.sandbox.faults.add(Fault(kind, where="rest", rate=1.0))
    code, line = refused(desk, LOGIN)
    assert (code, "the call may have done its work: look" in line) == (1, True), line
    assert line.startswith(LOGIN)
    assert len(desk.sandbox.journal.of(LOGIN)) == 1


@pytest.mark.parametrize("code", [500, 502, 504])
def test_a_page_from_in_between(desk: Desk, code: int) -> None:
    """A proxy's page says nothing of what was done behind it."""
    desk.sandbox.faults.add(Fault("http-before", code=code, where="rest", rate=1.0))
    found, line = refused(desk, LOGIN)
    assert found == 1
    assert f"HTTP {code}" in line
    assert "may have done its work" in line


def test_a_passing_error_of_the_service(desk: Desk) -> None:
    """A plain no."""
    desk.sandbox.faults.add(Fault("error", code=105, where="rest", rate=1.0))
    code, line = refused(desk, LOGIN)
    assert code == 1
    assert "Flickr error 105" in line
    assert "may have" not in line


def test_a_clock_that_is_off(desk: Desk) -> None:
    """Says so, and what to do."""
    desk.sandbox.faults.add(
        Fault("oauth-problem", where="rest", message="timestamp_refused", rate=1.0)
    )
    code, line = refused(desk, LOGIN)
    assert code == 1
    assert "our time of day" in line
    assert "set this computer's clock" in line


def test_too_many_calls(make_desk: Callable[..., Desk]) -> None:
    """75; where uploadd has run before, the wait holds for the next call too."""
    desk = make_desk(SandboxOptions())
    assert desk.uploadd("backfill", str(desk.photos)).returncode == 0
    change(desk, "patience = 0.01", "patience = 0.1")  # the pause outlasts the start of a program
    desk.sandbox.options.calls_per_hour = 1
    assert refused(desk, LOGIN)[0] == 75
    asked = len(desk.sandbox.journal.of(LOGIN))
    code, line = refused(desk, LOGIN)
    assert (code, "the account is paused: too many requests" in line) == (75, True), line
    assert len(desk.sandbox.journal.of(LOGIN)) == asked


def test_nobody_answers(desk: Desk) -> None:
    """Nothing was sent."""
    url = desk.config.read_text().partition('base_url = "')[2].partition('"')[0]
    change(desk, url, "http://127.0.0.1:1")
    code, line = refused(desk, LOGIN)
    assert code == 1
    assert "may have" not in line


def test_a_call_to_ipernity(desk: Desk) -> None:
    """Its own names, its own envelope; of two accounts one has to be named."""
    add_ipernity(desk)
    code, line = refused(desk, "account.getQuota")
    assert (code, "say which with --account: me, ip" in line) == (2, True)
    ip = ("--account", "ip")
    assert reply(desk, "account.getQuota", *ip)["quota"]["user_id"] == "54321"
    tickets = reply(desk, "upload.checkTickets", "tickets=12345445-98829", *ip)["tickets"]
    assert tickets["ticket"][0]["id"] == "12345445-98829"
    echoed = reply(desk, "test.echo", "echo=x", "from=Été & ☃", "method=doc.get", *ip)
    assert (echoed["from"], echoed["method"]) == ("Été & ☃", "doc.get")
    done = desk.uploadd("call", "test.echo", "echo=1", "--unsigned", "--xml", *ip)
    assert '<api status="ok"><echo>1</echo>' in done.stdout
    assert "token" not in done.stdout


@pytest.mark.parametrize(
    ("words", "code", "told"),
    [
        (("doc.get", "doc_id=7"), 1, "doc.get: ipernity error 1: “Document not found”"),
        (("doc.get", "id=7"), 1, "doc.get does not know id"),
        (("flickr.test.login",), 1, "ipernity knows no such method"),
        (("upload.file", "title=x"), 2, "upload.file needs a file"),
        (("upload.replace", "doc_id=7"), 2, "upload.replace needs a file"),
        (("doc.get/xml",), 2, "'doc.get/xml' is no method's name"),
        (("test.echo", "auth_token=x"), 2, "the parameter auth_token is set by uploadd"),
        (("account.getQuota", "--unsigned"), 77, "made with the key alone"),
    ],
)
def test_bad_input_for_ipernity(desk: Desk, words: tuple[str, ...], code: int, told: str) -> None:
    """One line each."""
    add_ipernity(desk)
    found, line = refused(desk, *words, "--account", "ip")
    assert (found, told in line) == (code, True), line

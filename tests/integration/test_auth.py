"""`uploadd auth` and a real daemon, against a real sandbox on a socket."""

from __future__ import annotations

import json
import os
import re
import select
import signal
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest

from integration.preloaded import Running
from integration.processes import Desk, environment, wait_until
from uploadd.sandbox import Fault, SandboxOptions

MakeDesk = Callable[..., Desk]
AS_ROOT = pytest.mark.skipif(os.geteuid() != 0, reason="only root can be another user, too")
SECRETS = ("sandbox-secret", "sandbox-ipernity-secret")
IPERNITY = """
[accounts.other]
service = "ipernity"
base_url = "{url}"
api_key = "sandbox-ipernity-key"
api_secret = "sandbox-ipernity-secret"
"""
BROWSER = """#!{python}
import html, json, os, re, sys, urllib.parse, httpx
page = urllib.parse.unquote(urllib.parse.urlsplit(sys.argv[1]).path)
with open(page) as file:
    url = html.unescape(re.search('href="([^"]+)"', file.read())[1])
print(page)
with open({seen!r}, "w") as file:
    json.dump({{"page": page, "url": url, "environ": dict(os.environ)}}, file)
lines = []
for process in filter(str.isdigit, os.listdir("/proc")):
    try:
        with open(f"/proc/{{process}}/cmdline") as file:
            lines.append(file.read())
    except OSError:
        pass
with open({listed!r}, "w") as file:
    file.write("\\n".join(lines))
{before}
httpx.get(url + "{more}", follow_redirects=True, trust_env=False)
"""
WITH_A_LOGIN_OF_HIS_OWN = """
back = httpx.get(url, trust_env=False).headers["location"]
back = back.split("?")[0] + "?oauth_token=his-own&oauth_verifier=111-222-333"
print(httpx.get(back, trust_env=False).status_code)
"""
TO_READ_THE_PAGE = """
if os.fork() == 0:
    os.setgroups([])
    os.setgid(65534)
    os.setuid(65534)
    try:
        open(page)
    except OSError as error:
        print("another user:", error.strerror, flush=True)
    os._exit(0)
os.wait()
"""


class Browser:
    """A program that looks like a browser, and writes down what it was given.

    `more`: what the person chooses on the page. `before`: what another user does first.
    """

    def __init__(self, directory: Path, more: str = "", before: str = "") -> None:
        self._seen, self._listed = directory / "seen", directory / "listed"
        self.home = directory / "home"
        self.home.mkdir()
        self.command = directory / "browser"
        places = {"seen": str(self._seen), "listed": str(self._listed)}
        told = BROWSER.format(python=sys.executable, more=more, before=before, **places)
        self.command.write_text(told)
        self.command.chmod(0o755)

    @property
    def variables(self) -> dict[str, str]:
        """What makes it the person's browser."""
        return {"BROWSER": f"{self.command} %s", "HOME": str(self.home)}

    @property
    def seen(self) -> dict[str, Any]:
        """The page, where it led to, and the environment."""
        seen: dict[str, Any] = json.loads(self._seen.read_text())
        return seen

    @property
    def listed(self) -> str:
        """The command lines of all processes of the machine, while it ran."""
        return self._listed.read_text()


def without_login(desk: Desk, *, has_ipernity: bool = False) -> None:
    """The configuration has the keys alone."""
    text = re.sub(r"^token.*\n", "", desk.config.read_text(), flags=re.MULTILINE)
    url = re.search(r'base_url = "(.*)"', text)
    assert url is not None
    desk.config.write_text(text + (IPERNITY.format(url=url[1]) if has_ipernity else ""))
    desk.config.chmod(0o600)


def auth(
    desk: Desk, *words: str, answer: str = "CODE", more: str = "", **variables: str
) -> tuple[int, str, str]:
    """Log in by the page; gives the exit code, standard output and standard error.

    `answer`: what is typed then; CODE is the one on the page. `more`: what the person chooses on
    the page, as the sandbox takes it.
    """
    with tempfile.TemporaryDirectory() as directory:
        stdin, stdout, stderr = (Path(directory, name) for name in ("stdin", "stdout", "stderr"))
        os.mkfifo(stdin)
        variables = {**environment(), **variables}
        words = ("--config", str(desk.config), "auth", *words)
        # Opened for both, so that neither side waits for the other one to open it.
        with open(os.open(stdin, os.O_RDWR), "w") as keyboard:
            running = Running(words, variables, stdout, stderr, stdin)
            try:
                if answer:
                    keyboard.write(typed_after(running, stderr, answer, more))
                    keyboard.close()
                code = running.wait(timeout=30)
            finally:
                running.kill()
        output, said = stdout.read_text(), stderr.read_text()
    assert "Traceback" not in said
    assert not [secret for secret in (*SECRETS, *saved(desk)) if secret in said]
    return code, output, said


def typed_after(running: Running, stderr: Path, answer: str, more: str) -> str:
    """What a person types who has seen the page; nothing where the command ends before."""

    def address() -> str | None:
        said = stderr.read_text() if stderr.exists() else ""
        found = re.search(r"^(http.*)\n", said, re.MULTILINE)
        return found and found[1]

    wait_until(lambda: running.poll() is not None or bool(address()), 30, "a page, or the end")
    shown = address()
    if shown is None:
        return ""
    found = re.search(r"id=verifier>([^<]+)<", httpx.get(shown + more, trust_env=False).text)
    return f"{found[1] if found and answer == 'CODE' else answer}\n"


def saved(desk: Desk) -> list[str]:
    """The secrets that were saved."""
    directory = desk.home / "state" / "credentials"
    files = sorted(directory.iterdir()) if directory.exists() else []
    return [path.read_text().strip() for path in files]


def test_both_services_are_logged_in_to(make_desk: MakeDesk) -> None:
    """And the login is used: `check` is content, a backfill delivers."""
    desk = make_desk()
    without_login(desk, has_ipernity=True)
    code, output, said = auth(desk, "me")
    assert (code, output) == (0, "")
    assert "as sandbox (12345678@N00) with the permission “write”" in said
    code, _, said = auth(desk, "other", answer="\n")
    assert code == 0
    assert "as sandbox (54321) with the permission “write”" in said
    directory = desk.home / "state" / "credentials"
    assert sorted(os.listdir(directory)) == [
        "uploadd.me.token",
        "uploadd.me.token_secret",
        "uploadd.other.token",
    ]
    assert {path.stat().st_mode & 0o777 for path in directory.iterdir()} == {0o600}
    desk.add("a.jpg")
    done = desk.uploadd("backfill", "--account", "me", str(desk.photos))
    assert done.returncode == 0, done.stderr
    assert sum(desk.kept().values()) == 1


def test_a_running_daemon_takes_the_new_login(make_desk: MakeDesk) -> None:
    """Its token is withdrawn, its queue stays whole, and after `uploadd auth` it goes on."""
    desk = make_desk()
    without_login(desk)
    assert auth(desk, "me")[0] == 0
    desk.add("first.jpg")
    with desk.started("run"):
        wait_until(lambda: len(desk.kept()) == 1, 30, "the first photo is there")
        for token in list(desk.sandbox.logins.tokens):
            desk.sandbox.logins.revoke(token)
        for number in range(3):
            desk.add(f"late{number}.jpg")
        wait_until(lambda: "uploadd auth me" in desk.log(), 30, "the remedy is told")
        assert len(desk.kept()) == 1
        code, _, said = auth(desk, "me")
        assert code == 0
        assert "where me was waiting for a login, it goes on within seconds" in said
        wait_until(lambda: len(desk.kept()) == 4, 30, "the others are there")
    assert set(desk.kept().values()) == {1}


def test_an_account_without_a_login_waits_for_one(make_desk: MakeDesk) -> None:
    """Beside another one that has its own: that one is not held up."""
    desk = make_desk()
    without_login(desk, has_ipernity=True)
    assert auth(desk, "me")[0] == 0
    text = desk.config.read_text().replace('accounts = ["me"]', 'accounts = ["me", "other"]')
    desk.config.write_text(text)
    desk.add("a.jpg")
    with desk.started("run"):
        wait_until(lambda: len(desk.kept()) == 1, 30, "the first account has the photo")
        wait_until(lambda: "uploadd auth other" in desk.log(), 30, "the remedy is told")
        assert auth(desk, "other", answer="\n")[0] == 0
        wait_until(lambda: done_jobs(desk) == 2, 30, "the second account has it too")


def done_jobs(desk: Desk) -> int:
    """How many jobs are done."""
    return desk.uploadd("jobs", "--state", "done", "--json").stdout.count("\n")


@pytest.mark.parametrize(
    ("answer", "more", "told"),
    [
        ("111-222-333", "", "does not take this code"),
        ("111-222-333", "&answer=no", "does not know this login any more"),
        ("", "", "no code was given"),
    ],
)
def test_a_refused_code_is_77(make_desk: MakeDesk, answer: str, more: str, told: str) -> None:
    """One line, and nothing is saved."""
    desk = make_desk()
    without_login(desk)
    if not answer:
        done = desk.uploadd("auth", "me")
        code, said = done.returncode, done.stderr
    else:
        code, _, said = auth(desk, "me", answer=answer, more=more)
    assert code == 77
    assert told in said.splitlines()[-1]
    assert saved(desk) == []


def test_a_login_of_somebody_else_is_saved_only_with_yes(make_desk: MakeDesk) -> None:
    """Who it was is known from the last run."""
    desk = make_desk()
    without_login(desk)
    assert auth(desk, "me")[0] == 0
    desk.add("a.jpg")
    assert desk.uploadd("backfill", str(desk.photos)).returncode == 0
    before = saved(desk)
    code, _, said = auth(desk, "me", more="&user=bob")
    assert code == 2
    assert "account me was sandbox until now, and this login is bob's" in said
    assert saved(desk) == before
    assert auth(desk, "me", "--yes", more="&user=bob")[0] == 0
    assert saved(desk) != before


def test_a_stronger_login_is_told(make_desk: MakeDesk) -> None:
    """The new one is saved, and it says what keeps it from being used."""
    desk = make_desk()
    code, _, said = auth(desk, "me")
    assert code == 0
    told = f"it is not used yet: remove accounts.me.token and token_secret from {desk.config}"
    assert told in said.splitlines()[-1]
    without_login(desk)
    assert "logged in" in desk.uploadd("check").stdout


@pytest.mark.parametrize(("more", "code"), [("", 0), ("&answer=no", 77)])
def test_a_browser_leads_back(make_desk: MakeDesk, tmp_path: Path, more: str, code: int) -> None:
    """To a port of this machine; also with a no. The page that led there is gone afterwards."""
    desk = make_desk()
    without_login(desk)
    browser = Browser(tmp_path, more)
    words = ("me", "--browser", "--user", "sandbox")
    found, _, said = auth(desk, *words, answer="", **browser.variables)
    assert found == code, said
    assert len(saved(desk)) == (2 if code == 0 else 0)
    assert browser.seen["url"] in said
    assert list(browser.home.iterdir()) == []


@pytest.mark.parametrize("account", ["me", "other"])
def test_the_address_of_a_login_is_on_no_command_line(
    make_desk: MakeDesk, tmp_path: Path, account: str
) -> None:
    """Every user can read those; and the browser finds no settings in its environment."""
    desk = make_desk()
    without_login(desk, has_ipernity=True)
    browser = Browser(tmp_path)
    words = (account, "--browser", "--user", "sandbox")
    variables = {**browser.variables, "UPLOADD_ACCOUNTS__ME__TOKEN_SECRET": "kept-from-all"}
    code, _, said = auth(desk, *words, answer="\n" if account == "other" else "", **variables)
    assert code == 0, said
    values = parse_qs(urlsplit(browser.seen["url"]).query)
    assert browser.seen["page"] in browser.listed
    for name in {"oauth_token", "frob", "api_key", "api_sig"} & values.keys():
        assert values[name][0] not in browser.listed
    assert not [name for name in browser.seen["environ"] if name.startswith("UPLOADD_")]
    assert "kept-from-all" not in json.dumps(browser.seen["environ"])


@AS_ROOT
def test_another_user_cannot_read_the_page(make_desk: MakeDesk, tmp_path: Path) -> None:
    """He sees its name, and no more."""
    desk = make_desk()
    without_login(desk)
    browser = Browser(tmp_path, before=TO_READ_THE_PAGE)
    words = ("me", "--browser", "--user", "sandbox")
    with tempfile.TemporaryDirectory() as home:
        Path(home).chmod(0o755)  # as many home directories are
        variables = {**browser.variables, "HOME": home}
        code, _, said = auth(desk, *words, answer="", **variables)
    assert code == 0, said
    assert browser.seen["page"].startswith(f"{home}/")
    assert "another user: Permission denied" in said


def test_a_login_that_was_not_asked_for_does_not_come_back(
    make_desk: MakeDesk, tmp_path: Path
) -> None:
    """Another user sends one of his own to the way back: it is not found, and ours comes."""
    desk = make_desk()
    without_login(desk)
    browser = Browser(tmp_path, before=WITH_A_LOGIN_OF_HIS_OWN)
    words = ("me", "--browser", "--user", "sandbox")
    code, _, said = auth(desk, *words, answer="", **browser.variables)
    assert code == 0, said
    assert "\n404\n" in said


@pytest.mark.parametrize("account", ["me", "other"])
def test_whoever_else_agreed_is_not_saved(
    make_desk: MakeDesk, tmp_path: Path, account: str
) -> None:
    """Another user was faster on the page: 77, and nothing is saved."""
    desk = make_desk()
    without_login(desk, has_ipernity=True)
    mallory = "&user=mallory"  # whoever sees the page first, the browser or the one who types
    browser = Browser(tmp_path, mallory)
    words = (account, "--browser", "--yes", "--user", "sandbox")
    answer = "\n" if account == "other" else ""
    code, _, said = auth(desk, *words, answer=answer, more=mallory, **browser.variables)
    assert code == 77
    assert "this is the login of mallory, and not of sandbox; nothing was saved" in said
    assert saved(desk) == []


def test_a_browser_without_a_terminal_needs_the_users_name(
    make_desk: MakeDesk, tmp_path: Path
) -> None:
    """There is nobody to ask. Nothing was asked of the service, and no browser was opened."""
    desk = make_desk()
    without_login(desk)
    browser = Browser(tmp_path)
    code, _, said = auth(desk, "me", "--browser", "--yes", answer="", **browser.variables)
    assert code == 2
    assert "--user NAME" in said
    assert list(desk.sandbox.logins.requests) == []
    assert list(browser.home.iterdir()) == []


@pytest.mark.parametrize(("answer", "code"), [("y", 0), ("", 77), ("n", 77)])
def test_a_person_is_asked_once(
    make_desk: MakeDesk, tmp_path: Path, answer: str, code: int
) -> None:
    """On a terminal: whose login it is, by name and id."""
    desk = make_desk()
    without_login(desk)
    browser = Browser(tmp_path, "&user=mallory")
    found, said = on_a_terminal(desk, answer, **browser.variables)
    assert found == code, said
    assert said.count("?") - said.count("authorize?") == 1
    assert "Save the login of mallory? [y/N]" in said
    assert len(saved(desk)) == (2 if code == 0 else 0)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGKILL])
def test_the_page_is_gone_after_the_command(
    make_desk: MakeDesk, tmp_path: Path, number: signal.Signals
) -> None:
    """After Ctrl-C at once; a run that was killed leaves it to the next `uploadd auth`."""
    desk = make_desk()
    without_login(desk)
    variables = {"BROWSER": "true %s", "HOME": str(tmp_path)}
    words = ("--config", str(desk.config), "auth", "me", "--browser", "--user", "sandbox")
    log = desk.home / "said"
    running = Running(words, {**environment(), **variables}, log, log)
    try:
        wait_until(lambda: log.exists() and "leads back" in log.read_text(), 30, "a page")
        pages = list(tmp_path.glob("uploadd-login-*"))
        assert len(pages) == 1
        running.send_signal(number)
        code = running.wait(timeout=30)
    finally:
        running.kill()
    if number is signal.SIGINT:
        assert (code, pages[0].exists()) == (130, False)
        return
    assert pages[0].exists()
    assert auth(desk, "me", **variables)[0] == 0
    assert not pages[0].exists()


def on_a_terminal(desk: Desk, answer: str, **variables: str) -> tuple[int, str]:
    """`uploadd auth me --browser` on a terminal, and this answer to its question."""
    ours, its = os.openpty()
    terminal = Path(os.ttyname(its))
    words = ("--config", str(desk.config), "auth", "me", "--browser")
    running = Running(words, {**environment(), **variables}, terminal, terminal, terminal)
    said = ""
    try:
        while "[y/N]" not in said:
            said += read_within(ours, 30)
        os.write(ours, f"{answer}\n".encode())
        code = running.wait(timeout=30)
        while more := read_within(ours, 0):
            said += more
    finally:
        running.kill()
        os.close(its)
        os.close(ours)
    return code, said


def read_within(terminal: int, seconds: float) -> str:
    """What is shown next; "" where that is nothing more."""
    if not select.select([terminal], [], [], seconds)[0]:
        assert seconds == 0, "nothing is said on the terminal"
        return ""
    return os.read(terminal, 65536).decode()


def test_no_browser_writes_into_the_script_for_root(make_desk: MakeDesk, tmp_path: Path) -> None:
    """What a browser prints is no result of ours."""
    desk = make_desk()
    without_login(desk)
    browser = Browser(tmp_path)
    words = ("me", "--browser", "--user", "sandbox", "--systemd-creds")
    code, output, said = auth(desk, *words, answer="", **browser.variables)
    place = re.search(r"^rm -r (\S+)$", output, re.MULTILINE)
    assert place is not None
    subprocess.run(["rm", "-r", place[1]], check=True)
    assert code == 0
    assert browser.seen["page"] in said
    assert output.startswith("set -e\n")


def test_the_login_for_systemd_is_a_script(make_desk: MakeDesk, tmp_path: Path) -> None:
    """Nothing is saved, and no secret is printed."""
    desk = make_desk()
    without_login(desk)
    code, output, _ = auth(desk, "me", "--systemd-creds", XDG_RUNTIME_DIR=str(tmp_path))
    assert code == 0
    assert saved(desk) == []
    place = re.search(r"^rm -r (\S+)$", output, re.MULTILINE)
    assert place is not None
    try:
        secrets = [path.read_text() for path in Path(place[1]).iterdir()]
        assert len(secrets) == 2
        assert not [secret for secret in secrets if secret in output]
    finally:
        subprocess.run(["rm", "-r", place[1]], check=True)


def test_a_clear_line_where_the_service_is_ill(make_desk: MakeDesk) -> None:
    """The page is not even shown."""
    desk = make_desk(SandboxOptions(calls_per_hour=1))
    without_login(desk)
    assert auth(desk, "me")[0] != 0
    code, _, said = auth(desk, "me")
    assert code == 75
    assert len(said.splitlines()) == 1


@pytest.mark.parametrize(
    ("fault", "ends_with", "exit_code"),
    [
        (Fault("http-before", code=502, where="*", rate=1.0), "give the command again later", 1),
        (Fault("error", code=105, where="*", rate=1.0), "give the command again later", 1),
        (Fault("error", code=99, where="*", rate=1.0), "`uploadd run` takes it by itself", 77),
    ],
)
def test_a_refusal_names_what_the_person_does(
    make_desk: MakeDesk, fault: Fault, ends_with: str, exit_code: int
) -> None:
    """A job is tried again by itself; this command is not."""
    desk = make_desk(SandboxOptions(faults=(fault,)))
    without_login(desk)
    code, _, said = auth(desk, "me")
    assert (code, "NAME" in said) == (exit_code, False)
    assert said.strip().endswith(ends_with)

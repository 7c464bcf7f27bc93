"""`uploadd auth` and a real daemon, against a real sandbox on a socket."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

import httpx
import pytest

from integration.preloaded import Running
from integration.processes import Desk, environment, wait_until
from uploadd.sandbox import Fault, SandboxOptions

MakeDesk = Callable[..., Desk]
SECRETS = ("sandbox-secret", "sandbox-ipernity-secret")
IPERNITY = """
[accounts.other]
service = "ipernity"
base_url = "{url}"
api_key = "sandbox-ipernity-key"
api_secret = "sandbox-ipernity-secret"
"""
BROWSER = """#!{python}
import sys, httpx
httpx.get(sys.argv[1] + "{more}", follow_redirects=True, trust_env=False)
"""


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
    """To a port of this machine; also with a no."""
    desk = make_desk()
    without_login(desk)
    browser = tmp_path / "browser"
    browser.write_text(BROWSER.format(python=sys.executable, more=more))
    browser.chmod(0o755)
    found, _, said = auth(desk, "me", "--browser", answer="", BROWSER=f"{browser} %s")
    assert found == code, said
    assert len(saved(desk)) == (2 if code == 0 else 0)


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

"""`uploadd sandbox`: its options, its errors, and that it runs and ends."""

from __future__ import annotations

import subprocess
import sys
import tomllib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest
import typer
from oauthlib.oauth1 import Client
from typer.testing import CliRunner

from uploadd.cli.sandbox import sandbox
from uploadd.sandbox.server import listen

COMMAND = "import typer; from uploadd.cli.sandbox import sandbox; typer.run(sandbox)"


@pytest.fixture
def app() -> typer.Typer:
    """The command alone."""
    app = typer.Typer()
    app.command()(sandbox)
    return app


@contextmanager
def started(*options: str) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """The command as a process of its own, and the greeting it prints."""
    command = [sys.executable, "-c", COMMAND, "--port", "0", *options]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as running:
        assert running.stderr is not None
        greeting = ""
        try:
            while "sandbox-ipernity-token" not in greeting:
                line = running.stderr.readline()
                assert line, greeting
                greeting += line
            yield running, greeting
        finally:
            running.kill()


def test_it_prints_a_configuration_that_works(tmp_path: Path) -> None:
    """Both blocks are TOML with the address of the running sandbox; Ctrl-C ends it well."""
    with started("--dir", str(tmp_path)) as (running, greeting):
        block = tomllib.loads(greeting[greeting.index("[accounts.sandbox]") :])
        account, other = block["accounts"]["sandbox"], block["accounts"]["ipernity"]
        assert account["service"] == "flickr"
        assert account["token"] == "sandbox-token"
        assert (account["base_url"], other["service"]) == (other["base_url"], "ipernity")
        assert (other["token"], "token_secret" in other) == ("sandbox-ipernity-token", False)
        assert httpx.get(f"{account['base_url']}/photos.json").json() == []
        running.send_signal(2)
        assert running.wait(20) == 0
    assert (tmp_path / "photos").is_dir()


def test_a_directory_with_files_of_a_person_is_one_line(app: typer.Typer, tmp_path: Path) -> None:
    """Exit 2, what is wrong and what helps; everything in it stays."""
    mine = tmp_path / "incoming" / "holiday.jpg"
    mine.parent.mkdir()
    mine.write_bytes(b"mine")
    result = CliRunner().invoke(app, ["--port", "0", "--dir", str(tmp_path)])
    assert result.exit_code == 2
    assert result.stderr == (
        f"uploadd: {tmp_path} is not empty, and was not made by the sandbox: "
        f"take --dir {tmp_path}/sandbox\n"
    )
    assert [*tmp_path.iterdir(), *mine.parent.iterdir()] == [mine.parent, mine]


def test_its_files_are_for_its_owner_alone(tmp_path: Path) -> None:
    """Whatever it makes, with any umask of the person's."""
    with started("--dir", str(tmp_path / "new")) as (running, _):
        status = Path(f"/proc/{running.pid}/status").read_text()
        assert "Umask:\t0077" in status
    assert [oct(path.stat().st_mode & 0o77) for path in tmp_path.rglob("*")] == ["0o0"] * 8


def test_what_it_leaves_alone_is_said(tmp_path: Path) -> None:
    """A name that is none of the sandbox's own stays, and is told in one line."""
    with started("--dir", str(tmp_path)):
        (tmp_path / "incoming" / "no\x1bte").write_bytes(b"mine")
    with started("--dir", str(tmp_path)) as (_, greeting):
        assert f"no sandbox put it there: {tmp_path}/incoming/no\\x1bte\n" in greeting
    assert (tmp_path / "incoming" / "no\x1bte").read_bytes() == b"mine"


def test_a_second_sandbox_in_one_directory_is_one_line(app: typer.Typer, tmp_path: Path) -> None:
    """It would remove what the first is receiving."""
    with started("--dir", str(tmp_path)):
        result = CliRunner().invoke(app, ["--port", "0", "--dir", str(tmp_path)])
    assert result.exit_code == 2
    assert f"another sandbox is at work in {tmp_path}" in result.stderr
    assert result.stderr.count("\n") == 1


def test_the_shape_of_the_quota_can_be_chosen() -> None:
    """The option reaches the running sandbox."""
    with started("--quota-shape", "old-free", "--max-month-bytes", "12345") as (_, greeting):
        base = tomllib.loads(greeting[greeting.index("[accounts.sandbox]") :])["accounts"]
        client = Client("sandbox-key", "sandbox-secret", "sandbox-token", "sandbox-token-secret")
        url = f"{base['sandbox']['base_url']}/services/rest/?method=flickr.people.getUploadStatus"
        _, headers, _ = client.sign(url)
        told = httpx.get(url, headers={"Authorization": headers["Authorization"]}).text
    assert 'maxbytes="12345"' in told


def test_a_taken_port_is_one_line(app: typer.Typer) -> None:
    """Exit 2, and what is wrong."""
    with listen() as listener:
        port = str(listener.getsockname()[1])
        result = CliRunner().invoke(app, ["--port", port])
    assert result.exit_code == 2
    assert result.stderr == (
        f"uploadd: cannot listen on 127.0.0.1 port {port}: Address already in use\n"
    )


@pytest.mark.parametrize(
    ("options", "text"),
    [
        (["--host", "192.0.2.1"], "not a loopback address"),
        (["--fault", "bang=1"], "expected KIND"),
        (["--error", "105"], "is no rate"),
        (["--wait-place", "nowhere"], "expected one of"),
        (["--quota-shape", "round"], "expected one of"),
        (["--lose-reply", "2"], "less than or equal to 1"),
    ],
)
def test_bad_options_are_refused(app: typer.Typer, options: list[str], text: str) -> None:
    """Usage errors end with 2 before anything listens."""
    result = CliRunner().invoke(app, options)
    assert result.exit_code == 2
    assert text in result.stderr


def test_without_the_extra_it_says_what_to_install(
    app: typer.Typer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The module itself needs no web framework."""
    for name in [name for name in sys.modules if name.startswith("uploadd.sandbox")]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "starlette.applications", None)
    result = CliRunner().invoke(app, [])
    assert result.exit_code == 2
    assert result.stderr.strip().endswith("pip install 'uploadd[sandbox]'")
    assert result.stderr.count("\n") == 1


def test_importing_the_command_needs_no_extra() -> None:
    """Neither starlette nor uvicorn is imported with it."""
    check = (
        "import sys, uploadd.cli.sandbox; "
        "sys.exit(any(m.partition('.')[0] in ('starlette', 'uvicorn') for m in sys.modules))"
    )
    assert subprocess.run([sys.executable, "-c", check], check=False).returncode == 0


def test_the_sandbox_imports_nothing_of_uploadd() -> None:
    """So that no mistake is shared with what it judges."""
    check = (
        "import sys, uploadd.sandbox.server, uploadd.sandbox.inprocess; "
        "print(*(m for m in sys.modules if m.startswith('uploadd.') "
        "and not m.startswith('uploadd.sandbox')))"
    )
    done = subprocess.run([sys.executable, "-c", check], check=True, capture_output=True, text=True)
    assert done.stdout.strip() == ""

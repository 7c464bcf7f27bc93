"""The commands without a service: what they print, where, and their exit codes."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from unit.operations.records import Records
from uploadd.cli.app import app
from uploadd.cli.context import command_line, with_clear_errors
from uploadd.model.errors import StoreError
from uploadd.model.states import State

CONFIGURATION = """
state_dir = "{home}/state"
[accounts.me]
service = "flickr"
[folders.camera]
path = "{home}/photos"
accounts = ["me"]
"""


class Home(Records):
    """A home with a configuration, and the commands run in it."""

    def __init__(self, home: Path) -> None:
        super().__init__(home)
        self.config = home / "uploadd.toml"
        self.config.write_text(CONFIGURATION.format(home=home))

    def uploadd(self, *words: str) -> Result:
        """Run a command."""
        return CliRunner().invoke(app, ["--config", str(self.config), *words])


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Home:
    """A home without settings of the user's own."""
    for name in [name for name in os.environ if name.startswith("UPLOADD")]:
        monkeypatch.delenv(name)
    return Home(tmp_path)


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (["status"], 0),
        (["status", "--json"], 0),
        (["jobs"], 0),
        (["jobs", "--json"], 0),
        (["why", "nothing.jpg"], 1),
        (["retry", "--failed"], 0),
        (["retry", "3"], 1),
        (["resume", "me"], 0),
        (["check"], 77),
    ],
)
def test_before_the_first_run_nothing_is_made(home: Home, words: list[str], code: int) -> None:
    """A friendly line, and the exit code that fits."""
    result = home.uploadd(*words)
    assert result.exit_code == code, result.output
    assert not (home.configuration.state_dir).exists()
    assert "Traceback" not in result.output


@pytest.mark.parametrize(
    "words",
    [
        ["status"], ["jobs"], ["why", "a.jpg"], ["retry", "--failed"], ["pause", "me"],
        ["resume", "me"], ["check"],
    ],
)  # fmt: skip
def test_a_wrong_configuration_is_2(home: Home, words: list[str]) -> None:
    """With the key in the line."""
    home.config.write_text("patience = 'x'\nstate_dri = '/x'\n")
    result = home.uploadd(*words)
    assert result.exit_code == 2
    assert "patience" in result.output
    assert "state_dri" in result.output


def test_a_wrong_configuration_is_a_finding_each(home: Home) -> None:
    """`check --json` stays JSON."""
    home.config.write_text("patience = 'x'\nstate_dri = '/x'\n")
    result = home.uploadd("check", "--json")
    found = json.loads(result.stdout)
    assert found["ok"] is False
    assert [one["subject"] for one in found["findings"]] == ["patience", "state_dri"]
    home.config.unlink()
    result = home.uploadd("check", "--json")
    assert result.exit_code == 2
    assert "no such file" in json.loads(result.stdout)["findings"][0]["text"]


def test_check_shows_each_finding_and_the_sum(home: Home) -> None:
    """Credentials are missing here; the file can be read by nobody else."""
    home.config.chmod(0o600)
    home.photos.rmdir()
    result = home.uploadd("check")
    assert result.exit_code == 77
    assert "✗ folders.camera" in result.stdout
    assert "accounts.me.api_key" in result.stdout
    assert result.stdout.splitlines()[-1] == "2 errors and 1 warning"


def test_status_as_json_is_one_line(home: Home) -> None:
    """On standard output, with nothing beside it."""
    home.done("a.jpg")
    result = home.uploadd("status", "--json")
    assert result.stdout.count("\n") == 1
    assert json.loads(result.stdout)["accounts"]["me"]["counts"]["done"] == 1


def test_jobs_are_one_object_a_line(home: Home) -> None:
    """Filtered, and nothing else on standard output."""
    home.done("a.jpg")
    home.failed("b.jpg")
    home.failed("c.jpg")
    result = home.uploadd("jobs", "--json", "--state", "done", "--state", "failed", "--code", "5")
    found = [json.loads(line) for line in result.stdout.splitlines()]
    assert [job["state"] for job in found] == ["failed", "failed"]


def test_jobs_for_people_are_counted(home: Home) -> None:
    """The table is the result; the count is for people."""
    home.failed("b.jpg")
    result = home.uploadd("jobs")
    assert len(result.stdout.splitlines()) == 2
    assert result.stderr == "1 job\n"
    assert home.uploadd("jobs", "--state", "done").stderr == "no jobs\n"


@pytest.mark.parametrize(
    "words",
    [
        ["jobs", "--state", "lost"], ["jobs", "--account", "you"], ["jobs", "--folder", "x"],
        ["jobs", "--since", "x"], ["jobs", "--limit", "-1"], ["retry"], ["retry", "1", "--failed"],
        ["retry", "a.jpg", "--code", "5"], ["ignore"],
        ["pause", "you"], ["resume", "you"], ["why"],
    ],
)  # fmt: skip
def test_what_makes_no_sense_is_2(home: Home, words: list[str]) -> None:
    """A usage error."""
    assert home.uploadd(*words).exit_code == 2


def test_jobs_are_chosen_by_folder_time_and_number(home: Home) -> None:
    """The newest first; a sum is for a terminal only."""
    for name in ("a.jpg", "b.jpg", "c.jpg"):
        home.failed(name)
    result = home.uploadd("jobs", "--folder", "camera", "--since", "2001-01-01", "--limit", "2")
    assert [line.split()[-1] for line in result.stdout.splitlines()][1:] == ["[5]", "[5]"]
    assert "c.jpg" in result.stdout.splitlines()[1]
    assert home.uploadd("jobs", "--since", "1min").stderr == "no jobs\n"


def test_jobs_are_put_aside_and_taken_up_again(home: Home) -> None:
    """By number, file and directory; what has no job is 1."""
    job = home.failed("a.jpg")
    home.done("b.jpg")
    assert home.uploadd("ignore", str(home.path("a.jpg"))).exit_code == 0
    assert home.job(job.id).is_put_aside
    assert "1 job was put aside before" in home.uploadd("ignore", str(job.id)).stderr
    assert "1 job is put back" in home.uploadd("retry", str(home.photos)).stderr
    assert home.uploadd("ignore", str(home.photos)).exit_code == 0
    for words in (["x"], ["0"], ["9" * 30], [str(home.path("b.jpg"))]):
        assert home.uploadd("ignore", *words).exit_code == 1
        assert home.uploadd("retry", *words).exit_code == 1


def test_why_as_json(home: Home) -> None:
    """One object."""
    job = home.failed("a.jpg")
    result = home.uploadd("why", str(home.path("a.jpg")), "--json")
    found = json.loads(result.stdout)
    assert result.exit_code == 0
    assert found["jobs"][0]["id"] == str(job.id)
    assert found["jobs"][0]["next"]["who"] == "you"


def test_retry_moves_jobs(home: Home) -> None:
    """Some refused: 1, and the others are moved all the same."""
    failed, done = home.failed("a.jpg"), home.done("b.jpg")
    result = home.uploadd("retry", str(failed.id), str(done.id))
    assert result.exit_code == 1
    assert result.stdout == ""
    assert "1 job is put back" in result.stderr
    assert home.job(failed.id).state is State.QUEUED


def test_pause_and_resume(home: Home) -> None:
    """Said, done, and said again."""
    assert "paused by hand; " in home.uploadd("pause", "me").stderr
    assert "already" in home.uploadd("pause", "me").stderr
    status = json.loads(home.uploadd("status", "--json").stdout)
    assert status["accounts"]["me"]["pause"]["cause"] == "hand"
    assert status["folders"]["camera"]["paused"] is True
    assert "no longer paused" in home.uploadd("resume", "me").stderr
    assert "was not paused" in home.uploadd("resume", "me").stderr


@pytest.mark.skipif(os.geteuid() != 0, reason="only root gives a directory away")
@pytest.mark.parametrize("words", [["status"], ["jobs"], ["why", "a b.jpg"], ["retry", "--failed"]])
def test_another_user_is_told_the_command_that_works(home: Home, words: list[str]) -> None:
    """The owner's name is in it."""
    home.failed("a.jpg")
    os.chown(home.configuration.state_dir, 65534, 65534)
    result = home.uploadd(*words)
    assert result.exit_code == 2
    assert "sudo -u " in result.stderr


def test_the_command_of_another_user_names_the_configuration(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Sudo keeps neither $UPLOADD_CONFIG nor the home directory; what all find is not named."""
    monkeypatch.setattr("sys.argv", ["uploadd", "why", "a b.jpg"])
    assert command_line(Path("/home/anna/my.toml")) == "--config /home/anna/my.toml why 'a b.jpg'"
    assert command_line(Path("/etc/uploadd/uploadd.toml")) == "why 'a b.jpg'"
    assert command_line(None) == "why 'a b.jpg'"
    monkeypatch.setattr("sys.argv", ["uploadd", "--config=/my.toml", "status"])
    assert command_line(Path("/my.toml")) == "--config=/my.toml status"


def test_an_error_outside_of_every_command_is_a_line_too(
    capsys: pytest.CaptureFixture[str],
) -> None:
    """No traceback, and its exit code."""

    def fail() -> None:
        raise StoreError("the disk is full", "free some space")

    with pytest.raises(SystemExit) as ending:
        with_clear_errors(fail)
    assert ending.value.code == 1
    assert capsys.readouterr().err == "uploadd: the disk is full; free some space\n"

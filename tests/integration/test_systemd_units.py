"""The systemd files: what they must say, and what systemd's own tools say about them.

The pure checks run everywhere. Those that ask systemd's tools run where the tools are installed;
none of them needs systemd to be running.
"""

import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SYSTEMD = ROOT / "systemd"
GUIDE = ROOT / "docs" / "service.md"
DAEMON = "uploadd.service"
BACKFILL = "uploadd-backfill@.service"
UNITS = (DAEMON, BACKFILL)
DROP_INS = ("after-upload.conf", "credentials.conf", "home-photos.conf", "lease.conf")
SHARED_MARK = f"# ---- From here on the same in {DAEMON} and {BACKFILL} ----"
BINARY = "/opt/uploadd/bin/uploadd"
HIGHEST_EXPOSURE = 1.5
DRAIN_SECONDS = 60
OLDEST_SYSTEMD = 252  # Debian 12; older ones do not know all our settings
SPANS = {"s": 1, "min": 60, "h": 3600}

Unit = dict[str, dict[str, list[str]]]


def run(*command: str | Path, **environ: str) -> subprocess.CompletedProcess[str]:
    """Run one of systemd's tools."""
    env = os.environ | {"SYSTEMD_COLORS": "0"} | environ
    return subprocess.run(
        command, env=env, capture_output=True, encoding="utf-8", check=False, timeout=30
    )


def needs(tool: str) -> pytest.MarkDecorator:
    """Skip, with a reason that is shown, where systemd's `tool` is not installed."""
    reason = f"{tool} is not installed (Debian: apt install systemd)"
    return pytest.mark.skipif(shutil.which(tool) is None, reason=reason)


def systemd_version() -> int:
    """The version of systemd-analyze; 0 where there is none."""
    if shutil.which("systemd-analyze") is None:
        return 0
    found = re.match(r"systemd (\d+)", run("systemd-analyze", "--version").stdout)
    return int(found[1]) if found else 0


needs_analyze = pytest.mark.skipif(
    systemd_version() < OLDEST_SYSTEMD,
    reason=f"systemd-analyze {OLDEST_SYSTEMD} or newer is not installed (found: "
    f"{systemd_version() or 'none'})",
)


def parse(path: Path) -> Unit:
    """The sections of a unit file; every key has all its values, since systemd keys repeat."""
    sections: Unit = {}
    for line in path.read_text(encoding="utf-8").splitlines():
        if line.startswith("["):
            keys = sections.setdefault(line.strip("[]"), {})
        elif line and not line.startswith("#"):
            key, _, value = line.partition("=")
            keys.setdefault(key, []).append(value)
    return sections


def span_seconds(text: str) -> int:
    """A time span of one number and one unit, as these files write them."""
    found = re.fullmatch(r"(\d+)([a-z]+)", text)
    assert found, f"{text!r} is not a number and a unit"
    return int(found[1]) * SPANS[found[2]]


def shared_lines(name: str) -> list[str]:
    """What both units must have in common: all between the mark and the next section."""
    _, _, after = (SYSTEMD / name).read_text(encoding="utf-8").partition(SHARED_MARK)
    return after.partition("\n[Install]")[0].strip().splitlines()


@pytest.fixture
def installed(tmp_path: Path) -> Path:
    """A unit directory with both units, their program replaced by one that is on every machine."""
    for name in UNITS:
        text = (SYSTEMD / name).read_text(encoding="utf-8")
        (tmp_path / name).write_text(text.replace(BINARY, "/bin/true"), encoding="utf-8")
    return tmp_path


def add_drop_in(directory: Path, drop_in: str) -> None:
    """Install a drop-in for both units, as its own head says."""
    for name in UNITS:
        target = directory / f"{name}.d"
        target.mkdir()
        shutil.copy(SYSTEMD / "drop-ins" / drop_in, target)


def complaints(directory: Path, name: str) -> str:
    """What `systemd-analyze verify` has to say about our files (not about the machine's own)."""
    search = {"SYSTEMD_UNIT_PATH": f"{directory}:"}
    result = run("systemd-analyze", "verify", "--man=no", directory / name, **search)
    ours = [line for line in result.stderr.splitlines() if "uploadd" in line]
    return "\n".join(ours) or (f"exit {result.returncode}" if result.returncode else "")


# -- What the files must say --


@pytest.mark.parametrize("name", UNITS)
def test_the_service_sees_whose_files_are(name: str) -> None:
    """Among private users, everybody else is nobody: no owner of a folder could be told."""
    assert "PrivateUsers" not in parse(SYSTEMD / name)["Service"]


def test_the_daemon_is_a_notify_service() -> None:
    """Readiness, the watchdog and the restart rules of the daemon."""
    service = parse(SYSTEMD / DAEMON)["Service"]
    assert service["Type"] == ["notify"]
    assert service["NotifyAccess"] == ["main"]
    assert service["ExecStart"] == [f":{BINARY} run"]
    assert span_seconds(service["WatchdogSec"][0]) >= DRAIN_SECONDS
    assert service["Restart"] == ["on-failure"]
    assert service["RestartPreventExitStatus"] == ["2 77"]


def test_the_start_limit_leaves_a_passing_fault_time() -> None:
    """Restarts go on for at least ten minutes, and a loop without end is impossible."""
    unit = parse(SYSTEMD / DAEMON)
    pause_seconds = span_seconds(unit["Service"]["RestartSec"][0])
    burst = int(unit["Unit"]["StartLimitBurst"][0])
    assert 600 <= burst * pause_seconds < span_seconds(unit["Unit"]["StartLimitIntervalSec"][0])


def test_a_backfill_is_not_repeated_after_an_answer() -> None:
    """Only an end without an exit code starts it again; the instance is the directory."""
    service = parse(SYSTEMD / BACKFILL)["Service"]
    assert service["Type"] == ["exec"]
    assert service["ExecStart"] == [f":{BINARY} backfill %f"]
    assert service["Restart"] == ["on-abnormal"]
    assert "Install" not in parse(SYSTEMD / BACKFILL)


def test_both_units_share_one_sandbox() -> None:
    """User, directories, draining and hardening are the same text, so that they cannot drift."""
    assert len(shared_lines(DAEMON)) > 50
    assert shared_lines(DAEMON) == shared_lines(BACKFILL)


@pytest.mark.parametrize("name", UNITS)
def test_no_setting_of_the_sandbox_stands_above_the_mark(name: str) -> None:
    """What is said before the shared part is only how each unit starts and ends."""
    own, _, _ = (SYSTEMD / name).read_text(encoding="utf-8").partition(SHARED_MARK)
    keys = set(re.findall(r"^(\w+)=", own.partition("[Service]")[2], re.MULTILINE))
    assert keys <= {
        *("Type", "NotifyAccess", "ExecStart", "TimeoutStartSec", "WatchdogSec"),
        *("Restart", "RestartSec", "RestartPreventExitStatus", "SuccessExitStatus"),
    }


@pytest.mark.parametrize("name", UNITS)
def test_the_essentials_of_the_sandbox(name: str) -> None:
    """The lines that the promises rest on, spelled out."""
    service = parse(SYSTEMD / name)["Service"]
    essentials = {
        "User": "uploadd",
        "StateDirectory": "uploadd",
        "StateDirectoryMode": "0700",
        "ConfigurationDirectory": "uploadd",
        "KillMode": "mixed",
        "ProtectSystem": "strict",
        "ProtectHome": "yes",
        "NoNewPrivileges": "yes",
        "CapabilityBoundingSet": "",
        "UMask": "0077",
        "LimitCORE": "0",
        "RestrictAddressFamilies": "AF_UNIX AF_INET AF_INET6",
    }
    assert {key: service.get(key) for key in essentials} == {
        key: [value] for key, value in essentials.items()
    }


@pytest.mark.parametrize("name", UNITS)
def test_stopping_leaves_time_to_drain(name: str) -> None:
    """The unit waits longer than the daemon's own limit, which is thus the one that counts."""
    assert span_seconds(parse(SYSTEMD / name)["Service"]["TimeoutStopSec"][0]) > DRAIN_SECONDS


@pytest.mark.parametrize("name", [*UNITS, *(f"drop-ins/{name}" for name in DROP_INS)])
def test_every_setting_has_a_reason(name: str) -> None:
    """Each block of settings stands below a comment, and the file's head says what it is for."""
    text = (SYSTEMD / name).read_text(encoding="utf-8")
    assert text.startswith("# ")
    for block in re.split(r"\n\n|\n(?=\[)", text.partition("[Service]\n")[2]):
        if "[Install]" not in block:
            assert block.lstrip().startswith(("# ", "LoadCredential")), block


def test_the_drop_ins_are_those_we_know() -> None:
    """No drop-in without a check; none is where systemd would take it by itself."""
    assert sorted(path.name for path in (SYSTEMD / "drop-ins").iterdir()) == sorted(DROP_INS)
    assert not list(SYSTEMD.glob("*.d"))


@pytest.mark.parametrize("drop_in", DROP_INS)
def test_a_drop_in_says_how_it_is_installed_for_both_units(drop_in: str) -> None:
    """The head of each names the place for the daemon and the one for backfills."""
    head = (SYSTEMD / "drop-ins" / drop_in).read_text(encoding="utf-8").partition("[Service]")[0]
    for name in UNITS:
        assert f"install -D -m 644 {drop_in} /etc/systemd/system/{name}.d/{drop_in}" in head


def test_credentials_have_the_names_that_the_settings_read() -> None:
    """Each secret on its own: a whole directory would put a prefix before the names."""
    lines = parse(SYSTEMD / "drop-ins" / "credentials.conf")["Service"]["LoadCredentialEncrypted"]
    secrets = ("api_key", "api_secret", "token", "token_secret")
    assert lines == [f"uploadd.me.{secret}" for secret in secrets]


def test_user_and_directories_agree_with_the_units() -> None:
    """The sysusers and tmpfiles entries make the user and the directories that the units name."""
    users = (SYSTEMD / "uploadd.sysusers").read_text(encoding="utf-8")
    directories = (SYSTEMD / "uploadd.tmpfiles").read_text(encoding="utf-8")
    assert re.search(r"(?m)^u\s+uploadd\s+-\s+.*/var/lib/uploadd\s+/usr/sbin/nologin$", users)
    assert re.search(r"(?m)^d\s+/var/lib/uploadd\s+0700\s+uploadd\s+uploadd\s+-$", directories)
    assert re.search(r"(?m)^d\s+/etc/uploadd\s+0755\s+root\s+root\s+-$", directories)


def test_the_inotify_limits_are_numbers_for_inotify() -> None:
    """The sysctl drop-in sets the two limits and nothing else."""
    text = (SYSTEMD / "99-uploadd-inotify.conf").read_text(encoding="utf-8")
    settings = [line for line in text.splitlines() if line and not line.startswith("#")]
    names = [re.fullmatch(r"(\S+) = \d+", line) for line in settings]
    assert [found and found[1] for found in names] == [
        "fs.inotify.max_user_watches",
        "fs.inotify.max_queued_events",
    ]


def test_the_guide_names_files_that_exist() -> None:
    """Every file of the checkout in a command of the guide is there, and none is left out."""
    named = set(re.findall(r"\b(?:systemd|config)/[\w./@-]+\w", GUIDE.read_text(encoding="utf-8")))
    named = {name for name in named if not name.startswith("systemd/system")}
    assert [name for name in sorted(named) if not (ROOT / name).exists()] == []
    files = {str(path.relative_to(ROOT)) for path in SYSTEMD.rglob("*") if path.is_file()}
    assert files <= named


# -- What systemd's tools say --


@needs_analyze
@pytest.mark.parametrize("name", UNITS)
def test_systemd_accepts_the_unit(installed: Path, name: str) -> None:
    """No unknown key, no bad value, no missing program."""
    assert complaints(installed, name) == ""


@needs_analyze
@pytest.mark.parametrize("drop_in", DROP_INS)
@pytest.mark.parametrize("name", UNITS)
def test_systemd_accepts_the_drop_in(installed: Path, name: str, drop_in: str) -> None:
    """Each drop-in is as good in either unit."""
    add_drop_in(installed, drop_in)
    assert complaints(installed, name) == ""


@needs_analyze
@pytest.mark.parametrize("name", UNITS)
def test_systemd_would_complain(installed: Path, name: str) -> None:
    """The check sees what it looks for: a key that systemd does not know, in a drop-in."""
    add_drop_in(installed, "home-photos.conf")
    with (installed / f"{name}.d" / "home-photos.conf").open("a", encoding="utf-8") as drop_in:
        drop_in.write("Nonsense=yes\n")
    assert "Nonsense" in complaints(installed, name)


@needs_analyze
@pytest.mark.parametrize("drop_in", [None, *DROP_INS])
@pytest.mark.parametrize("name", UNITS)
def test_the_exposure_is_low(installed: Path, name: str, drop_in: str | None) -> None:
    """At most 1.5 of 10 in systemd's own rating, with any one of the drop-ins too."""
    if drop_in:
        add_drop_in(installed, drop_in)
    command = ("systemd-analyze", "security", "--offline=true", "--no-pager")
    result = run(*command, installed / name, SYSTEMD_UNIT_PATH=f"{installed}:")
    rating = re.search(r"Overall exposure level for \S+: ([\d.]+)", result.stdout)
    assert rating, result.stderr
    assert float(rating[1]) <= HIGHEST_EXPOSURE


@needs("systemd-sysusers")
def test_sysusers_makes_the_user(tmp_path: Path) -> None:
    """Into an empty root: one locked user without a shell, and its group."""
    (tmp_path / "etc/sysusers.d").mkdir(parents=True)
    shutil.copy(SYSTEMD / "uploadd.sysusers", tmp_path / "etc/sysusers.d/uploadd.conf")
    result = run("systemd-sysusers", f"--root={tmp_path}", "uploadd.conf")
    assert result.returncode == 0, result.stderr
    entry = (tmp_path / "etc/passwd").read_text(encoding="utf-8").strip().split(":")
    assert (entry[0], entry[5], entry[6]) == ("uploadd", "/var/lib/uploadd", "/usr/sbin/nologin")


@needs("systemd-escape")
@pytest.mark.parametrize("path", ["/srv/photos/2019", "/srv/my photos/a-b $x 100%", "/srv/Müll"])
def test_a_directory_survives_the_instance_name(path: str) -> None:
    """The guide's `systemd-escape -p` gives a valid instance, which %f turns back."""
    template = run("systemd-escape", "-p", f"--template={BACKFILL}", path).stdout.strip()
    plain = run("systemd-escape", "-p", path).stdout.strip()
    assert template == f"uploadd-backfill@{plain}.service"
    assert run("systemd-escape", "-p", "--unescape", plain).stdout.strip() == path

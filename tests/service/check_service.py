"""The units under a real systemd: every case of docs/service.md that can be tried (`make service`).

Run by hand, as root, with debootstrap, loop devices and cgroup2. Never part of `make test`.
"""

from __future__ import annotations

import hashlib
import json
import os
import shlex
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from integration.processes import JPEG
from service.machine import CHECKOUT, CONFIGURATION, HERE, LOGIN, QUICK, STAND_IN, Machine

DAEMON = "uploadd.service"

pytestmark = [
    pytest.mark.timeout(600),
    pytest.mark.skipif(os.geteuid() != 0, reason="only root can boot a machine"),
]


@pytest.fixture(scope="module")
def work() -> Path:
    """Where the images lie; kept, because the first one takes minutes."""
    given = os.environ.get("WORK")
    directory = Path(given or Path(tempfile.gettempdir(), "uploadd-service"))
    directory.mkdir(mode=0o700, exist_ok=True)
    subprocess.run([HERE / "build.sh", directory, CHECKOUT], check=True)
    return directory


@pytest.fixture(scope="module")
def running(work: Path) -> Iterator[Machine]:
    """A machine that is up."""
    machine = Machine(work)
    machine.make()
    try:
        machine.boot()
        prepare(machine)
        yield machine
    finally:
        machine.kill()


def prepare(machine: Machine) -> None:
    """What docs/service.md does after the installation, a stand-in for Flickr, and a person."""
    machine.run("systemd-sysusers uploadd.conf; systemd-tmpfiles --create uploadd.conf")
    machine.run("useradd -m anna; install -d -m 775 -g anna /srv/photos; chmod o+rx /srv/photos")
    machine.write("/etc/systemd/system/stand-in.service", STAND_IN)
    for name in (DAEMON, "uploadd-backfill@.service"):
        machine.write(f"/etc/systemd/system/{name}.d/quick.conf", QUICK)


@pytest.fixture
def machine(running: Machine) -> Iterator[Machine]:
    """The same, with nothing left of the test before."""
    configure(running, LOGIN)
    stand_in(running, "")
    yield running
    running.run("systemctl stop uploadd 'uploadd-backfill@*' stand-in; systemctl reset-failed")
    running.run(
        "rm -rf /srv/photos/* /var/lib/uploadd/* /var/lib/private/stand-in"
        " /etc/systemd/system/uploadd*.d/test.conf; systemctl daemon-reload"
    )


def configure(machine: Machine, login: str) -> None:
    """The configuration, with these lines for the login."""
    machine.write("/etc/uploadd/uploadd.toml", CONFIGURATION.format(login=login), "640")
    machine.run("chgrp uploadd /etc/uploadd/uploadd.toml")


def stand_in(machine: Machine, arguments: str) -> None:
    """The stand-in for Flickr, started anew with these options."""
    machine.write("/etc/stand-in", f"ARGS={arguments}\n")
    machine.run("systemctl daemon-reload; systemctl restart stand-in")
    machine.photos()


def add(
    machine: Machine, count: int, size: int = 2000, directory: str = "/srv/photos"
) -> list[str]:
    """New photos, put there as anna would; returns their hashes."""
    hashes = []
    machine.run(f"mkdir -p {shlex.quote(directory)}")
    for number in range(count):
        content = JPEG + os.urandom(size)
        name = hashlib.sha256(content).hexdigest()
        hashes.append(name)
        path = shlex.quote(f"{directory}/{number}-{name[:8]}.jpg")
        subprocess.run(
            [
                "nsenter",
                "-t",
                str(machine._first_process),
                "-m",
                "--",
                "bash",
                "-c",
                f"cat > {path}",
            ],
            input=content,
            check=True,
        )
    return sorted(hashes)


def arrives(machine: Machine, hashes: list[str], seconds: float = 60) -> None:
    """Every photo is there, once."""
    machine.wait(lambda: len(machine.contents()) >= len(hashes), "all have arrived", seconds)
    assert machine.contents() == hashes


def status_of(machine: Machine, unit: str = DAEMON) -> tuple[str, str]:
    """(state, exit code)."""
    shown = machine.unit(unit, "ActiveState", "ExecMainStatus")
    return shown["ActiveState"], shown["ExecMainStatus"]


def uploadd(words: str) -> str:
    """A command as the service's user."""
    return f"sudo -u uploadd uploadd {words}"


def test_active_only_when_ready(machine: Machine) -> None:
    """Beside a backfill the unit is activating and says why; then it is active, and delivers."""
    stand_in(machine, "--read-rate 3000")
    hashes = add(machine, 12, 20_000)
    machine.run("systemctl start uploadd-backfill@srv-photos")
    machine.wait(lambda: len(machine.contents()) > 0, "the backfill delivers")
    machine.run("systemctl start --no-block uploadd")
    machine.wait(lambda: "backfill" in machine.unit(DAEMON, "StatusText")["StatusText"], "it waits")
    assert machine.unit(DAEMON, "ActiveState")["ActiveState"] == "activating"
    machine.wait(lambda: status_of(machine)[0] == "active", "it has its turn", 90)
    arrives(machine, hashes, 120)


def test_killed_in_flight(machine: Machine) -> None:
    """Kill -9 during sends: systemd starts it again, and every photo is there once."""
    stand_in(machine, "--read-rate 50000 --ticket-seconds 1")
    machine.run("systemctl start uploadd")
    hashes = add(machine, 12, 50_000)
    for _ in range(3):
        before = len(machine.contents())
        machine.wait(lambda b=before: len(machine.contents()) > b, "some are there")
        machine.run("systemctl kill -s KILL uploadd")
        machine.wait(lambda: status_of(machine)[0] == "active", "it is back")
    arrives(machine, hashes, 120)


def test_a_stop_drains(machine: Machine) -> None:
    """What is in flight is finished, the rest stays queued, and the unit is inactive with 0."""
    stand_in(machine, "--read-rate 40000")
    machine.run("systemctl start uploadd")
    hashes = add(machine, 10, 80_000)
    machine.wait(lambda: '"uploading": 0' not in machine.run(uploadd("status --json")), "sends")
    machine.run("systemctl stop uploadd")
    assert status_of(machine) == ("inactive", "0")
    account = json.loads(machine.run(uploadd("status --json")))["accounts"]["me"]
    assert account["counts"]["queued"] > 0
    assert account["counts"]["uploading"] == account["counts"]["uncertain"] == 0
    machine.run("systemctl start uploadd")
    arrives(machine, hashes, 120)


@pytest.mark.parametrize(
    ("login", "code"), [('token_secret = "', "2"), ('api_key = "sandbox-key"', "77")]
)
def test_what_needs_a_person_is_not_started_again(machine: Machine, login: str, code: str) -> None:
    """2 and 77: the unit has failed and stays so; the journal has the error with its level."""
    configure(machine, login)
    machine.run("systemctl start uploadd", check=False)
    machine.wait(lambda: status_of(machine) == ("failed", code), f"failed with {code}")
    machine.run("sleep 3")
    assert machine.unit(DAEMON, "NRestarts")["NRestarts"] == "0"
    last = machine.journal("-u uploadd -p err _COMM=uploadd")[-1]
    assert json.loads(last["MESSAGE"])["event"] == "command.failed"


def test_beside_another_run(machine: Machine) -> None:
    """75 by hand ends in another start, and the unit has its turn when the other is gone."""
    machine.run(
        "systemd-run --unit byhand -p User=uploadd -E UPLOADD_CONFIG=/etc/uploadd/uploadd.toml"
        " /opt/uploadd/bin/uploadd run"
    )
    machine.wait(lambda: "daemon.started" in machine.run("journalctl -u byhand"), "by hand")
    machine.run("systemctl start uploadd", check=False)
    machine.wait(lambda: machine.unit(DAEMON, "NRestarts")["NRestarts"] != "0", "again")
    assert any(one["MESSAGE"].find("75") > 0 for one in machine.journal("-u uploadd -p notice"))
    machine.run("systemctl stop byhand")
    machine.wait(lambda: status_of(machine)[0] == "active", "it has its turn")


def test_credentials(machine: Machine) -> None:
    """Encrypted with the machine's key, seen by the service alone; a spoilt one is 243."""
    configure(machine, "")
    for line in LOGIN.strip().splitlines():
        key, _, value = line.partition(" = ")
        machine.run(
            "install -d -m 700 /etc/credstore.encrypted;"
            f" printf %s {value} | systemd-creds encrypt --name=uploadd.me.{key} -"
            f" /etc/credstore.encrypted/uploadd.me.{key}"
        )
    drop_in = (CHECKOUT / "systemd/drop-ins/credentials.conf").read_text()
    machine.write("/etc/systemd/system/uploadd.service.d/test.conf", drop_in)
    machine.run("systemctl daemon-reload; systemctl start uploadd")
    arrives(machine, add(machine, 1))
    machine.run(
        "systemctl stop uploadd; echo spoilt > /etc/credstore.encrypted/uploadd.me.token;"
        " systemctl start uploadd",
        check=False,
    )
    machine.wait(lambda: status_of(machine)[1] == "243", "243/CREDENTIALS")
    machine.run("rm -r /etc/credstore.encrypted")


def test_a_login_after_the_unit_has_failed(machine: Machine) -> None:
    """The last of the commands that `auth --systemd-creds` prints starts it again."""
    configure(machine, 'api_key = "sandbox-key"\napi_secret = "sandbox-secret"')
    machine.run("systemctl start uploadd", check=False)
    machine.wait(lambda: status_of(machine)[0] == "failed", "it lacks its login")
    configure(machine, LOGIN)
    source = (CHECKOUT / "uploadd/operations/auth/systemd_credentials.py").read_text()
    (last,) = [line for line in source.splitlines() if 'yield "systemctl' in line]
    machine.run(last.partition('"')[2].rstrip('"'))
    machine.wait(lambda: status_of(machine)[0] == "active", "it is back")


def test_a_backfill_of_an_odd_path(machine: Machine) -> None:
    """Blanks, quotes, a dollar and an umlaut go through the instance's name."""
    odd = "/srv/photos/Ferien 2019/Äpfel & 'Birnen' $5"
    hashes = add(machine, 2, directory=odd)
    machine.run(f'systemctl start "uploadd-backfill@$(systemd-escape -p {shlex.quote(odd)})"')
    arrives(machine, hashes)
    machine.wait(lambda: "running" not in machine.run("systemctl list-units 'uploadd-b*'"), "end")
    told = machine.journal("-u 'uploadd-backfill@*' _COMM=uploadd")
    assert json.loads(told[-1]["MESSAGE"])["event"] == "command.told"


def test_a_photo_of_another_user(machine: Machine) -> None:
    """`cp -a` of anna's, with its old date, arrives; nothing of it is a warning."""
    machine.run("systemctl start uploadd")
    add(machine, 1, directory="/home/anna")
    machine.run("chown anna: /home/anna/*.jpg; touch -d 2019-07-01 /home/anna/*.jpg")
    machine.run("cd /home/anna; sudo -u anna cp -a *.jpg /srv/photos/; rm /home/anna/*.jpg")
    machine.wait(lambda: len(machine.contents()) == 1, "it has arrived")
    this_run = machine.unit(DAEMON, "InvocationID")["InvocationID"]
    assert machine.journal(f"-p warning _SYSTEMD_INVOCATION_ID={this_run}") == []


def test_a_home_directory(machine: Machine) -> None:
    """Hidden, and said to be so with the drop-in's name; with the drop-in it is taken in."""
    hashes = add(machine, 1, directory="/home/anna/Pictures")
    text = CONFIGURATION.format(login=LOGIN).replace("/srv/photos", "/home/anna/Pictures")
    machine.write("/etc/uploadd/uploadd.toml", text + "poll_seconds = 1\n", "640")
    machine.run("chgrp uploadd /etc/uploadd/uploadd.toml; systemctl start uploadd")
    machine.wait(lambda: "hidden" in machine.unit(DAEMON, "StatusText")["StatusText"], "it says so")
    assert "home-photos.conf" in machine.unit(DAEMON, "StatusText")["StatusText"]
    warned = [
        json.loads(one["MESSAGE"]) for one in machine.journal("-u uploadd -p warning _COMM=uploadd")
    ]
    assert any("ProtectHome" in one.get("text", "") for one in warned)
    drop_in = (CHECKOUT / "systemd/drop-ins/home-photos.conf").read_text()
    machine.write("/etc/systemd/system/uploadd.service.d/test.conf", drop_in)
    machine.run("systemctl daemon-reload; systemctl restart uploadd")
    arrives(machine, hashes)
    machine.run("rm -r /home/anna/Pictures")


def test_the_watchdog(machine: Machine) -> None:
    """A daemon that hangs is ended and started again."""
    machine.write("/etc/systemd/system/uploadd.service.d/test.conf", "[Service]\nWatchdogSec=4s\n")
    machine.run("systemctl daemon-reload; systemctl start uploadd; sleep 6")
    assert machine.unit(DAEMON, "NRestarts")["NRestarts"] == "0"
    machine.run("systemctl kill -s STOP uploadd")
    machine.wait(lambda: machine.unit(DAEMON, "NRestarts")["NRestarts"] == "1", "ended", 60)


def test_a_power_off_in_flight(machine: Machine) -> None:
    """The machine goes down during sends, and every photo is there once after the next start."""
    stand_in(machine, "--read-rate 40000 --ticket-seconds 2")
    machine.run("systemctl enable uploadd stand-in 2>&1; systemctl start uploadd", check=False)
    hashes = add(machine, 12, 60_000)
    machine.wait(lambda: len(machine.contents()) > 0, "some are there")
    machine.power_off()
    machine.boot()
    machine.run("systemctl start stand-in uploadd")
    arrives(machine, hashes, 180)

"""`uploadd replace` against a real sandbox: alone, beside a daemon, killed, asked wrongly."""

from __future__ import annotations

import json
import os
import signal
import time
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest

from integration.processes import JPEG, Desk, wait_until
from uploadd.model.delays import Delay
from uploadd.model.verdicts import Reason
from uploadd.sandbox import Fault, SandboxOptions
from uploadd.store import moves
from uploadd.store.beside import writing

MakeDesk = Callable[..., Desk]
PRO = SandboxOptions(is_pro=True)
SLOW = 20_000


def hash_of(path: Path) -> str:
    """A file's content."""
    return sha256(path.read_bytes()).hexdigest()


def with_photo(desk: Desk) -> str:
    """One photo from the folder is on the account; its id."""
    desk.add("a.jpg")
    assert desk.uploadd("backfill", str(desk.photos)).returncode == 0
    return the_photo(desk)


def the_photo(desk: Desk) -> str:
    """The id of the only photo on the account."""
    desk.sandbox.settle()
    (photo,) = [photo for photo in list(desk.sandbox.photos) if photo.is_on_account]
    return str(photo.id)


def other(desk: Desk, name: str = "better.jpg", size: int = 700) -> Path:
    """A file outside of every folder."""
    made = desk.add(name, size)
    path = desk.home / name
    made.rename(path)
    return path


def jobs(desk: Desk) -> list[Any]:
    """Every job, oldest first."""
    lines = desk.uploadd("jobs", "--json").stdout.splitlines()
    return [json.loads(line) for line in reversed(lines)]


def replacements(desk: Desk) -> int:
    """How many replacements the sandbox was sent."""
    return len(desk.sandbox.journal.of("replace"))


def test_alone_it_delivers_by_itself(make_desk: MakeDesk) -> None:
    """Once: given again it finds that nothing is left to do."""
    desk = make_desk(PRO)
    photo_id = with_photo(desk)
    desk.photos.joinpath("a.jpg").unlink()
    path = other(desk)
    ended = desk.uploadd("replace", str(path), "--photo-id", photo_id, "--json")
    assert ended.returncode == 0, ended.stderr
    assert f"photo {photo_id} has the content of {path} now" in ended.stderr
    job = json.loads(ended.stdout)
    assert (job["kind"], job["state"], job["photo_id"]) == ("replace", "done", photo_id)
    assert desk.kept() == {hash_of(path): 1}
    again = desk.uploadd("replace", str(path), "--photo-id", photo_id, "--account", "me")
    assert again.returncode == 0
    assert "already: nothing was sent" in again.stderr
    assert replacements(desk) == 1
    why = desk.uploadd("why", str(path)).stdout
    assert f"a person asked for it: the new content of photo {photo_id}" in why


def test_beside_a_daemon_it_is_that_ones_job(make_desk: MakeDesk) -> None:
    """The daemon sends it, and the command shows it."""
    desk = make_desk(PRO)
    photo_id = with_photo(desk)
    desk.photos.joinpath("a.jpg").unlink()
    path = other(desk)
    with desk.started("run"):
        wait_until(lambda: "folder.walked" in desk.log(), 20, "the first walk")
        ended = desk.uploadd("replace", str(path), "--photo-id", photo_id)
        assert ended.returncode == 0, ended.stderr
        assert desk.kept() == {hash_of(path): 1}
    assert "job.done" in desk.log()


def test_a_daemon_that_is_started_meanwhile_takes_over(make_desk: MakeDesk) -> None:
    """The command hands over and looks on."""
    desk = make_desk(SandboxOptions(is_pro=True, ticket_seconds=8.0))
    desk.sandbox.options.ticket_seconds = 0.0
    photo_id = with_photo(desk)
    desk.photos.joinpath("a.jpg").unlink()
    desk.sandbox.options.ticket_seconds = 8.0
    path = other(desk)
    with desk.started("replace", str(path), "--photo-id", photo_id) as command:
        wait_until(lambda: replacements(desk) == 1, 20, "it was sent")
        with desk.started("run"):
            wait_until(lambda: "daemon.started" in desk.log(), 20, "the daemon delivers")
            assert command.wait(timeout=40) == 0
    assert desk.kept() == {hash_of(path): 1}
    assert replacements(desk) == 1


@pytest.mark.parametrize("is_beside", [False, True], ids=["alone", "beside a daemon"])
def test_killed_in_the_middle_and_given_again(make_desk: MakeDesk, *, is_beside: bool) -> None:
    """Nothing is lost or doubled; the second command goes on with the same job."""
    desk = make_desk(PRO)
    photo_id = with_photo(desk)
    desk.photos.joinpath("a.jpg").unlink()
    path = other(desk, size=100_000)
    desk.sandbox.options.read_bytes_per_second = SLOW
    words = ("replace", str(path), "--photo-id", photo_id)
    with desk.started("run" if is_beside else "status") as daemon:
        if is_beside:
            wait_until(lambda: "daemon.started" in desk.log(), 20, "the daemon delivers")
        with desk.started(*words) as command:
            wait_until(lambda: _is_uploading(desk), 20, "it is being sent")
            command.kill()
            daemon.kill()
        daemon.wait(timeout=20)
    desk.sandbox.options.read_bytes_per_second = 0
    ended = desk.uploadd(*words)
    assert ended.returncode == 0, ended.stderr
    assert desk.kept() == {hash_of(path): 1}
    assert the_photo(desk) == photo_id
    assert [job["photo_id"] for job in jobs(desk) if job["sha256"] == hash_of(path)] == [photo_id]


def _is_uploading(desk: Desk) -> bool:
    return any(job["state"] == "uploading" for job in jobs(desk))


def test_ctrl_c_leaves_it_in_the_queue(make_desk: MakeDesk) -> None:
    """130; what is in flight may end."""
    desk = make_desk(SandboxOptions(is_pro=True))
    photo_id = with_photo(desk)
    desk.photos.joinpath("a.jpg").unlink()
    desk.sandbox.options.ticket_seconds = 60.0
    path = other(desk)
    with desk.started("replace", str(path), "--photo-id", photo_id) as command:
        wait_until(lambda: replacements(desk) == 1, 20, "it was sent")
        command.send_signal(signal.SIGINT)
        assert command.wait(timeout=20) == 130
    assert "the queue is intact" in desk.log()
    assert [job["state"] for job in jobs(desk)][-1] == "processing"


def test_a_file_in_a_folder_replaces_the_photo_that_is_named(make_desk: MakeDesk) -> None:
    """Its content goes there instead of becoming a photo of its own."""
    desk = make_desk(PRO)
    photo_id = with_photo(desk)
    (desk.photos / "a.jpg").unlink()
    path = desk.add("b.jpg")
    assert desk.uploadd("replace", str(path), "--photo-id", photo_id).returncode == 0
    assert desk.uploadd("backfill", str(desk.photos)).returncode == 0
    assert desk.kept() == {hash_of(path): 1}


def test_the_file_that_the_photo_came_from_is_sent_anew(make_desk: MakeDesk) -> None:
    """It is still there, and its content is not on the account any more."""
    desk = make_desk(PRO)
    photo_id = with_photo(desk)
    path = other(desk)
    assert desk.uploadd("replace", str(path), "--photo-id", photo_id).returncode == 0
    assert desk.uploadd("backfill", str(desk.photos)).returncode == 0
    assert desk.kept() == {hash_of(path): 1, hash_of(desk.photos / "a.jpg"): 1}


# --- what the service says --------------------------------------------------------------------


@pytest.mark.parametrize(("code", "words"), [(1, "Pro account"), (8, "videos cannot be replaced")])
def test_what_flickr_refuses_is_told(make_desk: MakeDesk, code: int, words: str) -> None:
    """Exit code 1, in Flickr's words, with what to do."""
    desk = make_desk(SandboxOptions(is_pro=True))
    photo_id = with_photo(desk)
    desk.sandbox.faults.add(Fault("error", first=1, code=code, where="replace"))
    path = other(desk)
    ended = desk.uploadd("replace", str(path), "--photo-id", photo_id)
    assert ended.returncode == 1
    assert words in ended.stderr
    assert desk.kept() == {hash_of(desk.photos / "a.jpg"): 1}
    again = desk.uploadd("replace", str(path), "--photo-id", photo_id)
    assert again.returncode == 0, again.stderr


def test_a_replacement_in_doubt_is_sent_again_and_told(make_desk: MakeDesk) -> None:
    """The reply was lost."""
    desk = make_desk(PRO)
    photo_id = with_photo(desk)
    desk.sandbox.faults.add(Fault("lose-reply", first=1, where="replace"))
    ended = desk.uploadd("replace", str(other(desk)), "--photo-id", photo_id)
    assert ended.returncode == 0, ended.stderr
    assert "sent again, which is harmless" in ended.stderr
    assert replacements(desk) == 2


def test_no_wait_ends_where_it_has_to_wait(make_desk: MakeDesk) -> None:
    """A pause by hand: 75, and the job stays."""
    desk = make_desk(PRO)
    photo_id = with_photo(desk)
    assert desk.uploadd("pause", "me").returncode == 0
    ended = desk.uploadd("replace", str(other(desk)), "--photo-id", photo_id, "--no-wait")
    assert ended.returncode == 75, ended.stderr
    assert "paused" in ended.stderr
    assert [job["state"] for job in jobs(desk)][-1] == "queued"


def test_a_refused_login_queues_nothing(make_desk: MakeDesk) -> None:
    """77."""
    desk = make_desk(PRO)
    photo_id = with_photo(desk)
    config = desk.config.read_text()
    desk.config.write_text(config.replace('"sandbox-token-secret"', '"wrong"'))
    ended = desk.uploadd("replace", str(other(desk)), "--photo-id", photo_id)
    assert ended.returncode == 77, ended.stderr
    assert replacements(desk) == 0


# --- what is asked for wrongly ----------------------------------------------------------------


def test_bad_input_is_one_clear_line(make_desk: MakeDesk) -> None:
    """What, where, what to do; nothing is queued."""
    desk = make_desk(PRO)
    photo_id = with_photo(desk)
    path = other(desk)
    empty, text = desk.home / "empty.jpg", desk.home / "text.jpg"
    empty.touch()
    text.write_text("no photo")
    a = str(desk.photos / "a.jpg")
    cases = [
        ((str(desk.home / "none.jpg"), photo_id), 2, "none.jpg"),
        ((str(desk.photos), photo_id), 2, "photos"),
        ((str(empty), photo_id), 2, "empty"),
        ((str(text), photo_id), 2, "no photo or video"),
        ((str(path), "7x"), 2, "not the id of a photo"),
        ((str(path), "٣"), 2, "not the id of a photo"),
        ((str(path), "999"), 1, "no photo 999"),
        ((a, "12345"), 1, "no photo 12345"),
        ((str(path), photo_id, "--account", "you"), 2, "known are: me"),
    ]
    for (file, wanted, *more), code, words in cases:
        ended = desk.uploadd("replace", file, "--photo-id", wanted, *more)
        assert (ended.returncode, words in ended.stderr) == (code, True), ended.stderr
        assert "Traceback" not in ended.stderr
        assert len(ended.stderr.strip().splitlines()) == 1, ended.stderr
    assert len(jobs(desk)) == 1


def test_content_that_is_another_photo_is_not_doubled(make_desk: MakeDesk) -> None:
    """It names that photo."""
    desk = make_desk(PRO)
    first = with_photo(desk)
    desk.add("b.jpg")
    assert desk.uploadd("backfill", str(desk.photos)).returncode == 0
    copy = desk.home / "copy.jpg"
    copy.write_bytes((desk.photos / "b.jpg").read_bytes())
    ended = desk.uploadd("replace", str(copy), "--photo-id", first)
    assert ended.returncode == 1
    assert "it would be there twice" in ended.stderr
    assert replacements(desk) == 0


def test_a_path_that_is_not_utf_8(make_desk: MakeDesk) -> None:
    """A name is bytes."""
    desk = make_desk(PRO)
    photo_id = with_photo(desk)
    path = Path(os.fsdecode(os.fsencode(desk.home) + b"/b\xff.jpg"))
    path.write_bytes(JPEG + b"other")
    ended = desk.uploadd("replace", str(path), "--photo-id", photo_id)
    assert ended.returncode == 0, ended.stderr


def test_a_file_that_changes_while_it_is_sent(make_desk: MakeDesk) -> None:
    """The photo gets what is in the file in the end."""
    desk = make_desk(PRO)
    photo_id = with_photo(desk)
    (desk.photos / "a.jpg").unlink()
    path = other(desk, size=16_000_000)
    desk.sandbox.options.read_bytes_per_second = 3_000_000
    with desk.started("replace", str(path), "--photo-id", photo_id) as command:
        wait_until(lambda: _is_uploading(desk), 20, "it is being sent")
        with path.open("r+b") as file:
            file.seek(15_000_000)
            file.write(b"changed meanwhile")
        assert command.wait(timeout=60) == 0, desk.log()
    assert desk.kept() == {hash_of(path): 1}
    assert the_photo(desk) == photo_id


def test_a_file_that_the_daemon_does_not_see(make_desk: MakeDesk) -> None:
    """The job is taken back, with what to do."""
    desk = make_desk(PRO)
    photo_id = with_photo(desk)
    path = other(desk)
    assert desk.uploadd("pause", "me").returncode == 0
    with (
        desk.started("run"),
        desk.started("replace", str(path), "--photo-id", photo_id) as command,
    ):
        wait_until(lambda: len(jobs(desk)) == 2, 20, "it is in the queue")
        with writing(desk.home / "state") as db:
            away = Reason("vanished", "the directory is not there")
            moves.postpone(db, 2, away, Delay(time.time(), 60.0), time.time())
        assert command.wait(timeout=20) == 2
    assert "does not see" in desk.log()
    assert jobs(desk)[-1]["state"] == "skipped"

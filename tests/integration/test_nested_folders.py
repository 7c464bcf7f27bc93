"""A folder inside another one, by a link, as real processes and a real kernel see it."""

from __future__ import annotations

import json
from collections.abc import Callable

from integration.processes import Desk, wait_until

MakeDesk = Callable[..., Desk]
INNER = """
[folders.inner]
path = "{home}/link"
accounts = ["me"]
settle_seconds = 0.2
exclude = ["private/"]
photo.privacy = "private"
[accounts.me.photo]
privacy = "public"
"""


def shown(desk: Desk) -> dict[str, bool]:
    """What is on the account, by its title: whether everybody sees it."""
    desk.sandbox.settle()
    return {photo.title: bool(photo.is_public) for photo in list(desk.sandbox.photos)}


def test_the_inner_folder_keeps_its_settings(make_desk: MakeDesk) -> None:
    """Under a backfill from above, and under a daemon that watches both."""
    desk = make_desk()
    for name in ("open.jpg", "inner/mine.jpg", "inner/private/no.jpg"):
        desk.add(name)
    (desk.home / "link").symlink_to(desk.photos / "inner")
    desk.config.write_text(desk.config.read_text() + INNER.format(home=desk.home))
    told = desk.uploadd("backfill", str(desk.photos))
    assert told.returncode == 0
    assert told.stderr.startswith("camera: public; inner: private\n")
    assert shown(desk) == {"open": True, "mine": False}
    with desk.started("run"):
        wait_until(lambda: desk.log().count("folder.walked") == 2, 20, "the first walks")
        for name in ("late.jpg", "inner/new/later.jpg", "inner/private/new.jpg"):
            desk.add(name)
        wait_until(lambda: len(shown(desk)) == 4, 20, "what arrived is there")
        desk.config.write_text(desk.config.read_text().replace('["private/"]', "[]"))
        refused = desk.uploadd("backfill", str(desk.photos))
        assert refused.returncode == 2
        assert "restart uploadd run" in refused.stderr
    assert shown(desk) == {"open": True, "mine": False, "late": True, "later": False}
    jobs = [json.loads(line) for line in desk.uploadd("jobs", "--json").stdout.splitlines()]
    paths = {job["path"]: job["folder"] for job in jobs}
    assert paths[str(desk.home / "link/new/later.jpg")] == "inner"
    assert paths[str(desk.photos / "late.jpg")] == "camera"


def test_two_folders_that_are_one_directory_are_refused(make_desk: MakeDesk) -> None:
    """By every command that works on them, with the remedy; `check` names them."""
    desk = make_desk()
    (desk.home / "link").symlink_to(desk.photos)
    desk.config.write_text(desk.config.read_text() + INNER.format(home=desk.home))
    for words in (["run"], ["backfill", str(desk.photos)], ["retry", "--failed"], ["check"]):
        refused = desk.uploadd(*words)
        assert refused.returncode == 2
        assert "folders.camera and folders.inner are one directory" in (
            refused.stderr + refused.stdout
        )
        assert 'make one folder of both, with accounts = ["me"]' in refused.stderr + refused.stdout
    assert len(desk.kept()) == 0

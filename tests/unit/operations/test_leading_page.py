"""The page that leads a browser on to an address that nobody else may see."""

from __future__ import annotations

import html
import os
import re
from contextlib import ExitStack
from pathlib import Path

import pytest

from uploadd.operations.auth.leading_page import leading_to, remove_rests

URL = "https://www.flickr.com/services/oauth/authorize?oauth_token=t-1&perms=write"
AS_ROOT = pytest.mark.skipif(os.geteuid() != 0, reason="only root can be another user, too")


def test_it_leads_on_and_is_gone_afterwards(tmp_path: Path) -> None:
    """For its owner alone, by itself and by a link; and no one is told where it came from."""
    with leading_to(URL, [tmp_path]) as page:
        assert page.parent == tmp_path
        assert not page.name.startswith(".")
        assert page.stat().st_mode & 0o777 == 0o600
        text = page.read_text()
        leads = re.findall(r'(?:url=|href=")([^"]+)"', text)
        assert [html.unescape(lead) for lead in leads] == [URL, URL]
        assert '<meta name="referrer" content="no-referrer">' in text
    assert list(tmp_path.iterdir()) == []


def test_it_is_private_whatever_the_umask(tmp_path: Path) -> None:
    """Someone's umask is 0."""
    before = os.umask(0)
    try:
        with leading_to(URL, [tmp_path]) as page:
            assert page.stat().st_mode & 0o777 == 0o600
    finally:
        os.umask(before)


def test_it_is_gone_after_ctrl_c(tmp_path: Path) -> None:
    """Whatever ends the login."""
    with pytest.raises(KeyboardInterrupt), leading_to(URL, [tmp_path]):
        raise KeyboardInterrupt
    assert list(tmp_path.iterdir()) == []


def test_no_address_breaks_out_of_it(tmp_path: Path) -> None:
    """An address is a text."""
    with leading_to('http://x/?a="><script>alert(1)</script>', [tmp_path]) as page:
        assert "<script" not in page.read_text()


def test_what_a_killed_run_left_is_removed(tmp_path: Path) -> None:
    """Of our form only: neither a page in use, nor a link, nor what looks alike."""
    kept = ["uploadd-login-holiday.html", "uploadd-login-abcdefg1.htm", "x-uploadd-login-a.html"]
    for name in (*kept, "uploadd-login-abcdefgh.html"):
        (tmp_path / name).write_text("x")
    (tmp_path / "uploadd-login-alinkaaa.html").symlink_to(kept[0])
    (tmp_path / "uploadd-login-adiraaaa.html").mkdir()
    with ExitStack() as stack:
        page = stack.enter_context(leading_to(URL, [tmp_path]))
        remove_rests([tmp_path / "nowhere", tmp_path])
        found = {path.name for path in tmp_path.iterdir()}
        others = {"uploadd-login-alinkaaa.html", "uploadd-login-adiraaaa.html"}
        assert found == {*kept, *others, page.name}


def test_a_directory_that_others_may_write_is_passed_over(tmp_path: Path) -> None:
    """They could put another page in its place; one like /tmp is as good as an own one."""
    theirs, ours = tmp_path / "theirs", tmp_path / "ours"
    theirs.mkdir()
    ours.mkdir()
    theirs.chmod(0o777)
    with leading_to(URL, [theirs, ours]) as page:
        assert page.parent == ours
    told = f"other users may write in {theirs} .*chmod go-w {theirs}"
    with pytest.raises(OSError, match=told), leading_to(URL, [theirs, tmp_path / "nowhere"]):
        pass
    theirs.chmod(0o1777)
    with leading_to(URL, [theirs, ours]) as page:
        assert page.parent == theirs


@AS_ROOT
def test_a_directory_of_another_user_is_passed_over(tmp_path: Path) -> None:
    """It is his to change, whatever its mode."""
    os.chown(tmp_path, 65534, 65534)
    with pytest.raises(OSError, match="belongs to another user"), leading_to(URL, [tmp_path]):
        pass

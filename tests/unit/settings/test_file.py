"""What a file says becomes the configuration; what is wrong with it is told, key by key."""

from __future__ import annotations

from pathlib import Path

import pytest

from uploadd.model.configuration import (
    Account,
    Folder,
    OnChange,
    ServiceName,
    WatchMode,
)
from uploadd.model.photo import PhotoTable, Privacy
from uploadd.model.secret import Secret
from uploadd.settings import SettingsError, load

FULL = """
state_dir = "/data/state"
patience = 2
notify = ["/usr/local/bin/tell-me", "--loud"]
drain_seconds = 10
settle_limit_seconds = 60
parallel_reads = 3

[accounts.me]
service = "flickr"
api_key = " key "
api_secret = "secret-a"
token = "token-a\\n"
token_secret = "secret-b"
parallel_uploads = 16
calls_per_hour = 0
bytes_per_second = 1000
dedup_check = 0
content_tag = true
base_url = "https://Proxy.example:8443/"
[accounts.me.photo]
privacy = "friends-family"
tags = []

[folders.camera]
path = "~/photos"
accounts = ["ME"]
watch = "poll"
settle_seconds = 0
poll_seconds = 1
rescan_seconds = 0
include = ["*.jpg"]
exclude = ["private/*"]
on_change = "ignore"
after_upload = "keep"
[folders.camera.photo]
title = "{name}"
description = "{camera}"
tags = ["from:{folder}"]
is_public = true
is_friend = 0
is_family = false
safety_level = 3
content_type = 4
hidden = 2
album = ""
"""
BASE = '[accounts.me]\n{account}\n[folders.camera]\npath = "/p"\naccounts = ["me"]\n{folder}\n'


def test_every_key_arrives(read, tmp_path: Path) -> None:
    """Each key of the file is found in the configuration, secrets without the space around them."""
    loaded = read(FULL)
    configuration = loaded.configuration
    assert loaded.warnings == ()
    assert configuration.source == tmp_path / "uploadd.toml"
    assert configuration.state_dir == Path("/data/state")
    assert (configuration.patience, configuration.drain_seconds) == (2, 10)
    assert configuration.settle_limit_seconds == 60
    assert configuration.parallel_reads == 3
    assert configuration.notify == ("/usr/local/bin/tell-me", "--loud")
    assert configuration.accounts == {
        "me": Account(
            name="me",
            service=ServiceName.FLICKR,
            api_key=Secret("key"),
            api_secret=Secret("secret-a"),
            token=Secret("token-a"),
            token_secret=Secret("secret-b"),
            parallel_uploads=16,
            calls_per_hour=0,
            bytes_per_second=1000,
            dedup_check=0,
            content_tag=True,
            base_url="https://proxy.example:8443",
            photo=PhotoTable(privacy=Privacy.FRIENDS_FAMILY, tags=()),
        )
    }
    assert configuration.folders == {
        "camera": Folder(
            name="camera",
            path=tmp_path / "photos",
            accounts=("me",),
            watch=WatchMode.POLL,
            settle_seconds=0,
            poll_seconds=1,
            rescan_seconds=0,
            include=("*.jpg",),
            exclude=("private/*",),
            on_change=OnChange.IGNORE,
            after_upload="keep",
            photo=PhotoTable(
                title="{name}",
                description="{camera}",
                tags=("from:{folder}",),
                is_public=1,
                is_friend=0,
                is_family=0,
                safety_level=3,
                content_type=4,
                hidden=2,
                album="",
            ),
        )
    }


def test_defaults_are_those_of_the_value_classes(read) -> None:
    """What a file leaves out is what the plain values have by themselves."""
    configuration = read(BASE.format(account="", folder="")).configuration
    assert configuration.accounts == {"me": Account("me")}
    assert configuration.folders == {"camera": Folder("camera", Path("/p"), ("me",))}
    assert (configuration.patience, configuration.drain_seconds) == (1, 60)
    assert configuration.settle_limit_seconds == 900
    assert configuration.parallel_reads == 2
    assert configuration.notify == ()


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("parallel_uploads = 0", "found 0, expected a whole number from 1 to 16"),
        ("parallel_uploads = 17", "found 17, expected a whole number from 1 to 16"),
        ('parallel_uploads = "4"', "found '4', expected a whole number from 1 to 16"),
        ("parallel_uploads = 4.0", "found 4.0, expected a whole number from 1 to 16"),
        ("parallel_uploads = true", "found true, expected a whole number from 1 to 16"),
        ("calls_per_hour = -1", "found -1, expected a whole number from 0 to 1,000,000,000"),
        ("bytes_per_second = -1", "found -1, expected a whole number from 0 to 1,000,000,000,000"),
        ("dedup_check = 3", "found 3, expected a whole number from 0 to 2"),
        ("content_tag = 1", "found 1, expected true or false"),
        ('service = "picasa"', 'found \'picasa\', expected "flickr" or "ipernity"'),
        ("base_url = 80", "found 80, expected a text"),
        ("token = 80", "found a number, expected a text"),
        ('token = "two words"', "contains a space, a line break or a control character"),
        ('tokne = "x"', "is not a setting; did you mean token?"),
        ("patience = 2", "is not a setting here; it belongs in the top of the file"),
        ('privacy = "public"', "is not a setting here; it belongs in [accounts.me.photo]"),
        ('photo = "public"', "found a text, expected a table"),
    ],
)
def test_bad_value_in_an_account(refusal, line: str, told: str) -> None:
    """The one line names the key's path and says what was found and what was expected."""
    key = line.partition(" ")[0]
    [problem] = refusal(BASE.format(account=line, folder=""))
    assert problem.startswith(f"accounts.me.{key}: ")
    assert told in problem


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ('watch = "sometimes"', '"auto" or "inotify" or "poll" or "off"'),
        ("settle_seconds = -1", "found -1, expected a number of seconds from 0 to 31,622,400"),
        ("poll_seconds = 0.5", "found 0.5, expected a number of seconds from 1"),
        ("rescan_seconds = -0.1", "found -0.1, expected a number of seconds from 0"),
        ("rescan_seconds = inf", "found inf, expected"),
        ("settle_seconds = nan", "found nan, expected"),
        ('settle_seconds = "5"', "found '5', expected"),
        ("settle_seconds = 07:32:00", "found a date or a time, expected"),
        ('include = "*"', "found '*', expected a list of at least one glob"),
        ("include = []", "found an empty list, expected a list of at least one glob"),
        ('on_change = "delete"', 'found \'delete\', expected "new" or "replace" or "ignore"'),
        ('after_upload = "move:sent"', 'is not carried out by this version; use "keep"'),
        ('after_upload = "move:"', 'found \'move:\', expected "keep" or "move:DIR"'),
        ('after_upload = "delete"', 'found \'delete\', expected "keep" or "move:DIR"'),
        ('photo = "x"', "found a text, expected a table"),
        ('title = "x"', "it belongs in [folders.camera.photo]"),
        ("settle = 1", "is not a setting; did you mean settle_seconds?"),
    ],
)
def test_bad_value_in_a_folder(refusal, line: str, told: str) -> None:
    """The same for folders."""
    key = line.partition(" ")[0]
    [problem] = refusal(BASE.format(account="", folder=line))
    assert problem.startswith(f"folders.camera.{key}: ")
    assert told in problem


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("is_public = 2", ": found 2, expected 0 or 1"),
        ('is_family = "yes"', ": found 'yes', expected 0 or 1"),
        ("safety_level = 0", ": found 0, expected a whole number from 1 to 3"),
        ("content_type = 5", ": found 5, expected a whole number from 1 to 4"),
        ("hidden = 0", ": found 0, expected a whole number from 1 to 2"),
        ('title = "{stam}"', ": {stam} is not a variable"),
        ('album = "{"', ": { has a brace without its partner"),
        ('tags = ["ok", "{nope}"]', "[1]: {nope} is not a variable"),
        ('tags = ["ok", 3]', "[1]: found 3, expected a text"),
        ('description = "\\u0000"', ": contains a NUL character"),
        ("watch = 1", "it belongs in [folders.camera]"),
        ("privacy = 'freinds'", ': found \'freinds\', expected "private" or "friends" or '),
        ("privacy = 0", ': found 0, expected "private" or "friends" or '),
        ("privacy = ''", ': found \'\', expected "private" or "friends" or '),
    ],
)
def test_bad_value_in_the_photo_table(refusal, line: str, told: str) -> None:
    """The same for what is told about photos; in a list the item is named."""
    key = line.partition(" ")[0]
    [problem] = refusal(BASE.format(account="", folder=f"[folders.camera.photo]\n{line}"))
    assert problem.startswith(f"folders.camera.photo.{key}")
    assert told in problem


@pytest.mark.parametrize(
    "url",
    [
        "example.com",
        "ftp://example.com",
        "https://",
        "https://example.com/api",
        "https://example.com?x=1",
        "https://example.com#x",
        "https://user@example.com",
        "https://example.com:0",
        "https://example.com:99999",
        "https://example.com:",
        "https://exa mple.com",
        "https://exämple.com",
        "https://[::1",
        "https://[::zz]",
        "https://-x",
        "https://example.com\\\\x",
        "https://exam\\tple.com",
    ],
)
def test_base_url_is_scheme_host_port(refusal, url: str) -> None:
    """Anything beyond scheme, host and port is refused, and not shown: it could hold a password."""
    [problem] = refusal(BASE.format(account=f'base_url = "{url}"', folder=""))
    assert problem == (
        "accounts.me.base_url: expected https://HOST or https://HOST:PORT, without a path"
    )


@pytest.mark.parametrize("host", ["127.0.0.1:8080", "localhost", "[::1]:9", "LOCALHOST"])
def test_plain_http_to_loopback(read, host: str) -> None:
    """The sandbox needs no TLS."""
    account = read(BASE.format(account=f'base_url = "http://{host}"', folder="")).configuration
    assert account.accounts["me"].base_url == f"http://{host.lower()}"


@pytest.mark.parametrize("host", ["example.com", "127.0.0.1.example.com", "10.0.0.1", "[::2]"])
def test_plain_http_elsewhere(refusal, host: str) -> None:
    """Secrets do not cross a network in the clear."""
    [problem] = refusal(BASE.format(account=f'base_url = "http://{host}"', folder=""))
    assert "plain http is only for loopback" in problem


def test_all_problems_at_once(refusal) -> None:
    """A person sees everything that is wrong in one look, the rules between keys included."""
    problems = refusal(
        """
        patience = 0
        colour = "red"
        [accounts.me]
        content_tag = false
        dedup_check = 0
        parallel_uploads = 99
        [folders.camera]
        accounts = ["you"]
        [folders.other]
        path = "pictures"
        accounts = ["me"]
        """
    )
    assert sorted(problem.partition(": ")[0] for problem in problems) == [
        "accounts.me.content_tag",
        "accounts.me.parallel_uploads",
        "colour",
        "folders.camera.path",
        "folders.other.path",
        "patience",
    ]


def test_missing_keys_are_named(refusal) -> None:
    """A folder needs a path and accounts."""
    assert refusal("[folders.camera]") == [
        "folders.camera.path: is missing, expected a path that begins with / or ~",
        "folders.camera.accounts: is missing, expected a list of at least one account's name",
    ]


def test_tables_that_are_none(refusal) -> None:
    """A section or a table that is a plain value is refused without showing it."""
    assert refusal('accounts = "hunter2"\nfolders = [1]') == [
        "accounts: found a text, expected tables with a name, such as [accounts.me]",
        "folders: found a list, expected tables with a name, such as [folders.camera]",
    ]
    assert refusal('[accounts]\nme = "hunter2"') == ["accounts.me: found a text, expected a table"]


@pytest.mark.parametrize(
    ("raw", "told"),
    [
        (b"patience = 1\nnotify = \n", "is not TOML: Invalid value (at line 2, column 10)"),
        (b"patience = 1\npatience = 2\n", "is not TOML: Cannot overwrite a value"),
        (b"# caf\xe9\n", "is not UTF-8 text (line 1)"),
        (b"# a\n\xff\n", "is not UTF-8 text (line 2)"),
        (b"patience = " + b"9" * 5000, "a value is too long or nested too deep"),
        (b"notify = " + b"[" * 100_000, "a value is too long or nested too deep"),
        (b"#" * (1 << 20) + b"\n", "is larger than 1,048,576 bytes"),
    ],
)
def test_files_that_are_no_toml(tmp_path: Path, raw: bytes, told: str) -> None:
    """Whatever the bytes are, one line says where they went wrong."""
    file = tmp_path / "uploadd.toml"
    file.write_bytes(raw)
    with pytest.raises(SettingsError) as caught:
        load(file, {"HOME": "/h"})
    assert str(caught.value).startswith(f"{file}: ")
    assert told in str(caught.value)
    assert len(str(caught.value).splitlines()) == 1


def test_byte_order_mark_is_no_trouble(tmp_path: Path) -> None:
    """Some editors write one."""
    file = tmp_path / "uploadd.toml"
    file.write_bytes(b"\xef\xbb\xbfpatience = 3\n")
    assert load(file, {"HOME": "/h"}).configuration.patience == 3


def test_files_that_cannot_be_read(tmp_path: Path) -> None:
    """A missing file, a directory, a name that no file can have."""
    for path, told in [
        (tmp_path / "none.toml", "there is no such file"),
        (tmp_path, "is a directory, expected a file"),
        (tmp_path / "none" / "x\0y", "cannot be read: embedded null byte"),
        (Path("/dev/null/x"), "cannot be read: Not a directory"),
        (tmp_path / ("x" * 300), "cannot be read: File name too long"),
    ]:
        with pytest.raises(SettingsError) as caught:
            load(path, {"HOME": "/h"})
        assert told in str(caught.value)


def test_file_of_somebody_else(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A file that may not be read is told as that; root may read all, so the refusal is made."""

    def refuse(*_: object, **__: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr("os.open", refuse)
    with pytest.raises(SettingsError, match="may not be read by this user"):
        load(tmp_path / "uploadd.toml", {"HOME": "/h"})


def test_error_stays_on_one_line_for_odd_file_names(tmp_path: Path) -> None:
    """A line end or bytes that are no UTF-8 in a file's name do not break the message."""
    with pytest.raises(SettingsError) as caught:
        load(tmp_path / "a\nb\udcff.toml", {"HOME": "/h"})
    assert "a\\nb\\udcff.toml: there is no such file" in str(caught.value)


def test_open_file_with_secrets_is_warned_about(read) -> None:
    """Everybody's eyes on a secret are worth a warning with its remedy, not a refusal."""
    with_secret = '[accounts.me]\ntoken = "x"\n'
    [warning] = read(with_secret, mode=0o644).warnings
    assert warning.text == "holds secrets and can be read by everybody on this machine"
    assert warning.remedy.startswith("Run: chmod o= ")
    assert read(with_secret, mode=0o640).warnings == ()
    assert read('[accounts.me]\ntoken = ""\n', mode=0o644).warnings == ()


def test_the_command_for_an_open_file_can_be_pasted(tmp_path: Path) -> None:
    """A blank in the path is quoted."""
    file = tmp_path / "my own.toml"
    file.write_text('[accounts.me]\ntoken = "x"\n')
    file.chmod(0o644)
    [warning] = load(file, {"HOME": "/h"}).warnings
    assert warning.remedy == f"Run: chmod o= '{file}'"


def test_albums_are_warned_about(read) -> None:
    """What this version does not do is not silent."""
    toml = BASE.format(account="", folder='[folders.camera.photo]\nalbum = "{parent}"')
    [warning] = read(toml).warnings
    assert warning.subject == "folders.camera.photo.album"
    assert "not made by this version" in warning.text

"""Debian's libflickr-upload-perl, unmodified: its command, and its module in both logins.

The command takes the upload's address as `--uri`, and the REST address from its saved login, which
its own module reads. Where the package is not installed, all of this is skipped.
"""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from uploadd.sandbox import Fault, SandboxOptions
from uploadd.sandbox.logins import AccessToken
from uploadd.sandbox.server import Running, running_sandbox

JPEG = b"\xff\xd8\xff\xe0\x00\x07JFIF\x00\xff\xda\x00\x02\x00\xff\xd9"
SAVED_LOGIN = """
use strict; use warnings; use Storable qw(store_fd);
my ($path, $base) = @ARGV;
open my $file, '>', $path or die $!;
store_fd({consumer_key => 'sandbox-key', consumer_secret => 'sandbox-secret',
          token => 'sandbox-token', token_secret => 'sandbox-token-secret',
          rest_uri => "$base/rest/"}, $file);
close $file;
"""
OLD_LOGIN = """
use strict; use warnings; use Flickr::Upload;
my ($base, $photo, $answer) = @ARGV;
my $ua = Flickr::Upload->new({key => 'sandbox-key', secret => 'sandbox-secret',
    rest_uri => "$base/rest/", auth_uri => "$base/auth/"});
my $frob = $ua->execute_method('flickr.auth.getFrob')->as_hash->{frob};
$ua->get($ua->request_auth_url('write', $frob) . $answer);
my $given = $ua->execute_method('flickr.auth.getToken', {frob => $frob});
die "no token: $given->{error_code}\\n" unless $given->{success};
my $token = $given->as_hash->{auth}{token};
my $told = $ua->execute_method('flickr.auth.checkToken', {auth_token => $token})->as_hash;
print "$told->{auth}{perms} for $told->{auth}{user}{username}\\n";
my $ticket = $ua->upload(photo => $photo, auth_token => $token, uri => "$base/upload/",
    title => 'a & b', tags => 'one "two words"', async => 1) or die "not uploaded\\n";
print "$_->{complete} $_->{photoid}\\n" for $ua->check_upload($ticket);
"""
OAUTH_LOGIN = """
use strict; use warnings; use Flickr::Upload;
my ($base, $photo, $answer) = @ARGV;
my $ua = Flickr::Upload->new({consumer_key => 'sandbox-key', consumer_secret => 'sandbox-secret',
    rest_uri => "$base/rest/", auth_uri => "$base/oauth/authorize"});
my $rc = $ua->oauth_request_token({callback => 'https://127.0.0.1/',
    request_token_url => "$base/oauth/request_token"});
die "no request token: $rc\\n" unless $rc eq 'ok';
$ua->max_redirect(0);
my $page = $ua->get($ua->oauth_authorize_uri({perms => 'write'}) . $answer);
my %back = $page->header('Location') =~ /oauth_(token|verifier)=([0-9a-f-]+)/g;
# What the command asks of the address that its user pastes.
die "no verifier\\n" unless ($back{verifier} // '') =~ /^[0-9a-f]+$/;
$rc = $ua->oauth_access_token({%back, access_token_url => "$base/oauth/access_token"});
die "no access token: $rc\\n" unless $rc eq 'ok';
my $id = $ua->upload(photo => $photo, uri => "$base/upload/", title => 'a & b',
    tags => 'one "two words"') or die "not uploaded\\n";
print "$id\\n";
"""


@pytest.fixture(scope="module")
def command() -> str:
    """The path of the package's `flickr_upload`, or the reason why there is none."""
    perl = shutil.which("perl")
    if perl is None:
        pytest.skip("perl is not installed")
    if subprocess.run(
        [perl, "-MFlickr::Upload", "-e", "1"], check=False, capture_output=True
    ).returncode:
        pytest.skip("the perl module Flickr::Upload (libflickr-upload-perl) is not installed")
    found = shutil.which("flickr_upload")
    if found is None:
        pytest.skip("flickr_upload (libflickr-upload-perl) is not on the PATH")
    return found


@pytest.fixture
def running() -> Iterator[Running]:
    """A sandbox on a real socket."""
    with running_sandbox(SandboxOptions()) as server:
        yield server


@pytest.fixture
def photo(tmp_path: Path) -> Path:
    """A small photo on the disk."""
    path = tmp_path / "sea.jpg"
    path.write_bytes(JPEG + bytes(range(256)) * 100)
    return path


@pytest.fixture
def perl(command: str, tmp_path: Path) -> Callable[..., subprocess.CompletedProcess[str]]:
    """Runs perl with arguments, at a home of its own; `-` stands for the package's command."""

    def run(*arguments: object) -> subprocess.CompletedProcess[str]:
        known = {name: os.environ[name] for name in ("PATH", "PERL5LIB") if name in os.environ}
        return subprocess.run(
            ["perl", *(command if one == "-" else str(one) for one in arguments)],
            env=known | {"HOME": str(tmp_path), "no_proxy": "127.0.0.1"},
            capture_output=True,
            text=True,
            timeout=50,
            check=False,
        )

    return run


@pytest.fixture
def base(running: Running) -> str:
    """Where the services are."""
    return f"{running.url}/services"


@pytest.fixture
def flickr_upload(perl, base, tmp_path):
    """The package's command, with its login in the file where it looks for one."""
    saved = perl("-e", SAVED_LOGIN, tmp_path / ".flickroauth.st", base)
    assert saved.returncode == 0, saved.stderr
    return lambda *arguments: perl("-", "--uri", f"{base}/upload/", *arguments)


def test_the_command_uploads(flickr_upload, running: Running, photo: Path, tmp_path: Path) -> None:
    """Two photos, async; it asks for the tickets until it knows the photos' ids."""
    running.sandbox.options.ticket_seconds = 1.5
    other = tmp_path / "hill.jpg"
    other.write_bytes(JPEG + b"hill")
    done = flickr_upload("--tag", "one", "--tag", '"two words"', "--public", "0", photo, other)
    assert done.returncode == 0, done.stderr
    running.sandbox.settle()
    first, second = running.sandbox.photos
    for path, kept in ((photo, first), (other, second)):
        assert f"{path} is at https://www.flickr.com/" in done.stdout
        assert f"ids={kept.id}" in done.stdout
        assert (running.sandbox.disk.photos / kept.stored_as).read_bytes() == path.read_bytes()
    assert (first.tags, first.is_public) == (["one", "two words"], 0)
    asked = running.sandbox.journal.of("flickr.photos.upload.checkTickets")
    assert len(asked) >= 2
    assert running.sandbox.journal.violations() == []


def test_the_command_is_told_why_not(flickr_upload, running: Running, photo: Path) -> None:
    """A refusal is shown as it came, and nothing is kept."""
    running.sandbox.faults.add(Fault("error", first=1, code=6))
    refused = flickr_upload(photo)
    assert refused.returncode != 0
    assert 'code="6" msg="User exceeded upload limit"' in refused.stderr
    running.sandbox.logins.revoke("sandbox-token")
    assert "401 Unauthorized" in flickr_upload(photo).stderr
    assert len(running.sandbox.photos) == 0


def test_the_command_repeats_itself(flickr_upload, running: Running, photo: Path) -> None:
    """After a 502 it sends the same request again: its nonce was used, so nothing is doubled."""
    running.sandbox.faults.add(Fault("http-after", first=1, code=502))
    done = flickr_upload(photo)
    assert "attempt 1/3, trying again" in done.stderr
    outcomes = [entry.outcome for entry in running.sandbox.journal.of("upload")]
    assert outcomes == ["ok", "http 401 nonce_used", "http 401 nonce_used"]
    assert len(running.sandbox.photos) == 1


def test_the_command_doubles_with_an_old_token(perl, base, running: Running, photo: Path) -> None:
    """The old scheme has no nonce: the same request is taken twice, and the sandbox sees that."""
    running.sandbox.logins.admit(AccessToken("old-token", "", "write", scheme="old"))
    running.sandbox.faults.add(Fault("http-after", first=1, code=502))
    key = ("--key", "sandbox-key", "--secret", "sandbox-secret", "--auth_token", "old-token")
    done = perl("-", "--uri", f"{base}/upload/", "--no-report", *key, photo)
    assert done.returncode == 0, done.stderr
    assert [len(photos) for photos in running.sandbox.doubled().values()] == [2]


def test_the_old_login(perl, base, running: Running, photo: Path) -> None:
    """Frob, page, token, checkToken, upload and ticket, signed by the module's own md5."""
    done = perl("-e", OLD_LOGIN, base, photo, "")
    assert done.returncode == 0, done.stderr
    (kept,) = running.sandbox.photos
    assert done.stdout.splitlines() == ["write for sandbox", f"1 {kept.id}"]
    assert (kept.title, kept.tags) == ("a & b", ["one", "two words"])
    assert running.sandbox.journal.violations() == []


def test_the_old_login_refused(perl, base, photo: Path) -> None:
    """Where the person says no, the frob is worth nothing."""
    done = perl("-e", OLD_LOGIN, base, photo, "&denied=1")
    assert (done.returncode != 0, "no token: 108" in done.stderr) == (True, True)


def test_the_oauth_login(perl, base, running: Running, photo: Path) -> None:
    """Request token, page, callback, access token, upload, signed by Net::OAuth."""
    done = perl("-e", OAUTH_LOGIN, base, photo, "")
    assert done.returncode == 0, done.stderr
    (kept,) = running.sandbox.photos
    assert done.stdout.splitlines() == [kept.id]
    assert (kept.title, kept.tags) == ("a & b", ["one", "two words"])
    assert running.sandbox.journal.violations() == []


def test_the_oauth_login_refused(perl, base, photo: Path) -> None:
    """The callback comes without a verifier."""
    done = perl("-e", OAUTH_LOGIN, base, photo, "&denied=1")
    assert (done.returncode != 0, "no verifier" in done.stderr) == (True, True)

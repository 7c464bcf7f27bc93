"""A backfill of 1,000 photos of 1 MB beside curl sending the same files with the same fields."""

from __future__ import annotations

import hashlib
import json
import shlex
import sys
import tempfile
import time
from collections.abc import Iterable, Sequence
from pathlib import Path
from urllib.parse import urlencode

from oauthlib import oauth1

from bench.files import make_photos
from bench.measure import UPLOADD, Run, median, megabytes, run, say, spread
from bench.stand_in import configured, stand_in

PHOTOS = 1000
PHOTO_BYTES = 1_000_000
ROUNDS = 5
# What curl does not do: hash, remember, ask for the tickets. It gets its signatures for nothing.
CURL = ("curl", "--parallel", "--parallel-max", "4", "--fail", "--silent", "--show-error")


def main(rounds: int = ROUNDS) -> None:
    """Print the figures."""
    with tempfile.TemporaryDirectory(prefix="uploadd-bench-") as name:
        place = Path(name)
        photos = make_photos(place / "photos", PHOTOS, PHOTO_BYTES)
        say(f"{PHOTOS} photos of {megabytes(PHOTO_BYTES)}, a fresh sandbox process each time")
        say(f"  $ uploadd backfill --json DIR    beside    $ {shlex.join(CURL)} --config FILE")
        results = [_round(place / f"round {n}", photos, n) for n in range(1, rounds + 1)]
        ratios = [mine.seconds / other.seconds for mine, other in results]
        peaks = [mine.peak_bytes for mine, _ in results]
        say()
        say(f"time, uploadd : curl = {median(ratios):.2f} (median; {spread(ratios)})")
        say(f"peak memory of uploadd = {megabytes(max(peaks))} (may be 100 MB)")


def _round(place: Path, photos: Sequence[Path], number: int) -> tuple[Run, Run]:
    """One run of each, taking turns at going first."""
    order = (_uploadd, _curl) if number % 2 else (_curl, _uploadd)
    runs = {one: one(place / one.__name__, photos) for one in order}
    mine, other = runs[_uploadd], runs[_curl]
    say(f"round {number}: {mine.seconds / other.seconds:.2f}")
    return mine, other


def _uploadd(place: Path, photos: Sequence[Path]) -> Run:
    with stand_in(place / "sandbox") as sandbox:
        config = configured(place, sandbox.url)
        directory = str(photos[0].parent)
        command = [UPLOADD, "--config", str(config), "backfill", "--json", directory]
        done = run(command, output=place / "output")
        kept, calls, broken = len(sandbox.photos()), sandbox.calls(), sandbox.violations()
    told = json.loads(done.output)
    assert told["done"] == kept == len(photos), told
    say(
        f"  uploadd: {done.seconds:.2f} s, {done.cpu_seconds:.2f} s of CPU,"
        f" peak {megabytes(done.peak_bytes)};"
        f" calls a photo: {told['api_calls'] / kept:.3f} by its JSON,"
        f" {calls.total() / kept:.3f} by the journal {dict(calls)}; violations: {broken}"
    )
    return done


def _curl(place: Path, photos: Sequence[Path]) -> Run:
    with stand_in(place / "sandbox") as sandbox:
        config = place / "curl.config"
        config.write_text("\nnext\n".join(_transfers(photos, f"{sandbox.url}/services/upload/")))
        done = run([*CURL, "--config", str(config)], output=place / "output")
        kept, broken = len(sandbox.photos()), sandbox.violations()
    assert kept == len(photos), kept
    say(f"  curl:    {done.seconds:.2f} s, {done.cpu_seconds:.2f} s of CPU; violations: {broken}")
    return done


def _transfers(photos: Sequence[Path], url: str) -> Iterable[str]:
    for number, path in enumerate(photos):
        digest = hashlib.sha256(path.read_bytes()).hexdigest()
        fields = [
            ("title", path.stem),
            ("tags", f"checksum:sha256={digest}"),
            ("dedup_check", "1"),
            ("async", "1"),
        ]
        lines = [f'url = "{url}"', f'header = "Authorization: {_signed(url, fields, number)}"']
        lines += [f'form-string = "{name}={value}"' for name, value in fields]
        lines += [f'form = "photo=@\\"{path}\\";type=image/jpeg"', 'header = "Expect:"']
        yield "\n".join([*lines, 'output = "/dev/null"'])


def _signed(url: str, fields: Sequence[tuple[str, str]], number: int) -> str:
    client = oauth1.Client(
        "sandbox-key",
        client_secret="sandbox-secret",
        resource_owner_key="sandbox-token",
        resource_owner_secret="sandbox-token-secret",
        nonce=f"bench{number}{time.time_ns()}",
    )
    form = {"Content-Type": "application/x-www-form-urlencoded"}
    _, headers, _ = client.sign(url, "POST", body=urlencode(fields), headers=form)
    return str(headers["Authorization"]).replace('"', '\\"')


if __name__ == "__main__":
    main(*(int(argument) for argument in sys.argv[1:]))

"""Draw the README's pictures from a real run: `make pictures` (the page needs Chromium).

Every word in them was printed by uploadd; this only chooses the moment and the colours' frame.
"""

from __future__ import annotations

import fcntl
import io
import os
import pty
import re
import shutil
import struct
import subprocess
import tempfile
import termios
import time
from collections.abc import Sequence
from pathlib import Path

from rich.console import Console
from rich.text import Text

from bench.measure import UPLOADD
from bench.stand_in import StandIn, configured, stand_in
from uploadd.operations.demo_photos import make_photos

HERE = Path(__file__).parent
PLACE = Path(tempfile.gettempdir()) / "uploadd-pictures"
COLUMNS, ROWS = 100, 30
CHROMIUM = ("chromium", "chromium-browser", "google-chrome")
PAGE = "1240,830"
# Slow enough that the bar can be seen on its way.
SLOW = ("--read-rate", "1000000", "--ticket-seconds", "1")
BUSY = ("--wait", "90", "--wait-every", "20", "--ticket-seconds", "60")
FOLDER = """
[folders.camera]
path = "{photos}"
accounts = ["sandbox"]

[folders.camera.photo]
tags = ["from:camera", "{{camera}}", "year:{{year}}"]
privacy = "family"
"""
# A frame of the live display begins by going back over the one before.
FRAME = re.compile(r"\r\x1b\[2K|\r\x1b\[1A\x1b\[2K|\x1b\[\?25[lh]")
FONT_FACE = re.compile(r"@font-face \{.*?\}\s*", re.DOTALL)


def main() -> None:
    """All pictures."""
    try:
        PLACE.mkdir(mode=0o700)
    except FileExistsError:
        raise SystemExit(f"{PLACE} is there already: move it away") from None
    photos = PLACE / "photos"
    settle = 6.0
    try:
        make_photos(photos)
        time.sleep(settle)
        _draw_backfill(photos)
        _draw_status(photos)
    finally:
        shutil.rmtree(PLACE)


def _draw_backfill(photos: Path) -> None:
    with stand_in(PLACE / "sandbox", *SLOW) as sandbox:
        config = _configured(PLACE / "one", sandbox, photos)
        printed = _on_a_terminal([UPLOADD, "--config", str(config), "backfill", str(photos)])
        parts = [part.strip("\n") for part in FRAME.split(printed)]
        frames = [part for part in parts if "MB/s" in part or "kB/s" in part]
        half = next(frame for frame in frames if _share(frame) >= 0.5)
        text = f"$ uploadd backfill {photos}\n{half}\n\n  …\n\n{frames[-1]}\n{parts[-1]}"
        _save_svg(text, "uploadd backfill", HERE / "backfill.svg")
        _draw_page(sandbox)


def _draw_status(photos: Path) -> None:
    with stand_in(PLACE / "busy", *BUSY) as sandbox:
        config = _configured(PLACE / "two", sandbox, photos)
        daemon = subprocess.Popen([UPLOADD, "--config", str(config), "run"], stderr=-3)
        try:
            while not any("error 14" in str(entry) for entry in sandbox.entries()):
                time.sleep(0.2)
            time.sleep(1.0)
            printed = _on_a_terminal([UPLOADD, "--config", str(config), "status"])
        finally:
            daemon.kill()
            daemon.wait()
    _save_svg(f"$ uploadd status\n{printed.rstrip()}", "uploadd status", HERE / "status.svg")


def _configured(place: Path, sandbox: StandIn, photos: Path) -> Path:
    config = configured(place, sandbox.url)
    with config.open("a") as stream:
        stream.write(FOLDER.format(photos=photos))
    return config


def _draw_page(sandbox: StandIn) -> None:
    browser = next((found for name in CHROMIUM if (found := shutil.which(name))), None)
    if browser is None:
        print("no Chromium here: page.png stays as it is")
        return
    picture = PLACE / "page.png"
    with tempfile.TemporaryDirectory() as profile:
        options = (
            "--headless --no-sandbox --disable-gpu --disable-background-networking --no-first-run"
            f" --hide-scrollbars --window-size={PAGE} --virtual-time-budget=8000"
        )
        command = [browser, *options.split(), f"--user-data-dir={profile}"]
        command += [f"--screenshot={picture}", f"{sandbox.url}/"]
        subprocess.run(command, check=True, stderr=subprocess.DEVNULL)
    _shrink(picture, HERE / "page.png")


def _shrink(picture: Path, into: Path) -> None:
    from PIL import Image  # noqa: PLC0415 - only where there is a picture

    with Image.open(picture) as whole:
        colours = whole.convert("RGB").quantize(256, dither=Image.Dither.FLOYDSTEINBERG)
        colours.save(into, optimize=True)


def _share(frame: str) -> float:
    found = re.search(r"(\d+)/(\d+)", Text.from_ansi(frame).plain)
    return int(found[1]) / int(found[2]) if found else 0.0


def _on_a_terminal(command: Sequence[str]) -> str:
    """Run a command on a terminal of our own; returns everything it wrote, colours included."""
    leader, follower = pty.openpty()
    fcntl.ioctl(follower, termios.TIOCSWINSZ, struct.pack("HHHH", ROWS, COLUMNS, 0, 0))
    environ = {**os.environ, "TERM": "xterm-256color", "COLORTERM": "truecolor"}
    with subprocess.Popen(
        command, stdin=follower, stdout=follower, stderr=follower, env=environ
    ) as child:
        os.close(follower)
        written = b""
        while block := _read(leader):
            written += block
        child.wait()
    os.close(leader)
    return written.decode().replace("\r\n", "\n")


def _read(leader: int) -> bytes:
    try:
        return os.read(leader, 65536)
    except OSError:  # the other side is closed
        return b""


def _save_svg(printed: str, title: str, path: Path) -> None:
    console = Console(record=True, width=COLUMNS, file=io.StringIO())
    for line in printed.split("\n"):
        console.print(Text.from_ansi(line), no_wrap=True, overflow="ellipsis")
    svg = console.export_svg(title=title, unique_id=path.stem)
    path.write_text(FONT_FACE.sub("", svg))  # no fonts from somewhere else


if __name__ == "__main__":
    main()

"""A second scan of 100,000 known files beside `find`, which only looks at each of them."""

from __future__ import annotations

import asyncio
import logging
import shlex
import subprocess
import sys
import tempfile
import time
from dataclasses import replace
from pathlib import Path

from bench.files import make_tree
from bench.measure import UPLOADD, median, megabytes, run, say, spread
from bench.stand_in import configured
from uploadd.assembly import Assembly, assembled
from uploadd.cli.logs import set_up_logs
from uploadd.intake.rescan import Rescan, Walked
from uploadd.model.jobs import Lane
from uploadd.operations.backfill.trees import wanted_trees
from uploadd.runtime import real_runtime
from uploadd.settings import load

DIRECTORIES = 1000
FILES_EACH = 100
ROUNDS = 7
NOBODY = "http://127.0.0.1:9"  # nothing is sent here: the scan is all that is run


def main() -> None:
    """Print the figures."""
    set_up_logs(level=logging.WARNING)
    with tempfile.TemporaryDirectory(prefix="uploadd-bench-") as name:
        place = Path(name)
        tree = place / "photos"
        make_tree(tree, DIRECTORIES, FILES_EACH)
        config = configured(place, NOBODY)
        say(f"{DIRECTORIES * FILES_EACH} files in {DIRECTORIES} directories, all known")
        say(f"  $ {shlex.join(_find(tree))} > /dev/null")
        asyncio.run(_in_process(config, tree))
        _whole_command(config, tree)


async def _in_process(config: Path, tree: Path) -> None:
    """The rescan alone, as the daemon does it each hour."""
    configuration = load(config, {}).configuration
    async with assembled(configuration, real_runtime(), "backfill") as assembly:
        first, walked = await _rescan(assembly, tree)
        assert walked.fresh == DIRECTORIES * FILES_EACH, walked
        say(f"first scan, with every fingerprint and every row: {first:.1f} s")
        ratios, times = [], []
        for _ in range(ROUNDS):
            seconds, walked = await _rescan(assembly, tree)
            assert (walked.found, walked.fresh) == (DIRECTORIES * FILES_EACH, 0), walked
            times.append(seconds)
            ratios.append(seconds / _time_of_find(tree))
    say(
        f"second scan, in-process: {median(times):.2f} s;"
        f" rescan : find = {median(ratios):.2f} (median; {spread(ratios)})"
    )


async def _rescan(assembly: Assembly, tree: Path) -> tuple[float, Walked]:
    wanted = wanted_trees(assembly.configuration, [str(tree)], None, None)[0]
    folder = replace(wanted.folder, settle_seconds=0.0)
    taken = assembly.tree(wanted.root, folder)
    rescan = Rescan(taken, Lane.BACKFILL, assembly.arrivals, assembly.store, assembly.runtime)
    began = time.perf_counter()
    walked = await rescan.run()
    return time.perf_counter() - began, walked


def _whole_command(config: Path, tree: Path) -> None:
    """A dry run, with the start of Python and the reading of the configuration."""
    command = [UPLOADD, "--config", str(config), "backfill", "--dry-run", str(tree)]
    say(f"  $ {shlex.join(command)}")
    runs, ratios = [], []
    for _ in range(ROUNDS):
        runs.append(run(command, output=config.with_name("output")))
        ratios.append(runs[-1].seconds / _time_of_find(tree))
    say(
        f"second scan, whole command: {median([one.seconds for one in runs]):.2f} s,"
        f" peak {megabytes(max(one.peak_bytes for one in runs))};"
        f" command : find = {median(ratios):.2f} (median; {spread(ratios)})"
    )


def _time_of_find(tree: Path) -> float:
    began = time.perf_counter()
    subprocess.run(_find(tree), stdout=subprocess.DEVNULL, check=True)
    return time.perf_counter() - began


def _find(tree: Path) -> list[str]:
    return ["find", str(tree), "-type", "f", "-printf", r"%s %T@\n"]


if __name__ == "__main__":
    sys.exit(main())

"""Trees by the hundred thousand that uploadd knows already, without reading one of their files."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import closing
from pathlib import Path

from bench.daemon import Desk
from bench.files import picture

SIZE_BYTES = 700
TEMPLATE = "template.jpg"
Row = Mapping[str, object]


def make_known(desk: Desk, count: int, each: int, state: str = "done") -> None:
    """`count` files, `each` to a directory, with a row and a job in `state` for all of them.

    The rows are those of one real file that a daemon took in, with other paths, contents and marks.
    The files have a size and no content: whoever reads one of them has failed.
    """
    template = desk.folder() / TEMPLATE
    template.write_bytes(picture())
    with desk.daemon() as daemon:
        daemon.wait_for_jobs(1)
        daemon.wait_for_walk()
    paths = list(_make_empty(desk.folder(), count, each))
    with closing(sqlite3.connect(desk.database)) as database:
        database.row_factory = sqlite3.Row
        for table in ("files", "jobs"):
            row = dict(database.execute(f"SELECT * FROM {table}").fetchone())
            rows = (_changed(row, number, path, state) for number, path in enumerate(paths, 2))
            names = ", ".join(row)
            marks = ", ".join(f":{name}" for name in row)
            database.executemany(f"INSERT INTO {table} ({names}) VALUES ({marks})", rows)
        database.execute("UPDATE jobs SET state = ?, photo_id = id", (state,))
        database.commit()


def _make_empty(root: Path, count: int, each: int) -> Iterator[Path]:
    for number in range(count):
        directory = root / f"{number // each // 100:03}" / f"{number // each:05}"
        if number % each == 0:
            directory.mkdir(parents=True)
        path = directory / f"IMG_{number:07}.JPG"
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT)
        os.ftruncate(descriptor, SIZE_BYTES)
        os.close(descriptor)
        yield path


def _changed(row: Row, number: int, path: Path, state: str) -> Row:
    stat = path.stat()
    told = {
        "id": number,
        "directory": os.fsencode(path.parent),
        "name": os.fsencode(path.name),
        "size": stat.st_size,
        "mtime_ns": stat.st_mtime_ns,
        "inode": stat.st_ino,
        "device": stat.st_dev,
        "sha256": f"{number:064x}",
        "state": state,
    }
    return {name: told.get(name, old) for name, old in row.items()}

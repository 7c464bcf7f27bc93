"""What the machine must give: open files, and the command that tells a person."""

from __future__ import annotations

import resource
import shutil
from collections.abc import Iterable, Iterator, Sequence

from uploadd.files.standing import look_at_standing, objection_at
from uploadd.model.configuration import Account
from uploadd.model.numbers import number
from uploadd.operations.check.findings import Finding, ok, warning

# The store, the watches, the walk, standard streams, with room to spare.
FILES_OF_OUR_OWN = 64
FILES_PER_UPLOAD = 2
FILES_PER_ACCOUNT = 8


def notify_command(command: Sequence[str]) -> Iterator[Finding]:
    """The command that is run when a person must act."""
    if not command:
        return
    found = shutil.which(command[0])
    if found is None:
        text = f"{command[0]} is not there, or is no program that this user may run"
        yield warning("notify", text, "mend the path, or chmod +x it")
        return
    objection = objection_at(found, look_at_standing(found))
    if objection is not None:
        text = f"{found} {objection.text}: whoever writes it has uploadd run anything"
        yield warning("notify", text, objection.remedy)
    else:
        yield ok("notify", f"{command[0]} can be run")


def open_files(accounts: Iterable[Account], limit: int | None = None) -> Iterator[Finding]:
    """The limit of open files (None: this process's), beside what every upload needs."""
    soft = resource.getrlimit(resource.RLIMIT_NOFILE)[0] if limit is None else limit
    needed = FILES_OF_OUR_OWN + sum(
        FILES_PER_ACCOUNT + FILES_PER_UPLOAD * account.parallel_uploads for account in accounts
    )
    if soft != resource.RLIM_INFINITY and soft < needed:
        text = f"at most {number(soft)} files may be open at a time; {number(needed)} may be needed"
        yield warning("machine", text, "raise LimitNOFILE in the unit, or ulimit -n")

"""Sums of jobs, a line for each state and reason."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from rich.text import Text

from uploadd.cli.screen import STATE_STYLES
from uploadd.model.numbers import number
from uploadd.operations.show.listing import Summed

NUMBER_WIDTH, STATE_WIDTH, NAME_WIDTH, CODE_WIDTH = 9, 10, 12, 16


def sum_lines(sums: Iterable[Summed], *, has_accounts: bool) -> Iterator[Text]:
    """How many jobs there are for each reason, the largest number first."""
    for one, account in sums:
        line = Text(f"{number(one.jobs):>{NUMBER_WIDTH}}  ")
        line.append(f"{one.state:<{STATE_WIDTH}}", STATE_STYLES[one.state])
        if has_accounts:
            line.append(f"  {account:<{NAME_WIDTH}}")
        text = one.text if one.is_same else f"such as: {one.text}"
        line.append(f"  {one.code:<{CODE_WIDTH}}  ").append(text, "dim")
        line.rstrip()
        yield line

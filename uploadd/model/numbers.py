"""Numbers in the texts that people read: one form everywhere."""

from __future__ import annotations


def number(value: float) -> str:
    """`6,387`: whole, with a comma at each thousand."""
    return f"{round(value):,}"


def counted(count: int, one: str, several: str = "") -> str:
    """`1 file`, `6,387 files`; `several`: what stands behind any other number than one."""
    return f"{number(count)} {one if count == 1 else several or f'{one}s'}"

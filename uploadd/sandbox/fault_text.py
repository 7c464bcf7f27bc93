"""Faults as text, for a command line: `KIND[:CODE][@WHERE]=WHEN`."""

from __future__ import annotations

from typing import Any, cast, get_args

from uploadd.sandbox.options import Fault, FaultKind


class FaultTextError(ValueError):
    """A text that describes no fault; says what was expected."""


def parse_fault(text: str) -> Fault:
    """Read `lose-reply=0.2`, `error:105=every:10`, `http-after:502@upload=first:3`, `cut=at:4,7`.

    WHEN is a rate from 0 to 1, `first:N`, `every:N` or `at:K,K…`. Raises FaultTextError.
    """
    what, equals, when = text.partition("=")
    what, _, where = what.partition("@")
    kind, _, code = what.partition(":")
    if kind not in get_args(FaultKind) or not equals or not (code.isdigit() or code == ""):
        kinds = ", ".join(get_args(FaultKind))
        raise FaultTextError(
            f"{text!r}: expected KIND[:CODE][@WHERE]=WHEN with KIND one of {kinds}"
        )
    return Fault(
        cast("FaultKind", kind),
        where=where or "upload",
        code=int(code) if code else None,
        **_when(text, when),
    )


def parse_error(text: str) -> Fault:
    """Read `CODE:RATE`, such as `105:0.1`. Raises FaultTextError."""
    code, _, rate = text.partition(":")
    return parse_fault(f"error:{code}={rate}")


def _when(text: str, when: str) -> dict[str, Any]:
    name, colon, numbers = when.partition(":")
    try:
        if not colon:
            return {"rate": _rate(when)}
        if name == "at":
            return {"at": tuple(int(number) for number in numbers.split(","))}
        if name in ("first", "every"):
            return {name: int(numbers)}
    except ValueError as error:
        raise FaultTextError(
            f"{text!r}: {when!r} is no rate, first:N, every:N or at:K,K"
        ) from error
    raise FaultTextError(f"{text!r}: {when!r} is no rate, first:N, every:N or at:K,K")


def _rate(text: str) -> float:
    rate = float(text)
    if not 0 <= rate <= 1:
        raise ValueError(text)
    return rate

"""The `uploadd` command; `python -m uploadd` is the same."""

from __future__ import annotations

import sys

from uploadd.model.errors import NotWholeError


def main() -> None:
    """Run the command line; an installation that is not whole is one clear line."""
    try:
        from uploadd.cli.app import main as command  # noqa: PLC0415 - what fails here is told
    except ImportError as error:
        print(f"uploadd: {NotWholeError(error)}", file=sys.stderr)
        sys.exit(1)
    command()


if __name__ == "__main__":
    main()

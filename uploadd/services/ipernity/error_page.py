"""Makes `docs/errors-ipernity.md` of the error table.

`python -m uploadd.services.ipernity.error_page > docs/errors-ipernity.md`; a test compares the two.
"""

from __future__ import annotations

from uploadd.services import error_page
from uploadd.services.ipernity.errors import TABLES

COMMAND = "python -m uploadd.services.ipernity.error_page > docs/errors-ipernity.md"


def page() -> str:
    """The whole page, as Markdown."""
    return error_page.page(TABLES, COMMAND)


if __name__ == "__main__":
    print(page(), end="")

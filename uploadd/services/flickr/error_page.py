"""Makes `docs/errors-flickr.md` of the error table.

`python -m uploadd.services.flickr.error_page > docs/errors-flickr.md`; a test compares the two.
"""

from __future__ import annotations

from uploadd.services import error_page
from uploadd.services.flickr.errors import TABLES

COMMAND = "python -m uploadd.services.flickr.error_page > docs/errors-flickr.md"


def page() -> str:
    """The whole page, as Markdown."""
    return error_page.page(TABLES, COMMAND)


if __name__ == "__main__":
    print(page(), end="")

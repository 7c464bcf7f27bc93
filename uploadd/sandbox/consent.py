"""The page on which a person lets a program in, or does not."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from html import escape
from typing import Literal

from starlette.responses import HTMLResponse

from uploadd.sandbox.options import SandboxOptions

_PAGE_POLICY = {
    "Content-Security-Policy": (
        "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'"
    )
}
_MEANINGS = {
    "read": "look at your private photos",
    "write": "look at your private photos, upload, edit and replace photos",
    "delete": "look at your private photos, upload, edit, replace and delete photos",
}


@dataclass(frozen=True)
class Decision:
    """What a person said on the page, and who that was (a username, empty for the owner)."""

    verdict: Literal["yes", "no", "not yet"]
    user: str


def decide(query: Mapping[str, str], options: SandboxOptions) -> Decision:
    """The person's answer: `denied=1` or `answer=yes|no` in the query, else as the options say.

    `user` in the query is who is logged in at the sandbox. Flickr's page knows none of the three.
    """
    user = query.get("user", options.logs_in_as)
    if query.get("denied") == "1" or query.get("answer") == "no":
        return Decision("no", user)
    if query.get("answer") == "yes" or options.consent == "at-once":
        return Decision("yes", user)
    return Decision("no" if options.consent == "deny" else "not yet", user)


def question(query: Mapping[str, str], perms: str, username: str) -> HTMLResponse:
    """The question itself, with two buttons that send the same query again."""
    kept = "".join(
        f"<input type=hidden name='{escape(name)}' value='{escape(value)}'>"
        for name, value in query.items()
    )
    return _page(
        "A program asks to be let in",
        f"<p>You are <b>{escape(username)}</b>. A program wants to <b>{perms}</b>: "
        f"{_MEANINGS[perms]}.</p><form>{kept}"
        "<button name=answer value=yes>Let it in</button> "
        "<button name=answer value=no>No</button></form>",
    )


def verifier_shown(verifier: str, perms: str) -> HTMLResponse:
    """The code that is typed into a program without a callback."""
    return _page(
        "You have let the program in",
        f"<p>It may now <b>{escape(perms)}</b>. Type this code into it:</p>"
        f"<p style='font-size:2em'><code id=verifier>{verifier}</code></p>",
    )


def let_in(perms: str) -> HTMLResponse:
    """The end of the old login, where nothing is typed anywhere."""
    return _page(
        "You have let the program in",
        f"<p>It may now <b>{escape(perms)}</b>. You may close this page and go back to it.</p>",
    )


def turned_away() -> HTMLResponse:
    """The end where the person said no."""
    return _page("You have not let the program in", "<p>You may close this page.</p>")


def _page(title: str, body: str) -> HTMLResponse:
    return HTMLResponse(
        f"<!doctype html><html lang=en><meta charset=utf-8><title>Sandbox: {title}</title>"
        "<body style='font:18px system-ui;max-width:32em;margin:4em auto;padding:0 1em'>"
        f"<h1>{title}</h1>{body}</body></html>",
        headers=_PAGE_POLICY,
    )

"""Refusals that are not API errors: OAuth's plain text, and the sandbox's own strictness."""

from __future__ import annotations

from uploadd.sandbox.problems import UnacceptableError

__all__ = ["OAuthProblem", "UnacceptableError"]


class OAuthProblem(Exception):  # noqa: N818 - OAuth's own word
    """HTTP 401 text/plain `oauth_problem=…` (Flickr answers so on upload and REST alike)."""

    def __init__(self, problem: str, rest: str = "") -> None:
        super().__init__(problem)
        self.problem = problem
        self.text = f"oauth_problem={problem}" + (f"&{rest}" if rest else "")

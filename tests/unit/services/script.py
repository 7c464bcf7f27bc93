"""A server that answers what it was told to."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import parse_qsl

import httpx


class Script:
    """Answers one call after the other, and keeps what was asked."""

    def __init__(self, *answers: Any) -> None:
        self._answers = list(answers)
        self.requests: list[httpx.Request] = []

    def __call__(self, request: httpx.Request) -> httpx.Response:
        self.requests.append(request)
        answer = self._answers.pop(0) if len(self._answers) > 1 else self._answers[0]
        if isinstance(answer, Exception):
            raise answer
        if isinstance(answer, httpx.Response):
            return answer
        return httpx.Response(200, text=answer if isinstance(answer, str) else json.dumps(answer))

    def asked(self, number: int = -1) -> dict[str, str]:
        """The form fields of one request."""
        return dict(parse_qsl(self.requests[number].content.decode(), keep_blank_values=True))

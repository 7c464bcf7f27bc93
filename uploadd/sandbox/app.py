"""The sandbox as an ASGI application."""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Awaitable, Callable

from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.routing import Route

from uploadd.sandbox import front
from uploadd.sandbox.account import Sandbox
from uploadd.sandbox.connection import CutConnections, ReadToTheEnd
from uploadd.sandbox.flickr import authorisation
from uploadd.sandbox.flickr.replace import replace
from uploadd.sandbox.flickr.rest import rest
from uploadd.sandbox.flickr.upload import upload
from uploadd.sandbox.options import SandboxOptions


def build_app(
    options: SandboxOptions | None = None,
    *,
    now: Callable[[], float] = time.time,
    rng: random.Random | None = None,
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
) -> Starlette:
    """A sandbox that answers under any host; its `Sandbox` is `app.state.sandbox`.

    `now` is the clock (seconds since 1970), `rng` the dice (by default made of `options.seed`),
    `sleep` what slow reading sleeps on.
    """
    app = Starlette(
        routes=[
            Route("/services/upload/", upload, methods=["GET", "POST"]),
            Route("/services/replace/", replace, methods=["GET", "POST"]),
            Route("/services/rest/", rest, methods=["GET", "POST"]),
            Route(
                "/services/oauth/request_token",
                authorisation.request_token,
                methods=["GET", "POST"],
            ),
            Route("/services/oauth/authorize", authorisation.authorize),
            Route(
                "/services/oauth/access_token", authorisation.access_token, methods=["GET", "POST"]
            ),
            *front.ROUTES,
        ],
        middleware=[Middleware(CutConnections), Middleware(ReadToTheEnd)],
    )
    # A redirect would change the URL that was signed: Flickr does not redirect, nor do we.
    app.router.redirect_slashes = False
    app.state.sandbox = Sandbox(options or SandboxOptions(), now=now, rng=rng, sleep=sleep)
    return app

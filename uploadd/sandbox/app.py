"""The sandbox as an ASGI application."""

from __future__ import annotations

import asyncio
import dataclasses
import random
import time
from collections.abc import Awaitable, Callable

from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.routing import Route

from uploadd.sandbox import front
from uploadd.sandbox.account import Sandbox
from uploadd.sandbox.connection import CutConnections, ReadToTheEnd
from uploadd.sandbox.flickr import authorisation, old_login
from uploadd.sandbox.flickr.replace import replace
from uploadd.sandbox.flickr.rest import rest
from uploadd.sandbox.flickr.upload import upload
from uploadd.sandbox.ipernity import api
from uploadd.sandbox.ipernity.account import IpernityAccount
from uploadd.sandbox.ipernity.options import IpernityOptions, faults_of, ipernity_options
from uploadd.sandbox.options import SandboxOptions


def build_app(
    options: SandboxOptions | None = None,
    *,
    ipernity: IpernityOptions | None = None,
    now: Callable[[], float] = time.time,
    rng: random.Random | None = None,
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
) -> Starlette:
    """A sandbox: two accounts that share nothing but the process.

    It answers under any host: on a socket it stands behind a `Door`. The Flickr account is
    `app.state.sandbox`, the ipernity account `app.state.ipernity`.
    `ipernity`: that one's options; without them it has what `options` says for both. `now` is the
    clock (seconds since 1970), `rng` the dice (by default made of `options.seed`; the ipernity
    account has dice of its own, always made of its seed),
    `sleep` what slow reading sleeps on. Raises DirectoryRefusedError.
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
            Route("/services/auth/", old_login.authorize),
            *api.ROUTES,
            *front.ROUTES,
        ],
        middleware=[Middleware(CutConnections), Middleware(ReadToTheEnd)],
    )
    # A redirect would change the URL that was signed: Flickr does not redirect, nor do we.
    app.router.redirect_slashes = False
    common = options or SandboxOptions()
    of_flickr = dataclasses.replace(common, faults=faults_of(common.faults, "flickr"))
    app.state.sandbox = Sandbox(of_flickr, now=now, rng=rng, sleep=sleep)
    of_ipernity = ipernity or ipernity_options(common)
    app.state.ipernity = IpernityAccount(
        of_ipernity, now=now, rng=random.Random(f"ipernity {of_ipernity.seed}"), sleep=sleep
    )
    return app

"""What comes out of a service's client is fit for a person's eyes, whatever its replies hold.

Each place of each reply is attacked by itself (`marking`): what the client returns, raises and logs
has no sign that a terminal obeys, and every text has an end. Ids, tokens and numbers with such
signs are none.
"""

from __future__ import annotations

import logging
import os
import re
import socket
import ssl
from collections.abc import Awaitable, Callable
from dataclasses import replace
from random import Random
from typing import Any

import httpx
import pytest
from structlog.testing import capture_logs

from contract.conftest import STANDS, parcel_of
from contract.stand import JPEG, Stand
from contract.surroundings import InlineDisk
from marking import ATTACK, CHANGES, LONG, LONGEST_TEXT, Marking, faults_in, texts_in
from uploadd.model.budget import Purpose
from uploadd.model.contents import Content
from uploadd.model.errors import UploaddError
from uploadd.model.ports import Runtime
from uploadd.model.verdicts import Ticketed
from uploadd.runtime import real_runtime
from uploadd.sandbox.inprocess import InProcessTransport
from uploadd.sandbox.server import running_sandbox
from uploadd.services.registry import open_authoriser, open_service

PARCEL = parcel_of(JPEG + b"a" * 50, title="a title", tags=("blue sky",))
OTHER = parcel_of(JPEG + b"b" * 50)
CONTENT = Content(PARCEL.sha256, PARCEL.md5)
EVERY_CASE = bool(os.environ.get("EVERY_CASE"))


class Rig:
    """One client of a service's sandbox behind `marking`, and all that it told."""

    def __init__(self, stand: Stand, marking: Marking) -> None:
        self.stand = stand
        self.marking = marking
        self.told: list[Any] = []
        marking.inner = InProcessTransport(stand._app)
        runtime = Runtime(stand.clock, Random(5), InlineDisk())
        self.service: Any = open_service(stand.account(), runtime, _granted, transport=marking)
        self.login: Any = open_authoriser(stand.account(), runtime, _granted, transport=marking)

    async def ask(self, question: Awaitable[Any]) -> Any:
        """What is answered, or None where that is an error; both are noted."""
        try:
            answer = await question
        except UploaddError as error:
            answer = None
            self.told.append(error)
        self.told.append(answer)
        return answer

    async def photo(self) -> Any:
        """A photo that is on the account, with its id."""
        self.stand.sandbox.options.is_pro = True
        await self.ask(self.service.send(PARCEL))
        return self.stand.photo()

    def refuse(self, where: str, **more: Any) -> None:
        """Let such calls go wrong from now on."""
        self.stand.script(more.pop("kind", "error"), where=where, **more)


async def _granted(_purpose: Purpose) -> None:
    """Every call may be made."""


async def log_in(rig: Rig) -> None:
    await rig.ask(rig.service.log_in())
    await rig.ask(rig.service.may_upload())
    await rig.ask(rig.service.probe())


async def limits(rig: Rig) -> None:
    quota = await rig.ask(rig.service.quota())
    if quota is not None:
        await rig.ask(rig.service.with_private_left(quota))


async def send(rig: Rig) -> None:
    rig.stand.sandbox.options.ticket_seconds = 30
    verdict = await rig.ask(rig.service.send(PARCEL))
    if isinstance(verdict, Ticketed):
        await rig.ask(rig.service.check_tickets([verdict.ticket_id]))
        rig.stand.clock.now += 31
        await rig.ask(rig.service.check_tickets([verdict.ticket_id]))
    await rig.ask(rig.service.send(PARCEL))  # error 9, where the service compares


async def look(rig: Rig) -> None:
    photo = await rig.photo()
    rig.stand.clock.now += 86400
    await rig.ask(rig.service.look_up(CONTENT, 0.0))
    await rig.ask(rig.service.look_up(Content(OTHER.sha256, OTHER.md5), 0.0))
    await rig.ask(rig.service.find([CONTENT]))
    await rig.ask(rig.service.has_photo(photo.id))
    await rig.ask(rig.service.photos_between(0.0, None))


async def replace_it(rig: Rig) -> None:
    photo = await rig.photo()
    verdict = await rig.ask(rig.service.replace(OTHER, photo.id))
    await rig.ask(rig.service.mark_content(photo.id, OTHER.sha256))
    if isinstance(verdict, Ticketed):
        await rig.ask(rig.service.check_tickets([verdict.ticket_id]))


async def authorise(rig: Rig) -> None:
    address = await rig.ask(rig.login.begin())
    if address is None:
        return
    page = await rig.stand.visit(f"{address}&answer=yes")
    shown = re.search(r"id=verifier>([0-9-]+)<", page.text)
    keys = await rig.ask(rig.login.finish(shown[1] if shown else ""))
    if keys is not None:
        await rig.ask(rig.login.check(keys))


async def refused(rig: Rig) -> None:
    rig.refuse("upload", code=5, message="told", first=2)
    rig.refuse("rest", code=99, message="told")
    await rig.ask(rig.service.send(PARCEL))
    await log_in(rig)
    await rig.ask(rig.service.call("a.method"))


async def in_trouble(rig: Rig) -> None:
    rig.refuse("upload", kind="http-before", code=503, retry_after_seconds=60)
    rig.refuse("rest", kind="html", code=200)
    await rig.ask(rig.service.send(PARCEL))
    await log_in(rig)
    await rig.ask(rig.service.call("a.method", as_xml=True))


async def in_doubt(rig: Rig) -> None:
    rig.refuse("upload", kind="garbage")
    rig.refuse("*", kind="oauth-problem", message="signature_invalid")
    await rig.ask(rig.service.send(PARCEL))
    await log_in(rig)
    await authorise(rig)


STEPS = [log_in, limits, send, look, replace_it, authorise, refused, in_trouble, in_doubt]
Step = Callable[[Rig], Awaitable[None]]


async def toured(stand_class: type[Stand], step: Step, marking: Marking) -> list[Any]:
    """Take a step with a new client and a new sandbox; gives all that was told."""
    rig = Rig(stand_class(), marking)
    with capture_logs() as lines:
        await step(rig)
        await rig.service.aclose()
        await rig.login.aclose()
    return [*rig.told, *lines]


@pytest.mark.parametrize("step", STEPS, ids=lambda step: step.__name__)
@pytest.mark.parametrize("stand_class", STANDS, ids=lambda stand: stand.name)
@pytest.mark.usefixtures("quiet_logs")
async def test_no_place_of_a_reply_reaches_a_terminal_raw(
    stand_class: type[Stand], step: Step
) -> None:
    """Not in what is returned, nor in an error, nor in a log line.

    Each place has one of the changes in turn; all of them where EVERY_CASE=1 is in the environment.
    """
    recording = Marking(httpx.MockTransport(_nobody))
    await toured(stand_class, step, recording)
    assert recording.seen
    faults = []
    for number, (endpoint, place) in enumerate(recording.seen):
        for change in CHANGES if EVERY_CASE else [CHANGES[number % len(CHANGES)]]:
            marking = Marking(httpx.MockTransport(_nobody), endpoint, place, change)
            told = await toured(stand_class, step, marking)
            faults += [
                f"{endpoint} {place}: {fault}"
                for text in texts_in(told)
                if (fault := faults_in(text) or _too_long(text))
            ]
    assert not faults, "\n".join(dict.fromkeys(faults))


def _too_long(text: str) -> str:
    return f"{len(text)} signs" if len(text) > LONGEST_TEXT else ""


def _nobody(_request: httpx.Request) -> httpx.Response:
    raise AssertionError("replaced by the sandbox")


TROUBLES: dict[str, Exception] = {
    "a certificate's name": ssl.SSLCertVerificationError(1, f"certificate of {ATTACK}{LONG}"),
    "a TLS record": ssl.SSLError(1, ATTACK),
    "a name that is not found": socket.gaierror(-2, ATTACK),
    "a refused connection": httpx.ConnectError(ATTACK + LONG),
    "a proxy": httpx.ProxyError(ATTACK),
    "a status line": httpx.RemoteProtocolError(f"illegal status line: {ATTACK}{LONG}"),
    "a broken read": httpx.ReadError(ATTACK),
    "an address": httpx.InvalidURL(ATTACK),
}


@pytest.mark.parametrize("name", TROUBLES)
@pytest.mark.parametrize("stand_class", STANDS, ids=lambda stand: stand.name)
@pytest.mark.usefixtures("quiet_logs")
async def test_no_trouble_of_the_network_is_told_raw(stand_class: type[Stand], name: str) -> None:
    """The names in a certificate are the attacker's, and so is what a server says for HTTP."""
    rig = Rig(stand_class(), Marking(httpx.MockTransport(_nobody)))

    def fail(_request: httpx.Request) -> httpx.Response:
        raise TROUBLES[name]

    rig.marking.inner = httpx.MockTransport(fail)
    with capture_logs() as lines:
        await rig.ask(rig.service.send(PARCEL))
        await log_in(rig)
        await rig.ask(rig.login.begin())
        await rig.ask(rig.service.call("a.method"))
    told = [one for one in rig.told if one is not None]
    assert len(told) == 6
    for text in texts_of(told, lines):
        assert not faults_in(text)
        assert not _too_long(text)


def texts_of(told: list[Any], lines: Any) -> list[str]:
    """What is shown of errors and verdicts; an error's cause is for programs."""
    shown = [error for error in told if isinstance(error, UploaddError)]
    others = [one for one in told if not isinstance(one, UploaddError)]
    return [*map(str, shown), *texts_in(others), *texts_in(lines)]


@pytest.mark.parametrize("stand_class", STANDS, ids=lambda stand: stand.name)
async def test_no_librarys_log_holds_a_secret(
    stand_class: type[Stand], caplog: pytest.LogCaptureFixture
) -> None:
    """On a real wire, with everything told: httpx logs addresses, httpcore heads of requests."""
    caplog.set_level(logging.DEBUG)
    with running_sandbox() as running:
        runtime = Runtime(real_runtime().clock, Random(5), InlineDisk())
        account = replace(stand_class().account(), base_url=running.url)
        service: Any = open_service(account, runtime, _granted)
        login: Any = open_authoriser(account, runtime, _granted)
        await service.log_in()
        await service.send(PARCEL)
        await login.begin()
        await service.aclose()
        await login.aclose()
    assert "httpcore" in caplog.text
    for secret in (account.api_key, account.api_secret, account.token, account.token_secret):
        assert not secret or secret.reveal() not in caplog.text
    assert "oauth_signature" not in caplog.text
    assert "api_sig" not in caplog.text

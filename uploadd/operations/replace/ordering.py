"""What `uploadd replace` is asked for: looked at, held against the service, put into the queue.

The job is committed before anything is sent. Asked for once more, it is the same job.
"""

from __future__ import annotations

import os
from dataclasses import dataclass

from sqlite_utils import Database

from uploadd.assembly import ServiceMaker
from uploadd.files.fingerprint import Fingerprint, fingerprint_file
from uploadd.files.opening import printable
from uploadd.files.openness import is_open_for_writing
from uploadd.files.reaching import Route
from uploadd.intake.findings import finding_of
from uploadd.intake.rules import Rules, Sighting
from uploadd.model.budget import Purpose
from uploadd.model.configuration import Account, Configuration
from uploadd.model.errors import (
    FileTrouble,
    RootRefusedError,
    ServiceError,
    ServiceRefusedError,
    UsageError,
)
from uploadd.model.jobs import Lane
from uploadd.model.pauses import PauseCause, Stops, what_stops
from uploadd.model.places import Place
from uploadd.model.ports import Runtime
from uploadd.model.refusals import refusal_of
from uploadd.model.sightings import Finding
from uploadd.operations.accepted import rules_of
from uploadd.operations.choosing import account_asked_for
from uploadd.operations.counting import Counter
from uploadd.operations.show.spelling import known_place
from uploadd.services.base import Service
from uploadd.store import accounts, asked, calls, lock, pauses
from uploadd.store.asked import Answer, Placed
from uploadd.store.beside import reading

LONGEST_ID = 20


@dataclass(frozen=True, slots=True)
class Order:
    """A file whose content a photo is to get, and where it lies."""

    route: Route
    place: Place
    account: Account
    photo_id: str
    fingerprint: Fingerprint

    @property
    def path(self) -> bytes:
        """The file."""
        return self.place.path

    def finding(self, account_id: int) -> Finding:
        """The same as intake would tell it."""
        sighting = Sighting(self.route, self.place, (account_id,))
        return finding_of(sighting, Lane.LIVE, self.fingerprint)


def order_of(configuration: Configuration, file: str, photo_id: str, name: str | None) -> Order:
    """Look at what was asked for (blocking). Raises `UsageError`, `StoreError`."""
    if not (photo_id.isascii() and photo_id.isdecimal() and len(photo_id) <= LONGEST_ID):
        raise UsageError(
            f"--photo-id {photo_id[:60]!r} is not the id of a photo",
            "it is the number in the address of the photo's page",
        )
    account = account_asked_for(configuration, name)
    rules = rules_of(configuration)
    place = _place(configuration, rules, os.fsencode(file), account)
    route = rules.folders.roots.route(place.spot, place.spot)
    return Order(route, place, account, photo_id, _read(route, account))


def _place(configuration: Configuration, rules: Rules, file: bytes, account: Account) -> Place:
    try:
        named = rules.folders.place_named(os.path.dirname(os.path.abspath(file)))
    except RootRefusedError as refused:
        raise UsageError(refused.text, refused.remedy) from None
    except OSError as error:
        raise UsageError(f"{printable(file)} cannot be read: {error.strerror}") from None
    with reading(configuration.state_dir) as db:
        known = known_place(db, rules.folders, file)
    place = rules.place_for(known.path, (account.name,))
    if place.spot.above.path != named.path:
        text = f"{printable(file)} led to {printable(named.path)}, and leads elsewhere now"
        raise UsageError(text, "see whose links are on the way, then give the command again")
    return place


def _read(route: Route, account: Account) -> Fingerprint:
    try:
        fingerprint = fingerprint_file(route, with_md5=account.needs_md5)
    except FileTrouble as trouble:
        remedy = trouble.remedy or "name a photo that is there"
        raise UsageError(trouble.text, remedy) from None
    kind = fingerprint.kind
    refusal = refusal_of(account.service, fingerprint.stat.size, kind.media_type, kind.damage)
    if refusal is not None:
        reason = refusal.reason
        raise UsageError(f"{printable(route.path)}: {reason.text}", "name a photo")
    if is_open_for_writing(route):
        raise UsageError(
            f"{printable(route.path)} is being written",
            "give the command again when it is finished",
        )
    return fingerprint


class Placing:
    """Puts one order into the queue, however often that is asked for."""

    def __init__(
        self,
        configuration: Configuration,
        runtime: Runtime,
        order: Order,
        make_service: ServiceMaker,
    ) -> None:
        self._configuration = configuration
        self._runtime = runtime
        self._order = order
        self._make_service = make_service
        self._counter = Counter(configuration, order.account, runtime)

    async def place(self) -> Placed:
        """In one commit. Raises `UsageError`, `StoreError`, `ServiceRefusedError` (the login)."""
        service = self._make_service(self._order.account, self._runtime, self._counter.grant)
        try:
            await self._counter.commit(self._check_daemon)
            account_id = (await self._counter.bind(service.host)).id
            if not await self._is_there(service, account_id):
                return Placed(
                    Answer.REFUSED,
                    text=f"there is no photo {self._order.photo_id} on the service",
                    remedy="its id is the number in the address of the photo's page",
                )
        finally:
            await service.aclose()
        return await self._counter.commit(self._place, account_id)

    def _check_daemon(self, db: Database) -> None:
        """A daemon that was started before the account was configured does not deliver to it."""
        holder = lock.holder_now(db, self._configuration.state_dir)
        name = self._order.account.name
        if holder is None or holder.command != "run":
            return
        if name not in {row.label for row in accounts.all_accounts(db)}:
            raise UsageError(
                f"the daemon, pid {holder.pid}, does not know account {name}",
                "restart it, so that it reads the configuration again",
            )

    async def _is_there(self, service: Service, account_id: int) -> bool:
        """Whether the photo is there; True where nobody can tell now, and the delivery finds out.

        Raises `ServiceRefusedError` where the login is refused.
        """
        if not await self._counter.commit(self._is_asking_possible, account_id):
            return True
        try:
            async with self._counter.listening():
                return await service.has_photo(self._order.photo_id)
        except ServiceRefusedError as refusal:
            if refusal.pause is not None and refusal.pause.cause is PauseCause.CREDENTIALS:
                raise
            return True
        except ServiceError:
            return True

    def _place(self, db: Database, account_id: int) -> Placed:
        finding = self._order.finding(account_id)
        return asked.place(db, finding, self._order.photo_id, self._runtime.clock.wall())

    def _is_asking_possible(self, db: Database, account_id: int) -> bool:
        """Whether a question could be put to the service at once."""
        account, now = self._order.account, self._runtime.clock.wall()
        held = pauses.of_account(db, account_id)
        budget = calls.of_account(db, account_id, account.calls_per_hour)
        wait = calls.seconds_to_wait(db, budget, Purpose.LOOK_UP, now)
        return wait <= 0 and Stops.CALLS not in what_stops(held, now)

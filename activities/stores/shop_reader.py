"""Visits to shops, with the key of each store and within a rate limit that all processes share."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, nullcontext, suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from weakref import WeakValueDictionary

from sqlalchemy.exc import SQLAlchemyError

from activities.database_failures import STORE_GONE
from activities.errors import application_error, classified_errors, database_errors
from activities.stores.places import SLOW_AFTER, Places, Visit
from activities.stores.request_time import RequestTime
from activities.stores.shop_tokens import ShopTokens
from connectors.base import Catalogue, CatalogueReader
from connectors.http.outbound import Outbound
from connectors.registry import PLATFORMS
from contracts.errors import ShopProblem, ShopSendsTooMuch
from contracts.retry import Failure, Retry
from contracts.stores import ShopAccess
from crypto import SecretBox
from database.access import shop_access, shop_failures
from database.access.shop_access import ShopCredentials
from database.access.shop_failures import Pause
from database.engine import Database

BURST = timedelta(seconds=5)

NOT_YET = "The rate limit for requests to the shop is reached; the next slot is later."
LESS_OFTEN = "The shop keeps failing, so it is asked less often."

MAX_WAIT, BULK_MAX_WAIT = timedelta(seconds=1), timedelta(seconds=30)
"""How long a visit sleeps until the slot of its first request; a longer wait is one of Temporal's.

Each request of a bulk step sleeps that long: a step goes on where the one before ended. Later requests of an
event's visit sleep for longer if a place for slow shops is free.
"""

LONGEST_VISIT = timedelta(seconds=60)
"""For all requests of an event's visit; a product with 2,000 variations takes 20."""

LONGEST_WAIT = timedelta(minutes=5)
"""How long the requests of an event's visit sleep until their slots, together.

A visit that was given up begins with its first request again, so it must end in one attempt.
"""

LONGEST_PAUSE = timedelta(seconds=30)
"""How long an event waits before it looks again whether a failing shop may be visited."""

QUICK_VISITS, SLOW_VISITS, VISITS_OF_ONE_SHOP = 8, 4, 3
"""Visits of events at a time in one process; activities that embed need slots too."""

QUICK_BULK_STEPS, SLOW_BULK_STEPS = 12, 6
"""Steps of syncs at a time in one process."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenShop:
    """A shop that is open for reading."""

    store_id: int
    terms: ShopCredentials
    catalogue: Catalogue
    reader: CatalogueReader
    time: RequestTime


class ShopReader:
    """Opens the shops of stores; all processes together send `per_minute` requests at most to each."""

    def __init__(
        self, database: Database, outbound: Outbound, secret_box: SecretBox, *, per_minute: int
    ) -> None:
        self._database = database
        self._outbound = outbound
        self._secret_box = secret_box
        self._tokens = ShopTokens(database, secret_box)
        self._price = timedelta(minutes=1) / per_minute
        self._locks: WeakValueDictionary[int, asyncio.Lock] = WeakValueDictionary()
        self._places = Places(quick=QUICK_VISITS, slow=SLOW_VISITS, of_one_shop=VISITS_OF_ONE_SHOP)
        self._bulk_places = Places(quick=QUICK_BULK_STEPS, slow=SLOW_BULK_STEPS, of_one_shop=QUICK_BULK_STEPS)

    async def terms(self, store_id: int) -> ShopCredentials:
        """Returns how a store's shop is read. Raises an ApplicationError if there is no such store."""
        with database_errors():
            async with self._database.single() as connection:
                terms = await shop_access.access(connection, store_id)
        if terms is None:
            raise application_error(STORE_GONE)
        return terms

    @asynccontextmanager
    async def open(self, store_id: int, *, bulk: bool = False) -> AsyncIterator[OpenShop]:
        """Visit a shop. Errors are translated into retryable or non-retryable `ApplicationError`s.

        A retryable error is raised where the visit would have to wait: for a place, because the shop keeps
        failing, or because the slot of its first request is far away. `bulk` steps of this process send one
        request at a time to the shop.
        """
        terms = await self.terms(store_id)
        reader = PLATFORMS[terms.type].reader
        if reader is None or terms.credentials is None:
            raise application_error(
                Failure(retry=Retry.FATAL, reason="The store has no credentials to read its shop with.")
            )
        places = self._bulk_places if bulk else self._places
        with places.visit(store_id, is_failing=terms.failures > shop_failures.TOLERATED) as visit:
            probe = await self._admit(store_id, bulk=bulk) if terms.failures else None
            time, is_begun = RequestTime(LONGEST_VISIT, LONGEST_WAIT), False

            @asynccontextmanager
            async def request_slot() -> AsyncIterator[None]:
                nonlocal is_begun
                async with self._one_at_a_time(store_id) if bulk else nullcontext():
                    with time.waiting():
                        if bulk:
                            await self._wait_for_slot(store_id, BULK_MAX_WAIT)
                        else:
                            longest = time.wait_left if is_begun and visit.may_wait_long() else MAX_WAIT
                            await self._wait_for_slot(store_id, longest, visit)
                    is_begun = True
                    async with visit.request():
                        yield

            async with (
                self._probing(store_id, probe),
                classified_errors(
                    reader.failure,
                    log=f"shop of store {store_id}",
                    report=lambda failure: self._hold_off(store_id, failure),
                ),
            ):
                credentials = self._secret_box.decrypt_fields(terms.credentials)
                access = ShopAccess(
                    store_id=store_id,
                    type=terms.type,
                    base_url=terms.base_url,
                    credentials=await self._tokens.usable(credentials),
                    renew_token=self._tokens.renewal(store_id),
                )
                async with (
                    self._failures(store_id, reader, terms),
                    reader.open(access, self._outbound, request_slot) as catalogue,
                ):
                    yield OpenShop(
                        store_id=store_id, terms=terms, catalogue=catalogue, reader=reader, time=time
                    )

    async def _admit(self, store_id: int, *, bulk: bool) -> datetime | None:
        """Returns until when the visit keeps others away from a failing shop; None for any other shop.

        Raises a retryable error while a failing shop is left alone.
        """
        with database_errors():
            async with self._database.single() as connection:
                admitted = await shop_failures.admit(connection, store_id)
        if isinstance(admitted, Pause):
            wait = admitted.time if bulk else min(admitted.time, LONGEST_PAUSE)
            reason = f"{LESS_OFTEN} {admitted.reason}"
            raise application_error(Failure(retry=Retry.RETRY, reason=reason, pause=wait, expected=True))
        return admitted

    @asynccontextmanager
    async def _probing(self, store_id: int, probe: datetime | None) -> AsyncIterator[None]:
        """Let others visit a failing shop once the visit ends, also if it has not shown how the shop is."""
        try:
            yield
        finally:
            if probe is not None:
                with suppress(SQLAlchemyError, OSError):  # best effort: a probe ends after a while
                    async with self._database.single() as connection:
                        await shop_failures.release(connection, store_id, probe)

    @asynccontextmanager
    async def _failures(
        self, store_id: int, reader: CatalogueReader, terms: ShopCredentials
    ) -> AsyncIterator[None]:
        """Count a visit that fails by the shop's fault; forget the failures once the shop answers."""
        try:
            yield
        except ShopProblem as error:
            failure = reader.failure(error)
            if failure.retry is Retry.RETRY and not isinstance(error, ShopSendsTooMuch):
                async with self._database.single() as connection:
                    await shop_failures.record(connection, store_id, failure.reason)
                raise
            await self._answered(store_id, terms)
            raise
        await self._answered(store_id, terms)

    async def _answered(self, store_id: int, terms: ShopCredentials) -> None:
        if terms.failures:
            async with self._database.single() as connection:
                await shop_failures.forget(connection, store_id)

    async def _wait_for_slot(self, store_id: int, max_wait: timedelta, visit: Visit | None = None) -> None:
        """Sleep until the next slot; a visit of an event needs a place for a long sleep."""
        with database_errors():
            async with self._database.single() as connection:
                slot = await shop_access.reserve(
                    connection, store_id, price=self._price, burst=BURST, max_wait=max_wait
                )
        has_no_place = visit is not None and slot.seconds > SLOW_AFTER and not visit.wait_long()
        if not slot.is_reserved or has_no_place:
            wait = timedelta(seconds=slot.seconds)
            raise application_error(Failure(retry=Retry.RETRY, reason=NOT_YET, pause=wait, expected=True))
        await asyncio.sleep(slot.seconds)

    def _one_at_a_time(self, store_id: int) -> asyncio.Lock:
        """Returns the lock that a bulk step of this process holds during a request to the shop."""
        return self._locks.setdefault(store_id, asyncio.Lock())

    async def _hold_off(self, store_id: int, failure: Failure) -> None:
        if failure.retry is Retry.RETRY and failure.pause:
            with database_errors():
                async with self._database.single() as connection:
                    await shop_access.hold_off(connection, store_id, failure.pause)

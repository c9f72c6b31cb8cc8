"""Visits to shops, with the key of each store and within a rate limit that all processes share."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, nullcontext
from dataclasses import dataclass
from datetime import timedelta
from weakref import WeakValueDictionary

from activities.database_failures import STORE_GONE
from activities.errors import application_error, classified_errors, database_errors
from activities.stores.places import Places
from connectors.base import Catalogue, CatalogueReader
from connectors.http.outbound import Outbound
from connectors.registry import PLATFORMS
from contracts.errors import ShopProblem, ShopSendsTooMuch
from contracts.retry import Failure, Retry
from contracts.stores import ShopAccess
from crypto import SecretBox
from database.access import shop_access, shop_failures
from database.access.shop_access import ShopCredentials
from database.engine import Database

BURST = timedelta(seconds=5)

NOT_YET = "The rate limit for requests to the shop is reached; the next slot is later."
LESS_OFTEN = "The shop keeps failing, so it is asked less often."

MAX_WAIT, BULK_MAX_WAIT = timedelta(seconds=1), timedelta(seconds=30)
"""How long a visit sleeps until its slot of the rate limit; a longer wait is one of Temporal's."""

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


class ShopReader:
    """Opens the shops of stores; all processes together send `per_minute` requests at most to each."""

    def __init__(
        self, database: Database, outbound: Outbound, secret_box: SecretBox, *, per_minute: int
    ) -> None:
        self._database = database
        self._outbound = outbound
        self._secret_box = secret_box
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
        failing, or because the next slot of the rate limit is far away. `bulk` steps of this process send one
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
            if terms.failures:
                await self._admit(store_id, bulk=bulk)

            @asynccontextmanager
            async def request_slot() -> AsyncIterator[None]:
                async with self._one_at_a_time(store_id) if bulk else nullcontext():
                    await self._wait_for_slot(store_id, BULK_MAX_WAIT if bulk else MAX_WAIT)
                    async with visit.request():
                        yield

            async with classified_errors(
                reader.failure,
                log=f"shop of store {store_id}",
                report=lambda failure: self._hold_off(store_id, failure),
            ):
                access = ShopAccess(
                    store_id=store_id,
                    type=terms.type,
                    base_url=terms.base_url,
                    credentials=self._secret_box.decrypt_fields(terms.credentials),
                )
                async with (
                    self._failures(store_id, reader, terms),
                    reader.open(access, self._outbound, request_slot) as catalogue,
                ):
                    yield OpenShop(store_id=store_id, terms=terms, catalogue=catalogue, reader=reader)

    async def _admit(self, store_id: int, *, bulk: bool) -> None:
        """Raises a retryable error while a failing shop is left alone."""
        with database_errors():
            async with self._database.single() as connection:
                pause = await shop_failures.admit(connection, store_id)
        if pause:
            wait = pause.time if bulk else min(pause.time, LONGEST_PAUSE)
            reason = f"{LESS_OFTEN} {pause.reason}"
            raise application_error(Failure(retry=Retry.RETRY, reason=reason, pause=wait, expected=True))

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

    async def _wait_for_slot(self, store_id: int, max_wait: timedelta) -> None:
        with database_errors():
            async with self._database.single() as connection:
                slot = await shop_access.reserve(
                    connection, store_id, price=self._price, burst=BURST, max_wait=max_wait
                )
        if not slot.is_reserved:
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

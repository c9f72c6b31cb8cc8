"""Reading shops, with the key of each store and within a rate limit that all processes share."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, nullcontext
from dataclasses import dataclass
from datetime import timedelta
from weakref import WeakValueDictionary

from activities.database_failures import STORE_GONE
from activities.errors import application_error, classified_errors, database_errors
from connectors.base import Catalogue, CatalogueReader
from connectors.http.outbound import Outbound
from connectors.registry import PLATFORMS
from contracts.retry import Failure, Retry
from contracts.stores import ShopAccess
from crypto import SecretBox
from database.access import shop_access
from database.access.shop_access import ShopCredentials
from database.engine import Database

BURST = timedelta(seconds=5)

NOT_YET = "The rate limit for requests to the shop is reached; the next slot is later."


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

    async def terms(self, store_id: int) -> ShopCredentials:
        """Returns how a store's shop is read. Raises an ApplicationError if there is no such store."""
        with database_errors():
            async with self._database.single() as connection:
                terms = await shop_access.access(connection, store_id)
        if terms is None:
            raise application_error(STORE_GONE)
        return terms

    @asynccontextmanager
    async def open(
        self, store_id: int, *, max_wait: timedelta | None = None, bulk: bool = False
    ) -> AsyncIterator[OpenShop]:
        """Open a shop for reading. Errors are translated into retryable or non-retryable `ApplicationError`s.

        If the next slot of the rate limit is further away than `max_wait`, a retryable error is raised
        instead of sleeping. `bulk` steps of this process send one request at a time to the shop.
        """
        terms = await self.terms(store_id)
        reader = PLATFORMS[terms.type].reader
        if reader is None or terms.credentials is None:
            raise application_error(
                Failure(retry=Retry.FATAL, reason="The store has no credentials to read its shop with.")
            )

        @asynccontextmanager
        async def request_slot() -> AsyncIterator[None]:
            async with self._one_at_a_time(store_id) if bulk else nullcontext():
                await self._wait_for_slot(store_id, max_wait)
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
            async with reader.open(access, self._outbound, request_slot) as catalogue:
                yield OpenShop(store_id=store_id, terms=terms, catalogue=catalogue, reader=reader)

    async def _wait_for_slot(self, store_id: int, max_wait: timedelta | None) -> None:
        with database_errors():
            async with self._database.single() as connection:
                wait = await shop_access.reserve(connection, store_id, price=self._price, burst=BURST)
        if max_wait is not None and wait > max_wait.total_seconds():
            raise application_error(Failure(retry=Retry.RETRY, reason=NOT_YET, pause=timedelta(seconds=wait)))
        await asyncio.sleep(wait)

    def _one_at_a_time(self, store_id: int) -> asyncio.Lock:
        """Returns the lock that a bulk step of this process holds during a request to the shop."""
        return self._locks.setdefault(store_id, asyncio.Lock())

    async def _hold_off(self, store_id: int, failure: Failure) -> None:
        if failure.retry is Retry.RETRY and failure.pause:
            with database_errors():
                async with self._database.single() as connection:
                    await shop_access.hold_off(connection, store_id, failure.pause)

"""Read shops with their own credentials, at a pace that all processes share."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, nullcontext
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from weakref import WeakValueDictionary

from activities.errors import application_error, classified_errors, database_errors
from activities.failures import STORE_GONE
from activities.turns import Turn, ahead, in_blocks
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

BLOCK = timedelta(seconds=0.1)
"""Slots that lie within this time are reserved together by bulk work, which uses them at once."""

NOT_YET = "The shop is asked no more often than it allows; its next turn is a while away."


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenShop:
    """A shop that is being read."""

    store_id: int
    terms: ShopCredentials
    catalogue: Catalogue
    reader: CatalogueReader


@asynccontextmanager
async def _asking(turn: Turn, alone: asyncio.Lock | None) -> AsyncIterator[None]:
    async with alone or nullcontext():
        await turn()
        yield


class ShopReader:
    """Opens the shops of stores; all processes together send each shop at most `per_minute` requests."""

    def __init__(
        self, database: Database, outbound: Outbound, secret_box: SecretBox, *, per_minute: int
    ) -> None:
        self._database = database
        self._outbound = outbound
        self._secret_box = secret_box
        self._price = timedelta(minutes=1) / per_minute
        self._block = max(1, BLOCK * per_minute // timedelta(minutes=1))
        self._locks: WeakValueDictionary[int, asyncio.Lock] = WeakValueDictionary()

    async def terms(self, store_id: int) -> ShopCredentials:
        """Returns the credentials of a store's shop; raises a fatal error where there is no such store."""
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
        """Open a shop for reading; its errors become `ApplicationError`s, retryable or not.

        If the next rate-limit slot is further away than `max_wait`, a retryable error is raised instead of
        waiting for it. `bulk` work makes one request at a time in this process, and reserves its next slots
        while the shop answers.
        """
        terms = await self.terms(store_id)
        reader = PLATFORMS[terms.type].reader
        if reader is None or terms.credentials is None:
            raise application_error(
                Failure(retry=Retry.FATAL, reason="The store has no credentials to read its shop with.")
            )

        async def take(count: int) -> None:
            with database_errors():
                async with self._database.single() as connection:
                    wait = await shop_access.reserve(
                        connection, store_id, price=self._price * count, burst=BURST
                    )
            if max_wait is not None and wait > max_wait.total_seconds():
                raise application_error(
                    Failure(retry=Retry.RETRY, reason=NOT_YET, pause=timedelta(seconds=wait))
                )
            await asyncio.sleep(wait)

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
            turn = in_blocks(take, self._block if bulk else 1)
            alone = self._bulk_lock(store_id) if bulk else None
            async with (
                ahead(turn) if bulk else nullcontext(turn) as next_turn,
                reader.open(access, self._outbound, partial(_asking, next_turn, alone)) as catalogue,
            ):
                yield OpenShop(store_id=store_id, terms=terms, catalogue=catalogue, reader=reader)

    def _bulk_lock(self, store_id: int) -> asyncio.Lock:
        """Returns the lock that bulk requests to this shop hold, one at a time in this process."""
        return self._locks.setdefault(store_id, asyncio.Lock())

    async def _hold_off(self, store_id: int, failure: Failure) -> None:
        if failure.retry is Retry.RETRY and failure.pause:
            with database_errors():
                async with self._database.single() as connection:
                    await shop_access.hold_off(connection, store_id, failure.pause)

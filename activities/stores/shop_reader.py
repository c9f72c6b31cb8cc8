"""Reading shops: by their own key, at the pace all processes keep together."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, nullcontext
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from weakref import WeakValueDictionary

from temporalio import activity
from temporalio.exceptions import ApplicationError

from activities.errors import application_error, database_errors
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
"""Turns that follow each other this closely are taken together by bulk work, which uses them at once."""

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
    """The shops of all stores; each is asked `per_minute` times at most, by whatever process."""

    def __init__(self, database: Database, outbound: Outbound, seal: SecretBox, *, per_minute: int) -> None:
        self._database = database
        self._outbound = outbound
        self._seal = seal
        self._price = timedelta(minutes=1) / per_minute
        self._block = max(1, BLOCK * per_minute // timedelta(minutes=1))
        self._locks: WeakValueDictionary[int, asyncio.Lock] = WeakValueDictionary()

    async def terms(self, store_id: int) -> ShopCredentials:
        """How a store's shop is read; raises where there is no such store."""
        with database_errors():
            async with self._database.single() as connection:
                terms = await shop_access.access(connection, store_id)
        if terms is None:
            raise application_error(STORE_GONE)
        return terms

    @asynccontextmanager
    async def open(
        self, store_id: int, *, patience: timedelta | None = None, bulk: bool = False
    ) -> AsyncIterator[OpenShop]:
        """A shop to be read; whatever reading raises leaves as what it means to Temporal.

        A turn that comes later than `patience` is not slept for: the step is to be tried again then. `bulk`
        work asks one question at a time, all steps of this process together, and reserves its next turns
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
            if patience is not None and wait > patience.total_seconds():
                raise application_error(
                    Failure(retry=Retry.RETRY, reason=NOT_YET, pause=timedelta(seconds=wait))
                )
            await asyncio.sleep(wait)

        try:
            access = ShopAccess(
                store_id=store_id,
                type=terms.type,
                base_url=terms.base_url,
                credentials=self._seal.decrypt_fields(terms.credentials),
            )
            turn = in_blocks(take, self._block if bulk else 1)
            alone = self._alone(store_id) if bulk else None
            async with (
                ahead(turn) if bulk else nullcontext(turn) as next_turn,
                reader.open(access, self._outbound, partial(_asking, next_turn, alone)) as catalogue,
            ):
                yield OpenShop(store_id=store_id, terms=terms, catalogue=catalogue, reader=reader)
        except ApplicationError:
            raise
        except Exception as error:  # the mapping is total
            failure = reader.failure(error)
            activity.logger.warning("shop of store %s: %s", store_id, failure.reason)
            await self._hold_off(store_id, failure)
            raise application_error(failure) from None

    def _alone(self, store_id: int) -> asyncio.Lock:
        """Held by whoever puts a bulk question to this shop."""
        return self._locks.setdefault(store_id, asyncio.Lock())

    async def _hold_off(self, store_id: int, failure: Failure) -> None:
        if failure.retry is Retry.RETRY and failure.pause:
            with database_errors():
                async with self._database.single() as connection:
                    await shop_access.hold_off(connection, store_id, failure.pause)

"""A shop that is read, the syncs that read it, and a loop that only downloads and parses what they read."""

import asyncio
import os
import signal
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from typing import Any

import httpx2
import orjson
from rich.progress import Progress, TaskID
from temporalio.client import Client

from bench.system import SECONDS_TO_START, Servers
from connectors.woocommerce.client import IN_ORDER
from connectors.woocommerce.rest import NAMESPACE
from connectors.woocommerce.signing import Key
from contracts.ids import catalog_sync_id
from contracts.syncs import Sync, SyncMode, SyncRequest
from contracts.tokens import IssuedToken
from crypto import SecretBox
from database.access import stores
from database.engine import Database, create_engine
from database.sync import runs as syncs
from embedded.processes import Child
from fakes.woocommerce import KEY, SECRET
from temporal.client import start_catalog_sync

PER_PAGE = 100


class Catalogue:
    """The process of `bench.rest_shop`."""

    def __init__(self, process: Child) -> None:
        self._process = process
        self._heard = 0
        self.base_url = self._next(None)

    def edit(self) -> None:
        self._next(signal.SIGUSR1)

    def asked(self) -> int:
        """How often it was asked since the last time."""
        return int(self._next(signal.SIGUSR2))

    def _next(self, number: signal.Signals | None) -> str:
        if number is not None:
            os.kill(self._process.pid, number)
        wanted = self._heard + 1
        self._process.wait_until(
            lambda: self._process.log.read_text().count("\n") >= wanted,
            seconds=SECONDS_TO_START,
            pause=time.sleep,
        )
        self._heard = wanted
        return self._process.log.read_text().splitlines()[wanted - 1]


@contextmanager
def catalogue(servers: Servers, products: int, name: str) -> Iterator[Catalogue]:
    with servers.process(f"shop-{name}", "-m", "bench.rest_shop", str(products)) as process:
        yield Catalogue(process)


@dataclass(frozen=True, slots=True, kw_only=True)
class Walk:
    """A sync that ended, the seconds it took, its history's events, and how often the shop was asked."""

    sync: Sync
    seconds: float
    history: int
    asked: int


class Store:
    """A store that reads a shop, and its syncs."""

    def __init__(self, database: Database, temporal: Client, token: IssuedToken, shop: Catalogue) -> None:
        self._database = database
        self._temporal = temporal
        self._store_id = token.store_id
        self._shop = shop

    async def open(self) -> None:
        """Tell where the shop is."""
        sealed = SecretBox(["k" * 32]).encrypt_fields({"consumer_key": KEY, "consumer_secret": SECRET})
        async with self._database.transaction() as connection:
            values = {
                "base_url": self._shop.base_url,
                "credentials": sealed,
                "currency": "IRT",
                "schedule": {"paused": True},  # or a worker imports it by itself
            }
            await stores.change(connection, self._store_id, values)

    async def walk(self, progress: Progress, task: TaskID) -> Walk:
        """A full sync from its request to its end."""
        self._shop.asked()
        ended = asyncio.create_task(self._sync())
        while not ended.done():
            await asyncio.wait([ended], timeout=1)
            if sync := await self._latest():
                progress.update(task, completed=sync.counts.seen)
        described = await self._temporal.get_workflow_handle(catalog_sync_id(self._store_id)).describe()
        sync = await self._latest()
        if sync is None or sync.status != "succeeded":
            raise RuntimeError(f"the sync ended as {sync}")
        return Walk(
            sync=sync,
            seconds=ended.result(),
            history=described.history_length,
            asked=self._shop.asked(),
        )

    async def _sync(self) -> float:
        """The seconds it took."""
        began = time.perf_counter()
        request = SyncRequest(store_id=self._store_id, mode=SyncMode.FULL)
        handle = await start_catalog_sync(self._temporal, request, task_queue="pilito-sync")
        await handle.result()
        return time.perf_counter() - began

    async def _latest(self) -> Sync | None:
        async with self._database.reading() as connection:
            _, found = await syncs.list_syncs(connection, self._store_id, offset=0, limit=1)
        return found[0] if found else None


def download(shop: Catalogue, products: int, fields: str | None) -> float:
    """Seconds that downloading and parsing all pages takes, and nothing else."""
    key = Key({"consumer_key": KEY, "consumer_secret": SECRET})
    began = time.perf_counter()
    with httpx2.Client(trust_env=False) as client:
        for page in range(1, products // PER_PAGE + 1):
            asked = {**IN_ORDER, "page": str(page), **({"_fields": fields} if fields else {})}
            url = httpx2.URL(f"{shop.base_url}/{NAMESPACE}/products", params=asked)
            body: list[Any] = orjson.loads(client.get(url, headers=key.headers(url)).content)
            if len(body) != PER_PAGE:
                raise RuntimeError(f"page {page} holds {len(body)} products")
    return time.perf_counter() - began


@asynccontextmanager
async def reading(servers: Servers, temporal: Client, shop: Catalogue) -> AsyncIterator[Store]:
    """A new store that reads a shop."""
    database = Database(create_engine(servers.database_url, pool_size=1))
    try:
        store = Store(database, temporal, await servers.token(), shop)
        await store.open()
        yield store
    finally:
        await database.close()

"""A bulk resync against a loop that only downloads and parses the same pages."""

import asyncio
import os
import signal
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from statistics import median
from typing import Any

import httpx2
import orjson
import psycopg
from rich.progress import Progress, TaskID
from temporalio.client import Client

from bench import memory
from bench.catalogue import product
from bench.rows import Row, at_least, at_most, count
from bench.shop import Shop, delivery, opened
from bench.system import DIMENSIONS, MODEL, SECONDS_TO_START, Servers
from connectors.woocommerce.client import IN_ORDER, MANIFEST_FIELDS
from connectors.woocommerce.rest import NAMESPACE
from connectors.woocommerce.signing import Key
from contracts.accounts import IssuedToken
from contracts.naming import catalog_sync_id, embedding_label
from contracts.syncs import Sync, SyncMode, SyncRequest
from database import stores, syncs, vector_index
from database.engine import Database, create_engine
from database.sealing import Seal
from embedded.processes import Child
from tests.servers import EmbeddingServer
from tests.shop_server import KEY, SECRET
from workflows.client import connect, start_catalog_sync

FEW, MANY = 2_000, 20_000
PER_PAGE = 100
LANES = 2
BULK_WORKERS = 2
EVENTS = 40
TIMES = 3
"""What is over soon is measured so often."""
SETTINGS: dict[str, object] = {
    "PILITO_ALLOW_PRIVATE_SHOPS": "true",
    "PILITO_SHOP_REQUESTS_PER_MINUTE": 10_000_000,
}


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
    """A sync that ended, the seconds it took, and its history's events."""

    sync: Sync
    seconds: float
    history: int


class Store:
    """A store that reads a shop, and its syncs."""

    def __init__(self, database: Database, temporal: Client, token: IssuedToken) -> None:
        self._database = database
        self._temporal = temporal
        self._store_id = token.store_id

    async def reads(self, shop: Catalogue) -> None:
        sealed = Seal(["k" * 32]).seal_fields({"consumer_key": KEY, "consumer_secret": SECRET})
        async with self._database.transaction() as connection:
            values = {
                "base_url": shop.base_url,
                "credentials": sealed,
                "currency": "IRT",
                "schedule": {"paused": True},  # or a worker imports it by itself
            }
            await stores.change(connection, self._store_id, values)

    async def walk(self, progress: Progress, task: TaskID) -> Walk:
        """A full sync from its request to its end."""
        began = time.perf_counter()
        request = SyncRequest(store_id=self._store_id, mode=SyncMode.FULL)
        handle = await start_catalog_sync(self._temporal, request, task_queue="pilito-sync")
        ended = asyncio.create_task(handle.result())
        while not ended.done():
            await asyncio.wait([ended], timeout=1)
            if sync := await self._latest():
                progress.update(task, completed=sync.counts.seen)
        seconds = time.perf_counter() - began
        await ended
        described = await self._temporal.get_workflow_handle(catalog_sync_id(self._store_id)).describe()
        sync = await self._latest()
        if sync is None or sync.status != "succeeded":
            raise RuntimeError(f"the sync ended as {sync}")
        return Walk(sync=sync, seconds=seconds, history=described.history_length)

    async def _latest(self) -> Sync | None:
        async with self._database.reading() as connection:
            _, found = await syncs.list_syncs(connection, self._store_id, offset=0, limit=1)
        return found[0] if found else None


def download(shop: Catalogue, products: int, fields: str | None) -> float:
    """Seconds that downloading and parsing all pages takes, and nothing else; the median of some times."""
    return median(_downloaded(shop, products, fields) for _ in range(TIMES))


def _downloaded(shop: Catalogue, products: int, fields: str | None) -> float:
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


def index_dropped(servers: Servers) -> None:
    with psycopg.connect(servers.database_url.replace("+psycopg", ""), autocommit=True) as connection:
        connection.execute(f"DROP INDEX {vector_index.index_name(embedding_label(MODEL, DIMENSIONS))}")


def index_built(servers: Servers) -> float:
    """Seconds in which the vector index takes in all there is."""
    began = time.perf_counter()
    vector_index.ensure(servers.database_url, model=MODEL, dimensions=DIMENSIONS)
    return time.perf_counter() - began


async def latency(shop: Shop, times: int) -> list[float]:
    """Seconds from sending an event to its end, one after the other."""
    found = []
    for number in range(times):
        began = time.perf_counter()
        await shop.sync(
            delivery(
                product(number + 1, price=number + time.time_ns() % 1_000_000, edited=True)
                | {"name": f"رویداد {time.time_ns()}"}
            )
        )
        found.append(time.perf_counter() - began)
    return found


@asynccontextmanager
async def _store(servers: Servers, temporal: Client, shop: Catalogue) -> AsyncIterator[Store]:
    database = Database(create_engine(servers.database_url, pool_size=1))
    try:
        store = Store(database, temporal, await servers.token())
        await store.reads(shop)
        yield store
    finally:
        await database.close()


async def measure(servers: Servers, progress: Progress) -> list[Row]:
    temporal = await connect(servers.temporal_address, "default")
    with EmbeddingServer(instant=True) as embeddings:
        settings = {**SETTINGS, "OPENAI_BASE_URL": embeddings.base_url}
        few = await _few(servers, temporal, settings, progress)
        rows = await _many(servers, temporal, settings, embeddings, few, progress)
        return rows + await _beside(servers, temporal, settings, progress)


async def _few(servers: Servers, temporal: Client, settings: dict[str, object], progress: Progress) -> int:
    """MiB a bulk worker has had at most after a small import."""
    with catalogue(servers, FEW, "few") as shop, servers.workers(bulk=BULK_WORKERS, **settings) as bulk:
        await _warm(servers, temporal, progress, "few")
        async with _store(servers, temporal, shop) as store:
            task = progress.add_task(f"{FEW:,} products: first import", total=FEW)
            await store.walk(progress, task)
        return max(memory.peak(worker.pid) for worker in bulk)


async def _warm(servers: Servers, temporal: Client, progress: Progress, name: str) -> None:
    """Wait until the worker has started and done everything once."""
    with catalogue(servers, PER_PAGE, f"before-{name}") as shop:
        async with _store(servers, temporal, shop) as store:
            await store.walk(progress, progress.add_task("warming up", total=PER_PAGE))


async def _many(
    servers: Servers,
    temporal: Client,
    settings: dict[str, object],
    embeddings: EmbeddingServer,
    few: int,
    progress: Progress,
) -> list[Row]:
    walks: dict[str, Walk] = {}
    calls: dict[str, int] = {}
    asked: dict[str, int] = {}
    index_dropped(servers)
    with catalogue(servers, MANY, "many") as shop, servers.workers(bulk=BULK_WORKERS, **settings) as bulk:
        await _warm(servers, temporal, progress, "many")
        bare = download(shop, MANY, None)
        bare_list = download(shop, MANY, ",".join(MANIFEST_FIELDS))
        shop.asked()
        async with _store(servers, temporal, shop) as store:
            for name in ("first import", "unchanged", "1 % changed"):
                embeddings.reset()
                task = progress.add_task(f"{MANY:,} products: {name}", total=MANY)
                if name == "1 % changed":
                    shop.edit()
                walks[name] = await store.walk(progress, task)
                calls[name], asked[name] = len(embeddings.requests), shop.asked()
                if name == "unchanged":
                    again = [await store.walk(progress, task) for _ in range(TIMES - 1)]
                    seconds = median(walk.seconds for walk in (walks[name], *again))
                    shop.asked()
                if name == "first import":
                    many = max(memory.peak(worker.pid) for worker in bulk)
                    index = index_built(servers)
    first, _, changed = walks.values()
    pages = MANY // PER_PAGE
    counts = changed.sync.counts
    return [
        at_least(
            f"first import of {MANY:,} products against downloading and parsing them",
            bare / first.seconds,
            0.25,
            f"{MANY / first.seconds:,.0f} of {MANY / bare:,.0f} products/s by {BULK_WORKERS} bulk workers,"
            f" without the vector index, which takes in {first.sync.counts.embedded:,} vectors in"
            f" {index:.0f} s",
        ),
        at_least(
            f"unchanged full resync of {MANY:,} products against downloading and parsing the lists",
            bare_list / seconds,
            0.7,
            f"{MANY / seconds:,.0f} of {MANY / bare_list:,.0f} products/s",
        ),
        count("embedding calls of an unchanged resync", calls["unchanged"], f"{pages} pages", exactly=0),
        at_most(
            "requests of an unchanged resync, a page",
            asked["unchanged"] / pages,
            1.01,
            f"{asked['unchanged']} requests",
        ),
        count(
            "products taken over when 1 % changed",
            counts.new + counts.changed,
            f"{calls['1 % changed']} embedding calls, {asked['1 % changed']} requests,"
            f" {changed.seconds:.1f} s",
            exactly=MANY // 100,
        ),
        at_most(
            f"a bulk worker's memory, {MANY:,} products against {FEW:,}",
            many / few,
            1.2,
            f"{many} and {few} MiB",
        ),
        Row(
            measurement=f"events in the history of {MANY:,} products' import",
            result=f"{first.history:,}",
            made_of=f"{pages} pages",
            target="< 5,000",
            met=first.history < 5_000,
        ),
    ]


async def _beside(
    servers: Servers, temporal: Client, settings: dict[str, object], progress: Progress
) -> list[Row]:
    """How long events take while another store is imported."""
    token = await servers.token()
    with (
        catalogue(servers, MANY, "beside") as shop,
        servers.workers(bulk=BULK_WORKERS, **settings),
        servers.api(**settings) as api,
    ):
        async with (
            opened(temporal, api.port, token, LANES) as events,
            _store(servers, temporal, shop) as store,
        ):
            await latency(events, EVENTS)  # the first seconds of a worker are slower
            idle = median(await latency(events, EVENTS))
            task = progress.add_task(f"{MANY:,} products: import beside events", total=MANY)
            walking = asyncio.create_task(store.walk(progress, task))
            busy: list[float] = []
            while not walking.done():
                busy += await latency(events, 1)
            await walking
    return [
        at_most(
            "an event's way to search during an import, against idle",
            median(busy) / idle,
            3.0,
            f"medians of {len(busy)}: {median(busy) * 1000:.0f} and {idle * 1000:.0f} ms",
        )
    ]

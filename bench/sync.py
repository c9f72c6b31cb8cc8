"""Syncs of a shop at the default request budget: speed, requests, embedding calls, CPU and memory."""

import asyncio
import os
import signal
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from datetime import timedelta
from statistics import median

from rich.progress import Progress
from temporalio.client import Client

from activities.stores.shop_reader import BURST
from bench.catalogue import product
from bench.results import Row, at_least, at_most, count, cpu_seconds, peak_memory
from bench.shop import Shop, delivery, opened
from bench.system import SECONDS_TO_START, Servers
from contracts.ids import catalog_sync_id
from contracts.syncs import Sync, SyncMode, SyncRequest
from crypto import SecretBox
from database.access import stores
from database.engine import Database, create_engine
from database.sync import runs
from embedded.children.processes import Child
from fakes.openai import EmbeddingServer
from fakes.woocommerce import KEY, SECRET
from settings import Settings
from temporal.client import connect
from temporal.starts import start_catalog_sync

FEW, MANY = 2_000, 20_000
PER_PAGE = 100
PAGES = MANY // PER_PAGE
EVENTS = 40
BUDGET: int = Settings.model_fields["shop_requests_per_minute"].default
"""Requests per minute."""


class ShopProcess:
    """A WooCommerce shop in a process of its own: see `bench.processes`."""

    def __init__(self, process: Child) -> None:
        self._process = process
        self._lines_read = 0
        self.base_url = self._next_line(None)

    def edit(self) -> None:
        """Edit one product in a hundred."""
        self._next_line(signal.SIGUSR1)

    def requests(self) -> int:
        """Returns the number of requests since the last call."""
        return int(self._next_line(signal.SIGUSR2))

    def _next_line(self, number: signal.Signals | None) -> str:
        if number is not None:
            os.kill(self._process.pid, number)
        self._lines_read += 1
        self._process.wait_until(
            lambda: self._process.log.read_text().count("\n") >= self._lines_read,
            seconds=SECONDS_TO_START,
            pause=time.sleep,
        )
        return self._process.log.read_text().splitlines()[self._lines_read - 1]


@contextmanager
def shop_process(servers: Servers, name: str, products: int) -> Iterator[ShopProcess]:
    arguments = ("-m", "bench.processes", "shop", str(products))
    with servers.process(f"shop-{name}", *arguments) as process:
        yield ShopProcess(process)


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """A sync and what it used: seconds, requests to the shop, and CPU seconds of the bulk worker."""

    sync: Sync
    seconds: float
    requests: int
    cpu: float
    history: int

    def budget_seconds(self, burst: timedelta) -> float:
        """Returns the time that the request budget alone takes, if the sync begins with such a burst."""
        return max(0.0, (self.requests - 1) * 60 / BUDGET - burst.total_seconds())


class SyncedStore:
    """A store that reads a shop, and the process that syncs it."""

    def __init__(
        self, database: Database, temporal: Client, store_id: int, shop: ShopProcess, worker: Child
    ) -> None:
        self._database = database
        self._temporal = temporal
        self._store_id = store_id
        self._shop = shop
        self._worker = worker

    async def sync(self, progress: Progress, name: str) -> Measured:
        """Run a full sync."""
        await asyncio.sleep(BURST.total_seconds())  # the next sync of a shop begins with a full burst
        task = progress.add_task(name, total=None)
        self._shop.requests()
        cpu, began = cpu_seconds(self._worker.pid), time.perf_counter()
        request = SyncRequest(store_id=self._store_id, mode=SyncMode.FULL)
        handle = await start_catalog_sync(self._temporal, request, task_queue="pilito-sync")
        await handle.result()
        seconds = time.perf_counter() - began
        progress.update(task, total=1, completed=1)
        described = await self._temporal.get_workflow_handle(
            catalog_sync_id("pilito-sync", self._store_id)
        ).describe()
        async with self._database.reading() as connection:
            _, [sync] = await runs.list_syncs(connection, self._store_id, offset=0, limit=1)
        if sync.status != "succeeded":
            raise RuntimeError(f"the sync ended as {sync}")
        return Measured(
            sync=sync,
            seconds=seconds,
            requests=self._shop.requests(),
            cpu=cpu_seconds(self._worker.pid) - cpu,
            history=described.history_length,
        )


@asynccontextmanager
async def synced_store(
    servers: Servers, temporal: Client, shop: ShopProcess, worker: Child
) -> AsyncIterator[SyncedStore]:
    """Create a store that reads a shop only when a benchmark starts a sync."""
    database = Database(create_engine(servers.database_url, pool_size=1))
    try:
        token = await servers.token()
        keys = {"consumer_key": KEY, "consumer_secret": SECRET}
        async with database.transaction() as connection:
            values = {
                "base_url": shop.base_url,
                "credentials": SecretBox(["k" * 32]).encrypt_fields(keys),
                "currency": "IRT",
                "schedule": {"paused": True},
            }
            await stores.change(connection, token.store_id, values)
        yield SyncedStore(database, temporal, token.store_id, shop, worker)
    finally:
        await database.close()


async def measure(servers: Servers, progress: Progress) -> list[Row]:
    temporal = await connect(servers.temporal_address, "default")
    with EmbeddingServer(instant=True) as embeddings:
        settings: dict[str, object] = {
            "PILITO_ALLOW_PRIVATE_SHOPS": "true",
            "OPENAI_BASE_URL": embeddings.base_url,
        }
        with shop_process(servers, "few", FEW) as shop, servers.workers(bulk=1, **settings) as [worker]:
            async with synced_store(servers, temporal, shop, worker) as store:
                await store.sync(progress, f"{FEW:,} products: first import")
            memory = peak_memory(worker.pid)
        rows = await _many(servers, temporal, settings, embeddings, memory, progress)
        return rows + await _events(servers, temporal, settings, progress)


async def _many(
    servers: Servers,
    temporal: Client,
    settings: dict[str, object],
    embeddings: EmbeddingServer,
    memory_of_few: int,
    progress: Progress,
) -> list[Row]:
    with shop_process(servers, "many", MANY) as shop, servers.workers(bulk=1, **settings) as [worker]:
        async with synced_store(servers, temporal, shop, worker) as store:
            calls = []
            embeddings.reset()
            first = await store.sync(progress, f"{MANY:,} products: first import")
            calls.append(len(embeddings.requests))
            memory = peak_memory(worker.pid)
            unchanged = await store.sync(progress, f"{MANY:,} products: unchanged")
            calls.append(len(embeddings.requests))
            shop.edit()
            changed = await store.sync(progress, f"{MANY:,} products: 1 % changed")
            calls.append(len(embeddings.requests))
    counts = changed.sync.counts
    return [
        _budget_row(f"first import of {MANY:,} products", first, burst=timedelta()),
        _budget_row(f"unchanged full sync of {MANY:,} products", unchanged),
        at_most(
            "requests per page, first import", first.requests / PAGES, 1.01, f"{first.requests} requests"
        ),
        at_most(
            "requests per page, unchanged", unchanged.requests / PAGES, 1.01, f"{unchanged.requests} requests"
        ),
        count("embedding calls, first import", calls[0], f"{PAGES} pages", exactly=PAGES),
        count("embedding calls, unchanged", calls[1] - calls[0], f"{PAGES} pages", exactly=0),
        count(
            "products applied when 1 % changed",
            counts.new + counts.changed,
            f"{calls[2] - calls[1]} embedding calls, {changed.requests} requests, {changed.seconds:.1f} s",
            exactly=MANY // 100,
        ),
        _cpu_row("first import", first),
        _cpu_row("unchanged", unchanged),
        at_most(
            f"peak memory of the bulk worker, {MANY:,} products against {FEW:,}",
            memory / memory_of_few,
            1.2,
            f"{memory} and {memory_of_few} MiB",
        ),
        Row(
            measurement=f"events in the history of the first import of {MANY:,} products",
            result=f"{first.history:,}",
            made_of=f"{PAGES} pages",
            target="< 5,000",
            met=first.history < 5_000,
        ),
    ]


def _budget_row(name: str, measured: Measured, *, burst: timedelta = BURST) -> Row:
    """Returns how close a sync is to its request budget; a shop that was never asked has no burst yet."""
    budget = measured.budget_seconds(burst)
    return at_least(
        f"{name}: share of the default request budget used",
        budget / measured.seconds,
        0.95,
        f"{measured.requests} requests in {measured.seconds:.1f} s, {BUDGET} a minute take {budget:.1f} s",
        unit="",
    )


def _cpu_row(name: str, measured: Measured) -> Row:
    return Row(
        measurement=f"CPU seconds of the bulk worker per 1,000 products, {name}",
        result=f"{measured.cpu * 1_000 / MANY:.2f}",
        made_of=f"{measured.cpu:.1f} s for {MANY:,} products",
    )


async def _events(
    servers: Servers, temporal: Client, settings: dict[str, object], progress: Progress
) -> list[Row]:
    """Measure how long events take while another store is imported."""
    token = await servers.token()
    with (
        shop_process(servers, "events", MANY) as shop,
        servers.workers(bulk=1, **settings) as [worker],
        servers.api(**settings) as api,
    ):
        async with (
            opened(temporal, api.port, token, 1) as sender,
            synced_store(servers, temporal, shop, worker) as store,
        ):
            await _latencies(sender, EVENTS)  # the first events of a worker are slower
            idle = median(await _latencies(sender, EVENTS))
            syncing = asyncio.create_task(store.sync(progress, f"{MANY:,} products: import with events"))
            await asyncio.sleep(BURST.total_seconds())
            busy: list[float] = []
            while not syncing.done():
                busy += await _latencies(sender, 1)
            await syncing
    return [
        at_most(
            "time from an event to search during an import, against idle",
            median(busy) / idle,
            3.0,
            f"{median(busy) * 1000:.0f} and {idle * 1000:.0f} ms, medians of {len(busy)} and {EVENTS}",
        )
    ]


async def _latencies(sender: Shop, events: int) -> list[float]:
    """Returns the seconds from sending an event to its end, for events one after another."""
    seconds = []
    for number in range(events):
        began = time.perf_counter()
        text = product(number + 1, price=number + time.time_ns() % 1_000_000, edited=True)
        await sender.sync(delivery(text | {"name": f"رویداد {time.time_ns()}"}))
        seconds.append(time.perf_counter() - began)
    return seconds

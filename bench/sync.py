"""A bulk resync against a loop that only downloads and parses the same pages, in alternating rounds."""

import asyncio
import time
from collections.abc import Sequence
from statistics import median

import psycopg
from rich.progress import Progress
from temporalio.client import Client

from bench import memory
from bench.catalogue import product
from bench.rows import Row, at_least, at_most, count
from bench.shop import Shop, delivery, opened
from bench.system import DIMENSIONS, MODEL, Servers
from bench.walks import PER_PAGE, Catalogue, Store, Walk, catalogue, download, reading
from connectors.woocommerce.client import MANIFEST_FIELDS
from contracts.ids import embedding_label
from database.chunks import vector_index
from fakes.openai import EmbeddingServer
from temporal.client import connect

FEW, MANY = 2_000, 20_000
LANES = 2
BULK_WORKERS = 2
EVENTS = 40
IMPORTS, COMPARISONS = 3, 5
"""Rounds: a loop, then a walk over the same pages."""

Round = tuple[float, Walk]
"""The loop's seconds, and the walk."""

LISTS = ",".join(MANIFEST_FIELDS)
SETTINGS: dict[str, object] = {
    "PILITO_ALLOW_PRIVATE_SHOPS": "true",
    "PILITO_SHOP_REQUESTS_PER_MINUTE": 10_000_000,
}


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
        async with reading(servers, temporal, shop) as store:
            task = progress.add_task(f"{FEW:,} products: first import", total=FEW)
            await store.walk(progress, task)
        return max(memory.peak(worker.pid) for worker in bulk)


async def _warm(servers: Servers, temporal: Client, progress: Progress, name: str) -> None:
    """Wait until the worker has started and done everything once."""
    with catalogue(servers, PER_PAGE, f"before-{name}") as shop:
        async with reading(servers, temporal, shop) as store:
            await store.walk(progress, progress.add_task("warming up", total=PER_PAGE))
        download(shop, PER_PAGE, None)


async def _many(
    servers: Servers,
    temporal: Client,
    settings: dict[str, object],
    embeddings: EmbeddingServer,
    few: int,
    progress: Progress,
) -> list[Row]:
    index_dropped(servers)
    with catalogue(servers, MANY, "many") as shop, servers.workers(bulk=BULK_WORKERS, **settings) as bulk:
        await _warm(servers, temporal, progress, "many")
        async with reading(servers, temporal, shop) as store:
            imports = [await _round(store, shop, None, "first import", progress)]
            many = max(memory.peak(worker.pid) for worker in bulk)
            index = index_built(servers)
            embeddings.reset()
            unchanged = [await _round(store, shop, LISTS, "unchanged", progress) for _ in range(COMPARISONS)]
            calls, asked = len(embeddings.requests), unchanged[0][1].asked
            shop.edit()
            _, changed = await _round(store, shop, LISTS, "1 % changed", progress)
            calls_changed = len(embeddings.requests) - calls
        index_dropped(servers)
        while len(imports) < IMPORTS:
            async with reading(servers, temporal, shop) as store:
                imports.append(await _round(store, shop, None, "first import", progress))
        index_built(servers)
    first, counts, pages = imports[0][1], changed.sync.counts, MANY // PER_PAGE
    return [
        at_least(
            f"first import of {MANY:,} products against downloading and parsing them",
            _ratio(imports),
            0.25,
            f"{_rates(imports)}; by {BULK_WORKERS} bulk workers, without the vector index, which takes in"
            f" {first.sync.counts.embedded:,} vectors in {index:.0f} s",
        ),
        at_least(
            f"unchanged full resync of {MANY:,} products against downloading and parsing the lists",
            _ratio(unchanged),
            0.7,
            _rates(unchanged),
        ),
        count("embedding calls of an unchanged resync", calls, f"{pages} pages", exactly=0),
        at_most("requests of an unchanged resync, a page", asked / pages, 1.01, f"{asked} requests"),
        count(
            "products taken over when 1 % changed",
            counts.new + counts.changed,
            f"{calls_changed} embedding calls, {changed.asked} requests, {changed.seconds:.1f} s",
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


async def _round(store: Store, shop: Catalogue, fields: str | None, name: str, progress: Progress) -> Round:
    """A loop over a shop's pages, and then a walk over them."""
    seconds = download(shop, MANY, fields)
    walk = await store.walk(progress, progress.add_task(f"{MANY:,} products: {name}", total=MANY))
    return seconds, walk


def _ratio(rounds: Sequence[Round]) -> float:
    return median(loop / walk.seconds for loop, walk in rounds)


def _rates(rounds: Sequence[Round]) -> str:
    ours, loops = median(walk.seconds for _, walk in rounds), median(loop for loop, _ in rounds)
    return (
        f"{MANY / ours:,.0f} of {MANY / loops:,.0f} products/s, medians of {len(rounds)} rounds each; the"
        " ratio is the median of the rounds' ratios"
    )


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
            reading(servers, temporal, shop) as store,
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

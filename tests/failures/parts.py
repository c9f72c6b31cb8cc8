"""Parts of an installation that a test takes down and brings back.

Each part is an asynchronous generator of three moments: it yields while all is well, while the part is down,
and when the part is back.
"""

import itertools
from collections.abc import AsyncGenerator
from contextlib import AsyncExitStack
from dataclasses import dataclass, field

import psycopg
import pytest
from sqlalchemy import text

from database.engine import Database
from fakes.openai import EmbeddingServer
from fakes.woocommerce import ShopServer
from tests.failures.test_crashes import process
from tests.support.alerts import Samples, firing, samples
from tests.support.eventually import eventually
from tests.support.network.cable import Cable
from tests.support.sync.syncs import Synced
from tests.support.system import System, working
from worker import Share

PRODUCT = {"id": 9, "name": "Kilim گلیم", "description": "<p>Woven by hand</p>", "price": "10"}


@dataclass
class Installation:
    """An API with connections that can be cut, and workers with connections of their own."""

    system: System
    postgres: Cable
    temporal: Cable
    embeddings: EmbeddingServer
    workers: dict[Share, AsyncExitStack] = field(default_factory=dict)
    scraped: list[Samples] = field(default_factory=list)

    async def start(self, share: Share) -> None:
        stack = self.workers[share] = AsyncExitStack()
        await stack.enter_async_context(working(self.system.settings, share))

    async def stop(self, share: Share) -> None:
        await self.workers.pop(share).aclose()

    async def scrape(self) -> Samples:
        """Returns what `/metrics` has now; alerts compare it with what it had since the test began."""
        answer = await self.system.http.get("/metrics")
        self.scraped.append(samples(answer.text))
        return self.scraped[-1]

    async def listening(self, share: Share, number: int) -> None:
        """Wait until so many workers listen on the queue of this share."""
        queue = self.system.settings.task_queue + ("-bulk" if share is Share.BULK else "")
        key = ("pilito_workers", frozenset({("queue", queue)}))
        await eventually(self.scrape, lambda seen: seen.get(key) == number, what=f"{number} on {queue}")

    async def expect(self, *names: str) -> None:
        """Wait until exactly these alerts fire."""

        async def fired() -> set[str]:
            await self.scrape()
            return firing(*self.scraped)

        await eventually(fired, lambda found: found == set(names), what=f"alerts {names}")


async def one_worker(at: Installation) -> AsyncGenerator[None]:
    """One of two is killed."""
    async with process(at.system.settings, "worker") as second:
        await at.listening(Share.EVENTS, 2)
        await at.listening(Share.BULK, 2)
        yield
        second.kill()
        await second.wait()
        yield
    async with process(at.system.settings, "worker"):
        yield


async def all_workers(at: Installation) -> AsyncGenerator[None]:
    yield
    await at.stop(Share.EVENTS)
    try:
        yield
    finally:
        await at.start(Share.EVENTS)
    yield


async def all_bulk_workers(at: Installation) -> AsyncGenerator[None]:
    """A sync waits, without which nothing has to be done."""
    with ShopServer() as shop:
        synced = await Synced.open(at.system, shop)
        yield
        await at.stop(Share.BULK)
        try:
            await at.listening(Share.BULK, 0)
            sync = await synced.start()
            yield
        finally:
            await at.start(Share.BULK)
        yield
        assert (await synced.ended(sync)).status == "succeeded"


async def temporal(at: Installation) -> AsyncGenerator[None]:
    yield
    await at.temporal.cut()
    try:
        yield
    finally:
        await at.temporal.restore()
    yield


async def postgres(at: Installation) -> AsyncGenerator[None]:
    yield
    await at.postgres.cut()
    try:
        yield
    finally:
        await at.postgres.restore()
    yield


async def both(at: Installation) -> AsyncGenerator[None]:
    yield
    await at.temporal.cut()
    await at.postgres.cut()
    try:
        yield
    finally:
        await at.postgres.restore()
        await at.temporal.restore()
    yield


async def writes(at: Installation) -> AsyncGenerator[None]:
    """A failover: connections break, and the new ones are to a server that refuses writes."""
    yield
    await _write(at.system.database, "ALTER DATABASE alerts SET default_transaction_read_only = on")
    await at.postgres.cut()
    await at.postgres.restore()
    try:
        yield
    finally:
        await _write(
            at.system.database,
            "SET default_transaction_read_only = off",
            "ALTER DATABASE alerts RESET default_transaction_read_only",
        )
        await at.postgres.cut()
        await at.postgres.restore()
    yield


async def connections(at: Installation) -> AsyncGenerator[None]:
    """Another program takes all that Postgres has."""
    held: list[psycopg.Connection[tuple[object, ...]]] = []
    url = (at.system.settings.database_url or "").replace("+psycopg", "")
    yield
    try:
        with pytest.raises(psycopg.OperationalError, match="too many clients"):
            held.extend(psycopg.connect(url) for _ in itertools.count())
        assert (await at.system.http.get("/readyz")).status_code == 200
        yield
    finally:
        for connection in held:
            connection.close()
    yield


async def a_shop(at: Installation) -> AsyncGenerator[None]:
    """It refuses a sync; a quarter of an hour later the next visit is like the first."""
    with ShopServer() as shop:
        synced = await Synced.open(at.system, shop)
        yield
        shop.fail_always("drop")
        sync = await synced.start()
        counted = "SELECT failures FROM shop_budgets WHERE store_id = :store AND failures > 0"
        await eventually(lambda: synced.store.one(counted), what="a visit that failed")
        await _write(
            at.system.database,
            "UPDATE shop_budgets SET failing_since = failing_since - interval '15 minutes'",
        )
        yield
        shop.fail_always(None)
        yield
        assert (await synced.ended(sync)).status == "succeeded"


async def embeddings(at: Installation) -> AsyncGenerator[None]:
    """An event waits for its vectors."""
    shop = await at.system.shop()
    yield
    at.embeddings.refuse_connections()
    try:
        event = await shop.submit(PRODUCT)
        yield
    finally:
        at.embeddings.accept_connections()
    yield
    assert (await shop.ended(event))["status"] == "succeeded"


async def _write(database: Database, *statements: str) -> None:
    async with database.single() as connection:
        for statement in statements:
            await connection.execute(text(statement))

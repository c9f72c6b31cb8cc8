"""Record the histories that `test_replay` replays: `make histories`.

Run it when a workflow got a new way to go. What was recorded before is left as it is: it says what today's
workflows must still be able to replay.
"""

import asyncio
import re
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from alembic import command
from sqlalchemy import text
from temporalio.client import WorkflowFailureError

from contracts.events import UnindexedProduct
from contracts.ids import SEARCH_ATTRIBUTES, event_retention_id, store_schedules_id
from contracts.syncs import SyncMode, SyncRequest
from database.search import vector_index
from embedded.postgres import EmbeddedPostgres
from embedded.temporal import EmbeddedTemporal
from fakes import openai as servers
from fakes.openai import EmbeddingServer
from fakes.woocommerce import KEY, SECRET, ShopServer
from settings import Settings
from temporal.starts import start_product_text
from tests.support import deliveries
from tests.support.environment import SECRET_KEY, migrated
from tests.support.eventually import eventually
from tests.support.shop import Shop
from tests.support.sync.syncs import Synced
from tests.support.system import System, running, running_inbox, started_by
from workflows.catalog_sync import ScheduledSyncWorkflow

HISTORIES = Path(__file__).parent / "histories"
LOCAL = re.compile(r'"(identity|stackTrace)":\s*"(?:[^"\\]|\\.)*"')
"""Fields that name the machine which recorded the history."""

DIMENSIONS = 8
SIGNED = "a-secret-of-letters"
PRODUCT = {"id": 1, "name": "Lamp", "description": "<p>Warm light.</p>", "price": "5"}


async def record(shop: Shop, name: str, event_id: str) -> None:
    await shop.ended(event_id)
    handle = shop.temporal.get_workflow_handle(shop.workflow_id(event_id))
    try:
        await handle.result()
    except WorkflowFailureError:
        print(f"{name}: ended as failed, as it should")
    await keep(shop, name, shop.workflow_id(event_id))


async def keep(shop: Shop, name: str, workflow_id: str) -> None:
    if (HISTORIES / f"{name}.json").exists():
        return
    history = await shop.temporal.get_workflow_handle(workflow_id).fetch_history()
    told = LOCAL.sub(r'"\1": ""', history.to_json())
    (HISTORIES / f"{name}.json").write_text(told + "\n")
    print(f"{name}: {len(history.events)} events")


async def record_syncs(system: System) -> None:
    """A first import, syncs in several runs, one that removes a product, a refused and a failed one."""
    with ShopServer() as server:
        synced = await Synced.open(system, server)
        id_ = synced.workflow_id
        ids = [server.add(name=f"Lamp {number}") for number in range(1_020)]
        await synced.sync()
        await keep(synced.store, "catalog-sync-imported", id_)
        await synced.sync(pages_per_run=5, pages_per_step=5)
        await keep(synced.store, "catalog-sync-continued", id_)
        for changed in ids[::100]:
            server.change(changed, name=f"Lantern {changed}")
        await synced.sync(pages_per_run=7, pages_per_step=2)
        await keep(synced.store, "catalog-sync-changed", id_)
        server.delete(ids[0])
        await synced.sync()
        await keep(synced.store, "catalog-sync-full", id_)
        server.change(ids[1], name="Torch")
        await synced.sync(SyncMode.INCREMENTAL)
        await keep(synced.store, "catalog-sync-incremental", id_)
        for gone in ids[2:400]:
            server.delete(gone)
        await synced.sync()
        await keep(synced.store, "catalog-sync-refused", id_)
        server.keys.clear()
        await synced.sync()
        await keep(synced.store, "catalog-sync-failed", id_)
        queue = system.settings.task_queue
        for name, named in (("scheduled-sync", ""), ("scheduled-sync-of-the-queue", queue)):
            scheduled = await system.temporal.start_workflow(
                ScheduledSyncWorkflow.run,
                SyncRequest(store_id=synced.store.store_id, task_queue=named),
                id=name,
                task_queue=queue,
            )
            await scheduled.result()
            await synced.ended(await synced.latest())
            await keep(synced.store, name, scheduled.id)


async def record_all(system: System, embeddings: EmbeddingServer) -> None:
    shop = await system.shop()
    first = await shop.submit(PRODUCT)
    await record(shop, "product-event-embedded", first)
    await record(shop, "product-event-at-once", first)
    await record(shop, "product-event-in-one-step", first)
    unchanged = await shop.submit({**PRODUCT, "price": "6"})
    await record(shop, "product-event-unchanged", unchanged)
    await record(shop, "product-event-ended-as-it-was-saved", unchanged)
    burst = [await shop.submit({**PRODUCT, "price": str(price)}) for price in (7, 8)]
    await record(shop, "product-event-superseded", burst[0])
    await record(shop, "product-event-superseding", burst[1])
    await record(shop, "product-event-deleted", await shop.submit({"id": 1}, "product.deleted"))
    embeddings.fail_next(servers.bad_request(), servers.bad_request())
    failed = await shop.submit({**PRODUCT, "name": "Torch"})
    await record(shop, "product-event-failed", failed)
    await record(shop, "product-event-failed-at-once", failed)
    await record(shop, "product-event-failed-in-one-step", failed)
    embeddings.fail_next(servers.overloaded(retry_after="0.01"), servers.overloaded(retry_after="0.01"))
    retried = await shop.submit({**PRODUCT, "name": "Lantern"})
    await record(shop, "product-event-retried", retried)
    await record(shop, "product-event-left-to-a-step", retried)
    await record(shop, "product-event-left-by-one-step", retried)
    embeddings.fail_next(servers.overloaded(retry_after="3"))
    lost = await shop.submit({**PRODUCT, "id": 30, "name": "Beacon"})
    await eventually(
        partial(shop.event, lost), lambda row: row is not None and row["status"] == "retrying", what=lost
    )
    async with shop.database.single() as connection:
        await connection.execute(text("DELETE FROM events WHERE event_id = :lost"), {"lost": lost})
    await record(shop, "product-event-recorded-again", lost)
    queue = system.settings.task_queue
    inbox = await eventually(partial(running_inbox, shop.temporal, queue), what="the inbox")
    assert inbox is not None
    await keep(shop, "event-inbox", inbox.workflow_id)
    retention = shop.temporal.get_schedule_handle(event_retention_id(queue))
    await retention.trigger()
    described = await eventually(retention.describe, lambda now: bool(started_by(now)), what="the trimming")
    [trimmed] = started_by(described)
    await shop.temporal.get_workflow_handle(trimmed).result()
    await keep(shop, "event-retention", trimmed)
    await record_syncs(system)
    stores = shop.temporal.get_schedule_handle(store_schedules_id(queue))
    described = await eventually(stores.describe, lambda now: bool(started_by(now)), what="the alignment")
    await shop.temporal.get_workflow_handle(started_by(described)[0]).result()
    await keep(shop, "store-schedules", started_by(described)[0])
    async with shop.database.single() as connection:
        await connection.execute(text("UPDATE products SET claimed_hash = NULL, knowledge_hash = NULL"))
    product = await shop.product(1)
    assert product is not None
    unindexed = UnindexedProduct(product_id=product["id"], store_id=shop.store_id, external_id="woo_1")
    known = await start_product_text(shop.temporal, unindexed, task_queue=queue)
    await known.result()
    await keep(shop, "product-text", known.id)
    await keep(shop, "event-inbox-looking", inbox.workflow_id)


async def record_prompt(system: System) -> None:
    """Events without a debounce: one that ends in its first step, and one that is cancelled there."""
    shop = await system.shop()
    await record(shop, "product-event-without-a-wait", await shop.submit({**PRODUCT, "id": 40}))
    async with shop.database.transaction() as connection:
        await connection.execute(text("SELECT FROM products WHERE external_id = 'woo_40' FOR UPDATE"))
        cancelled = await shop.submit({**PRODUCT, "id": 40, "name": "Candle"})
        await shop.taken_up(cancelled)
        await shop.temporal.get_workflow_handle(shop.workflow_id(cancelled)).cancel()
        await record(shop, "product-event-cancelled-in-its-first-step", cancelled)


async def record_confirmed(system: System) -> None:
    """Events that are confirmed with their shop, that cannot be, and that are superseded while they wait."""
    key = {"consumer_key": KEY, "consumer_secret": SECRET}
    with ShopServer() as real:
        shop = await system.shop(webhook_secret=SIGNED, base_url=real.base_url, credentials=key)

        async def told(body: dict[str, Any], topic: str = "product.updated") -> str:
            answer = await shop.deliver(deliveries.woocommerce(body, SIGNED, topic=topic))
            event_id: str = answer.json()["event_id"]
            return event_id

        parent = real.add(name="Shirt", variations=[{"price": "5"}])
        (inside,) = real.products[parent]["variations"]
        pulled = await told({**real.variations[inside], "type": "variation"})
        await record(shop, "product-event-confirmed", pulled)
        asked = len(real.seen)
        real.fail_next("hang")
        waiting = await told({"id": parent}, "product.deleted")
        await asyncio.to_thread(real.wait_for_requests, asked + 1)
        await shop.ended(await told({**real.products[parent], "name": "Coat"}))
        await record(shop, "product-event-confirm-superseded", waiting)
        real.release()
        real.keys.clear()
        await record(shop, "product-event-unconfirmed", await told({"id": inside}, "product.deleted"))


async def main() -> None:
    with TemporaryDirectory() as directory, EmbeddingServer() as embeddings:
        postgres = EmbeddedPostgres(Path(directory))
        temporal = EmbeddedTemporal(
            Path(directory), search_attributes=dict.fromkeys(SEARCH_ATTRIBUTES, "Keyword")
        )
        try:
            url, address = postgres.start(), temporal.start()
            command.upgrade(migrated(url), "head")
            vector_index.ensure(url, model="text-embedding-3-small", dimensions=DIMENSIONS)
            settings = Settings.model_validate(
                {
                    "database_url": url,
                    "temporal_address": address,
                    "secret_key": SECRET_KEY,
                    "OPENAI_API_KEY": "test",
                    "OPENAI_BASE_URL": embeddings.base_url,
                    "embedding_dimensions": DIMENSIONS,
                    "debounce_seconds": 0.5,
                    "allow_private_shops": True,
                }
            )
            async with running(settings) as system:
                await record_all(system, embeddings)
                await record_confirmed(system)
            prompt = settings.model_copy(update={"debounce_seconds": 0.0, "task_queue": "prompt"})
            async with running(prompt) as system:
                await record_prompt(system)
        finally:
            temporal.stop()
            postgres.stop()


if __name__ == "__main__":
    asyncio.run(main())

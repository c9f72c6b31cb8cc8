"""Record the histories that `test_replay` replays: `make histories`.

Run it when a workflow got a new way to go. What was recorded before is left as it is: it says what today's
workflows must still be able to replay.
"""

import asyncio
import re
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory

from alembic import command
from sqlalchemy import text
from temporalio.client import WorkflowFailureError

from contracts.events import LostText
from contracts.naming import SEARCH_ATTRIBUTES, event_retention_id, store_schedules_id
from database import vector_index
from embedded.postgres import EmbeddedPostgres
from embedded.temporal import EmbeddedTemporal
from settings import Settings
from tests import servers
from tests.conftest import SECRET_KEY, migrated
from tests.servers import EmbeddingServer
from tests.system import Shop, System, eventually, running, running_inbox, started_by
from workflows.client import start_product_text

HISTORIES = Path(__file__).parent / "histories"
LOCAL = re.compile(r'"(identity|stackTrace)":\s*"(?:[^"\\]|\\.)*"')
"""What would tell whose machine this was."""

DIMENSIONS = 8
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


async def record_all(system: System, embeddings: EmbeddingServer) -> None:
    shop = await system.shop()
    await record(shop, "product-event-embedded", await shop.tell(PRODUCT))
    await record(shop, "product-event-unchanged", await shop.tell({**PRODUCT, "price": "6"}))
    burst = [await shop.tell({**PRODUCT, "price": str(price)}) for price in (7, 8)]
    await record(shop, "product-event-superseded", burst[0])
    await record(shop, "product-event-overtaking", burst[1])
    await record(shop, "product-event-deleted", await shop.tell({"id": 1}, "product.deleted"))
    embeddings.fail_next(servers.bad_request())
    await record(shop, "product-event-failed", await shop.tell({**PRODUCT, "name": "Torch"}))
    embeddings.fail_next(servers.overloaded(retry_after="0.01"), servers.overloaded(retry_after="0.01"))
    await record(shop, "product-event-retried", await shop.tell({**PRODUCT, "name": "Lantern"}))
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
    stores = shop.temporal.get_schedule_handle(store_schedules_id(queue))
    described = await eventually(stores.describe, lambda now: bool(started_by(now)), what="the alignment")
    await shop.temporal.get_workflow_handle(started_by(described)[0]).result()
    await keep(shop, "store-schedules", started_by(described)[0])
    async with shop.database.single() as connection:
        await connection.execute(text("UPDATE products SET taken_hash = NULL, knowledge_hash = NULL"))
    product = await shop.product(1)
    assert product is not None
    lost = LostText(product_id=product["id"], store_id=shop.store_id, external_id="woo_1")
    known = await start_product_text(shop.temporal, lost, task_queue=queue)
    await known.result()
    await keep(shop, "product-text", known.id)
    await keep(shop, "event-inbox-looking", inbox.workflow_id)


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
                }
            )
            async with running(settings) as system:
                await record_all(system, embeddings)
        finally:
            temporal.stop()
            postgres.stop()


if __name__ == "__main__":
    asyncio.run(main())

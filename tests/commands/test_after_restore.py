"""`pilito after-restore`."""

from datetime import UTC, datetime
from functools import partial

import pytest
from sqlalchemy import text
from temporalio.client import Client

from contracts.events import EventType, ProductEvent
from contracts.syncs import SyncRequest
from database.after_restore import GAP
from database.engine import Database
from temporal.client import connect, status_of
from temporal.starts import start_catalog_sync, start_product_event
from tests.support.eventually import eventually
from tests.support.pilito import Pilito

QUEUE = "after-restore"


@pytest.fixture
def restored(pilito: Pilito, temporal_address: str) -> Pilito:
    return Pilito(
        {**pilito.environment, "PILITO_TEMPORAL_ADDRESS": temporal_address, "PILITO_TASK_QUEUE": QUEUE}
    )


def event_of(store_id: int) -> ProductEvent:
    return ProductEvent(
        store_id=store_id,
        event_id="lost",
        event_type=EventType.UPDATED,
        external_id="woo_1",
        received_at=datetime.now(UTC),
        body={"id": 1, "name": "Lamp"},
    )


async def next_store(database: Database) -> int:
    async with database.transaction() as connection:
        number: int = (await connection.execute(text("SELECT nextval('stores_id_seq')"))).scalar_one()
        return number


async def listed(client: Client, workflow_id: str) -> bool:
    """Returns whether Temporal's list has a workflow, which takes a moment."""
    return any([found async for found in client.list_workflows(f"WorkflowId = '{workflow_id}'")])


async def test_numbers_are_left_out_and_lost_stores_end(
    restored: Pilito, database: Database, temporal_address: str, owner: str
) -> None:
    """The workflows of a store that the dump lacks end, and so do syncs; others stay. It may be repeated."""
    kept = (await restored.token("--email", owner, "--store", "kept"))["store_id"]
    client = await connect(temporal_address, "default")
    gone = 2**50
    workflows = [
        (await start_product_event(client, event_of(store), task_queue=QUEUE)).id for store in (kept, gone)
    ]
    sync = await start_catalog_sync(client, SyncRequest(store_id=kept), task_queue=QUEUE)
    for workflow_id in (*workflows, sync.id):
        await eventually(partial(listed, client, workflow_id), what=workflow_id)
    before = await next_store(database)
    printed = await restored("after-restore")
    assert printed.code == 0, printed.text
    assert "2 workflows terminated" in printed.text
    assert await next_store(database) == before + GAP + 1
    statuses = [await status_of(client, workflow_id) for workflow_id in (*workflows, sync.id)]
    assert statuses == ["RUNNING", "TERMINATED", "TERMINATED"]
    again = await restored("after-restore")
    assert (again.code, "0 workflows terminated" in again.text) == (0, True)
    await client.get_workflow_handle(workflows[0]).terminate("end of test")


async def test_without_temporal_it_says_what_is_left_to_do(restored: Pilito) -> None:
    """The database is prepared in any case."""
    printed = await restored("after-restore", PILITO_TEMPORAL_ADDRESS="127.0.0.1:1")
    assert (printed.code, "Run this command again" in printed.text) == (1, True)
    assert "counters advanced" in printed.text
    missing = await restored("after-restore", PILITO_TEMPORAL_ADDRESS="")
    assert (missing.code, "No Temporal" in missing.text) == (1, True)

"""What the removal of a store takes along in Temporal, and what it reports."""

import json
from datetime import timedelta
from functools import partial

import pytest
from temporalio.client import Client

from contracts.ids import sync_schedule_id
from contracts.syncs import SyncMode
from temporal.client import connect, status_of
from temporal.histories import keep_for, kept_for
from temporal.starts import start_product_event
from tests.commands.test_after_restore import event_of, listed
from tests.support.eventually import eventually
from tests.support.pilito import Pilito

QUEUE = "removal"


@pytest.fixture
def installed(pilito: Pilito, temporal_address: str) -> Pilito:
    return Pilito(
        {**pilito.environment, "PILITO_TEMPORAL_ADDRESS": temporal_address, "PILITO_TASK_QUEUE": QUEUE}
    )


async def started(client: Client, store_id: int, *, queue: str = QUEUE) -> str:
    """Returns the id of the workflow of an event that Temporal lists."""
    workflow = await start_product_event(client, event_of(store_id), task_queue=queue)
    await eventually(partial(listed, client, workflow.id), what=workflow.id)
    return workflow.id


async def is_deleted(client: Client, workflow_id: str) -> bool:
    """Returns whether a workflow that ran is terminated or gone: Temporal deletes after half a minute."""
    return await status_of(client, workflow_id) in (None, "TERMINATED")


async def test_a_removed_store_is_gone_from_temporal(
    installed: Pilito, owner: str, temporal_address: str
) -> None:
    """Running, ended and scheduled workflows of the store; workflows of other stores and queues stay."""
    client = await connect(temporal_address, "default")
    removed, other = [
        (await installed.token("--email", owner, "--store", name))["store_id"] for name in ("رفته", "stays")
    ]
    running = await started(client, removed)
    scheduled = f"{sync_schedule_id(QUEUE, removed, SyncMode.FULL)}-2026-11-26T00:00:00Z"
    await client.start_workflow("ScheduledSync", id=scheduled, task_queue=QUEUE)
    await client.get_workflow_handle(scheduled).terminate("it ended")
    await eventually(partial(listed, client, scheduled), what=scheduled)
    stays = [await started(client, other), await started(client, removed, queue="not ours")]
    printed = await installed("store", "remove", removed, "--yes", "--json", OPENAI_API_KEY="key")
    assert printed.code == 0, printed.text
    report = json.loads(printed.text)
    assert (report["removed"], report["histories_deleted"]) == (True, 2)
    assert [one["where"] for one in report["remains"]] == [
        "backups",
        "logs",
        "embedding service api.openai.com",
    ]
    assert await is_deleted(client, running)
    assert [await status_of(client, one) for one in stays] == ["RUNNING", "RUNNING"]
    for one in stays:
        await client.get_workflow_handle(one).terminate("end of test")


async def test_what_temporal_could_not_delete_is_reported_and_purged(
    installed: Pilito, owner: str, temporal_address: str
) -> None:
    """The rows are gone in any case; workflows of stores that exist stay."""
    client = await connect(temporal_address, "default")
    removed, other = [
        (await installed.token("--email", owner, "--store", name))["store_id"] for name in ("left", "stays")
    ]
    orphan, stays = [await started(client, store_id, queue="purged") for store_id in (removed, other)]
    printed = await installed("store", "remove", removed, "--yes", PILITO_TEMPORAL_ADDRESS="127.0.0.1:1")
    assert (printed.code, f"Store {removed} is removed." in printed.text) == (0, True), printed.text
    assert "- Temporal: histories of its workflows" in printed.text
    purged = await installed("store", "purge-histories", "--yes", "--json", PILITO_TASK_QUEUE="purged")
    assert json.loads(purged.text) == {"deleted": 1}
    assert await is_deleted(client, orphan)
    assert await status_of(client, stays) == "RUNNING"
    await client.get_workflow_handle(stays).terminate("end of test")


async def test_histories_are_kept_for_as_many_days_as_set(temporal_address: str) -> None:
    """Only a change is written."""
    client = await connect(temporal_address, "default")
    try:
        assert [await keep_for(client, 8), await keep_for(client, 8)] == [True, False]
        assert await kept_for(client) == timedelta(days=8)
    finally:
        await keep_for(client, 7)

"""Events without a row of their own, as after a restore: the row is gone, or belongs to another workflow."""

import json
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial
from typing import Any

import pytest
import pytest_asyncio
from sqlalchemy import text
from temporalio.client import WorkflowFailureError

from api.repeated import start_if_lost
from contracts.errors import RowGone
from contracts.events import EventType, ProductEvent
from contracts.ids import product_event_id
from contracts.syncs import SyncEnd, SyncRequest, SyncStatus
from database.engine import Database, create_engine
from database.sync import runs
from fakes.openai import EmbeddingServer, overloaded
from temporal.client import status_of
from temporal.starts import start_product_event
from tests.support.environment import Configure
from tests.support.eventually import eventually
from tests.support.recovery import age, look
from tests.support.shop import Shop
from tests.support.system import System, running

LAMP = {"id": 1, "name": "Lamp", "price": "5"}
LARGE = {**LAMP, "description": "<p>" + "large " * 60_000 + "</p>"}


@pytest_asyncio.fixture(scope="module")
async def calm(configure: Configure) -> AsyncIterator[System]:
    """A service that debounces for long enough to lose a row in the meantime."""
    async with running(configure(task_queue="calm", debounce_seconds=3.0)) as started:
        yield started


@pytest_asyncio.fixture
async def shop(calm: System, embeddings: EmbeddingServer) -> Shop:
    return await calm.shop()


def event_of(shop: Shop) -> ProductEvent:
    return ProductEvent(
        store_id=shop.store_id,
        event_id="old",
        event_type=EventType.UPDATED,
        external_id="woo_1",
        received_at=datetime.now(UTC),
        body=LAMP,
    )


async def change(shop: Shop, sql: str, **values: Any) -> None:
    async with shop.database.single() as connection:
        await connection.execute(text(sql), {"store": shop.store_id, **values})


async def lose(shop: Shop, event_id: str) -> None:
    await change(shop, "DELETE FROM events WHERE store_id = :store AND event_id = :event", event=event_id)


async def take_number(shop: Shop, number: int) -> None:
    """Store another workflow's waiting event under the number of a lost row."""
    await change(
        shop,
        """
        INSERT INTO events (id, store_id, event_id, event_type, external_id, product_key, payload,
                            received_at, burst_started_at, status, is_pending, workflow_id, run_id)
        OVERRIDING SYSTEM VALUE
        VALUES (:id, :store, 'other', 'product.updated', 'woo_9', 'woo_9', CAST(:payload AS json),
                now(), now(), 'waiting', true, 'another-workflow', 'another-run')
        """,
        id=number,
        payload=json.dumps({"id": 9, "name": "Other"}),
    )


async def test_a_waiting_event_never_acts_on_the_row_of_another(shop: Shop, calm: System) -> None:
    """Its number was given out a second time, to an event of another store."""
    event_id = await shop.submit(LAMP)
    row = await shop.taken_up(event_id)
    other = await calm.shop()
    await lose(shop, event_id)
    await take_number(other, row["id"])
    taken = await other.event("other")
    ended = await shop.ended(event_id)
    assert (ended["status"], ended["id"] == row["id"]) == ("succeeded", False)
    assert await other.event("other") == taken
    assert await other.product(9) is None
    product = await shop.product(1)
    assert product is not None
    assert product["title"] == "Lamp"
    await change(other, "DELETE FROM events WHERE store_id = :store")


async def test_an_event_that_is_embedded_never_acts_on_the_row_of_another(
    shop: Shop, calm: System, embeddings: EmbeddingServer
) -> None:
    """Neither its reasons for waiting nor its end are written into the other row."""
    embeddings.fail_next(overloaded(retry_after="1"), overloaded(retry_after="1"))
    event_id = await shop.submit(LAMP)
    row = await eventually(
        partial(shop.event, event_id), lambda row: row is not None and row["status"] == "retrying"
    )
    assert row is not None
    other = await calm.shop()
    await lose(shop, event_id)
    await take_number(other, row["id"])
    taken = await other.event("other")
    assert (await shop.ended(event_id))["status"] in ("succeeded", "unchanged")
    assert await other.event("other") == taken
    await change(other, "DELETE FROM events WHERE store_id = :store")


async def test_a_row_that_was_put_back_to_before_the_change_was_saved(
    shop: Shop, embeddings: EmbeddingServer
) -> None:
    """The product of the restored database has not been saved, so the event is processed once more."""
    embeddings.fail_next(overloaded(retry_after="2"))
    event_id = await shop.submit(LAMP)
    await eventually(
        partial(shop.event, event_id), lambda row: row is not None and row["status"] == "retrying"
    )
    await change(shop, "DELETE FROM products WHERE store_id = :store")
    await change(shop, "UPDATE events SET is_pending = true, status = 'waiting' WHERE store_id = :store")
    assert (await shop.ended(event_id))["status"] == "succeeded"
    assert len(await shop.chunks(1)) == 1


async def test_a_large_body_that_only_the_lost_row_had(shop: Shop) -> None:
    """The event fails with what to do, empties no product, and works when it is sent again."""
    await shop.sync(LAMP)
    before = await shop.product(1)
    event_id = await shop.submit(LARGE)
    await shop.taken_up(event_id)
    await lose(shop, event_id)
    row = await shop.closed(event_id)
    assert (row["status"], "send the product again" in row["reason"]) == ("failed", True)
    assert await shop.product(1) == before
    assert (await shop.send(LARGE, event_id=event_id)).status_code == 202
    await eventually(
        partial(shop.event, event_id), lambda row: row is not None and row["status"] == "succeeded"
    )


async def test_an_event_that_the_database_has_lost_is_accepted_again(shop: Shop) -> None:
    """Temporal knows that it succeeded, but the event log lacks it; a repetition is skipped as ever."""
    event_id = await shop.submit(LAMP)
    await shop.closed(event_id)
    assert (await shop.send(LAMP, event_id=event_id)).status_code == 200
    await lose(shop, event_id)
    await change(shop, "DELETE FROM products WHERE store_id = :store")
    assert (await shop.send(LAMP, event_id=event_id)).status_code == 202
    assert (await shop.ended(event_id))["status"] == "succeeded"
    assert len(await shop.chunks(1)) == 1
    assert (await shop.send(LAMP, event_id=event_id)).status_code == 200


async def test_an_event_that_runs_has_one_workflow(shop: Shop) -> None:
    """It is accepted, because its row is gone, and the workflow that holds it takes the new row."""
    event_id = await shop.submit(LAMP)
    before = await shop.taken_up(event_id)
    await lose(shop, event_id)
    assert (await shop.send(LAMP, event_id=event_id)).status_code == 202
    row = await shop.ended(event_id)
    assert (row["status"], row["run_id"], len(row["attempts"])) == ("succeeded", before["run_id"], 1)


async def test_an_event_that_succeeded_after_the_dump_runs_again(shop: Shop, calm: System) -> None:
    """Its row says that it waits; recovery starts it once more."""
    event_id = await shop.submit(LAMP)
    await shop.closed(event_id)
    await change(shop, "DELETE FROM products WHERE store_id = :store")
    await change(
        shop,
        "UPDATE events SET status = 'waiting', is_pending = true, finished_at = NULL WHERE store_id = :store",
    )
    await age(shop, event_id)
    await look(calm)
    assert (await shop.ended(event_id))["status"] == "succeeded"
    assert len(await shop.chunks(1)) == 1


async def test_a_store_that_is_removed_ends_its_events(shop: Shop) -> None:
    """There is nothing to record again."""
    event_id = await shop.submit(LAMP)
    await shop.taken_up(event_id)
    await change(shop, "DELETE FROM stores WHERE id = :store")
    handle = shop.temporal.get_workflow_handle(shop.workflow_id(event_id))
    with pytest.raises(WorkflowFailureError) as failed:
        await handle.result()
    assert str(failed.value.cause) == "failed: The store was removed."


async def test_an_event_of_an_earlier_version_is_not_taken_over(shop: Shop, calm: System) -> None:
    """It runs under an id without the task queue; the same event under the new id ends as a duplicate."""
    event, queue = event_of(shop), calm.settings.task_queue
    old_id = f"product-event/{shop.store_id}/old"
    await start_product_event(shop.temporal, event, task_queue=queue, workflow_id=old_id)
    await shop.taken_up("old")
    assert (await shop.send(LAMP, event_id="old")).status_code == 200
    await start_product_event(shop.temporal, event, task_queue=queue)
    row = await shop.ended("old")
    assert (row["status"], row["workflow_id"], row["redeliveries"]) == ("succeeded", old_id, 1)
    repeated = await shop.temporal.get_workflow_handle(shop.workflow_id("old")).result()
    assert repeated["status"] == "duplicate"
    assert (await shop.send(LAMP, event_id="old")).status_code == 200


async def test_two_installations_in_one_namespace(shop: Shop) -> None:
    """Equal numbers of stores and equal event ids are two workflows."""
    here = await shop.submit(LAMP, event_id="same")
    same = replace(event_of(shop), event_id="same")
    await start_product_event(shop.temporal, same, task_queue="second")
    await shop.taken_up(here)
    ids = [product_event_id(queue, shop.store_id, here) for queue in ("calm", "second")]
    assert [await status_of(shop.temporal, one) is not None for one in ids] == [True, True]
    await shop.temporal.get_workflow_handle(ids[1]).terminate("end of test")
    await shop.ended(here)


async def test_a_sync_acts_only_on_its_own_row(shop: Shop) -> None:
    """A sync with the number of another workflow's row shows no reason there, and does not end it."""
    async with shop.database.transaction() as connection:
        request = SyncRequest(store_id=shop.store_id)
        run = await runs.begin(connection, request, workflow_id="own", run_id=f"own-{shop.store_id}")
        assert run is not None
        before = await runs.read(connection, shop.store_id, run.sync_id)
        await runs.show_reason(connection, run.sync_id, "slow", workflow_id="another")
        failed = SyncEnd(sync_id=run.sync_id, status=SyncStatus.FAILED)
        await runs.finish(connection, failed, workflow_id="another")
        assert await runs.read(connection, shop.store_id, run.sync_id) == before
        with pytest.raises(RowGone):
            await runs.check(connection, run, workflow_id="another")
        await runs.check(connection, run, workflow_id="own")
        await runs.finish(connection, failed, workflow_id="own")
        with pytest.raises(RowGone):
            await runs.check(connection, run, workflow_id="own")


async def test_while_postgres_is_down_temporal_is_believed(shop: Shop, calm: System) -> None:
    """A repetition is skipped, because nothing shows that the database has lost the event."""
    event_id = await shop.submit(LAMP)
    await shop.closed(event_id)
    down = Database(create_engine("postgresql+psycopg://nowhere@127.0.0.1:1/nowhere", pool_size=1))
    repeated = replace(event_of(shop), event_id=event_id)
    assert not await start_if_lost(down, shop.temporal, repeated, task_queue=calm.settings.task_queue)
    await down.close()

"""The workflow history of an event."""

from collections import Counter
from collections.abc import AsyncIterator

import pytest_asyncio
from temporalio.client import WorkflowExecutionStatus

from fakes.openai import EmbeddingServer
from tests.support.environment import Configure
from tests.support.shop import Shop
from tests.support.system import running

PRODUCT = {
    "id": 5,
    "name": "کیف چرمی دست‌دوز",
    "description": "<p>چرم طبیعی گاوی، دوخت دست.</p>",
    "price": "2750000",
}


@pytest_asyncio.fixture
async def shop(configure: Configure, embeddings: EmbeddingServer) -> AsyncIterator[Shop]:
    """A store of a service of its own, which has not seen its embedding service fail."""
    async with running(configure(task_queue="short-histories")) as system:
        yield await system.shop()


async def test_a_history_is_short_and_holds_neither_vectors_nor_a_second_body(shop: Shop) -> None:
    """The body is in the history once, in the start; activities receive ids and hashes."""
    event_id = await shop.submit(PRODUCT)
    await shop.ended(event_id)
    handle = shop.temporal.get_workflow_handle(shop.workflow_id(event_id))
    await handle.result()
    history = await handle.fetch_history()
    kinds = Counter(event.WhichOneof("attributes") for event in history.events)
    assert kinds["workflow_task_completed_event_attributes"] == 1, "all is done in one task"
    assert kinds["marker_recorded_event_attributes"] == 1, "one local activity"
    assert len(history.events) <= 8, kinds
    raw = [event.SerializeToString() for event in history.events]
    assert [at for at, event in enumerate(raw) if "چرم طبیعی".encode() in event] == [0]
    assert max(map(len, raw[1:])) < 2_000, "no vector fits into that"
    assert not any(shop.secret.encode() in event for event in raw)


async def test_an_event_can_be_found_in_the_ui(shop: Shop) -> None:
    """Store, subject, type and status are search attributes; the summary is readable."""
    event_id = await shop.submit(PRODUCT)
    await shop.ended(event_id)
    handle = shop.temporal.get_workflow_handle(shop.workflow_id(event_id))
    await handle.result()
    described = await handle.describe()
    assert described.status is WorkflowExecutionStatus.COMPLETED
    found = {pair.key.name: pair.value for pair in described.typed_search_attributes}
    assert (
        found.items()
        >= {
            "StoreId": str(shop.store_id),
            "ExternalId": "woo_5",
            "EventType": "product.updated",
            "EventStatus": "succeeded",
        }.items()
    )
    assert await described.static_summary() == "product.updated · woo_5 · کیف چرمی دست‌دوز"

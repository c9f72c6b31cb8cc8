"""Embedding at once: while the embedding service answers, and while it does not."""

from collections.abc import AsyncIterator
from datetime import timedelta
from functools import partial
from typing import Any

import pytest
import pytest_asyncio
from sqlalchemy import text
from temporalio.client import WorkflowHistory

from activities.events import at_once, first_tries
from fakes.openai import EmbeddingServer, overloaded
from tests.support.environment import Configure
from tests.support.eventually import eventually
from tests.support.shop import Shop
from tests.support.system import System, running

PARAGRAPHS = "".join(f"<p>بند {n}: " + f"جمله‌ای درباره ویژگی {n} این کالا. " * 12 + "</p>" for n in range(5))


def product(number: int = 3, **changes: Any) -> dict[str, Any]:
    return {"id": number, "name": f"دوچرخه {number}", "description": PARAGRAPHS, "price": "10", **changes}


@pytest_asyncio.fixture
async def prompt(
    configure: Configure, embeddings: EmbeddingServer, request: pytest.FixtureRequest
) -> AsyncIterator[System]:
    """A service of its own, which has not seen its embedding service fail."""
    queue = f"at-once-{request.node.name[:40]}"
    async with running(configure(task_queue=queue)) as system:
        yield system


@pytest_asyncio.fixture
async def shop(prompt: System) -> Shop:
    return await prompt.shop()


async def requests(embeddings: EmbeddingServer) -> int:
    return len(embeddings.requests)


async def history_of(shop: Shop, event_id: str) -> WorkflowHistory:
    handle = shop.temporal.get_workflow_handle(shop.workflow_id(event_id))
    await handle.result()
    return await handle.fetch_history()


def embedding_steps(history: WorkflowHistory) -> int:
    return sum(event.HasField("activity_task_scheduled_event_attributes") for event in history.events)


async def indexed_once(shop: Shop, number: int = 3) -> None:
    """Each chunk of a product is stored once, and has a vector."""
    live = await shop.chunks(number)
    assert len(live) > 1
    assert [chunk["position"] for chunk in live] == list(range(len(live)))
    stored = await shop.rows(
        "SELECT k.embedding IS NULL AS is_bare FROM tenant_knowledge k JOIN products p ON p.id = k.product_id"
        " WHERE p.store_id = :store AND p.external_id = :id",
        id=f"woo_{number}",
    )
    assert [row["is_bare"] for row in stored] == [False] * len(live)


async def test_a_service_that_answers_needs_no_other_step(shop: Shop, embeddings: EmbeddingServer) -> None:
    """The event ends in its first workflow task, with one request."""
    event_id = await shop.submit(product())
    row = await shop.ended(event_id)
    assert (row["status"], row["reason"].startswith("Indexed; ")) == ("succeeded", True)
    assert embedding_steps(await history_of(shop, event_id)) == 0
    assert len(embeddings.requests) == 1
    await indexed_once(shop)


async def test_a_slow_service_gets_another_request_from_a_step_that_may_take_longer(
    shop: Shop, embeddings: EmbeddingServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The first request is given up, the event is not; following events do not try at once."""
    monkeypatch.setattr(at_once, "LONGEST", timedelta(seconds=0.2))
    embeddings.fail_next("hang")
    event_id = await shop.submit(product())
    assert (await shop.ended(event_id))["status"] == "succeeded"
    embeddings.release()
    assert embedding_steps(await history_of(shop, event_id)) == 1
    assert len(embeddings.requests) == 2
    await indexed_once(shop)
    following = await shop.submit(product(4))
    assert (await shop.ended(following))["status"] == "succeeded"
    assert embedding_steps(await history_of(shop, following)) == 1


async def test_a_service_that_is_down_is_asked_again_after_the_pause_it_wants(
    shop: Shop, embeddings: EmbeddingServer
) -> None:
    """The step that Temporal retries begins with the failure, so it does not ask at once a second time."""
    embeddings.fail_next(overloaded(retry_after="1"))
    event_id = await shop.submit(product())
    assert (await shop.ended(event_id))["status"] == "succeeded"
    assert len(embeddings.requests) == 2
    history = await history_of(shop, event_id)
    (started,) = [
        event.activity_task_started_event_attributes
        for event in history.events
        if event.HasField("activity_task_started_event_attributes")
    ]
    assert started.attempt == 2
    assert "temporary problem" in started.last_failure.message
    await indexed_once(shop)


async def test_a_service_that_hangs_holds_no_event_without_a_text_to_embed(
    prompt: System, shop: Shop, embeddings: EmbeddingServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """More events than there are places wait for it; another store's change of a price does not."""
    other = await prompt.shop()
    assert await other.sync(product(1)) == "succeeded"
    monkeypatch.setattr(at_once, "LONGEST", timedelta(minutes=5))
    embeddings.reset()
    embeddings.fail_always("hang")
    many = [await shop.submit(product(number)) for number in range(1, 2 * first_tries.PLACES + 1)]
    await eventually(partial(requests, embeddings), lambda count: count == len(many), what="all requests")
    assert await other.sync(product(1, price="11")) == "unchanged"
    embeddings.fail_always(None)
    embeddings.release()
    for event_id in many:
        await shop.ended(event_id)


async def test_an_event_that_is_cancelled_while_it_is_saved_says_so(
    shop: Shop, embeddings: EmbeddingServer
) -> None:
    """Its workflow does not know its row yet. The next event of the product is not kept by it."""
    assert await shop.sync(product()) == "succeeded"
    async with shop.database.transaction() as connection:
        await connection.execute(
            text("SELECT FROM products WHERE store_id = :store FOR UPDATE"), {"store": shop.store_id}
        )
        event_id = await shop.submit(product(name="چراغ"))
        await shop.taken_up(event_id)
        await shop.temporal.get_workflow_handle(shop.workflow_id(event_id)).cancel()
        row = await shop.ended(event_id)
        assert (row["status"], row["reason"]) == ("failed", "The workflow was cancelled.")
    assert await shop.sync(product(name="چراغ دوچرخه")) == "succeeded"
    saved = await shop.product(3)
    assert saved is not None
    assert saved["title"] == "چراغ دوچرخه"


async def test_a_cancelled_event_stops_embedding_and_says_so(shop: Shop, embeddings: EmbeddingServer) -> None:
    """The row has the reason, and the next event of the product indexes the text."""
    embeddings.fail_next("hang")
    event_id = await shop.submit(product())
    await eventually(partial(requests, embeddings), bool, what="the request")
    await shop.temporal.get_workflow_handle(shop.workflow_id(event_id)).cancel()
    row = await shop.ended(event_id)
    assert (row["status"], row["reason"]) == ("failed", "The workflow was cancelled.")
    embeddings.release()
    assert await shop.sync(product()) == "succeeded"
    await indexed_once(shop)

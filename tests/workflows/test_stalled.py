"""Recovery of stalled events and of the texts that were left to them."""

from collections.abc import AsyncIterator
from functools import partial

import pytest
import pytest_asyncio
from temporalio.api.common.v1 import WorkflowExecution
from temporalio.api.workflowservice.v1 import DeleteWorkflowExecutionRequest
from temporalio.client import WorkflowExecutionStatus
from temporalio.exceptions import ApplicationError

from activities.embedding import PROBE
from activities.events import stalled as recovery
from contracts.ids import product_text_id
from database.events import stalled
from database.products import variations
from fakes.openai import EmbeddingServer, bad_request, overloaded
from temporal.client import status_of
from tests.support.environment import Configure
from tests.support.eventually import eventually
from tests.support.recovery import age, look
from tests.support.shop import Shop
from tests.support.system import System, running
from tests.support.usage import limit

QUEUE = "looking"
PARENT = {"id": 7, "name": "کالا", "description": "<p>متن</p>", "price": "100", "variations": [71]}
VARIATION = {"id": 71, "type": "variation", "parent_id": 7, "price": "90"}


@pytest_asyncio.fixture(scope="module")
async def looking(configure: Configure) -> AsyncIterator[System]:
    """A service that does not debounce."""
    async with running(configure(task_queue=QUEUE)) as started:
        yield started


@pytest_asyncio.fixture(scope="module")
async def slow(configure: Configure) -> AsyncIterator[System]:
    """A second service on the same tables that debounces, so that its events stay pending."""
    async with running(configure(task_queue="slow", debounce_seconds=20.0)) as started:
        yield started


@pytest_asyncio.fixture
async def shop(looking: System, embeddings: EmbeddingServer) -> Shop:
    return await looking.shop()


async def left_to_another(shop: Shop, slow: System) -> str:
    """Save a text and leave it to a pending event; returns its product's id."""
    await shop.sync(PARENT)
    fast, shop.http = shop.http, slow.http
    leader = await shop.submit(VARIATION)
    await shop.taken_up(leader)
    shop.http = fast
    row = await shop.ended(await shop.submit({**PARENT, "description": "<p>متن تازه</p>"}))
    assert row["reason"] == f"Saved; it will be indexed together with {leader}."
    assert "متن تازه" not in (await shop.chunks(7))[0]["text"]
    return leader


async def becomes_known(shop: Shop, words: str = "متن تازه") -> None:
    chunks = await eventually(
        lambda: shop.chunks(7), lambda chunks: bool(chunks) and words in chunks[0]["text"], what=words
    )
    assert len(chunks) == 1


async def test_a_text_left_to_an_event_that_is_cancelled(looking: System, slow: System, shop: Shop) -> None:
    """The text is indexed without another event of the product."""
    leader = await left_to_another(shop, slow)
    await shop.temporal.get_workflow_handle(shop.workflow_id(leader)).cancel()
    row = await shop.ended(leader)
    assert (row["status"], row["reason"]) == ("failed", "The workflow was cancelled.")
    await look(looking)
    await becomes_known(shop)


async def test_a_text_left_to_an_event_that_is_terminated(looking: System, slow: System, shop: Shop) -> None:
    """The event is marked as failed with a reason and can be retried; its text is indexed."""
    leader = await left_to_another(shop, slow)
    await shop.temporal.get_workflow_handle(shop.workflow_id(leader)).terminate("by mistake")
    await age(shop, leader)
    await look(looking)
    row = await shop.ended(leader)
    assert (row["status"], row["is_pending"]) == ("failed", False)
    assert row["reason"] == "The workflow was terminated."
    assert [run["status"] for run in row["attempts"].values()] == ["failed"]
    await becomes_known(shop)


async def test_a_text_left_to_an_event_that_fails(
    configure: Configure, looking: System, shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An event fails before it claims its text, as when Postgres cannot store its payload."""

    async def refuse(*_: object) -> None:
        raise ApplicationError("cannot be stored", non_retryable=True)

    async with running(configure(task_queue="refusing", debounce_seconds=4.0)) as refusing:
        monkeypatch.setattr(variations, "upsert", refuse)
        leader = await left_to_another(shop, refusing)
        assert (await shop.ended(leader))["status"] == "failed"
    await look(looking)
    await becomes_known(shop)


async def test_an_event_terminated_while_it_is_embedded(
    looking: System, shop: Shop, embeddings: EmbeddingServer
) -> None:
    """Its claim is released."""
    embeddings.fail_next(overloaded(retry_after="600"))
    event_id = await shop.submit({**PARENT, "variations": []})
    await eventually(
        lambda: shop.event(event_id), lambda row: row is not None and row["status"] == "retrying"
    )
    await shop.temporal.get_workflow_handle(shop.workflow_id(event_id)).terminate("by mistake")
    await age(shop, event_id)
    await look(looking)
    assert (await shop.ended(event_id))["reason"] == "The workflow was terminated."
    await becomes_known(shop, "متن")


async def test_an_event_cancelled_while_it_is_embedded(
    looking: System, shop: Shop, embeddings: EmbeddingServer
) -> None:
    """The event has a reason, its workflow ends as cancelled, and the text is indexed."""
    embeddings.fail_next(overloaded(retry_after="600"))
    event_id = await shop.submit({**PARENT, "variations": []})
    await eventually(
        lambda: shop.event(event_id), lambda row: row is not None and row["status"] == "retrying"
    )
    await shop.temporal.get_workflow_handle(shop.workflow_id(event_id)).cancel()
    assert (await shop.ended(event_id))["reason"] == "The workflow was cancelled."
    status = partial(status_of, shop.temporal, shop.workflow_id(event_id))
    assert await eventually(status, lambda now: now != "RUNNING") == WorkflowExecutionStatus.CANCELED.name
    await look(looking)
    await becomes_known(shop, "متن")


async def test_a_text_that_failed_for_good_is_not_tried_again_and_again(
    looking: System, slow: System, shop: Shop, embeddings: EmbeddingServer
) -> None:
    """A text that cannot be indexed waits for the product's next event."""
    leader = await left_to_another(shop, slow)
    product = await shop.product(7)
    assert product is not None
    embeddings.fail_always(bad_request())
    await shop.temporal.get_workflow_handle(shop.workflow_id(leader)).cancel()
    await shop.ended(leader)
    requests = len(embeddings.requests)
    await look(looking)
    status = partial(status_of, shop.temporal, product_text_id(QUEUE, product["id"]))
    await eventually(status, lambda now: now == WorkflowExecutionStatus.FAILED.name, what="the refusal")
    before = await shop.temporal.get_workflow_handle(product_text_id(QUEUE, product["id"])).describe()
    await look(looking)
    await shop.sync({**PARENT, "id": 8, "status": "draft"})
    after = await shop.temporal.get_workflow_handle(product_text_id(QUEUE, product["id"])).describe()
    assert after.run_id == before.run_id
    asked = [seen.inputs for seen in embeddings.requests[requests:] if seen.inputs != (PROBE,)]
    assert len(asked) == 1
    embeddings.fail_always(None)
    assert await shop.sync({**PARENT, "description": "<p>متن تازه</p>"}) == "succeeded"
    await becomes_known(shop)


async def test_a_text_over_the_budget_waits_and_goes_on(looking: System, shop: Shop) -> None:
    """The price is published, search has the former text, and recovery leaves the store out until then."""
    await shop.sync({**PARENT, "variations": []})
    await limit(shop, day=1)
    changed = {**PARENT, "variations": [], "price": "80", "description": "<p>متن تازه</p>"}
    row = await shop.ended(await shop.submit(changed))
    assert (row["status"], row["reason"]) == (
        "succeeded",
        "Saved; the text waits, because the store has spent its budget of tokens.",
    )
    product = await shop.product(7)
    assert product is not None
    assert product["price"] == 80
    [chunk] = await shop.chunks(7)
    assert "متن تازه" not in chunk["text"]

    async def left() -> bool:
        async with shop.database.reading() as connection:
            found = await stalled.unindexed_products(connection, model=chunk["model"], limit=100_000)
        return product["id"] in {one.product_id for one in found}

    assert not await left()
    await limit(shop, day=1_000_000)
    assert await left()
    await look(looking)
    await becomes_known(shop)


async def test_an_event_that_temporal_lost_is_started_again(
    looking: System, slow: System, shop: Shop
) -> None:
    """As after a loss of Temporal's data: the row has everything needed for a restart."""
    shop.http = slow.http
    event_id = await shop.submit({**PARENT, "variations": []})
    row = await shop.taken_up(event_id)
    await shop.temporal.workflow_service.delete_workflow_execution(
        DeleteWorkflowExecutionRequest(
            namespace=shop.temporal.namespace,
            workflow_execution=WorkflowExecution(workflow_id=row["workflow_id"]),
        )
    )
    await eventually(
        partial(status_of, shop.temporal, row["workflow_id"]), lambda now: now is None, what="its deletion"
    )
    await age(shop, event_id)
    await look(looking)
    assert (await shop.ended(event_id))["status"] == "succeeded"
    await becomes_known(shop, "متن")


async def test_an_event_that_runs_is_left_alone(looking: System, slow: System, shop: Shop) -> None:
    """A running workflow may take as long as it needs."""
    shop.http = slow.http
    event_id = await shop.submit(PARENT)
    await shop.taken_up(event_id)
    await age(shop, event_id)
    before = await shop.event(event_id)
    shop.http = looking.http
    gone = await shop.submit({**PARENT, "id": 9})
    await look(looking)
    await shop.ended(gone)
    assert await shop.event(event_id) == before
    handle = shop.temporal.get_workflow_handle(shop.workflow_id(event_id))
    assert (await handle.describe()).status is WorkflowExecutionStatus.RUNNING
    await handle.cancel()
    await shop.ended(event_id)


async def left_by_others(shop: Shop) -> int:
    """Returns how many unfinished events of other tests recovery looks at."""
    async with shop.database.reading() as connection:
        found = await stalled.unfinished(connection, age=recovery.STALLED_AFTER, beyond=0, limit=1_000_000)
    return sum(event.event.store_id != shop.store_id for event in found)


async def test_events_are_recovered_in_turns(
    looking: System, slow: System, shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Running events do not block the recovery of the others."""
    shop.http = slow.http
    sent = [await shop.submit({**PARENT, "id": number}) for number in range(20, 25)]
    for event_id in sent:
        await shop.taken_up(event_id)
        await age(shop, event_id)
    monkeypatch.setattr(recovery, "BATCH", await left_by_others(shop) + 2)
    await shop.temporal.get_workflow_handle(shop.workflow_id(sent[-1])).terminate("by mistake")
    await look(looking)
    assert (await shop.ended(sent[-1]))["reason"] == "The workflow was terminated."
    for event_id in sent[:-1]:
        await shop.temporal.get_workflow_handle(shop.workflow_id(event_id)).cancel()
        await shop.ended(event_id)

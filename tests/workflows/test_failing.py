"""Failures of the embedding service: retries, reasons and final statuses of events."""

from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import pytest
import pytest_asyncio
from sqlalchemy.ext.asyncio import AsyncConnection
from temporalio.api.common.v1 import WorkflowExecution
from temporalio.api.workflowservice.v1 import ResetWorkflowExecutionRequest
from temporalio.client import Client, WorkflowFailureError

from activities import database_failures as failures
from database.products import upsert as products
from embeddings import openai_failures as vendor
from fakes import openai as servers
from fakes.openai import EmbeddingServer
from tests.support.environment import Configure
from tests.support.eventually import eventually
from tests.support.shop import Shop
from tests.support.system import System, running


def product(text: str = "نخستین متن") -> dict[str, Any]:
    return {"id": 3, "name": "دوچرخه کوهستان", "description": f"<p>{text}</p>", "price": "10"}


async def shown(shop: Shop, event_id: str, status: str) -> dict[str, Any]:
    row = await eventually(
        lambda: shop.event(event_id), lambda row: row is not None and row["status"] == status, what=status
    )
    assert row is not None
    return row


@pytest.mark.parametrize(
    "fault",
    [
        servers.rate_limit_exceeded(retry_after_ms=10),
        servers.overloaded(retry_after="0"),
        servers.server_error(),
        servers.conflict(),
        servers.request_timeout(),
        servers.EMPTY_DATA,
        servers.NOT_JSON,
        servers.NOT_A_NUMBER,
        "reset",
    ],
    ids=["rate", "overloaded", "error", "conflict", "timeout", "empty", "html", "nan", "reset"],
)
async def test_a_temporary_failure_is_retried(
    shop: Shop, embeddings: EmbeddingServer, fault: servers.Fault
) -> None:
    """A temporary failure costs a retry, and the event succeeds."""
    embeddings.fail_next(fault)
    event = await shop.ended(await shop.submit(product()))
    assert event["status"] == "succeeded"
    assert len(embeddings.requests) == 2


async def test_vectors_are_claimed_by_their_index(
    system: System, shop: Shop, embeddings: EmbeddingServer
) -> None:
    """The order of the vectors in an answer does not matter."""
    many = product("".join(f"</p><p>بند {n} " + f"جمله‌ای تازه درباره {n}. " * 60 for n in range(6)))
    assert await shop.sync(many) == "succeeded"
    right = {chunk["text"]: chunk["embedding"] for chunk in await shop.chunks(3)}
    embeddings.fail_next(servers.OUT_OF_ORDER)
    other = await system.shop()
    assert await other.sync(many) == "succeeded"
    assert {chunk["text"]: chunk["embedding"] for chunk in await other.chunks(3)} == right
    assert len(right) > 2


@pytest.mark.parametrize(
    ("fault", "words", "requests"),
    [
        (servers.insufficient_quota(), "no quota left", 1),
        (servers.credit_balance_exhausted(), "no quota left", 1),
        (servers.invalid_api_key(), "rejects the API key", 1),
        (servers.permission_denied(), "does not allow this key", 1),
        (servers.WRONG_DIMENSIONS, "PILITO_EMBEDDING_DIMENSIONS", 2),
    ],
    ids=["quota", "credit", "key", "permission", "dimensions"],
)
async def test_what_an_operator_must_fix_waits_with_a_reason(
    shop: Shop, embeddings: EmbeddingServer, fault: servers.Fault, words: str, requests: int
) -> None:
    """The event stays `waiting` with a clear reason and a long pause between attempts."""
    embeddings.fail_always(fault)
    event_id = await shop.submit(product())
    row = await eventually(
        lambda: shop.event(event_id), lambda row: row is not None and words in row["reason"], what=words
    )
    assert row is not None
    assert row["status"] == "waiting"
    assert len(embeddings.requests) == requests
    await shop.temporal.get_workflow_handle(shop.workflow_id(event_id)).terminate("end of test")


@pytest_asyncio.fixture
async def impatient(configure: Configure) -> AsyncIterator[System]:
    """A service with a retry deadline shorter than the pause while it waits for an operator."""
    settings = configure(task_queue="impatient", embedding_patience_hours=2 / 3600)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(vendor, "WAIT_INTERVAL", timedelta(seconds=3))
        async with running(settings) as started:
            yield started


async def test_a_failure_that_lasts_too_long_fails_the_event(
    impatient: System, embeddings: EmbeddingServer
) -> None:
    """The retry deadline counts from the first temporary failure in a row."""
    shop = await impatient.shop()
    embeddings.fail_always(servers.overloaded(retry_after="0.05"))
    row = await shop.ended(await shop.submit(product()))
    assert row["status"] == "failed"
    assert "Given up" in row["reason"]
    assert len(embeddings.requests) > 2


async def test_waiting_for_an_operator_does_not_count_towards_the_deadline(
    impatient: System, embeddings: EmbeddingServer
) -> None:
    """After a wait for the operator, a temporary failure starts a new row of failures."""
    shop = await impatient.shop()
    slow = servers.rate_limit_exceeded(retry_after_ms=10)
    embeddings.fail_next(slow, servers.insufficient_quota(), slow)
    assert await shop.sync(product()) == "succeeded"
    assert len(embeddings.requests) == 4


async def test_a_fatal_failure_can_be_reset(shop: Shop, embeddings: EmbeddingServer) -> None:
    """A 400 fails the workflow; after a reset it succeeds, and the row shows both attempts."""
    embeddings.fail_always(servers.bad_request())
    event_id = await shop.submit(product())
    row = await shop.ended(event_id)
    assert row["status"] == "failed"
    assert "invalid" in row["reason"]
    handle = shop.temporal.get_workflow_handle(shop.workflow_id(event_id))
    with pytest.raises(WorkflowFailureError):
        await handle.result()
    embeddings.fail_always(None)
    await reset(shop.temporal, shop.workflow_id(event_id))
    await shown(shop, event_id, "succeeded")
    row = await shop.ended(event_id)
    assert sorted(run["status"] for run in row["attempts"].values()) == ["failed", "succeeded"]
    assert await shop.found("دوچرخه") == ["woo_3"]


async def reset(client: Client, workflow_id: str) -> None:
    """Reset a workflow to its first task, as the button in the Temporal UI does."""
    history = await client.get_workflow_handle(workflow_id).fetch_history()
    first = next(
        event.event_id
        for event in history.events
        if event.HasField("workflow_task_completed_event_attributes")
    )
    await client.workflow_service.reset_workflow_execution(
        ResetWorkflowExecutionRequest(
            namespace=client.namespace,
            workflow_execution=WorkflowExecution(workflow_id=workflow_id),
            reason="try again",
            workflow_task_finish_event_id=first,
            request_id=workflow_id,
        )
    )


async def test_an_event_sent_again_after_a_failure_is_a_new_attempt(
    shop: Shop, embeddings: EmbeddingServer
) -> None:
    """The same event id is accepted again only if its earlier run failed."""
    embeddings.fail_always(servers.bad_request())
    assert await shop.sync(product(), event_id="once") == "failed"
    handle = shop.temporal.get_workflow_handle(shop.workflow_id("once"))
    with pytest.raises(WorkflowFailureError):
        await handle.result()
    embeddings.fail_always(None)
    assert (await shop.send(product(), event_id="once")).status_code == 202
    row = await shown(shop, "once", "succeeded")
    assert len(row["attempts"]) == 2
    await shop.temporal.get_workflow_handle(shop.workflow_id("once")).result()
    assert (await shop.send(product(), event_id="once")).status_code == 200


@pytest.mark.timeout(360)
async def test_a_failed_event_may_come_back_as_another(shop: Shop, embeddings: EmbeddingServer) -> None:
    """The whole last delivery of an event id replaces the earlier one."""
    other = {**product(), "id": 4}
    assert await shop.sync(other) == "succeeded"
    embeddings.fail_always(servers.bad_request())
    assert await shop.sync(product("متنی دیگر"), event_id="again") == "failed"
    run = shop.temporal.get_workflow_handle(shop.workflow_id("again"))
    with pytest.raises(WorkflowFailureError):
        await run.result()
    embeddings.fail_always(None)
    assert await shop.submit({"id": 4}, "product.deleted", event_id="again")
    row = await shop.ended("again")
    assert (row["status"], row["event_type"], row["external_id"]) == (
        "succeeded",
        "product.deleted",
        "woo_4",
    )
    stored = await shop.product(4)
    assert stored is not None
    assert (stored["title"], stored["is_active"]) == (other["name"], False)


async def test_an_outage_of_an_hour_loses_nothing(shop: Shop, embeddings: EmbeddingServer) -> None:
    """Sixty errors in a row, as in an hour: search uses the old chunks, and then processing resumes."""
    await shop.sync(product())
    embeddings.reset()
    embeddings.fail_next(*[servers.overloaded(retry_after="0.01")] * 60)
    event_id = await shop.submit(product("متن تازه‌تر"))
    row = await shown(shop, event_id, "retrying")
    assert "temporary problem" in row["reason"]
    [chunk] = await shop.chunks(3)
    assert "نخستین متن" in chunk["text"], "search still uses the old text"
    assert await shop.found("دوچرخه") == ["woo_3"]
    assert (await shop.ended(event_id, patience=300))["status"] == "succeeded"
    [chunk] = await shop.chunks(3)
    assert "متن تازه‌تر" in chunk["text"]
    assert len(embeddings.requests) >= 61


async def test_a_newer_text_makes_an_older_one_give_up(shop: Shop, embeddings: EmbeddingServer) -> None:
    """During an outage only the newest text of a product is embedded in the end."""
    embeddings.fail_always(servers.overloaded(retry_after="0.05"))
    older = await shop.submit(product("کهنه"))
    await shown(shop, older, "retrying")
    newer = await shop.submit(product("نو"))
    assert (await shop.ended(older))["status"] == "superseded"
    embeddings.fail_always(None)
    assert (await shop.ended(newer))["status"] == "succeeded"
    assert sum(embeddings.texts.values()) == 1


async def test_two_events_of_one_product_never_pay_for_the_same_text(
    shop: Shop, embeddings: EmbeddingServer
) -> None:
    """While one event embeds, the other waits, and then finds the shared chunks done."""
    long = "".join(f"</p><p>بند {n} " + f"جمله‌ای تازه درباره {n}. " * 60 for n in range(6))
    embeddings.fail_next("hang")
    first = await shop.submit(product(long))
    await eventually(lambda: _count(embeddings), lambda count: count == 1, what="the first request")
    second = await shop.submit(product(long + "</p><p>و یک بند دیگر"))
    await shown(shop, second, "processing")
    embeddings.release()
    for event in (first, second):
        await shop.ended(event)
    assert max(embeddings.texts.values()) == 1


async def _count(embeddings: EmbeddingServer) -> int:
    return len(embeddings.requests)


async def test_a_step_that_goes_on_failing_says_so(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    """For any exception: the row says so after a few attempts, and the event ends after the repair."""

    async def broken(*_: object) -> None:
        raise KeyError("a mistake of ours")

    with monkeypatch.context() as patch:
        patch.setattr(products, "load", broken)
        event_id = await shop.submit(product())
        row = await shown(shop, event_id, "retrying")
    assert row["reason"] == "A step failed unexpectedly (KeyError); see the worker's log for details."
    assert (await shop.ended(event_id))["status"] == "succeeded"


async def test_a_statement_that_is_refused_says_so_at_once(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The retry comes minutes later, and the row has the reason at once."""

    async def refused(connection: AsyncConnection, *_: object) -> None:
        await connection.exec_driver_sql("SELECT of_a_newer_version FROM products")

    monkeypatch.setattr(failures, "REFUSED_INTERVAL", timedelta(seconds=1))
    with monkeypatch.context() as patch:
        patch.setattr(products, "load", refused)
        event_id = await shop.submit(product())
        row = await shown(shop, event_id, "retrying")
    assert "UndefinedColumn" in row["reason"]
    assert (await shop.ended(event_id))["status"] == "succeeded"


async def test_what_postgres_can_never_store_fails_with_its_row(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A local activity fails with the same reason as a remote one."""

    async def impossible(connection: AsyncConnection, *_: object) -> None:
        await connection.exec_driver_sql("SELECT 'a year'::timestamptz")

    monkeypatch.setattr(products, "load", impossible)
    row = await shop.ended(await shop.submit(product()))
    assert row["status"] == "failed"
    assert row["reason"].startswith("Postgres cannot store this product")

"""An event processed in one step, called directly."""

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import pytest_asyncio

from contracts.events import EventOutcome, EventStatus, EventType, FinishedEvent
from contracts.retry import Retry
from database.events.debounce import Debounce
from fakes.openai import EmbeddingServer, bad_request, overloaded
from tests.activities.events.steps import HOUR, Steps
from tests.support.shop import Shop
from tests.support.system import System

NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)
CANCELLED = EventOutcome(status=EventStatus.FAILED, reason="The workflow was cancelled.")


@pytest_asyncio.fixture(loop_scope="session")
async def steps(system: System, shop: Shop) -> AsyncIterator[Steps]:
    made = Steps(system, shop)
    yield made
    await made.close()


async def row_of(shop: Shop, event_id: str) -> dict[str, Any]:
    row = await shop.event(event_id)
    assert row is not None
    return row


async def test_an_event_that_waits_for_nothing_ends_in_its_first_step(
    steps: Steps, shop: Shop, embeddings: EmbeddingServer
) -> None:
    """Repeated, as after a lost answer, the step returns the outcome and does nothing else."""
    event = steps.change("گلدان", at=NOON)
    begun = await steps.begin(event)
    assert begun.processed is not None
    assert begun.processed.tried is not None
    assert begun.processed.tried.outcome is not None
    row = await row_of(shop, event.event_id)
    assert (row["status"], row["is_pending"]) == ("succeeded", False)
    assert len(await shop.chunks(5)) == 1
    again = await steps.begin(event)
    assert (again.processed, again.recorded.outcome) == (None, begun.processed.tried.outcome)
    assert len(embeddings.requests) == 1


async def test_an_event_with_a_debounce_is_only_recorded(system: System, shop: Shop) -> None:
    """Its workflow waits first."""
    waiting = Steps(system, shop, debounce=Debounce(wait=timedelta(minutes=1), max_wait=HOUR))
    event = waiting.change("گلدان", at=NOON)
    begun = await waiting.begin(event)
    assert begun.processed is None
    assert begun.recorded.debounce_seconds > 0
    assert (await row_of(shop, event.event_id))["status"] == "waiting"
    assert await shop.product(5) is None
    await waiting.close()


async def test_an_event_without_a_text_to_index_ends_as_it_is_saved(
    steps: Steps, shop: Shop, embeddings: EmbeddingServer
) -> None:
    """Its reason has the note; repeated, the step ends it in the same way."""
    await steps.begin(steps.change("گلدان", at=NOON))
    event = steps.change("گلدان", at=NOON + HOUR)
    row = await steps.record(event)
    processed = await steps.process(row, "Seen in the shop.")
    assert (processed.has_ended, processed.tried) == (True, None)
    ended = await row_of(shop, event.event_id)
    assert (ended["status"], ended["is_pending"]) == ("unchanged", False)
    assert ended["reason"] == "The text has not changed; nothing was embedded. Seen in the shop."
    assert await steps.process(row, "Seen in the shop.") == processed
    assert len(embeddings.requests) == 1


DRAFT: dict[str, Any] = {"body": {"id": 5, "name": "گلدان", "status": "draft"}}
GONE: dict[str, Any] = {"event_type": EventType.DELETED, "body": {"id": 5}}


@pytest.mark.parametrize("changes", [{}, DRAFT, GONE], ids=["text", "draft", "deletion"])
async def test_a_repeated_step_leaves_an_event_as_it_ended(
    steps: Steps, shop: Shop, embeddings: EmbeddingServer, changes: dict[str, Any]
) -> None:
    """As after a lost answer, also if the product has changed since."""
    await steps.begin(steps.change("گلدان سفالی", at=NOON - HOUR))
    event = replace(steps.change("گلدان", at=NOON), **changes)
    row = await steps.record(event)
    first = await steps.process(row, "Seen in the shop.")
    ended = await row_of(shop, event.event_id)
    assert ended["status"] == "succeeded"
    assert ended["reason"].endswith(" Seen in the shop.")
    for later in (False, True):
        if later:
            await steps.begin(steps.change("گلدان نو", at=NOON + HOUR))
        again = await steps.process(row, "Seen in the shop.")
        outcome = again.saved.outcome
        assert outcome is not None
        assert (again.has_ended, again.tried) == (True, None)
        assert outcome.noted("Seen in the shop.").reason == ended["reason"]
        assert await row_of(shop, event.event_id) == ended
    assert first.saved.outcome in (None, outcome)
    texts = [one for seen in embeddings.requests for one in seen.inputs]
    assert sorted(texts) == sorted(set(texts))


async def test_an_event_that_cannot_be_read_fails_as_it_is_saved(steps: Steps, shop: Shop) -> None:
    """A variation that names no product; the reason names the field."""
    event = steps.change("گلدان", at=NOON)
    begun = await steps.begin(replace(event, body={"id": 5, "type": "variation"}))
    assert begun.processed is not None
    outcome = begun.processed.saved.outcome
    assert outcome is not None
    assert (begun.processed.has_ended, outcome.status) == (True, EventStatus.FAILED)
    row = await row_of(shop, event.event_id)
    assert (row["status"], row["reason"]) == ("failed", outcome.reason)
    assert "parent_id" in outcome.reason


async def test_the_failure_of_an_embedding_call_is_in_the_result(
    steps: Steps, shop: Shop, embeddings: EmbeddingServer
) -> None:
    """A final one ends the event; one that may pass is left to the following steps. The change is saved."""
    embeddings.fail_next(bad_request(), bad_request())
    processed = await steps.process(await steps.record(steps.change("گلدان", at=NOON)))
    assert processed.tried is not None
    assert processed.tried.failure is not None
    assert processed.tried.failure.retry is Retry.FATAL
    embeddings.fail_next(overloaded(retry_after="7"))
    processed = await steps.process(await steps.record(steps.change("گلدان نو", at=NOON + HOUR)))
    assert processed.tried is not None
    assert processed.tried.failure is not None
    assert processed.tried.failure.retry is Retry.RETRY
    assert processed.tried.failure.pause == timedelta(seconds=7)
    product = await shop.product(5)
    assert product is not None
    assert product["title"] == "گلدان نو"


async def test_an_event_is_abandoned_without_the_number_of_its_row(steps: Steps, shop: Shop) -> None:
    """As when it is cancelled in its first step: the text that it has claimed is free again."""
    event = steps.change("گلدان", at=NOON)
    await steps.abandon(event, CANCELLED)
    assert await shop.event(event.event_id) is None
    await steps.saved(event)
    claimed = await shop.product(5)
    assert claimed is not None
    assert claimed["claimed_hash"] == claimed["content_hash"]
    await steps.abandon(event, CANCELLED)
    row = await row_of(shop, event.event_id)
    assert (row["status"], row["reason"]) == ("failed", CANCELLED.reason)
    free = await shop.product(5)
    assert free is not None
    assert free["claimed_hash"] is None


async def test_an_event_that_has_ended_is_not_abandoned(
    steps: Steps, shop: Shop, embeddings: EmbeddingServer
) -> None:
    """As when it is cancelled while the answer of a step is on the way: its product is in search."""
    event = steps.change("گلدان", at=NOON)
    begun = await steps.begin(event)
    ended = await row_of(shop, event.event_id)
    await steps.abandon(event, CANCELLED)
    await steps.finish(FinishedEvent(event_row=begun.recorded.row_id, outcome=CANCELLED, abandons=True))
    assert await row_of(shop, event.event_id) == ended
    assert ended["status"] == "succeeded"

"""Debounce, order and supersession: many changes of one product."""

import itertools
import traceback
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import pytest_asyncio
from temporalio.client import WorkflowFailureError

from contracts.events import EventType, ProductEvent
from contracts.ids import product_event_id
from database.access import stores
from fakes.openai import EmbeddingServer, bad_request
from temporal.starts import start_product_event
from tests.support.environment import Configure
from tests.support.shop import Shop
from tests.support.system import System, running


def product(price: int = 100, *, text: str = "متن", at: str | None = None, number: int = 7) -> dict[str, Any]:
    body = {"id": number, "name": "کالا", "description": f"<p>{text}</p>", "price": str(price)}
    return body if at is None else {**body, "date_modified_gmt": at}


@pytest_asyncio.fixture(scope="module")
async def patient(configure: Configure) -> AsyncIterator[System]:
    """A service that debounces."""
    settings = configure(task_queue="patient", debounce_seconds=3.0, debounce_max_seconds=8.0)
    async with running(settings) as started:
        yield started


async def test_a_burst_is_processed_once_newest_first(patient: System, embeddings: EmbeddingServer) -> None:
    """Five quick changes: four are superseded, the last is processed with one embedding."""
    shop = await patient.shop()
    sent = [await shop.submit(product(n, text=f"نسخه {n}")) for n in range(1, 6)]
    rows = [await shop.ended(event) for event in sent]
    assert [row["status"] for row in rows] == ["superseded"] * 4 + ["succeeded"]
    stored = await shop.product(7)
    assert stored is not None
    assert stored["price"] == 5
    assert sum(embeddings.texts.values()) == 1
    assert "نسخه 5" in (await shop.chunks(7))[0]["text"]


async def test_a_superseded_event_is_woken_by_the_newer_one(patient: System) -> None:
    """The newer event's workflow signals the older one, which ends before its own debounce does."""
    shop = await patient.shop()
    first = await shop.submit(product(1))
    await shop.taken_up(first)
    second = await shop.submit(product(2))
    await shop.ended(second)
    history = await shop.temporal.get_workflow_handle(shop.workflow_id(first)).fetch_history()
    signals = [
        event.workflow_execution_signaled_event_attributes.signal_name
        for event in history.events
        if event.HasField("workflow_execution_signaled_event_attributes")
    ]
    assert signals == ["superseded"]


async def test_a_product_that_never_stops_changing_is_processed_in_bounded_time(patient: System) -> None:
    """Changes closer together than the debounce are not delayed beyond its maximum."""
    shop = await patient.shop()
    begun = datetime.now(UTC)
    statuses: list[str] = []
    for price in itertools.count(1):
        await shop.submit(product(price))
        statuses = [
            row["status"] for row in await shop.rows("SELECT status FROM events WHERE store_id = :store")
        ]
        if {"succeeded", "unchanged"} & set(statuses):
            break
        assert datetime.now(UTC) - begun < timedelta(seconds=30), statuses
    assert "superseded" in statuses


async def test_a_cancelled_event_says_so(patient: System) -> None:
    """The event no longer waits and may be sent again."""
    shop = await patient.shop()
    event_id = await shop.submit(product())
    await shop.taken_up(event_id)
    run = shop.temporal.get_workflow_handle(shop.workflow_id(event_id))
    await run.cancel()
    with pytest.raises(WorkflowFailureError):
        await run.result()
    row = await shop.event(event_id)
    assert row is not None
    assert (row["status"], row["is_pending"]) == ("failed", False)
    assert "cancelled" in row["reason"]
    await shop.submit(product(), event_id=event_id)
    assert (await shop.ended(event_id))["status"] == "succeeded"


async def test_different_products_do_not_wait_for_each_other(patient: System) -> None:
    """Changes are coalesced per product."""
    shop = await patient.shop()
    sent = [await shop.submit(product(number, number=number)) for number in (1, 2, 3)]
    assert [(await shop.ended(event))["status"] for event in sent] == ["succeeded"] * 3


async def test_parent_and_variations_are_embedded_once(patient: System, embeddings: EmbeddingServer) -> None:
    """Events of a product and of its variations are all saved, and its text is embedded by the last."""
    shop = await patient.shop()
    events = [await shop.submit({**product(), "variations": [71, 72]})]
    for number, colour in ((71, "قرمز"), (72, "آبی")):
        options = [{"name": "رنگ", "option": colour}]
        events.append(
            await shop.submit(
                {"id": number, "type": "variation", "parent_id": 7, "price": "90", "attributes": options}
            )
        )
    assert [(await shop.ended(event))["status"] for event in events] == ["succeeded"] * 3
    [chunk] = await shop.chunks(7)
    assert "قرمز" in chunk["text"]
    assert "آبی" in chunk["text"]
    assert sum(embeddings.texts.values()) == 1


OLD, NEW = "2026-11-20T10:00:00", "2026-11-20T10:00:01"


async def test_a_late_older_change_is_stale(shop: Shop) -> None:
    """What the shop changed earlier never overwrites what it changed later."""
    assert await shop.sync(product(2, at=NEW)) == "succeeded"
    assert await shop.sync(product(1, at=OLD)) == "stale"
    stored = await shop.product(7)
    assert stored is not None
    assert stored["price"] == 2


async def test_equal_times_may_overwrite(shop: Shop) -> None:
    """The shop's clock has one-second steps: of two changes in one second the later arrival counts."""
    assert await shop.sync(product(1, at=NEW)) == "succeeded"
    assert await shop.sync(product(2, at=NEW)) == "unchanged"
    stored = await shop.product(7)
    assert stored is not None
    assert stored["price"] == 2


async def test_an_older_change_that_arrives_while_a_newer_one_waits_is_stale(patient: System) -> None:
    """Order is decided by the shop's time even before anything was saved."""
    shop = await patient.shop()
    newer, older = await shop.submit(product(2, at=NEW)), await shop.submit(product(1, at=OLD))
    assert (await shop.ended(older))["status"] == "stale"
    assert (await shop.ended(newer))["status"] == "succeeded"


async def test_a_text_that_failed_once_is_not_left_to_an_event_that_does_nothing(
    patient: System, embeddings: EmbeddingServer
) -> None:
    """An event that leaves a text to another event releases its claim."""
    shop = await patient.shop()
    variation = {"id": 71, "type": "variation", "parent_id": 7, "price": "90"}
    await shop.sync({**product(), "variations": [71]})
    await shop.sync({**variation, "date_modified_gmt": NEW})
    embeddings.fail_always(bad_request())
    assert await shop.sync(product(text="نسخه تازه")) == "failed"
    embeddings.fail_always(None)
    again = await shop.submit(product(2, text="نسخه تازه"))
    stale = await shop.submit({**variation, "date_modified_gmt": OLD})
    assert [(await shop.ended(event))["status"] for event in (again, stale)] == ["succeeded", "stale"]
    [chunk] = await shop.chunks(7)
    assert "نسخه تازه" in chunk["text"]


@pytest.mark.parametrize("order", list(itertools.permutations(["old", "new", "gone"])))
async def test_a_deletion_comes_after_what_arrived_before_it(patient: System, order: tuple[str, ...]) -> None:
    """A deletion has no time: an update is newer only if it arrives later and is the newest change of all."""
    shop = await patient.shop()
    await shop.sync(product(1, at="2026-11-20T09:00:00"))
    events = []
    for sent in order:
        if sent == "gone":
            events.append(await shop.submit({"id": 7}, "product.deleted"))
        else:
            events.append(await shop.submit(product(2, at={"old": OLD, "new": NEW}[sent])))
    for event in events:
        await shop.ended(event)
    stored = await shop.product(7)
    assert stored is not None
    assert stored["is_active"] == (order.index("new") > order.index("gone"))


async def test_a_shop_with_a_fast_clock_is_not_locked_out(shop: Shop) -> None:
    """A time in the future counts as the time of arrival, so that later changes still apply."""
    assert await shop.sync(product(1, at="2031-01-01T00:00:00")) == "succeeded"
    assert await shop.sync(product(2, at=NEW)) in ("stale", "unchanged")
    assert await shop.sync(product(3)) == "unchanged"


@pytest.mark.parametrize("order", list(itertools.permutations([0, 1, 2])))
async def test_any_order_of_arrival_ends_in_the_same_row(shop: Shop, order: tuple[int, ...]) -> None:
    """Three dated changes may arrive in any order; the latest one is stored."""
    events = []
    for at in order:
        stamp = f"2026-11-20T10:00:0{at}"
        events.append(await shop.submit(product(at, text=f"نسخه {at}", at=stamp)))
    for event in events:
        await shop.ended(event)
    stored = await shop.product(7)
    assert stored is not None
    assert stored["price"] == 2
    [chunk] = await shop.chunks(7)
    assert "نسخه 2" in chunk["text"]


async def test_an_event_ends_when_its_store_is_removed(patient: System) -> None:
    """The event fails with a reason and is not retried without end."""
    shop = await patient.shop()
    waiting = await shop.submit(product(1))
    await shop.taken_up(waiting)
    async with patient.database.transaction() as connection:
        assert await stores.remove(connection, shop.store_id)
    with pytest.raises(WorkflowFailureError) as failed:
        await shop.temporal.get_workflow_handle(shop.workflow_id(waiting)).result()
    assert "The store was removed." in str(failed.value.cause)


async def test_an_event_that_comes_after_its_store_was_removed_ends(patient: System) -> None:
    """An event that started while the store was being removed fails too."""
    shop = await patient.shop()
    event = ProductEvent(
        store_id=2**60,
        event_id="late",
        event_type=EventType.UPDATED,
        external_id="woo_7",
        received_at=datetime.now(UTC),
        body=product(1),
    )
    await start_product_event(shop.temporal, event, task_queue=patient.settings.task_queue)
    with pytest.raises(WorkflowFailureError) as failed:
        await shop.temporal.get_workflow_handle(
            product_event_id(patient.settings.task_queue, 2**60, "late")
        ).result()
    assert "The store was removed." in "".join(traceback.format_exception(failed.value))

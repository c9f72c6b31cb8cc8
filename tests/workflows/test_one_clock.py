"""The order of changes when the clocks of API processes, workers and shops are wrong."""

import time
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import pytest_asyncio
from sqlalchemy import text

from contracts.events import MOST_AHEAD, EventType, ProductEvent
from database.events import inbox
from temporal.starts import start_product_event
from tests.support.environment import Configure
from tests.support.shop import Shop
from tests.support.system import System, running, serving, working


def clock(ahead: float) -> Callable[[], float]:
    return lambda: time.time() + ahead


def at(seconds: float = 0.0) -> str:
    """A shop's time of change, so many seconds from now."""
    return f"{datetime.now(UTC) + timedelta(seconds=seconds):%Y-%m-%dT%H:%M:%S}"


def lamp(name: str, price: int, **fields: Any) -> dict[str, Any]:
    return {"id": 1, "name": name, "description": "<p>روشن</p>", "price": str(price), **fields}


@dataclass
class Behind:
    """The shop at the first API, and the same shop at one with a wrong clock."""

    right: Shop
    wrong: Shop


@pytest_asyncio.fixture(params=[-90.0, -6.0, 600.0])
async def behind(shop: Shop, configure: Configure, request: pytest.FixtureRequest) -> AsyncIterator[Behind]:
    async with serving(configure(), wall=clock(request.param)) as http:
        yield Behind(shop, replace(shop, http=http))


async def test_a_newer_change_at_an_api_with_a_wrong_clock_is_saved(behind: Behind) -> None:
    """With the shop's time, without it, and as a deletion: what arrives last is kept."""
    assert await behind.right.sync(lamp("یک", 1, date_modified_gmt=at(-10))) == "succeeded"
    assert await behind.wrong.sync(lamp("دو", 2, date_modified_gmt=at(-5))) == "succeeded"
    assert await behind.right.sync(lamp("سه", 3)) == "succeeded"
    assert await behind.wrong.sync(lamp("چهار", 4)) == "succeeded"
    assert await behind.wrong.sync({"id": 1}, "product.deleted") == "succeeded"
    stored = await behind.right.product(1)
    assert stored is not None
    assert (stored["price"], stored["is_active"]) == (4, False)
    assert await behind.right.sync(lamp("پنج", 5)) == "succeeded"
    stored = await behind.right.product(1)
    assert stored is not None
    assert (stored["price"], stored["is_active"]) == (5, True)


@pytest_asyncio.fixture(scope="module", params=[-90.0, 600.0])
async def odd_worker(configure: Configure, request: pytest.FixtureRequest) -> AsyncIterator[System]:
    """A worker with a wrong clock, behind an API with the right one."""
    settings = configure(task_queue=f"odd{request.param:.0f}", debounce_seconds=5.0)
    async with running(settings, work=False) as system, working(settings, wall=clock(request.param)):
        yield system


async def test_a_worker_with_a_wrong_clock_changes_nothing(odd_worker: System) -> None:
    """Its debounce is as long as ever, and the newest change is kept."""
    shop = await odd_worker.shop()
    first = await shop.submit(lamp("یک", 1))
    second = await shop.submit(lamp("دو", 2))
    row = await shop.ended(second)
    assert (row["status"], (await shop.ended(first))["status"]) == ("succeeded", "superseded")
    assert 5_000 <= row["processing_time_ms"] < 60_000
    assert await shop.sync({"id": 1}, "product.deleted") == "succeeded"


async def test_a_shop_that_is_a_little_ahead_keeps_its_order(shop: Shop) -> None:
    """Two changes of a shop that is two minutes ahead end in its order, however they arrive."""
    assert await shop.sync(lamp("تازه", 2, date_modified_gmt=at(125))) == "succeeded"
    assert await shop.sync(lamp("کهنه", 1, date_modified_gmt=at(115))) == "stale"
    assert await shop.sync({"id": 1}, "product.deleted") == "succeeded", "it has no time, so it follows"
    assert await shop.sync(lamp("بازگشته", 3, date_modified_gmt=at(130)), "product.restored") == "succeeded"
    stored = await shop.product(1)
    assert stored is not None
    assert (stored["price"], stored["is_active"]) == (3, True)


async def test_a_time_far_in_the_future_becomes_the_time_of_arrival(shop: Shop) -> None:
    """It must not block all later changes."""
    far = MOST_AHEAD.total_seconds() + 60
    assert await shop.sync(lamp("آینده", 1, date_modified_gmt=at(far))) == "succeeded"
    assert await shop.sync(lamp("اکنون", 2, date_modified_gmt=at(2))) == "succeeded"


def unknown_arrival(shop: Shop, event_id: str, price: int) -> ProductEvent:
    return ProductEvent(
        store_id=shop.store_id,
        event_id=event_id,
        event_type=EventType.UPDATED,
        external_id="woo_1",
        received_at=None,
        body=lamp("ناگفته", price),
    )


async def test_an_api_that_never_read_the_clock_of_postgres(shop: Shop, system: System) -> None:
    """The event arrives when its workflow starts, by the clock of Temporal."""
    assert await shop.sync(lamp("یک", 1)) == "succeeded"
    event = unknown_arrival(shop, "unknown", 2)
    await start_product_event(shop.temporal, event, task_queue=system.settings.task_queue)
    row = await shop.ended("unknown")
    assert row["status"] == "succeeded", row["reason"]
    started = (await shop.temporal.get_workflow_handle(shop.workflow_id("unknown")).describe()).start_time
    assert row["received_at"] == started


async def test_an_event_of_the_inbox_without_a_time_arrives_at_postgres(shop: Shop) -> None:
    """Its row gets the time of Postgres."""
    async with shop.database.transaction() as connection:
        await inbox.store(connection, unknown_arrival(shop, "kept", 2), workflow_id="kept")
        row = await connection.execute(
            text("SELECT received_at = now() FROM events WHERE store_id = :id"), {"id": shop.store_id}
        )
        assert row.scalar_one() is True
        await connection.rollback()


async def test_an_arrival_in_the_future_is_the_time_of_recording(shop: Shop, system: System) -> None:
    """Temporal's clock may be ahead too; later changes must not seem older."""
    early = replace(unknown_arrival(shop, "early", 1), received_at=datetime.now(UTC) + timedelta(hours=1))
    await start_product_event(shop.temporal, early, task_queue=system.settings.task_queue)
    assert (await shop.ended("early"))["received_at"] < datetime.now(UTC)
    assert await shop.sync(lamp("دو", 2)) == "succeeded"

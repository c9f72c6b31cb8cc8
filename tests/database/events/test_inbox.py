"""The order in which waiting events are started, and batches of events in one statement."""

import itertools
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta

import pytest_asyncio
from sqlalchemy import text

from contracts.events import EventType, ProductEvent
from database.events import inbox
from database.events.inbox import StoredEvent, UnreadEvent
from tests.support.shop import Shop
from tests.support.system import System

LONG_AGO = datetime(2026, 11, 20, tzinfo=UTC)
OWN = "order-of-the-inbox/"


@pytest_asyncio.fixture(loop_scope="session")
async def stores(system: System) -> AsyncIterator[tuple[Shop, Shop]]:
    both = await system.shop(), await system.shop()
    yield both
    for shop in both:
        await shop.forget_unfinished()


_seconds = itertools.count()


def event(shop: Shop, name: str, *, is_bulk: bool = True, external_id: str = "woo_1") -> ProductEvent:
    """Returns an event that arrived a second after the one before."""
    return ProductEvent(
        store_id=shop.store_id,
        event_id=name,
        event_type=EventType.UPDATED,
        external_id=external_id,
        received_at=LONG_AGO + timedelta(seconds=next(_seconds)),
        body_json="{}",
        is_bulk=is_bulk,
    )


async def stored(
    shop: Shop, *events: ProductEvent, unread: tuple[UnreadEvent, ...] = ()
) -> list[StoredEvent]:
    async with shop.database.transaction() as connection:
        return await inbox.store_all(
            connection, events, unread, workflow_id=lambda one: f"{OWN}{one.event_id}"
        )


async def waiting(*shops: Shop, limit: int) -> list[str]:
    ids = {shop.store_id for shop in shops}
    async with shops[0].database.reading() as connection:
        found = await inbox.unstarted(
            connection, own=OWN, grace=timedelta(), grace_of_others=timedelta(days=1), limit=limit
        )
    return [one.event_id for _, one in found if one.store_id in ids]


async def test_stores_take_turns_and_single_changes_come_first(stores: tuple[Shop, Shop]) -> None:
    """However many events of a batch wait, and however long."""
    busy, quiet = stores
    await stored(busy, *(event(busy, f"bulk-{number}") for number in range(5)))
    await stored(quiet, event(quiet, "bulk-q"))
    await stored(busy, *(event(busy, f"single-{number}", is_bulk=False) for number in range(2)))
    await stored(quiet, event(quiet, "single-q", is_bulk=False))
    order = await waiting(busy, quiet, limit=9)
    assert set(order[:2]) == {"single-0", "single-q"}
    assert order[2] == "single-1"
    assert "bulk-q" in order[3:5]
    assert len(order) == 9
    assert await waiting(busy, quiet, limit=3) == order[:3]


async def test_a_batch_is_stored_once(stores: tuple[Shop, Shop]) -> None:
    """A repetition starts nothing; an event that failed runs again, and what cannot be read is failed."""
    shop, _ = stores
    new = await stored(shop, event(shop, "a"), event(shop, "b"))
    assert [one.event.event_id for one in new] == ["a", "b"]
    async with shop.database.transaction() as connection:
        await connection.execute(
            text("UPDATE events SET status = 'failed', finished_at = now() WHERE id = :id"),
            {"id": new[0].row_id},
        )
    broken = UnreadEvent(event=event(shop, "c", external_id="woo_3"), reason="No name.")
    again = await stored(shop, event(shop, "b"), event(shop, "a"), unread=(broken,))
    assert [(one.event.event_id, one.row_id) for one in again] == [("a", new[0].row_id)]
    failed = await shop.event("c")
    assert failed
    assert (failed["status"], failed["reason"], failed["external_id"]) == ("failed", "No name.", "woo_3")
    await stored(shop, unread=(broken,))
    failed = await shop.event("c")
    assert failed
    assert failed["redeliveries"] == 1

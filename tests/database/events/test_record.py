"""Recording an event that was acknowledged with a row: what counts, and when the event ends at once."""

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import text

from contracts.events import EventStatus, EventType, ProductEvent, RecordedEvent
from database.events import inbox
from database.events.debounce import Debounce
from database.events.record import record
from tests.support.shop import Shop

DEBOUNCE = Debounce(wait=timedelta(seconds=2), max_wait=timedelta(seconds=30))


async def event(shop: Shop, name: str, **changes: Any) -> ProductEvent:
    values = {
        "store_id": shop.store_id,
        "event_id": name,
        "event_type": EventType.UPDATED,
        "external_id": "woo_1",
        "received_at": await shop.database.clock.read(),
        "body": {"id": 1, "name": "گلیم"},
    }
    return ProductEvent(**{**values, **changes})


async def stored(shop: Shop, *events: ProductEvent) -> None:
    async with shop.database.transaction() as connection:
        for one in events:
            assert await inbox.store(connection, one, workflow_id=f"of-{one.event_id}")


async def recorded(shop: Shop, one: ProductEvent, *, run_id: str = "run") -> RecordedEvent:
    async with shop.database.transaction() as connection:
        return await record(
            connection,
            one,
            workflow_id=f"of-{one.event_id}",
            run_id=run_id,
            debounce=DEBOUNCE,
            readable=(),
        )


async def row_of(shop: Shop, name: str) -> dict[str, Any]:
    row = await shop.event(name)
    assert row is not None
    return row


async def began(shop: Shop, name: str, ago: timedelta) -> datetime:
    """Let the burst of an event begin earlier; returns when it began."""
    async with shop.database.single() as connection:
        await connection.execute(
            text(
                "UPDATE events SET burst_started_at = received_at - CAST(:ago AS interval)"
                " WHERE store_id = :store AND event_id = :name"
            ),
            {"store": shop.store_id, "name": name, "ago": ago},
        )
    at: datetime = (await row_of(shop, name))["burst_started_at"]
    return at


async def test_a_newer_event_that_was_acknowledged_ends_an_older_one(shop: Shop) -> None:
    """It goes on with the burst, and a run that records again ends as it had ended."""
    older, newer = await event(shop, "older"), await event(shop, "newer")
    await stored(shop, older, newer)
    burst = await began(shop, "older", timedelta(seconds=20))
    first = await recorded(shop, older)
    assert first.outcome is not None
    assert (first.outcome.status, first.outcome.reason) == (EventStatus.SUPERSEDED, "Event newer is newer.")
    assert await recorded(shop, older) == first
    row = await row_of(shop, "older")
    assert (row["status"], row["superseded_by"], row["is_pending"]) == ("superseded", "newer", False)
    last = await recorded(shop, newer)
    assert last.outcome is None
    assert (await row_of(shop, "newer"))["burst_started_at"] == burst
    assert await recorded(shop, newer, run_id="reset") is not None
    await shop.forget_unfinished()


async def test_an_overdue_burst_ends_with_the_event_that_is_there(shop: Shop) -> None:
    """An event that has waited for long enough is processed, although another was acknowledged after it."""
    older, newer = await event(shop, "older"), await event(shop, "newer")
    await stored(shop, older, newer)
    await began(shop, "older", timedelta(minutes=1))
    first = await recorded(shop, older)
    assert (first.outcome, first.debounce_seconds) == (None, 0.0)
    await shop.forget_unfinished()


async def test_an_event_without_a_time_yields_to_what_arrived_later_and_not_to_other_products(
    shop: Shop,
) -> None:
    """A deletion waits like any other event; what another product does is of no concern."""
    update = await event(shop, "update")
    deletion = await event(shop, "deletion", event_type=EventType.DELETED, body=None)
    other = await event(shop, "other", external_id="woo_2")
    await stored(shop, update, deletion, other)
    assert (await recorded(shop, update)).outcome is not None
    assert (await recorded(shop, deletion)).outcome is None
    await shop.forget_unfinished()


async def test_a_newer_event_that_is_recorded_first_ends_the_older_one_before_its_run(shop: Shop) -> None:
    """The older event's row says so, and its run ends with its first step."""
    older, newer = await event(shop, "older"), await event(shop, "newer")
    await stored(shop, older, newer)
    assert (await recorded(shop, newer)).supersedes == ("of-older",)
    outcome = (await recorded(shop, older)).outcome
    assert outcome is not None
    assert outcome.reason == "Event newer is newer."
    await shop.forget_unfinished()


async def test_the_row_keeps_what_was_acknowledged(shop: Shop) -> None:
    """The body in the row counts, also where the workflow carries none, as of a large delivery."""
    whole = await event(shop, "whole")
    await stored(shop, whole)
    bare = await event(shop, "whole", body=None, received_at=whole.received_at)
    assert (await recorded(shop, bare)).outcome is None
    row = await row_of(shop, "whole")
    assert (row["payload"], row["run_id"], row["received_at"]) == (whole.body, "run", whole.received_at)
    await shop.forget_unfinished()


async def test_an_event_is_stored_once(shop: Shop) -> None:
    """A repetition is known; one that failed is taken again."""
    once = await event(shop, "once")
    await stored(shop, once)
    async with shop.database.transaction() as connection:
        assert await inbox.store(connection, once, workflow_id="of-once") is None
        found = await inbox.unstarted(connection, own="of-", grace=timedelta(), limit=10_000)
        row_id = next(row for row, one in found if one.store_id == shop.store_id)
        await inbox.reject(connection, row_id, "Temporal rejected the start of the workflow.")
    row = await row_of(shop, "once")
    assert (row["status"], row["is_pending"]) == ("failed", False)
    await stored(shop, once)
    assert (await row_of(shop, "once"))["is_pending"]
    await shop.forget_unfinished()

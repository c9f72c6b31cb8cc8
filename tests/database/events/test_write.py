"""Writing the event log, called directly."""

from sqlalchemy import text

from contracts.events import EventOutcome, EventStatus, FinishedEvent
from database.events import write as events
from tests.support.shop import Shop


async def test_an_event_that_waited_for_a_month_can_end(shop: Shop) -> None:
    """An account without credit may keep events waiting for long."""
    row = await shop.ended(await shop.submit({"id": 1, "name": "ساعت دیواری"}))
    succeeded = EventOutcome(status=EventStatus.SUCCEEDED)
    async with shop.database.transaction() as connection:
        await connection.execute(
            text("UPDATE events SET received_at = now() - interval '30 days' WHERE id = :id"),
            {"id": row["id"]},
        )
        await events.finish(
            connection,
            FinishedEvent(event_row=row["id"], outcome=succeeded),
            workflow_id=row["workflow_id"],
            run_id="late",
        )
    ended = await shop.event(row["event_id"])
    assert ended is not None
    assert ended["attempts"]["late"]["status"] == "succeeded"


async def test_an_attempt_that_was_given_up_changes_no_end(shop: Shop) -> None:
    """A worker that was considered dead may report a failure after another one has ended the event."""
    row = await shop.ended(await shop.submit({"id": 1, "name": "ساعت دیواری"}))
    async with shop.database.transaction() as connection:
        await events.update_status(
            connection, row["id"], EventStatus.RETRYING, "too late", workflow_id=row["workflow_id"]
        )
    assert await shop.event(row["event_id"]) == row

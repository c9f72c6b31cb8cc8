"""Recovery of stalled events, without waiting for its turn."""

from functools import partial

from sqlalchemy import text

from contracts.ids import event_inbox_id
from tests.support.eventually import eventually
from tests.support.shop import Shop
from tests.support.system import System, running_inbox


async def look(system: System) -> None:
    """Restart the inbox, which starts with a recovery."""
    queue = system.settings.task_queue
    now = partial(running_inbox, system.temporal, queue)
    inbox = await eventually(now, what="the inbox")
    assert inbox is not None
    await system.temporal.get_workflow_handle(inbox.workflow_id).terminate("look now")
    await eventually(now, lambda found: found != inbox, what="the end of the inbox")
    await system.temporal.get_schedule_handle(event_inbox_id(queue)).trigger()
    await eventually(now, lambda found: found not in (None, inbox), what="another inbox")


async def age(shop: Shop, event_id: str) -> None:
    """Let an event have arrived ten minutes earlier, so that it counts as stalled."""
    async with shop.database.single() as connection:
        await connection.execute(
            text(
                "UPDATE events SET received_at = received_at - interval '10 minutes'"
                " WHERE store_id = :store AND event_id = :event"
            ),
            {"store": shop.store_id, "event": event_id},
        )

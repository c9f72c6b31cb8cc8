"""How often a shop's own webhooks come."""

from datetime import timedelta

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from contracts.webhooks import Habit

LATELY = timedelta(days=30)
MOST_DELIVERIES = 20_000

_HABIT = text("""
    WITH lately AS (
        SELECT received_at FROM events
        WHERE store_id = :store_id AND received_at > now() - :lately AND event_id LIKE 'wc-%'
        ORDER BY received_at DESC LIMIT :most
    ), hours AS (
        SELECT DISTINCT date_trunc('hour', received_at) AS hour FROM lately
    ), pauses AS (
        SELECT hour - lag(hour) OVER (ORDER BY hour) AS pause FROM hours
    )
    SELECT (SELECT count(*) FROM hours) AS hours, (SELECT max(received_at) FROM lately) AS last_at,
           (SELECT percentile_disc(0.95) WITHIN GROUP (ORDER BY pause) FROM pauses) AS usual, now() AS now
""")


async def habit(connection: AsyncConnection, store_id: int) -> Habit:
    """The habit of the last 30 days; deliveries of one hour count once, for an import makes thousands.

    Only WooCommerce's own webhooks count: what the plugin sends says nothing of them.
    """
    values = {"store_id": store_id, "lately": LATELY, "most": MOST_DELIVERIES}
    return Habit(**(await connection.execute(_HABIT, values)).mappings().one())

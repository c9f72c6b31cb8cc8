"""Deletions that may be replayed deliveries of a stranger."""

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from contracts.events import EventStatus, EventType
from database.sql import literal

_IS_REPEATED = text(f"""
    SELECT EXISTS (
               SELECT FROM events earlier
               WHERE earlier.store_id = e.store_id AND earlier.external_id = e.external_id
                 AND earlier.event_type = {literal(EventType.DELETED)}
                 AND earlier.status = {literal(EventStatus.SUCCEEDED)}
                 AND earlier.id <> e.id AND earlier.received_at <= e.received_at)
           AND (EXISTS (SELECT FROM products
                        WHERE store_id = e.store_id AND external_id = e.external_id AND is_active)
                OR EXISTS (SELECT FROM product_variations
                           WHERE store_id = e.store_id AND external_id = e.external_id AND is_active))
    FROM events e
    WHERE e.id = :id AND e.event_type = {literal(EventType.DELETED)} AND e.confirm AND e.pulled_at IS NULL
      AND NOT EXISTS (SELECT FROM stores WHERE id = e.store_id AND credentials IS NOT NULL)
""")


async def is_repeated(connection: AsyncConnection, row_id: int) -> bool:
    """Returns whether an unconfirmed deletion was applied before, and its subject came back since.

    Only in stores without credentials: others are asked, and a resync corrects them.

    The signature of such a deletion covers its id alone, so a captured delivery looks like a new one.
    """
    return bool((await connection.execute(_IS_REPEATED, {"id": row_id})).scalar_one_or_none())

"""Failed events that nothing has made up for: no later event of the same product or variation succeeded."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from contracts.events import SUCCESSFUL, EventStatus
from database.sql import in_, literal

MOST_COUNTED = 1_000
"""Of so many failed events of a store, the latest ones, the products are counted."""

WITHOUT_SUCCESS = f"""
    NOT EXISTS (SELECT FROM events later
                WHERE later.store_id = e.store_id AND later.external_id = e.external_id
                  AND later.received_at > e.received_at AND later.status IN {in_(SUCCESSFUL)})
"""
"""A condition on a failed event `e`."""

_OPEN = text(f"""
    SELECT count(*) OVER () AS found,
           format('event %s of %s in store %s (%s)', e.id, e.external_id, e.store_id, left(e.reason, 300))
               AS named
    FROM events e
    WHERE e.status = {literal(EventStatus.FAILED)} AND {WITHOUT_SUCCESS}
    ORDER BY e.received_at DESC, e.id DESC LIMIT :named
""")

_PRODUCTS = text(f"""
    WITH e AS MATERIALIZED (
        SELECT store_id, external_id, product_key, received_at FROM events
        WHERE store_id = :store_id AND status = {literal(EventStatus.FAILED)}
        ORDER BY received_at DESC LIMIT {MOST_COUNTED}
    )
    SELECT count(DISTINCT e.product_key) AS count, (SELECT count(*) FROM e) < {MOST_COUNTED} AS is_all
    FROM e WHERE {WITHOUT_SUCCESS}
""")


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenFailures:
    """How many failed events no later one has made up for, and the newest of them with their reasons."""

    count: int
    events: Sequence[str]


async def open_failures(connection: AsyncConnection, *, named: int) -> OpenFailures:
    """Returns the failed events without a later success; at most `named` of them are listed."""
    rows = (await connection.execute(_OPEN, {"named": named})).all()
    return OpenFailures(count=rows[0].found if rows else 0, events=[row.named for row in rows])


@dataclass(frozen=True, slots=True, kw_only=True)
class FailedProducts:
    """How many products have a failed event without a later success; `is_all` unless there are too many."""

    count: int
    is_all: bool


async def failed_products(connection: AsyncConnection, store_id: int) -> FailedProducts:
    """Returns the count of a store, by its latest failed events."""
    return FailedProducts(**(await connection.execute(_PRODUCTS, {"store_id": store_id})).mappings().one())

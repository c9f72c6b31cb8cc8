"""Failed events that nothing has made up for: no later event of the same product or variation succeeded."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from contracts.events import SUCCESSFUL, EventStatus
from database.sql import in_, literal

MOST_COUNTED = 5_000
"""So many failed events, the latest ones, are looked at on pages."""

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


def open_among(of_store: str) -> str:
    """Returns the CTEs `e`, the latest `:most` failed events, and `open`, those without a later success.

    `of_store` is a condition on `e`. The last success is looked up once for each product or variation, so
    that one with thousands of failed events is not searched for each of them.
    """
    return f"""
        WITH e AS MATERIALIZED (
            SELECT e.store_id, e.external_id, e.product_key, e.reason, e.received_at FROM events e
            WHERE e.status = {literal(EventStatus.FAILED)} AND {of_store}
            ORDER BY e.received_at DESC LIMIT :most
        ), last_success AS MATERIALIZED (
            SELECT subject.store_id, subject.external_id,
                   (SELECT later.received_at FROM events later
                    WHERE later.store_id = subject.store_id AND later.external_id = subject.external_id
                      AND later.received_at > subject.first_at AND later.status IN {in_(SUCCESSFUL)}
                    ORDER BY later.received_at DESC LIMIT 1) AS at
            FROM (SELECT store_id, external_id, min(received_at) AS first_at FROM e GROUP BY 1, 2) AS subject
        ), open AS (
            SELECT e.* FROM e JOIN last_success s USING (store_id, external_id)
            WHERE s.at IS NULL OR s.at <= e.received_at
        )
    """


IS_ALL = "(SELECT count(*) FROM e) < :most"
"""SQL after `open_among`: whether all failed events were looked at."""

_PRODUCTS = text(f"""
    {open_among("e.store_id = :store_id")}
    SELECT (SELECT count(DISTINCT product_key) FROM open) AS count, {IS_ALL} AS is_all
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
    values = {"store_id": store_id, "most": MOST_COUNTED}
    return FailedProducts(**(await connection.execute(_PRODUCTS, values)).mappings().one())

"""Why search finds a product or not: its row, its chunks, its latest events."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy import RowMapping, text
from sqlalchemy.ext.asyncio import AsyncConnection

from contracts.events import YIELDED, EventStatus
from database.sql import in_, literal
from database.usage.budgets import HAS_SPENT

LATEST = 20
"""How many events are read; some of them decided nothing."""

_PRODUCT = f"""
    SELECT s.id AS store_id, {HAS_SPENT} AS is_over_budget, p.id,
           coalesce(p.external_id, asked.external_id) AS external_id, p.title, p.status,
           p.is_active, p.updated_at, p.knowledge_model, p.knowledge_at,
           p.knowledge_hash IS NOT NULL AS is_indexed,
           coalesce(p.knowledge_hash = p.content_hash, false) AS is_current,
           (SELECT count(*) FROM tenant_knowledge k WHERE k.product_id = p.id AND k.is_live) AS chunks
"""

_BY_ID = text(f"""
    {_PRODUCT}
    FROM products p JOIN stores s ON s.id = p.store_id
    CROSS JOIN (SELECT NULL AS external_id) AS asked
    WHERE p.id = :id AND p.user_id = :user_id
""")

_BY_EXTERNAL_ID = text(f"""
    {_PRODUCT}
    FROM stores s
    CROSS JOIN (SELECT coalesce((SELECT parent_external_id FROM product_variations
                                 WHERE store_id = :store_id AND external_id = :external_id),
                                :external_id) AS external_id) AS asked
    LEFT JOIN products p ON p.store_id = s.id AND p.external_id = asked.external_id
    WHERE s.id = :store_id AND s.user_id = :user_id
""")


def _events_of(external_id: str) -> str:
    """Returns SQL of the latest events `e` of a product and of its variations, of each :latest ones."""
    return f"""
    (
        SELECT CAST({external_id} AS text) AS external_id
        UNION SELECT external_id FROM product_variations
        WHERE store_id = :store_id AND parent_external_id = {external_id}
        UNION SELECT external_id FROM events
        WHERE store_id = :store_id AND status = {literal(EventStatus.FAILED)} AND product_key = {external_id}
    ) AS thing CROSS JOIN LATERAL (
        SELECT id, event_id, external_id, event_type, status, reason, received_at, finished_at, workflow_id,
               (SELECT count(*) FROM jsonb_object_keys(attempts)) AS attempts
        FROM events WHERE store_id = :store_id AND external_id = thing.external_id
        ORDER BY received_at DESC, id DESC LIMIT :latest
    ) AS e
    """


_EVENTS = text(f"""
    SELECT e.* FROM {_events_of(":external_id")} ORDER BY e.received_at DESC, e.id DESC LIMIT :latest
""")


@dataclass(frozen=True, slots=True, kw_only=True)
class ProductFacts:
    """A product's row; `is_indexed`: any of its texts is indexed, `is_current`: the current one is."""

    id: int
    title: str
    status: str
    is_active: bool
    updated_at: datetime
    knowledge_model: str | None
    knowledge_at: datetime | None
    is_indexed: bool
    is_current: bool
    chunks: int


@dataclass(frozen=True, slots=True, kw_only=True)
class EventFacts:
    """An event of the product or of one of its variations; `attempts` counts its runs."""

    id: int
    event_id: str
    external_id: str
    event_type: str
    status: EventStatus
    reason: str
    received_at: datetime
    finished_at: datetime | None
    workflow_id: str
    attempts: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ProductHistory:
    """A product, or None if it has no row, with its latest events, the newest first.

    `is_over_budget` is whether its store has spent its budget of tokens.
    """

    store_id: int
    external_id: str
    product: ProductFacts | None
    events: Sequence[EventFacts]
    is_over_budget: bool = False


_EVENT_COLUMNS = ", ".join(f"e.{name} AS event__{name}" for name in EventFacts.__dataclass_fields__)

_EACH = text(f"""
    WITH s AS MATERIALIZED (
        SELECT s.id, {HAS_SPENT} AS is_over_budget FROM stores s WHERE s.id = :store_id
    )
    {_PRODUCT.replace(HAS_SPENT, "s.is_over_budget")}, {_EVENT_COLUMNS}
    FROM s CROSS JOIN unnest(CAST(:external_ids AS text[])) AS asked(external_id)
    LEFT JOIN products p ON p.store_id = s.id AND p.external_id = asked.external_id
    LEFT JOIN LATERAL (
        SELECT e.* FROM {_events_of("asked.external_id")}
        ORDER BY e.status IN {in_(YIELDED)}, e.received_at DESC, e.id DESC LIMIT 1
    ) AS e ON true
""")


async def by_external_ids(
    connection: AsyncConnection, store_id: int, external_ids: Sequence[str]
) -> dict[str, ProductHistory]:
    """Returns the histories of products of a store by external id, in one statement.

    Each has at most one event: the newest that no other event replaced, or else the newest.
    """
    values = {"store_id": store_id, "external_ids": list(external_ids), "latest": LATEST}
    rows = (await connection.execute(_EACH, values)).mappings()
    return {row["external_id"]: _of_row(row, [row] if row["event__id"] else []) for row in rows}


def _of_row(row: RowMapping, events: Sequence[RowMapping]) -> ProductHistory:
    product = {name: row[name] for name in ProductFacts.__dataclass_fields__}
    return ProductHistory(
        store_id=row["store_id"],
        external_id=row["external_id"],
        is_over_budget=row["is_over_budget"],
        product=None if row["id"] is None else ProductFacts(**product),
        events=[_event(event, "event__") for event in events],
    )


def _event(row: RowMapping, prefix: str = "") -> EventFacts:
    values = {name: row[f"{prefix}{name}"] for name in EventFacts.__dataclass_fields__}
    return EventFacts(**{**values, "status": EventStatus(values["status"])})


async def _history(connection: AsyncConnection, row: RowMapping | None) -> ProductHistory | None:
    if row is None:
        return None
    key = {"store_id": row["store_id"], "external_id": row["external_id"]}
    events = await connection.execute(_EVENTS, {**key, "latest": LATEST})
    return replace(_of_row(row, []), events=[_event(event) for event in events.mappings()])


async def by_id(connection: AsyncConnection, user_id: int, product_id: int) -> ProductHistory | None:
    """Returns the history of an owner's product; None if the owner has no product of this id."""
    row = await connection.execute(_BY_ID, {"user_id": user_id, "id": product_id})
    return await _history(connection, row.mappings().one_or_none())


async def by_external_id(
    connection: AsyncConnection, user_id: int, store_id: int, external_id: str
) -> ProductHistory | None:
    """Like `by_id`, by the shop's id of a product or variation; None if the owner has no such store."""
    key = {"user_id": user_id, "store_id": store_id, "external_id": external_id}
    row = await connection.execute(_BY_EXTERNAL_ID, key)
    return await _history(connection, row.mappings().one_or_none())

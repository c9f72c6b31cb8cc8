"""Events that must be confirmed by their shop, the snapshot read there, and deletions that come again."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import orjson
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from contracts.errors import RowGone
from contracts.events import EventStatus, EventType, time_of_change
from database.events.ownership import is_owned
from database.sql import literal

_SUBJECT = text(f"""
    SELECT e.id, e.store_id, e.event_type, e.external_id, e.received_at,
           coalesce(v.parent_external_id, e.product_key) AS product_key,
           EXISTS (SELECT FROM events o
                   WHERE o.store_id = e.store_id AND o.product_key = e.product_key AND o.is_pending
                     AND o.superseded_by IS NULL AND o.confirm AND o.event_type <> 'product.deleted'
                     AND (o.received_at, o.id) > (e.received_at, e.id)) AS is_followed
    FROM events e
    LEFT JOIN product_variations v ON v.store_id = e.store_id AND v.external_id = e.external_id
    WHERE e.id = :id AND {is_owned("e.")}
""")

_STORE = text(f"""
    UPDATE events
    SET event_type = :event_type, product_key = :product_key,
        payload = coalesce(CAST(:payload AS json), payload),
        version = :version, pulled_at = :read_at
    WHERE id = :id AND {is_owned()} AND finished_at IS NULL
""")


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


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """The subject of an event: a product, or a variation of the product `product_key`.

    `is_followed` is whether a later pending event will read the same product, `received_at` when the event
    arrived.
    """

    id: int
    store_id: int
    event_type: EventType
    external_id: str
    product_key: str
    received_at: datetime
    is_followed: bool

    @property
    def is_deletion(self) -> bool:
        return self.event_type is EventType.DELETED

    @property
    def is_variation(self) -> bool:
        """For a deletion, this is true only if the variation is stored."""
        return self.external_id != self.product_key


@dataclass(frozen=True, slots=True, kw_only=True)
class ShopSnapshot:
    """A product as the shop has it now; without a payload it no longer has the product or variation.

    `read_at` is when the request began: an event that arrives later may be newer.
    """

    event_type: EventType
    product_key: str
    payload: Mapping[str, Any] | None
    version: datetime | None
    read_at: datetime


async def subject(connection: AsyncConnection, row_id: int, *, workflow_id: str) -> Subject:
    """Returns the subject of an event; raises RowGone if its row is not the workflow's own."""
    found = await connection.execute(_SUBJECT, {"id": row_id, "workflow_id": workflow_id})
    row = found.mappings().one_or_none()
    if row is None:
        raise RowGone
    return Subject(**{**row, "event_type": EventType(row["event_type"])})


async def store_snapshot(
    connection: AsyncConnection, row_id: int, snapshot: ShopSnapshot, *, workflow_id: str
) -> None:
    """Replace what a workflow's event says by a snapshot; its place in the order of events stays."""
    await connection.execute(
        _STORE,
        {
            "id": row_id,
            "workflow_id": workflow_id,
            "event_type": snapshot.event_type,
            "product_key": snapshot.product_key,
            "payload": None if snapshot.payload is None else orjson.dumps(snapshot.payload).decode(),
            "version": time_of_change(snapshot.version, arrived=snapshot.read_at),
            "read_at": snapshot.read_at,
        },
    )


async def is_repeated(connection: AsyncConnection, row_id: int) -> bool:
    """Returns whether an unconfirmed deletion was applied before, and its subject came back since.

    Only in stores without credentials: others are asked, and a resync corrects them.

    The signature of such a deletion covers its id alone, so a captured delivery looks like a new one.
    """
    return bool((await connection.execute(_IS_REPEATED, {"id": row_id})).scalar_one_or_none())

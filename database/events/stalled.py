"""Stalled work: events without a running workflow, and texts that no event indexes."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from contracts.events import (
    IN_PROGRESS,
    EventOutcome,
    EventStatus,
    FinishedEvent,
    TextVersion,
    UnfinishedEvent,
    UnindexedProduct,
)
from database.events import write as events
from database.events.log import RESTART_COLUMNS, event_to_restart
from database.sql import in_, names
from database.usage.budgets import SPENT_STORES

_UNFINISHED = text(f"""
    SELECT id, workflow_id, run_id, {names(RESTART_COLUMNS)} FROM events
    WHERE finished_at IS NULL AND status IN {in_(IN_PROGRESS)}
      AND received_at < now() - CAST(:age AS interval) AND id > :beyond
    ORDER BY id LIMIT :limit
""")

_OVERDUE = text("""
    SELECT count(*) OVER () AS found,
           workflow_id || ' (' || concat_ws(': ', status, nullif(reason, '')) || ')' AS named
    FROM events WHERE finished_at IS NULL AND received_at < now() - CAST(:age AS interval)
    ORDER BY received_at LIMIT :named
""")

_TAKE = text("""
    UPDATE events SET run_id = coalesce(run_id, 'lost')
    WHERE id = :id AND workflow_id = :workflow_id AND finished_at IS NULL
      AND run_id IS NOT DISTINCT FROM CAST(:run_id AS text)
    RETURNING run_id
""")

_IS_UNFINISHED = text("""
    SELECT FROM events WHERE id = :id AND workflow_id = :workflow_id AND finished_at IS NULL
""")

_IS_UNINDEXED = """
    p.is_active AND (p.knowledge_hash, p.knowledge_model) IS DISTINCT FROM (p.content_hash, :model)
    AND NOT EXISTS (SELECT FROM events e WHERE e.store_id = p.store_id AND e.product_key = p.external_id
                    AND e.is_pending AND e.superseded_by IS NULL)
"""

_PRODUCTS = text(f"""
    SELECT p.id AS product_id, p.store_id, p.external_id FROM products p
    WHERE p.claimed_hash IS DISTINCT FROM p.content_hash AND {_IS_UNINDEXED}
      AND p.store_id NOT IN ({SPENT_STORES})
    ORDER BY p.id LIMIT :limit
""")

_VERSION = text(f"SELECT p.content_hash FROM products p WHERE p.id = :id AND {_IS_UNINDEXED}")

_ABANDON = text("""
    UPDATE products SET claimed_hash = content_hash WHERE id = :product_id AND content_hash = :content_hash
""")


@dataclass(frozen=True, slots=True, kw_only=True)
class StalledEvents:
    """How many events have not ended, and the reasons of the oldest ones."""

    count: int
    events: Sequence[str]


async def overdue(connection: AsyncConnection, *, age: timedelta, named: int) -> StalledEvents:
    """Returns the events that arrived at least `age` ago and have not ended."""
    rows = (await connection.execute(_OVERDUE, {"age": age, "named": named})).all()
    return StalledEvents(count=rows[0].found if rows else 0, events=[row.named for row in rows])


async def unfinished(
    connection: AsyncConnection, *, age: timedelta, beyond: int, limit: int
) -> list[UnfinishedEvent]:
    """Returns events with a run that has not ended, in the order of their rows, without bodies."""
    rows = await connection.execute(_UNFINISHED, {"age": age, "beyond": beyond, "limit": limit})
    return [
        UnfinishedEvent(
            row_id=row["id"],
            workflow_id=row["workflow_id"],
            run_id=row["run_id"],
            event=event_to_restart(dict(row)),
        )
        for row in rows.mappings()
    ]


async def is_unfinished(connection: AsyncConnection, event: UnfinishedEvent) -> bool:
    """Returns whether an event has still not ended."""
    values = {"id": event.row_id, "workflow_id": event.workflow_id}
    return (await connection.execute(_IS_UNFINISHED, values)).first() is not None


async def fail_event(connection: AsyncConnection, event: UnfinishedEvent, reason: str) -> None:
    """Mark an event as failed, unless another run has recorded it or it has ended in the meantime."""
    found = {"id": event.row_id, "workflow_id": event.workflow_id, "run_id": event.run_id}
    run_id = (await connection.execute(_TAKE, found)).scalar_one_or_none()
    if run_id is None:
        return
    failed = EventOutcome(status=EventStatus.FAILED, reason=reason)
    finished = FinishedEvent(event_row=event.row_id, outcome=failed, abandons=True)
    await events.finish(connection, finished, workflow_id=event.workflow_id, run_id=run_id)


async def unindexed_products(
    connection: AsyncConnection, *, model: str, limit: int
) -> list[UnindexedProduct]:
    """Returns products with an unindexed text that no event has claimed.

    Texts of a store that has spent its budget of tokens are left out until it has a new one.
    """
    rows = await connection.execute(_PRODUCTS, {"model": model, "limit": limit})
    return [UnindexedProduct(**row) for row in rows.mappings()]


async def unindexed_version(
    connection: AsyncConnection, product_id: int, *, model: str
) -> TextVersion | None:
    """Returns the current text of a product if it is not indexed and no event of the product is pending."""
    found = await connection.execute(_VERSION, {"id": product_id, "model": model})
    content_hash = found.scalar_one_or_none()
    if content_hash is None:
        return None
    return TextVersion(event_row=0, product_id=product_id, content_hash=content_hash)


async def abandon(connection: AsyncConnection, version: TextVersion) -> None:
    """Mark a text as claimed, so that the recovery job does not start it again."""
    values = {"product_id": version.product_id, "content_hash": version.content_hash}
    await connection.execute(_ABANDON, values)

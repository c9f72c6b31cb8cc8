"""Failed events that nothing has made up for: no later event of the same product or variation succeeded."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from contracts.events import SUCCESSFUL, EventStatus
from database.sql import in_, literal

_OPEN = text(f"""
    SELECT count(*) OVER () AS found,
           format('event %s of %s in store %s (%s)', e.id, e.external_id, e.store_id, left(e.reason, 300))
               AS named
    FROM events e
    WHERE e.status = {literal(EventStatus.FAILED)}
      AND NOT EXISTS (SELECT FROM events later
                      WHERE later.store_id = e.store_id AND later.external_id = e.external_id
                        AND later.received_at > e.received_at AND later.status IN {in_(SUCCESSFUL)})
    ORDER BY e.received_at DESC, e.id DESC LIMIT :named
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

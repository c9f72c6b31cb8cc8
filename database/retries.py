"""Retries of all failed events that a filter finds: what one is about, how far it is, and its result.

The result is what the event log says now, so that it can be read for as long as the events are kept.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from contracts.events import SUCCESSFUL, EventStatus
from database.sql import as_json, in_, literal

REASONS = 20
REASON_CHARACTERS = 200
"""Events with the same beginning of their reason failed alike, as in the summary of the log."""

_COLUMNS = """
    r.id, r.user_id, u.email AS user_email, r.store_id, s.name AS store_name, r.filters, r.found,
    r.position, r.began_at, r.ended_at
"""
_JOINED = "FROM retries r LEFT JOIN users u ON u.id = r.user_id LEFT JOIN stores s ON s.id = r.store_id"

_BEGIN = text("""
    INSERT INTO retries (user_id, store_id, filters, found)
    VALUES (:user_id, :store_id, CAST(:filters AS jsonb), :found) RETURNING id
""")

_READ = text(f"SELECT {_COLUMNS} {_JOINED} WHERE r.id = :id")

_NEWEST = text(f"""
    SELECT {_COLUMNS} {_JOINED}
    WHERE CAST(:store_id AS bigint) IS NULL OR r.store_id = :store_id ORDER BY r.id DESC LIMIT :limit
""")

_ADD = text("""
    INSERT INTO retried_events (retry_id, event_id)
    SELECT r.id, one.id FROM retries r, unnest(CAST(:rows AS bigint[])) AS one(id) WHERE r.id = :id
    ON CONFLICT (retry_id, event_id) DO UPDATE SET started_at = now()
""")

_DROP = text("DELETE FROM retried_events WHERE retry_id = :id AND event_id = ANY(:rows)")

_ADVANCE = text("""
    UPDATE retries SET position = coalesce(CAST(:position AS text), position),
                       ended_at = CASE WHEN CAST(:position AS text) IS NULL THEN now() END
    WHERE id = :id AND ended_at IS NULL
""")

_STOP = text("UPDATE retries SET ended_at = now() WHERE id = :id AND ended_at IS NULL")

_HAS_FAILED = f"(e.status = {literal(EventStatus.FAILED)} AND e.finished_at >= r.started_at)"

_RESULT = text(f"""
    SELECT {_HAS_FAILED} AS has_failed, e.status IN {in_(SUCCESSFUL)} AS has_succeeded,
           CASE WHEN {_HAS_FAILED} THEN left(e.reason, {REASON_CHARACTERS}) END AS reason,
           count(*) AS events
    FROM retried_events r JOIN events e ON e.id = r.event_id
    WHERE r.retry_id = :id GROUP BY 1, 2, 3 ORDER BY 4 DESC, 3
""")


@dataclass(frozen=True, slots=True, kw_only=True)
class Retry:
    """A retry: who asked for it, of which store (None is all), with which filters, and how far it is.

    `found` counts the failed events that the filters found when it began. `ended_at` is when the last of them
    was started, None while it goes on.
    """

    id: int
    user_id: int | None
    user_email: str | None
    store_id: int | None
    store_name: str | None
    filters: Mapping[str, Any]
    found: int
    position: str | None
    began_at: datetime
    ended_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """What became of the events of a retry; `reasons` counts the failures, the commonest first.

    An event that nothing has taken up yet is among the waiting ones.
    """

    waiting: int
    succeeded: int
    failed: int
    reasons: Mapping[str, int]

    @property
    def started(self) -> int:
        """All events of the retry."""
        return self.waiting + self.succeeded + self.failed

    @property
    def ended(self) -> int:
        """The events that have a result."""
        return self.succeeded + self.failed


async def begin(
    connection: AsyncConnection,
    *,
    user_id: int,
    store_id: int | None,
    filters: Mapping[str, Any],
    found: int,
) -> int:
    """Returns the id of a new retry, which has no event yet."""
    values = {"user_id": user_id, "store_id": store_id, "filters": as_json(filters), "found": found}
    return int((await connection.execute(_BEGIN, values)).scalar_one())


async def read(connection: AsyncConnection, retry_id: int) -> Retry | None:
    """Returns a retry, None if there is none with this id. The caller checks who may see it."""
    row = (await connection.execute(_READ, {"id": retry_id})).mappings().one_or_none()
    return Retry(**row) if row else None


async def newest(connection: AsyncConnection, store_id: int | None, *, limit: int) -> Sequence[Retry]:
    """Returns the newest retries of a store, or of all stores."""
    rows = await connection.execute(_NEWEST, {"store_id": store_id, "limit": limit})
    return [Retry(**row) for row in rows.mappings()]


async def add(connection: AsyncConnection, retry_id: int, rows: Sequence[int]) -> None:
    """Note that events belong to a retry and start now; to be committed before they start."""
    await connection.execute(_ADD, {"id": retry_id, "rows": list(rows)})


async def drop(connection: AsyncConnection, retry_id: int, rows: Sequence[int]) -> None:
    """Take back `add` for events that could not be started."""
    await connection.execute(_DROP, {"id": retry_id, "rows": list(rows)})


async def advance(connection: AsyncConnection, retry_id: int, position: str | None) -> None:
    """Note where a retry goes on; None ends it."""
    await connection.execute(_ADVANCE, {"id": retry_id, "position": position})


async def stop(connection: AsyncConnection, retry_id: int) -> None:
    """End a retry where it is; what it started runs on."""
    await connection.execute(_STOP, {"id": retry_id})


async def result(connection: AsyncConnection, retry_id: int) -> Result:
    """Returns what became of the events of a retry until now."""
    counts: Counter[str] = Counter()
    reasons: dict[str, int] = {}
    for row in await connection.execute(_RESULT, {"id": retry_id}):
        counts["failed" if row.has_failed else "succeeded" if row.has_succeeded else "waiting"] += row.events
        if row.has_failed and len(reasons) < REASONS:
            reasons[row.reason] = row.events
    return Result(
        waiting=counts["waiting"], succeeded=counts["succeeded"], failed=counts["failed"], reasons=reasons
    )

"""The table of totals, and the number of unfinished events."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from contracts.events import UNFINISHED, EventStatus
from database.sql import as_json, in_, literal, recordset

_ADDED = {"name": "text", "label": "text", "value": "double precision"}

_ADD = text(f"""
    INSERT INTO totals AS t (name, label, value)
    SELECT name, label, value
    FROM {recordset("added", "a", _ADDED)}
    ORDER BY name, label
    ON CONFLICT (name, label) DO UPDATE SET value = t.value + excluded.value
""")

_READ = text(f"""
    SELECT 'total' AS kind, name, label, value FROM totals
    UNION ALL
    SELECT 'events', status, '', count(*) FROM events WHERE status IN {in_(UNFINISHED)} GROUP BY status
    UNION ALL
    SELECT 'events', {literal(EventStatus.FAILED)}, '', count(*) FROM events
    WHERE status = {literal(EventStatus.FAILED)}
    UNION ALL
    SELECT 'oldest', '', '', greatest(extract(epoch FROM now() - min(received_at)), 0)
    FROM events WHERE status IN {in_(UNFINISHED)} HAVING count(*) > 0
    UNION ALL
    SELECT 'connections', 'used', '', sum(numbackends) FROM pg_stat_database
    UNION ALL
    SELECT 'connections', 'allowed', '', CAST(current_setting('max_connections') AS integer)
                                         - CAST(current_setting('superuser_reserved_connections') AS integer)
    UNION ALL
    SELECT 'failing_shops', '', '', count(*) FROM shop_budgets
    WHERE failing_since < now() - interval '10 minutes'
""")


@dataclass(frozen=True, slots=True, kw_only=True)
class MetricsSnapshot:
    """Totals by name and label, events by status, and the age of the oldest unfinished event.

    `connections` of the whole Postgres server are used or allowed; `failing_shops` is the number of
    shops that have failed each visit for more than ten minutes.
    """

    totals: Mapping[tuple[str, str], float]
    events: Mapping[str, int]
    oldest_seconds: float
    connections: Mapping[str, int] = field(default_factory=dict)
    failing_shops: int = 0


async def add(connection: AsyncConnection, added: Mapping[tuple[str, str], float]) -> None:
    """Add to several totals; always in the same order, so that two workers cannot deadlock."""
    rows = [{"name": name, "label": label, "value": value} for (name, label), value in added.items()]
    await connection.execute(_ADD, {"added": as_json(rows)})


async def read(connection: AsyncConnection) -> MetricsSnapshot:
    """Read everything in one statement; every part of it uses an index."""
    rows = list((await connection.execute(_READ)).mappings())
    return MetricsSnapshot(
        totals={(row["name"], row["label"]): float(row["value"]) for row in rows if row["kind"] == "total"},
        events={row["name"]: int(row["value"]) for row in rows if row["kind"] == "events"},
        connections={row["name"]: int(row["value"]) for row in rows if row["kind"] == "connections"},
        failing_shops=next(int(row["value"]) for row in rows if row["kind"] == "failing_shops"),
        oldest_seconds=next((float(row["value"]) for row in rows if row["kind"] == "oldest"), 0.0),
    )

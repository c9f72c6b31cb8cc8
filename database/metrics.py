"""The table of totals, and the number of unfinished events."""

from collections.abc import Mapping
from dataclasses import dataclass

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
""")


@dataclass(frozen=True, slots=True, kw_only=True)
class MetricsSnapshot:
    """Totals by name and label, events by status, and the age of the oldest unfinished event."""

    totals: Mapping[tuple[str, str], float]
    events: Mapping[str, int]
    oldest_seconds: float


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
        oldest_seconds=next((float(row["value"]) for row in rows if row["kind"] == "oldest"), 0.0),
    )

"""What the event log says at a glance: events by hour, how fast changes become searchable, and failures."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from contracts.events import UNFINISHED, EventStatus
from database.sql import in_, literal

HOURS = 24
SAMPLE = 2_000
"""Of so many events, the latest ones, the times are taken."""

FAILURES = 5_000
REASONS = 20

NONE = (None, None)

_SECONDS = "extract(epoch FROM e.finished_at - e.received_at)"

_HOURS = f"""
    SELECT date_trunc('hour', e.received_at) AS hour, e.status, count(*) AS events FROM events e
    WHERE e.received_at >= date_trunc('hour', now()) - interval '{HOURS - 1} hours' AND {{of_store}}
    GROUP BY 1, 2 ORDER BY 1
"""

_SPEED = f"""
    SELECT count(*) AS events, percentile_cont(0.5) WITHIN GROUP (ORDER BY seconds) AS p50,
           percentile_cont(0.95) WITHIN GROUP (ORDER BY seconds) AS p95
    FROM (SELECT {_SECONDS} AS seconds FROM events e
          WHERE e.status = {literal(EventStatus.SUCCEEDED)} AND {{of_store}}
            AND e.received_at > now() - interval '{HOURS} hours'
          ORDER BY e.received_at DESC LIMIT {SAMPLE}) AS latest
"""

_SPEED_BY_HOUR = f"""
    SELECT date_trunc('hour', e.received_at) AS hour,
           percentile_cont(0.5) WITHIN GROUP (ORDER BY {_SECONDS}) AS p50,
           percentile_cont(0.95) WITHIN GROUP (ORDER BY {_SECONDS}) AS p95
    FROM events e
    WHERE e.status = {literal(EventStatus.SUCCEEDED)} AND {{of_store}}
      AND e.received_at >= date_trunc('hour', now()) - interval '{HOURS - 1} hours'
    GROUP BY 1
"""

_FAILED = f"""
    SELECT left(f.reason, 200) AS reason, count(*) AS count, max(f.received_at) AS latest
    FROM (SELECT e.reason, e.received_at FROM events e
          WHERE e.status = {literal(EventStatus.FAILED)} AND {{of_store}}
          ORDER BY e.received_at DESC LIMIT {FAILURES}) AS f
    GROUP BY 1 ORDER BY 2 DESC, 3 DESC LIMIT {REASONS}
"""

_OLDEST = f"""
    SELECT count(*) AS events, min(e.received_at) AS oldest FROM events e
    WHERE e.status IN {in_(UNFINISHED)} AND {{of_store}}
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Hour:
    """The events that arrived in an hour, by status, and in seconds how long its successful ones took."""

    hour: datetime
    counts: Mapping[str, int]
    p50: float | None
    p95: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Failure:
    """Failed events with the same reason."""

    reason: str
    count: int
    latest: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Summary:
    """The last day of the log; times are in seconds, None without an event."""

    hours: Sequence[Hour]
    finished: int
    p50: float | None
    p95: float | None
    failures: Sequence[Failure]
    unfinished: int
    oldest: datetime | None


async def read(connection: AsyncConnection, store_id: int | None) -> Summary:
    """Returns the summary of a store, or of all stores."""
    values = {} if store_id is None else {"store_id": store_id}
    of_store = "true" if store_id is None else "e.store_id = :store_id"
    hours: dict[datetime, dict[str, int]] = {}
    for row in await connection.execute(text(_HOURS.format(of_store=of_store)), values):
        hours.setdefault(row.hour, {})[row.status] = row.events
    speeds = {
        row.hour: (row.p50, row.p95)
        for row in await connection.execute(text(_SPEED_BY_HOUR.format(of_store=of_store)), values)
    }
    speed = (await connection.execute(text(_SPEED.format(of_store=of_store)), values)).one()
    failed = await connection.execute(text(_FAILED.format(of_store=of_store)), values)
    open_ = (await connection.execute(text(_OLDEST.format(of_store=of_store)), values)).one()
    return Summary(
        hours=[
            Hour(hour=hour, counts=counts, p50=speeds.get(hour, NONE)[0], p95=speeds.get(hour, NONE)[1])
            for hour, counts in hours.items()
        ],
        finished=speed.events,
        p50=speed.p50,
        p95=speed.p95,
        failures=[Failure(**row) for row in failed.mappings()],
        unfinished=open_.events,
        oldest=open_.oldest,
    )

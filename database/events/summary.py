"""What the event log says at a glance: events by hour, how fast changes become searchable, and failures."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from contracts.events import UNFINISHED, EventStatus
from database.events.failed import IS_ALL, MOST_COUNTED, open_among
from database.sql import in_, literal

HOURS = 24
SAMPLE = 2_000
"""Of so many events, the latest ones, the times are taken."""

SAMPLE_OF_HOUR = 200

REASONS = 20
REASON_CHARACTERS = 200
"""Failures with the same beginning of their reason are of one kind."""

NONE = (None, None)

_SECONDS = "CAST(extract(epoch FROM e.finished_at - e.received_at) AS double precision)"

_EACH_HOUR = f"""
    generate_series(date_trunc('hour', now()) - interval '{HOURS - 1} hours', date_trunc('hour', now()),
                    interval '1 hour') AS h(hour)
"""
_OF_HOUR = "e.received_at >= h.hour AND e.received_at < h.hour + interval '1 hour'"

_HOURS = f"""
    SELECT h.hour, s.status, counted.events
    FROM {_EACH_HOUR}
    CROSS JOIN unnest(CAST(:statuses AS text[])) AS s(status)
    CROSS JOIN LATERAL (SELECT count(*) AS events FROM events e
                        WHERE e.status = s.status AND {_OF_HOUR} AND {{of_store}}) AS counted
    WHERE counted.events > 0 ORDER BY 1
"""

_SPEED = f"""
    SELECT percentile_cont(0.5) WITHIN GROUP (ORDER BY seconds) AS p50,
           percentile_cont(0.95) WITHIN GROUP (ORDER BY seconds) AS p95
    FROM (SELECT {_SECONDS} AS seconds FROM events e
          WHERE e.status = {literal(EventStatus.SUCCEEDED)} AND {{of_store}}
            AND e.received_at > now() - interval '{HOURS} hours'
          ORDER BY e.received_at DESC LIMIT {SAMPLE}) AS latest
"""

_SPEED_BY_HOUR = f"""
    SELECT h.hour, percentile_cont(0.5) WITHIN GROUP (ORDER BY latest.seconds) AS p50,
           percentile_cont(0.95) WITHIN GROUP (ORDER BY latest.seconds) AS p95
    FROM {_EACH_HOUR}
    CROSS JOIN LATERAL (SELECT {_SECONDS} AS seconds FROM events e
                        WHERE e.status = {literal(EventStatus.SUCCEEDED)} AND {_OF_HOUR} AND {{of_store}}
                        ORDER BY e.received_at DESC LIMIT {SAMPLE_OF_HOUR}) AS latest
    GROUP BY 1
"""

_FAILED = f"""
    {{open_among}}, reasons AS (
        SELECT left(reason, {REASON_CHARACTERS}) AS reason, count(*) AS count, max(received_at) AS latest,
               sum(count(*)) OVER () AS failed
        FROM open GROUP BY 1 ORDER BY 2 DESC, 3 DESC LIMIT {REASONS}
    )
    SELECT reasons.*, looked.is_all FROM (SELECT {IS_ALL} AS is_all) looked LEFT JOIN reasons ON true
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
    """Failed events with the same reason, which no later event made up for."""

    reason: str
    count: int
    latest: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Summary:
    """The last day of the log, and what is failed or unfinished now.

    Times are in seconds, None without an event. `failed` counts the events that no later one made up for, of
    the latest failed ones; unless `is_all`, there may be more. `failures` are the commonest reasons of them.
    """

    hours: Sequence[Hour]
    finished: int
    p50: float | None
    p95: float | None
    failed: int
    is_all: bool
    failures: Sequence[Failure]
    unfinished: int
    oldest: datetime | None


async def read(connection: AsyncConnection, store_id: int | None, *, most: int = MOST_COUNTED) -> Summary:
    """Returns the summary of a store, or of all stores; of failed events, the latest `most` are looked at."""
    values = {} if store_id is None else {"store_id": store_id}
    of_store = "true" if store_id is None else "e.store_id = :store_id"
    hours: dict[datetime, dict[str, int]] = {}
    counted = {**values, "statuses": [status.value for status in EventStatus]}
    for row in await connection.execute(text(_HOURS.format(of_store=of_store)), counted):
        hours.setdefault(row.hour, {})[row.status] = row.events
    speeds = {
        row.hour: (row.p50, row.p95)
        for row in await connection.execute(text(_SPEED_BY_HOUR.format(of_store=of_store)), values)
    }
    speed = (await connection.execute(text(_SPEED.format(of_store=of_store)), values)).one()
    failed = _FAILED.format(open_among=open_among(of_store))
    rows = (await connection.execute(text(failed), {**values, "most": most})).mappings().all()
    failures = [row for row in rows if row["count"]]
    open_ = (await connection.execute(text(_OLDEST.format(of_store=of_store)), values)).one()
    return Summary(
        hours=[
            Hour(hour=hour, counts=counts, p50=speeds.get(hour, NONE)[0], p95=speeds.get(hour, NONE)[1])
            for hour, counts in hours.items()
        ],
        finished=sum(counts.get(EventStatus.SUCCEEDED, 0) for counts in hours.values()),
        p50=speed.p50,
        p95=speed.p95,
        failed=int(failures[0]["failed"]) if failures else 0,
        is_all=rows[0]["is_all"],
        failures=[Failure(**{name: row[name] for name in ("reason", "count", "latest")}) for row in failures],
        unfinished=open_.events,
        oldest=open_.oldest,
    )

"""What the ledger of embedding says: of some days at a glance, and row by row."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from sqlalchemy import RowMapping, text
from sqlalchemy.ext.asyncio import AsyncConnection

from contracts.metrics import Purpose, Usage
from database.usage.ledger import COUNTS, TODAY

MOST_STORES = 50

_SUMS = ", ".join(f"CAST(coalesce(sum(u.{name}), 0) AS bigint) AS {name}" for name in COUNTS)

_GLANCE = f"""
    SELECT * FROM (
        SELECT u.day, u.purpose, u.store_id, min(s.name) AS name, {_SUMS},
               grouping(u.day, u.purpose, u.store_id) AS level,
               row_number() OVER (PARTITION BY grouping(u.day, u.purpose, u.store_id)
                                  ORDER BY sum(u.tokens) DESC, u.store_id) AS place
        FROM embedding_usage u JOIN stores s ON s.id = u.store_id
        WHERE u.day > {TODAY} - CAST(:days AS integer) AND {{found}}
        GROUP BY GROUPING SETS ((), (u.day), (u.purpose), (u.store_id))) AS each
    WHERE level <> {{stores}} OR place <= {MOST_STORES}
    ORDER BY level, place
"""

_ALL, _DAY, _PURPOSE, _STORE = 0b111, 0b011, 0b101, 0b110
"""What Postgres's `grouping` is of a sum of all, or by one of the three: a bit for each that is summed up."""

_FOUND = """
    FROM embedding_usage u JOIN stores s ON s.id = u.store_id
    WHERE u.day >= coalesce(CAST(:since AS date), '-infinity')
      AND u.day <= coalesce(CAST(:until AS date), 'infinity')
      AND (CAST(:owner AS bigint) IS NULL OR s.user_id = :owner)
      AND (CAST(:store_id AS bigint) IS NULL OR u.store_id = :store_id)
"""

_TOTALS = text(f"SELECT count(*) AS rows, {_SUMS} {_FOUND}")

_LIST = text(f"""
    SELECT u.* {_FOUND}
    ORDER BY u.day DESC, u.store_id, u.model, u.purpose OFFSET :offset LIMIT :limit
""")


_SPENT = text(f"""
    SELECT u.store_id, CAST(sum(u.tokens) AS bigint) AS tokens FROM embedding_usage u
    WHERE u.store_id = ANY(CAST(:store_ids AS bigint[])) AND u.day > {TODAY} - 30
    GROUP BY u.store_id
""")


@dataclass(frozen=True, slots=True, kw_only=True)
class StoreUsage:
    """The usage of a store."""

    id: int
    name: str
    usage: Usage


@dataclass(frozen=True, slots=True, kw_only=True)
class Glance:
    """The usage of some days: in all, by day, by purpose, and of the stores that spent most."""

    all: Usage
    days: Mapping[date, Usage]
    purposes: Mapping[Purpose, Usage]
    stores: Sequence[StoreUsage]


@dataclass(frozen=True, slots=True, kw_only=True)
class UsageFilter:
    """Rows of some days, the first and the last one included; None is any store of `owner`, or any day."""

    owner: int | None = None
    store_id: int | None = None
    since: date | None = None
    until: date | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class UsageRow:
    """A row of the ledger."""

    day: date
    store_id: int
    model: str
    purpose: Purpose
    usage: Usage


def _usage(row: RowMapping) -> Usage:
    return Usage(**{name: row[name] for name in COUNTS})


async def glance(
    connection: AsyncConnection, store_id: int | None, *, days: int, model: str | None = None
) -> Glance:
    """Returns the usage of a store, or of all stores, in the last `days`, today included.

    With `model`, only what was embedded with it counts.
    """
    wanted = {"store_id": store_id, "model": model}
    given = {name: value for name, value in wanted.items() if value is not None}
    found = " AND ".join(f"u.{name} = :{name}" for name in given) or "true"
    values = {"days": days, **given}
    statement = text(_GLANCE.format(found=found, stores=_STORE))
    rows = (await connection.execute(statement, values)).mappings().all()
    return Glance(
        all=next(_usage(row) for row in rows if row["level"] == _ALL),
        days={row["day"]: _usage(row) for row in rows if row["level"] == _DAY},
        purposes={Purpose(row["purpose"]): _usage(row) for row in rows if row["level"] == _PURPOSE},
        stores=[
            StoreUsage(id=row["store_id"], name=row["name"], usage=_usage(row))
            for row in rows
            if row["level"] == _STORE
        ],
    )


async def tokens_of(connection: AsyncConnection, store_ids: Sequence[int]) -> Mapping[int, int]:
    """Returns the tokens that each of these stores spent in the last 30 days, today included; 0 for none."""
    spent = (await connection.execute(_SPENT, {"store_ids": list(store_ids)})).mappings()
    return {**dict.fromkeys(store_ids, 0), **{row["store_id"]: row["tokens"] for row in spent}}


async def list_rows(
    connection: AsyncConnection, filters: UsageFilter, *, offset: int, limit: int
) -> tuple[int, Usage, list[UsageRow]]:
    """Returns how many rows there are, their sum, and a page of them, the latest day first."""
    values = {
        "owner": filters.owner,
        "store_id": filters.store_id,
        "since": filters.since,
        "until": filters.until,
    }
    totals = (await connection.execute(_TOTALS, values)).mappings().one()
    rows = await connection.execute(_LIST, {**values, "offset": offset, "limit": limit})
    return (
        totals["rows"],
        _usage(totals),
        [
            UsageRow(
                day=row["day"],
                store_id=row["store_id"],
                model=row["model"],
                purpose=Purpose(row["purpose"]),
                usage=_usage(row),
            )
            for row in rows.mappings()
        ],
    )

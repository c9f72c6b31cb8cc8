"""The buckets of requests of tokens and users, shared by all API processes."""

from datetime import timedelta
from enum import Enum

from sqlalchemy import TextClause, text
from sqlalchemy.ext.asyncio import AsyncConnection


class Holder(Enum):
    """Who has a bucket; each kind has its table, so that ids do not collide."""

    TOKEN = ("rate_limits", "token_id")
    USER = ("user_rate_limits", "user_id")


def _lease(table: str, key: str) -> TextClause:
    return text(f"""
        WITH leased AS (
            INSERT INTO {table} AS r ({key}, full_at) VALUES (:id, now() + :price)
            ON CONFLICT ({key}) DO UPDATE SET full_at = greatest(r.full_at, now()) + :price
            WHERE greatest(r.full_at, now()) + :price <= now() + :burst
            RETURNING 0 AS wait
        )
        SELECT wait FROM leased
        UNION ALL
        SELECT extract(epoch FROM full_at + :price - :burst - now()) FROM {table}
        WHERE {key} = :id AND NOT EXISTS (SELECT FROM leased)
    """)


_LEASE = {holder: _lease(*holder.value) for holder in Holder}


async def lease(
    connection: AsyncConnection, holder: Holder, id_: int, *, price: timedelta, burst: timedelta
) -> float:
    """Take a share from the bucket of a holder; returns 0, or the seconds until there is enough in it.

    The bucket is stored as the time when it will be full again (GCRA); `burst` is how far ahead that may be.
    """
    values = {"id": id_, "price": price, "burst": burst}
    wait = (await connection.execute(_LEASE[holder], values)).scalar_one_or_none()
    return max(float(wait), 0.0) if wait is not None else price.total_seconds()

"""How much of a token's requests is spent, in a table that survives no crash and need not."""

from datetime import timedelta

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

_LEASE = text("""
    WITH leased AS (
        INSERT INTO rate_limits AS r (token_id, full_at) VALUES (:token_id, now() + :price)
        ON CONFLICT (token_id) DO UPDATE SET full_at = greatest(r.full_at, now()) + :price
        WHERE greatest(r.full_at, now()) + :price <= now() + :burst
        RETURNING 0 AS wait
    )
    SELECT wait FROM leased
    UNION ALL
    SELECT extract(epoch FROM full_at + :price - :burst - now()) FROM rate_limits
    WHERE token_id = :token_id AND NOT EXISTS (SELECT FROM leased)
""")


async def lease(connection: AsyncConnection, token_id: int, *, price: timedelta, burst: timedelta) -> float:
    """Spend the time a share costs and answer 0, or answer the seconds until there is enough.

    The bucket is a moment, that when it will be full again (GCRA); `burst` is how far off that may be.
    """
    values = {"token_id": token_id, "price": price, "burst": burst}
    wait = (await connection.execute(_LEASE, values)).scalar_one_or_none()
    return max(float(wait), 0.0) if wait is not None else price.total_seconds()

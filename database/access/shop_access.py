"""How a shop is read: its address, its credentials, and the rate limits of shops and tokens."""

from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from contracts.stores import StoreType

_ACCESS = text("SELECT user_id, type, base_url, currency, credentials FROM stores WHERE id = :id")

_RESERVE = text("""
    INSERT INTO shop_budgets AS b (store_id, next_at) VALUES (:store_id, now() + :price)
    ON CONFLICT (store_id) DO UPDATE SET next_at = greatest(b.next_at, now() - :burst) + :price
    RETURNING extract(epoch FROM next_at - :price - now())
""")

_HOLD_OFF = text("""
    INSERT INTO shop_budgets AS b (store_id, next_at) VALUES (:store_id, now() + :pause)
    ON CONFLICT (store_id) DO UPDATE SET next_at = greatest(b.next_at, now() + :pause)
""")

_LEARN_CURRENCY = text("""
    UPDATE stores SET currency = :currency, updated_at = now() WHERE id = :id AND currency IS NULL
""")


@dataclass(frozen=True, slots=True, kw_only=True)
class ShopCredentials:
    """The address and encrypted credentials of a shop; `credentials` is None if it cannot be read."""

    user_id: int
    type: StoreType
    base_url: str
    currency: str | None
    credentials: bytes | None


async def access(connection: AsyncConnection, store_id: int) -> ShopCredentials | None:
    """Returns None if there is no such store."""
    row = (await connection.execute(_ACCESS, {"id": store_id})).mappings().one_or_none()
    return ShopCredentials(**{**row, "type": StoreType(row["type"])}) if row else None


async def reserve(connection: AsyncConnection, store_id: int, *, price: timedelta, burst: timedelta) -> float:
    """Reserve the next slot for requests to a shop; returns the seconds until then.

    All processes share the slots. A reservation takes `price`; unused slots of the last `burst` may be used
    late.
    """
    values = {"store_id": store_id, "price": price, "burst": burst}
    return max(0.0, float((await connection.execute(_RESERVE, values)).scalar_one()))


async def hold_off(connection: AsyncConnection, store_id: int, pause: timedelta) -> None:
    """Reserve no slot of a shop before the end of a pause that it asked for."""
    await connection.execute(_HOLD_OFF, {"store_id": store_id, "pause": pause})


async def learn_currency(connection: AsyncConnection, store_id: int, currency: str) -> None:
    """Store the shop's currency, unless the store has one already."""
    await connection.execute(_LEARN_CURRENCY, {"id": store_id, "currency": currency})


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
    """Take a share from a token's bucket; returns 0, or the seconds until there is enough in it.

    The bucket is stored as the time when it will be full again (GCRA); `burst` is how far ahead that may be.
    """
    values = {"token_id": token_id, "price": price, "burst": burst}
    wait = (await connection.execute(_LEASE, values)).scalar_one_or_none()
    return max(float(wait), 0.0) if wait is not None else price.total_seconds()

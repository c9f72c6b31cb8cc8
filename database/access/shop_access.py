"""How a shop is read: where it is, by which key, and when it may be asked next."""

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
    """What reading a store's shop takes; `credentials` is None where it cannot be read."""

    user_id: int
    type: StoreType
    base_url: str
    currency: str | None
    credentials: bytes | None


async def access(connection: AsyncConnection, store_id: int) -> ShopCredentials | None:
    """None where there is no such store."""
    row = (await connection.execute(_ACCESS, {"id": store_id})).mappings().one_or_none()
    return ShopCredentials(**{**row, "type": StoreType(row["type"])}) if row else None


async def reserve(connection: AsyncConnection, store_id: int, *, price: timedelta, burst: timedelta) -> float:
    """Take the next turn of asking a shop, and answer the seconds until it comes; all processes share them.

    A turn, or several in a row, take `price`; of turns that nobody took, those of the last `burst` may be
    made up for.
    """
    values = {"store_id": store_id, "price": price, "burst": burst}
    return max(0.0, float((await connection.execute(_RESERVE, values)).scalar_one()))


async def hold_off(connection: AsyncConnection, store_id: int, pause: timedelta) -> None:
    """Let nobody ask a shop for a while, as it wishes."""
    await connection.execute(_HOLD_OFF, {"store_id": store_id, "pause": pause})


async def learn_currency(connection: AsyncConnection, store_id: int, currency: str) -> None:
    """Keep what the shop says of its currency, unless somebody said so before."""
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
    """Spend the time a share costs and answer 0, or answer the seconds until there is enough.

    The bucket is a moment, that when it will be full again (GCRA); `burst` is how far off that may be.
    """
    values = {"token_id": token_id, "price": price, "burst": burst}
    wait = (await connection.execute(_LEASE, values)).scalar_one_or_none()
    return max(float(wait), 0.0) if wait is not None else price.total_seconds()

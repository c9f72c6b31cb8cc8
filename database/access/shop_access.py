"""How a shop is read: its address, its credentials, and its rate limit."""

from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from contracts.stores import StoreType

_ACCESS = text("""
    SELECT s.user_id, s.type, s.base_url, s.currency, s.credentials, coalesce(b.failures, 0) AS failures
    FROM stores s LEFT JOIN shop_budgets b ON b.store_id = s.id
    WHERE s.id = :id
""")

_RESERVE = text("""
    WITH reserved AS (
        INSERT INTO shop_budgets AS b (store_id, next_at) VALUES (:store_id, now() + :price)
        ON CONFLICT (store_id) DO UPDATE SET next_at = greatest(b.next_at, now() - :burst) + :price
        WHERE b.next_at <= now() + :max_wait
        RETURNING next_at - :price AS at
    )
    SELECT true AS is_reserved, extract(epoch FROM at - now()) AS seconds FROM reserved
    UNION ALL
    SELECT false, extract(epoch FROM next_at - now()) FROM shop_budgets
    WHERE store_id = :store_id AND NOT EXISTS (SELECT FROM reserved)
""")

_HOLD_OFF = text("""
    INSERT INTO shop_budgets AS b (store_id, next_at) VALUES (:store_id, now() + :pause)
    ON CONFLICT (store_id) DO UPDATE SET next_at = greatest(b.next_at, now() + :pause)
""")

_LEARN_CURRENCY = text("""
    UPDATE stores SET currency = :currency, updated_at = now() WHERE id = :id AND currency IS NULL
""")


_LOCK_CREDENTIALS = text("SELECT credentials FROM stores WHERE id = :id FOR NO KEY UPDATE")

_KEEP_CREDENTIALS = text("UPDATE stores SET credentials = :credentials WHERE id = :id")


@dataclass(frozen=True, slots=True, kw_only=True)
class ShopCredentials:
    """The address and encrypted credentials of a shop; `credentials` is None if it cannot be read.

    `failures` is how many visits to the shop failed in a row.
    """

    user_id: int
    type: StoreType
    base_url: str
    currency: str | None
    credentials: bytes | None
    failures: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Slot:
    """The seconds until the next slot for a request to a shop, and whether it is reserved."""

    is_reserved: bool
    seconds: float


async def access(connection: AsyncConnection, store_id: int) -> ShopCredentials | None:
    """Returns None if there is no such store."""
    row = (await connection.execute(_ACCESS, {"id": store_id})).mappings().one_or_none()
    return ShopCredentials(**{**row, "type": StoreType(row["type"])}) if row else None


async def reserve(
    connection: AsyncConnection, store_id: int, *, price: timedelta, burst: timedelta, max_wait: timedelta
) -> Slot:
    """Reserve the next slot for requests to a shop, unless it is further away than `max_wait`.

    All processes share the slots. A reservation takes `price`; unused slots of the last `burst` may be used
    late.
    """
    values = {"store_id": store_id, "price": price, "burst": burst, "max_wait": max_wait}
    row = (await connection.execute(_RESERVE, values)).one_or_none()
    if row is None:  # another process has just inserted the row
        return Slot(is_reserved=False, seconds=price.total_seconds())
    return Slot(is_reserved=row.is_reserved, seconds=max(0.0, float(row.seconds)))


async def hold_off(connection: AsyncConnection, store_id: int, pause: timedelta) -> None:
    """Reserve no slot of a shop before the end of a pause that it asked for."""
    await connection.execute(_HOLD_OFF, {"store_id": store_id, "pause": pause})


async def learn_currency(connection: AsyncConnection, store_id: int, currency: str) -> None:
    """Store the shop's currency, unless the store has one already."""
    await connection.execute(_LEARN_CURRENCY, {"id": store_id, "currency": currency})


async def lock_credentials(connection: AsyncConnection, store_id: int) -> bytes | None:
    """Returns a store's encrypted credentials, which no one else changes before the transaction ends."""
    row = await connection.execute(_LOCK_CREDENTIALS, {"id": store_id})
    encrypted: bytes | None = row.scalar_one_or_none()
    return encrypted


async def keep_credentials(connection: AsyncConnection, store_id: int, encrypted: bytes) -> None:
    """Store encrypted credentials with a new token; the store itself counts as unchanged."""
    await connection.execute(_KEEP_CREDENTIALS, {"id": store_id, "credentials": encrypted})

"""How a shop is read: its address, its credentials, and its rate limit."""

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

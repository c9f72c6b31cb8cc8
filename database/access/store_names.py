"""The names of stores, for people to choose from."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from contracts.stores import StoreType

MOST = 500

_READ = text(f"""
    SELECT id, user_id, name, type FROM stores s
    WHERE (CAST(:user_id AS bigint) IS NULL OR s.user_id = :user_id)
      AND (s.id = :also OR s.id IN (
          SELECT id FROM stores WHERE CAST(:user_id AS bigint) IS NULL OR user_id = :user_id
          ORDER BY id LIMIT {MOST}))
    ORDER BY s.id
""")


@dataclass(frozen=True, slots=True, kw_only=True)
class StoreName:
    """A store with its owner, name and platform."""

    id: int
    user_id: int
    name: str
    type: StoreType


async def of(
    connection: AsyncConnection, user_id: int | None, *, also: int | None = None
) -> Sequence[StoreName]:
    """Returns the oldest stores of a user, or of all users, and the store `also` if it is one of them."""
    rows = await connection.execute(_READ, {"user_id": user_id, "also": also})
    return [StoreName(**{**row, "type": StoreType(row["type"])}) for row in rows.mappings()]

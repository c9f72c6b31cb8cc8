"""Read what the doors for assistants need of a store."""

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from contracts.stores import AssistantAccess, OpenStore, StoreType

_READ = text("""
    SELECT s.id, s.user_id, s.name, s.type, s.base_url, coalesce(s.currency, '') AS currency,
           s.assistant_access
    FROM stores s JOIN users u ON u.id = s.user_id
    WHERE s.id = :id AND u.is_active
""")

_PUBLIC = text("""
    SELECT s.id FROM stores s JOIN users u ON u.id = s.user_id
    WHERE s.assistant_access = 'public' AND u.is_active
      AND (CAST(:host AS text) IS NULL
           OR lower(substring(s.base_url from '^https?://([^/:?#]+)')) = lower(CAST(:host AS text)))
    ORDER BY s.id LIMIT 2
""")


async def read(connection: AsyncConnection, store_id: int) -> OpenStore | None:
    """Returns a store; None if there is none, or if the account of its owner is closed."""
    row = (await connection.execute(_READ, {"id": store_id})).mappings().one_or_none()
    if row is None:
        return None
    kinds = {
        "type": StoreType(row["type"]),
        "assistant_access": AssistantAccess(row["assistant_access"]),
    }
    return OpenStore(**{**row, **kinds})


async def only_public(connection: AsyncConnection, *, host: str | None) -> int | None:
    """Returns the only public store, of those with this host in their address if one is given."""
    found = (await connection.execute(_PUBLIC, {"host": host})).scalars().all()
    return found[0] if len(found) == 1 else None

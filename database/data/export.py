"""Export an account or a store as JSON, without secrets and without columns for internal use."""

from collections.abc import AsyncIterator
from typing import Literal

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from database.access.stores import SECRETS

Kind = Literal["products", "variations", "events", "syncs", "questions", "usage"]

_SEALED = ", ".join(f"'{name}'" for name in SECRETS)

_STORE = f"to_jsonb(s) - ARRAY[{_SEALED}]"

_TOKENS = """(SELECT coalesce(jsonb_agg(to_jsonb(t) - 'secret_hash' ORDER BY t.id), '[]')
              FROM integration_tokens t WHERE {})"""

_ACCOUNT = text(f"""
    SELECT CAST(jsonb_build_object(
        'account', to_jsonb(u) - 'password_hash',
        'stores', (SELECT coalesce(jsonb_agg({_STORE} ORDER BY s.id), '[]')
                   FROM stores s WHERE s.user_id = u.id),
        'tokens', {_TOKENS.format("t.user_id = u.id")},
        'sessions', (SELECT coalesce(jsonb_agg(
                         to_jsonb(c) - ARRAY['secret_hash', 'password_at'] ORDER BY c.id), '[]')
                     FROM console_sessions c WHERE c.user_id = u.id)
    ) AS text)
    FROM users u WHERE u.id = :id
""")

_ONE_STORE = text(f"""
    SELECT CAST(jsonb_build_object(
        'store', {_STORE},
        'owner', (SELECT u.email FROM users u WHERE u.id = s.user_id),
        'tokens', {_TOKENS.format("t.store_id = s.id")},
        'synonyms', coalesce((SELECT y.groups FROM synonyms y WHERE y.store_id = s.id), '[]')
    ) AS text)
    FROM stores s WHERE s.id = :id
""")

_INTERNAL = "ARRAY['keys', 'claimed_hash', 'claimed_by', 'listed_hash', 'is_pending', 'burst_started_at']"

_ROWS: dict[Kind, tuple[str, str]] = {
    "products": ("products", "id"),
    "variations": ("product_variations", "id"),
    "events": ("events", "received_at, id"),
    "syncs": ("syncs", "id"),
    "questions": ("questions", "day, text"),
    "usage": ("embedding_usage", "day, model, purpose"),
}
"""The table of each kind, and the order of its lines."""

_SNAPSHOT = text("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")


async def use_one_snapshot(connection: AsyncConnection) -> None:
    """Let all that follows in this transaction see the state of one moment; it has to be the first call."""
    await connection.execute(_SNAPSHOT)


async def account(connection: AsyncConnection, user_id: int) -> str | None:
    """Returns the JSON of an account: itself, its stores, their tokens, and its sessions in the console."""
    found: str | None = (await connection.execute(_ACCOUNT, {"id": user_id})).scalar_one_or_none()
    return found


async def store(connection: AsyncConnection, store_id: int) -> str | None:
    """Returns the JSON of a store: its settings, its owner's email, its tokens and its synonyms."""
    found: str | None = (await connection.execute(_ONE_STORE, {"id": store_id})).scalar_one_or_none()
    return found


async def lines(connection: AsyncConnection, store_id: int, kind: Kind) -> AsyncIterator[str]:
    """Yields the JSON of each row of a store; the memory does not grow with the store."""
    table, order = _ROWS[kind]
    statement = text(
        f"SELECT CAST(to_jsonb(r) - {_INTERNAL} AS text) FROM {table} r WHERE store_id = :id ORDER BY {order}"
    )
    async with connection.stream(statement, {"id": store_id}) as rows:
        async for row in rows:
            yield row[0]

"""The ledger of embedding: a row for each store, day in UTC, model and purpose.

What a request cost is added in the transaction that stores its vectors, as its last statement: the row is
locked until the commit only, never while a server is asked, and a transaction that holds it waits for nothing
else. An activity that is retried adds once for each request that brought it vectors. Where a process dies
between an answer and the commit, the vectors are lost with their entry; the retry pays again and is counted.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from contracts.metrics import Purpose, Usage
from database.sql import as_json, recordset

TODAY = "CAST(now() AT TIME ZONE 'UTC' AS date)"
"""SQL: the day of a row that is written now."""

KEPT_DAYS = 400
"""Days that rows are kept, so that a month can be compared with that of a year before."""

COUNTS = ("calls", "texts", "tokens", "estimated", "saved_texts", "saved_tokens")

_ROWS = {
    "store_id": "bigint",
    "user_id": "bigint",
    "model": "text",
    "purpose": "text",
    **dict.fromkeys(COUNTS, "bigint"),
}

_ON_CONFLICT = f"""
    ON CONFLICT (store_id, day, model, purpose) DO UPDATE
    SET {", ".join(f"{name} = u.{name} + excluded.{name}" for name in COUNTS)}
"""

# Rows are locked in the order of their keys, so that two writers of several rows never wait in a circle.
_ADD = text(f"""
    INSERT INTO embedding_usage AS u (store_id, day, model, purpose, {", ".join(COUNTS)})
    SELECT s.id, {TODAY}, n.model, n.purpose, {", ".join(f"sum(n.{name})" for name in COUNTS)}
    FROM {recordset("rows", "n", _ROWS)}
    JOIN stores s
        ON s.id = coalesce(n.store_id, (SELECT min(id) FROM stores own WHERE own.user_id = n.user_id))
    GROUP BY s.id, n.model, n.purpose
    ORDER BY s.id, n.model COLLATE "C", n.purpose COLLATE "C"
    {_ON_CONFLICT}
""")

_ADD_SKIPPED = text(f"""
    INSERT INTO embedding_usage AS u (store_id, day, model, purpose, {", ".join(COUNTS)})
    SELECT k.store_id, {TODAY}, k.model, :purpose, 0, 0, 0, 0, sum(k.times), sum(k.times * k.tokens)
    FROM (SELECT e.store_id, c.model, c.text_hash, min(c.tokens) AS tokens, n.times
          FROM unnest(CAST(:events AS bigint[]), CAST(:times AS bigint[])) AS n(event, times)
          JOIN events e ON e.id = n.event
          JOIN products p ON p.store_id = e.store_id AND p.external_id = e.product_key
          JOIN tenant_knowledge c ON c.product_id = p.id AND c.is_live
          GROUP BY e.store_id, e.id, c.model, c.text_hash, n.times) AS k
    GROUP BY k.store_id, k.model
    ORDER BY k.store_id, k.model COLLATE "C"
    {_ON_CONFLICT}
""")

_FORGET = text(f"""
    DELETE FROM embedding_usage WHERE (store_id, day, model, purpose) IN (
        SELECT store_id, day, model, purpose FROM embedding_usage
        WHERE day <= {TODAY} - CAST(:days AS integer)
        ORDER BY day LIMIT :limit FOR UPDATE SKIP LOCKED)
""")


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """What usage is added to.

    Without a `store_id`, as for a question asked of all stores of a user, it is the first store of `user_id`.
    """

    store_id: int | None
    model: str
    purpose: Purpose
    user_id: int | None = None


async def add(connection: AsyncConnection, used: Mapping[Account, Usage]) -> None:
    """Add to the rows of today; what belongs to a store that is gone is left out."""
    rows = [{**asdict(account), **asdict(usage)} for account, usage in used.items()]
    await connection.execute(_ADD, {"rows": as_json(rows)})


async def add_skipped(connection: AsyncConnection, events: Mapping[int, int]) -> None:
    """Add what events saved that left the text of their product as it was: row of the event -> how often."""
    values = {"events": list(events), "times": list(events.values()), "purpose": Purpose.EVENT}
    await connection.execute(_ADD_SKIPPED, values)


async def forget(connection: AsyncConnection, *, limit: int) -> int:
    """Remove rows that are `KEPT_DAYS` old or older, the oldest first. Returns how many, at most `limit`."""
    return (await connection.execute(_FORGET, {"days": KEPT_DAYS, "limit": limit})).rowcount

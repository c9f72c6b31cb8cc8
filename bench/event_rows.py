"""Generates a long event log in seconds, with small payloads."""

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

STORES = 20
THINGS = 50_000
SECONDS_APART = 1

_USER = text("INSERT INTO users (email, password_hash) VALUES ('long@example.com', '') RETURNING id")

_STORES = text("""
    INSERT INTO stores (user_id, type, name)
    SELECT :user_id, 'woocommerce', 'store ' || n FROM generate_series(1, :stores) n RETURNING id
""")

_EVENTS = text("""
    INSERT INTO events (store_id, event_id, event_type, external_id, product_key, payload, version,
                        received_at, burst_started_at, status, workflow_id, run_id, finished_at)
    SELECT (CAST(:stores AS bigint[]))[1 + floor(power(a / 1000.0, 2) * array_length(:stores, 1))],
           'event-' || n,
           CASE WHEN b = 0 AND a < 10 THEN 'product.restored' WHEN b < 30 THEN 'product.deleted'
                WHEN b < 80 THEN 'product.created' ELSE 'product.updated' END,
           'woo_' || thing, 'woo_' || thing, '{}', at, at, at,
           CASE WHEN c = 0 AND a < 10 THEN 'retrying' WHEN c < 15 THEN 'failed' WHEN c < 25 THEN 'ignored'
                WHEN c < 45 THEN 'stale' WHEN c < 200 THEN 'superseded' WHEN c < 400 THEN 'unchanged'
                ELSE 'succeeded' END,
           'product-event/0/event-' || n, 'run', at + interval '3 s'
    FROM (SELECT n, now() - (:count - n) * make_interval(secs => :apart) AS at,
                 abs(hashint8(n)) % 1000 AS a, abs(hashint8(n + 10000000)) % 1000 AS b,
                 abs(hashint8(n + 20000000)) % 1000 AS c, abs(hashint8(n + 30000000)) % :things AS thing
          FROM generate_series(1::bigint, :count) n) AS made
""")


async def fill(connection: AsyncConnection, count: int) -> list[int]:
    """Write events of a new user's stores. Returns the ids of the stores, the one with most events first."""
    user_id = (await connection.execute(_USER)).scalar_one()
    found = await connection.execute(_STORES, {"user_id": user_id, "stores": STORES})
    stores = sorted(found.scalars())
    values = {"stores": stores, "count": count, "apart": SECONDS_APART, "things": min(THINGS, count // 20)}
    await connection.execute(_EVENTS, values)
    await connection.execute(text("VACUUM (ANALYZE) events"))
    return stores

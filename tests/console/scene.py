"""A store with events of every kind, for pages to show."""

from dataclasses import dataclass

from sqlalchemy import text

from database.access import users
from tests.console.browser import Browser, visiting
from tests.console.pages import Places
from tests.support.system import System

_EVENTS = text("""
    INSERT INTO events (store_id, event_id, event_type, external_id, product_key, payload, version,
                        received_at, burst_started_at, status, reason, notes, workflow_id, run_id,
                        finished_at, processing_time_ms)
    SELECT :store, 'scene-' || :prefix || n, :type, 'woo_' || n, 'woo_' || n,
           json_build_object('id', n, 'name', 'چراغ مطالعه ' || n, 'price', '1250000'), at, at, at, :status,
           :reason, CAST(:notes AS text[]), 'product-event/' || :store || '/scene-' || :prefix || n, 'run',
           at + interval '1.2 s', 1200
    FROM (SELECT n, now() - n * interval '1 minute' AS at FROM generate_series(1, :count) n) AS made
    RETURNING id
""")

_SYNC = text("""
    INSERT INTO syncs (store_id, workflow_id, run_id, mode, status, reason, finished_at, total)
    VALUES (:store, 'catalog-sync/' || :store, 'scene-' || :store, 'full', 'refused',
            '30 of 100 products would vanish; if the shop really removed them, ask for a full sync with'
            || ' allow_gone.', now(), 100)
    RETURNING id
""")

_RETRY = text("""
    WITH made AS (
        INSERT INTO retries (user_id, store_id, filters, found, began_at, ended_at)
        VALUES (:user, :store, '{"event_type": "product.updated"}', 3, now() - interval '1 hour', now())
        RETURNING id
    )
    INSERT INTO retried_events (retry_id, event_id, started_at)
    SELECT made.id, e.id, now() - interval '1 hour' FROM made, unnest(CAST(:events AS bigint[])) AS e(id)
    RETURNING retry_id
""")


@dataclass(frozen=True, slots=True, kw_only=True)
class Scene:
    """A store of its own user, and what its pages name."""

    user_id: int
    email: str
    places: Places


async def events(
    system: System,
    store: int,
    count: int,
    *,
    status: str = "failed",
    reason: str = "",
    note: str = "",
    type_: str = "product.updated",
) -> list[int]:
    """Write events that ended, each of a product of its own. Returns the ids of their rows."""
    values = {"store": store, "count": count, "status": status, "reason": reason, "type": type_}
    names = {"prefix": f"{status}-", "notes": [note] if note else None}
    async with system.database.transaction() as connection:
        rows = await connection.execute(_EVENTS, {**values, **names})
        return list(rows.scalars())


async def scene(system: System) -> Scene:
    """Returns a new store with a product, a sync, and events with different ends."""
    shop = await system.shop()
    assert await shop.sync({"id": 7, "name": "چراغ مطالعه رومیزی", "price": "1250000"}) == "succeeded"
    product = await shop.product(7)
    assert product
    await events(system, shop.store_id, 12, status="succeeded", reason="Indexed; 3 chunks were embedded.")
    await events(
        system, shop.store_id, 4, status="ignored", reason="No product woo_9 of this shop is stored."
    )
    failed = await events(
        system,
        shop.store_id,
        3,
        reason="The shop cannot be reached. Given up after 1 day, 0:00:12.",
        note="images: only the first 50 entries were kept.",
    )
    async with system.database.reading() as connection:
        user = await users.read_user(connection, shop.user_id)
    assert user
    async with system.database.transaction() as connection:
        sync = (await connection.execute(_SYNC, {"store": shop.store_id})).scalar_one()
        values = {"user": shop.user_id, "store": shop.store_id, "events": failed}
        retry = (await connection.execute(_RETRY, values)).scalars().first()
    assert retry
    places = Places(
        store=shop.store_id,
        event=failed[0],
        sync=sync,
        token=shop.token_id,
        user=shop.user_id,
        row=product["id"],
        retry=retry,
    )
    return Scene(user_id=shop.user_id, email=user.email, places=places)


async def owner(system: System, made: Scene, *, language: str = "en") -> Browser:
    """Returns a browser of the owner of a scene."""
    return await visiting(system, made.user_id, language=language)

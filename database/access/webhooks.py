"""What is kept of the upkeep of a store's webhooks."""

import hashlib
from collections.abc import Mapping
from contextlib import AbstractAsyncContextManager
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import Any

import orjson
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from contracts.stores import StoreType
from contracts.webhooks import (
    DeliveryPattern,
    Webhook,
    WebhookHealth,
    WebhookState,
    WebhookStatus,
    unchecked_state,
)
from database.engine import Database
from database.locks import advisory_lock

_TERMS = text("SELECT type, base_url, credentials, webhook_secret, webhooks FROM stores WHERE id = :id")

_GIVE_SECRET = text("""
    UPDATE stores SET webhook_secret = coalesce(webhook_secret, :sealed) WHERE id = :id
    RETURNING webhook_secret
""")

_WRITE = text("""
    UPDATE stores SET webhooks = coalesce(webhooks, '{}') || cast(:told AS jsonb)
    WHERE id = :id AND base_url = :base_url AND credentials IS NOT DISTINCT FROM :credentials
""")


@dataclass(frozen=True, slots=True, kw_only=True)
class WebhookRecord:
    """What upkeep starts from.

    `secret` is sealed; `signed_by` is the print of the secret all webhooks were given last, `since` when all
    was put right last.
    """

    store_id: int
    type: StoreType
    base_url: str
    credentials: bytes | None
    secret: bytes | None
    signed_by: str | None
    since: datetime | None


def fingerprint_of(sealed: bytes) -> str:
    """Tells one secret from another, and nothing of either."""
    return hashlib.sha256(sealed).hexdigest()[:32]


def state_of(kept: Mapping[str, Any] | None, *, has_credentials: bool) -> WebhookState:
    """The state as it was written."""
    if kept is None:
        return unchecked_state(has_credentials=has_credentials)
    hooks = (
        Webhook(id=hook["id"], topic=hook["topic"], status=WebhookStatus(hook["status"]))
        for hook in kept.get("hooks", ())
    )
    return WebhookState(
        state=WebhookHealth(kept["state"]),
        reason=kept["reason"],
        checked_at=datetime.fromisoformat(kept["checked_at"]),
        hooks=tuple(hooks),
    )


async def read(connection: AsyncConnection, store_id: int) -> WebhookRecord | None:
    """None where there is no such store."""
    row = (await connection.execute(_TERMS, {"id": store_id})).one_or_none()
    if row is None:
        return None
    kept = row.webhooks or {}
    since = kept.get("since")
    return WebhookRecord(
        store_id=store_id,
        type=StoreType(row.type),
        base_url=row.base_url,
        credentials=row.credentials,
        secret=row.webhook_secret,
        signed_by=kept.get("signed_by"),
        since=datetime.fromisoformat(since) if since else None,
    )


async def ensure_secret(connection: AsyncConnection, store_id: int, sealed: bytes) -> bytes | None:
    """The store's secret; this one, where it had none. None where there is no such store."""
    row = await connection.execute(_GIVE_SECRET, {"id": store_id, "sealed": sealed})
    secret: bytes | None = row.scalar_one_or_none()
    return secret


async def write(
    connection: AsyncConnection, keeping: WebhookRecord, state: WebhookState, **also: object
) -> None:
    """Keep what was found, unless the store's shop or key changed meanwhile; what is not told stays."""
    told = asdict(state)
    if state.state is WebhookHealth.UNKNOWN:
        del told["hooks"]
    values = {"id": keeping.store_id, "base_url": keeping.base_url, "credentials": keeping.credentials}
    await connection.execute(_WRITE, {**values, "told": orjson.dumps({**told, **also}).decode()})


def maintenance_lock(database: Database, store_id: int) -> AbstractAsyncContextManager[bool]:
    """Hold the lock of a store's webhooks inside the block; yields False where another session holds it."""
    return advisory_lock(database, "webhooks", store_id)


LATELY = timedelta(days=30)
MOST_DELIVERIES = 20_000

_HABIT = text("""
    WITH lately AS (
        SELECT received_at FROM events
        WHERE store_id = :store_id AND received_at > now() - :lately AND event_id LIKE 'wc-%'
        ORDER BY received_at DESC LIMIT :most
    ), hours AS (
        SELECT DISTINCT date_trunc('hour', received_at) AS hour FROM lately
    ), pauses AS (
        SELECT hour - lag(hour) OVER (ORDER BY hour) AS pause FROM hours
    )
    SELECT (SELECT count(*) FROM hours) AS hours, (SELECT max(received_at) FROM lately) AS last_at,
           (SELECT percentile_disc(0.95) WITHIN GROUP (ORDER BY pause) FROM pauses) AS usual, now() AS now
""")


async def delivery_pattern(connection: AsyncConnection, store_id: int) -> DeliveryPattern:
    """The habit of the last 30 days; deliveries of one hour count once, for an import makes thousands.

    Only WooCommerce's own webhooks count: what the plugin sends says nothing of them.
    """
    values = {"store_id": store_id, "lately": LATELY, "most": MOST_DELIVERIES}
    return DeliveryPattern(**(await connection.execute(_HABIT, values)).mappings().one())

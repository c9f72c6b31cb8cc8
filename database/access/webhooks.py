"""The stored state of a store's webhooks, and how its deliveries arrive."""

import hashlib
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
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
from database.leases import lease

_TERMS = text("SELECT type, base_url, credentials, webhook_secret, webhooks FROM stores WHERE id = :id")

_GIVE_SECRET = text("""
    UPDATE stores SET webhook_secret = coalesce(webhook_secret, :encrypted) WHERE id = :id
    RETURNING webhook_secret
""")

_WRITE = text("""
    UPDATE stores SET webhooks = coalesce(webhooks, '{}') || cast(:state AS jsonb)
    WHERE id = :id AND base_url = :base_url AND credentials IS NOT DISTINCT FROM :credentials
""")


@dataclass(frozen=True, slots=True, kw_only=True)
class WebhookRecord:
    """What is stored about a store's webhooks.

    `secret` is encrypted; `signed_by` is the fingerprint of the secret that all webhooks have, `since` the
    time of the last repair.
    """

    store_id: int
    type: StoreType
    base_url: str
    credentials: bytes | None
    secret: bytes | None
    signed_by: str | None
    since: datetime | None


def fingerprint_of(encrypted: bytes) -> str:
    """Returns a fingerprint of an encrypted secret, which reveals nothing of the secret."""
    return hashlib.sha256(encrypted).hexdigest()[:32]


def state_of(stored: Mapping[str, Any] | None, *, has_credentials: bool) -> WebhookState:
    """Returns the state as it was stored."""
    if stored is None:
        return unchecked_state(has_credentials=has_credentials)
    hooks = (
        Webhook(id=hook["id"], topic=hook["topic"], status=WebhookStatus(hook["status"]))
        for hook in stored.get("hooks", ())
    )
    return WebhookState(
        state=WebhookHealth(stored["state"]),
        reason=stored["reason"],
        checked_at=datetime.fromisoformat(stored["checked_at"]),
        hooks=tuple(hooks),
    )


async def read(connection: AsyncConnection, store_id: int) -> WebhookRecord | None:
    """Returns None if there is no such store."""
    row = (await connection.execute(_TERMS, {"id": store_id})).one_or_none()
    if row is None:
        return None
    stored = row.webhooks or {}
    since = stored.get("since")
    return WebhookRecord(
        store_id=store_id,
        type=StoreType(row.type),
        base_url=row.base_url,
        credentials=row.credentials,
        secret=row.webhook_secret,
        signed_by=stored.get("signed_by"),
        since=datetime.fromisoformat(since) if since else None,
    )


async def ensure_secret(connection: AsyncConnection, store_id: int, encrypted: bytes) -> bytes | None:
    """Returns the store's secret, now `encrypted` if it had none; None if there is no such store."""
    row = await connection.execute(_GIVE_SECRET, {"id": store_id, "encrypted": encrypted})
    secret: bytes | None = row.scalar_one_or_none()
    return secret


async def write(
    connection: AsyncConnection, record: WebhookRecord, state: WebhookState, **also: object
) -> None:
    """Store a state, unless the shop's address or key has changed since; other stored fields stay."""
    written = asdict(state)
    if state.state is WebhookHealth.UNKNOWN:
        del written["hooks"]
    values = {"id": record.store_id, "base_url": record.base_url, "credentials": record.credentials}
    await connection.execute(_WRITE, {**values, "state": orjson.dumps({**written, **also}).decode()})


@asynccontextmanager
async def maintenance_lease(database: Database, store_id: int) -> AsyncIterator[bool]:
    """Hold the lease of a store's webhooks inside the block; yields False where another process holds it."""
    async with lease(database, [f"webhooks/{store_id}"]) as held:
        yield bool(held.keys)


LATELY = timedelta(days=30)
MOST_DELIVERIES = 20_000

_PATTERN = text("""
    WITH lately AS (
        SELECT received_at FROM events
        WHERE store_id = :store_id AND received_at > now() - :lately AND starts_with(event_id, :event_prefix)
        ORDER BY received_at DESC LIMIT :most
    ), hours AS (
        SELECT DISTINCT date_trunc('hour', received_at) AS hour FROM lately
    ), pauses AS (
        SELECT hour - lag(hour) OVER (ORDER BY hour) AS pause FROM hours
    )
    SELECT (SELECT count(*) FROM hours) AS hours, (SELECT max(received_at) FROM lately) AS last_at,
           (SELECT percentile_disc(0.95) WITHIN GROUP (ORDER BY pause) FROM pauses) AS usual, now() AS now
""")


async def delivery_pattern(
    connection: AsyncConnection, store_id: int, *, event_prefix: str
) -> DeliveryPattern:
    """Returns how often deliveries arrived in the last 30 days.

    Deliveries of one hour count once, because an import makes thousands.
    Only events with ids that begin with `event_prefix` count: the ids of the platform's own webhooks. Events
    of our plugin do not show whether the webhooks work.
    """
    values = {
        "store_id": store_id,
        "event_prefix": event_prefix,
        "lately": LATELY,
        "most": MOST_DELIVERIES,
    }
    return DeliveryPattern(**(await connection.execute(_PATTERN, values)).mappings().one())

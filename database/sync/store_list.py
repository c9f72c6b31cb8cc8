"""Stores in a list: their owners, their webhooks, their last events and their last syncs."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from contracts.stores import AssistantAccess, StoreType
from contracts.syncs import SyncStatus
from contracts.webhooks import WebhookHealth
from database.access.shop_failures import TOLERATED
from database.access.webhooks import state_of

_LIST = text(f"""
    SELECT s.id, s.name, s.type, s.base_url, s.assistant_access, u.email AS user_email, s.webhooks,
           s.credentials IS NOT NULL AS has_credentials, coalesce(b.failures, 0) > {TOLERATED} AS is_failing,
           sync.status AS sync_status, sync.finished_at AS synced_at, event.received_at AS event_at
    FROM stores s JOIN users u ON u.id = s.user_id LEFT JOIN shop_budgets b ON b.store_id = s.id
    LEFT JOIN LATERAL (SELECT status, finished_at FROM syncs y
                       WHERE y.store_id = s.id AND y.finished_at IS NOT NULL
                       ORDER BY y.id DESC LIMIT 1) AS sync ON true
    LEFT JOIN LATERAL (SELECT received_at FROM events e
                       WHERE e.store_id = s.id ORDER BY e.received_at DESC LIMIT 1) AS event ON true
    WHERE (CAST(:user_id AS bigint) IS NULL OR s.user_id = :user_id)
      AND (CAST(:before AS bigint) IS NULL OR s.id < :before)
      AND strpos(lower(s.name || ' ' || s.base_url || ' ' || u.email), lower(:part)) > 0
    ORDER BY s.id DESC LIMIT :limit
""")


@dataclass(frozen=True, slots=True, kw_only=True)
class ListedStore:
    """A store in a list; `is_failing` is whether visits to its shop keep failing."""

    id: int
    name: str
    type: StoreType
    base_url: str
    user_email: str
    assistant_access: AssistantAccess
    webhooks: WebhookHealth
    is_failing: bool
    sync_status: SyncStatus | None
    synced_at: datetime | None
    event_at: datetime | None


async def newest(
    connection: AsyncConnection,
    user_id: int | None,
    *,
    part: str = "",
    before: int | None = None,
    limit: int,
) -> Sequence[ListedStore]:
    """Returns stores of a user, or of all users, the newest first; `before` is the id to go on from.

    Only stores with `part` in their name, their address or the email of their owner are returned.
    """
    values = {"user_id": user_id, "part": part, "before": before, "limit": limit}
    rows = (await connection.execute(_LIST, values)).mappings()
    return [
        ListedStore(
            id=row["id"],
            name=row["name"],
            type=StoreType(row["type"]),
            base_url=row["base_url"],
            user_email=row["user_email"],
            assistant_access=AssistantAccess(row["assistant_access"]),
            webhooks=state_of(row["webhooks"], has_credentials=row["has_credentials"]).state,
            is_failing=row["is_failing"],
            sync_status=SyncStatus(row["sync_status"]) if row["sync_status"] else None,
            synced_at=row["synced_at"],
            event_at=row["event_at"],
        )
        for row in rows
    ]

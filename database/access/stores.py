"""Stores: created, listed, changed and removed; their secrets are stored encrypted."""

import secrets
import string
from collections.abc import Collection, Mapping
from datetime import timedelta
from typing import Any

from pydantic import TypeAdapter
from sqlalchemy import ColumnElement, case, func, insert, null, select, text, true, update
from sqlalchemy.ext.asyncio import AsyncConnection

from contracts.stores import (
    AssistantAccess,
    DeliveryTerms,
    PluginState,
    ReadableStore,
    ShopFailures,
    Store,
    StoreType,
    SyncSchedule,
)
from crypto import SecretBox
from database.access import shop_failures
from database.access.webhooks import state_of
from database.tables import shop_budgets, stores, users

SECRET_PREFIX = "whsec_"  # noqa: S105 - what a secret begins with
SECRET_LENGTH = 40

REMOVAL_TAKES_AT_MOST = "10min"

_SHOWN = select(
    stores.c.id,
    stores.c.user_id,
    users.c.email.label("user_email"),
    stores.c.type,
    stores.c.name,
    stores.c.base_url,
    stores.c.currency,
    stores.c.webhook_secret.is_not(None).label("has_webhook_secret"),
    case((stores.c.webhook_secret_before_until > func.now(), stores.c.webhook_secret_before_until)).label(
        "old_secret_until"
    ),
    stores.c.credentials.is_not(None).label("has_credentials"),
    stores.c.require_signature,
    stores.c.assistant_access,
    stores.c.budget_day_tokens,
    stores.c.budget_month_tokens,
    stores.c.webhooks,
    stores.c.plugin,
    stores.c.schedule,
    case(
        (
            shop_budgets.c.failures > 0,
            func.jsonb_build_object(
                "count",
                shop_budgets.c.failures,
                "since",
                shop_budgets.c.failing_since,
                "reason",
                shop_budgets.c.reason,
                "next_visit_at",
                case((shop_budgets.c.probe_at > func.now(), shop_budgets.c.probe_at)),
            ),
        )
    ).label("shop_failures"),
    stores.c.created_at,
    stores.c.updated_at,
).select_from(stores.join(users).outerjoin(shop_budgets))

_ROTATE = text("""
    UPDATE stores
    SET webhook_secret_before = CASE WHEN :overlap > interval '0' THEN webhook_secret END,
        webhook_secret_before_until =
            CASE WHEN :overlap > interval '0' AND webhook_secret IS NOT NULL THEN now() + :overlap END,
        webhook_secret = :encrypted, updated_at = now()
    WHERE id = :id RETURNING id
""")

LIVE_SECRETS = """array_remove(ARRAY[
    s.webhook_secret,
    CASE WHEN s.webhook_secret_before_until > now() THEN s.webhook_secret_before END], NULL)"""
"""SQL: the encrypted secrets that may sign a delivery of the store `s`, the newest first."""

_TERMS = text(f"""
    SELECT s.type, u.is_active, {LIVE_SECRETS} AS encrypted_secrets
    FROM stores s JOIN users u ON u.id = s.user_id WHERE s.id = :id
""")

_REMOVE = (
    "DELETE FROM tenant_knowledge WHERE store_id = :id",
    "DELETE FROM product_variations WHERE store_id = :id",
    "DELETE FROM products WHERE store_id = :id",
    "DELETE FROM retried_events r USING events e WHERE e.id = r.event_id AND e.store_id = :id",
    "DELETE FROM events WHERE store_id = :id",
    "DELETE FROM stores WHERE id = :id RETURNING id",
)


_FAILURES = TypeAdapter(ShopFailures | None)
_PLUGIN = TypeAdapter(PluginState | None)


def new_webhook_secret() -> str:
    """Returns a secret of letters and digits, which is also valid base64 for Standard Webhooks.

    WooCommerce stores a secret as HTML, so `&` or `<` in it would change the signature.
    """
    alphabet = string.ascii_letters + string.digits
    return SECRET_PREFIX + "".join(secrets.choice(alphabet) for _ in range(SECRET_LENGTH))


def _store(row: Mapping[Any, Any]) -> Store:
    values = {
        "type": StoreType(row["type"]),
        "assistant_access": AssistantAccess(row["assistant_access"]),
        "webhooks": state_of(row["webhooks"], has_credentials=row["has_credentials"]),
        "schedule": SyncSchedule(**row["schedule"] or {}),
        "plugin": _PLUGIN.validate_python(row["plugin"]),
        "shop_failures": _FAILURES.validate_python(row["shop_failures"]),
    }
    return Store(**{**row, **values})


async def create(
    connection: AsyncConnection,
    *,
    user_id: int,
    name: str,
    type_: str = "woocommerce",
    base_url: str = "",
    currency: str | None = None,
    webhook_secret: bytes | None = None,
    credentials: bytes | None = None,
    schedule: Mapping[str, Any] | None = None,
    require_signature: bool = False,
    assistant_access: str = AssistantAccess.TOKEN,
) -> int:
    row = await connection.execute(
        insert(stores)
        .values(
            user_id=user_id,
            type=type_,
            name=name,
            base_url=base_url,
            currency=currency,
            webhook_secret=webhook_secret,
            credentials=credentials,
            schedule=null() if schedule is None else schedule,
            require_signature=require_signature,
            assistant_access=assistant_access,
        )
        .returning(stores.c.id)
    )
    return int(row.scalar_one())


async def read(connection: AsyncConnection, store_id: int) -> Store | None:
    row = (await connection.execute(_SHOWN.where(stores.c.id == store_id))).mappings().one_or_none()
    return _store(row) if row else None


async def list_stores(
    connection: AsyncConnection, *, user_id: int | None, type_: str | None, offset: int, limit: int
) -> tuple[int, list[Store]]:
    """Returns how many stores there are, and a page of them, the newest first."""
    wanted: list[ColumnElement[bool]] = [true()]
    if user_id is not None:
        wanted.append(stores.c.user_id == user_id)
    if type_ is not None:
        wanted.append(stores.c.type == type_)
    count = (await connection.execute(select(func.count()).select_from(stores).where(*wanted))).scalar_one()
    page = _SHOWN.where(*wanted).order_by(stores.c.id.desc()).offset(offset).limit(limit)
    return count, [_store(row) for row in (await connection.execute(page)).mappings()]


async def change(connection: AsyncConnection, store_id: int, values: Mapping[str, Any]) -> bool:
    """Set columns; returns False if there is no such store."""
    known = {name: null() if value is None else value for name, value in values.items()}
    row = await connection.execute(
        update(stores)
        .where(stores.c.id == store_id)
        .values(**known, updated_at=func.now())
        .returning(stores.c.id)
    )
    if not {"base_url", "credentials"}.isdisjoint(values):
        await shop_failures.forget(connection, store_id)
    return row.scalar_one_or_none() is not None


async def rotate_secret(
    connection: AsyncConnection, store_id: int, encrypted: bytes, *, overlap: timedelta
) -> bool:
    """Replace the secret; deliveries may use the previous one for `overlap` more."""
    row = await connection.execute(_ROTATE, {"id": store_id, "encrypted": encrypted, "overlap": overlap})
    return row.scalar_one_or_none() is not None


async def delivery_terms(connection: AsyncConnection, store_id: int) -> DeliveryTerms | None:
    """Returns what deliveries of a store must satisfy; None if there is no such store."""
    row = (await connection.execute(_TERMS, {"id": store_id})).one_or_none()
    if row is None:
        return None
    return DeliveryTerms(
        type=StoreType(row.type), is_active=row.is_active, encrypted_secrets=tuple(row.encrypted_secrets)
    )


async def remove(connection: AsyncConnection, store_id: int) -> bool:
    """Remove a store with everything in it, table by table, because cascades delete row by row."""
    await connection.execute(text(f"SET LOCAL statement_timeout = '{REMOVAL_TAKES_AT_MOST}'"))
    removed = None
    for statement in _REMOVE:
        removed = await connection.execute(text(statement), {"id": store_id})
    return removed is not None and removed.scalar_one_or_none() is not None


async def find_by_name(
    connection: AsyncConnection, *, user_id: int, name: str, type_: str = "woocommerce"
) -> int | None:
    named = (stores.c.user_id == user_id) & (stores.c.name == name) & (stores.c.type == type_)
    row = await connection.execute(select(stores.c.id).where(named).order_by(stores.c.id))
    return row.scalars().first()


async def owner_of(connection: AsyncConnection, store_id: int) -> int | None:
    """Returns the user that a store belongs to."""
    row = await connection.execute(select(stores.c.user_id).where(stores.c.id == store_id))
    return row.scalar_one_or_none()


_SECRETS = select(
    stores.c.id,
    stores.c.webhook_secret,
    case((stores.c.webhook_secret_before_until > func.now(), stores.c.webhook_secret_before)).label(
        "webhook_secret_before"
    ),
    stores.c.credentials,
)
SECRETS = ("webhook_secret", "webhook_secret_before", "credentials")

MOST_TRIED = 1_000
"""The secrets of so many stores are tried, the newest first."""


async def not_decrypted(connection: AsyncConnection, secret_box: SecretBox, *, most: int = 5) -> list[int]:
    """Returns the ids of the first stores with a secret that no key decrypts."""
    rows = await connection.execute(_SECRETS.order_by(stores.c.id.desc()).limit(MOST_TRIED))
    closed = [
        row["id"]
        for row in rows.mappings()
        if not all(row[name] is None or secret_box.decrypts(row[name]) for name in SECRETS)
    ]
    return sorted(closed)[:most]


async def rotate_keys(connection: AsyncConnection, secret_box: SecretBox) -> int:
    """Encrypt all stored secrets with the first key, without previous ones that are accepted no longer.

    Returns the number of stores; raises UnknownKey.
    """
    rows = await connection.execute(_SECRETS.with_for_update())
    rotated = [
        {"store": row["id"], **{name: row[name] and secret_box.rotate(row[name]) for name in SECRETS}}
        for row in rows.mappings()
    ]
    if rotated:
        assignments = ", ".join(f"{name} = :{name}" for name in SECRETS)
        await connection.execute(text(f"UPDATE stores SET {assignments} WHERE id = :store"), rotated)
    return len(rotated)


_READABLE = text("""
    SELECT s.id, s.schedule,
           NOT EXISTS (SELECT FROM syncs y WHERE y.store_id = s.id AND NOT y.dry_run) AS is_new
    FROM stores s JOIN users u ON u.id = s.user_id
    WHERE u.is_active AND s.type = ANY(:types) AND s.base_url <> '' AND s.credentials IS NOT NULL
      AND (CAST(:only AS bigint) IS NULL OR s.id = :only)
    ORDER BY s.id
""")


async def readable(
    connection: AsyncConnection, types: Collection[str], *, only: int | None = None
) -> list[ReadableStore]:
    """Returns the stores with readable shops and active owners; with `only`, at most this one."""
    rows = await connection.execute(_READABLE, {"types": list(types), "only": only})
    return [
        ReadableStore(store_id=row.id, is_new=row.is_new, schedule=SyncSchedule(**row.schedule or {}))
        for row in rows
    ]

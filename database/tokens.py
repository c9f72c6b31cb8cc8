"""Integration tokens: issued once, kept as hashes, looked up on every request."""

import hashlib
import secrets
import string
from collections.abc import Mapping
from datetime import datetime

import orjson
from sqlalchemy import insert, text
from sqlalchemy.ext.asyncio import AsyncConnection

from contracts.accounts import Integration, IssuedToken
from database.stores import LIVE_SECRETS
from database.tables import integration_tokens

FORMATS = {"woocommerce": ("wc_sk_live_", 40), "shopify": ("shpat_", 32), "custom": ("pk_live_", 40)}
"""Integration type -> prefix and how many random characters follow it."""

_ALPHABET = string.ascii_lowercase + string.digits

_FIND = text(f"""
    SELECT t.id AS token_id, t.name AS token_name, t.integration_type, t.expires_at, t.allowed_ips,
           t.last_used_at, t.usage_count, t.is_active AND u.is_active AS is_active,
           u.id AS user_id, u.email AS user_email, u.username, s.id AS store_id, s.name AS store_name,
           {LIVE_SECRETS} AS sealed_secrets
    FROM integration_tokens t JOIN users u ON u.id = t.user_id JOIN stores s ON s.id = t.store_id
    WHERE t.secret_hash = :secret_hash
""")

_COUNT = text("""
    UPDATE integration_tokens t
    SET usage_count = t.usage_count + n.uses, last_used_at = greatest(t.last_used_at, n.last)
    FROM jsonb_to_recordset(CAST(:uses AS jsonb)) AS n(id bigint, uses bigint, last timestamptz)
    WHERE t.id = n.id
""")


def secret_hash(secret: str) -> bytes:
    """What is kept of a secret; 200 random bits need no salt and no stretching."""
    return hashlib.sha256(secret.encode("utf-8", "surrogatepass")).digest()


def new_secret(integration_type: str) -> str:
    prefix, length = FORMATS[integration_type]
    return prefix + "".join(secrets.choice(_ALPHABET) for _ in range(length))


def preview(secret: str) -> str:
    return f"{secret[:6]}...{secret[-6:]}"


async def issue(
    connection: AsyncConnection,
    *,
    user_id: int,
    store_id: int,
    integration_type: str = "woocommerce",
    name: str = "Integration Token",
    allowed_ips: tuple[str, ...] = (),
    expires_at: datetime | None = None,
) -> IssuedToken:
    """Make a token; the answer holds the secret, and nothing else ever will."""
    secret = new_secret(integration_type)
    row = await connection.execute(
        insert(integration_tokens)
        .values(
            user_id=user_id,
            store_id=store_id,
            secret_hash=secret_hash(secret),
            preview=preview(secret),
            integration_type=integration_type,
            name=name,
            allowed_ips=list(allowed_ips),
            expires_at=expires_at,
        )
        .returning(integration_tokens.c.id)
    )
    return IssuedToken(
        id=row.scalar_one(),
        secret=secret,
        preview=preview(secret),
        integration_type=integration_type,
        name=name,
        user_id=user_id,
        store_id=store_id,
    )


async def find(connection: AsyncConnection, secret: str) -> Integration | None:
    """Whose secret this is; whether it may be used is the caller's question."""
    return await find_hashed(connection, secret_hash(secret))


async def find_hashed(connection: AsyncConnection, hashed: bytes) -> Integration | None:
    """The same, of a secret's hash."""
    row = (await connection.execute(_FIND, {"secret_hash": hashed})).mappings().one_or_none()
    if row is None:
        return None
    lists = {name: tuple(row[name]) for name in ("allowed_ips", "sealed_secrets")}
    return Integration(**{**row, **lists})


async def count_uses(connection: AsyncConnection, uses: Mapping[int, tuple[int, datetime]]) -> None:
    """Add up what requests counted in memory: token id -> how often, and when last."""
    rows = [{"id": token, "uses": count, "last": last.isoformat()} for token, (count, last) in uses.items()]
    await connection.execute(_COUNT, {"uses": orjson.dumps(rows).decode()})

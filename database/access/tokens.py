"""Integration tokens: issued once, stored as hashes, looked up on every request."""

import hashlib
import secrets
import string
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, delete, func, insert, not_, or_, select, text, true, update
from sqlalchemy.ext.asyncio import AsyncConnection

from contracts.tokens import Integration, IssuedToken, Token, TokenFormat
from database.access.stores import LIVE_SECRETS
from database.sql import as_json, recordset
from database.tables import integration_tokens, stores, users

_ALPHABET = string.ascii_lowercase + string.digits

_FIND = text(f"""
    SELECT t.id AS token_id, t.name AS token_name, t.integration_type, t.expires_at, t.allowed_ips,
           t.last_used_at, t.usage_count, t.is_active AND u.is_active AS is_active,
           u.id AS user_id, u.email AS user_email, u.username, s.id AS store_id, s.name AS store_name,
           {LIVE_SECRETS} AS encrypted_secrets, s.require_signature
    FROM integration_tokens t JOIN users u ON u.id = t.user_id JOIN stores s ON s.id = t.store_id
    WHERE t.secret_hash = :secret_hash
""")

_USES = {"id": "bigint", "uses": "bigint", "last": "timestamptz"}

_COUNT = text(f"""
    UPDATE integration_tokens t
    SET usage_count = t.usage_count + n.uses, last_used_at = greatest(t.last_used_at, n.last)
    FROM {recordset("uses", "n", _USES)}
    WHERE t.id = n.id
""")


def secret_hash(secret: str) -> bytes:
    """Returns the hash that is stored of a secret; 200 random bits need no salt and no stretching."""
    return hashlib.sha256(secret.encode("utf-8", "surrogatepass")).digest()


def new_secret(token_format: TokenFormat) -> str:
    """Returns a random token of this format."""
    return token_format.prefix + "".join(secrets.choice(_ALPHABET) for _ in range(token_format.length))


def preview(secret: str) -> str:
    return f"{secret[:6]}...{secret[-6:]}"


async def issue(
    connection: AsyncConnection,
    *,
    user_id: int,
    store_id: int,
    integration_type: str,
    token_format: TokenFormat,
    name: str = "Integration Token",
    allowed_ips: tuple[str, ...] = (),
    expires_at: datetime | None = None,
) -> IssuedToken:
    """Create a token; only the result holds its secret."""
    secret = new_secret(token_format)
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
    """Returns the integration of a secret; the caller checks whether it may be used."""
    return await find_hashed(connection, secret_hash(secret))


async def find_hashed(connection: AsyncConnection, hashed: bytes) -> Integration | None:
    """Like `find`, by the hash of the secret."""
    row = (await connection.execute(_FIND, {"secret_hash": hashed})).mappings().one_or_none()
    if row is None:
        return None
    lists = {name: tuple(row[name]) for name in ("allowed_ips", "encrypted_secrets")}
    return Integration(**{**row, **lists})


async def count_uses(connection: AsyncConnection, uses: Mapping[int, tuple[int, datetime]]) -> None:
    """Add the uses of tokens: token id -> how often, and when last."""
    rows = [{"id": token, "uses": count, "last": last.isoformat()} for token, (count, last) in uses.items()]
    await connection.execute(_COUNT, {"uses": as_json(rows)})


_columns = integration_tokens.c

_SHOWN = (
    select(
        _columns.id,
        _columns.preview,
        _columns.integration_type,
        _columns.name,
        _columns.is_active,
        _columns.expires_at,
        _columns.allowed_ips,
        _columns.last_used_at,
        _columns.usage_count,
        _columns.created_at,
        _columns.user_id,
        users.c.email.label("user_email"),
        _columns.store_id,
        stores.c.name.label("store_name"),
    )
    .join_from(integration_tokens, users, users.c.id == _columns.user_id)
    .join(stores, stores.c.id == _columns.store_id)
)

_LIMIT = text("""
    UPDATE integration_tokens SET expires_at = least(expires_at, now() + :overlap)
    WHERE id = :id AND is_active AND (expires_at IS NULL OR expires_at > now())
    RETURNING user_id, store_id, integration_type, name, allowed_ips
""")


@dataclass(frozen=True, slots=True, kw_only=True)
class TokenFilter:
    """Filters of a list of tokens; None does not filter."""

    user_id: int | None = None
    store_id: int | None = None
    integration_type: str | None = None
    is_active: bool | None = None

    def conditions(self) -> list[ColumnElement[bool]]:
        equal = {
            _columns.user_id: self.user_id,
            _columns.store_id: self.store_id,
            _columns.integration_type: self.integration_type,
            _columns.is_active: self.is_active,
        }
        return [true(), *(column == value for column, value in equal.items() if value is not None)]


def _token(row: Mapping[Any, Any]) -> Token:
    return Token(**{**row, "allowed_ips": tuple(row["allowed_ips"])})


async def list_tokens(
    connection: AsyncConnection, filters: TokenFilter, *, offset: int, limit: int
) -> tuple[int, list[Token]]:
    """Returns how many tokens there are, and a page of them, the newest first."""
    conditions = filters.conditions()
    counted = select(func.count()).select_from(integration_tokens).where(*conditions)
    page = _SHOWN.where(*conditions).order_by(_columns.id.desc()).offset(offset).limit(limit)
    count = (await connection.execute(counted)).scalar_one()
    return count, [_token(row) for row in (await connection.execute(page)).mappings()]


async def list_newest(
    connection: AsyncConnection,
    *,
    owner_id: int | None,
    store_id: int | None,
    is_usable: bool | None,
    before: int | None,
    limit: int,
) -> list[Token]:
    """Returns tokens of the stores of a user, of a store, or of all, the newest first.

    Usable tokens are active and have not expired. `before` is the id to go on from.
    """
    usable = _columns.is_active & or_(_columns.expires_at.is_(None), _columns.expires_at > func.now())
    conditions: list[ColumnElement[bool]] = [true()]
    if owner_id is not None:
        conditions.append(stores.c.user_id == owner_id)
    if store_id is not None:
        conditions.append(_columns.store_id == store_id)
    if is_usable is not None:
        conditions.append(usable if is_usable else not_(usable))
    if before is not None:
        conditions.append(_columns.id < before)
    page = _SHOWN.where(*conditions).order_by(_columns.id.desc()).limit(limit)
    return [_token(row) for row in (await connection.execute(page)).mappings()]


async def read(connection: AsyncConnection, token_id: int) -> Token | None:
    row = (await connection.execute(_SHOWN.where(_columns.id == token_id))).mappings().one_or_none()
    return _token(row) if row else None


async def change(connection: AsyncConnection, token_id: int, values: Mapping[str, Any]) -> bool:
    """Set at least one column; returns False if there is no such token."""
    changed = await connection.execute(
        update(integration_tokens).where(_columns.id == token_id).values(values).returning(_columns.id)
    )
    return changed.scalar_one_or_none() is not None


async def revoke(connection: AsyncConnection, token_id: int) -> bool:
    removed = await connection.execute(
        delete(integration_tokens).where(_columns.id == token_id).returning(_columns.id)
    )
    return removed.scalar_one_or_none() is not None


async def revoke_all(
    connection: AsyncConnection, *, user_id: int | None = None, store_id: int | None = None
) -> list[Token]:
    """Revoke the tokens of a user and of the user's stores, or of a store, or all. Returns them."""
    conditions: list[ColumnElement[bool]] = [true()]
    if user_id is not None:
        conditions.append(or_(_columns.user_id == user_id, stores.c.user_id == user_id))
    if store_id is not None:
        conditions.append(_columns.store_id == store_id)
    rows = await connection.execute(
        _SHOWN.where(*conditions).order_by(_columns.id).with_for_update(of=integration_tokens)
    )
    found = [_token(row) for row in rows.mappings()]
    await connection.execute(delete(integration_tokens).where(_columns.id.in_([token.id for token in found])))
    return found


async def rotate(
    connection: AsyncConnection,
    token_id: int,
    *,
    token_format: TokenFormat,
    overlap: timedelta,
    expires_at: datetime | None,
) -> IssuedToken | None:
    """Issue a token with the terms of an old one, which expires after `overlap`; None if it is invalid."""
    old = (await connection.execute(_LIMIT, {"id": token_id, "overlap": overlap})).one_or_none()
    if old is None:
        return None
    return await issue(
        connection,
        user_id=old.user_id,
        store_id=old.store_id,
        integration_type=old.integration_type,
        token_format=token_format,
        name=old.name,
        allowed_ips=tuple(old.allowed_ips),
        expires_at=expires_at,
    )

"""Managing integration tokens: their terms may be read and changed, their secrets never are."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, delete, func, select, text, true, update
from sqlalchemy.ext.asyncio import AsyncConnection

from contracts.accounts import IssuedToken, Token
from database import tokens
from database.tables import integration_tokens, stores, users

_known = integration_tokens.c

_SHOWN = (
    select(
        _known.id,
        _known.preview,
        _known.integration_type,
        _known.name,
        _known.is_active,
        _known.expires_at,
        _known.allowed_ips,
        _known.last_used_at,
        _known.usage_count,
        _known.created_at,
        _known.user_id,
        users.c.email.label("user_email"),
        _known.store_id,
        stores.c.name.label("store_name"),
    )
    .join_from(integration_tokens, users, users.c.id == _known.user_id)
    .join(stores, stores.c.id == _known.store_id)
)

_LIMIT = text("""
    UPDATE integration_tokens SET expires_at = least(expires_at, now() + :overlap)
    WHERE id = :id AND is_active AND (expires_at IS NULL OR expires_at > now())
    RETURNING user_id, store_id, integration_type, name, allowed_ips
""")


@dataclass(frozen=True, slots=True, kw_only=True)
class TokenFilter:
    """What is asked for; None asks for everything."""

    user_id: int | None = None
    store_id: int | None = None
    integration_type: str | None = None
    is_active: bool | None = None

    def conditions(self) -> list[ColumnElement[bool]]:
        equal = {
            _known.user_id: self.user_id,
            _known.store_id: self.store_id,
            _known.integration_type: self.integration_type,
            _known.is_active: self.is_active,
        }
        return [true(), *(column == value for column, value in equal.items() if value is not None)]


def _token(row: Mapping[Any, Any]) -> Token:
    return Token(**{**row, "allowed_ips": tuple(row["allowed_ips"])})


async def list_tokens(
    connection: AsyncConnection, asked: TokenFilter, *, offset: int, limit: int
) -> tuple[int, list[Token]]:
    """How many there are, and a page of them, the newest first."""
    conditions = asked.conditions()
    counted = select(func.count()).select_from(integration_tokens).where(*conditions)
    page = _SHOWN.where(*conditions).order_by(_known.id.desc()).offset(offset).limit(limit)
    count = (await connection.execute(counted)).scalar_one()
    return count, [_token(row) for row in (await connection.execute(page)).mappings()]


async def read(connection: AsyncConnection, token_id: int) -> Token | None:
    row = (await connection.execute(_SHOWN.where(_known.id == token_id))).mappings().one_or_none()
    return _token(row) if row else None


async def change(connection: AsyncConnection, token_id: int, values: Mapping[str, Any]) -> bool:
    """Set columns, at least one; False where there is no such token."""
    changed = await connection.execute(
        update(integration_tokens).where(_known.id == token_id).values(values).returning(_known.id)
    )
    return changed.scalar_one_or_none() is not None


async def revoke(connection: AsyncConnection, token_id: int) -> bool:
    removed = await connection.execute(
        delete(integration_tokens).where(_known.id == token_id).returning(_known.id)
    )
    return removed.scalar_one_or_none() is not None


async def rotate(
    connection: AsyncConnection, token_id: int, *, overlap: timedelta, expires_at: datetime | None
) -> IssuedToken | None:
    """A new token on the terms of an old one, which works for `overlap` more; None where it does not."""
    old = (await connection.execute(_LIMIT, {"id": token_id, "overlap": overlap})).one_or_none()
    if old is None:
        return None
    return await tokens.issue(
        connection,
        user_id=old.user_id,
        store_id=old.store_id,
        integration_type=old.integration_type,
        name=old.name,
        allowed_ips=tuple(old.allowed_ips),
        expires_at=expires_at,
    )

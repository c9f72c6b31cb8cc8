"""Sessions of people in the console: random secrets, stored as hashes, that end by themselves."""

import hashlib
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from database.access.users import User

IDLE = "12 hours"
ABSOLUTE = "7 days"
SEEN_EVERY = "1 minute"
"""How long a session lasts without a request and at all, and how exactly its last request is noted."""

MOST_SHOWN = 50

_IS_OPEN = f"""(c.seen_at > now() - interval '{IDLE}' AND c.created_at > now() - interval '{ABSOLUTE}'
    AND u.is_active AND u.password_at = c.password_at)"""

_OPEN = text("""
    INSERT INTO console_sessions (user_id, secret_hash, password_at, address, user_agent)
    SELECT u.id, :secret_hash, u.password_at, :address, :user_agent FROM users u
    WHERE u.id = :user_id AND u.is_active AND u.password_at = :password_at
    RETURNING id
""")

_FIND = text(f"""
    SELECT c.id AS session_id, c.seen_at < now() - interval '{SEEN_EVERY}' AS is_stale,
           {", ".join(f"u.{name}" for name in User.__dataclass_fields__)}
    FROM console_sessions c JOIN users u ON u.id = c.user_id
    WHERE c.secret_hash = :secret_hash AND {_IS_OPEN}
""")

_SEE = text("UPDATE console_sessions SET seen_at = now() WHERE id = :id")

_LIST = text(f"""
    SELECT c.id, c.address, c.user_agent, c.created_at, c.seen_at
    FROM console_sessions c JOIN users u ON u.id = c.user_id
    WHERE c.user_id = :user_id AND {_IS_OPEN}
    ORDER BY c.seen_at DESC, c.id DESC LIMIT {MOST_SHOWN}
""")

_END = text("""
    DELETE FROM console_sessions
    WHERE user_id = :user_id AND (CAST(:only AS bigint) IS NULL OR id = :only)
      AND (CAST(:other_than AS bigint) IS NULL OR id <> :other_than)
""")

_END_EVERYWHERE = text("""
    WITH accounts AS (
        UPDATE users SET password_at = now() WHERE CAST(:user_id AS bigint) IS NULL OR id = :user_id
        RETURNING id
    ), ended AS (
        DELETE FROM console_sessions c USING accounts a WHERE c.user_id = a.id
    )
    SELECT count(*) FROM accounts
""")

_FORGET = text(f"""
    DELETE FROM console_sessions WHERE id IN (
        SELECT id FROM console_sessions
        WHERE created_at < now() - interval '{ABSOLUTE}' OR seen_at < now() - interval '{IDLE}'
        ORDER BY id LIMIT 100 FOR UPDATE SKIP LOCKED)
""")


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenSession:
    """A session as its user sees it."""

    id: int
    address: str
    user_agent: str
    created_at: datetime
    seen_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """The user of a session, and whether its last request should be noted again."""

    session_id: int
    user: User
    is_stale: bool


def secret_hash(secret: str) -> bytes:
    """Returns the hash that is stored of a secret."""
    return hashlib.sha256(secret.encode("utf-8", "surrogatepass")).digest()


async def open_(connection: AsyncConnection, user: User, *, address: str, user_agent: str) -> str | None:
    """Open a session, and remove some that ended. Returns its secret; None if the account changed."""
    await connection.execute(_FORGET)
    secret = secrets.token_urlsafe(32)
    values = {
        "user_id": user.id,
        "password_at": user.password_at,
        "secret_hash": secret_hash(secret),
        "address": address,
        "user_agent": user_agent[:300],
    }
    opened = (await connection.execute(_OPEN, values)).scalar_one_or_none()
    return None if opened is None else secret


async def find(connection: AsyncConnection, secret: str) -> Found | None:
    """Returns the user of an open session; None if it ended, is unknown, or the password has changed."""
    row = (await connection.execute(_FIND, {"secret_hash": secret_hash(secret)})).mappings().one_or_none()
    if row is None:
        return None
    user = User(**{name: row[name] for name in User.__dataclass_fields__})
    return Found(session_id=row["session_id"], user=user, is_stale=row["is_stale"])


async def see(connection: AsyncConnection, session_id: int) -> None:
    """Note that a session is used."""
    await connection.execute(_SEE, {"id": session_id})


async def list_open(connection: AsyncConnection, user_id: int) -> Sequence[OpenSession]:
    """Returns the open sessions of a user, the one used last first."""
    rows = await connection.execute(_LIST, {"user_id": user_id})
    return [OpenSession(**row) for row in rows.mappings()]


async def end(
    connection: AsyncConnection, user_id: int, *, only: int | None = None, other_than: int | None = None
) -> int:
    """End sessions of a user: all of them, one, or all but one. Returns how many."""
    values = {"user_id": user_id, "only": only, "other_than": other_than}
    return (await connection.execute(_END, values)).rowcount


async def end_everywhere(connection: AsyncConnection, user_id: int | None) -> int:
    """End all sessions of an account, or of all accounts, in the console and of the API; passwords stay.

    Returns the number of accounts.
    """
    counted = await connection.execute(_END_EVERYWHERE, {"user_id": user_id})
    return int(counted.scalar_one())

"""Accounts of users."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, literal, or_, select
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.ext.asyncio import AsyncConnection

from database.tables import users


@dataclass(frozen=True, slots=True, kw_only=True)
class User:
    """An account; `password_at` is when its password was last set."""

    id: int
    email: str
    username: str
    is_staff: bool
    is_active: bool
    password_hash: str
    password_at: datetime


_USER = select(*(users.c[name] for name in User.__dataclass_fields__))


async def find_user(connection: AsyncConnection, email: str) -> User | None:
    row = await connection.execute(_USER.where(users.c.email == func.lower(email)))
    found = row.mappings().one_or_none()
    return User(**found) if found else None


async def read_user(connection: AsyncConnection, user_id: int) -> User | None:
    row = await connection.execute(_USER.where(users.c.id == user_id))
    found = row.mappings().one_or_none()
    return User(**found) if found else None


async def save_user(
    connection: AsyncConnection, *, email: str, password_hash: str, is_staff: bool, username: str = ""
) -> int:
    """Create a user, or set the password of an existing one and, with `is_staff`, make it an admin."""
    values = {
        "email": email.lower(),
        "username": username or email.split("@")[0],
        "password_hash": password_hash,
        "is_staff": is_staff,
    }
    row = await connection.execute(
        upsert(users)
        .values(values)
        .on_conflict_do_update(
            index_elements=["email"],
            set_={
                "password_hash": password_hash,
                "password_at": func.now(),
                "is_staff": or_(users.c.is_staff, literal(is_staff)),
            },
        )
        .returning(users.c.id)
    )
    return int(row.scalar_one())

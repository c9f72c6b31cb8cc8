"""Accounts of users."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, literal, or_, select, text
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.ext.asyncio import AsyncConnection

from database.tables import users


@dataclass(frozen=True, slots=True, kw_only=True)
class User:
    """An account; `password_at` is when its password was last set or its sessions were ended."""

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


_PEOPLE = """
    SELECT u.id, u.email, u.is_staff, u.is_active, u.created_at,
           (SELECT count(*) FROM stores s WHERE s.user_id = u.id) AS stores,
           (SELECT max(c.seen_at) FROM console_sessions c WHERE c.user_id = u.id) AS seen_at
    FROM users u
"""

_LIST_PEOPLE = text(f"""
    {_PEOPLE}
    WHERE (CAST(:before AS bigint) IS NULL OR u.id < :before) AND strpos(u.email, lower(:part)) > 0
    ORDER BY u.id DESC LIMIT :limit
""")

_READ_PERSON = text(f"{_PEOPLE} WHERE u.id = :id")

_FIND_PERSON = text(f"{_PEOPLE} WHERE u.email = lower(:email)")

_PAGE_OF_PEOPLE = text(f"""
    {_PEOPLE} WHERE strpos(u.email, lower(:part)) > 0 ORDER BY u.id DESC OFFSET :offset LIMIT :limit
""")

_COUNT_PEOPLE = text("SELECT count(*) FROM users u WHERE strpos(u.email, lower(:part)) > 0")

_STORE_IDS = text("SELECT id FROM stores WHERE user_id = :id ORDER BY id")

_REMOVE = text("""
    DELETE FROM users u WHERE u.id = :id AND NOT u.is_active AND NOT EXISTS (
        SELECT FROM stores s WHERE s.user_id = u.id)
    RETURNING u.id
""")

_LOCK_ADMINS = text("SELECT id FROM users WHERE is_staff AND is_active ORDER BY id FOR UPDATE")

_CHANGE_ROLE = text("""
    UPDATE users u SET is_staff = new.is_staff, is_active = new.is_active,
        password_at = CASE WHEN u.is_active AND NOT new.is_active THEN now() ELSE u.password_at END
    FROM (SELECT o.id, coalesce(CAST(:is_staff AS boolean), o.is_staff) AS is_staff,
                 coalesce(CAST(:is_active AS boolean), o.is_active) AS is_active
          FROM users o WHERE o.id = :id FOR UPDATE) AS new
    WHERE u.id = new.id
      AND (new.is_staff AND new.is_active OR NOT (u.is_staff AND u.is_active)
           OR EXISTS (SELECT FROM users o WHERE o.id <> u.id AND o.is_staff AND o.is_active))
    RETURNING u.id
""")
"""The time of the password ends sessions of the API for good; else they would go on with the account."""

_SET_PASSWORD = text("""
    UPDATE users SET password_hash = :password_hash, password_at = now()
    WHERE id = :id AND (CAST(:since AS timestamptz) IS NULL OR password_at = :since)
    RETURNING id
""")


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """An account without its password: how many stores it has, and the last request in the console."""

    id: int
    email: str
    is_staff: bool
    is_active: bool
    created_at: datetime
    stores: int
    seen_at: datetime | None


async def list_people(
    connection: AsyncConnection, *, part: str = "", before: int | None = None, limit: int
) -> Sequence[Person]:
    """Returns accounts with `part` in their email, the newest first; `before` is the id to go on from."""
    rows = await connection.execute(_LIST_PEOPLE, {"part": part, "before": before, "limit": limit})
    return [Person(**row) for row in rows.mappings()]


async def read_person(connection: AsyncConnection, user_id: int) -> Person | None:
    row = (await connection.execute(_READ_PERSON, {"id": user_id})).mappings().one_or_none()
    return Person(**row) if row else None


async def find_person(connection: AsyncConnection, email: str) -> Person | None:
    row = (await connection.execute(_FIND_PERSON, {"email": email})).mappings().one_or_none()
    return Person(**row) if row else None


async def page_of_people(
    connection: AsyncConnection, *, part: str = "", offset: int = 0, limit: int
) -> tuple[int, list[Person]]:
    """Returns how many accounts have `part` in their email, and a page of them, the newest first."""
    count = (await connection.execute(_COUNT_PEOPLE, {"part": part})).scalar_one()
    values = {"part": part, "offset": offset, "limit": limit}
    rows = await connection.execute(_PAGE_OF_PEOPLE, values)
    return count, [Person(**row) for row in rows.mappings()]


async def store_ids(connection: AsyncConnection, user_id: int) -> list[int]:
    """Returns the ids of the stores that an account owns."""
    return list((await connection.execute(_STORE_IDS, {"id": user_id})).scalars())


async def remove(connection: AsyncConnection, user_id: int) -> bool:
    """Remove a closed account without stores, and its sessions; returns False for any other account."""
    return (await connection.execute(_REMOVE, {"id": user_id})).scalar_one_or_none() is not None


async def create_user(
    connection: AsyncConnection, *, email: str, password_hash: str, is_staff: bool
) -> int | None:
    """Returns the id of a new account; None if there is one with this email."""
    row = await connection.execute(
        upsert(users)
        .values(
            email=email.lower(),
            username=email.split("@")[0],
            password_hash=password_hash,
            is_staff=is_staff,
        )
        .on_conflict_do_nothing(index_elements=["email"])
        .returning(users.c.id)
    )
    created: int | None = row.scalar_one_or_none()
    return created


async def change_role(
    connection: AsyncConnection, user_id: int, *, is_staff: bool | None = None, is_active: bool | None = None
) -> bool:
    """Make an account an admin or an owner, and close or open it; None leaves it as it is.

    Returns False, and changes nothing, if no active admin would be left or there is no such account. Closing
    ends the sessions of the API.
    """
    await connection.execute(_LOCK_ADMINS)
    values = {"id": user_id, "is_staff": is_staff, "is_active": is_active}
    return (await connection.execute(_CHANGE_ROLE, values)).scalar_one_or_none() is not None


async def set_password(
    connection: AsyncConnection, user_id: int, password_hash: str, *, since: datetime | None = None
) -> bool:
    """Set a password, which ends all sessions; returns False for no such account.

    With `since`, also if the password is no longer the one that was set at that time.
    """
    values = {"id": user_id, "password_hash": password_hash, "since": since}
    return (await connection.execute(_SET_PASSWORD, values)).scalar_one_or_none() is not None

"""Users and their stores."""

from dataclasses import dataclass

from sqlalchemy import func, insert, select, text
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.ext.asyncio import AsyncConnection

from database.tables import stores, users


@dataclass(frozen=True, slots=True, kw_only=True)
class User:
    id: int
    email: str
    username: str
    is_staff: bool
    password_hash: str


async def find_user(connection: AsyncConnection, email: str) -> User | None:
    columns = (users.c.id, users.c.email, users.c.username, users.c.is_staff, users.c.password_hash)
    row = await connection.execute(select(*columns).where(users.c.email == func.lower(email)))
    found = row.mappings().one_or_none()
    return User(**found) if found else None


async def save_user(
    connection: AsyncConnection, *, email: str, password_hash: str, is_staff: bool, username: str = ""
) -> int:
    """Make a user, or give an existing one this password; answers the id."""
    values = {
        "email": email.lower(),
        "username": username or email.split("@")[0],
        "password_hash": password_hash,
        "is_staff": is_staff,
    }
    row = await connection.execute(
        upsert(users)
        .values(values)
        .on_conflict_do_update(index_elements=["email"], set_={"password_hash": password_hash})
        .returning(users.c.id)
    )
    return int(row.scalar_one())


async def find_store(connection: AsyncConnection, *, user_id: int, name: str) -> int | None:
    row = await connection.execute(
        select(stores.c.id).where(stores.c.user_id == user_id, stores.c.name == name).order_by(stores.c.id)
    )
    return row.scalars().first()


async def make_store(
    connection: AsyncConnection, *, user_id: int, name: str, type_: str = "woocommerce", currency: str | None
) -> int:
    row = await connection.execute(
        insert(stores)
        .values(user_id=user_id, name=name, type=type_, currency=currency)
        .returning(stores.c.id)
    )
    return int(row.scalar_one())


async def count_products(connection: AsyncConnection, store_id: int) -> int:
    row = await connection.execute(
        text("SELECT count(*) FROM products WHERE store_id = :store AND knowledge_hash IS NOT NULL"),
        {"store": store_id},
    )
    return int(row.scalar_one())

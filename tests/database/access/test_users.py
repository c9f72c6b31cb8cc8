"""Accounts of people: roles that leave an admin, and passwords that are replaced once."""

import asyncio
from collections.abc import AsyncIterator

import pytest_asyncio
from sqlalchemy import text

from database.access import users
from database.access.users import User
from database.engine import Database, create_engine

HASH = "no password has this hash"


@pytest_asyncio.fixture
async def database(database_url: str) -> AsyncIterator[Database]:
    """A database of which no account is an admin while a test runs."""
    database = Database(create_engine(database_url, pool_size=4))
    async with database.transaction() as connection:
        admins = (
            await connection.execute(text("UPDATE users SET is_staff = false WHERE is_staff RETURNING id"))
        ).scalars()
        before = list(admins)
    yield database
    async with database.transaction() as connection:
        await connection.execute(text("DELETE FROM users WHERE email LIKE '%@people.example'"))
        await connection.execute(
            text("UPDATE users SET is_staff = true WHERE id = ANY(:ids)"), {"ids": before}
        )
    await database.close()


async def make(database: Database, name: str, *, is_staff: bool = False) -> int:
    async with database.transaction() as connection:
        created = await users.create_user(
            connection, email=f"{name}@People.example", password_hash=HASH, is_staff=is_staff
        )
    assert created is not None
    return created


async def read(database: Database, user_id: int) -> User:
    async with database.reading() as connection:
        user = await users.read_user(connection, user_id)
    assert user
    return user


async def change(
    database: Database, user_id: int, *, is_staff: bool | None = None, is_active: bool | None = None
) -> bool:
    async with database.transaction() as connection:
        return await users.change_role(connection, user_id, is_staff=is_staff, is_active=is_active)


async def test_an_email_has_one_account(database: Database) -> None:
    """However it is written; the account that exists stays as it is."""
    first = await make(database, "Ali")
    assert (await read(database, first)).email == "ali@people.example"
    async with database.transaction() as connection:
        second = await users.create_user(
            connection, email="ALI@people.example", password_hash="other", is_staff=True
        )
    assert second is None
    assert not (await read(database, first)).is_staff
    assert (await read(database, first)).password_hash == HASH


async def test_the_last_admin_stays(database: Database) -> None:
    """Neither closed nor made an owner; a closed admin does not count."""
    first = await make(database, "first", is_staff=True)
    second = await make(database, "second", is_staff=True)
    assert await change(database, second, is_active=False)
    assert not await change(database, first, is_staff=False)
    assert not await change(database, first, is_active=False)
    assert await change(database, second, is_staff=False)
    assert await change(database, second, is_staff=True, is_active=True)
    assert await change(database, first, is_staff=False)
    assert not (await read(database, first)).is_staff
    assert not await change(database, 10**15, is_active=False)


async def test_two_admins_who_demote_each_other_leave_one(database: Database) -> None:
    """At the same moment: the second one is refused."""
    pair = [await make(database, f"pair{number}", is_staff=True) for number in range(2)]
    for _ in range(5):
        changed = await asyncio.gather(*(change(database, user_id, is_staff=False) for user_id in pair))
        assert sorted(changed) == [False, True]
        for user_id in pair:
            await change(database, user_id, is_staff=True)


async def test_a_change_of_one_kind_leaves_the_other(database: Database) -> None:
    """A closed account keeps its role; only closing moves the time of the password."""
    await make(database, "keeper", is_staff=True)
    person = await make(database, "person", is_staff=True)
    before = (await read(database, person)).password_at
    await change(database, person, is_active=False)
    closed = await read(database, person)
    assert closed.is_staff
    assert closed.password_at > before
    await change(database, person, is_active=True)
    await change(database, person, is_staff=False)
    assert (await read(database, person)).password_at == closed.password_at


async def test_a_password_is_replaced_once(database: Database) -> None:
    """Of two changes that began with the same password, one is refused."""
    person = await make(database, "twice")
    since = (await read(database, person)).password_at

    async def replace(password_hash: str) -> bool:
        async with database.transaction() as connection:
            return await users.set_password(connection, person, password_hash, since=since)

    assert sorted(await asyncio.gather(replace("one"), replace("two"))) == [False, True]
    async with database.transaction() as connection:
        assert await users.set_password(connection, person, "three")
        assert not await users.set_password(connection, 10**15, "four")
    assert (await read(database, person)).password_hash == "three"


async def test_people_are_listed_by_a_part_of_their_email(database: Database) -> None:
    """The newest first, in pages; signs of patterns have no meaning."""
    ids = [await make(database, f"list_{number}") for number in range(3)]
    async with database.reading() as connection:
        found = await users.list_people(connection, part="LIST_", limit=2)
        assert [person.id for person in found] == ids[:0:-1]
        rest = await users.list_people(connection, part="list_", before=found[-1].id, limit=2)
        assert [person.id for person in rest] == ids[:1]
        assert await users.list_people(connection, part="list%", limit=2) == []
    assert found[0].stores == 0
    assert found[0].seen_at is None

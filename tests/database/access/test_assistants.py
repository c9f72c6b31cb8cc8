"""Which stores are open to assistants, as the database has them."""

from collections.abc import AsyncIterator

import pytest_asyncio

from contracts.stores import AssistantAccess, OpenStore, StoreType
from database.access import assistants, stores, users
from database.engine import Database, create_engine
from tests.support.environment import another_database


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def database(postgres_url: str) -> AsyncIterator[Database]:
    """A database without the stores of other tests."""
    opened = Database(create_engine(another_database(postgres_url, "open_stores"), pool_size=2))
    yield opened
    await opened.close()


async def made(database: Database, number: int, access: AssistantAccess, base_url: str = "") -> int:
    """Create a store of a new user. Returns its id."""
    async with database.transaction() as connection:
        user_id = await users.save_user(
            connection, email=f"{number}@example.com", password_hash="unused", is_staff=False
        )
        return await stores.create(
            connection,
            user_id=user_id,
            name="فروشگاه نورا",
            currency="IRT",
            type_=StoreType.WOOCOMMERCE,
            webhook_secret=None,
            base_url=base_url,
            credentials=None,
            assistant_access=access,
        )


async def closed(database: Database, number: int) -> None:
    async with database.transaction() as connection:
        await connection.exec_driver_sql(
            "UPDATE users SET is_active = false WHERE email = %s", (f"{number}@example.com",)
        )


async def only_public(database: Database, host: str | None) -> int | None:
    async with database.reading() as connection:
        return await assistants.only_public(connection, host=host)


async def test_a_store_is_read_with_its_terms(database: Database) -> None:
    """Whether it is open or not; a store of a closed account is none."""
    id_ = await made(database, 1, AssistantAccess.OFF, "https://shop.example")
    async with database.reading() as connection:
        read = await assistants.read(connection, id_)
        assert read == OpenStore(
            id=id_,
            user_id=read.user_id if read else 0,
            name="فروشگاه نورا",
            type=StoreType.WOOCOMMERCE,
            base_url="https://shop.example",
            currency="IRT",
            assistant_access=AssistantAccess.OFF,
        )
        assert await assistants.read(connection, 10**15) is None
    await closed(database, 1)
    async with database.reading() as connection:
        assert await assistants.read(connection, id_) is None


async def test_the_only_public_store_is_chosen(database: Database) -> None:
    """With this host in its address, or of all; of two, none. Closed accounts do not count."""
    assert await only_public(database, None) is None
    for access in (AssistantAccess.TOKEN, AssistantAccess.OFF):
        await made(database, 10 + len(access), access, "https://shop.example")
    assert await only_public(database, None) is None
    first = await made(database, 20, AssistantAccess.PUBLIC, "https://Shop.example:8443/fa")
    assert await only_public(database, None) == first
    assert await only_public(database, "SHOP.example") == first
    for host in ("shop.example.org", "hop.example", "example", "", "%", "shop_example"):
        assert await only_public(database, host) is None
    second = await made(database, 21, AssistantAccess.PUBLIC, "http://two.example")
    assert await only_public(database, None) is None
    assert await only_public(database, "two.example") == second
    third = await made(database, 22, AssistantAccess.PUBLIC, "http://two.example/en")
    assert await only_public(database, "two.example") is None
    await closed(database, 21)
    assert await only_public(database, "two.example") == third

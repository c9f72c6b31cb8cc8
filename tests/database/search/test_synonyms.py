"""Lists of synonyms in Postgres."""

from database.access import stores
from database.search import synonyms
from database.search.synonyms import MOST_LISTS, Unchecked
from tests.support.system import System

GROUPS = [["موبایل", "phone"]]


async def test_unchanged_lists_stay_in_postgres(system: System) -> None:
    """Groups are returned only where a version differs from the known ones."""
    shop, other = await system.shop(), await system.shop()
    async with system.database.transaction() as connection:
        assert await synonyms.for_search(connection, shop.user_id, None) == ([], None)
        stored = await synonyms.replace(connection, shop.store_id, GROUPS, expected=None)
        assert stored
        assert stored.version
        for store_id in (None, shop.store_id):
            versions, groups = await synonyms.for_search(connection, shop.user_id, store_id)
            assert (versions, groups) == ([stored.version], GROUPS)
            again = await synonyms.for_search(connection, shop.user_id, store_id, known=versions)
            assert again == (versions, None)
        for user_id, store_id in ((other.user_id, None), (other.user_id, shop.store_id)):
            assert await synonyms.for_search(connection, user_id, store_id) == ([], None)
        assert await synonyms.for_search(connection, other.user_id, None, known=versions) == ([], [])


async def test_a_user_s_stores_are_searched_with_a_bounded_number_of_lists(system: System) -> None:
    """With the lists of the oldest stores."""
    shop = await system.shop()
    async with system.database.transaction() as connection:
        for number in range(MOST_LISTS + 1):
            store_id = await stores.create(connection, user_id=shop.user_id, name=f"store {number}")
            await synonyms.replace(connection, store_id, [[f"w{number}"]], expected=Unchecked())
        _, groups = await synonyms.for_search(connection, shop.user_id, None)
    assert groups == [[f"w{number}"] for number in range(MOST_LISTS)]


async def test_a_list_is_removed_with_its_store(system: System) -> None:
    """And is not there for a store that does not exist."""
    shop = await system.shop()
    async with system.database.transaction() as connection:
        await synonyms.replace(connection, shop.store_id, GROUPS, expected=None)
        await stores.remove(connection, shop.store_id)
        assert await synonyms.read(connection, shop.store_id) is None
        assert await synonyms.for_search(connection, shop.user_id, None) == ([], None)

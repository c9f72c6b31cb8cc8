"""The owner of the products that a request reads: the user, or for an admin the owner of any store."""

from sqlalchemy.ext.asyncio import AsyncConnection

from database.access import stores
from database.products import listing


async def owner_of_store(
    connection: AsyncConnection, user_id: int, store_id: int | None, *, is_staff: bool
) -> int:
    """Returns the owner of a store for an admin; the user for anyone else, and for an unknown store."""
    if not is_staff or store_id is None:
        return user_id
    owner = await stores.owner_of(connection, store_id)
    return user_id if owner is None else owner


async def owner_of_product(
    connection: AsyncConnection, user_id: int, product_id: int, *, is_staff: bool
) -> int:
    """Returns the owner of a product for an admin; the user for anyone else."""
    store_id = await listing.store_of(connection, product_id) if is_staff else None
    return await owner_of_store(connection, user_id, store_id, is_staff=is_staff)

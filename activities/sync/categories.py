"""The categories above the products' own: read before a sync, and known to each of its steps."""

from collections.abc import Sequence
from typing import Protocol, runtime_checkable

from temporalio import activity

from activities.stores.shop_reader import OpenShop
from contracts.catalog import Category
from contracts.errors import ShopDown, ShopProblem
from database.engine import Database
from database.products import categories


@runtime_checkable
class HasCategories(Protocol):
    """A catalogue with products that name their categories without the categories above them."""

    async def categories(self) -> Sequence[Category] | None:
        """Returns all categories of the shop; None if it does not show them, or has too many."""
        ...

    def place_categories(self, categories: Sequence[Category]) -> None:
        """Show the parents of categories in all products and entries from now on."""
        ...


async def place(database: Database, shop: OpenShop) -> None:
    """Let the shop's catalogue know the stored categories."""
    if isinstance(shop.catalogue, HasCategories):
        async with database.reading() as connection:
            shop.catalogue.place_categories(await categories.load(connection, shop.store_id))


async def read(database: Database, shop: OpenShop) -> None:
    """Read and store the shop's categories; the stored ones stay where the shop does not show them.

    Products are read without them too, so only a shop that asks for a pause gets it: raises ShopDown.
    """
    if not isinstance(shop.catalogue, HasCategories):
        return
    try:
        known = await shop.catalogue.categories()
    except ShopProblem as problem:
        if isinstance(problem, ShopDown) and problem.retry_after is not None:
            raise
        activity.logger.warning("categories of store %s cannot be read: %s", shop.store_id, problem)
        return
    if known is None:
        return
    async with database.transaction() as connection:
        await categories.store(connection, shop.store_id, known)
    shop.catalogue.place_categories(known)

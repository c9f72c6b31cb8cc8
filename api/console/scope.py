"""The stores that a visitor may see: an admin all, an owner their own, one at a time."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from fastapi import Request

from api.console.session import Visitor
from api.dependencies import app_state
from api.errors import not_found
from database.access import store_names
from database.access.store_names import StoreName


@dataclass(frozen=True, slots=True, kw_only=True)
class Scope:
    """The stores to choose from, and the chosen one; None is all stores, for admins only."""

    stores: Sequence[StoreName]
    chosen: StoreName | None
    is_admin: bool

    @property
    def store_id(self) -> int | None:
        """The id of the chosen store, None for all stores; raises 404 for a person who has no store.

        None means the stores of all tenants to every statement, so that only admins may ever get it.
        """
        if self.chosen is None and not self.is_admin:
            raise not_found("store")
        return self.chosen.id if self.chosen else None

    @property
    def is_empty(self) -> bool:
        """Whether there is no store at all."""
        return not self.stores


async def scope_of(request: Request, store_id: int | None) -> Scope:
    """Returns the scope of a page; without `store_id`, all stores of an admin or the first of an owner.

    Raises 404 for a store that the visitor may not see.
    """
    visitor: Visitor = request.state.visitor
    user = visitor.signed_in
    owner = None if user.is_staff else user.id
    async with app_state(request).database.reading() as connection:
        stores = await store_names.of(connection, owner, also=store_id)
    chosen = next((store for store in stores if store.id == store_id), None)
    if store_id is not None and chosen is None:
        raise not_found("store")
    if chosen is None and not user.is_staff and stores:
        chosen = stores[0]
    return Scope(stores=stores, chosen=chosen, is_admin=user.is_staff)


async def one_store(request: Request, store_id: int | None) -> Scope:
    """Like `scope_of`, for pages about one store: the first one is chosen where no other is."""
    scope = await scope_of(request, store_id)
    return scope if scope.chosen else replace(scope, chosen=next(iter(scope.stores), None))


async def own_store(request: Request, store_id: int) -> StoreName:
    """Returns a store that the visitor may see and change; raises 404."""
    scope = await scope_of(request, store_id)
    if scope.chosen is None:
        raise not_found("store")
    return scope.chosen

"""`/api/v1/web-knowledge/products/`: the products of a user's stores or of a token's, as search has them."""

from typing import Annotated

from fastapi import APIRouter, Query, Request

from api.actions.ownership import owner_of_product, owner_of_store
from api.dependencies import CurrentSearchScope, CurrentState
from api.errors import not_found
from api.fields import PathId
from api.openapi.build import refuses
from api.schemas.products import ProductListParams, ProductOut, ProductPage, ProductSummary
from database.products import listing
from database.products.listing import ProductFilter

router = APIRouter(prefix="/api/v1/web-knowledge/products", tags=["products"])


@router.get("/", response_model_exclude_unset=True)
async def list_products(
    request: Request,
    scope: CurrentSearchScope,
    state: CurrentState,
    params: Annotated[ProductListParams, Query()],
) -> ProductPage:
    """The user's own products, or the products of the integration token's store, the latest change first.

    An admin names a `store` to see the products of any user's.
    """
    if scope.store_id is not None and params.store not in (None, scope.store_id):
        return ProductPage.of(request, params, 0, [])
    filters = ProductFilter(
        external_source=params.external_source,
        store_id=params.store or scope.store_id,
        is_active=params.is_active,
        in_stock=params.in_stock,
        search=params.search,
        updated_after=params.updated_after,
    )
    async with state.database.reading() as connection:
        owner_id = await owner_of_store(connection, scope.user_id, params.store, is_staff=scope.is_staff)
        count, rows = await listing.list_products(
            connection, owner_id, filters, offset=params.offset, limit=params.page_size
        )
    return ProductPage.of(request, params, count, [ProductSummary.of(row) for row in rows])


@router.get("/{product_id:id}/", responses=refuses(404), response_model_exclude_unset=True)
async def read_product(scope: CurrentSearchScope, state: CurrentState, product_id: PathId) -> ProductOut:
    """One of these products, or for an admin any, with its variations and the chunks that search holds."""
    async with state.database.reading() as connection:
        owner_id = await owner_of_product(connection, scope.user_id, product_id, is_staff=scope.is_staff)
        row = await listing.read_product(connection, owner_id, product_id, store_id=scope.store_id)
    if row is None:
        raise not_found("product")
    return ProductOut.of(row)

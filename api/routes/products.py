"""`/api/v1/web-knowledge/products/`: the products of a user's stores, and whether search finds them."""

from typing import Annotated

from fastapi import APIRouter, Query, Request

from api.dependencies import CurrentState, CurrentUser
from api.errors import not_found
from api.fields import PathId
from api.openapi.build import refuses
from api.schemas.products import ProductListParams, ProductOut, ProductPage, ProductSummary
from database.products import listing
from database.products.listing import ProductFilter

router = APIRouter(prefix="/api/v1/web-knowledge/products", tags=["products"])


@router.get("/", response_model_exclude_unset=True)
async def list_products(
    request: Request, user: CurrentUser, state: CurrentState, params: Annotated[ProductListParams, Query()]
) -> ProductPage:
    """The user's own products, the latest change first."""
    filters = ProductFilter(
        external_source=params.external_source,
        store_id=params.store,
        is_active=params.is_active,
        in_stock=params.in_stock,
        search=params.search,
        updated_after=params.updated_after,
    )
    async with state.database.reading() as connection:
        count, rows = await listing.list_products(
            connection, user.id, filters, offset=params.offset, limit=params.page_size
        )
    return ProductPage.of(request, params, count, [ProductSummary.of(row) for row in rows])


@router.get("/{product_id:id}/", responses=refuses(404), response_model_exclude_unset=True)
async def read_product(user: CurrentUser, state: CurrentState, product_id: PathId) -> ProductOut:
    """One of the user's products, with its variations and the chunks that search holds."""
    async with state.database.reading() as connection:
        row = await listing.read_product(connection, user.id, product_id)
    if row is None:
        raise not_found("product")
    return ProductOut.of(row)

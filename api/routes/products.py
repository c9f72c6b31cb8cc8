"""`/api/v1/web-knowledge/products/`: what a user's shops sell, and how much of it search knows."""

from typing import Annotated, Any

from fastapi import APIRouter, Query, Request, Response

from api.dependencies import CurrentUser, Opened
from api.errors import Refused, answer
from api.fields import Id, Moment, PathId, Words
from api.openapi.build import documented
from api.pagination import Paged, page
from api.schemas.products import Product, ProductPage
from connectors.registry import PLATFORMS
from contracts.stores import StoreType
from database.products import listing
from database.products.listing import ProductFilter

router = APIRouter(prefix="/api/v1/web-knowledge/products", tags=["products"])


class Listed(Paged):
    external_source: Words | None = None
    store: Id | None = None
    is_active: bool | None = None
    in_stock: bool | None = None
    search: Words | None = None
    updated_after: Moment | None = None


def _shown(row: dict[str, Any]) -> dict[str, Any]:
    """A row as the API tells it: facts of the product, and what search knows under `knowledge`."""
    told = dict(row)
    known = {name: told.pop(name) for name in ("knowledge_hash", "knowledge_model", "knowledge_at")}
    content_hash, received_at = told.pop("content_hash"), told.pop("received_at")
    current = known["knowledge_hash"] == content_hash
    source, number = told["external_source"], str(told["external_id"]).partition("_")[2]
    id_field = PLATFORMS[StoreType(source)].product_id_field
    told["store"] = told.pop("store_id")
    told["metadata"] = {
        **({id_field: int(number)} if id_field and number.isdigit() else {}),
        **told["metadata"],
        "content_hash": content_hash,
        "needs_embedding": bool(told["is_active"] and not current),
        "last_sync_at": received_at,
    }
    told["knowledge"] = {
        "current": current,
        "model": known["knowledge_model"],
        "embedded_at": known["knowledge_at"],
    }
    return told


@router.get("/", **documented(answers={200: ProductPage}))
async def list_products(
    request: Request, user: CurrentUser, opened: Opened, asked: Annotated[Listed, Query()]
) -> Response:
    """The user's own products, latest change first, in numbered pages."""
    found = ProductFilter(
        external_source=asked.external_source,
        store_id=asked.store,
        is_active=asked.is_active,
        in_stock=asked.in_stock,
        search=asked.search,
        updated_after=asked.updated_after,
    )
    async with opened.database.reading() as connection:
        count, rows = await listing.list_products(
            connection, user.id, found, offset=asked.offset, limit=asked.page_size
        )
    return answer(200, page(request, asked, count, [_shown(row) for row in rows]))


@router.get("/{product_id:id}/", **documented(answers={200: Product}, refuses=[404]))
async def read_product(user: CurrentUser, opened: Opened, product_id: PathId) -> Response:
    """One of the user's products, with its variations and the chunks search knows."""
    async with opened.database.reading() as connection:
        row = await listing.read_product(connection, user.id, product_id)
    if row is None:
        raise Refused(404, {"error": "No such product"})
    return answer(200, _shown(row))

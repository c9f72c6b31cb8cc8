"""Reading one owner's products: a filtered page of them, or one with its variations and chunks."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, RowMapping, Select, func, or_, select, true
from sqlalchemy.ext.asyncio import AsyncConnection

from database.tables import product_variations, products, tenant_knowledge

_OURS = ("user_id", "claimed_hash", "claimed_by", "listed_hash")
_LISTED = [column for column in products.c if column.name not in _OURS]


@dataclass(frozen=True, slots=True, kw_only=True)
class ProductFilter:
    """What is asked for; None asks for everything. `search` looks into titles, ids and SKUs."""

    external_source: str | None = None
    store_id: int | None = None
    is_active: bool | None = None
    in_stock: bool | None = None
    search: str | None = None
    updated_after: datetime | None = None

    def conditions(self) -> list[ColumnElement[bool]]:
        equal = {
            products.c.external_source: self.external_source,
            products.c.store_id: self.store_id,
            products.c.is_active: self.is_active,
            products.c.in_stock: self.in_stock,
        }
        found = [column == value for column, value in equal.items() if value is not None]
        if self.updated_after is not None:
            found.append(products.c.updated_at > self.updated_after)
        if self.search:
            found.append(
                or_(
                    products.c.title.icontains(self.search, autoescape=True),
                    products.c.external_id == self.search,
                    products.c.metadata["sku"].astext == self.search,
                )
            )
        return found


def _plain(row: RowMapping) -> dict[str, Any]:
    """A row with names that are plain strings, which SQLAlchemy's are not all."""
    return {str(name): value for name, value in row.items()}


def _owned(user_id: int, asked: ProductFilter) -> Select[Any]:
    return select(*_LISTED).where(products.c.user_id == user_id, true(), *asked.conditions())


async def list_products(
    connection: AsyncConnection, user_id: int, asked: ProductFilter, *, offset: int, limit: int
) -> tuple[int, list[dict[str, Any]]]:
    """How many there are, and the page of them, latest change first."""
    owned = _owned(user_id, asked)
    count = (await connection.execute(select(func.count()).select_from(owned.subquery()))).scalar_one()
    page = owned.order_by(products.c.updated_at.desc(), products.c.id.desc()).offset(offset).limit(limit)
    return count, [_plain(row) for row in (await connection.execute(page)).mappings()]


async def read_product(connection: AsyncConnection, user_id: int, product_id: int) -> dict[str, Any] | None:
    """A product with `variations` and `chunks`, or None where this owner has none of that id."""
    row = await connection.execute(_owned(user_id, ProductFilter()).where(products.c.id == product_id))
    product = row.mappings().one_or_none()
    if product is None:
        return None
    variations = await connection.execute(
        select(product_variations)
        .where(
            product_variations.c.store_id == product["store_id"],
            product_variations.c.parent_external_id == product["external_id"],
        )
        .order_by(product_variations.c.id)
    )
    known = tenant_knowledge.c
    chunks = await connection.execute(
        select(known.position, known.text, known.tokens, known.model, known.created_at)
        .where(known.product_id == product_id, known.is_live)
        .order_by(known.position)
    )
    return {
        **_plain(product),
        "variations": [_plain(item) for item in variations.mappings()],
        "chunks": [_plain(item) for item in chunks.mappings()],
    }

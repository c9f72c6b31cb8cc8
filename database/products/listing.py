"""Read the products of an owner: a filtered page, or one product with its variations and chunks."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import (
    ColumnElement,
    RowMapping,
    Select,
    Table,
    func,
    literal_column,
    or_,
    select,
    true,
    tuple_,
)
from sqlalchemy.ext.asyncio import AsyncConnection

from database import shown
from database.tables import product_variations, products, stores, tenant_knowledge
from knowledge.search.keys import CODE, keys

_INTERNAL = ("user_id", "claimed_hash", "claimed_by", "listed_hash", "keys")
_REPLACED = ("backorder", "link", "min_price", "max_price")


def _shown(table: Table) -> list[ColumnElement[Any]]:
    """Returns the columns of a table that are shown, in the form in which they are shown."""
    columns = [column for column in table.c if column.name not in (*_INTERNAL, *_REPLACED)]
    return [
        *columns,
        literal_column(shown.availability(table.name)).label("availability"),
        literal_column(shown.link(table.name)).label("link"),
    ]


_LISTED = [
    *_shown(products),
    *(func.coalesce(products.c[name], products.c.price).label(name) for name in ("min_price", "max_price")),
    *(func.coalesce(products.c.metadata[name].astext, "").label(name) for name in ("sku", "gtin")),
]
_LISTED_VARIATIONS = _shown(product_variations)


@dataclass(frozen=True, slots=True, kw_only=True)
class ProductFilter:
    """Filters of a list of products; None does not filter.

    `search` matches titles, ids, and codes of products and of their active variations.
    """

    external_source: str | None = None
    store_id: int | None = None
    is_active: bool | None = None
    in_stock: bool | None = None
    search: str | None = None
    updated_after: datetime | None = None

    def conditions(self, user_id: int) -> list[ColumnElement[bool]]:
        """Returns the conditions on the products of this owner."""
        equal = {
            products.c.external_source: self.external_source,
            products.c.store_id: self.store_id,
            products.c.is_active: self.is_active,
            products.c.in_stock: self.in_stock,
        }
        conditions = [column == value for column, value in equal.items() if value is not None]
        if self.updated_after is not None:
            conditions.append(products.c.updated_at > self.updated_after)
        if self.search:
            conditions.append(
                or_(
                    products.c.title.icontains(self.search, autoescape=True),
                    products.c.external_id == self.search,
                    products.c.metadata["sku"].astext == self.search,
                    *_has_code(user_id, self.search),
                )
            )
        return conditions


def _has_code(user_id: int, code: str) -> list[ColumnElement[bool]]:
    """Returns conditions; one holds where the product or an active variation of it has this code.

    Empty for a text without letters and digits.
    """
    found: list[ColumnElement[bool]] = []
    for key in keys(CODE, [code]):
        owned = select(func.concat(stores.c.id, "/", key)).where(stores.c.user_id == user_id)
        wanted = func.array(owned.scalar_subquery())
        variation = product_variations.c
        parents = select(variation.store_id, variation.parent_external_id).where(
            variation["keys"].op("&&")(wanted), variation.is_active
        )
        found += [
            products.c["keys"].op("&&")(wanted),
            tuple_(products.c.store_id, products.c.external_id).in_(parents),
        ]
    return found


def _plain(row: RowMapping) -> dict[str, Any]:
    """Returns a row as a dict with plain strings as keys; some of SQLAlchemy's are not."""
    return {str(name): value for name, value in row.items()}


def _owned(user_id: int, filters: ProductFilter) -> Select[Any]:
    return select(*_LISTED).where(products.c.user_id == user_id, true(), *filters.conditions(user_id))


async def list_products(
    connection: AsyncConnection, user_id: int, filters: ProductFilter, *, offset: int, limit: int
) -> tuple[int, list[dict[str, Any]]]:
    """Returns how many products there are, and a page of them, the latest change first."""
    owned = _owned(user_id, filters)
    count = (await connection.execute(select(func.count()).select_from(owned.subquery()))).scalar_one()
    page = owned.order_by(products.c.updated_at.desc(), products.c.id.desc()).offset(offset).limit(limit)
    return count, [_plain(row) for row in (await connection.execute(page)).mappings()]


async def read_product(
    connection: AsyncConnection, user_id: int, product_id: int, *, store_id: int | None = None
) -> dict[str, Any] | None:
    """Returns a product with `variations` and `chunks`; None if the owner has no product of this id.

    Nor if it is of another store than `store_id`.
    """
    owned = _owned(user_id, ProductFilter(store_id=store_id))
    row = await connection.execute(owned.where(products.c.id == product_id))
    product = row.mappings().one_or_none()
    if product is None:
        return None
    variations = await connection.execute(
        select(*_LISTED_VARIATIONS)
        .where(
            product_variations.c.store_id == product["store_id"],
            product_variations.c.parent_external_id == product["external_id"],
        )
        .order_by(product_variations.c.id)
    )
    chunk = tenant_knowledge.c
    chunks = await connection.execute(
        select(chunk.position, chunk.text, chunk.tokens, chunk.model, chunk.created_at)
        .where(chunk.product_id == product_id, chunk.is_live)
        .order_by(chunk.position)
    )
    return {
        **_plain(product),
        "variations": [_plain(item) for item in variations.mappings()],
        "chunks": [_plain(item) for item in chunks.mappings()],
    }


async def store_of(connection: AsyncConnection, product_id: int) -> int | None:
    """Returns the store of a product; None if there is no such product."""
    found: int | None = await connection.scalar(
        select(products.c.store_id).where(products.c.id == product_id)
    )
    return found

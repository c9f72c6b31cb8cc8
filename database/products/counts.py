"""How many products of a store search knows."""

from dataclasses import dataclass

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

IS_KNOWN = (
    "(products.knowledge_hash, products.knowledge_model)"
    " IS NOT DISTINCT FROM (products.content_hash, CAST(:model AS text))"
)
"""Whether search has the current text of a product, from the model with the label `:model`."""

_COUNT = text(f"""
    SELECT count(*) FILTER (WHERE is_active AND {IS_KNOWN}) AS known,
           count(*) FILTER (WHERE is_active AND NOT {IS_KNOWN}) AS waiting,
           count(*) FILTER (WHERE NOT is_active AND status <> 'deleted') AS hidden
    FROM products WHERE store_id = :store_id
""")


@dataclass(frozen=True, slots=True, kw_only=True)
class ProductCounts:
    """Products with their current text in search, products still to embed, and hidden products."""

    known: int
    waiting: int
    hidden: int


async def read(connection: AsyncConnection, store_id: int, *, model: str) -> ProductCounts:
    """Returns the counts of a store; `model` is the label of the current embedding model."""
    row = await connection.execute(_COUNT, {"store_id": store_id, "model": model})
    return ProductCounts(**row.mappings().one())

"""How many products of a store search knows."""

from dataclasses import dataclass

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

_IS_KNOWN = "(knowledge_hash, knowledge_model) IS NOT DISTINCT FROM (content_hash, :model)"

_COUNT = text(f"""
    SELECT count(*) FILTER (WHERE is_active AND {_IS_KNOWN}) AS known,
           count(*) FILTER (WHERE is_active AND NOT {_IS_KNOWN}) AS waiting,
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

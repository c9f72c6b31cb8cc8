"""What search holds of a product, in short: its facts, and its text as assistants read it."""

from dataclasses import dataclass
from decimal import Decimal

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

_READ = text("""
    SELECT p.title, coalesce(p.min_price, p.price) AS min_price, coalesce(p.max_price, p.price) AS max_price,
           p.currency, p.in_stock,
           left((SELECT string_agg(k.text, E'\\n\\n' ORDER BY k.position) FROM tenant_knowledge k
                 WHERE k.product_id = p.id AND k.is_live), :most) AS text
    FROM products p WHERE p.store_id = :store_id AND p.external_id = :external_id AND p.is_active
""")


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownProduct:
    """A product that search finds: its lowest and highest price, and the beginning of its text."""

    title: str
    min_price: Decimal | None
    max_price: Decimal | None
    currency: str
    in_stock: bool
    text: str


async def read(
    connection: AsyncConnection, store_id: int, external_id: str, *, most: int
) -> KnownProduct | None:
    """Returns what search holds of a product, with `most` characters of text; None if it holds nothing."""
    values = {"store_id": store_id, "external_id": external_id, "most": most}
    row = (await connection.execute(_READ, values)).mappings().one_or_none()
    return KnownProduct(**row) if row and row["text"] else None

"""A question to the knowledge base, and what it found."""

import struct
from dataclasses import dataclass
from decimal import Decimal
from typing import TypeAlias


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """What is asked, of whose knowledge, and what an answer must satisfy.

    `vector` is the embedded query, or None where the embedding service did not answer: then words alone
    must do.
    """

    user_id: int
    text: str
    vector: list[float] | None
    store_id: int | None = None
    limit: int = 10
    in_stock: bool | None = None
    min_price: Decimal | None = None
    max_price: Decimal | None = None
    category: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class FoundProduct:
    """The live row of a product; never what was frozen into a chunk."""

    id: int
    external_id: str
    title: str
    price: Decimal | None
    currency: str
    in_stock: bool
    stock_quantity: Decimal | None
    link: str
    image: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Hit:
    """A product and the passage of it that answers best; scores compare within one answer only."""

    score: float
    text: str
    product: FoundProduct


Vector: TypeAlias = bytes
"""Numbers of half precision, two bytes each and the larger one first, as Postgres keeps and takes them."""


def numbers(vector: Vector) -> list[float]:
    """What a vector is made of."""
    return list(struct.unpack(f">{len(vector) // 2}e", vector))

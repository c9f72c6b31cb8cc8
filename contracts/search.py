"""Questions to the knowledge base, and their results."""

import struct
from dataclasses import dataclass
from decimal import Decimal
from typing import TypeAlias


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """A query of an owner, with the filters that its results must satisfy.

    `vector` is the embedded query, or None if the embedding service did not answer; search is then lexical
    only.
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
    """The current row of a product, not the state at the time its chunks were embedded."""

    id: int
    external_id: str
    title: str
    price: Decimal | None
    currency: str
    in_stock: bool
    availability: str
    stock_quantity: Decimal | None
    link: str
    image: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Hit:
    """A product and its best matching passage; scores are comparable within one result only."""

    score: float
    text: str
    product: FoundProduct


Vector: TypeAlias = bytes
"""Half-precision numbers in big-endian order, as pgvector sends and receives them."""


def numbers(vector: Vector) -> list[float]:
    """Returns the numbers of a vector."""
    return list(struct.unpack(f">{len(vector) // 2}e", vector))

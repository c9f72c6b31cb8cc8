"""Questions to the knowledge base, and their results."""

import struct
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from typing import TypeAlias


class Sort(StrEnum):
    """The order of results; products without a price come last in an order by price."""

    RELEVANCE = "relevance"
    CHEAPEST = "price"
    DEAREST = "-price"
    NEWEST = "newest"


class Comparing(StrEnum):
    """How a field of a product is compared with values."""

    EQUAL = "eq"
    DIFFERENT = "ne"
    GREATER = "gt"
    AT_LEAST = "gte"
    LESS = "lt"
    AT_MOST = "lte"
    AMONG = "in"
    NOT_AMONG = "nin"


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """A field of a product, compared with one value, or with several by `in` and `nin`.

    The field is a key of `database.search.conditions.fields`, or `attributes.` and a name.
    """

    field: str
    how: Comparing
    values: Sequence[str | Decimal | bool | datetime]


@dataclass(frozen=True, slots=True, kw_only=True)
class AllOf:
    """Conditions that all hold; without any, every product passes."""

    parts: Sequence["Condition"] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class AnyOf:
    """Conditions of which one holds."""

    parts: Sequence["Condition"]


Condition: TypeAlias = Comparison | AllOf | AnyOf


def comparisons(condition: Condition | None) -> list[Comparison]:
    """Returns the comparisons of a condition, from left to right."""
    if condition is None:
        return []
    if isinstance(condition, Comparison):
        return [condition]
    return [one for part in condition.parts for one in comparisons(part)]


@dataclass(frozen=True, slots=True, kw_only=True)
class Filters:
    """What every result must satisfy; None and empty do not filter.

    One of the values of a field is enough, and every field counts. Values are compared tolerantly, see
    `database.search.values`. `category` is one more field of categories. `condition` holds for every result.
    """

    in_stock: bool | None = None
    min_price: Decimal | None = None
    max_price: Decimal | None = None
    category: str | None = None
    categories: Sequence[str] = ()
    brands: Sequence[str] = ()
    exclude_categories: Sequence[str] = ()
    exclude_brands: Sequence[str] = ()
    attributes: Mapping[str, Sequence[str]] = field(default_factory=dict)
    condition: Condition | None = None

    def __bool__(self) -> bool:
        """Returns whether there is a filter at all."""
        limits = (self.in_stock, self.min_price, self.max_price, self.category, self.condition)
        listed = (self.categories, self.brands, self.exclude_categories, self.exclude_brands)
        return any(limit is not None for limit in limits) or any(listed) or any(self.attributes.values())


@dataclass(frozen=True, slots=True, kw_only=True)
class Position:
    """The place of a product in an order of results: its value there, and its id.

    The value is a score, a price or a time; it is None for a product without a price.
    """

    value: float | Decimal | datetime | None
    product_id: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """A query of an owner, with the filters that its results must satisfy.

    `text` is empty for a list of what passes the filters. Products with one of the `excluded_words` in their
    names are left out. `vector` is the embedded query, or None if there
    is none or the embedding service did not answer; search is then lexical only. Results after the position
    `after` are asked for.
    """

    user_id: int
    text: str
    vector: list[float] | None
    store_id: int | None = None
    limit: int = 10
    filters: Filters = field(default_factory=Filters)
    excluded_words: Sequence[str] = ()
    sort: Sort = Sort.RELEVANCE
    facets: Sequence[str] = ()
    after: Position | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class FoundVariation:
    """The current row of an active variation; `options` has name -> option."""

    external_id: str
    options: Mapping[str, str]
    price: str | None
    regular_price: str | None
    on_sale: bool
    in_stock: bool
    availability: str
    stock_quantity: str | None
    sku: str
    gtin: str


@dataclass(frozen=True, slots=True, kw_only=True)
class FoundProduct:
    """The current row of a product, not the state at the time its chunks were embedded.

    `min_price` and `max_price` are the range of its variations, or its price. `variations` are some of the
    active ones, `variations_total` is their number. `details` has the fields of
    `Details` that say something, as JSON has them. `facts_at` is when the shop's last change arrived,
    `known_at` when its text was indexed.
    """

    id: int
    external_id: str
    title: str
    price: Decimal | None
    min_price: Decimal | None
    max_price: Decimal | None
    regular_price: str | None
    on_sale: bool
    currency: str
    in_stock: bool
    availability: str
    stock_quantity: Decimal | None
    sku: str
    gtin: str
    brands: Sequence[str]
    categories: Sequence[str]
    attributes: Sequence[Mapping[str, object]]
    variations: Sequence[FoundVariation]
    variations_total: int
    details: Mapping[str, object] = field(default_factory=dict)
    link: str
    image: str
    facts_at: datetime
    known_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Matched:
    """The share of the question's words that a product has, by weight, and the words that it lacks.

    `share` is None where no words were asked.
    """

    share: float | None
    missing: Sequence[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Hit:
    """A product and its best matching passage; the score is between 0 and 1.

    `similarity` is the cosine of question and passage, None where they were not compared.
    """

    score: float
    similarity: float | None
    matched: Matched
    text: str
    product: FoundProduct


@dataclass(frozen=True, slots=True, kw_only=True)
class FacetValue:
    """A value that results have: how many of them, and the range of their prices."""

    value: str
    count: int
    min_price: Decimal | None
    max_price: Decimal | None


@dataclass(frozen=True, slots=True, kw_only=True)
class PriceFacet:
    """The range of the results' prices, and how many results have a price."""

    min: Decimal | None
    max: Decimal | None
    count: int


Facet: TypeAlias = Sequence[FacetValue] | PriceFacet


@dataclass(frozen=True, slots=True, kw_only=True)
class Unmatched:
    """A value of a filter that no product has, and values that products have, likely ones first."""

    field: str
    value: str
    known: Sequence[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """A page of results, with what is known of all of them; `following` is where the next page begins.

    `is_confident` is whether the best of them probably answers the question.
    """

    total: int
    is_confident: bool
    hits: Sequence[Hit]
    facets: Mapping[str, Facet]
    unmatched: Sequence[Unmatched]
    following: Position | None


Vector: TypeAlias = bytes
"""Half-precision numbers in big-endian order, as pgvector sends and receives them."""


def numbers(vector: Vector) -> list[float]:
    """Returns the numbers of a vector."""
    return list(struct.unpack(f">{len(vector) // 2}e", vector))

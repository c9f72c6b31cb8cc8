"""A product as it is stored now, with its variations: what every door for assistants and every feed shows."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal

from contracts.products.details import Details


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredVariation:
    """An active variation; `options` has name -> option.

    A price of None is the product's if no active variation has one. Texts are as the shop sent them, HTML
    too. `availability` is `in_stock`, `backorder` or `out_of_stock`.
    """

    external_id: str
    options: Mapping[str, str]
    description: str
    price: Decimal | None
    regular_price: Decimal | None
    in_stock: bool
    availability: str
    stock_quantity: Decimal | None
    sku: str
    gtin: str
    link: str
    image: str


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredProduct:
    """An active product with its price and stock of this moment.

    Texts are as the shop sent them, HTML too; `description` is cut. Without a currency of the product, or of
    the store, `currency` is empty. `min_price` and `max_price` are the range of all active variations, None
    without any. `variations` are some of the active ones, `variations_total` is their number. `facts_at` is
    when the shop's last change arrived, `known_at` when its text was indexed.
    """

    id: int
    store_id: int
    external_id: str
    title: str
    short_description: str
    description: str
    categories: Sequence[str]
    tags: Sequence[str]
    brands: Sequence[str]
    attributes: Sequence[Mapping[str, object]]
    price: Decimal | None
    min_price: Decimal | None = None
    max_price: Decimal | None = None
    regular_price: Decimal | None
    currency: str
    in_stock: bool
    availability: str
    stock_quantity: Decimal | None
    sku: str
    gtin: str
    link: str
    image: str
    gallery: Sequence[str]
    variations: Sequence[StoredVariation]
    variations_total: int
    details: Details = field(default_factory=Details)
    facts_at: datetime
    known_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Resolved:
    """What an identifier of a lookup means: a product, and the variation if it names one."""

    identifier: str
    product_id: int
    variation: str | None

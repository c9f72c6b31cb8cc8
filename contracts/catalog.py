"""A shop's product, the same whatever platform it came from."""

from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class Attribute:
    """What a product is like, in the shop's words: رنگ with options مشکی and سفید."""

    name: str
    options: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """What changes without changing meaning; never in a chunk, never in the content hash.

    Prices are in the product's currency; None means the shop named no price.
    """

    price: Decimal | None = None
    regular_price: Decimal | None = None
    sale_price: Decimal | None = None
    on_sale: bool = False
    stock_quantity: Decimal | None = None
    in_stock: bool = True
    sku: str = ""
    link: str = ""
    image: str = ""
    gallery: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Variation:
    """One buyable form of a product; `parent` is the product's external id."""

    external_id: str
    parent: str
    options: tuple[Attribute, ...] = ()
    description: str = ""
    facts: Facts = field(default_factory=Facts)
    visible: bool = True
    version: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Product:
    """A product as its shop describes it; texts may be HTML.

    `variations` are those sent inside; `variation_ids`, where not None, names all that exist.
    `version` is the shop's own time of change, UTC.
    """

    external_id: str
    title: str
    short_description: str = ""
    description: str = ""
    categories: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    brands: tuple[str, ...] = ()
    attributes: tuple[Attribute, ...] = ()
    currency: str | None = None
    facts: Facts = field(default_factory=Facts)
    visible: bool = True
    status: str = "publish"
    variations: tuple[Variation, ...] = ()
    variation_ids: tuple[str, ...] | None = None
    version: datetime | None = None

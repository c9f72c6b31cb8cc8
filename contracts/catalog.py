"""A product of a shop, in one shape for all platforms."""

from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class Attribute:
    """A product attribute with its options, such as رنگ with the options مشکی and سفید."""

    name: str
    options: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """Price, stock, links and images: columns of the product, never part of a chunk or of the content hash.

    Prices are in the product's currency; None means that the shop sent no price.
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
    """A variant of a product; `parent` is the product's external id."""

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

    `variations` are the variations sent with the product; `variation_ids` lists all that exist, or is None.
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

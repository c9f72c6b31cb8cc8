"""A product of a shop, in one shape for all platforms."""

from collections.abc import Iterable, Set
from dataclasses import dataclass, field, fields, replace
from datetime import datetime
from decimal import Decimal
from typing import Any

PUBLISHED = "publish"
UNPUBLISHED = "unpublished"
"""Published, and hidden from the shop's visitors: Shopify has no status for it."""

DELETED = "deleted"
UNKNOWN = "unknown"
"""The shop has sent no status."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Attribute:
    """A product attribute with its options, such as رنگ with the options مشکی and سفید."""

    name: str
    options: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Category:
    """A category of a shop by its number there; `parent` is the number of the one above it, or 0."""

    id: int
    name: str
    parent: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """Price, stock, links and images: columns of the product, never part of a chunk or of the content hash.

    Prices are in the product's currency; None means that the shop sent no price. `backorder` is whether a
    product that is in stock was sold out, and is bought now and delivered later.
    """

    price: Decimal | None = None
    regular_price: Decimal | None = None
    sale_price: Decimal | None = None
    on_sale: bool = False
    stock_quantity: Decimal | None = None
    in_stock: bool = True
    backorder: bool = False
    sku: str = ""
    link: str = ""
    image: str = ""
    gallery: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Variation:
    """A variant of a product; `parent` is the product's external id.

    `absent` has the names of the fields, also of the facts, that the shop did not send.
    """

    external_id: str
    parent: str
    options: tuple[Attribute, ...] = ()
    description: str = ""
    facts: Facts = field(default_factory=Facts)
    visible: bool = True
    version: datetime | None = None
    absent: frozenset[str] = field(default=frozenset(), compare=False, repr=False)

    def over(self, older: "Variation") -> "Variation":
        """Returns the variation with the older values of the fields that the shop did not send this time."""
        taken = self.absent - older.absent
        kept = {name: getattr(older, name) for name in _named(Variation, taken)}
        facts = {name: getattr(older.facts, name) for name in _named(Facts, taken)}
        return replace(self, **kept, facts=replace(self.facts, **facts), absent=self.absent & older.absent)


@dataclass(frozen=True, slots=True, kw_only=True)
class Product:
    """A product as its shop describes it; texts may be HTML.

    `variations` are the variations sent with the product; `variation_ids` lists all that exist, or is None.
    `categories` have their parents; `unplaced` are the shop's numbers of categories that were sent without.
    `version` is the shop's own time of change, UTC. `hidden` is whether the shop hides it though it is
    published. `absent` has the names of the fields, also of the facts, that the shop did not send.
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
    hidden: bool = field(default=False, compare=False, repr=False)
    absent: frozenset[str] = field(default=frozenset(), compare=False, repr=False)
    unplaced: tuple[int, ...] = field(default=(), compare=False, repr=False)

    def lacks(self, *names: str) -> bool:
        """Returns whether the shop did not send one of these fields."""
        return not self.absent.isdisjoint(names)

    def over(self, older: "Product") -> "Product":
        """Returns the product with the older values of the fields that the shop did not send this time.

        A price without a currency is in the store's currency, so an older currency stays with its price only.
        """
        taken = self.absent - older.absent
        kept = {name: getattr(older, name) for name in _named(Product, taken - _RULED)}
        facts = {name: getattr(older.facts, name) for name in _named(Facts, taken)}
        if self.variation_ids is None:
            kept |= {"variation_ids": older.variation_ids, "variations": older.variations}
        else:
            kept["variations"] = _over(self.variations, older.variations)
        absent = self.absent & (older.absent | {"currency"})
        if {"currency", "price"} <= self.absent:
            kept["currency"] = older.currency
            absent -= {"currency"} - older.absent
        status, hidden = self._listing(older, taken)
        return replace(
            self,
            **kept,
            facts=replace(self.facts, **facts),
            status=status,
            hidden=hidden,
            visible=status == PUBLISHED and not hidden,
            absent=absent,
        )

    def completed(self, stored: "Product | None") -> "Product":
        """Returns the product with the stored values of the fields that the shop did not send.

        A product that is not stored is not visible before its name or its status is known.
        """
        if stored is not None:
            return replace(self.over(stored), variation_ids=self.variation_ids, variations=self.variations)
        is_unknown = {"title", "status"} <= self.absent
        return replace(self, status=UNKNOWN, visible=False) if is_unknown else self

    def _listing(self, older: "Product", taken: Set[str]) -> tuple[str, bool]:
        """Returns the status, and whether the product is hidden; what was not sent shows nothing new.

        A body with a title and without a status describes a product that exists: it restores a deleted one.
        """
        status, hidden = self.status, self.hidden
        known = PUBLISHED if older.status == UNPUBLISHED else older.status
        if "status" in taken and (known not in (DELETED, UNKNOWN) or "title" in self.absent):
            status = known
        if "hidden" in taken and known == PUBLISHED:
            hidden = not older.visible
        if status == PUBLISHED and hidden and older.status == UNPUBLISHED:
            status = UNPUBLISHED
        return status, hidden


_RULED = frozenset(("status", "hidden", "currency"))
"""Fields with rules of their own."""


def _named(model: type[Any], names: Set[str]) -> Set[str]:
    """Returns which of these names are fields of the model."""
    return names & {field.name for field in fields(model)}


def _over(newer: Iterable[Variation], older: Iterable[Variation]) -> tuple[Variation, ...]:
    """Returns the newer variations, each over the older one of the same id."""
    known = {variation.external_id: variation for variation in older}
    return tuple(one.over(known[one.external_id]) if one.external_id in known else one for one in newer)

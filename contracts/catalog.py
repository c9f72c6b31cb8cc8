"""A product of a shop, in one shape for all platforms."""

from collections.abc import Iterable, Set
from dataclasses import dataclass, field, fields, replace
from datetime import datetime
from decimal import Decimal
from typing import Any

from contracts.products.details import Details

PUBLISHED = "publish"
UNPUBLISHED = "unpublished"
"""Published, and hidden from the shop's visitors: Shopify has no status for it."""

PUBLICATION = "published_at"
"""Shopify's field that hides a product from the shop's visitors."""

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
    """Price, stock, codes, links and images: columns of the product, never part of a chunk or of its hash.

    Prices are in the product's currency; None means that the shop sent no price. `backorder` is whether a
    product that is in stock was sold out, and is bought now and delivered later. `sku` is the shop's own
    code, `gtin` the number below the bar code: an EAN, UPC or ISBN, as the shop spells it.
    """

    price: Decimal | None = None
    regular_price: Decimal | None = None
    sale_price: Decimal | None = None
    on_sale: bool = False
    stock_quantity: Decimal | None = None
    in_stock: bool = True
    backorder: bool = False
    sku: str = ""
    gtin: str = ""
    link: str = ""
    image: str = ""
    gallery: tuple[str, ...] = ()

    def over(self, older: "Facts", absent: Set[str], older_absent: Set[str]) -> "Facts":
        """Returns the facts with the older values where they are `absent` here and not there.

        They stay consistent: without a price, the price is the sale price or the regular one if one of them
        was sent, and what can be bought by backorder is in stock.
        """
        taken = absent - older_absent
        facts = replace(self, **{name: getattr(older, name) for name in _named(Facts, taken)})
        if "price" in taken and not {"regular_price", "sale_price", "on_sale"} <= absent:
            price = facts.sale_price if facts.on_sale else facts.regular_price
            facts = replace(facts, price=older.price if price is None else price)
        elif (
            "price" not in absent and "sale_price" in taken and facts.on_sale and facts.sale_price is not None
        ):
            facts = replace(facts, sale_price=facts.price)
        is_counted = facts.stock_quantity is not None and facts.stock_quantity > 0
        backorder = facts.backorder and not ("backorder" in taken and is_counted)
        return replace(facts, backorder=backorder, in_stock=facts.in_stock or backorder)


@dataclass(frozen=True, slots=True, kw_only=True)
class Variation:
    """A variant of a product; `parent` is the product's external id.

    `brands` are a fact, not a part of the text: shops give a variation the brands of its product. `absent`
    has the names of the fields, also of the facts, that the shop did not send.
    """

    external_id: str
    parent: str
    options: tuple[Attribute, ...] = ()
    description: str = ""
    brands: tuple[str, ...] = ()
    facts: Facts = field(default_factory=Facts)
    details: Details = field(default_factory=Details)
    visible: bool = True
    version: datetime | None = None
    absent: frozenset[str] = field(default=frozenset(), compare=False, repr=False)

    def over(self, older: "Variation") -> "Variation":
        """Returns the variation with the older values of the fields that the shop did not send this time."""
        taken = self.absent - older.absent
        kept = {name: getattr(older, name) for name in _named(Variation, taken)}
        facts = self.facts.over(older.facts, self.absent, older.absent)
        details = self.details.over(older.details, taken)
        return replace(self, **kept, facts=facts, details=details, absent=self.absent & older.absent)

    def deleted(self) -> "Variation":
        """Returns the variation over a deletion: without a status, it restores nothing."""
        is_restored = "visible" not in self.absent
        return self if is_restored else replace(self, visible=False, absent=self.absent - {"visible"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Product:
    """A product as its shop describes it; texts may be HTML.

    `variations` are the variations sent with the product; `variation_ids` lists all that exist, or is None.
    `categories` have their parents; `unplaced` are the shop's numbers of categories that were sent without.
    `version` is the shop's own time of change, UTC. `hidden_by` has the names of the shop's fields that hide
    it though it is published. `absent` has the names of the fields, also of the facts and of the shop's
    fields that may hide it, that the shop did not send.
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
    details: Details = field(default_factory=Details)
    visible: bool = True
    status: str = "publish"
    variations: tuple[Variation, ...] = ()
    variation_ids: tuple[str, ...] | None = None
    version: datetime | None = None
    hidden_by: frozenset[str] = field(default=frozenset(), compare=False, repr=False)
    absent: frozenset[str] = field(default=frozenset(), compare=False, repr=False)
    unplaced: tuple[int, ...] = field(default=(), compare=False, repr=False)

    def lacks(self, *names: str) -> bool:
        """Returns whether the shop did not send one of these fields."""
        return not self.absent.isdisjoint(names)

    def over(self, older: "Product") -> "Product":
        """Returns the product with the older values of the fields that the shop did not send this time.

        A price without a currency is in the store's currency, so an older currency stays with its price only.
        What was not sent shows nothing new. Only a body with a title and without a status restores a deleted
        product: it describes one that exists.
        """
        taken = self.absent - older.absent
        kept = {name: getattr(older, name) for name in _named(Product, taken - _RULED)}
        if "categories" in taken:
            kept["unplaced"] = older.unplaced
        if self.variation_ids is None:
            kept |= {"variation_ids": older.variation_ids, "variations": older.variations}
        else:
            kept["variations"] = _over(self.variations, older.variations, self.variation_ids)
        absent = self.absent & (older.absent | {"currency"})
        if {"currency", "price"} <= self.absent:
            kept["currency"] = older.currency
            absent -= {"currency"} - older.absent
        status, hidden_by = self.status, self.hidden_by | (older.hidden_by & self.absent)
        if "status" in taken and (older.status not in (DELETED, UNKNOWN) or "title" in self.absent):
            status = older.status
        if status in (PUBLISHED, UNPUBLISHED):
            status = UNPUBLISHED if PUBLICATION in hidden_by else PUBLISHED
        return replace(
            self,
            **kept,
            facts=self.facts.over(older.facts, self.absent, older.absent),
            details=self.details.over(older.details, taken),
            status=status,
            hidden_by=hidden_by,
            visible=status == PUBLISHED and not hidden_by,
            absent=absent,
        )

    def completed(self, stored: "Product | None", *, is_doubtful: bool = False) -> "Product":
        """Returns the product with the stored values of the fields that the shop did not send.

        A product that is not stored is not visible before its name is known; nor, if the body `is_doubtful`,
        before its status is.
        """
        if stored is not None:
            return replace(self.over(stored), variation_ids=self.variation_ids, variations=self.variations)
        is_unknown = self.lacks("title") or (is_doubtful and self.lacks("status", PUBLICATION))
        return replace(self, status=UNKNOWN, visible=False) if is_unknown else self

    def deleted(self) -> "Product":
        """Returns the product over a deletion, which only a title or a status ends."""
        if not {"status", "title"} <= self.absent:
            return self
        return replace(self, status=DELETED, visible=False, absent=self.absent - {"status"})


_RULED = frozenset(("status", "currency"))
"""Fields with rules of their own."""


def _named(model: type[Any], names: Set[str]) -> Set[str]:
    """Returns which of these names are fields of the model."""
    return names & {field.name for field in fields(model)}


def _over(
    newer: Iterable[Variation], older: Iterable[Variation], ids: Iterable[str]
) -> tuple[Variation, ...]:
    """Returns newer variations, each over the older one of its id, and the older ones of the `ids`."""
    known = {variation.external_id: variation for variation in older}
    joined = {
        one.external_id: one.over(known[one.external_id]) if one.external_id in known else one
        for one in newer
    }
    return tuple({**{id_: known[id_] for id_ in ids if id_ in known}, **joined}.values())

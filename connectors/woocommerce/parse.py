"""Parses WooCommerce products, as REST, WooCommerce's webhooks and our plugin send them."""

from collections.abc import Callable, Mapping, Sequence
from contextlib import nullcontext
from dataclasses import dataclass
from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, ValidationInfo

from connectors.absence import WOOCOMMERCE_PRODUCTS, WOOCOMMERCE_VARIATIONS, Sources, absent_from
from connectors.base import Change, Deletion
from connectors.bounds import Cuts, validated
from connectors.fields import (
    ID_SCHEMA,
    VARIATIONS_SCHEMA,
    Address,
    Addresses,
    Flag,
    Hint,
    Line,
    Markup,
    Moment,
    Names,
    Number,
    ShortMarkup,
    StockWord,
    Text,
    entries,
    identifier,
)
from connectors.values.stock import Stock, stock_of
from connectors.woocommerce.fields.attributes import Attributes, VariationAttributes
from connectors.woocommerce.fields.categories import Categories, Placed
from connectors.woocommerce.fields.details import ItemDetails, ProductDetails
from connectors.woocommerce.fields.shown_prices import PriceHtml, as_shown, variations_as_shown
from contracts.bounds import VARIATIONS
from contracts.catalog import PUBLISHED, Attribute, Facts, Product, Variation
from contracts.errors import InvalidField
from contracts.events import EventType


def external_id(value: object) -> str:
    """Returns our external id of a product or variation; WooCommerce numbers both in one sequence."""
    return f"woo_{identifier(value)}"


Id = Annotated[str, BeforeValidator(external_id), ID_SCHEMA]

_LISTING = frozenset(("status", "catalog_visibility", "post_password"))
"""Fields that decide whether the shop shows a product."""

_SAYING_NOTHING = ("status", "catalog_visibility", "stock_status", "in_stock")
"""Fields without a meaning if they are empty."""

_STOCK = ("stock_status", "in_stock")
_BACKORDERS = ("backorders", "backorders_allowed", "backordered")


class _Item(ItemDetails, BaseModel):
    """The fields that products and variations share."""

    model_config = ConfigDict(extra="ignore")

    id: Id
    sku: Line = ""
    global_unique_id: Line = ""
    gtin: Line = ""
    barcode: Line = ""
    brands: Names = ()
    price: Number = None
    regular_price: Number = None
    sale_price: Number = None
    on_sale: Flag = False
    price_html: PriceHtml = ""
    stock_quantity: Number = None
    stock_status: StockWord = ""
    in_stock: Flag | None = None
    backorders_allowed: Hint = False
    backordered: Hint = False
    permalink: Address = ""
    image: Address = ""
    images: Addresses = ()
    gallery: Addresses = ()
    attributes: Attributes = []
    status: Text = "publish"
    date_modified_gmt: Moment = None

    def facts(self) -> Facts:
        stock = stock_of(
            self.stock_status,
            flag=self.in_stock,
            quantity=self.stock_quantity,
            backorders=bool(self.backorders) or self.backorders_allowed or self.backordered,
        )
        is_sent = "price" in self.model_fields_set
        instead = self.sale_price if self.on_sale else self.regular_price
        if is_sent and instead is None:
            instead = self.regular_price
        return Facts(
            price=self.price if self.price is not None else instead,
            regular_price=self.regular_price,
            sale_price=self.sale_price,
            on_sale=self.on_sale,
            stock_quantity=self.stock_quantity,
            in_stock=stock is not Stock.OUT,
            backorder=stock is Stock.BACKORDER,
            sku=self.sku,
            gtin=self.global_unique_id or self.gtin or self.barcode,
            link=self.permalink,
            image=self.image or next(iter(self.images), ""),
            gallery=self.gallery or self.images[1:],
        )

    def absent_of(self, sources: Sources) -> frozenset[str]:
        """Returns the names of absent fields; a quantity of null says nothing of the stock.

        Nor does a quantity of 0 say whether the product can be ordered all the same.
        """
        absent = absent_from(self, sources, empty=_SAYING_NOTHING)
        if any(getattr(self, field) not in (None, "") for field in _STOCK):
            return absent
        if self.stock_quantity is None:
            return absent | {"in_stock", "backorder"}
        is_silent = self.model_fields_set.isdisjoint(_BACKORDERS)
        return absent | ({"backorder"} if is_silent and self.stock_quantity <= 0 else set())

    def described(self) -> tuple[Attribute, ...]:
        attributes = (attribute.read() for attribute in self.attributes)
        return tuple(attribute for attribute in attributes if attribute.name and attribute.options)


class VariationBody(_Item):
    """A variation with the id of its product."""

    parent_id: Id | None = None
    description: ShortMarkup = ""
    attributes: VariationAttributes = []

    def read(self, parent: str) -> Variation:
        return Variation(
            external_id=self.id,
            parent=parent,
            options=self.described(),
            description=self.description,
            brands=self.brands,
            facts=as_shown(self.facts(), self.price_html),
            details=self.own_details(),
            visible=self.status in (PUBLISHED, ""),
            version=self.date_modified_gmt,
            absent=self.absent_of(WOOCOMMERCE_VARIATIONS),
        )


def _variations(value: object, info: ValidationInfo) -> Sequence[Any]:
    return entries(value, VARIATIONS, info, "id")


class ProductBody(_Item, ProductDetails):
    """A product, as WooCommerce's REST API returns it; other fields are stored and not read."""

    name: Line = ""
    description: Markup = ""
    short_description: Markup = ""
    categories: Categories = Placed()
    tags: Names = ()
    currency: Line = ""
    catalog_visibility: Text = "visible"
    post_password: Text = ""
    variations: Annotated[tuple[Any, ...] | None, BeforeValidator(_variations), VARIATIONS_SCHEMA] = None

    @classmethod
    def models(cls) -> "Models":
        return MODELS

    def read(self, cuts: Cuts | None = None, *, is_shown: bool = False) -> Product:
        """Returns the product; raises InvalidField for a variation with more than it may have.

        `is_shown` is whether it was sent because the shop shows it again: then it is published and not hidden
        unless the body says otherwise.
        """
        ids, facts = self._readable_ids(cuts), self.facts()
        variations = variations_as_shown(self._full_variations(ids, cuts), facts, self.price_html)
        absent = self.absent_of(WOOCOMMERCE_PRODUCTS) - (_LISTING if is_shown else set())
        status = self.status or PUBLISHED
        hiding = {
            "catalog_visibility": self.catalog_visibility == "hidden",
            "post_password": self.post_password,
        }
        hidden_by = frozenset(field for field, hides in hiding.items() if hides)
        return Product(
            external_id=self.id,
            title=self.name,
            short_description=self.short_description,
            description=self.description,
            categories=self.categories.names,
            unplaced=self.categories.unplaced,
            tags=self.tags,
            brands=self.brands,
            attributes=self.described(),
            currency=self.currency.upper() or None,
            facts=as_shown(facts, self.price_html),
            details=self.details(self.models().external_id),
            visible=status == PUBLISHED and not hidden_by,
            status=status,
            variations=variations,
            variation_ids=self._variation_ids(variations, ids),
            version=self.date_modified_gmt,
            hidden_by=hidden_by,
            absent=absent,
        )

    def _readable_ids(self, cuts: Cuts | None) -> dict[int, str]:
        """Returns the ids of variations by their positions in the list."""
        ids = {}
        for position, item in enumerate(self.variations or ()):
            try:
                ids[position] = self.models().external_id(
                    item.get("id") if isinstance(item, Mapping) else item
                )
            except ValueError as error:
                if cuts is not None:
                    cuts.leave_out(f"variations.{position}", f"the id cannot be read: {error}")
        return ids

    def _full_variations(self, ids: Mapping[int, str], cuts: Cuts | None) -> tuple[Variation, ...]:
        """Returns the variations that were sent in full; of duplicates the last."""
        model, found = self.models().variation, {}
        for position, external_id in ids.items():
            item = (self.variations or ())[position]
            if isinstance(item, Mapping):
                path = f"variations.{position}"
                with cuts.inside(path) if cuts is not None else nullcontext():
                    body = validated(model, item, cuts, f"product.{path}", is_entry=True)
                found[external_id] = body.read(self.id)
        return tuple(found.values())

    def _variation_ids(self, full: tuple[Variation, ...], ids: Mapping[int, str]) -> tuple[str, ...] | None:
        """Returns the ids of all variations; None without a list, or if an id in it cannot be read."""
        if self.variations is None or len(ids) < len(self.variations):
            return None
        listed = (variation.external_id for variation in full)
        return tuple(dict.fromkeys((*listed, *ids.values())))


class DeletionBody(BaseModel):
    """A deleted product or variation; other fields are stored and not read."""

    id: Id
    date_modified_gmt: Moment = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Models:
    """The models of one platform, which differ in the form of ids."""

    product: type[ProductBody]
    variation: type[VariationBody]
    deletion: type[DeletionBody]
    external_id: Callable[[object], str]


MODELS = Models(product=ProductBody, variation=VariationBody, deletion=DeletionBody, external_id=external_id)


def parse(
    event_type: EventType, body: Mapping[str, Any], cuts: Cuts | None = None, models: Models = MODELS
) -> Change:
    """Returns the change that an event's `product` describes; raises InvalidField.

    A body with more than a product may hold, or with a field that cannot be read, is refused without `cuts`;
    with `cuts` only that is left out, and noted there.
    """
    if event_type is EventType.DELETED:
        deletion = validated(models.deletion, body, cuts, "product")
        return Deletion(external_id=deletion.id, version=deletion.date_modified_gmt)
    if _is_variation(body.get("type")):
        variation = validated(models.variation, body, cuts, "product", needed=("id", "parent_id"))
        if variation.parent_id is None:
            raise InvalidField("product.parent_id", "a variation must name its product")
        return variation.read(variation.parent_id)
    product = validated(models.product, body, cuts, "product")
    return product.read(cuts, is_shown=event_type in (EventType.PUBLISHED, EventType.RESTORED))


def _is_variation(kind: object) -> bool:
    """Returns whether a type is a variation's: plugins add kinds such as `subscription_variation`."""
    return isinstance(kind, str) and kind.strip().lower().endswith("variation")

"""Parses Shopify products, as webhooks and the Admin API send them.

Each Shopify product has a variant; one without options has a single variant named `Default Title`.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from decimal import Decimal
from typing import Annotated, Any
from urllib.parse import quote

from pydantic import BaseModel, BeforeValidator, ConfigDict, ValidationInfo

from connectors.absence import SHOPIFY_PRODUCTS, SHOPIFY_VARIANTS, absent_from
from connectors.base import Change, Deletion
from connectors.bounds import Cuts, each, validated
from connectors.fields import (
    Addresses,
    Line,
    Markup,
    Moment,
    Names,
    Number,
    Options,
    Text,
    entries,
    identifier,
    items,
)
from connectors.values.stock import Stock
from contracts.bounds import ATTRIBUTES, VARIATIONS
from contracts.catalog import (
    PUBLICATION,
    PUBLISHED,
    UNKNOWN,
    UNPUBLISHED,
    Attribute,
    Facts,
    Product,
    Variation,
)
from contracts.events import EventType

NO_CHOICE = "Default Title"


def external_id(value: object) -> str:
    """Returns our external id for a product's id, which may be a global id such as gid://shopify/Product/7."""
    if isinstance(value, str):
        value = value.rpartition("/")[2]
    return f"shopify_{identifier(value)}"


def _tags(value: object) -> object:
    """Returns tags as a list; Shopify sends one text, separated by commas."""
    return [tag.strip() for tag in value.split(",")] if isinstance(value, str) else value


Id = Annotated[str, BeforeValidator(external_id)]
Tags = Annotated[Names, BeforeValidator(_tags)]


_OF_SALES = frozenset(("regular_price", "sale_price", "on_sale"))
"""Facts that are read from the price together with `compare_at_price`."""

_NEVER_SENT = frozenset(("currency",))


class _Option(BaseModel):
    name: Line = ""
    values: Options = ()


class _Variant(BaseModel):
    model_config = ConfigDict(extra="ignore")

    id: Id
    title: Line = ""
    price: Number = None
    compare_at_price: Number = None
    sku: Line = ""
    barcode: Line = ""
    inventory_quantity: Number = None
    inventory_management: Text = ""
    inventory_policy: Text = ""
    option1: Line = ""
    option2: Line = ""
    option3: Line = ""
    updated_at: Moment = None

    @property
    def counted(self) -> bool:
        """Whether Shopify tracks the stock; a variant without tracking can always be bought.

        Since version 2024-07 of the API webhooks lack the field, and then the quantity counts.
        """
        return bool(self.inventory_management) or "inventory_management" not in self.model_fields_set

    @property
    def stock(self) -> Stock:
        sent = {"inventory_management", "inventory_quantity"} & self.model_fields_set
        if not self.counted or not sent or (self.inventory_quantity or 0) > 0:
            return Stock.IN
        is_sold_anyway = self.inventory_policy.strip().lower() == "continue"
        return Stock.BACKORDER if is_sold_anyway else Stock.OUT

    def facts(self, link: str) -> Facts:
        before = self.compare_at_price
        on_sale = before is not None and self.price is not None and before > self.price
        return Facts(
            price=self.price,
            regular_price=before if on_sale else self.price,
            sale_price=self.price if on_sale else None,
            on_sale=on_sale,
            stock_quantity=self.inventory_quantity if self.counted else None,
            in_stock=self.stock is not Stock.OUT,
            backorder=self.stock is Stock.BACKORDER,
            sku=self.sku,
            gtin=self.barcode,
            link=link,
        )

    @property
    def absent(self) -> frozenset[str]:
        """The names of the facts that the body does not have."""
        is_whole = {"price", "compare_at_price"} <= self.model_fields_set
        return absent_from(self, SHOPIFY_VARIANTS) | (frozenset() if is_whole else _OF_SALES)

    def read(self, parent: str, options: Iterable[_Option] | None, link: str) -> Variation:
        """Returns the variation; `options` is None if the product's body does not name them."""
        chosen = zip(options or (), (self.option1, self.option2, self.option3), strict=False)
        return Variation(
            external_id=self.id,
            parent=parent,
            options=tuple(
                Attribute(name=option.name, options=(value,))
                for option, value in chosen
                if option.name and value
            ),
            facts=self.facts(f"{link}?variant={self.id.removeprefix('shopify_')}" if link else ""),
            version=self.updated_at,
            absent=self.absent | ({"options"} if options is None else set()) | (set() if link else {"link"}),
        )


class _Named(BaseModel):
    admin_graphql_api_id: Id


def _option_rows(value: object, info: ValidationInfo) -> list[_Option]:
    rows = entries(value, ATTRIBUTES, info, "name")
    return each(rows, lambda row: _Option.model_validate(row, context=info.context), info)


def _variant_rows(value: object, info: ValidationInfo) -> list[_Variant]:
    rows = entries(value, VARIATIONS, info, "id")
    return each(rows, lambda row: validated(_Variant, row, info.context, is_entry=True), info)


def _named_rows(value: object, info: ValidationInfo) -> list[_Named]:
    rows = entries(value, VARIATIONS, info)
    return each(rows, lambda row: _Named.model_validate(row, context=info.context), info)


class _Product(BaseModel):
    """A product; other fields are stored and not read."""

    model_config = ConfigDict(extra="ignore")

    id: Id
    title: Line = ""
    body_html: Markup = ""
    vendor: Line = ""
    product_type: Line = ""
    handle: Line = ""
    status: Text = "active"
    published_at: Moment = None
    tags: Tags = ()
    options: Annotated[Sequence[_Option], BeforeValidator(_option_rows)] = ()
    variants: Annotated[Sequence[_Variant], BeforeValidator(_variant_rows)] = ()
    variant_gids: Annotated[Sequence[_Named], BeforeValidator(_named_rows)] = ()
    images: Addresses = ()
    updated_at: Moment = None

    def read(self, *, published: bool, listed: bool) -> Product:
        link = f"/products/{quote(self.handle, safe='')}" if self.handle else ""
        choices = [variant for variant in self.variants if variant.title != NO_CHOICE]
        options = self.options if "options" in self.model_fields_set else None
        variations = tuple(variant.read(self.id, options, link) for variant in choices)
        named = tuple(variant.admin_graphql_api_id for variant in self.variant_gids)
        ids = dict.fromkeys((*(variation.external_id for variation in variations), *named))
        absent = self._absent()
        status = UNKNOWN if "status" in absent else {"active": PUBLISHED}.get(self.status, self.status)
        return Product(
            external_id=self.id,
            title=self.title,
            description=self.body_html,
            categories=(self.product_type,) if self.product_type else (),
            tags=self.tags,
            brands=(self.vendor,) if self.vendor else (),
            attributes=tuple(
                Attribute(name=option.name, options=option.values)
                for option in self.options
                if option.name and option.values and option.values != (NO_CHOICE,)
            ),
            facts=self._facts(link),
            visible=status == PUBLISHED and published,
            status=status if published or status != PUBLISHED else UNPUBLISHED,
            variations=variations,
            variation_ids=(tuple(ids) if choices else ()) if listed else None,
            version=self.updated_at,
            hidden_by=frozenset() if published else frozenset((PUBLICATION,)),
            absent=absent,
        )

    def _absent(self) -> frozenset[str]:
        """Returns the names of absent fields; a fact of a product is one of all its variants."""
        of_variants = [variant.absent for variant in self.variants]
        facts = (
            frozenset[str]().union(*of_variants) if of_variants else frozenset(SHOPIFY_VARIANTS) | _OF_SALES
        )
        return absent_from(self, SHOPIFY_PRODUCTS) | facts | _NEVER_SENT

    def _facts(self, link: str) -> Facts:
        """Returns the facts of the cheapest variant, with the stock of all variants."""
        image, gallery = next(iter(self.images), ""), self.images[1:]
        if not self.variants:
            return Facts(link=link, image=image, gallery=gallery)
        priced = [variant for variant in self.variants if variant.price is not None]
        cheapest = min(priced, key=lambda variant: variant.price or Decimal(0), default=self.variants[0])
        facts = cheapest.facts(link)
        quantities = [variant.inventory_quantity for variant in self.variants if variant.counted]
        known = [quantity for quantity in quantities if quantity is not None]
        is_counted = len(known) == len(self.variants)
        stocks = {variant.stock for variant in self.variants}
        return replace(
            facts,
            stock_quantity=sum(known, Decimal(0)) if is_counted else None,
            in_stock=bool(stocks - {Stock.OUT}),
            backorder=Stock.BACKORDER in stocks and Stock.IN not in stocks,
            image=image,
            gallery=gallery,
        )


class _Deleted(BaseModel):
    id: Id


def parse(event_type: EventType, body: Mapping[str, Any], cuts: Cuts | None = None) -> Change:
    """Returns the change that a body describes; raises InvalidField.

    A body with more than a product may hold, or with a field that cannot be read, is refused without `cuts`;
    with `cuts` only that is left out, and noted there. `published_at: null` means that the online store hides
    the product; without the field it is shown. A body without `variants`, or with one without a readable id,
    leaves the known variants as they are.
    """
    if event_type is EventType.DELETED:
        return Deletion(external_id=validated(_Deleted, body, cuts).id)
    product = validated(_Product, body, cuts)
    published = product.published_at is not None or PUBLICATION not in product.model_fields_set
    return product.read(published=published, listed=_lists_variants(product, body))


def _lists_variants(product: _Product, body: Mapping[str, Any]) -> bool:
    """Returns whether a body lists its variants, and each of them could be read."""
    lists = [field for field in ("variants", "variant_gids") if field in body]
    if "variants" not in lists or not product.model_fields_set.issuperset(lists):
        return False
    sent = {field: min(len(tuple(items(body[field], "id"))), VARIATIONS) for field in lists}
    return all(len(getattr(product, field)) >= most for field, most in sent.items())


def lacks_variants(body: Mapping[str, Any]) -> bool:
    """Returns whether a delivery has fewer variants than ids; Shopify sends the first hundred in full."""
    named = body.get("variant_gids")
    sent = body.get("variants")
    return isinstance(named, list) and isinstance(sent, list) and len(named) > len(sent)

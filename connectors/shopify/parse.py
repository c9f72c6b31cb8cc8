"""Parses Shopify products, as webhooks and the Admin API send them.

Each Shopify product has a variant; one without options has a single variant named `Default Title`.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from decimal import Decimal
from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, ValidationError, ValidationInfo

from connectors.absence import Sources, absent_from
from connectors.base import Change, Deletion
from connectors.bounds import Cuts
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
)
from contracts.bounds import ATTRIBUTES, VARIATIONS
from contracts.catalog import PUBLISHED, UNKNOWN, UNPUBLISHED, Attribute, Facts, Product, Variation
from contracts.errors import InvalidField
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


def _option_rows(value: object, info: ValidationInfo) -> Sequence[Any]:
    return entries(value, ATTRIBUTES, info)


def _variant_rows(value: object, info: ValidationInfo) -> Sequence[Any]:
    return entries(value, VARIATIONS, info)


_OF_VARIANTS: Sources = {
    "price": ("price",),
    "regular_price": ("compare_at_price",),
    "sale_price": ("compare_at_price",),
    "on_sale": ("compare_at_price",),
    "stock_quantity": ("inventory_quantity",),
    "in_stock": ("inventory_quantity",),
    "sku": ("sku",),
}

_OF_PRODUCTS: Sources = {
    "title": ("title",),
    "description": ("body_html",),
    "categories": ("product_type",),
    "tags": ("tags",),
    "brands": ("vendor",),
    "attributes": ("options",),
    "status": ("status",),
    "hidden": ("published_at",),
    "link": ("handle",),
    "image": ("images",),
    "gallery": ("images",),
}

_NEVER_SENT = frozenset(("currency",))

OptionRows = BeforeValidator(_option_rows)
VariantRows = BeforeValidator(_variant_rows)


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
    inventory_quantity: Number = None
    inventory_management: Text = ""
    inventory_policy: Text = ""
    option1: Line = ""
    option2: Line = ""
    option3: Line = ""
    updated_at: Moment = None

    @property
    def counted(self) -> bool:
        """Whether Shopify tracks the stock; a variant without tracking can always be bought."""
        return bool(self.inventory_management)

    @property
    def in_stock(self) -> bool:
        sold_anyway = not self.counted or self.inventory_policy == "continue"
        return sold_anyway or (self.inventory_quantity or 0) > 0

    def facts(self, link: str) -> Facts:
        before = self.compare_at_price
        on_sale = before is not None and self.price is not None and before > self.price
        return Facts(
            price=self.price,
            regular_price=before if on_sale else self.price,
            sale_price=self.price if on_sale else None,
            on_sale=on_sale,
            stock_quantity=self.inventory_quantity if self.counted else None,
            in_stock=self.in_stock,
            sku=self.sku,
            link=link,
        )

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
            absent=absent_from(self, _OF_VARIANTS)
            | ({"options"} if options is None else set())
            | (set() if link else {"link"}),
        )


class _Named(BaseModel):
    admin_graphql_api_id: Id


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
    options: Annotated[Sequence[_Option], OptionRows] = ()
    variants: Annotated[Sequence[_Variant], VariantRows] = ()
    variant_gids: Annotated[Sequence[_Named], VariantRows] = ()
    images: Addresses = ()
    updated_at: Moment = None

    def read(self, *, published: bool, listed: bool) -> Product:
        link = f"/products/{self.handle}" if self.handle else ""
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
            hidden=not published,
            absent=absent,
        )

    def _absent(self) -> frozenset[str]:
        """Returns the names of absent fields; a fact of a product is one of all its variants."""
        of_variants = [absent_from(variant, _OF_VARIANTS) for variant in self.variants]
        facts = frozenset[str]().union(*of_variants) if of_variants else frozenset(_OF_VARIANTS)
        return absent_from(self, _OF_PRODUCTS) | facts | _NEVER_SENT

    def _facts(self, link: str) -> Facts:
        """Returns the facts of the cheapest variant, with the stock of all variants."""
        image, gallery = next(iter(self.images), ""), self.images[1:]
        if not self.variants:
            return Facts(link=link, image=image, gallery=gallery)
        priced = [variant for variant in self.variants if variant.price is not None]
        cheapest = min(priced, key=lambda variant: variant.price or Decimal(0), default=self.variants[0])
        facts = cheapest.facts(link)
        counted = all(variant.counted for variant in self.variants)
        stock = sum((variant.inventory_quantity or Decimal(0) for variant in self.variants), Decimal(0))
        return replace(
            facts,
            stock_quantity=stock if counted else None,
            in_stock=any(variant.in_stock for variant in self.variants),
            image=image,
            gallery=gallery,
        )


def _valid(model: type[BaseModel], body: object, cuts: Cuts | None) -> Any:
    try:
        return model.model_validate(body, context=cuts)
    except ValidationError as error:
        raise InvalidField.of(error) from None


class _Deleted(BaseModel):
    id: Id


def parse(event_type: EventType, body: Mapping[str, Any], cuts: Cuts | None = None) -> Change:
    """Returns the change that a body describes; raises InvalidField.

    A body with more than a product may hold is refused, or cut if there are `cuts` to note it in.
    `published_at: null` means that the online store hides the product; without the field it is shown. A body
    without `variants` leaves the known variants as they are.
    """
    if event_type is EventType.DELETED:
        return Deletion(external_id=_valid(_Deleted, body, cuts).id)
    published = body.get("published_at", "") is not None
    product: Product = _valid(_Product, body, cuts).read(published=published, listed="variants" in body)
    return product


def lacks_variants(body: Mapping[str, Any]) -> bool:
    """Returns whether a delivery has fewer variants than ids; Shopify sends the first hundred in full."""
    named = body.get("variant_gids")
    sent = body.get("variants")
    return isinstance(named, list) and isinstance(sent, list) and len(named) > len(sent)

"""Parses WooCommerce products, as REST, WooCommerce's webhooks and our plugin send them."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Any, TypeVar

from pydantic import BaseModel, BeforeValidator, ConfigDict, ValidationError, ValidationInfo

from connectors.absence import Sources, absent_from
from connectors.base import Change, Deletion
from connectors.bounds import Cuts
from connectors.fields import (
    ID_SCHEMA,
    VARIATIONS_SCHEMA,
    Address,
    Addresses,
    Flag,
    Line,
    Markup,
    Moment,
    Names,
    Number,
    ShortMarkup,
    Text,
    entries,
    identifier,
)
from connectors.woocommerce.attributes import Attributes, VariationAttributes
from connectors.woocommerce.categories import Categories, Placed
from contracts.bounds import VARIATIONS
from contracts.catalog import PUBLISHED, Attribute, Facts, Product, Variation
from contracts.errors import InvalidField
from contracts.events import EventType

Model = TypeVar("Model", bound=BaseModel)


def external_id(value: object) -> str:
    """Returns our external id of a product or variation; WooCommerce numbers both in one sequence."""
    return f"woo_{identifier(value)}"


Id = Annotated[str, BeforeValidator(external_id), ID_SCHEMA]

_SOURCES: Sources = {
    "price": ("price", "regular_price"),
    "regular_price": ("regular_price",),
    "sale_price": ("sale_price",),
    "on_sale": ("on_sale",),
    "stock_quantity": ("stock_quantity",),
    "in_stock": ("stock_status", "in_stock", "stock_quantity"),
    "sku": ("sku",),
    "link": ("permalink",),
    "image": ("image", "images"),
    "gallery": ("gallery", "images"),
}

_OF_VARIATIONS: Sources = {
    **_SOURCES,
    "options": ("attributes",),
    "description": ("description",),
    "visible": ("status",),
}

_OF_PRODUCTS: Sources = {
    **_SOURCES,
    "title": ("name",),
    "short_description": ("short_description",),
    "description": ("description",),
    "categories": ("categories",),
    "tags": ("tags",),
    "brands": ("brands",),
    "attributes": ("attributes",),
    "currency": ("currency",),
    "status": ("status",),
    "hidden": ("catalog_visibility", "post_password"),
}


class _Item(BaseModel):
    """The fields that products and variations share."""

    model_config = ConfigDict(extra="ignore")

    id: Id
    sku: Line = ""
    price: Number = None
    regular_price: Number = None
    sale_price: Number = None
    on_sale: Flag = False
    stock_quantity: Number = None
    stock_status: Text = ""
    in_stock: Flag | None = None
    permalink: Address = ""
    image: Address = ""
    images: Addresses = ()
    gallery: Addresses = ()
    attributes: Attributes = []
    status: Text = "publish"
    date_modified_gmt: Moment = None

    def facts(self) -> Facts:
        return Facts(
            price=self.price if self.price is not None else self.regular_price,
            regular_price=self.regular_price,
            sale_price=self.sale_price,
            on_sale=self.on_sale,
            stock_quantity=self.stock_quantity,
            in_stock=self._in_stock(),
            sku=self.sku,
            link=self.permalink,
            image=self.image or next(iter(self.images), ""),
            gallery=self.gallery or self.images[1:],
        )

    def _in_stock(self) -> bool:
        if self.stock_status:
            return self.stock_status != "outofstock"
        if self.in_stock is not None:
            return self.in_stock
        return self.stock_quantity is None or self.stock_quantity > 0

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
            facts=self.facts(),
            visible=self.status in (PUBLISHED, ""),
            version=self.date_modified_gmt,
            absent=absent_from(self, _OF_VARIATIONS),
        )


def _variations(value: object, info: ValidationInfo) -> Sequence[Any]:
    return entries(value, VARIATIONS, info)


class ProductBody(_Item):
    """A product, as WooCommerce's REST API returns it; other fields are stored and not read."""

    name: Line = ""
    description: Markup = ""
    short_description: Markup = ""
    categories: Categories = Placed()
    tags: Names = ()
    brands: Names = ()
    currency: Line = ""
    catalog_visibility: Text = "visible"
    post_password: Text = ""
    variations: Annotated[tuple[Any, ...] | None, BeforeValidator(_variations), VARIATIONS_SCHEMA] = None

    @classmethod
    def models(cls) -> "Models":
        return MODELS

    def read(self, cuts: Cuts | None = None, *, published: bool = False) -> Product:
        """Returns the product; raises InvalidField for a variation that cannot be read.

        `published` is whether it was sent because the product was published, which is a status, too.
        """
        variations = self._full_variations(cuts)
        absent = absent_from(self, _OF_PRODUCTS) - ({"status"} if published else set())
        status = self.status or PUBLISHED
        hidden = self.catalog_visibility == "hidden" or bool(self.post_password)
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
            facts=self.facts(),
            visible=status == PUBLISHED and not hidden,
            status=status,
            variations=variations,
            variation_ids=self._variation_ids(variations),
            version=self.date_modified_gmt,
            hidden=hidden,
            absent=absent,
        )

    def _full_variations(self, cuts: Cuts | None) -> tuple[Variation, ...]:
        """Returns the variations that were sent in full; of duplicates the last."""
        model = self.models().variation
        read = (
            _read(model, item, f"product.variations.{position}", cuts).read(self.id)
            for position, item in enumerate(self.variations or ())
            if isinstance(item, Mapping)
        )
        return tuple({variation.external_id: variation for variation in read}.values())

    def _variation_ids(self, full: tuple[Variation, ...]) -> tuple[str, ...] | None:
        if self.variations is None:
            return None
        others = []
        for position, item in enumerate(self.variations):
            if isinstance(item, Mapping):
                continue
            try:
                others.append(self.models().external_id(item))
            except ValueError as error:
                raise InvalidField(f"product.variations.{position}", str(error)) from None
        return (*(variation.external_id for variation in full), *others)


class DeletionBody(BaseModel):
    """A deleted product or variation; other fields are stored and not read."""

    id: Id
    date_modified_gmt: Moment = None


def _read(model: type[Model], body: object, path: str, cuts: Cuts | None) -> Model:
    try:
        return model.model_validate(body, context=cuts)
    except ValidationError as error:
        raise InvalidField.of(error, path) from None


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

    A body with more than a product may hold is refused, or cut if there are `cuts` to note it in.
    """
    if event_type is EventType.DELETED:
        deletion = _read(models.deletion, body, "product", cuts)
        return Deletion(external_id=deletion.id, version=deletion.date_modified_gmt)
    if body.get("type") == "variation":
        variation = _read(models.variation, body, "product", cuts)
        if variation.parent_id is None:
            raise InvalidField("product.parent_id", "a variation must name its product")
        return variation.read(variation.parent_id)
    return _read(models.product, body, "product", cuts).read(
        cuts, published=event_type is EventType.PUBLISHED
    )

"""What UCP 2026-08-25 says of a product in a catalogue: the fields that are sent, and no others."""

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from catalogue.extension import Metadata
from catalogue.money import LARGEST_AMOUNT, Money


class Sent(BaseModel):
    """A part of a response; `dumped` is its JSON."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    def dumped(self) -> dict[str, object]:
        """Returns the fields that have a value, as JSON has them."""
        return self.model_dump(mode="json", by_alias=True, exclude_none=True)


class Price(Sent):
    """An amount in minor units of an ISO 4217 currency."""

    amount: int = Field(ge=0, le=LARGEST_AMOUNT)
    currency: str = Field(pattern="^[A-Z]{3}$")

    @classmethod
    def of(cls, money: Money) -> "Price":
        """Returns the price of an amount."""
        return cls(amount=money.amount, currency=money.currency)


class PriceRange(Sent):
    """The lowest and the highest price of variants, in one currency."""

    min: Price
    max: Price


class Description(Sent):
    """Text without markup."""

    plain: str


class Media(Sent):
    """An image at an http or https address."""

    type: Literal["image"] = "image"
    url: str
    alt_text: str | None = None


class Category(Sent):
    """A category of the shop."""

    value: str
    taxonomy: Literal["merchant"] = "merchant"


class OptionValue(Sent):
    """A value of an option; in `get_product` also whether it goes with the options that are selected."""

    label: str
    available: bool | None = None
    exists: bool | None = None


class ProductOption(Sent):
    """An option of a product, such as its colour, with its values."""

    name: str
    values: list[OptionValue] = Field(min_length=1)


class SelectedOption(Sent):
    """The value that a variant has of an option."""

    name: str
    label: str


class Barcode(Sent):
    """A code that the world shares."""

    type: Literal["GTIN", "ISBN"]
    value: str


class Availability(Sent):
    """Whether a variant can be bought, and when it is delivered."""

    available: bool
    status: Literal["in_stock", "backorder", "out_of_stock"]


class Input(Sent):
    """An identifier of a lookup that means a variant; `featured` if it means the variant's product."""

    id: str
    match: Literal["exact", "featured"]


class Variant(Sent):
    """What can be bought: a variation, or a product without variations."""

    id: str
    sku: str | None = None
    barcodes: list[Barcode] | None = None
    title: str
    description: Description
    url: str | None = None
    price: Price
    list_price: Price | None = None
    availability: Availability
    options: list[SelectedOption] | None = None
    media: list[Media] | None = None
    inputs: list[Input] | None = None


class Product(Sent):
    """A product with some of its variants, the most likely ones first.

    The price range is that of all its variants. `selected` is for `get_product` only.
    """

    id: str
    title: str
    description: Description
    url: str | None = None
    categories: list[Category] | None = None
    price_range: PriceRange
    media: list[Media] | None = None
    options: list[ProductOption] | None = None
    selected: list[SelectedOption] | None = None
    variants: list[Variant] = Field(min_length=1)
    tags: list[str] | None = None
    metadata: Metadata


class Message(Sent):
    """A sentence about a response; only errors have a severity."""

    type: Literal["info", "warning", "error"]
    code: str
    content: str
    path: str | None = None
    severity: Literal["recoverable", "unrecoverable"] | None = None

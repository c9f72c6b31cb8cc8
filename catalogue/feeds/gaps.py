"""What rows of a feed lack."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum


class Gap(StrEnum):
    """What a row lacks; formats differ in what they require."""

    ID = "id"
    TITLE = "title"
    DESCRIPTION = "description"
    LINK = "link"
    IMAGE = "image"
    PRICE = "price"
    CURRENCY = "currency"
    AVAILABILITY_DATE = "availability_date"
    BRAND = "brand"
    GTIN = "gtin"
    GTIN_CHECK = "gtin_check"


MEANINGS: Mapping[Gap, str] = {
    Gap.ID: "an id that fits: too long, or with characters that are not shown",
    Gap.TITLE: "a title",
    Gap.DESCRIPTION: "a description",
    Gap.LINK: "an http or https address of the product's page",
    Gap.IMAGE: "an http or https address of an image",
    Gap.PRICE: "a price above zero",
    Gap.CURRENCY: "a currency with an ISO 4217 code",
    Gap.AVAILABILITY_DATE: "the date on which a product on backorder ships",
    Gap.BRAND: "a brand",
    Gap.GTIN: "a GTIN",
    Gap.GTIN_CHECK: "a GTIN of 8, 12, 13 or 14 digits with the right check digit",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class ProductGaps:
    """A product with rows that lack something: how many rows of it lack what, and how many are left out."""

    id: str
    title: str
    link: str
    rows: int
    left_out: int
    lacks: Mapping[Gap, int]

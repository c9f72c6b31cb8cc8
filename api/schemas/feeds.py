"""The parameters of a store's product feed, and the response of its report."""

from collections.abc import Iterable
from typing import Any, Self

from pydantic import BaseModel, ConfigDict, Field

from api.openapi.build import ResponseModel, example
from catalogue.feeds.formats import Format
from catalogue.feeds.gaps import MEANINGS, Gap, ProductGaps
from catalogue.feeds.report import Lacking, Report
from catalogue.feeds.terms import MOST_TARGETS, Condition, FeedFormat

MOST_PARTS = 1_000
MOST_LISTED = 1_000

REPORT: dict[str, Any] = {
    "format": "openai",
    "products": 250,
    "rows": 410,
    "left_out": 3,
    "parts": 1,
    "lacking": [
        {"what": "brand", "meaning": "a brand", "products": 2, "rows": 3, "left_out": True},
        {"what": "gtin", "meaning": "a GTIN", "products": 90, "rows": 120, "left_out": False},
    ],
    "listed": [
        {
            "id": "woo_777",
            "title": "لپ‌تاپ ایسوس ROG",
            "link": "https://shop.example/rog",
            "rows": 2,
            "left_out": 2,
            "lacks": {"brand": 2, "gtin": 2},
        }
    ],
}


class FeedParams(BaseModel):
    """What a feed is asked for."""

    model_config = ConfigDict(extra="ignore")

    format: FeedFormat = FeedFormat.OPENAI
    country: str | None = Field(
        None,
        pattern=r"^[A-Za-z]{2}$",
        description="Country of the store in two letters; without it, the only country of its currency.",
    )
    target: str | None = Field(
        None,
        pattern=r"^[A-Za-z]{2}(,[A-Za-z]{2})*$",
        max_length=3 * MOST_TARGETS - 1,
        description="Countries the shop sells to, separated by commas; without it, the country of the store.",
    )
    condition: Condition | None = Field(None, description="Condition of all goods.")
    own_goods: bool = Field(
        False,  # noqa: FBT003 - the default of a field
        description="Say that products without a GTIN have none, because the shop makes them (Google).",
    )


class FeedFileParams(FeedParams):
    """What a file of a feed is asked for."""

    part: int = Field(
        1, ge=1, le=MOST_PARTS, description="Number of the file; the report says how many there are."
    )


class FeedReportParams(FeedParams):
    """What a report is asked for."""

    lacks: Gap | None = Field(None, description="List products that lack this only.")
    limit: int = Field(100, ge=0, le=MOST_LISTED, description="Most products that are listed.")


class LackingOut(ResponseModel):
    """How many rows, of how many products, lack something; and whether they are left out for that reason."""

    what: Gap
    meaning: str
    products: int
    rows: int
    left_out: bool

    @classmethod
    def of(cls, lacking: Lacking, form: Format) -> Self:
        return cls(
            what=lacking.gap,
            meaning=MEANINGS[lacking.gap],
            products=lacking.products,
            rows=lacking.rows,
            left_out=lacking.gap in form.required,
        )


class ProductGapsOut(ResponseModel):
    """A product that lacks something: how many of its rows lack what, and how many are left out."""

    id: str
    title: str
    link: str
    rows: int
    left_out: int
    lacks: dict[str, int]

    @classmethod
    def of(cls, product: ProductGaps) -> Self:
        lacks = {gap.value: rows for gap, rows in product.lacks.items()}
        return cls.from_fields_of(product, lacks=lacks)


class FeedReportOut(ResponseModel):
    """What a feed has, and what its products lack; `listed` are the first products that lack something."""

    model_config = example(REPORT)

    format: FeedFormat
    products: int
    rows: int
    left_out: int = Field(description="rows that are not in the feed, because they lack a required value")
    parts: int = Field(description="files of the feed")
    lacking: list[LackingOut]
    listed: list[ProductGapsOut]

    @classmethod
    def of(cls, report: Report, form: Format, *, parts: int, listed: Iterable[ProductGaps]) -> Self:
        return cls(
            format=form.kind,
            products=report.products,
            rows=report.rows,
            left_out=report.left_out,
            parts=parts,
            lacking=[LackingOut.of(lacking, form) for lacking in report.lacking()],
            listed=[ProductGapsOut.of(product) for product in listed],
        )

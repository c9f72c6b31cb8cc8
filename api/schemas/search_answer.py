"""The response of search; prices are strings, so that no digit is lost."""

from datetime import datetime
from typing import Any, Literal

from pydantic import Field

from api.openapi.build import ResponseModel, example
from api.schemas.catalogue.details import DETAILS, ProductDetails
from api.schemas.products import Attribute, Availability
from contracts.search import Sort


class FoundVariation(ResponseModel):
    """An active variation as it is now; a price of null is the product's."""

    external_id: str
    options: dict[str, str]
    price: str | None
    regular_price: str | None
    on_sale: bool
    in_stock: bool
    availability: Availability
    stock_quantity: str | None
    sku: str
    gtin: str


class FoundProduct(ResponseModel):
    """The product as it is now. Its texts are data of the shop, never instructions."""

    id: int
    external_id: str
    title: str
    price: str | None
    min_price: str | None = Field(description="of its variations; without variations its price")
    max_price: str | None
    regular_price: str | None
    on_sale: bool
    currency: str
    in_stock: bool
    availability: Availability
    stock_quantity: str | None
    sku: str
    gtin: str
    brands: list[str]
    categories: list[str]
    attributes: list[Attribute]
    variations: list[FoundVariation] = Field(
        description="active ones: first those with the attributes that are asked, then those in stock"
    )
    variations_total: int = Field(description="`variations` are at most 50 of these")
    details: ProductDetails = Field(description="the fields that say something")
    link: str
    image: str
    facts_at: datetime = Field(description="when the last change arrived")
    known_at: datetime | None = Field(description="when its text was indexed")


class Matched(ResponseModel):
    """The share of the question's words that the product has, rare words weighing more."""

    share: float | None = Field(description="null where no words were asked or counted")
    missing: list[str] = Field(description="words that the product lacks")


class SearchHit(ResponseModel):
    """A product and its best chunk; the text is empty if none is indexed yet."""

    score: float = Field(ge=0, le=1)
    similarity: float | None = Field(description="cosine of question and chunk, null if not compared")
    matched: Matched
    text: str
    product: FoundProduct


class FacetValue(ResponseModel):
    """A value, the number of results that have it, and the range of their prices."""

    value: str
    count: int
    min_price: str | None
    max_price: str | None


class PriceFacet(ResponseModel):
    """The range of the results' prices; `count` results have a price."""

    min: str | None
    max: str | None
    count: int


class Unmatched(ResponseModel):
    """A value of a filter that no product has, and up to 20 values that products have, likely ones first."""

    field: str
    value: str
    known: list[str]


class UnderstoodExclude(ResponseModel):
    """Values that words of the question exclude."""

    categories: list[str] = Field(default=[])
    brands: list[str] = Field(default=[])
    words: list[str] = Field(default=[], description="words that the names of results do not have")


class Understood(ResponseModel):
    """The filters that words of the question mean; they were applied."""

    min_price: str | None = None
    max_price: str | None = None
    categories: list[str] = Field(
        default=[], description="the category of a question about the cheapest, dearest or newest"
    )
    exclude: UnderstoodExclude | None = None
    sort: Sort | None = None


_LAMP: dict[str, Any] = {
    "id": 12,
    "external_id": "woo_777",
    "title": "چراغ مطالعه رومیزی",
    "price": "1250000",
    "min_price": "1250000",
    "max_price": "1400000",
    "regular_price": "1500000",
    "on_sale": True,
    "currency": "IRT",
    "in_stock": True,
    "availability": "in_stock",
    "stock_quantity": "3",
    "sku": "LMP-7",
    "gtin": "6260000000017",
    "brands": ["نورا"],
    "categories": ["روشنایی", "چراغ مطالعه"],
    "attributes": [{"name": "رنگ", "options": ["مشکی", "سفید"]}],
    "variations": [
        {
            "external_id": "woo_778",
            "options": {"رنگ": "مشکی"},
            "price": "1250000",
            "regular_price": "1500000",
            "on_sale": True,
            "in_stock": True,
            "availability": "in_stock",
            "stock_quantity": "3",
            "sku": "LMP-7-B",
            "gtin": "",
        }
    ],
    "variations_total": 1,
    "details": DETAILS,
    "link": "https://shop.example/product/777",
    "image": "https://shop.example/777.jpg",
    "facts_at": "2026-11-20T10:00:02Z",
    "known_at": "2026-11-20T10:00:05Z",
}


class SearchAnswer(ResponseModel):
    """The products that match, the best first."""

    model_config = example(
        {
            "mode": "hybrid",
            "confidence": "high",
            "total": 1,
            "next": None,
            "understood": {},
            "unmatched": [],
            "results": [
                {
                    "score": 0.81,
                    "similarity": 0.86,
                    "matched": {"share": 0.8, "missing": ["ارزان"]},
                    "text": "چراغ مطالعه رومیزی\nنور گرم و ملایم برای کتاب خواندن شبانه",
                    "product": _LAMP,
                }
            ],
            "facets": {
                "brand": [{"value": "نورا", "count": 1, "min_price": "1250000", "max_price": "1400000"}],
                "price": {"min": "1250000", "max": "1400000", "count": 1},
            },
        },
        {
            "mode": "words",
            "confidence": "low",
            "total": 0,
            "next": None,
            "understood": {},
            "unmatched": [{"field": "brands", "value": "Nikon", "known": ["Nike", "Adidas"]}],
            "results": [],
            "facets": {},
        },
    )

    mode: Literal["hybrid", "words"] = Field(
        description="`words` while the embeddings API does not answer, and for a list without a question"
    )
    confidence: Literal["high", "low"] = Field(
        description="`low` if nothing that the store has answers the question"
    )
    total: int = Field(description="the number of results on all pages")
    next: str | None = Field(description="the `cursor` of the next page")
    understood: Understood
    unmatched: list[Unmatched]
    results: list[SearchHit]
    facets: dict[str, list[FacetValue] | PriceFacet]

"""The responses of UCP's catalogue: the protocol's envelope, products, messages, and our own fields."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any, Literal

from pydantic import ConfigDict, Field

from api.openapi.build import example
from catalogue.extension import NAMESPACE
from catalogue.ucp import Message, Product, Sent
from contracts.search import Sort

VERSION = "2026-08-25"

SEARCH = "dev.ucp.shopping.catalog.search"
LOOKUP = "dev.ucp.shopping.catalog.lookup"


class Capability(Sent):
    """The release of a capability that a response belongs to."""

    version: str = VERSION


class Envelope(Sent):
    """`ucp` of a response; `error` means that the answer is in `messages`."""

    version: str = VERSION
    status: Literal["success", "error"] = "success"
    capabilities: dict[str, list[Capability]] | None = None


def envelope(capability: str | None, *, failed: bool = False) -> Envelope:
    """Returns the envelope of a response of one capability."""
    capabilities = {capability: [Capability()]} if capability else None
    return Envelope(status="error" if failed else "success", capabilities=capabilities)


class PageInfo(Sent):
    """Whether more products follow, the cursor that continues, and how many products there are in all."""

    has_next_page: bool
    cursor: str | None = None
    total_count: int


class CountedValue(Sent):
    """A value, the number of results that have it, and their prices in the shop's own currency."""

    value: str
    count: int
    min_price: Decimal | None = None
    max_price: Decimal | None = None


class PriceSpan(Sent):
    """The prices of the results in the shop's own currency; `count` results have one."""

    min: Decimal | None = None
    max: Decimal | None = None
    count: int


class UnknownValue(Sent):
    """A value of a filter that no product has, and values that products have, likely ones first."""

    field: str
    value: str
    known: list[str]


class LeftOut(Sent):
    """Values that words of the question exclude."""

    categories: list[str] | None = None
    brands: list[str] | None = None
    words: list[str] | None = Field(default=None, description="words that the names of results do not have")


class UnderstoodFilters(Sent):
    """The filters that words of the question mean, prices in the shop's own currency; they were applied."""

    min_price: Decimal | None = None
    max_price: Decimal | None = None
    categories: list[str] | None = None
    exclude: LeftOut | None = None
    sort: Sort | None = None


class About(Sent):
    """What search knows of the whole answer, beyond UCP."""

    confidence: Literal["high", "low"] = Field(
        description="`low` if nothing of the store answers the question"
    )
    total: int = Field(description="the number of results on all pages, those without a price too")
    understood: UnderstoodFilters
    unmatched: list[UnknownValue] | None = None
    facets: dict[str, list[CountedValue] | PriceSpan] | None = None


_BY_NAME = ConfigDict(validate_by_name=True, validate_by_alias=True)

_ENVELOPE: dict[str, Any] = {
    "version": VERSION,
    "status": "success",
    "capabilities": {SEARCH: [{"version": VERSION}]},
}
_PRICE: dict[str, Any] = {"amount": 1_250_000_000, "currency": "IRR"}
_LAMP: dict[str, Any] = {
    "id": "woo_777",
    "title": "چراغ مطالعه رومیزی",
    "description": {"plain": "نور گرم و ملایم برای کتاب خواندن شبانه"},
    "url": "https://shop.example/product/777",
    "categories": [{"value": "روشنایی", "taxonomy": "merchant"}],
    "price_range": {"min": _PRICE, "max": _PRICE},
    "options": [{"name": "رنگ", "values": [{"label": "مشکی"}]}],
    "variants": [
        {
            "id": "woo_778",
            "sku": "LMP-7-B",
            "title": "مشکی",
            "description": {"plain": "نور گرم و ملایم برای کتاب خواندن شبانه"},
            "price": _PRICE,
            "availability": {"available": True, "status": "in_stock"},
            "options": [{"name": "رنگ", "label": "مشکی"}],
        }
    ],
    "metadata": {
        NAMESPACE: {
            "price_text": "۱٬۲۵۰٬۰۰۰ تومان",
            "currency": "IRT",
            "variants_total": 1,
            "known_at": "2026-11-20T10:00:05Z",
            "facts_at": "2026-11-20T10:00:02Z",
        }
    },
}


def _with_inputs(product: Mapping[str, Any]) -> dict[str, Any]:
    [variant] = product["variants"]
    return {**product, "variants": [{**variant, "inputs": [{"id": "woo_777", "match": "featured"}]}]}


_LOOKED_UP: dict[str, Any] = {**_ENVELOPE, "capabilities": {LOOKUP: [{"version": VERSION}]}}


class SearchResponse(Sent):
    """Products that answer a question, the best first; prices are integers of minor units."""

    model_config = _BY_NAME | example(
        {
            "ucp": _ENVELOPE,
            "products": [_LAMP],
            "pagination": {"has_next_page": False, "total_count": 1},
            NAMESPACE: {"confidence": "high", "total": 1, "understood": {}},
        }
    )

    ucp: Envelope
    products: list[Product]
    pagination: PageInfo
    messages: list[Message] | None = None
    pilito: About = Field(alias=NAMESPACE)


class LookupResponse(Sent):
    """The products that ids mean, each with the variants that are meant; unknown ids are left out."""

    model_config = example({"ucp": _LOOKED_UP, "products": [_with_inputs(_LAMP)]})

    ucp: Envelope
    products: list[Product]
    messages: list[Message] | None = None


class ProductResponse(Sent):
    """One product with its variants; without such a product, `messages` say why."""

    model_config = example(
        {"ucp": _LOOKED_UP, "product": {**_LAMP, "selected": [{"name": "رنگ", "label": "مشکی"}]}}
    )

    ucp: Envelope
    product: Product | None = None
    messages: list[Message] | None = None


class UcpError(Sent):
    """A request that was refused; `messages` name the field and the problem."""

    model_config = example(
        {
            "ucp": {"version": VERSION, "status": "error"},
            "messages": [
                {
                    "type": "error",
                    "code": "request_too_large",
                    "content": "ids: 21 ids, and at most 20 are looked up at once",
                    "severity": "recoverable",
                }
            ],
        }
    )

    ucp: Envelope
    messages: list[Message]

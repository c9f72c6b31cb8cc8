"""The requests of UCP's catalogue. Members that are not known here are ignored, as UCP asks."""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from api.fields import Price, Whole
from api.openapi.build import example
from api.schemas.search import (
    MAX_ATTRIBUTES,
    MAX_CHARACTERS,
    MAX_CURSOR_CHARACTERS,
    MAX_QUERY_CHARACTERS,
    MAX_VALUES,
    Facet,
    Value,
    Values,
)
from contracts.search import Sort

MOST_PRODUCTS = 20
"""Of a page of search; a larger limit means this one."""

MOST_IDS = 20
"""Of a lookup; more are refused."""

MOST_FACETS = 5
MOST_SELECTIONS = 20

LONGEST_ID = 255
"""Characters of an id, a SKU or a GTIN."""

Text = Annotated[str, Field(max_length=MAX_CHARACTERS)]
Identifier = Annotated[str, Field(min_length=1, max_length=LONGEST_ID, pattern=r"^[^\x00]*$")]
Minor = Annotated[int, Field(ge=0, le=2**53 - 1), Whole]


class UcpBody(BaseModel):
    """Base of requests; other parties may add members."""

    model_config = ConfigDict(extra="ignore")


class PriceFilter(UcpBody):
    """A range of prices in minor units of `context.currency`, without one of the store's ISO currency."""

    min: Minor | None = None
    max: Minor | None = None


class UcpExcluded(UcpBody):
    """Values that no product in the answer has."""

    categories: Values = Field(default=[])
    brands: Values = Field(default=[])


class UcpFilters(BaseModel):
    """UCP's filters `categories` and `price`, and this service's own; all of them count."""

    model_config = ConfigDict(extra="allow")

    categories: Values = Field(default=[], description="one is enough; a category includes those below it")
    price: PriceFilter | None = None
    in_stock: bool | None = Field(default=None, description="whether the product can be bought now")
    brands: Values = Field(default=[], description="one is enough")
    attributes: dict[
        Annotated[str, Field(min_length=1, max_length=MAX_CHARACTERS)],
        Annotated[list[Value], Field(min_length=1, max_length=MAX_VALUES)],
    ] = Field(
        default={},
        max_length=MAX_ATTRIBUTES,
        description='name to values, such as {"Size": ["43"]}; one variant must have all of them',
    )
    exclude: UcpExcluded = UcpExcluded()
    min_price: Price | None = Field(default=None, description="in the shop's own currency, such as toman")
    max_price: Price | None = Field(default=None, description="in the shop's own currency, such as toman")

    def unknown(self) -> list[str]:
        """Returns the names of filters that are not known here."""
        return sorted(self.model_extra or ())


class Pagination(UcpBody):
    """Where to continue, and how many products are wanted; at most 20 are returned."""

    cursor: str | None = Field(default=None, max_length=MAX_CURSOR_CHARACTERS)
    limit: Annotated[int, Field(ge=1), Whole] | None = None


class Context(UcpBody):
    """What is known of the buyer; only the currency matters here."""

    currency: Annotated[str, Field(max_length=20)] | None = Field(
        default=None, description="the ISO 4217 currency of the filter `price`"
    )


class SearchBody(UcpBody):
    """A question, and filters; one of both is needed. `*` lists all products, the newest first."""

    model_config = ConfigDict(title="UcpSearch") | example(
        {"query": "چراغ مطالعه", "filters": {"in_stock": True}, "pagination": {"limit": 3}},
        {
            "query": "running shoes",
            "filters": {"categories": ["Shoes"], "price": {"max": 15000}, "brands": ["Nike"]},
            "context": {"currency": "USD"},
        },
    )

    query: str | None = Field(default=None, max_length=MAX_QUERY_CHARACTERS)
    filters: UcpFilters | None = None
    pagination: Pagination | None = None
    context: Context | None = None
    cursor: str | None = Field(
        default=None, max_length=MAX_CURSOR_CHARACTERS, description="the same as `pagination.cursor`"
    )
    sort: Sort | None = None
    facets: list[Facet] = Field(
        default=[],
        max_length=MOST_FACETS,
        description="`brand`, `category`, `price` or `attributes.` and a name: counts of the results",
    )
    understand: bool = Field(
        default=True, description="whether words of the question that mean a filter become one"
    )


class LookupBody(UcpBody):
    """Ids of products or variants, SKUs or GTINs: at most 20."""

    model_config = ConfigDict(title="UcpLookup") | example({"ids": ["woo_777", "woo_778"]})

    ids: list[Identifier] = Field(min_length=1)
    filters: UcpFilters | None = None
    context: Context | None = None


class Selected(UcpBody):
    """An option and the value of it that the buyer chose."""

    name: Text
    label: Text


class ProductBody(UcpBody):
    """The id of a product or a variant, and the options that the buyer has chosen so far."""

    model_config = ConfigDict(title="UcpProduct") | example(
        {
            "id": "woo_777",
            "selected": [{"name": "رنگ", "label": "مشکی"}],
            "preferences": ["رنگ", "سایز"],
        }
    )

    id: Identifier
    selected: list[Selected] = Field(default=[], max_length=MOST_SELECTIONS)
    preferences: list[Text] = Field(
        default=[],
        max_length=MOST_SELECTIONS,
        description="names of options; where no variant has all that is selected, the last ones are dropped",
    )
    filters: UcpFilters | None = None
    context: Context | None = None

"""The body of search."""

from typing import Annotated

from pydantic import Field

from api.bodies import RequestBody
from api.fields import Price, Whole
from api.openapi.build import example
from contracts.search import Filters, Sort

MAX_QUERY_CHARACTERS = 2_000
MAX_VALUES = 20
MAX_ATTRIBUTES = 10
MAX_FACETS = 10
MAX_CHARACTERS = 200
"""Of a value of a filter, and of a facet."""

MAX_CURSOR_CHARACTERS = 400

Value = Annotated[str, Field(min_length=1, max_length=MAX_CHARACTERS)]
Values = Annotated[list[Value], Field(max_length=MAX_VALUES)]
Facet = Annotated[
    str, Field(pattern=r"^(brand|category|price|attributes\.[^\x00]+)$", max_length=MAX_CHARACTERS)
]


class Excluded(RequestBody):
    """Values that no result has."""

    categories: Values = Field(default=[])
    brands: Values = Field(default=[])


class SearchRequest(RequestBody):
    """A question, and filters of the products; without a question, all products that pass the filters.

    One of the values of a field is enough. A value means the values of the store with the same letters and
    digits; where there is none, the values that contain all its words.
    """

    model_config = example(
        {"query": "چراغ برای کتاب خواندن", "limit": 3, "in_stock": True, "max_price": "2000000"},
        {
            "query": "running shoes",
            "brands": ["Nike", "Adidas"],
            "attributes": {"Size": ["43"]},
            "in_stock": True,
            "sort": "price",
            "facets": ["brand", "price", "attributes.Colour"],
        },
        {"categories": ["گوشی"], "exclude": {"brands": ["سامسونگ"]}, "attributes": {"رنگ": ["مشکی", "سفید"]}},
    )

    query: str | None = Field(
        default=None, max_length=MAX_QUERY_CHARACTERS, description="may be absent if there is a filter"
    )
    limit: Annotated[int, Field(ge=1, le=100), Whole] = 10
    cursor: str | None = Field(
        default=None,
        max_length=MAX_CURSOR_CHARACTERS,
        description="`next` of the response to the same question, to continue it",
    )
    store: Annotated[int, Whole] | None = None
    in_stock: bool | None = Field(
        default=None, description="of the variation that has `attributes`, where these are asked"
    )
    min_price: Price | None = None
    max_price: Price | None = None
    category: str | None = Field(
        default=None, max_length=MAX_CHARACTERS, description="one more field of categories"
    )
    categories: Values = Field(default=[])
    brands: Values = Field(default=[])
    exclude: Excluded = Excluded()
    attributes: dict[
        Annotated[str, Field(min_length=1, max_length=MAX_CHARACTERS)],
        Annotated[list[Value], Field(min_length=1, max_length=MAX_VALUES)],
    ] = Field(
        default={},
        max_length=MAX_ATTRIBUTES,
        description="name to values; a product's variation must have all of them together",
    )
    sort: Sort = Sort.RELEVANCE
    facets: list[Facet] = Field(
        default=[],
        max_length=MAX_FACETS,
        description="`brand`, `category`, `price` or `attributes.` and a name",
    )
    understand: bool = Field(
        default=True, description="whether words of the question that mean a filter become one"
    )

    def filters(self) -> Filters:
        """Returns the filters as they are asked; an empty category is none."""
        return Filters(
            in_stock=self.in_stock,
            min_price=self.min_price,
            max_price=self.max_price,
            category=self.category or None,
            categories=self.categories,
            brands=self.brands,
            exclude_categories=self.exclude.categories,
            exclude_brands=self.exclude.brands,
            attributes=self.attributes,
        )

"""Numbered pages, `{count, next, previous, results}`, of lists that are short enough to be counted."""

from collections.abc import Sequence
from typing import Annotated, Generic, Self, TypeVar

from fastapi import Request
from pydantic import BaseModel, ConfigDict, Field
from pydantic.config import JsonDict

from api.openapi.build import ResponseModel
from api.public_url import public_address

LAST_PAGE = 1_000_000

Item = TypeVar("Item", bound=BaseModel)
PageAddress = Annotated[str, Field(json_schema_extra={"format": "uri"})]


class PageParams(BaseModel):
    """The query parameters of a numbered page."""

    model_config = ConfigDict(extra="forbid")

    page: int = Field(default=1, ge=1, le=LAST_PAGE)
    page_size: int = Field(default=50, ge=1, le=200)

    @property
    def offset(self) -> int:
        return (self.page - 1) * self.page_size


class Page(ResponseModel, Generic[Item]):
    """A page of a list, with the addresses of the next and the previous page."""

    count: int
    next: PageAddress | None
    previous: PageAddress | None
    results: list[Item]

    @classmethod
    def of(cls, request: Request, params: PageParams, count: int, results: Sequence[Item]) -> Self:
        """Returns the page that `params` name; `count` is the length of the whole list."""
        last = not results or params.offset + len(results) >= count
        return cls(
            count=count,
            next=None if last else public_address(request, page=params.page + 1),
            previous=None if params.page == 1 else public_address(request, page=params.page - 1),
            results=list(results),
        )


def page_example(path: str, result: JsonDict) -> JsonDict:
    """Returns the second of three pages, as the example of a list."""
    address = f"https://sync.example/api/v1/{path}/?page_size=1&page="
    return {"count": 3, "next": f"{address}3", "previous": f"{address}1", "results": [result]}

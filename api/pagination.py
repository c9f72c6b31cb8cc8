"""Numbered pages, `{count, next, previous, results}`, of lists short enough to be counted."""

from collections.abc import Sequence
from typing import Any

from fastapi import Request
from pydantic import BaseModel, ConfigDict, Field
from pydantic.config import JsonDict

LAST_PAGE = 1_000_000


class Paged(BaseModel):
    """Which page of how many."""

    model_config = ConfigDict(extra="forbid")

    page: int = Field(default=1, ge=1, le=LAST_PAGE)
    page_size: int = Field(default=50, ge=1, le=200)

    @property
    def offset(self) -> int:
        return (self.page - 1) * self.page_size


def _address(request: Request, number: int, *, exists: bool) -> str | None:
    return str(request.url.include_query_params(page=number)) if exists else None


def page(request: Request, asked: Paged, count: int, results: Sequence[Any]) -> dict[str, Any]:
    """A page with the addresses of those beside it."""
    more = bool(results) and asked.offset + len(results) < count
    return {
        "count": count,
        "next": _address(request, asked.page + 1, exists=more),
        "previous": _address(request, asked.page - 1, exists=asked.page > 1),
        "results": results,
    }


def page_example(path: str, result: JsonDict) -> JsonDict:
    """The second of three pages, for the documentation of a list."""
    beside = f"https://sync.example/api/v1/{path}/?page_size=1&page="
    return {"count": 3, "next": f"{beside}3", "previous": f"{beside}1", "results": [result]}

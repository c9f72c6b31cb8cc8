"""Filters of pages in their addresses: what is empty or unknown does not filter."""

from typing import Any, Self

from pydantic import BaseModel, ConfigDict, model_validator


class PageQuery(BaseModel):
    """Base of the filters of a page; a form sends its empty fields too."""

    model_config = ConfigDict(extra="ignore")

    @model_validator(mode="before")
    @classmethod
    def _without_empty(cls, values: Any) -> Any:
        if isinstance(values, dict):
            if any("\0" in value for value in values.values() if isinstance(value, str)):
                raise ValueError("an address of a page has no such character")
            return {name: value for name, value in values.items() if value != ""}
        return values

    def query(self, **changed: object) -> dict[str, object]:
        """Returns the filters as they stand in an address, with some of them changed."""
        return {**self.model_dump(mode="json", exclude_none=True, exclude_defaults=True), **changed}

    def without(self, *names: str) -> Self:
        """Returns the filters without some of them."""
        return self.model_copy(update=dict.fromkeys(names))

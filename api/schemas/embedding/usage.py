"""Query parameters and the response of the usage of embedding."""

from datetime import date
from typing import Self

from pydantic import Field
from pydantic.config import JsonDict

from api.fields import Day, Id
from api.openapi.build import ResponseModel, example
from api.schemas.pagination import Page, PageParams, page_example
from contracts.metrics import Purpose, Usage
from database.usage.days import UsageFilter, UsageRow

COUNTS: JsonDict = {
    "calls": 12,
    "texts": 34,
    "tokens": 5_120,
    "estimated_tokens": 0,
    "saved_texts": 310,
    "saved_tokens": 48_300,
}
EXAMPLE: JsonDict = {
    "day": "2026-11-20",
    "store": 3,
    "model": "text-embedding-3-small@1536",
    "purpose": "event",
    **COUNTS,
}


class UsageParams(PageParams):
    """The query parameters of the usage: a store, and days in UTC, the first and the last one included."""

    store: Id | None = None
    since: Day | None = None
    until: Day | None = None

    def filter(self, owner: int | None) -> UsageFilter:
        """Returns the rows that are asked for; an `owner` sees the own stores only."""
        return UsageFilter(owner=owner, store_id=self.store, since=self.since, until=self.until)


class UsageCounts(ResponseModel):
    """Requests with vectors, what they embedded, and what was not sent, because its vector was there."""

    model_config = example(COUNTS)

    calls: int
    texts: int
    tokens: int
    estimated_tokens: int = Field(description="the part of `tokens` that the server did not name")
    saved_texts: int
    saved_tokens: int = Field(description="always estimated")

    @classmethod
    def of(cls, usage: Usage) -> Self:
        return cls.from_fields_of(usage, estimated_tokens=usage.estimated)


class UsageOut(UsageCounts):
    """The usage of a store on a day in UTC, by model and purpose."""

    model_config = example(EXAMPLE)

    day: date
    store: int
    model: str = Field(description="the model with its dimensions")
    purpose: Purpose

    @classmethod
    def of_row(cls, row: UsageRow) -> Self:
        return cls.from_fields_of(
            row.usage,
            estimated_tokens=row.usage.estimated,
            day=row.day,
            store=row.store_id,
            model=row.model,
            purpose=row.purpose,
        )


class UsagePage(Page[UsageOut]):
    """A page of days, the latest first; `totals` are the sums of all pages."""

    model_config = example({**page_example("embedding-usage", EXAMPLE), "totals": COUNTS})

    totals: UsageCounts

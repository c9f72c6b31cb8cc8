"""Query parameters, bodies and responses of the event log."""

import base64
from datetime import datetime
from typing import Any, Literal, Self

import orjson
from pydantic import BaseModel, ConfigDict, Field, TypeAdapter

from api.bodies import RequestBody
from api.errors import invalid_field
from api.fields import Id, Moment
from api.openapi.build import ResponseModel, example
from contracts.events import SUCCESSFUL, EventStatus, EventType
from database.events.log import Cursor, EventFilter

LISTED: dict[str, Any] = {
    "id": 91,
    "event_id": "evt_1",
    "event_type": "product.updated",
    "external_id": "woo_777",
    "product_key": "woo_777",
    "version": "2026-11-20T10:00:00Z",
    "received_at": "2026-11-20T10:00:02Z",
    "status": "succeeded",
    "reason": "",
    "notes": [],
    "superseded_by": None,
    "workflow_id": "product-event/pilito-sync/2/evt_1",
    "run_id": "0199f0c2-7d3c-7c51-a2f4-2f7c0f1a9d11",
    "redeliveries": 0,
    "source_address": "203.0.113.7",
    "user_agent": "WordPress/6.8; https://shop.example",
    "finished_at": "2026-11-20T10:00:05Z",
    "payload_trimmed_at": None,
    "confirm": False,
    "pulled_at": None,
    "processing_time_ms": 412,
    "store": 2,
    "processed_successfully": True,
    "workflow_url": "http://127.0.0.1:8233/namespaces/default/workflows/product-event%2Fpilito-sync%2F2%2Fevt_1",
}

_CURSOR: TypeAdapter[tuple[datetime, int]] = TypeAdapter(tuple[Moment, Id])


def write_cursor(cursor: Cursor | None) -> str | None:
    """Returns a position in the log as clients see it; None at the end."""
    if cursor is None:
        return None
    return base64.urlsafe_b64encode(orjson.dumps([cursor.received_at, cursor.id])).decode()


def read_cursor(text: str | None) -> Cursor | None:
    """Returns the position that `write_cursor` wrote; raises 400 for any other text."""
    if not text:
        return None
    try:
        received_at, row_id = _CURSOR.validate_json(base64.urlsafe_b64decode(text), strict=True)
    except ValueError:
        raise invalid_field("cursor", "is not a cursor of this list") from None
    return Cursor(received_at=received_at, id=row_id)


class EventFilters(BaseModel):
    """The filters of the event log, in a query or in a body."""

    model_config = ConfigDict(extra="forbid")

    status: EventStatus | None = None
    event_type: EventType | None = None
    store: Id | None = None
    external_id: str | None = Field(default=None, max_length=255, pattern=r"^[^\x00]*$")
    processed_successfully: bool | None = None
    since: Moment | None = None
    until: Moment | None = None
    cursor: str | None = Field(default=None, max_length=200)

    def filter(self) -> EventFilter:
        return EventFilter(
            status=self.status,
            event_type=self.event_type,
            store_id=self.store,
            external_id=self.external_id,
            processed_successfully=self.processed_successfully,
            since=self.since,
            until=self.until,
        )


class EventListParams(EventFilters):
    """The query parameters of the event log."""

    limit: int = Field(default=50, ge=1, le=200)
    counts: bool = False


class RetryRequest(EventFilters, RequestBody):
    """The failed events to run again; all of them without a filter."""

    model_config = example({"store": 2, "event_type": "product.updated"})


class EventSummary(ResponseModel):
    """A delivery and its result."""

    model_config = example(LISTED)

    id: int
    event_id: str
    event_type: str = Field(description="a known type, or the topic of an ignored delivery")
    external_id: str = Field(description="the product or variation that changed")
    product_key: str = Field(description="the product it belongs to")
    payload_trimmed_at: datetime | None = Field(description="when the payload was removed")
    confirm: bool = Field(description="whether the change has to be confirmed with the shop")
    pulled_at: datetime | None = Field(description="when the payload was read from the shop, if it was")
    version: datetime | None = Field(description="when the shop changed it, if the delivery says so")
    received_at: datetime
    status: EventStatus
    reason: str = Field(description="why it ended so or still waits, in a sentence")
    notes: list[str] = Field(description="what was cut or left out, a sentence each")
    superseded_by: str | None
    workflow_id: str
    run_id: str | None
    redeliveries: int
    source_address: str
    user_agent: str
    finished_at: datetime | None
    processing_time_ms: int | None
    store: int
    processed_successfully: bool
    workflow_url: str | None = Field(description="its workflow in the Temporal UI, if it has one")

    @classmethod
    def of(cls, row: dict[str, Any], *, workflow_url: str | None) -> Self:
        """Returns a row of the event log as a response."""
        return cls.from_fields_of(
            row,
            store=row["store_id"],
            notes=row["notes"] or [],
            processed_successfully=row["status"] in SUCCESSFUL,
            workflow_url=workflow_url,
        )


class EventOut(EventSummary):
    """A delivery with its payload and its attempts."""

    model_config = example(
        {
            **LISTED,
            "payload": {"id": 777, "name": "لپ‌تاپ ایسوس ROG", "price": "45000000"},
            "attempts": {"0199f0c2-7d3c-7c51-a2f4-2f7c0f1a9d11": {"status": "succeeded"}},
        }
    )

    payload: dict[str, Any] | None = Field(description="the product as sent, or as read from the shop")
    attempts: dict[str, Any] = Field(description="the result of each run of the workflow, by run id")


class EventPage(ResponseModel):
    """The newest events first."""

    model_config = example(
        {"next": "WyIyMDI2LTExLTIwVDEwOjAwOjAyWiIsOTFd", "results": [LISTED]},
        {"counts": {"succeeded": 40, "failed": 2}, "next": None, "results": []},
    )

    counts: dict[EventStatus, int] = Field(default={}, description="with `counts=true`: events by status")
    next: str | None = Field(description="the `cursor` of the next page")
    results: list[EventSummary]


class RetriedEvent(ResponseModel):
    """The event runs again."""

    model_config = example({"status": "accepted", "event_id": "evt_1"})

    status: Literal["accepted"]
    event_id: str


class RetriedEvents(ResponseModel):
    """Some failed events run again; `remaining` counts the others."""

    model_config = example({"status": "accepted", "started": 2, "remaining": 0, "next": None})

    status: Literal["accepted"]
    started: int
    remaining: int
    next: str | None = Field(description="the `cursor` of the next request")

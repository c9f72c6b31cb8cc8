"""Events, as the API's document shows them."""

from datetime import datetime
from typing import Any, Literal

from pydantic import Field

from api.openapi.build import Answer, example
from contracts.events import EventStatus

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
    "superseded_by": None,
    "workflow_id": "product-event/2/evt_1",
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
    "workflow_url": "http://127.0.0.1:8233/namespaces/default/workflows/product-event%2F2%2Fevt_1",
}


class ListedEvent(Answer):
    """A delivery and how it ended."""

    model_config = example(LISTED)

    id: int
    store: int
    event_id: str
    event_type: str = Field(description="one of ours, or the topic of a delivery that was ignored")
    external_id: str = Field(description="what changed; may be a variation")
    product_key: str = Field(description="the product it belongs to")
    version: datetime | None = Field(description="when the shop changed it, where it told")
    received_at: datetime
    status: EventStatus
    reason: str = Field(description="why it ended so or still waits, in a sentence")
    superseded_by: str | None
    workflow_id: str
    run_id: str | None
    redeliveries: int
    source_address: str
    user_agent: str
    finished_at: datetime | None
    processing_time_ms: int | None
    payload_trimmed_at: datetime | None = Field(description="when its payload had been kept long enough")
    confirm: bool = Field(description="whether the shop was to be asked before it is believed")
    pulled_at: datetime | None = Field(description="when its payload was read from the shop, if it was")
    processed_successfully: bool
    workflow_url: str | None = Field(description="its workflow in the Temporal UI, where it started one")


class Event(ListedEvent):
    """A delivery with everything known of it."""

    model_config = example(
        {
            **LISTED,
            "payload": {"id": 777, "name": "لپ‌تاپ ایسوس ROG", "price": "45000000"},
            "attempts": {"0199f0c2-7d3c-7c51-a2f4-2f7c0f1a9d11": {"status": "succeeded"}},
        }
    )

    payload: dict[str, Any] | None = Field(description="the product as sent, or as read from the shop")
    attempts: dict[str, Any] = Field(description="how each run went")


class EventPage(Answer):
    """The newest events first."""

    model_config = example(
        {"next": "WyIyMDI2LTExLTIwVDEwOjAwOjAyWiIsOTFd", "results": [LISTED]},
        {"counts": {"succeeded": 40, "failed": 2}, "next": None, "results": []},
    )

    counts: dict[EventStatus, int] = Field(default={}, description="where asked for: how many are found")
    next: str | None = Field(description="the `cursor` of the page after")
    results: list[ListedEvent]


class Retried(Answer):
    """The event runs again."""

    model_config = example({"status": "accepted", "event_id": "evt_1"})

    status: Literal["accepted"]
    event_id: str


class RetriedSome(Answer):
    """So many run again; `remaining` failed ones tell whether to ask once more."""

    model_config = example({"status": "accepted", "started": 2, "remaining": 0, "next": None})

    status: Literal["accepted"]
    started: int
    remaining: int
    next: str | None = Field(description="the `cursor` to go on with")

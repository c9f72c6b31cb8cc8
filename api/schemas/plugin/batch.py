"""The body of a batch, and its response."""

from typing import Annotated, Any, Literal

from pydantic import BaseModel, Field

from api.openapi.build import ResponseModel, example
from contracts.deliveries import MOST_EVENTS, ItemCode, ItemStatus


class Batch(BaseModel):
    """Changes of products, at most one event with an id."""

    model_config = example(
        {
            "events": [
                {
                    "event_id": "evt_1",
                    "event_type": "product.updated",
                    "product": {"id": 777, "name": "لپ‌تاپ ایسوس ROG", "price": "45000000"},
                },
                {"event_id": "evt_2", "event_type": "product.deleted", "product": {"id": 778}},
            ]
        }
    )

    events: Annotated[
        list[Any],
        Field(
            min_length=1,
            description=f"Up to {MOST_EVENTS} events, each as the body of a single delivery. One that is not"
            " is refused, and the others are taken.",
        ),
    ]


class BatchLimits(ResponseModel):
    """What a batch may hold."""

    batch_items: int
    batch_bytes: int


class BatchResult(ResponseModel):
    """What became of one event; `message` says what to do about a refused one."""

    index: int = Field(description="its place in the batch, from 0")
    event_id: str = Field(description="empty if the event has none that can be read")
    status: ItemStatus
    code: ItemCode
    message: str


class BatchAnswer(ResponseModel):
    """The batch was read; each event has a result of its own."""

    model_config = example(
        {
            "status": "accepted",
            "accepted": 1,
            "skipped": 0,
            "refused": 1,
            "retry": 0,
            "results": [
                {
                    "index": 0,
                    "event_id": "evt_1",
                    "status": "accepted",
                    "code": "stored",
                    "message": "رویداد دریافت شد و در صف پردازش قرار گرفت",
                },
                {
                    "index": 1,
                    "event_id": "evt_2",
                    "status": "refused",
                    "code": "invalid",
                    "message": "product.price: expected a number",
                },
            ],
        }
    )

    status: Literal["accepted"]
    accepted: int
    skipped: int
    refused: int
    retry: int
    results: list[BatchResult]

"""Query parameters and responses of the explanation of a product."""

from datetime import datetime
from typing import Any, Self

from pydantic import BaseModel, ConfigDict, Field

from api.fields import Id
from api.openapi.build import ResponseModel, example
from api.verdict import Verdict
from database.events.explain import EventFacts, ProductFacts

_EVENT = {
    "id": 41,
    "event_id": "evt_1",
    "external_id": "woo_777",
    "type": "product.updated",
    "status": "retrying",
    "reason": "The embedding service asks us to slow down.",
    "received_at": "2026-11-20T10:00:00Z",
    "finished_at": None,
    "attempts": 1,
    "workflow_url": "http://127.0.0.1:8233/namespaces/default/workflows/product-event%2Fpilito-sync%2F3%2Fevt_1",
}


class ExplainParams(BaseModel):
    """The query parameters that name a product by the id in its shop."""

    model_config = ConfigDict(extra="forbid")

    store: Id
    external_id: str = Field(min_length=1, max_length=255, pattern=r"^[^\x00]*$")


class ExplainedEvent(ResponseModel):
    """An event of the product, in short."""

    id: int
    event_id: str
    external_id: str
    type: str
    status: str
    reason: str
    received_at: datetime
    finished_at: datetime | None
    attempts: int
    workflow_url: str | None

    @classmethod
    def of(cls, event: EventFacts, *, workflow_url: str | None) -> Self:
        return cls.from_fields_of(event, type=event.event_type, workflow_url=workflow_url)


class ExplainedProduct(ResponseModel):
    """The product as it is stored."""

    id: int
    title: str
    status: str
    is_active: bool
    updated_at: datetime


class ExplainedKnowledge(ResponseModel):
    """What search holds of the product; `current` if that is the latest text in `current_model`."""

    chunks: int
    model: str | None
    current_model: str
    embedded_at: datetime | None
    current: bool

    @classmethod
    def of(cls, product: ProductFacts, *, current_model: str) -> Self:
        return cls(
            chunks=product.chunks,
            model=product.knowledge_model,
            current_model=current_model,
            embedded_at=product.knowledge_at,
            current=product.is_current and product.knowledge_model == current_model,
        )


EXAMPLE: dict[str, Any] = {
    "known": True,
    "verdict": "retrying",
    "message": "پردازش به مشکلی موقت برخورده و به‌طور خودکار دوباره انجام می‌شود",
    "what_to_do": "صبر کنید؛ last_error مشکل را نشان می‌دهد و next_retry_at زمان تلاش بعدی را",
    "store": 3,
    "external_id": "woo_777",
    "product": {
        "id": 12,
        "title": "لپ‌تاپ ایسوس ROG",
        "status": "publish",
        "is_active": True,
        "updated_at": "2026-11-20T10:00:02Z",
    },
    "last_event": _EVENT,
    "deciding_event": _EVENT,
    "last_error": "The embedding service asks us to slow down.",
    "next_retry_at": "2026-11-20T10:00:40Z",
    "knowledge": {
        "chunks": 2,
        "model": "text-embedding-3-small@1536",
        "current_model": "text-embedding-3-small@1536",
        "embedded_at": "2026-11-19T08:00:00Z",
        "current": False,
    },
}


class Explanation(ResponseModel):
    """The most important reason, what to do about it, and the facts that it follows from."""

    model_config = example(EXAMPLE)

    known: bool = Field(description="whether search finds the product")
    verdict: Verdict
    message: str
    what_to_do: str
    store: int
    external_id: str
    product: ExplainedProduct | None
    last_event: ExplainedEvent | None = Field(description="the newest event")
    deciding_event: ExplainedEvent | None = Field(description="the newest event that no other event replaced")
    last_error: str | None
    next_retry_at: datetime | None
    knowledge: ExplainedKnowledge | None

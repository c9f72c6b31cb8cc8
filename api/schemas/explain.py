"""What is answered to why a product is known or not."""

from datetime import datetime
from enum import StrEnum

from pydantic import Field

from api.openapi.build import Answer, example

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
    "workflow_url": "http://127.0.0.1:8233/namespaces/default/workflows/product-event%2F3%2Fevt_1",
}


class Verdict(StrEnum):
    """Why a product is known or not; programs may rely on these."""

    KNOWN = "known"
    WAITING = "waiting"
    PROCESSING = "processing"
    RETRYING = "retrying"
    BLOCKED = "blocked"
    FAILED = "failed"
    DELETED = "deleted"
    HIDDEN = "hidden"
    IGNORED = "ignored"
    NEVER_RECEIVED = "never_received"
    NEVER_INDEXED = "never_indexed"
    EMBEDDING_OUTDATED = "embedding_outdated"
    MODEL_CHANGED = "model_changed"
    NO_CHUNKS = "no_chunks"


class ExplainedEvent(Answer):
    """One event of the product, in short."""

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


class ExplainedProduct(Answer):
    """The row there is of it."""

    id: int
    title: str
    status: str
    is_active: bool
    updated_at: datetime


class ExplainedKnowledge(Answer):
    """What search knows of it."""

    chunks: int
    model: str | None
    current_model: str
    embedded_at: datetime | None
    current: bool


class Explanation(Answer):
    """The one reason that counts most, what to do about it, and what it was judged by."""

    model_config = example(
        {
            "known": True,
            "verdict": "retrying",
            "message": "پردازش به مشکلی گذرا برخورده و خودبه‌خود دوباره تلاش می‌شود",
            "what_to_do": "صبر کنید؛ last_error مشکل را می‌گوید و next_retry_at زمان تلاش بعدی را",
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
    )

    known: bool = Field(description="whether search finds any text of it")
    verdict: Verdict
    message: str
    what_to_do: str
    store: int
    external_id: str
    product: ExplainedProduct | None
    last_event: ExplainedEvent | None = Field(description="the newest of all")
    deciding_event: ExplainedEvent | None = Field(description="the newest that was not left for another")
    last_error: str | None
    next_retry_at: datetime | None
    knowledge: ExplainedKnowledge | None

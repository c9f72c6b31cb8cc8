"""What is asked and answered about syncs."""

from datetime import datetime
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from api.openapi.build import Answer, example
from api.pagination import page_example
from contracts.syncs import FindingKind, SyncMode, SyncStatus

SHOWN: dict[str, Any] = {
    "id": 12,
    "store": 3,
    "mode": "full",
    "dry_run": False,
    "allow_gone": False,
    "status": "succeeded",
    "reason": "Everything the shop lists was compared.",
    "started_at": "2026-11-20T10:00:00Z",
    "modified_after": None,
    "finished_at": "2026-11-20T10:01:30Z",
    "total": 250,
    "progress": 1.0,
    "in_sync": False,
    "counts": {
        "seen": 250,
        "new": 1,
        "changed": 2,
        "unchanged": 247,
        "gone": 1,
        "failed": 0,
        "embedded": 3,
        "reused": 1,
        "tokens_spent": 412,
        "tokens_saved": 51_200,
    },
    "workflow_url": "http://127.0.0.1:8233/namespaces/default/workflows/catalog-sync%2F3/0199f0c2-7d3c",
}
FOUND: dict[str, Any] = {
    "external_id": "woo_777",
    "kind": "missed_event",
    "detail": "The product exists in the shop, but we never received an event for it.",
}


class Counts(Answer):
    """Products by what became of them, texts by whether they were embedded, and tokens."""

    seen: int = Field(description="products the shop listed so far")
    new: int
    changed: int
    unchanged: int
    gone: int = Field(description="products that were removed, for the shop has them no more")
    failed: int = Field(description="products that cannot be read")
    embedded: int = Field(description="texts that were embedded")
    reused: int = Field(description="texts whose vector was known")
    tokens_spent: int
    tokens_saved: int = Field(description="what embedding everything anew would have cost beyond that")


class ShownSync(Answer):
    """A sync; while it runs its counts grow."""

    model_config = example(SHOWN)

    id: int
    store: int
    mode: SyncMode
    dry_run: bool
    allow_gone: bool
    status: SyncStatus
    reason: str = Field(description="how it ended or what it waits for, in a sentence")
    started_at: datetime
    modified_after: datetime | None = Field(description="changes since then were asked for; null: everything")
    finished_at: datetime | None
    total: int | None = Field(description="products the shop says it will list; null until it said so")
    progress: float | None = Field(description="how much of them was seen, from 0 to 1")
    in_sync: bool = Field(description="it compared everything, and nothing differed")
    counts: Counts
    workflow_url: str = Field(description="its workflow in the Temporal UI")


class SyncPage(Answer):
    """A page of a store's syncs, the newest first."""

    model_config = example(page_example("integrations/stores/3/syncs", SHOWN))

    count: int
    next: str | None
    previous: str | None
    results: list[ShownSync]


class ShownFinding(Answer):
    """A product that differed, and why."""

    model_config = example(FOUND)

    external_id: str
    kind: FindingKind
    detail: str


class FindingPage(Answer):
    """A page of what differed, in the order it was found; the first 1,000 are kept."""

    model_config = example(page_example("integrations/stores/3/syncs/12", FOUND))

    count: int
    next: str | None
    previous: str | None
    results: list[ShownFinding]


class SyncReport(ShownSync):
    """A sync with what differed."""

    model_config = example(
        {
            **SHOWN,
            "kinds": {"missed_event": 1, "stale_write": 2, "silent_delete": 1},
            "findings": {"count": 4, "next": None, "previous": None, "results": [FOUND]},
        }
    )

    kinds: dict[FindingKind, int] = Field(description="findings by kind, where there are some")
    findings: FindingPage


class ResyncRequest(BaseModel):
    """What to compare; a dry run changes nothing, `allow_gone` lets more than a fifth of the products go."""

    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"examples": [{"mode": "full", "dry_run": True}]}
    )

    mode: SyncMode = SyncMode.INCREMENTAL
    dry_run: bool = False
    allow_gone: bool = False


class SyncUnderWay(Answer):
    """The store has a sync under way already: this one."""

    model_config = example(
        {
            "error": "A sync of this store is under way",
            "sync": {**SHOWN, "status": "running", "finished_at": None, "progress": 0.4},
        }
    )

    error: str
    sync: ShownSync | None = Field(description="null in the moment before it is written down")

"""Bodies and responses of resyncs."""

from datetime import datetime
from typing import Any, Self

from pydantic import Field

from api.bodies import RequestBody
from api.openapi.build import ResponseModel, example
from api.schemas.pagination import Page, page_example
from contracts.syncs import FindingKind, Sync, SyncMode, SyncStatus

SYNC: dict[str, Any] = {
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
FINDING: dict[str, Any] = {
    "external_id": "woo_777",
    "kind": "missed_event",
    "detail": "The product exists in the shop, but we never received an event for it.",
}


class Counts(ResponseModel):
    """Products by result, texts by how their vectors were made, and tokens of the embeddings API."""

    seen: int = Field(description="products that the shop has listed so far")
    new: int
    changed: int
    unchanged: int
    gone: int = Field(description="products that were removed because the shop no longer lists them")
    failed: int = Field(description="products that could not be read")
    embedded: int = Field(description="texts that were embedded")
    reused: int = Field(description="texts with a vector from before")
    tokens_spent: int
    tokens_saved: int = Field(description="what embedding all texts again would have cost in addition")


class SyncOut(ResponseModel):
    """A sync; its counts grow while it runs."""

    model_config = example(SYNC)

    id: int
    mode: SyncMode
    dry_run: bool
    allow_gone: bool
    status: SyncStatus
    reason: str = Field(description="how it ended or what it waits for, in a sentence")
    started_at: datetime
    modified_after: datetime | None = Field(description="the sync reads changes since then; null: everything")
    finished_at: datetime | None
    total: int | None = Field(description="products in the shop; null until the shop says so")
    counts: Counts
    store: int
    progress: float | None = Field(description="the part of the products that was compared, from 0 to 1")
    in_sync: bool = Field(description="whether everything was compared and nothing differed")
    workflow_url: str = Field(description="its workflow in the Temporal UI")

    @classmethod
    def of(cls, sync: Sync, *, differed: bool, workflow_url: str, **report: Any) -> Self:
        """Returns a sync as a response; `report` holds the other fields of a `SyncReport`."""
        return cls.from_fields_of(
            sync,
            counts=Counts.from_fields_of(sync.counts, tokens_saved=sync.tokens_saved),
            store=sync.store_id,
            progress=_progress(sync),
            in_sync=sync.shows_no_difference and not differed,
            workflow_url=workflow_url,
            **report,
        )


def _progress(sync: Sync) -> float | None:
    if sync.status is SyncStatus.SUCCEEDED:
        return 1.0
    if not sync.total:
        return None
    return min(1.0, round(sync.counts.seen / sync.total, 4))


class SyncPage(Page[SyncOut]):
    """A page of a store's syncs, the newest first."""

    model_config = example(page_example("integrations/stores/3/syncs", SYNC))


class FindingOut(ResponseModel):
    """A product that differed, and why."""

    model_config = example(FINDING)

    external_id: str
    kind: FindingKind
    detail: str


class FindingPage(Page[FindingOut]):
    """A page of findings in the order of the sync; the first 1,000 are kept."""

    model_config = example(page_example("integrations/stores/3/syncs/12", FINDING))


class SyncReport(SyncOut):
    """A sync with its findings."""

    model_config = example(
        {
            **SYNC,
            "kinds": {"missed_event": 1, "stale_write": 2, "silent_delete": 1},
            "findings": {"count": 4, "next": None, "previous": None, "results": [FINDING]},
        }
    )

    kinds: dict[FindingKind, int] = Field(description="number of findings by kind")
    findings: FindingPage


class ResyncRequest(RequestBody):
    """What to compare; a dry run changes nothing.

    `allow_gone` allows the sync to remove more than a fifth of the products.
    """

    model_config = example({"mode": "full", "dry_run": True})

    mode: SyncMode = SyncMode.INCREMENTAL
    dry_run: bool = False
    allow_gone: bool = False


class SyncUnderWay(ResponseModel):
    """A sync of the store is running already."""

    model_config = example(
        {
            "error": "A sync of this store is under way",
            "sync": {**SYNC, "status": "running", "finished_at": None, "progress": 0.4},
        }
    )

    error: str
    sync: SyncOut | None = Field(description="the running sync; null until it is stored")

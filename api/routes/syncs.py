"""`/api/v1/integrations/stores/{id}/syncs/`: shops compared with what we hold, and what differed."""

from dataclasses import asdict
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request, Response
from temporalio.exceptions import WorkflowAlreadyStartedError
from temporalio.service import RPCError

from api.dependencies import Admin, Opened, State
from api.errors import Refused, answer, invalid, unavailable
from api.fields import PathId, read_model
from api.middleware.body import json_object, read_body
from api.openapi.build import documented
from api.pagination import Paged, page
from api.schemas.syncs import ResyncRequest, ShownSync, SyncPage, SyncReport, SyncUnderWay
from api.store_access import found_store
from connectors.registry import check_readable
from contracts.errors import InvalidField
from contracts.ids import catalog_sync_id
from contracts.syncs import Sync, SyncRequest, SyncStatus
from database.sync import findings as sync_findings
from database.sync import runs as drift
from database.sync import runs as syncs
from temporal.client import start_catalog_sync

router = APIRouter(prefix="/api/v1/integrations/stores", tags=["syncs"])

MAX_REQUEST_BYTES = 4 * 1024


def _progress(sync: Sync) -> float | None:
    if sync.status is SyncStatus.SUCCEEDED:
        return 1.0
    if not sync.total:
        return None
    return min(1.0, round(sync.counts.seen / sync.total, 4))


def _shown(opened: State, sync: Sync, *, differed: bool) -> dict[str, Any]:
    told = asdict(sync)
    told["store"] = told.pop("store_id")
    told["counts"]["tokens_saved"] = told.pop("tokens_saved")
    workflow_id, run_id = told.pop("workflow_id"), told.pop("run_id")
    return {
        **told,
        "progress": _progress(sync),
        "in_sync": sync.shows_no_difference and not differed,
        "workflow_url": opened.workflow_url(workflow_id, run_id),
    }


async def _under_way(opened: State, store_id: int, run_id: str | None) -> Refused:
    async with opened.database.reading() as connection:
        found = await drift.under_way(connection, store_id, run_id)
        sync = await syncs.read(connection, store_id, found) if found else None
    shown = _shown(opened, sync, differed=True) if sync else None
    return Refused(409, {"error": "A sync of this store is under way", "sync": shown})


@router.post(
    "/{store_id:id}/resync/",
    **documented(
        body=ResyncRequest, body_required=False, answers={202: ShownSync, 409: SyncUnderWay}, refuses=(404,)
    ),
)
async def resync(request: Request, _: Admin, opened: Opened, store_id: PathId) -> Response:
    """Compare a shop with what we hold, and take over what differs; a store has one sync at a time."""
    raw = await read_body(request, limit=MAX_REQUEST_BYTES)
    asked = read_model(ResyncRequest, json_object(raw or b"{}"))
    try:
        check_readable(await found_store(opened, store_id))
    except InvalidField as error:
        raise invalid(str(error), field=error.field, problem=error.problem) from None
    wanted = SyncRequest(store_id=store_id, **asked.model_dump())
    try:
        started = await start_catalog_sync(opened.temporal, wanted, task_queue=opened.settings.task_queue)
    except WorkflowAlreadyStartedError as error:
        raise await _under_way(opened, store_id, error.first_run_id or error.run_id) from None
    except (RPCError, RuntimeError, OSError):
        raise unavailable("Temporal does not answer; nothing was started") from None
    async with opened.database.transaction() as connection:
        run = await syncs.begin(
            connection,
            wanted,
            workflow_id=catalog_sync_id(store_id),
            run_id=started.first_execution_run_id or "",
            status=SyncStatus.QUEUED,
        )
        sync = await syncs.read(connection, store_id, run.sync_id) if run else None
    if sync is None:
        raise Refused(404, {"error": "No such store"})
    return answer(202, _shown(opened, sync, differed=False))


@router.get("/{store_id:id}/syncs/", **documented(answers={200: SyncPage}, refuses=(404,)))
async def list_syncs(
    request: Request, _: Admin, opened: Opened, store_id: PathId, asked: Annotated[Paged, Query()]
) -> Response:
    """A store's syncs, the newest first; those by its schedule and those by hand."""
    await found_store(opened, store_id)
    async with opened.database.reading() as connection:
        count, found = await syncs.list_syncs(
            connection, store_id, offset=asked.offset, limit=asked.page_size
        )
        differed = await drift.with_findings(connection, [sync.id for sync in found])
    shown = [_shown(opened, sync, differed=sync.id in differed) for sync in found]
    return answer(200, page(request, asked, count, shown))


@router.get("/{store_id:id}/syncs/{sync_id:id}/", **documented(answers={200: SyncReport}, refuses=(404,)))
async def read_sync(
    request: Request,
    _: Admin,
    opened: Opened,
    store_id: PathId,
    sync_id: PathId,
    asked: Annotated[Paged, Query()],
) -> Response:
    """How a sync went, and what differed: missed events, silent deletes, renames, stale writes."""
    async with opened.database.reading() as connection:
        sync = await syncs.read(connection, store_id, sync_id)
        if sync is None:
            raise Refused(404, {"error": "No such sync"})
        kinds = await sync_findings.by_kind(connection, sync_id)
        found = await sync_findings.read(connection, sync_id, offset=asked.offset, limit=asked.page_size)
    findings = page(request, asked, sum(kinds.values()), [asdict(finding) for finding in found])
    shown = _shown(opened, sync, differed=bool(kinds))
    return answer(200, {**shown, "kinds": kinds, "findings": findings})

"""`/api/v1/integrations/stores/{id}/syncs/`: resyncs of a store, and the differences that they found."""

from typing import Annotated

from fastapi import Body, Query, Request

from api.actions.resync import ResyncUnderWay, start_resync
from api.bodies import JsonBody
from api.dependencies import AppState, CurrentState, ExistingStore, admin_router, read_store
from api.errors import ApiError, not_found
from api.fields import PathId
from api.openapi.build import refuses
from api.schemas.pagination import PageParams
from api.schemas.syncs import (
    FindingOut,
    FindingPage,
    ResyncRequest,
    SyncOut,
    SyncPage,
    SyncReport,
    SyncUnderWay,
)
from connectors.registry import check_readable
from contracts.syncs import FindingKind, Sync, SyncRequest
from database.sync import findings as sync_findings
from database.sync import runs as syncs

router = admin_router("/api/v1/integrations/stores", tag="syncs")


def _sync_out(state: AppState, sync: Sync, *, differed: bool) -> SyncOut:
    return SyncOut.of(sync, differed=differed, workflow_url=state.workflow_url(sync.workflow_id, sync.run_id))


async def _under_way(state: AppState, store_id: int, run_id: str | None) -> ApiError:
    """Returns a 409 that shows the running sync."""
    async with state.database.reading() as connection:
        sync_id = await syncs.under_way(connection, store_id, run_id)
        sync = await syncs.read(connection, store_id, sync_id) if sync_id else None
    body = SyncUnderWay(
        error="A sync of this store is under way",
        sync=_sync_out(state, sync, differed=True) if sync else None,
    )
    return ApiError(409, body.model_dump())


@router.post(
    "/{store_id:id}/resync/", status_code=202, responses={409: {"model": SyncUnderWay}, **refuses(404)}
)
async def resync(
    state: CurrentState,
    store_id: PathId,
    body: Annotated[JsonBody[ResyncRequest], Body(default_factory=ResyncRequest)],
) -> SyncOut:
    """Compare a shop with the stored products and apply the differences; a store has one sync at a time."""
    store = await read_store(state, store_id)
    check_readable(store)
    wanted = SyncRequest(store_id=store.id, **body.model_dump())
    try:
        sync = await start_resync(state, wanted)
    except ResyncUnderWay as running:
        raise await _under_way(state, store.id, running.run_id) from None
    return _sync_out(state, sync, differed=False)


@router.get("/{store_id:id}/syncs/", responses=refuses(404))
async def list_syncs(
    request: Request, state: CurrentState, store: ExistingStore, params: Annotated[PageParams, Query()]
) -> SyncPage:
    """A store's syncs, scheduled and manual, the newest first."""
    async with state.database.reading() as connection:
        count, rows = await syncs.list_syncs(
            connection, store.id, offset=params.offset, limit=params.page_size
        )
        differed = await syncs.with_findings(connection, [sync.id for sync in rows])
    results = [_sync_out(state, sync, differed=sync.id in differed) for sync in rows]
    return SyncPage.of(request, params, count, results)


@router.get("/{store_id:id}/syncs/{sync_id:id}/", responses=refuses(404))
async def read_sync(
    request: Request,
    state: CurrentState,
    store_id: PathId,
    sync_id: PathId,
    params: Annotated[PageParams, Query()],
) -> SyncReport:
    """The result of a sync, and its findings: missed events, silent deletes, renames and stale writes."""
    async with state.database.reading() as connection:
        sync = await syncs.read(connection, store_id, sync_id)
        if sync is None:
            raise not_found("sync")
        kinds = await sync_findings.by_kind(connection, sync_id)
        rows = await sync_findings.read(connection, sync_id, offset=params.offset, limit=params.page_size)
    findings = [FindingOut.from_fields_of(row) for row in rows]
    return SyncReport.of(
        sync,
        differed=bool(kinds.keys() - {FindingKind.OUTDATED}),
        workflow_url=state.workflow_url(sync.workflow_id, sync.run_id),
        kinds=kinds,
        findings=FindingPage.of(request, params, sum(kinds.values()), findings),
    )

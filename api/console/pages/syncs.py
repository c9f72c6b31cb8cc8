"""Syncs of a store: start one, watch it, and read what differed."""

from fastapi import Request, Response

from api.actions.resync import ResyncUnderWay, start_resync
from api.console.forms import is_checked
from api.console.params import PageQuery
from api.console.rendering import address, go, page, workflow_link
from api.console.routing import pages
from api.console.scope import own_store
from api.console.session import Visitor
from api.dependencies import app_state, read_store
from api.errors import not_found
from api.fields import Id, PathId
from connectors.registry import READABLE, check_readable
from contracts.syncs import FindingKind, Sync, SyncMode, SyncRequest, SyncStatus
from database.sync import findings, runs

router = pages("/stores")

PAGE = 50
CHOICES = ("incremental", "full", "dry")


class SyncsQuery(PageQuery):
    before: Id | None = None


class FindingQuery(PageQuery):
    """Which findings are shown: of one kind, and from which on."""

    kind: FindingKind | None = None
    skip: int = 0


def _list(store_id: int) -> str:
    return f"/console/stores/{store_id}/syncs/"


@router.get("/{store_id:id}/sync/")
async def confirm(request: Request, store_id: PathId) -> Response:
    """What a sync would do, and the press that starts it; or what is missing before one can run."""
    await own_store(request, store_id)
    visitor: Visitor = request.state.visitor
    store = await read_store(app_state(request), store_id)
    return page(
        request,
        "sync_start.html",
        store=store,
        is_admin=visitor.signed_in.is_staff,
        is_readable=store.type in READABLE and bool(store.base_url) and store.has_credentials,
        can_be_read=store.type in READABLE,
        choices=CHOICES,
        chosen=request.query_params.get("which", "incremental"),
        permits=request.query_params.get("permit") == "1",
    )


@router.post("/{store_id:id}/sync/")
async def start(request: Request, store_id: PathId) -> Response:
    """Start a sync; if one is under way, show that one."""
    await own_store(request, store_id)
    state, form = app_state(request), request.state.form
    check_readable(await read_store(state, store_id))
    which = form.get("which", "")
    wanted = SyncRequest(
        store_id=store_id,
        mode=SyncMode.INCREMENTAL if which == "incremental" else SyncMode.FULL,
        dry_run=which not in ("incremental", "full"),
        allow_gone=is_checked(form, "allow_gone"),
    )
    try:
        sync = await start_resync(state, wanted)
    except ResyncUnderWay as running:
        async with state.database.reading() as connection:
            sync_id = await runs.under_way(connection, store_id, running.run_id)
        return go(f"{_list(store_id)}{sync_id}/" if sync_id else _list(store_id), done="sync_under_way")
    return go(f"{_list(store_id)}{sync.id}/", done="sync_started")


@router.get("/{store_id:id}/syncs/")
async def show(request: Request, store_id: PathId) -> Response:
    """The syncs of a store, the newest first."""
    store = await own_store(request, store_id)
    query = SyncsQuery(**request.query_params)
    async with app_state(request).database.reading() as connection:
        rows = await runs.list_newest(connection, store_id, before=query.before, limit=PAGE + 1)
    here = _list(store_id)
    return page(
        request,
        "syncs.html",
        store=store,
        rows=rows[:PAGE],
        first=here if query.before else "",
        following=address(here, {"before": rows[PAGE - 1].id}) if len(rows) > PAGE else "",
    )


@router.get("/{store_id:id}/syncs/{sync_id:id}/")
async def show_one(request: Request, store_id: PathId, sync_id: PathId) -> Response:
    """One sync: its progress while it runs, then its result, what differed, and what to do."""
    store = await own_store(request, store_id)
    query = FindingQuery(**request.query_params)
    state = app_state(request)
    async with state.database.reading() as connection:
        sync = await runs.read(connection, store_id, sync_id)
        if sync is None:
            raise not_found("sync")
        kinds = await findings.by_kind(connection, sync_id)
        found = await findings.read(connection, sync_id) if kinds and sync.finished_at else []
    shown = [one for one in found if query.kind in (None, one.kind)]
    skip = max(0, query.skip)
    here = f"{_list(store_id)}{sync_id}/"
    of_products = sum(count for kind, count in kinds.items() if kind != FindingKind.OUTDATED)
    counts = sync.counts
    differing = of_products if sync.dry_run else counts.new + counts.changed + counts.gone
    return page(
        request,
        "sync.html",
        store=store,
        sync=sync,
        query=query,
        kinds=kinds,
        total=sum(kinds.values()),
        kept=findings.KEPT,
        rows=shown[skip : skip + PAGE],
        differing=differing,
        is_in_sync=sync.shows_no_difference and not of_products,
        advice=advice(sync, kinds),
        here_of={kind: address(here, {"kind": kind}) for kind in kinds},
        all_at=here,
        first=address(here, query.query(skip=None)) if skip else "",
        following=address(here, query.query(skip=skip + PAGE)) if len(shown) > skip + PAGE else "",
        workflow_url=workflow_link(request, sync.workflow_id, sync.run_id),
    )


def advice(sync: Sync, kinds: dict[str, int]) -> str:
    """Returns the name of the text that says what to do about a sync."""
    if sync.status is SyncStatus.SUCCEEDED:
        lost = {FindingKind.MISSED_EVENT, FindingKind.SILENT_DELETE} & kinds.keys()
        return "missed" if lost else "succeeded"
    return sync.status.value

"""Stores: the list, and one with its connection, its knowledge, its syncs and what assistants may read."""

from fastapi import Request, Response

from api.actions.stores import change_store
from api.console import forms
from api.console.params import PageQuery
from api.console.rendering import address, go, page
from api.console.routing import pages
from api.console.scope import own_store
from api.console.session import Visitor
from api.dependencies import app_state, read_store
from api.fields import Id, PathId, Words
from api.public_url import public_url
from api.schemas.stores import StoreChange
from contracts.ids import webhook_address
from contracts.stores import AssistantAccess
from contracts.syncs import FindingKind, Sync, SyncStatus
from database.access import tokens
from database.access.users import read_user
from database.events.failed import MOST_COUNTED, failed_products
from database.products import activity, counts
from database.sync import findings, runs, store_list
from database.usage import budgets

router = pages("/stores")

PAGE = 50
LIST = "/console/stores/"


class StoreQuery(PageQuery):
    """The filter of the list: a part of a name, an address or an owner's email."""

    part: Words = ""
    before: Id | None = None


@router.get("/")
async def show(request: Request) -> Response:
    """A page of stores, the newest first: of all people for admins, else one's own."""
    query = StoreQuery(**request.query_params)
    visitor: Visitor = request.state.visitor
    owner = None if visitor.signed_in.is_staff else visitor.signed_in.id
    async with app_state(request).database.reading() as connection:
        rows = await store_list.newest(
            connection, owner, part=query.part.strip(), before=query.before, limit=PAGE + 1
        )
    following = rows[PAGE - 1].id if len(rows) > PAGE else None
    return page(
        request,
        "stores.html",
        query=query,
        rows=rows[:PAGE],
        is_admin=owner is None,
        first=address(LIST, query.query(before=None)) if query.before else "",
        following=address(LIST, query.query(before=following)) if following else "",
    )


@router.get("/{store_id:id}/")
async def show_one(request: Request, store_id: PathId) -> Response:
    """One store."""
    await own_store(request, store_id)
    state = app_state(request)
    visitor: Visitor = request.state.visitor
    store = await read_store(state, store_id)
    async with state.database.reading() as connection:
        owner = await read_user(connection, store.user_id)
        known = await counts.read(connection, store_id, model=state.embedding_label)
        failed = await failed_products(connection, store_id)
        seen = await activity.read(connection, store_id)
        budget = next(iter(await budgets.read(connection, store_id)), None)
        syncs = await runs.list_newest(connection, store_id, limit=10)
        last = next((sync for sync in syncs if sync.finished_at is not None), None)
        kinds = await findings.by_kind(connection, last.id) if last else {}
        found = sum(count for kind, count in kinds.items() if kind != FindingKind.OUTDATED)
        usable = await tokens.list_newest(
            connection, owner_id=None, store_id=store_id, is_usable=True, before=None, limit=PAGE
        )
    return page(
        request,
        "store.html",
        store=store,
        is_admin=visitor.signed_in.is_staff,
        is_closed=owner is None or not owner.is_active,
        webhook_url=webhook_address(public_url(request), store.type, store.id),
        counts=known,
        budget=budget,
        failed=failed,
        most_failed=MOST_COUNTED,
        seen=seen,
        running=next((sync for sync in syncs if sync.finished_at is None), None),
        last=last,
        drift=drift(last, found),
        found=found,
        tokens=usable,
        choices=list(AssistantAccess),
    )


@router.post("/{store_id:id}/access/")
async def change_access(request: Request, store_id: PathId) -> Response:
    """Say who may read the catalogue of a store by the doors for assistants."""
    await own_store(request, store_id)
    state = app_state(request)
    change = forms.read(StoreChange, {"assistant_access": request.state.form.get("assistant_access", "")})
    await change_store(state, await read_store(state, store_id), change)
    return go(f"{LIST}{store_id}/", done="access_changed")


def drift(last: Sync | None, found: int) -> str:
    """Returns what the last ended sync says of the store, as the name of a text."""
    if last is None:
        return "unknown"
    if last.status is SyncStatus.REFUSED:
        return "refused"
    if last.status is not SyncStatus.SUCCEEDED:
        return "failed"
    return "found" if found else "none"

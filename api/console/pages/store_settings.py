"""Make a store, change its settings, and remove it; for admins."""

import asyncio
import logging
from typing import Any

from fastapi import Request, Response

from api.actions.shop_webhooks import LeftWebhooks
from api.actions.stores import change_store, make_store, remove_store
from api.console import forms
from api.console.forms import Form, FormProblem
from api.console.rendering import address, go, page
from api.console.routing import staff_pages
from api.console.session import Visitor
from api.dependencies import AppState, app_state, read_store
from api.fields import PathId
from api.public_url import public_url
from api.schemas.stores import NewStoreRequest, StoreChange
from connectors.registry import PLATFORMS, READABLE
from contracts.ids import webhook_address
from contracts.stores import Store, StoreType
from database.access import users
from knowledge.search.keys import compact

router = staff_pages("/stores")

LIST = "/console/stores/"
WATCHED = 20.0
"""Seconds that the page waits for a removal."""

logger = logging.getLogger("pilito.api")

_removals: set[asyncio.Task[LeftWebhooks]] = set()

BUDGETS = ("budget_day_tokens", "budget_month_tokens")
CURRENCIES = ("IRT", "IRR", "IRHT", "IRHR", "USD", "EUR", "GBP", "AED", "TRY")


def _key_names(type_: StoreType) -> list[str]:
    """Returns the fields of a read key that the form has; tokens that only programs renew are left out."""
    platform = PLATFORMS[type_]
    names = dict.fromkeys(
        name for names in (platform.credentials, *platform.other_credentials) for name in names
    )
    return [name for name in names if name != "refresh_token"]


async def _owner(request: Request, email: str) -> int | None:
    """Returns the user with this email, None for no email; raises FormProblem."""
    if not email:
        return None
    async with app_state(request).database.reading() as connection:
        user = await users.find_user(connection, email)
    if user is None:
        raise FormProblem("user_id", "there is no account with this email")
    return user.id


def _form(
    request: Request,
    type_: StoreType,
    entered: Form,
    *,
    store: Store | None,
    problem: FormProblem | None = None,
) -> Response:
    return page(
        request,
        "store_form.html",
        status=problem.status_code if problem else 200,
        store=store,
        type=type_,
        types=list(StoreType),
        entered=entered,
        problem=problem,
        key_names=_key_names(type_),
        can_be_read=type_ in READABLE,
        currencies=CURRENCIES,
    )


def _written(number: int | None) -> str:
    return "" if number is None else str(number)


def _type(given: str) -> StoreType:
    return StoreType(given) if given in tuple(StoreType) else StoreType.WOOCOMMERCE


@router.get("/new/")
async def new(request: Request) -> Response:
    """The form of a new store, of the platform in the address."""
    visitor: Visitor = request.state.visitor
    entered = {"owner": visitor.signed_in.email}
    return _form(request, _type(request.query_params.get("type", "")), entered, store=None)


@router.post("/new/")
async def make(request: Request) -> Response:
    """Make a store; the page that follows is the only one that shows its webhook secret."""
    form: Form = request.state.form
    visitor: Visitor = request.state.visitor
    type_ = _type(form.get("type", ""))
    public = public_url(request)
    try:
        values: dict[str, Any] = {
            "type": type_,
            **forms.filled(form, "name", "base_url", "currency", "webhook_secret"),
            "user_id": await _owner(request, form.get("owner", "").strip()),
            "credentials": forms.filled(form, *_key_names(type_)) or None,
        }
        with forms.refused():
            store, secret = await make_store(
                app_state(request), NewStoreRequest(**values), admin_id=visitor.signed_in.id
            )
    except FormProblem as problem:
        return _form(request, type_, form, store=None, problem=problem)
    webhook_url = webhook_address(public, store.type, store.id)
    return page(request, "store_made.html", store=store, secret=secret, webhook_url=webhook_url)


@router.get("/{store_id:id}/settings/")
async def settings(request: Request, store_id: PathId) -> Response:
    """The form with the settings of a store."""
    store = await read_store(app_state(request), store_id)
    schedule = store.schedule
    entered = {
        "name": store.name,
        "base_url": store.base_url,
        "currency": store.currency or "",
        "incremental_hours": str(schedule.incremental_hours or ""),
        "full_days": str(schedule.full_days or ""),
        "paused": "1" if schedule.paused else "",
        "require_signature": "1" if store.require_signature else "",
        **{name: _written(getattr(store, name)) for name in BUDGETS},
    }
    return _form(request, store.type, entered, store=store)


@router.post("/{store_id:id}/settings/")
async def change(request: Request, store_id: PathId) -> Response:
    """Save the settings of a store."""
    state = app_state(request)
    store = await read_store(state, store_id)
    form: Form = request.state.form
    try:
        with forms.refused():
            await change_store(state, store, StoreChange(**_changed(store, form)))
    except FormProblem as problem:
        return _form(request, store.type, form, store=store, problem=problem)
    return go(address(f"{LIST}{store_id}/", {"done": "store_changed"}))


def _changed(store: Store, form: Form) -> dict[str, Any]:
    """Returns the fields that a form changes, as the API names them."""
    values: dict[str, Any] = {"name": form.get("name", "").strip()}
    if (base_url := form.get("base_url", "").strip()) != store.base_url:
        values["base_url"] = base_url
    if (currency := form.get("currency", "").strip()) != (store.currency or ""):
        values["currency"] = currency or None
    if (signed := forms.is_checked(form, "require_signature")) != store.require_signature:
        values["require_signature"] = signed
    budgets = {name: forms.whole(form.get(name, "")) for name in BUDGETS}
    values |= {name: budget for name, budget in budgets.items() if budget != getattr(store, name)}
    if store.type in READABLE:
        values |= _schedule_and_key(store, form)
    return values


def _schedule_and_key(store: Store, form: Form) -> dict[str, Any]:
    values: dict[str, Any] = {}
    present = store.schedule
    schedule = {
        "incremental_hours": forms.whole(form.get("incremental_hours", "")),
        "full_days": forms.whole(form.get("full_days", "")),
        "paused": forms.is_checked(form, "paused"),
    }
    if schedule != {name: getattr(present, name) for name in schedule}:
        values["schedule"] = schedule
    if key := forms.filled(form, *_key_names(store.type)):
        values["credentials"] = key
    elif forms.is_checked(form, "remove_key"):
        values["credentials"] = None
    return values


@router.get("/{store_id:id}/remove/")
async def confirm_removal(request: Request, store_id: PathId) -> Response:
    """What a removal takes away and what stays, and the form that needs the name of the store."""
    return _removal(request, await read_store(app_state(request), store_id))


@router.post("/{store_id:id}/remove/")
async def remove(request: Request, store_id: PathId) -> Response:
    """Remove a store if the form has its name; one with many events is gone only after minutes."""
    state = app_state(request)
    store = await read_store(state, store_id)
    if not _is_name(request.state.form.get("typed", ""), store.name):
        return _removal(request, store, FormProblem("typed", "is not the name of the store"))
    left = await _removed(state, store_id)
    if left is None:
        return go(LIST, done="store_going")
    return go(LIST, done="store_removed_but_webhooks" if left.hooks else "store_removed")


def _removal(request: Request, store: Store, problem: FormProblem | None = None) -> Response:
    status = problem.status_code if problem else 200
    return page(request, "store_remove.html", status=status, store=store, problem=problem)


def _is_name(typed: str, name: str) -> bool:
    """Returns whether two names are the same, but for spaces, half-spaces and kinds of letters."""
    typed, name = typed.strip(), name.strip()
    return bool(typed) and (typed == name or compact(typed) == compact(name) != "")


async def _removed(state: AppState, store_id: int) -> LeftWebhooks | None:
    """Remove a store. Returns the webhooks that are left in its shop.

    Returns None where the removal takes longer; then it goes on without the browser.
    """
    removal = asyncio.create_task(remove_store(state, store_id))
    _removals.add(removal)
    removal.add_done_callback(_forget)
    done, _ = await asyncio.wait({removal}, timeout=WATCHED)
    return removal.result() if done else None


def _forget(removal: asyncio.Task[LeftWebhooks]) -> None:
    """Drop a removal that ended, and log why it failed: its page may have been answered before."""
    _removals.discard(removal)
    if not removal.cancelled() and (error := removal.exception()) is not None:
        logger.warning("the removal of a store failed: %s", type(error).__name__)

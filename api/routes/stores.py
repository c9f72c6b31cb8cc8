"""`/api/v1/integrations/stores/`: the stores of all users; a response shows a secret only when it is new."""

import asyncio
import logging
import re
from dataclasses import asdict
from datetime import timedelta
from typing import Annotated, Any

import httpx2
from fastapi import Body, Query, Request, Response
from temporalio.service import RPCError

from api.bodies import JsonBody
from api.dependencies import AppState, CurrentAdmin, CurrentState, ExistingStore, admin_router, read_store
from api.errors import DATABASE_DOWN, invalid_field, not_found
from api.fields import PathId
from api.openapi.build import refuses
from api.public_url import public_url
from api.schemas.stores import (
    NewStoreRequest,
    SecretRotation,
    StoreChange,
    StoreListParams,
    StoreOut,
    StorePage,
    StoreWithSecret,
)
from connectors.http.outbound import shop_url
from connectors.registry import PLATFORMS, READABLE
from contracts.errors import ForbiddenAddress
from contracts.ids import webhook_address
from contracts.stores import Store, StoreType, SyncSchedule
from database.access import stores, users
from temporal.store_schedules import StoreSchedules

router = admin_router("/api/v1/integrations/stores", tag="stores")

logger = logging.getLogger("pilito.api")

LOOK_UP_WITHIN = 2.0


def _webhook_url(request: Request, store: Store) -> str:
    """Returns the address to which the shop sends its own webhooks."""
    return webhook_address(public_url(request), store.type, store.id)


def _check_secret(secret: str | None, type_: StoreType) -> None:
    required = PLATFORMS[type_].webhook_secret
    if required and secret and not re.fullmatch(required.pattern, secret):
        raise invalid_field("webhook_secret", f"expected {required.expected}")


def _encrypted(state: AppState, type_: StoreType, credentials: dict[str, str] | None) -> bytes | None:
    if credentials is None:
        return None
    platform = PLATFORMS[type_]
    forms = (platform.credentials, *platform.other_credentials)
    if not any(set(credentials) == set(form) for form in forms):
        taken = ", or ".join(" and ".join(form) or "none" for form in forms)
        raise invalid_field("credentials", f"a {type_} store takes {taken}")
    return state.secret_box.encrypt_fields(credentials)


async def _checked_url(state: AppState, base_url: str) -> str:
    """Returns a shop's address in one spelling; a name that cannot be resolved now is accepted."""
    if not base_url.strip():
        return ""
    url = shop_url(base_url)
    try:
        async with asyncio.timeout(LOOK_UP_WITHIN):
            await state.outbound.reachable(httpx2.URL(url))
    except ForbiddenAddress:
        problem = "leads into a private network; PILITO_ALLOW_PRIVATE_SHOPS would allow that"
        raise invalid_field("base_url", problem) from None
    except (TimeoutError, OSError):
        return url
    return url


def _same_host(first: str, second: str) -> bool:
    return httpx2.URL(first).netloc == httpx2.URL(second).netloc


async def refresh_schedules(state: AppState, store_id: int, *, insist: bool = False) -> None:
    """Bring a store's schedules up to date; while Temporal is down, the periodic alignment does it later."""
    schedules = StoreSchedules(state.temporal, task_queue=state.settings.task_queue)
    try:
        async with state.database.reading() as connection:
            readable = await stores.readable(connection, READABLE, only=store_id)
        await schedules.set(store_id, readable[0] if readable else None, insist=insist)
    except (RPCError, RuntimeError, OSError, *DATABASE_DOWN) as error:
        logger.warning(
            "schedules of store %s are left to the next alignment: %s", store_id, type(error).__name__
        )


@router.get("/")
async def list_stores(
    request: Request, state: CurrentState, params: Annotated[StoreListParams, Query()]
) -> StorePage:
    """All stores, or the stores of one user or type, the newest first."""
    async with state.database.reading() as connection:
        count, rows = await stores.list_stores(
            connection,
            user_id=params.user_id,
            type_=params.type,
            offset=params.offset,
            limit=params.page_size,
        )
    results = [StoreOut.of(store, webhook_url=_webhook_url(request, store)) for store in rows]
    return StorePage.of(request, params, count, results)


@router.post("/", status_code=201, responses=refuses(404))
async def create_store(
    request: Request, admin: CurrentAdmin, state: CurrentState, body: JsonBody[NewStoreRequest]
) -> StoreWithSecret:
    """Make a store; only this response contains its webhook secret."""
    public_url(request)  # a malformed Host is refused before the secret is stored
    _check_secret(body.webhook_secret, body.type)
    credentials = _encrypted(state, body.type, body.credentials)
    base_url = await _checked_url(state, body.base_url)
    secret = body.webhook_secret or stores.new_webhook_secret()
    owner = body.user_id or admin.id
    async with state.database.transaction() as connection:
        if await users.read_user(connection, owner) is None:
            raise not_found("user", field="user_id")
        store_id = await stores.create(
            connection,
            user_id=owner,
            name=body.name.strip(),
            type_=body.type,
            base_url=base_url,
            currency=body.currency,
            webhook_secret=state.secret_box.encrypt(secret),
            credentials=credentials,
            require_signature=body.require_signature,
            assistant_access=body.assistant_access,
            schedule=asdict(SyncSchedule(**body.schedule.model_dump())) if body.schedule else None,
        )
    if base_url and credentials:
        await refresh_schedules(state, store_id)
    store = await read_store(state, store_id)
    return StoreWithSecret.of(store, webhook_url=_webhook_url(request, store), webhook_secret=secret)


@router.get("/{store_id:id}/", responses=refuses(404))
async def show_store(request: Request, state: CurrentState, store: ExistingStore) -> StoreOut:
    """One store, without its secrets."""
    return StoreOut.of(store, webhook_url=_webhook_url(request, store))


@router.patch("/{store_id:id}/", responses=refuses(404))
async def change_store(
    request: Request, state: CurrentState, store_id: PathId, body: JsonBody[StoreChange]
) -> StoreOut:
    """Change the fields in the body and no others; the type of a store cannot be changed."""
    store = await read_store(state, store_id)
    given = body.model_fields_set
    values: dict[str, Any] = {}
    if body.name is not None:
        values["name"] = body.name.strip()
    if body.require_signature is not None:
        if body.require_signature and not store.has_webhook_secret:
            raise invalid_field("require_signature", "the store has no webhook secret; rotate it first")
        values["require_signature"] = body.require_signature
    if body.assistant_access is not None:
        values["assistant_access"] = body.assistant_access
    if "currency" in given:
        values["currency"] = body.currency
    if "base_url" in given:
        values["base_url"] = await _checked_url(state, body.base_url or "")
        if not _same_host(values["base_url"], store.base_url):
            values["credentials"] = None  # they belong to the shop at the previous host
    if "credentials" in given:
        values["credentials"] = _encrypted(state, store.type, body.credentials)
    if "credentials" in values or values.get("base_url", store.base_url) != store.base_url:
        values["webhooks"] = None  # their last check was of another shop, or with another key
    if "schedule" in given:
        stored = asdict(store.schedule) if body.schedule else asdict(SyncSchedule())
        values["schedule"] = stored | (body.schedule.model_dump(exclude_unset=True) if body.schedule else {})
    async with state.database.transaction() as connection:
        await stores.change(connection, store.id, values)
    if {"base_url", "credentials", "schedule"} & given:
        await refresh_schedules(state, store.id, insist="schedule" in given)
    changed = await read_store(state, store.id)
    return StoreOut.of(changed, webhook_url=_webhook_url(request, changed))


@router.delete("/{store_id:id}/", status_code=204, response_class=Response, responses=refuses(404))
async def remove_store(state: CurrentState, store_id: PathId) -> None:
    """Remove a store with its tokens, events, products and knowledge."""
    async with state.database.transaction() as connection:
        removed = await stores.remove(connection, store_id)
    if not removed:
        raise not_found("store")
    await refresh_schedules(state, store_id)


@router.post("/{store_id:id}/rotate-secret/", responses=refuses(404))
async def rotate_secret(
    request: Request,
    state: CurrentState,
    store_id: PathId,
    body: Annotated[JsonBody[SecretRotation], Body(default_factory=SecretRotation)],
) -> StoreWithSecret:
    """Replace the webhook secret; the previous secret is accepted for `overlap_hours`."""
    public_url(request)  # a malformed Host is refused before the secret is stored
    store = await read_store(state, store_id)
    _check_secret(body.webhook_secret, store.type)
    secret = body.webhook_secret or stores.new_webhook_secret()
    async with state.database.transaction() as connection:
        await stores.rotate_secret(
            connection,
            store.id,
            state.secret_box.encrypt(secret),
            overlap=timedelta(hours=body.overlap_hours),
        )
    changed = await read_store(state, store.id)
    return StoreWithSecret.of(changed, webhook_url=_webhook_url(request, changed), webhook_secret=secret)

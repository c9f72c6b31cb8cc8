"""`/api/v1/integrations/stores/`: the shops of all users; what is secret goes in, and comes out once."""

import asyncio
import re
from dataclasses import asdict
from datetime import timedelta
from typing import Annotated, Any

import httpx2
from fastapi import APIRouter, Query, Request, Response

from api.dependencies import Admin, Opened, State
from api.errors import Refused, answer, invalid
from api.fields import PathId, read_model
from api.middleware.body import json_object, read_body
from api.openapi.build import documented
from api.pagination import page
from api.schemas.stores import (
    NewStore,
    SecretRotation,
    ShownStore,
    StoreChange,
    StorePage,
    StoreRequest,
    StoresAsked,
)
from api.store_access import found_store, refresh_schedules
from connectors.http.outbound import shop_url
from connectors.registry import PLATFORMS
from contracts.errors import ForbiddenAddress, InvalidField
from contracts.ids import webhook_address
from contracts.stores import Store, StoreType, SyncSchedule
from database.access import stores, users

router = APIRouter(prefix="/api/v1/integrations/stores", tags=["stores"])

MAX_STORE_BYTES = 32 * 1024
LOOK_UP_WITHIN = 2.0


def webhook_url(opened: State, request: Request, store: Store) -> str:
    """Where a store's own webhooks are to be sent."""
    public = str(opened.settings.public_url or request.base_url)
    return webhook_address(public, store.type, store.id)


def _shown(opened: State, request: Request, store: Store, **also: Any) -> dict[str, Any]:
    told = asdict(store)
    told["user"] = {"id": told.pop("user_id"), "email": told.pop("user_email")}
    return {**told, "webhook_url": webhook_url(opened, request, store), **also}


def _check_secret(secret: str | None, type_: StoreType) -> None:
    if type_ is StoreType.CUSTOM and secret and not re.fullmatch(stores.STANDARD_SECRET, secret):
        problem = "expected whsec_ and 24 to 64 bytes in base64, as Standard Webhooks wants it"
        raise invalid(f"webhook_secret: {problem}", field="webhook_secret", problem=problem)


def _encrypted_credentials(opened: State, type_: StoreType, given: dict[str, str] | None) -> bytes | None:
    if given is None:
        return None
    wanted = PLATFORMS[type_].credentials
    if set(given) != set(wanted):
        problem = f"a {type_} store takes {' and '.join(wanted) or 'none'}"
        raise invalid(f"credentials: {problem}", field="credentials", problem=problem)
    return opened.secret_box.encrypt_fields(given)


async def _address(opened: State, given: str) -> str:
    """A shop's address we may one day connect to; a name that does not resolve yet may do so later."""
    if not given.strip():
        return ""
    try:
        url = shop_url(given)
        async with asyncio.timeout(LOOK_UP_WITHIN):
            await opened.outbound.reachable(httpx2.URL(url))
    except InvalidField as error:
        raise invalid(str(error), field=error.field, problem=error.problem) from None
    except ForbiddenAddress:
        problem = "leads into a private network; PILITO_ALLOW_PRIVATE_SHOPS would allow that"
        raise invalid(f"base_url: {problem}", field="base_url", problem=problem) from None
    except (TimeoutError, OSError):
        return url
    return url


def _same_host(one: str, other: str) -> bool:
    return httpx2.URL(one).netloc == httpx2.URL(other).netloc


@router.get("/", **documented(answers={200: StorePage}))
async def list_stores(
    request: Request, _: Admin, opened: Opened, asked: Annotated[StoresAsked, Query()]
) -> Response:
    """All stores, or those of one user or type, the newest first."""
    async with opened.database.reading() as connection:
        count, found = await stores.list_stores(
            connection, user_id=asked.user_id, type_=asked.type, offset=asked.offset, limit=asked.page_size
        )
    return answer(200, page(request, asked, count, [_shown(opened, request, store) for store in found]))


@router.post("/", **documented(body=StoreRequest, answers={201: NewStore}, refuses=(404,)))
async def create_store(request: Request, admin: Admin, opened: Opened) -> Response:
    """Make a store; the answer holds its webhook secret, and no other ever will."""
    asked = read_model(StoreRequest, json_object(await read_body(request, limit=MAX_STORE_BYTES)))
    _check_secret(asked.webhook_secret, asked.type)
    credentials = _encrypted_credentials(opened, asked.type, asked.credentials)
    base_url = await _address(opened, asked.base_url)
    secret = asked.webhook_secret or stores.new_webhook_secret()
    owner = asked.user_id or admin.id
    async with opened.database.transaction() as connection:
        if await users.read_user(connection, owner) is None:
            raise Refused(404, {"error": "No such user", "field": "user_id"})
        store_id = await stores.create(
            connection,
            user_id=owner,
            name=asked.name.strip(),
            type_=asked.type,
            base_url=base_url,
            currency=asked.currency,
            webhook_secret=opened.secret_box.encrypt(secret),
            credentials=credentials,
            schedule=asdict(SyncSchedule(**asked.schedule.model_dump())) if asked.schedule else None,
        )
    if base_url and credentials:
        await refresh_schedules(opened, store_id)
    store = await found_store(opened, store_id)
    return answer(201, _shown(opened, request, store, webhook_secret=secret))


@router.get("/{store_id:id}/", **documented(answers={200: ShownStore}, refuses=(404,)))
async def read_store(request: Request, _: Admin, opened: Opened, store_id: PathId) -> Response:
    """One store, without its secrets."""
    return answer(200, _shown(opened, request, await found_store(opened, store_id)))


@router.patch("/{store_id:id}/", **documented(body=StoreChange, answers={200: ShownStore}, refuses=(404,)))
async def change_store(request: Request, _: Admin, opened: Opened, store_id: PathId) -> Response:
    """Change what is named and nothing else; the type of a store stays what it is."""
    asked = read_model(StoreChange, json_object(await read_body(request, limit=MAX_STORE_BYTES)))
    store = await found_store(opened, store_id)
    given = asked.model_fields_set
    values: dict[str, Any] = {}
    if asked.name is not None:
        values["name"] = asked.name.strip()
    if "currency" in given:
        values["currency"] = asked.currency
    if "base_url" in given:
        values["base_url"] = await _address(opened, asked.base_url or "")
        if not _same_host(values["base_url"], store.base_url):
            values["credentials"] = None  # they were given for the shop at the other host
    if "credentials" in given:
        values["credentials"] = _encrypted_credentials(opened, store.type, asked.credentials)
    if "credentials" in values or values.get("base_url", store.base_url) != store.base_url:
        values["webhooks"] = None  # they were those of another shop, or seen with another key
    if "schedule" in given:
        kept = asdict(store.schedule) if asked.schedule else asdict(SyncSchedule())
        values["schedule"] = kept | (asked.schedule.model_dump(exclude_unset=True) if asked.schedule else {})
    async with opened.database.transaction() as connection:
        await stores.change(connection, store_id, values)
    if {"base_url", "credentials", "schedule"} & given:
        await refresh_schedules(opened, store_id, insist="schedule" in given)
    return answer(200, _shown(opened, request, await found_store(opened, store_id)))


@router.delete("/{store_id:id}/", **documented(answers={204: None}, refuses=(404,)))
async def remove_store(_: Admin, opened: Opened, store_id: PathId) -> Response:
    """Remove a store with its tokens, events, products and knowledge."""
    async with opened.database.transaction() as connection:
        removed = await stores.remove(connection, store_id)
    if not removed:
        raise Refused(404, {"error": "No such store"})
    await refresh_schedules(opened, store_id)
    return Response(status_code=204)


@router.post(
    "/{store_id:id}/rotate-secret/",
    **documented(body=SecretRotation, body_required=False, answers={200: NewStore}, refuses=(404,)),
)
async def rotate_secret(request: Request, _: Admin, opened: Opened, store_id: PathId) -> Response:
    """Replace the webhook secret; deliveries signed with the one before are taken for a while yet."""
    raw = await read_body(request, limit=MAX_STORE_BYTES)
    asked = read_model(SecretRotation, json_object(raw or b"{}"))
    store = await found_store(opened, store_id)
    _check_secret(asked.webhook_secret, store.type)
    secret = asked.webhook_secret or stores.new_webhook_secret()
    async with opened.database.transaction() as connection:
        await stores.rotate_secret(
            connection,
            store_id,
            opened.secret_box.encrypt(secret),
            overlap=timedelta(hours=asked.overlap_hours),
        )
    return answer(200, _shown(opened, request, await found_store(opened, store_id), webhook_secret=secret))

"""Make a store, change it, rotate its webhook secret, and remove it."""

import asyncio
import re
from dataclasses import asdict
from datetime import timedelta
from typing import Any

import httpx2

from api.actions.removal import API_WAITS, delete_histories, remove_from_shop_and_database
from api.actions.schedules import refresh_schedules
from api.actions.shop_webhooks import LeftWebhooks
from api.dependencies import AppState, read_store
from api.errors import invalid_field, not_found
from api.schemas.stores import NewStoreRequest, SecretRotation, StoreChange
from connectors.http.outbound import shop_url
from connectors.registry import PLATFORMS
from contracts.errors import ForbiddenAddress
from contracts.stores import Store, StoreType, SyncSchedule
from database.access import stores, users

LOOK_UP_WITHIN = 2.0


def check_secret(secret: str | None, type_: StoreType) -> None:
    """Raises 400 for a webhook secret that the platform does not take."""
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


async def make_store(state: AppState, wanted: NewStoreRequest, *, admin_id: int) -> tuple[Store, str]:
    """Returns a new store, of the admin unless another user is wanted, and its webhook secret.

    Raises 400 or InvalidField for a field, and 404 for an unknown user.
    """
    check_secret(wanted.webhook_secret, wanted.type)
    credentials = _encrypted(state, wanted.type, wanted.credentials)
    base_url = await _checked_url(state, wanted.base_url)
    secret = wanted.webhook_secret or stores.new_webhook_secret()
    owner = wanted.user_id or admin_id
    async with state.database.transaction() as connection:
        if await users.read_user(connection, owner) is None:
            raise not_found("user", field="user_id")
        store_id = await stores.create(
            connection,
            user_id=owner,
            name=wanted.name.strip(),
            type_=wanted.type,
            base_url=base_url,
            currency=wanted.currency,
            webhook_secret=state.secret_box.encrypt(secret),
            credentials=credentials,
            require_signature=wanted.require_signature,
            assistant_access=wanted.assistant_access,
            schedule=asdict(SyncSchedule(**wanted.schedule.model_dump())) if wanted.schedule else None,
        )
    if base_url and credentials:
        await refresh_schedules(state, store_id)
    return await read_store(state, store_id), secret


async def change_store(state: AppState, store: Store, change: StoreChange) -> Store:
    """Returns a store after a change of the given fields; raises 400, InvalidField, and 404 if it is gone."""
    given = change.model_fields_set
    values = await _changed(state, store, change)
    async with state.database.transaction() as connection:
        await stores.change(connection, store.id, values)
    if {"base_url", "credentials", "schedule"} & given:
        await refresh_schedules(state, store.id, insist="schedule" in given)
    return await read_store(state, store.id)


async def rotate_secret(state: AppState, store: Store, wanted: SecretRotation) -> tuple[Store, str]:
    """Returns a store with its new webhook secret; the previous one is accepted for `overlap_hours`.

    Raises 400 for a secret that the platform does not take, and 404 if the store is gone.
    """
    check_secret(wanted.webhook_secret, store.type)
    secret = wanted.webhook_secret or stores.new_webhook_secret()
    async with state.database.transaction() as connection:
        await stores.rotate_secret(
            connection,
            store.id,
            state.secret_box.encrypt(secret),
            overlap=timedelta(hours=wanted.overlap_hours),
        )
    return await read_store(state, store.id), secret


async def remove_store(state: AppState, store_id: int) -> LeftWebhooks:
    """Remove a store with its tokens, events, products and knowledge; raises 404.

    The shop's webhooks that send to us are removed first; returns the webhooks that are left. Its workflows
    in Temporal are deleted too, for some seconds.
    """
    left = await remove_from_shop_and_database(state, await read_store(state, store_id))
    if left is None:
        raise not_found("store")
    await delete_histories(state, [store_id], within=API_WAITS)
    return left


async def _changed(state: AppState, store: Store, change: StoreChange) -> dict[str, Any]:
    """Returns the columns that a change sets."""
    given = change.model_fields_set
    values: dict[str, Any] = {}
    if change.name is not None:
        values["name"] = change.name.strip()
    if change.require_signature is not None:
        if change.require_signature and not store.has_webhook_secret:
            raise invalid_field("require_signature", "the store has no webhook secret; rotate it first")
        values["require_signature"] = change.require_signature
    if change.assistant_access is not None:
        values["assistant_access"] = change.assistant_access
    for name in ("budget_day_tokens", "budget_month_tokens"):
        if name in given:
            values[name] = getattr(change, name)
    if "currency" in given:
        values["currency"] = change.currency
    if "base_url" in given:
        values["base_url"] = await _checked_url(state, change.base_url or "")
        if not _same_host(values["base_url"], store.base_url):
            values["credentials"] = None  # they belong to the shop at the previous host
    if "credentials" in given:
        values["credentials"] = _encrypted(state, store.type, change.credentials)
    if "credentials" in values or values.get("base_url", store.base_url) != store.base_url:
        values["webhooks"] = None  # their last check was of another shop, or with another key
    if "schedule" in given:
        stored = asdict(store.schedule) if change.schedule else asdict(SyncSchedule())
        set_now = change.schedule.model_dump(exclude_unset=True) if change.schedule else {}
        values["schedule"] = stored | set_now
    return values

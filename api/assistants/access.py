"""Who may come in by a door for assistants: a token of the store, or everyone if the store is public."""

from collections.abc import Hashable

from fastapi import Depends, Request

from api.dependencies import AppState, app_state, current_integration
from api.errors import ApiError, not_found, too_many, unauthenticated
from api.fields import LARGEST_ID
from api.middleware.request_log import request_facts
from api.openapi.build import INTEGRATION_TOKEN
from api.security.client_ip import client_address, client_network, client_site
from api.security.rate_limit import TokenBuckets
from contracts.stores import AssistantAccess, OpenStore
from database.access import assistants

NO_STORE = 0
"""Takes the place of a store's id in the limit for requests that name no store, or none that is public."""

NETWORKS_OF_A_SITE = 10
"""An IPv6 site has 65,536 networks, and as many requests as ten of them."""


PUBLIC_OR_TOKEN = Depends(INTEGRATION_TOKEN)
"""Says in the OpenAPI document that a route takes a token; `enter` checks it."""

WITHOUT_TOKEN: dict[str, list[dict[str, list[str]]]] = {"security": [{}]}
"""Says there that a public store needs none."""


async def enter(request: Request, store_id: int | None, *, challenge: str = "Bearer") -> OpenStore:
    """Returns the store that a request may read; without `store_id`, the store of its token.

    A token counts as a request of that token. A request to a public store without one counts against the
    limit that the client's network has for that store; requests to all other stores have one limit together,
    which is checked before a store is read. `challenge` is the `WWW-Authenticate` header of a 401. Raises
    401, 403 for a store that is closed to assistants, 404 for a store of others, 429 and 503.
    """
    state = app_state(request)
    try:
        if request.headers.get("authorization"):
            return await _by_token(request, state, store_id)
        _take(request, NO_STORE)
        store = await _read_public(state, store_id)
        for bucket, key in _buckets(request, NO_STORE):
            bucket.give_back(key)
        return _counted(request, store)
    except ApiError as error:
        if error.status_code == 401:
            raise ApiError(401, error.content, {"WWW-Authenticate": challenge}) from None
        raise


async def _by_token(request: Request, state: AppState, store_id: int | None) -> OpenStore:
    integration = await current_integration(request)
    if store_id is not None and store_id != integration.store_id:
        raise not_found("store")
    store = await _read(state, integration.store_id)
    if store is None:
        raise unauthenticated("Invalid token")
    if store.assistant_access is AssistantAccess.OFF:
        raise ApiError(403, {"error": "This store is closed to assistants; its `assistant_access` is off"})
    return store


async def charge(request: Request, store: OpenStore, requests: int) -> None:
    """Count a request to a store, which `enter` has counted once, as some more; raises 429."""
    state = app_state(request)
    token_id = request_facts(request).token_id
    for _ in range(requests):
        if token_id is None:
            check_public_limit(request, store.id)
        else:
            await state.rate_limit.check(token_id)


async def public_store(request: Request, store_id: int | None) -> OpenStore:
    """Returns a public store, after a request to it was counted; raises 401, 429 and 503."""
    return _counted(request, await _read_public(app_state(request), store_id))


async def _read_public(state: AppState, store_id: int | None) -> OpenStore:
    """Returns a public store; others are refused in the same way as stores that do not exist."""
    store = await _read(state, store_id) if store_id is not None and 0 < store_id <= LARGEST_ID else None
    if store is None or store.assistant_access is not AssistantAccess.PUBLIC:
        raise unauthenticated("Invalid token")
    return store


def _counted(request: Request, store: OpenStore) -> OpenStore:
    """Count a request to a public store; raises 429."""
    check_public_limit(request, store.id)
    facts = request_facts(request)
    facts.user_id, facts.store_id = store.user_id, store.id
    return store


def check_public_limit(request: Request, store_id: int) -> None:
    """Count a request without a token to a store; raises 429 for a client's network with too many."""
    _take(request, store_id)
    app_state(request).metrics.limited(refused=False)


def _take(request: Request, store_id: int) -> None:
    for bucket, key in _buckets(request, store_id):
        wait = bucket.take(key)
        if wait > 0:
            app_state(request).metrics.limited(refused=True)
            raise too_many(wait)


def _buckets(request: Request, store_id: int) -> list[tuple[TokenBuckets, Hashable]]:
    """Returns what a request without a token is taken from: the bucket of its network, and of its site."""
    state = app_state(request)
    address = client_address(request, state.settings.trusted_proxies)
    site = client_site(address)
    network: tuple[TokenBuckets, Hashable] = (state.public_limit, (store_id, client_network(address)))
    return [network] if site is None else [network, (state.public_site_limit, (store_id, site))]


async def _read(state: AppState, store_id: int) -> OpenStore | None:
    async with state.database.reading() as connection:
        return await assistants.read(connection, store_id)

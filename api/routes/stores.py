"""`/api/v1/integrations/stores/`: the stores of all users; a response shows a secret only when it is new."""

from dataclasses import asdict
from typing import Annotated

from fastapi import Body, Query, Request, Response

from api.actions import stores as actions
from api.actions.stores import make_store
from api.bodies import JsonBody
from api.dependencies import CurrentAdmin, CurrentState, ExistingStore, admin_router, read_store
from api.errors import json_response, not_found
from api.fields import PathId
from api.openapi.build import refuses
from api.public_url import public_url
from api.schemas.stores import (
    ActiveStore,
    NewStoreRequest,
    RemovedStore,
    SecretRotation,
    StoreChange,
    StoreDetail,
    StoreListParams,
    StoreOut,
    StorePage,
    StoreProducts,
    StoreWithSecret,
    WebhookOut,
)
from contracts.ids import webhook_address
from contracts.stores import Store
from database.access import stores
from database.events.failed import failed_products
from database.products import activity, counts
from database.usage import days

router = admin_router("/api/v1/integrations/stores", tag="stores")


def _webhook_url(request: Request, store: Store) -> str:
    """Returns the address to which the shop sends its own webhooks."""
    return webhook_address(public_url(request), store.type, store.id)


@router.get("/")
async def list_stores(
    request: Request, state: CurrentState, params: Annotated[StoreListParams, Query()]
) -> StorePage:
    """All stores, or the stores of one user or type, the newest first, with what arrived and what it cost."""
    async with state.database.reading() as connection:
        count, rows = await stores.list_stores(
            connection,
            user_id=params.user_id,
            type_=params.type,
            offset=params.offset,
            limit=params.page_size,
        )
        ids = [store.id for store in rows]
        seen = await activity.read_all(connection, ids)
        spent = await days.tokens_of(connection, ids)
    results = [
        ActiveStore.of(
            store,
            webhook_url=_webhook_url(request, store),
            tokens_30_days=spent[store.id],
            **asdict(seen[store.id]),
        )
        for store in rows
        if store.id in seen
    ]
    return StorePage.of(request, params, count, results)


@router.post("/", status_code=201, responses=refuses(404))
async def create_store(
    request: Request, admin: CurrentAdmin, state: CurrentState, body: JsonBody[NewStoreRequest]
) -> StoreWithSecret:
    """Make a store; only this response contains its webhook secret."""
    public_url(request)  # a malformed Host is refused before the secret is stored
    store, secret = await make_store(state, body, admin_id=admin.id)
    return StoreWithSecret.of(store, webhook_url=_webhook_url(request, store), webhook_secret=secret)


@router.get("/{store_id:id}/", responses=refuses(404))
async def show_store(request: Request, state: CurrentState, store: ExistingStore) -> StoreDetail:
    """One store, without its secrets, with its products and what arrived from its shop."""
    async with state.database.reading() as connection:
        known = await counts.read(connection, store.id, model=state.embedding_label)
        failed = await failed_products(connection, store.id)
        seen = await activity.read(connection, store.id)
        spent = await days.tokens_of(connection, [store.id])
    if seen is None:
        raise not_found("store")
    products = StoreProducts.from_fields_of(known, failed=failed.count)
    return StoreDetail.of(
        store,
        webhook_url=_webhook_url(request, store),
        products=products,
        tokens_30_days=spent[store.id],
        **asdict(seen),
    )


@router.patch("/{store_id:id}/", responses=refuses(404))
async def change_store(
    request: Request, state: CurrentState, store_id: PathId, body: JsonBody[StoreChange]
) -> StoreOut:
    """Change the fields in the body and no others; the type of a store cannot be changed."""
    store = await read_store(state, store_id)
    changed = await actions.change_store(state, store, body)
    return StoreOut.of(changed, webhook_url=_webhook_url(request, changed))


@router.delete(
    "/{store_id:id}/",
    status_code=204,
    response_class=Response,
    responses={200: {"model": RemovedStore}, **refuses(404)},
)
async def remove_store(state: CurrentState, store_id: PathId) -> Response:
    """Remove a store with its tokens, events, products and knowledge, and its webhooks in the shop.

    A 200 names the webhooks that could not be removed there.
    """
    left = await actions.remove_store(state, store_id)
    if not left.hooks:
        return Response(status_code=204)
    hooks = [WebhookOut.from_fields_of(hook) for hook in left.hooks]
    removed = RemovedStore(status="removed", webhooks_left=hooks, reason=left.reason)
    return json_response(200, removed.model_dump())


@router.post("/{store_id:id}/rotate-secret/", responses=refuses(404))
async def rotate_secret(
    request: Request,
    state: CurrentState,
    store_id: PathId,
    body: Annotated[JsonBody[SecretRotation], Body(default_factory=SecretRotation)],
) -> StoreWithSecret:
    """Replace the webhook secret; the previous secret is accepted for `overlap_hours`."""
    public_url(request)  # a malformed Host is refused before the secret is stored
    changed, secret = await actions.rotate_secret(state, await read_store(state, store_id), body)
    return StoreWithSecret.of(changed, webhook_url=_webhook_url(request, changed), webhook_secret=secret)

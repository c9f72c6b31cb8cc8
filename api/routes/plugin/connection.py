"""`…/health/` and `…/lifecycle/`: the test of the plugin's connection, and what the plugin says of itself."""

import asyncio
import logging

from fastapi import APIRouter, Request, Response
from sqlalchemy.exc import SQLAlchemyError

from api.bodies import JsonBody, JsonRoute
from api.dependencies import AppState, CurrentIntegration, CurrentState
from api.i18n import in_language, message
from api.schemas.plugin.batch import BatchLimits
from api.schemas.plugin.connection import (
    Connected,
    Feature,
    KnownProducts,
    LifecycleNoted,
    LifecycleRequest,
    TokenStore,
    TokenUser,
    UsedToken,
)
from contracts.deliveries import MOST_EVENTS
from database.access import plugins
from database.events.failed import failed_products
from database.products import counts

router = APIRouter(prefix="/api/integrations/woocommerce", tags=["shops"], route_class=JsonRoute)

COUNTED_WITHIN = 2.0
"""Seconds that the counts of products may take; the connection works without them."""

logger = logging.getLogger("pilito.api")


@router.get("/health/")
async def connection_health(
    request: Request, response: Response, state: CurrentState, integration: CurrentIntegration
) -> Connected:
    """Show a shop the user, the token and the store of its connection, and what it may send."""
    preferred = request.headers.get("accept-language")
    response.headers.update(in_language(preferred))
    now = state.database.clock.estimate()
    return Connected(
        status="ok",
        message=message("connected", preferred),
        user=TokenUser(id=integration.user_id, email=integration.user_email, username=integration.username),
        token=UsedToken(
            id=integration.token_id,
            integration_type=integration.integration_type,
            name=integration.token_name,
            last_used_at=integration.last_used_at,
            usage_count=integration.usage_count,
        ),
        store=TokenStore(id=integration.store_id, name=integration.store_name),
        timestamp=now,
        server_time=now,
        limits=BatchLimits(batch_items=MOST_EVENTS, batch_bytes=state.settings.max_body_bytes),
        features=list(Feature),
        products=await _products(state, integration.store_id),
    )


@router.post("/lifecycle/", status_code=202)
async def lifecycle(
    state: CurrentState, integration: CurrentIntegration, body: JsonBody[LifecycleRequest]
) -> LifecycleNoted:
    """Note that the plugin was activated, deactivated or removed; its store shows that."""
    async with state.database.single() as connection:
        await plugins.note(connection, integration.store_id, body.event, version=body.plugin_version)
    return LifecycleNoted(status="accepted")


async def _products(state: AppState, store_id: int) -> KnownProducts | None:
    """Returns the counts of a store's products; None if Postgres does not answer in time."""
    try:
        async with asyncio.timeout(COUNTED_WITHIN), state.database.reading() as connection:
            known = await counts.read(connection, store_id, model=state.embedding_label)
            failed = await failed_products(connection, store_id)
    except (SQLAlchemyError, TimeoutError, OSError) as error:
        logger.warning("the products of store %s were not counted: %s", store_id, type(error).__name__)
        return None
    return KnownProducts(known=known.known, hidden=known.hidden, waiting=known.waiting, failed=failed.count)

"""`POST /api/integrations/{platform}/webhook/{store_id}/`: deliveries that the shops themselves sign."""

import logging
import time
from collections.abc import Awaitable, Callable

from fastapi import APIRouter, Request, Response
from sqlalchemy.exc import SQLAlchemyError

from api.dependencies import AppState, CurrentState
from api.errors import json_response, unauthenticated
from api.fields import PathId
from api.ingest import LONGEST_USER_AGENT, event_of, ingest_response
from api.metrics.process import DeliveryResult
from api.middleware.request_log import request_facts
from api.openapi.build import read_by_hand, refuses
from api.schemas.webhooks import Accepted, Settled
from api.security.client_ip import client_address
from connectors.registry import PLATFORMS
from contracts.deliveries import IgnoredDelivery, SignedDelivery
from contracts.stores import StoreType
from database.events import log as event_log

router = APIRouter(prefix="/api/integrations", tags=["shops"])

logger = logging.getLogger("pilito.api")


async def _verify(state: AppState, type_: StoreType, store_id: int, delivery: SignedDelivery) -> None:
    """Raises the same 401 for a wrong signature and for an unknown store."""
    terms = await state.delivery_terms.get(store_id)
    secrets = [state.secret_box.decrypt(encrypted) for encrypted in terms.encrypted_secrets] if terms else []
    is_open = terms is not None and terms.type is type_ and terms.is_active
    if not is_open or not PLATFORMS[type_].deliveries.verify(delivery, secrets):
        state.metrics.signature_failed(type_)
        raise unauthenticated("Invalid signature")


async def _log_ignored(
    state: AppState, store_id: int, ignored: IgnoredDelivery, address: str, agent: str
) -> Response:
    try:
        async with state.database.single() as connection:
            await event_log.log_ignored(
                connection, store_id, ignored, source_address=address, user_agent=agent
            )
    except (SQLAlchemyError, OSError) as error:
        logger.warning("an ignored delivery of store %s was not logged: %s", store_id, type(error).__name__)
    return json_response(200, {"status": "ignored", "reason": ignored.reason})


async def _accept(type_: StoreType, request: Request, state: AppState, store_id: int) -> Response:
    started = time.perf_counter()
    raw = await request.body()
    delivery = SignedDelivery(headers=dict(request.headers), body=raw)
    if PLATFORMS[type_].deliveries.is_ping(delivery):
        return json_response(200, {"status": "ok"})
    with state.metrics.counting(type_) as counted:
        await _verify(state, type_, store_id, delivery)
        request_facts(request).store_id = store_id
        address = client_address(request, state.settings.trusted_proxies)
        agent = request.headers.get("user-agent", "")[:LONGEST_USER_AGENT]
        parsed = PLATFORMS[type_].deliveries.parse(delivery)
        if isinstance(parsed, IgnoredDelivery):
            counted.result = DeliveryResult.IGNORED
            return await _log_ignored(state, store_id, parsed, address, agent)
        counted.topic = parsed.event_type
        event = event_of(
            parsed,
            store_id=store_id,
            received_at=state.database.clock.now(),
            address=address,
            user_agent=agent,
        )
        result = await state.ingest.accept(event, size=len(raw))
        counted.result = DeliveryResult(result)
    return ingest_response(request, event, result, started)


def _route(type_: StoreType) -> Callable[[Request, AppState, int], Awaitable[Response]]:
    async def deliver(request: Request, state: CurrentState, store_id: PathId) -> Response:
        return await _accept(type_, request, state, store_id)

    deliver.__doc__ = (
        f"Accept a delivery signed by a {type_} store; the response is sent when it is stored durably."
    )
    return deliver


for store_type, platform in PLATFORMS.items():
    router.add_api_route(
        f"/{store_type}/webhook/{{store_id:id}}/",
        _route(store_type),
        methods=["POST"],
        name=f"deliver_{store_type}",
        status_code=202,
        response_model=Accepted,
        responses={200: {"model": Settled}, **refuses(401, 404, 503)},
        openapi_extra=read_by_hand(platform.body),
    )

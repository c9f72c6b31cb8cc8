"""`POST /api/integrations/woocommerce/webhook/`: one product change, sent by the plugin with its token."""

import time

from fastapi import APIRouter, Request, Response

from api.actions.plugin_proof import check_type, must_verify, verify
from api.dependencies import AppState, CurrentIntegration, CurrentState
from api.ingest.accept import IngestResult, event_of, ingest_response
from api.metrics.process import CountedDelivery, DeliveryResult
from api.openapi.build import read_by_hand, refuses
from api.schemas.webhooks import Accepted, Skipped
from api.security.client_ip import client_address
from connectors.custom.schema import Delivery
from connectors.reading import cost_of_reading, read_envelope
from connectors.woocommerce.parse import parse
from contracts.events import ProductEvent
from contracts.tokens import Integration

router = APIRouter(prefix="/api/integrations/woocommerce", tags=["shops"])


@router.post(
    "/webhook/",
    status_code=202,
    response_model=Accepted,
    responses={200: {"model": Skipped}, **refuses(403)},
    openapi_extra=read_by_hand(Delivery),
)
async def webhook(request: Request, state: CurrentState, integration: CurrentIntegration) -> Response:
    """Accept one product change; the response is sent when the event is stored durably."""
    started = time.perf_counter()
    with state.metrics.counting("woocommerce") as counted:
        event, result = await _accept(request, state, integration, counted)
    return ingest_response(request, event, result, started)


async def _accept(
    request: Request, state: AppState, integration: Integration, counted: CountedDelivery
) -> tuple[ProductEvent, IngestResult]:
    check_type(integration)
    is_signed = must_verify(request, state, integration)
    async with state.bodies.body(request, store_id=integration.store_id, network=None) as raw:
        if is_signed:
            verify(request, state, integration, raw)
        return await _read(request, state, integration, counted, raw)


async def _read(
    request: Request, state: AppState, integration: Integration, counted: CountedDelivery, raw: bytes
) -> tuple[ProductEvent, IngestResult]:
    arrived = state.database.clock.now()  # before it waits for a process
    read = await state.compute.run(
        read_envelope, raw, parse, size=cost_of_reading(raw), key=integration.store_id
    )
    counted.topic = read.topic
    if read.parsed is None:
        raise read.error or AssertionError("an envelope without a delivery has an error")
    event = event_of(
        read.parsed,
        store_id=integration.store_id,
        received_at=arrived,
        address=client_address(request, state.settings.trusted_proxies),
        user_agent=request.headers.get("user-agent", ""),
    )
    result = await state.ingest.accept(event)
    counted.result = DeliveryResult(result)
    return event, result

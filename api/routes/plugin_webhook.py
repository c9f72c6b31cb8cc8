"""`POST /api/integrations/woocommerce/webhook/`: one product change, sent by the plugin with its token."""

import time

from fastapi import APIRouter, Request, Response

from api.bodies_in_flight import signed_forms
from api.dependencies import AppState, CurrentIntegration, CurrentState
from api.errors import ApiError, unauthenticated
from api.i18n import in_language, message
from api.ingest.accept import IngestResult, event_of, ingest_response
from api.metrics.process import CountedDelivery, DeliveryResult
from api.openapi.build import read_by_hand, refuses
from api.schemas.webhooks import Accepted, Connected, Skipped, TokenStore, TokenUser, UsedToken
from api.security.client_ip import client_address
from connectors.custom.deliveries import signed_by_standard
from connectors.custom.schema import Delivery
from connectors.reading import cost_of_reading, read_envelope
from connectors.signatures import STANDARD_SIGNATURE, has_standard_signature
from connectors.woocommerce.parse import parse
from contracts.deliveries import SignedDelivery
from contracts.events import ProductEvent
from contracts.stores import StoreType
from contracts.tokens import Integration

router = APIRouter(prefix="/api/integrations/woocommerce", tags=["shops"])

WRONG_TYPE = "This token is of a {type} store; its events go to the webhook_url of the store, signed."


def _refused(state: AppState, integration: Integration, detail: str) -> ApiError:
    state.metrics.signature_failed(integration.integration_type)
    return unauthenticated(detail)


def _is_signed(request: Request, state: AppState, integration: Integration) -> bool:
    """Returns whether a signature must be verified; raises 401 before the body is received.

    A delivery with a token may come without a signature, unless its store requires one.
    """
    if STANDARD_SIGNATURE not in request.headers:
        if integration.require_signature:
            raise _refused(state, integration, "Signature required")
        return False
    if not integration.encrypted_secrets and not integration.require_signature:
        return False
    if not integration.encrypted_secrets or not has_standard_signature(request.headers):
        raise _refused(state, integration, "Invalid signature")
    return True


def _verify(request: Request, state: AppState, integration: Integration, raw: bytes) -> None:
    secrets = [state.secret_box.decrypt(encrypted) for encrypted in integration.encrypted_secrets]
    forms = (SignedDelivery(headers=request.headers, body=form) for form in signed_forms(request, raw))
    if not any(signed_by_standard(delivery, secrets) for delivery in forms):
        raise _refused(state, integration, "Invalid signature")


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
    if integration.integration_type != StoreType.WOOCOMMERCE:
        raise ApiError(403, {"error": WRONG_TYPE.format(type=integration.integration_type)})
    is_signed = _is_signed(request, state, integration)
    async with state.bodies.body(request, store_id=integration.store_id, network=None) as raw:
        if is_signed:
            _verify(request, state, integration, raw)
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


@router.get("/health/")
async def connection_health(
    request: Request, response: Response, state: CurrentState, integration: CurrentIntegration
) -> Connected:
    """Show a shop the user, the token and the store of its connection."""
    preferred = request.headers.get("accept-language")
    response.headers.update(in_language(preferred))
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
        timestamp=state.database.clock.estimate(),
    )

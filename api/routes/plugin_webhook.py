"""`POST /api/integrations/woocommerce/webhook/`: one product change, with a bearer token."""

import time
from datetime import UTC, datetime

from fastapi import APIRouter, Request, Response

from api.dependencies import CurrentIntegration, Opened, State
from api.errors import Refused, answer, invalid, unauthenticated
from api.i18n import in_language, message
from api.ingest import Taken, event_of, received
from api.metrics.process import Counted, Received
from api.middleware.body import json_object, read_body
from api.openapi.build import documented
from api.schemas.webhooks import Accepted, Connected, Skipped
from api.security.client_ip import client_address
from connectors.custom.deliveries import SIGNATURE, signed_by_standard
from connectors.custom.schema import Delivery
from connectors.envelope import open_envelope
from connectors.woocommerce.parse import parse
from contracts.deliveries import SignedDelivery as Delivered
from contracts.errors import InvalidField
from contracts.events import ProductEvent
from contracts.stores import StoreType
from contracts.tokens import Integration

router = APIRouter(prefix="/api/integrations/woocommerce", tags=["shops"])

WRONG_TYPE = "This token is of a {type} store; its events go to the webhook_url of the store, signed."


def _check_signature(request: Request, opened: State, integration: Integration, raw: bytes) -> None:
    """A signature beside the token is not asked for, and where it is given it must be right."""
    if SIGNATURE in request.headers and integration.encrypted_secrets:
        secrets = [opened.secret_box.decrypt(encrypted) for encrypted in integration.encrypted_secrets]
        if not signed_by_standard(Delivered(headers=request.headers, body=raw), secrets):
            opened.metrics.signature_failed(integration.integration_type)
            raise unauthenticated("Invalid signature")


@router.post("/webhook/", **documented(answers={202: Accepted, 200: Skipped}, body=Delivery, refuses=(403,)))
async def webhook(request: Request, opened: Opened, integration: CurrentIntegration) -> Response:
    """Take one product change; answered once a crash can no longer lose it."""
    started = time.perf_counter()
    with opened.metrics.counting("woocommerce") as counted:
        event, taken = await _take(request, opened, integration, counted)
    return received(request, event, taken, started)


async def _take(
    request: Request, opened: State, integration: Integration, counted: Counted
) -> tuple[ProductEvent, Taken]:
    if integration.integration_type != StoreType.WOOCOMMERCE:
        raise Refused(403, {"error": WRONG_TYPE.format(type=integration.integration_type)})
    raw = await read_body(request, limit=opened.settings.max_body_bytes)
    _check_signature(request, opened, integration, raw)
    body = json_object(raw)
    counted.topic = body.get("event_type")
    if not body.get("event_id") or not body.get("event_type"):
        raise invalid("Missing event_id or event_type")
    try:
        told = open_envelope(body, parse)
    except InvalidField as error:
        raise invalid(str(error), field=error.field, problem=error.problem) from None
    event = event_of(
        told,
        store_id=integration.store_id,
        received_at=datetime.now(UTC),
        address=client_address(request, opened.settings.trusted_proxies),
        user_agent=request.headers.get("user-agent", ""),
    )
    taken = await opened.intake.take(event, size=len(raw))
    counted.result = Received(taken)
    return event, taken


@router.get("/health/", **documented(answers={200: Connected}))
async def connection_health(request: Request, integration: CurrentIntegration) -> Response:
    """Tell a shop whose token this is, so that its owner sees the connection work."""
    wished = request.headers.get("accept-language")
    return answer(
        200,
        {
            "status": "ok",
            "message": message("connected", wished),
            "user": {
                "id": integration.user_id,
                "email": integration.user_email,
                "username": integration.username,
            },
            "token": {
                "id": integration.token_id,
                "integration_type": integration.integration_type,
                "name": integration.token_name,
                "last_used_at": integration.last_used_at,
                "usage_count": integration.usage_count,
            },
            "store": {"id": integration.store_id, "name": integration.store_name},
            "timestamp": datetime.now(UTC),
        },
        in_language(wished),
    )

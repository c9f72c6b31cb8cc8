"""`POST /api/integrations/woocommerce/webhook/`: one product change, with a bearer token."""

import time
from datetime import UTC, datetime
from typing import Any

from fastapi import APIRouter, Request, Response
from pydantic import TypeAdapter, ValidationError

from api.address import client_address
from api.body import json_object, read_body
from api.errors import answer, invalid
from api.intake import Taken
from api.messages import message
from api.metrics import Counted, Received
from api.openapi import documented
from api.state import CurrentIntegration, Opened, State
from api.webhook_shapes import EVENT_ID_LENGTH, Accepted, Connected, Delivery, Skipped
from connectors.woocommerce.fields import Moment
from connectors.woocommerce.parse import Deletion, parse
from contracts.accounts import Integration
from contracts.catalog import Variation
from contracts.errors import InvalidField
from contracts.events import EventType, ProductEvent

router = APIRouter(prefix="/api/integrations/woocommerce", tags=["shops"])

_moment = TypeAdapter(Moment)


def _event_id(value: object) -> str:
    if not isinstance(value, str) or len(value) > EVENT_ID_LENGTH or not value.isprintable():
        raise InvalidField("event_id", f"expected a text of at most {EVENT_ID_LENGTH} printable characters")
    return value


def _event_type(value: object) -> EventType:
    try:
        return EventType(value)  # type: ignore[arg-type]  # whatever it is, it is looked up by value
    except ValueError:
        known = ", ".join(EventType)
        raise InvalidField("event_type", f"unknown; expected one of {known}") from None


def _check_timestamp(value: object) -> None:
    try:
        _moment.validate_python(value)
    except ValidationError:
        raise InvalidField("timestamp", "expected a time such as 2026-11-20T10:00:00Z") from None


def _product(body: dict[str, Any]) -> dict[str, Any]:
    product = body.get("product")
    if not isinstance(product, dict):
        raise InvalidField("product", "expected an object")
    if product.get("id") in (None, ""):
        raise InvalidField("product.id", "missing")
    return product


def read_event(
    body: dict[str, Any], *, store_id: int, received_at: datetime, address: str, user_agent: str
) -> ProductEvent:
    """An event as its workflow takes it; InvalidField names what cannot be read."""
    event_type = _event_type(body["event_type"])
    _check_timestamp(body.get("timestamp"))
    product = _product(body)
    change = parse(event_type, product)
    return ProductEvent(
        store_id=store_id,
        event_id=_event_id(body["event_id"]),
        event_type=event_type,
        external_id=change.external_id,
        parent=change.parent if isinstance(change, Variation) else None,
        version=change.version,
        received_at=received_at,
        source_address=address,
        user_agent=user_agent[:500],
        body={"id": product["id"], "date_modified_gmt": product.get("date_modified_gmt")}
        if isinstance(change, Deletion)
        else product,
    )


@router.post("/webhook/", **documented(answers={202: Accepted, 200: Skipped}, body=Delivery))
async def webhook(request: Request, opened: Opened, integration: CurrentIntegration) -> Response:
    """Take one product change; answered once a crash can no longer lose it."""
    started = time.perf_counter()
    with opened.metrics.counting("woocommerce") as counted:
        event, taken = await _take(request, opened, integration, counted)
    told: dict[str, object] = {
        "status": taken,
        "message": message(taken, request.headers.get("accept-language")),
        "event_id": event.event_id,
    }
    if taken is Taken.SKIPPED:
        return answer(200, told)
    elapsed = round((time.perf_counter() - started) * 1000)
    return answer(202, {**told, "processing_time_ms": elapsed})


async def _take(
    request: Request, opened: State, integration: Integration, counted: Counted
) -> tuple[ProductEvent, Taken]:
    raw = await read_body(request, limit=opened.settings.max_body_bytes)
    body = json_object(raw)
    counted.topic = body.get("event_type")
    if not body.get("event_id") or not body.get("event_type"):
        raise invalid("Missing event_id or event_type")
    try:
        event = read_event(
            body,
            store_id=integration.store_id,
            received_at=datetime.now(UTC),
            address=client_address(request, opened.settings.trusted_proxies),
            user_agent=request.headers.get("user-agent", ""),
        )
    except InvalidField as error:
        raise invalid(str(error), field=error.field, problem=error.problem) from None
    taken = await opened.intake.take(event, size=len(raw))
    counted.result = Received(taken)
    return event, taken


@router.get("/health/", **documented(answers={200: Connected}))
async def connection_health(request: Request, integration: CurrentIntegration) -> Response:
    """Tell a shop whose token this is, so that its owner sees the connection work."""
    return answer(
        200,
        {
            "status": "ok",
            "message": message("connected", request.headers.get("accept-language")),
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
    )

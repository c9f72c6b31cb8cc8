"""`POST /api/integrations/{platform}/webhook/{store_id}/`: deliveries that the shops themselves sign."""

import logging
import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import replace

from fastapi import APIRouter, Request, Response
from sqlalchemy.exc import SQLAlchemyError

from api.actions.plugin_proof import wrong_signature
from api.bodies_in_flight import short_body, signed_forms
from api.dependencies import AppState, CurrentState
from api.errors import ApiError, json_response, unauthenticated
from api.fields import PathId
from api.ingest.accept import LONGEST_USER_AGENT, event_of, ingest_response
from api.metrics.process import DeliveryResult
from api.middleware.request_log import request_facts
from api.openapi.build import read_by_hand, refuses
from api.schemas.webhooks import Accepted, Settled
from api.security.client_ip import client_address, client_network
from connectors.reading import cost_of_reading, packed, read_signed
from connectors.registry import PLATFORMS
from contracts.deliveries import IgnoredDelivery, ReadDelivery, SignedDelivery, UnreadDelivery
from contracts.errors import TooExpensive
from contracts.stores import StoreType
from crypto import KnownSecrets
from database.events import log as event_log

router = APIRouter(prefix="/api/integrations", tags=["shops"])

logger = logging.getLogger("pilito.api")


def _refused(state: AppState, type_: StoreType) -> ApiError:
    """Returns the same 401 for a missing and a wrong signature, and for an unknown store."""
    state.metrics.signature_failed(type_)
    return unauthenticated("Invalid signature")


async def _secrets(
    state: AppState, type_: StoreType, store_id: int, headers: Mapping[str, str]
) -> KnownSecrets:
    """Returns the secrets that may have signed a delivery; raises 401 before its body is received.

    Raises UnknownKey where no key decrypts any of them.
    """
    if not PLATFORMS[type_].deliveries.is_signed(headers):
        raise _refused(state, type_)
    terms = await state.delivery_terms.get(store_id)
    if terms is None or terms.type is not type_ or not terms.is_active or not terms.encrypted_secrets:
        raise _refused(state, type_)
    return state.secret_box.decrypt_known(terms.encrypted_secrets)


async def _is_ping(type_: StoreType, request: Request, headers: Mapping[str, str]) -> bool:
    connector = PLATFORMS[type_].deliveries
    if connector.is_signed(headers):
        return False
    body = await short_body(request, connector.longest_ping)
    return body is not None and connector.is_ping(SignedDelivery(headers=headers, body=body))


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


async def _read(type_: StoreType, state: AppState, store_id: int, delivery: SignedDelivery) -> ReadDelivery:
    connector = PLATFORMS[type_].deliveries
    try:
        return await state.compute.run(
            read_signed, connector, delivery, size=cost_of_reading(delivery.body), key=store_id
        )
    except TooExpensive as error:
        unread = connector.unread(delivery, str(error))
        if unread is None:
            raise
        return packed(unread, len(delivery.body))


async def _accept(type_: StoreType, request: Request, state: AppState, store_id: int) -> Response:
    started = time.perf_counter()
    headers = dict(request.headers)
    if await _is_ping(type_, request, headers):
        return json_response(200, {"status": "ok"})
    with state.metrics.counting(type_) as counted:
        secrets = await _secrets(state, type_, store_id, headers)
        address = client_address(request, state.settings.trusted_proxies)
        network = client_network(address)
        async with state.bodies.body(request, store_id=store_id, network=network) as raw:
            arrived = state.database.clock.now()  # before it waits for a process
            delivery = SignedDelivery(headers=headers, body=raw)
            forms = [replace(delivery, body=form) for form in signed_forms(request, raw)]
            if not any(PLATFORMS[type_].deliveries.verify(form, secrets.values) for form in forms):
                raise wrong_signature(state, type_, forms, secrets)
            request_facts(request).store_id = store_id
            agent = request.headers.get("user-agent", "")[:LONGEST_USER_AGENT]
            read = await _read(type_, state, store_id, delivery)
            if isinstance(read, IgnoredDelivery):
                counted.result = DeliveryResult.IGNORED
                return await _log_ignored(state, store_id, read, address, agent)
            parsed = read.delivery if isinstance(read, UnreadDelivery) else read
            counted.topic = parsed.event_type
            event = event_of(
                parsed,
                store_id=store_id,
                received_at=arrived,
                address=address,
                user_agent=agent,
            )
            if isinstance(read, UnreadDelivery):
                await state.ingest.accept_unread(event, read.reason)
                counted.result = DeliveryResult.UNREAD
                return json_response(200, {"status": "ignored", "reason": read.reason})
            result = await state.ingest.accept(event)
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

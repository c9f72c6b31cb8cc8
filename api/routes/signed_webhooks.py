"""`POST /api/integrations/{platform}/webhook/{store_id}/`: what shops send by themselves, and sign."""

import logging
import time
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime

from fastapi import APIRouter, Request, Response
from sqlalchemy.exc import SQLAlchemyError

from api.dependencies import Opened, State
from api.errors import answer, invalid, unauthenticated
from api.fields import PathId
from api.ingest import LONGEST_USER_AGENT, event_of, received
from api.metrics.process import Received
from api.middleware.body import read_body
from api.middleware.request_log import facts_of
from api.openapi.build import documented
from api.schemas.webhooks import Accepted, Settled
from api.security.client_ip import client_address
from connectors.registry import PLATFORMS
from contracts.deliveries import IgnoredDelivery, SignedDelivery
from contracts.errors import InvalidField
from contracts.stores import StoreType
from database.events import log as event_log

router = APIRouter(prefix="/api/integrations", tags=["shops"])

logger = logging.getLogger("pilito.api")


async def _verified(opened: State, type_: StoreType, store_id: int, delivery: SignedDelivery) -> None:
    """Raises 401 alike for a wrong signature and for a store that is not there."""
    terms = await opened.store_terms.ask(store_id)
    secrets = [opened.secret_box.decrypt(encrypted) for encrypted in terms.encrypted_secrets] if terms else []
    fitting = terms is not None and terms.type is type_ and terms.is_active
    if not fitting or not PLATFORMS[type_].deliveries.verify(delivery, secrets):
        opened.metrics.signature_failed(type_)
        raise unauthenticated("Invalid signature")


async def _log_ignored(
    opened: State, store_id: int, ignored: IgnoredDelivery, address: str, agent: str
) -> Response:
    try:
        async with opened.database.single() as connection:
            await event_log.log_ignored(
                connection, store_id, ignored, source_address=address, user_agent=agent
            )
    except (SQLAlchemyError, OSError) as error:
        logger.warning("an ignored delivery of store %s was not logged: %s", store_id, type(error).__name__)
    return answer(200, {"status": "ignored", "reason": ignored.reason})


async def _take(type_: StoreType, request: Request, opened: State, store_id: int) -> Response:
    started = time.perf_counter()
    raw = await read_body(request, limit=opened.settings.max_body_bytes)
    delivery = SignedDelivery(headers=dict(request.headers), body=raw)
    if PLATFORMS[type_].deliveries.is_ping(delivery):
        return answer(200, {"status": "ok"})
    with opened.metrics.counting(type_) as counted:
        await _verified(opened, type_, store_id, delivery)
        facts_of(request).store_id = store_id
        address = client_address(request, opened.settings.trusted_proxies)
        agent = request.headers.get("user-agent", "")[:LONGEST_USER_AGENT]
        try:
            told = PLATFORMS[type_].deliveries.parse(delivery)
        except InvalidField as error:
            raise invalid(str(error), field=error.field, problem=error.problem) from None
        if isinstance(told, IgnoredDelivery):
            counted.result = Received.IGNORED
            return await _log_ignored(opened, store_id, told, address, agent)
        counted.topic = told.event_type
        event = event_of(
            told, store_id=store_id, received_at=datetime.now(UTC), address=address, user_agent=agent
        )
        taken = await opened.intake.take(event, size=len(raw))
        counted.result = Received(taken)
    return received(request, event, taken, started)


def _route(type_: StoreType) -> Callable[[Request, State, int], Awaitable[Response]]:
    async def deliver(request: Request, opened: Opened, store_id: PathId) -> Response:
        return await _take(type_, request, opened, store_id)

    deliver.__doc__ = (
        f"Take a delivery signed by a {type_} store; answered once a crash can no longer lose it."
    )
    return deliver


for store_type, platform in PLATFORMS.items():
    router.add_api_route(
        f"/{store_type}/webhook/{{store_id:id}}/",
        _route(store_type),
        methods=["POST"],
        name=f"deliver_{store_type}",
        **documented(body=platform.body, answers={202: Accepted, 200: Settled}, refuses=(401, 404, 503)),
    )

"""`POST /api/integrations/woocommerce/batch/`: many product changes at once, sent by the plugin."""

from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta

from fastapi import APIRouter, Request, Response

from api.actions.plugin_proof import check_type, must_verify, verify
from api.dependencies import AppState, CurrentIntegration, CurrentState
from api.errors import ApiError, json_response, too_long, unavailable
from api.i18n import in_language, message
from api.ingest.accept import StorageDown, event_of
from api.ingest.batch import BatchItem, ItemResult, accept_batch
from api.metrics.process import DeliveryResult
from api.openapi.build import read_by_hand, refuses
from api.schemas.plugin.batch import Batch, BatchAnswer
from api.security.client_ip import client_address
from connectors.reading import ReadItem, cost_of_reading, read_batch
from connectors.woocommerce.parse import parse
from contracts.deliveries import MOST_EVENTS, ItemCode, ItemStatus
from contracts.errors import TooExpensive
from contracts.tokens import Integration

router = APIRouter(prefix="/api/integrations/woocommerce", tags=["shops"])

_COUNTED = {
    ItemStatus.ACCEPTED: DeliveryResult.ACCEPTED,
    ItemStatus.SKIPPED: DeliveryResult.SKIPPED,
    ItemStatus.REFUSED: DeliveryResult.REFUSED,
}


@router.post(
    "/batch/",
    status_code=202,
    response_model=BatchAnswer,
    responses=refuses(403),
    openapi_extra=read_by_hand(Batch),
)
async def batch(request: Request, state: CurrentState, integration: CurrentIntegration) -> Response:
    """Accept up to 100 changes; the response is sent when the accepted ones are stored durably.

    Their workflows run behind single changes, in turns of the stores.
    """
    check_type(integration)
    is_signed = must_verify(request, state, integration)
    with _limits_named(state):
        async with state.bodies.body(request, store_id=integration.store_id, network=None) as raw:
            if is_signed:
                verify(request, state, integration, raw)
            results = await _accept(request, state, integration, raw)
    return _answer(request, results)


@contextmanager
def _limits_named(state: AppState) -> Iterator[None]:
    """Add the limits of a batch to a 413; a batch that is too expensive to read counts as too large."""
    limits = {"batch_items": MOST_EVENTS, "batch_bytes": state.settings.max_body_bytes}
    try:
        yield
    except TooExpensive as error:
        raise too_long(f"The batch cannot be read, send fewer events: {error}", limits) from None
    except ApiError as error:
        if error.status_code == 413:
            error.content["limits"] = limits
        raise


async def _accept(
    request: Request, state: AppState, integration: Integration, raw: bytes
) -> Sequence[ItemResult]:
    arrived = state.database.clock.now()  # before it waits for a process
    read = await state.compute.run(
        read_batch, raw, parse, MOST_EVENTS, size=cost_of_reading(raw), key=integration.store_id
    )
    if read.error is not None:
        raise read.error
    if read.count > MOST_EVENTS:
        raise too_long(f"The batch has {read.count} events, send at most {MOST_EVENTS}", {})

    def stored(item: ReadItem, place: int) -> BatchItem:
        delivery = item.parsed or item.unread
        if delivery is None:
            return BatchItem(read=item, event=None)
        event = event_of(
            delivery,
            store_id=integration.store_id,
            received_at=arrived and arrived + timedelta(microseconds=place),
            address=client_address(request, state.settings.trusted_proxies),
            user_agent=request.headers.get("user-agent", ""),
        )
        return BatchItem(read=item, event=replace(event, is_bulk=True))

    try:
        results = await accept_batch(state.ingest, [stored(item, i) for i, item in enumerate(read.items)])
    except StorageDown:
        raise unavailable("The batch could not be stored; please send it again") from None
    for result in results:
        if result.status in _COUNTED:
            state.metrics.delivered("woocommerce", result.topic, _COUNTED[result.status])
    return results


def _answer(request: Request, results: Sequence[ItemResult]) -> Response:
    preferred = request.headers.get("accept-language")
    said = {code: message(f"batch.{code}", preferred) for code in ItemCode}
    counts: Counter[ItemStatus] = Counter(result.status for result in results)
    return json_response(
        202,
        {
            "status": "accepted",
            **{status.value: counts[status] for status in ItemStatus},
            "results": [
                {
                    "index": place,
                    "event_id": result.event_id,
                    "status": result.status,
                    "code": result.code,
                    "message": str(result.error) if result.error else said[result.code],
                }
                for place, result in enumerate(results)
            ],
        },
        in_language(preferred),
    )

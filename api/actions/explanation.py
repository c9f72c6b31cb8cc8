"""The explanation of a product as a response."""

from api.actions.explain import explain
from api.dependencies import AppState
from api.i18n import message
from api.schemas.explain import ExplainedEvent, ExplainedKnowledge, ExplainedProduct, Explanation
from database.events.explain import EventFacts, ProductHistory


async def explanation(
    state: AppState, facts: ProductHistory, *, preferred: str | None, asked: str = ""
) -> Explanation:
    """Returns the explanation in the language of an Accept-Language header.

    `asked` is the id that was asked for, which may be that of a variation.
    """
    judged, product = await explain(state, facts, asked=asked), facts.product

    def shown(event: EventFacts | None) -> ExplainedEvent | None:
        if event is None:
            return None
        url = state.workflow_url(event.workflow_id) if event.workflow_id else None
        return ExplainedEvent.of(event, workflow_url=url)

    return Explanation(
        known=judged.is_known,
        verdict=judged.verdict,
        message=message(f"explain.{judged.verdict}", preferred),
        what_to_do=message(f"explain.{judged.verdict}.to_do", preferred),
        store=facts.store_id,
        external_id=facts.external_id,
        product=ExplainedProduct.from_fields_of(product) if product else None,
        last_event=shown(facts.events[0] if facts.events else None),
        deciding_event=shown(judged.event),
        last_error=judged.error,
        next_retry_at=judged.next_retry_at,
        knowledge=ExplainedKnowledge.of(product, current_model=judged.model) if product else None,
    )

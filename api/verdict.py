"""The verdict on a product: why search finds it or not, from its events and its row."""

from enum import StrEnum

from contracts.events import YIELDED, EventStatus
from database.events.explain import EventFacts, ProductHistory


class Verdict(StrEnum):
    """Why search finds a product or not; programs may rely on the values."""

    KNOWN = "known"
    WAITING = "waiting"
    PROCESSING = "processing"
    RETRYING = "retrying"
    BLOCKED = "blocked"
    FAILED = "failed"
    DELETED = "deleted"
    HIDDEN = "hidden"
    IGNORED = "ignored"
    NEVER_RECEIVED = "never_received"
    NOT_PROCESSED = "not_processed"
    NEVER_INDEXED = "never_indexed"
    EMBEDDING_OUTDATED = "embedding_outdated"
    MODEL_CHANGED = "model_changed"
    NO_CHUNKS = "no_chunks"
    BUDGET = "budget"


class KnownState(StrEnum):
    """A verdict in one word, for lists of products; `unknown` is a product that the store has not sent."""

    KNOWN = "known"
    WAITING = "waiting"
    HIDDEN = "hidden"
    FAILED = "failed"
    UNKNOWN = "unknown"


_STATES = {
    Verdict.KNOWN: KnownState.KNOWN,
    Verdict.FAILED: KnownState.FAILED,
    Verdict.NO_CHUNKS: KnownState.FAILED,
    Verdict.DELETED: KnownState.HIDDEN,
    Verdict.HIDDEN: KnownState.HIDDEN,
    Verdict.IGNORED: KnownState.UNKNOWN,
    Verdict.NEVER_RECEIVED: KnownState.UNKNOWN,
}


def state_of(verdict: Verdict, facts: ProductHistory) -> KnownState:
    """Returns the state of a product with a verdict; all that needs no one to act counts as waiting."""
    if verdict is Verdict.NEVER_INDEXED and facts.product is None:
        return KnownState.UNKNOWN
    return _STATES.get(verdict, KnownState.WAITING)


def deciding(facts: ProductHistory) -> EventFacts | None:
    """Returns the newest event that no other event replaced."""
    return next((event for event in facts.events if event.status not in YIELDED), None)


def judge(facts: ProductHistory, *, model: str, is_queued: bool = False) -> Verdict:
    """Returns the most important reason: first running events, then failures, then the stored product.

    `is_queued` is whether Temporal holds an event that no worker has written to the log yet.
    """
    event, product = deciding(facts), facts.product
    if event is not None and event.finished_at is None:
        match event.status:
            case EventStatus.PROCESSING:
                return Verdict.PROCESSING
            case EventStatus.RETRYING:
                return Verdict.RETRYING
            case EventStatus.WAITING if event.reason:
                return Verdict.BLOCKED
            case EventStatus.WAITING if not event.attempts:  # no worker has run its workflow yet
                return Verdict.NOT_PROCESSED
            case EventStatus.WAITING | EventStatus.RECEIVED:
                return Verdict.WAITING
            case _:  # a run that goes on after its outcome was written
                pass
    if is_queued:
        return Verdict.NOT_PROCESSED
    if event is not None and event.status is EventStatus.FAILED:
        return Verdict.FAILED
    if product is None:
        if not facts.events:
            return Verdict.NEVER_RECEIVED
        ignored = event is not None and event.status is EventStatus.IGNORED
        return Verdict.IGNORED if ignored else Verdict.NEVER_INDEXED
    if not product.is_active:
        return Verdict.DELETED if product.status == "deleted" else Verdict.HIDDEN
    if facts.is_over_budget and not (product.is_current and product.knowledge_model == model):
        return Verdict.BUDGET
    if not product.is_indexed:
        return Verdict.NEVER_INDEXED
    if not product.is_current:
        return Verdict.EMBEDDING_OUTDATED
    if product.knowledge_model != model:
        return Verdict.MODEL_CHANGED
    return Verdict.KNOWN if product.chunks else Verdict.NO_CHUNKS

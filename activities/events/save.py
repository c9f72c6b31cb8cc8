"""Save what an event says: upsert or delete its product or variation."""

from dataclasses import dataclass
from functools import partial

from sqlalchemy.ext.asyncio import AsyncConnection
from temporalio import activity

from activities.errors import event_errors
from activities.events.partial import over_unapplied
from activities.metrics import Counters
from activities.reading import Prepared, with_prepared
from activities.this_workflow import run_id, workflow_id
from compute import Compute
from connectors.base import Deletion
from contracts.bounds import VARIATIONS
from contracts.catalog import PUBLISHED, UNKNOWN, Product, Variation
from contracts.errors import InvalidField
from contracts.events import EventOutcome, EventStatus, FinishedEvent, SavedProduct
from contracts.stores import StoreType
from database.engine import Database
from database.events import confirm
from database.events import write as events
from database.events.debounce import Debounce
from database.events.write import OpenedEvent
from database.products import categories, variations
from database.products import upsert as products
from database.products.columns import ProductWrite
from database.products.following import Followed, follow
from database.products.upsert import SavedRow, StoredProduct
from database.products.variations import VariationSet
from knowledge.content import Content

SUPERSEDED = EventOutcome(status=EventStatus.SUPERSEDED, reason="A newer event of this product has arrived.")
STALE = EventOutcome(status=EventStatus.STALE, reason="A newer change of this product was already saved.")

REPEATED = EventOutcome(
    status=EventStatus.STALE,
    reason="The same deletion was applied before and the product came back, so this may be a replayed"
    " delivery; with credentials for the store, the shop is asked.",
)

TRIMMED = EventOutcome(
    status=EventStatus.IGNORED,
    reason="The payload was trimmed, so the event cannot run again; send the product from the shop again.",
)


WITHOUT_BODY = EventOutcome(
    status=EventStatus.FAILED,
    reason="The database was restored and no longer has what was sent; send the product again.",
)

TOO_MANY_VARIATIONS = EventOutcome(
    status=EventStatus.IGNORED,
    reason=f"Its product has {VARIATIONS:,} variations already; further ones are not stored.",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Saved:
    """A saved change, and the content of the text that it has claimed, if that was made as it was saved.

    `has_ended` is whether the event ended in the same transaction.
    """

    product: SavedProduct
    has_ended: bool = False
    store_id: int = 0
    content: Content | None = None


class ProductActivities:
    """Saves products; `model` labels the vectors of search."""

    def __init__(
        self, database: Database, compute: Compute, totals: Counters, *, model: str, debounce: Debounce
    ) -> None:
        self._database = database
        self._compute = compute
        self._totals = totals
        self._model = model
        self._debounce = debounce

    @activity.defn
    async def save_product(self, event_row: int) -> SavedProduct:
        """Save a change unless a newer one is stored; returns the outcome, the text to index, or both."""
        return (await self.save(event_row)).product

    async def save(self, event_row: int, *, note: str | None = None) -> Saved:
        """Like `save_product`, and returns the content of the text that needs indexing.

        With a `note`, an event without a text to index ends in the same transaction; the note is appended to
        the reason of its outcome, and may be empty. An event that has ended in this run stays as it is: the
        step is repeated because its first result was lost.
        """
        async with event_errors(self._database, event_row):
            saved = await with_prepared(self._compute, partial(self._attempt, event_row, note))
        outcome = saved.product.outcome
        if outcome is not None and outcome.status is EventStatus.UNCHANGED:
            self._totals.skipped(event_row)
        return saved

    async def _attempt(self, event_row: int, note: str | None, known: Prepared) -> Saved:
        """Save with what was read before the transaction; raises Unread or Unrendered for what was not."""
        async with self._database.transaction() as connection:
            change = await events.open_event(
                connection,
                event_row,
                workflow_id=workflow_id(),
                run_id=run_id(),
                debounce=self._debounce,
                with_payload=known.change is None,
            )
            if note is not None and change.has_ended:
                return Saved(product=SavedProduct(outcome=_known(change, note)), has_ended=True)
            if change.is_trimmed:
                return Saved(product=SavedProduct(outcome=TRIMMED))
            if change.is_without_body:
                return Saved(product=SavedProduct(outcome=WITHOUT_BODY))
            known.store_id = change.store_id
            outcome = await self._apply(connection, change, known)
            claim = await events.claim_indexing(
                connection,
                change.id,
                workflow_id=workflow_id(),
                changed=outcome is None,
                model=self._model,
                debounce=self._debounce,
            )
            if outcome is None and claim.leader is not None:
                outcome = EventOutcome(
                    status=EventStatus.SUCCEEDED,
                    reason=f"Saved; it will be indexed together with {claim.leader}.",
                )
            has_ended = note is not None and outcome is not None and not claim.product_id
            if note is not None and outcome is not None and has_ended:
                is_saved = outcome.status is not EventStatus.FAILED
                ended = FinishedEvent(event_row=change.id, outcome=outcome.noted(note), saved=is_saved)
                await events.finish(connection, ended, workflow_id=workflow_id(), run_id=run_id())
        product = SavedProduct(
            outcome=outcome,
            product_id=claim.product_id or 0,
            content_hash=claim.content_hash or "",
        )
        content = known.content_with(product.content_hash)
        return Saved(product=product, has_ended=has_ended, store_id=change.store_id, content=content)

    async def _apply(
        self, connection: AsyncConnection, change: OpenedEvent, known: Prepared
    ) -> EventOutcome | None:
        if change.superseded_by:
            return STALE if change.came_late else SUPERSEDED
        stored = await products.load(connection, change)
        if stored.came_late is not None:
            return STALE if stored.came_late else SUPERSEDED
        try:
            read = known.read(StoreType(change.platform), change.event_type, change.payload)
        except InvalidField as error:
            return _unreadable(error)
        if read.notes:
            await events.add_notes(connection, change.id, read.notes)
        match read.change:
            case Deletion():
                if await confirm.is_repeated(connection, change.id):
                    return REPEATED
                return await self._delete(connection, change, stored, known)
            case Variation() as variation:
                return await self._save_variation(connection, change, stored, variation, known)
            case Product() as product:
                return await self._save(connection, change, stored, product, known)

    async def _save(
        self,
        connection: AsyncConnection,
        change: OpenedEvent,
        stored: StoredProduct,
        product: Product,
        prepared: Prepared,
    ) -> EventOutcome | None:
        product = await over_unapplied(connection, change, product, prepared)
        product = await categories.with_parents(connection, change.store_id, product)
        followed = Followed(change=change, product=product)
        product = product.completed(stored.product, is_doubtful=change.confirm)
        known, written = stored.variations, 0
        variation_set = VariationSet(
            change=change, variations=product.variations, ids=product.variation_ids or ()
        )
        if product.variations:
            written = await variations.upsert(connection, change.store_id, [variation_set])
        if product.variation_ids is not None and (stored.variations or product.variations):
            await variations.keep_only(connection, change.store_id, [variation_set])
            await variations.apply_late_deletions(connection, change.store_id, [variation_set])
            known = (await products.load(connection, change)).variations
        text = prepared.text_of(product, known)
        write = ProductWrite(change=change, product=product, content_hash=text)
        saved = (await products.upsert(connection, [write])).get(product.external_id)
        if known:
            await follow(connection, change.store_id, [followed])
        if saved is None:
            return None if written and await self._refresh(connection, change, prepared) is None else STALE
        if not product.visible:
            return EventOutcome(status=EventStatus.SUCCEEDED, reason=_not_in_search(product))
        return self._unchanged(saved, text)

    async def _save_variation(
        self,
        connection: AsyncConnection,
        change: OpenedEvent,
        stored: StoredProduct,
        variation: Variation,
        prepared: Prepared,
    ) -> EventOutcome | None:
        known = {one.external_id for one in stored.variations}
        if variation.external_id not in known and len(known) >= VARIATIONS:
            return TOO_MANY_VARIATIONS
        variation = await over_unapplied(connection, change, variation, prepared)
        alone = VariationSet(change=change, variations=(variation,))
        if not await variations.upsert(connection, change.store_id, [alone]):
            return STALE
        if stored.product is None:
            return EventOutcome(
                status=EventStatus.SUCCEEDED, reason=f"Saved; waiting for its product {variation.parent}."
            )
        return await self._refresh(connection, change, prepared)

    async def _delete(
        self, connection: AsyncConnection, change: OpenedEvent, stored: StoredProduct, prepared: Prepared
    ) -> EventOutcome | None:
        if change.product_key != change.external_id:
            if not await variations.deactivate(connection, change):
                return STALE
            if stored.product is None:
                return EventOutcome(status=EventStatus.SUCCEEDED, reason="The variation was deleted.")
            return await self._refresh(connection, change, prepared)
        if stored.id is None:
            return EventOutcome(
                status=EventStatus.IGNORED, reason=f"No product {change.external_id} of this shop is stored."
            )
        if not await products.deactivate(connection, change, stored.id):
            return STALE
        return EventOutcome(status=EventStatus.SUCCEEDED, reason="The product was removed from search.")

    async def _refresh(
        self, connection: AsyncConnection, change: OpenedEvent, prepared: Prepared
    ) -> EventOutcome | None:
        """Update a product's text, price and stock from its variations."""
        stored = await products.load(connection, change)
        if stored.product is None or stored.id is None:
            return EventOutcome(status=EventStatus.SUCCEEDED, reason="Saved.")
        text = prepared.text_of(stored.product, stored.variations)
        followed = Followed(change=change, content_hash=text)
        saved = (await follow(connection, change.store_id, [followed]))[stored.product.external_id]
        if not stored.is_active:
            return EventOutcome(
                status=EventStatus.SUCCEEDED, reason="Saved; search does not show its product."
            )
        return self._unchanged(saved, text)

    def _unchanged(self, saved: SavedRow, text: str) -> EventOutcome | None:
        """Returns the outcome if this text is indexed already; None if it must be indexed."""
        if (saved.knowledge_hash, saved.knowledge_model) == (text, self._model):
            return EventOutcome(
                status=EventStatus.UNCHANGED, reason="The text has not changed; nothing was embedded."
            )
        return None


def _known(ended: OpenedEvent, note: str) -> EventOutcome:
    """Returns the outcome of an event that has ended, without the note at its end."""
    reason = ended.reason.removesuffix(f" {note}") if note else ended.reason
    return EventOutcome(status=EventStatus(ended.status), reason=reason)


def _not_in_search(product: Product) -> str:
    if product.status == UNKNOWN:
        return "Saved; not in search, because the shop has sent only a part of it so far."
    if product.status != PUBLISHED:
        return f"Saved; not in search, because its status in the shop is {product.status}."
    if "post_password" in product.hidden_by:
        return "Saved; not in search, because a password protects it in the shop."
    return "Saved; not in search, because the shop hides it from its catalogue and its search."


def _unreadable(error: InvalidField) -> EventOutcome:
    return EventOutcome(status=EventStatus.FAILED, reason=f"The product cannot be read: {error}.")

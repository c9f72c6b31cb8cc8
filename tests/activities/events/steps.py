"""The steps of events that have no workflow, called directly."""

from datetime import UTC, datetime, timedelta

from sqlalchemy import text
from temporalio.testing import ActivityEnvironment

from activities.events.at_once import AtOnceActivities
from activities.events.process import ProcessActivities
from activities.events.record import EventActivities
from activities.events.save import ProductActivities
from activities.indexing import Indexer
from activities.metrics import Counters
from compute import Compute
from contracts.events import (
    BegunEvent,
    EventOutcome,
    EventText,
    EventType,
    FinishedEvent,
    ProcessedEvent,
    ProductEvent,
    RecordedRow,
    SavedProduct,
    TextVersion,
    TriedAtOnce,
)
from contracts.ids import embedding_label
from database.events.debounce import Debounce
from database.events.record import record
from embeddings.registry import create_embedder
from tests.support.shop import Shop
from tests.support.system import System

HOUR = timedelta(hours=1)
DEBOUNCE = Debounce(wait=timedelta(), max_wait=HOUR)


class Steps:
    """Records, saves and indexes events of one store."""

    def __init__(self, system: System, shop: Shop, *, debounce: Debounce = DEBOUNCE) -> None:
        settings = system.settings
        self._database = system.database
        self._shop = shop
        compute, totals = Compute(), Counters(system.database)
        self._embedder = create_embedder(settings)
        events = EventActivities(system.database, debounce=debounce)
        self._activities = ProductActivities(
            system.database,
            compute,
            totals,
            model=embedding_label(settings.embedding_model, settings.embedding_dimensions),
            debounce=debounce,
        )
        self._at_once = AtOnceActivities(system.database, Indexer(self._embedder, compute, totals), totals)
        self._events = events
        self._process = ProcessActivities(events, self._activities, self._at_once)
        self._debounce = debounce
        self._in_workflow = ActivityEnvironment()

    async def close(self) -> None:
        """Delete what recovery would continue in another test."""
        await self._embedder.close()
        await self._shop.forget_unfinished()
        async with self._database.single() as connection:
            products = text("DELETE FROM products WHERE store_id = :store")
            await connection.execute(products, {"store": self._shop.store_id})

    def change(
        self, name: str, *, at: datetime, waited: timedelta = timedelta(), description: str = ""
    ) -> ProductEvent:
        return ProductEvent(
            store_id=self._shop.store_id,
            event_id=f"{name} {at}",
            event_type=EventType.UPDATED,
            external_id="woo_5",
            version=at,
            received_at=datetime.now(UTC) - waited,
            body={
                "id": 5,
                "name": name,
                "description": description,
                "date_modified_gmt": at.isoformat()[:19],
            },
        )

    async def record(self, event: ProductEvent) -> int:
        async with self._database.transaction() as connection:
            recorded = await record(
                connection,
                event,
                workflow_id=self._in_workflow.info.workflow_id or "",
                run_id=self._in_workflow.info.workflow_run_id or "",
                debounce=self._debounce,
                readable=(),
            )
        return recorded.row_id

    async def save(self, row: int) -> SavedProduct:
        return await self._in_workflow.run(self._activities.save_product, row)

    async def saved(self, event: ProductEvent) -> EventText:
        """Record and save an event; returns its text, which it has claimed."""
        row = await self.record(event)
        saved = await self.save(row)
        assert saved.product_id
        version = TextVersion(event_row=row, product_id=saved.product_id, content_hash=saved.content_hash)
        return EventText(version=version, saved=saved.outcome)

    async def begin(self, event: ProductEvent) -> BegunEvent:
        return await self._in_workflow.run(self._process.begin_event, event)

    async def process(self, row: int, note: str = "") -> ProcessedEvent:
        return await self._in_workflow.run(self._process.process_event, RecordedRow(event_row=row, note=note))

    async def abandon(self, event: ProductEvent, outcome: EventOutcome) -> None:
        await self._in_workflow.run(self._events.abandon_event, event, outcome)

    async def finish(self, event: FinishedEvent) -> None:
        await self._in_workflow.run(self._events.finish_event, event)

    async def index(self, indexed: EventText) -> TriedAtOnce:
        return await self._in_workflow.run(self._at_once.index_at_once, indexed)

"""The save activity, called directly and repeated, as after a lost answer."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta

import pytest_asyncio
from temporalio.testing import ActivityEnvironment

from activities.events.save import ProductActivities
from activities.metrics import Counters
from compute import Compute
from contracts.events import EventStatus, EventType, ProductEvent, SavedProduct
from contracts.ids import embedding_label
from database.events.debounce import Debounce
from database.events.record import record
from tests.support.shop import Shop
from tests.support.system import System

HOUR = timedelta(hours=1)
DEBOUNCE = Debounce(wait=timedelta(), max_wait=HOUR)
NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)


@pytest_asyncio.fixture(autouse=True, loop_scope="session")
async def nothing_unfinished(shop: Shop) -> AsyncIterator[None]:
    """The tests here record events without a workflow."""
    yield
    await shop.forget_unfinished()


class Steps:
    """Records and saves events that have no workflow."""

    def __init__(self, system: System, shop: Shop) -> None:
        settings = system.settings
        self._database = system.database
        self._shop = shop
        self._activities = ProductActivities(
            system.database,
            Compute(),
            Counters(system.database),
            model=embedding_label(settings.embedding_model, settings.embedding_dimensions),
            debounce=DEBOUNCE,
        )
        self._in_workflow = ActivityEnvironment()

    def change(self, name: str, *, at: datetime, waited: timedelta = timedelta()) -> ProductEvent:
        return ProductEvent(
            store_id=self._shop.store_id,
            event_id=f"{name} {at}",
            event_type=EventType.UPDATED,
            external_id="woo_5",
            version=at,
            received_at=datetime.now(UTC) - waited,
            body={"id": 5, "name": name, "date_modified_gmt": at.isoformat()[:19]},
        )

    async def record(self, event: ProductEvent) -> int:
        async with self._database.transaction() as connection:
            recorded = await record(
                connection,
                event,
                workflow_id=self._in_workflow.info.workflow_id or "",
                run_id="run",
                debounce=DEBOUNCE,
                readable=(),
            )
        return recorded.row_id

    async def save(self, row: int) -> SavedProduct:
        return await self._in_workflow.run(self._activities.save_product, row)


async def test_a_text_claimed_from_another_event_is_claimed_again(system: System, shop: Shop) -> None:
    """A newer change leaves its text to an older one that came later: that is stale, but indexes the text."""
    steps = Steps(system, shop)
    newer, older = steps.change("کیف نو", at=NOON, waited=HOUR / 60), steps.change("کیف", at=NOON - HOUR)
    second, first = await steps.record(older), await steps.record(newer)
    left = await steps.save(first)
    assert left.outcome is not None
    assert older.event_id in left.outcome.reason
    taken = await steps.save(second)
    assert taken.outcome is not None
    assert taken.outcome.status is EventStatus.STALE
    assert taken.product_id
    assert await steps.save(second) == taken, "only the last step was lost"
    assert await steps.record(older) == second
    assert await steps.save(second) == taken, "both steps were lost"


async def test_a_text_claimed_by_another_event_stays_claimed(system: System, shop: Shop) -> None:
    """A stale event does not embed a second time what the newer one embeds."""
    steps = Steps(system, shop)
    newer = await steps.record(steps.change("کیف نو", at=NOON))
    assert (await steps.save(newer)).product_id
    older = await steps.record(steps.change("کیف", at=NOON - HOUR))
    assert not (await steps.save(older)).product_id
    assert not (await steps.save(older)).product_id

"""Products that take much CPU to read: they end, within bounds, and never on the worker's event loop."""

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
import pytest_asyncio
from temporalio.exceptions import ApplicationError
from temporalio.testing import ActivityEnvironment

from activities.events.save import ProductActivities
from activities.metrics import Counters
from activities.reading import SLOW_ATTEMPTS
from compute import INLINE_BYTES, Busy, Compute, TooSlow
from contracts.bounds import CHUNKS, DESCRIPTION_CHARACTERS, VARIATIONS
from contracts.catalog import Variation
from contracts.errors import TooExpensive
from contracts.events import EventType, ProductEvent
from contracts.retry import Retry
from database.events.debounce import Debounce
from database.events.record import record
from knowledge.html import html_to_text
from tests.support.shop import Shop

CELLS = "<table><tr>" + "<td>x" * 700_000
SENTENCES = "".join(f"<p>Sentence {n} of a long description. </p>" for n in range(10_000))
DEBOUNCE = Debounce(wait=timedelta(), max_wait=timedelta(hours=1))
IN_WORKFLOW = ActivityEnvironment().info.workflow_id or ""


@pytest_asyncio.fixture(autouse=True, loop_scope="session")
async def nothing_unfinished(shop: Shop) -> AsyncIterator[None]:
    """The tests here record events without a workflow."""
    yield
    await shop.forget_unfinished()


@pytest.fixture
def reads_no_large_text(monkeypatch: pytest.MonkeyPatch) -> None:
    """The worker of the tests runs in this process: here a large text fails its step."""

    def small_only(html: str) -> str:
        if len(html) > INLINE_BYTES:
            raise MemoryError(f"{len(html)} characters are rendered on the event loop")
        return html_to_text(html)

    monkeypatch.setattr("knowledge.content.html_to_text", small_only)


@pytest.mark.usefixtures("reads_no_large_text")
async def test_a_huge_description_is_cut_and_noted(shop: Shop) -> None:
    row = await shop.ended(await shop.submit({"id": 5, "name": "جدول", "description": CELLS}))
    assert row["status"] == "succeeded", row["reason"]
    assert row["notes"] == [f"description: only the first {DESCRIPTION_CHARACTERS:,} characters were kept."]
    product = await shop.one("SELECT * FROM products WHERE store_id = :store AND external_id = 'woo_5'")
    assert product is not None
    assert len(product["description"]) == DESCRIPTION_CHARACTERS
    assert 1 <= len(await shop.chunks(5)) <= CHUNKS


@pytest.mark.usefixtures("reads_no_large_text")
async def test_a_long_text_has_a_bounded_number_of_chunks_and_a_note(shop: Shop) -> None:
    assert len(SENTENCES) < DESCRIPTION_CHARACTERS
    row = await shop.ended(await shop.submit({"id": 5, "name": "Text", "description": SENTENCES}))
    assert row["status"] == "succeeded", row["reason"]
    assert row["notes"] == [f"text: only the first {CHUNKS:,} chunks were indexed."]
    assert len(await shop.chunks(5)) == CHUNKS


@pytest.mark.usefixtures("reads_no_large_text")
async def test_a_variation_of_a_product_with_long_texts(shop: Shop) -> None:
    """The texts of the stored product are large, not what the event brings."""
    long = "<p>متن بلند</p>" * 4_000
    assert await shop.sync({"id": 5, "name": "کیف", "description": long, "variations": [6]}) == "succeeded"
    variation = {"id": 6, "type": "variation", "parent_id": 5, "description": "<p>چرم</p>"}
    assert await shop.sync(variation) == "succeeded"
    assert "چرم" in " ".join(chunk["text"] for chunk in await shop.chunks(5))


@pytest.fixture
def makes_no_large_content(monkeypatch: pytest.MonkeyPatch) -> None:
    """Content of variations that is made in this process fails its step."""

    def refused(_: Variation) -> None:
        raise MemoryError("a large content is made on the event loop")

    monkeypatch.setattr("knowledge.content._form", refused)


@pytest.mark.usefixtures("makes_no_large_content")
async def test_a_small_change_of_a_product_with_many_short_texts(shop: Shop) -> None:
    """Neither its own event nor a small one of a variation makes the large content on the event loop."""
    variations = [
        {"id": 100 + n, "attributes": {f"a{option}": f"v{n}-{option}" for option in range(10)}}
        for n in range(300)
    ]
    assert await shop.sync({"id": 5, "name": "کیف", "variations": variations}) == "succeeded"
    one = {"id": 100, "type": "variation", "parent_id": 5, "attributes": {"a0": "تازه"}}
    assert await shop.sync(one) == "succeeded"
    assert "تازه" in " ".join(chunk["text"] for chunk in await shop.chunks(5))


async def test_a_product_keeps_a_bounded_number_of_variations(shop: Shop) -> None:
    variations = [{"id": 100 + n} for n in range(VARIATIONS)]
    assert await shop.sync({"id": 5, "name": "کیف", "variations": variations}) == "succeeded"
    row = await shop.ended(await shop.submit({"id": 9, "type": "variation", "parent_id": 5}))
    assert (row["status"], "2,048" in row["reason"]) == ("ignored", True)
    assert await shop.sync({"id": 100, "type": "variation", "parent_id": 5, "price": "3"}) == "unchanged"


async def test_a_large_product_that_cannot_be_read_fails_with_its_field(shop: Shop) -> None:
    """What the token route would refuse reaches the worker through other routes, such as older versions."""
    event = ProductEvent(
        store_id=shop.store_id,
        event_id="unreadable",
        event_type=EventType.UPDATED,
        external_id="woo_5",
        received_at=datetime.now(UTC),
        body={"id": 5, "type": "variation", "parent_id": "x", "short_description": CELLS[: 2 * INLINE_BYTES]},
    )
    async with shop.database.transaction() as connection:
        recorded = await record(
            connection, event, workflow_id=IN_WORKFLOW, run_id="run", debounce=DEBOUNCE, readable=()
        )
    compute = Compute()
    saved = await ActivityEnvironment().run(_activities(shop, compute).save_product, recorded.row_id)
    await compute.close()
    assert saved.outcome is not None
    assert saved.outcome.reason.startswith("The product cannot be read: product.parent_id")


def _activities(shop: Shop, compute: Compute) -> ProductActivities:
    return ProductActivities(
        shop.database, compute, Counters(shop.database), model="model@3", debounce=DEBOUNCE
    )


@pytest.mark.parametrize(
    ("error", "attempt", "retry", "pause"),
    [
        (TooExpensive(), 1, Retry.FATAL, None),
        (Busy(), 1, Retry.RETRY, timedelta(seconds=3)),
        (Busy(), 100, Retry.RETRY, timedelta(seconds=60)),
        (TooSlow(), 1, Retry.RETRY, timedelta(seconds=30)),
        (TooSlow(), SLOW_ATTEMPTS, Retry.FATAL, None),
    ],
    ids=["too expensive", "busy", "busy for long", "slow", "too slow"],
)
async def test_reading_that_costs_too_much_ends(
    shop: Shop, error: Exception, attempt: int, retry: Retry, pause: timedelta | None
) -> None:
    """A text that takes too much CPU fails its event; a text behind others of its store waits in Temporal."""

    class Failing(Compute):
        async def run(self, *_: object, **__: object) -> object:  # type: ignore[override]  # it only raises
            raise error

    row_id = await _recorded(shop)
    activities = _activities(shop, Failing())
    environment = ActivityEnvironment()
    environment.info = replace(environment.info, attempt=attempt)
    with pytest.raises(ApplicationError) as raised:
        await environment.run(activities.save_product, row_id)
    assert (raised.value.type, raised.value.next_retry_delay) == (retry, pause)
    assert raised.value.non_retryable is (retry is Retry.FATAL)


async def _recorded(shop: Shop) -> int:
    event = ProductEvent(
        store_id=shop.store_id,
        event_id="large",
        event_type=EventType.UPDATED,
        external_id="woo_5",
        received_at=datetime.now(UTC),
        body={"id": 5, "description": "x" * (INLINE_BYTES + 1)},
    )
    async with shop.database.transaction() as connection:
        recorded = await record(
            connection, event, workflow_id=IN_WORKFLOW, run_id="run", debounce=DEBOUNCE, readable=()
        )
    return recorded.row_id

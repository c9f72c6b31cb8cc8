"""Price, range and stock of a product follow its variations, in any order of changes, in each transaction."""

import random
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
import pytest_asyncio
from temporalio.testing import ActivityEnvironment

from activities.events.save import ProductActivities
from activities.metrics import Counters
from compute import Compute
from connectors.woocommerce.parse import parse
from contracts.catalog import Product
from contracts.events import EventType, ProductEvent
from contracts.ids import embedding_label
from database.events.debounce import Debounce
from database.events.record import record
from tests.support.shop import Shop
from tests.support.sync.pages import Page
from tests.support.system import System

DEBOUNCE = Debounce(wait=timedelta(), max_wait=timedelta(hours=1))
START = datetime(2026, 11, 20, 12, tzinfo=UTC)
VARIATIONS = (91, 92, 93)

Body = dict[str, Any]


class Following:
    """Saves events of one variable product without a workflow, and reads what is stored then."""

    def __init__(self, system: System, shop: Shop) -> None:
        settings = system.settings
        self._database, self._shop = system.database, shop
        self._activities = ProductActivities(
            system.database,
            Compute(),
            Counters(system.database),
            model=embedding_label(settings.embedding_model, settings.embedding_dimensions),
            debounce=DEBOUNCE,
        )
        self._in_workflow = ActivityEnvironment()
        self._events = 0

    async def save(self, body: Body, event_type: EventType = EventType.UPDATED, *, at: int) -> None:
        """Record and save a change that the shop made at a minute."""
        self._events += 1
        is_variation = body["id"] != 9
        moment = START + timedelta(minutes=at)
        event = ProductEvent(
            store_id=self._shop.store_id,
            event_id=f"evt-{self._events}",
            event_type=event_type,
            external_id=f"woo_{body['id']}",
            parent="woo_9" if is_variation else None,
            version=moment,
            received_at=datetime.now(UTC),
            body={**body, "date_modified_gmt": f"{moment:%FT%T}"},
        )
        async with self._database.transaction() as connection:
            recorded = await record(
                connection,
                event,
                workflow_id=self._in_workflow.info.workflow_id or "",
                run_id="run",
                debounce=DEBOUNCE,
                readable=(),
            )
        await self._in_workflow.run(self._activities.save_product, recorded.row_id)

    async def shown(self) -> tuple[Any, ...]:
        """Returns price, lowest, highest, stock and backorder of the product."""
        row = await self._shop.product(9)
        assert row
        return tuple(row[name] for name in ("price", "min_price", "max_price", "in_stock", "backorder"))

    async def check(self) -> None:
        """The product shows its active variations, if all that it lists are stored."""
        row = await self._shop.product(9)
        if row is None:
            return
        stored = await self._shop.rows(
            "SELECT external_id, price, in_stock, backorder, is_active FROM product_variations"
            " WHERE store_id = :store AND parent_external_id = 'woo_9'"
        )
        active = [one for one in stored if one["is_active"]]
        prices = [one["price"] for one in active]
        ids = row["variation_ids"]
        if ids is not None and not {one["external_id"] for one in stored} >= set(ids):
            assert (row["min_price"], row["max_price"]) == (None, None)
            return
        assert row["min_price"] == min(prices, default=None)
        assert row["max_price"] == max(prices, default=None)
        if active:
            assert row["price"] == min(prices)
            assert row["in_stock"] == any(one["in_stock"] for one in active)
            in_store = any(one["in_stock"] and not one["backorder"] for one in active)
            assert row["backorder"] == (row["in_stock"] and not in_store)
        elif ids:
            assert not row["in_stock"]


@pytest_asyncio.fixture(loop_scope="session")
async def following(system: System, shop: Shop) -> AsyncIterator[Following]:
    yield Following(system, shop)
    await shop.forget_unfinished()


def inside(id_: int = 91, **fields: Any) -> Body:
    return {"id": id_, "price": "10", "stock_status": "instock", **fields}


def alone(id_: int = 91, **fields: Any) -> Body:
    return {**inside(id_), "type": "variation", "parent_id": 9, **fields}


def product(*variations: Any, **fields: Any) -> Body:
    return {"id": 9, "name": "کفش", "variations": list(variations), **fields}


def anything(choose: random.Random) -> tuple[str, Body]:
    """Returns a kind of change and its body."""
    kind = choose.choice(("full", "ids", "some", "none", "page", "alone", "alone", "alone", "deleted"))
    some = choose.sample(VARIATIONS, choose.randint(1, 3))

    def fields() -> Body:
        stock = choose.choice(("instock", "outofstock", "onbackorder"))
        return {"price": str(choose.randint(1, 9)), "stock_status": stock}

    def one(id_: int) -> Body:
        return inside(id_, **fields(), status=choose.choice(("publish", "publish", "private")))

    match kind:
        case "full" | "page":
            return kind, product(*map(one, some), **fields())
        case "ids":
            return kind, product(*some)
        case "some":
            return kind, product(one(some[0]), *some[1:])
        case "none":
            return kind, product()
        case "alone":
            return kind, alone(**one(some[0]))
    return kind, {"id": some[0]}


@pytest.mark.parametrize("seed", range(20))
async def test_any_changes_in_any_order_end_with_the_active_variations(
    following: Following, page: Page, seed: int
) -> None:
    """Of events and pages of a sync, also late ones: after each of them, not only after the last."""
    choose = random.Random(seed)  # noqa: S311 - disorder, not secrecy
    for at in choose.sample(range(60), 14):
        kind, body = anything(choose)
        if kind == "page":
            read = parse(EventType.UPDATED, body)
            assert isinstance(read, Product)
            await page.save(read)
        else:
            event_type = EventType.DELETED if kind == "deleted" else EventType.UPDATED
            await following.save(body, event_type, at=at)
        await following.check()


async def test_a_range_goes_with_the_variations(following: Following) -> None:
    """It is there with them, narrower without one, and gone when the product is a simple one again."""
    ten, forty = inside(91, price="10"), inside(92, price="40")
    await following.save(product(ten, forty, price="10"), at=1)
    assert await following.shown() == (10, 10, 40, True, False)
    await following.save({"id": 91}, EventType.DELETED, at=2)
    assert await following.shown() == (40, 40, 40, True, False)
    await following.save(alone(92, price="30"), at=3)
    assert await following.shown() == (30, 30, 30, True, False)
    await following.save({"id": 92}, EventType.DELETED, at=4)
    assert await following.shown() == (30, None, None, False, False)
    await following.save(product(price="25", stock_status="instock"), at=5)
    assert await following.shown() == (25, None, None, True, False)


async def test_variations_before_their_product(following: Following) -> None:
    """The product shows them as soon as it arrives, also if it brings none of them."""
    await following.save(alone(91, price="70"), at=1)
    await following.save(alone(92, price="50", stock_status="outofstock"), at=2)
    await following.save(product(91, 92), at=3)
    assert await following.shown() == (50, 50, 70, True, False)
    await following.save(product(91, 92, 93), at=4)
    assert (await following.shown())[1:3] == (None, None), "one of the variations is not known"
    await following.save(alone(93, price="90"), at=5)
    assert await following.shown() == (50, 50, 90, True, False)


async def test_a_product_speaks_for_variations_that_say_nothing(following: Following) -> None:
    """A shop may count the stock of the product itself, and change no variation when it is sold out."""
    await following.save(product(inside(91, price="10"), inside(92, price="40"), price="10"), at=1)
    sold_out = {"stock_status": "outofstock", "stock_quantity": 0}
    await following.save(product(91, 92, price="9", **sold_out), at=2)
    assert await following.shown() == (9, 9, 40, False, False)
    silent = [{"id": id_, "attributes": [{"name": "size", "option": str(id_)}]} for id_ in (91, 92)]
    await following.save(product(*silent, price="8", **sold_out), at=3)
    assert await following.shown() == (8, 8, 40, False, False)
    await following.save(alone(91, price="11"), at=4)
    assert await following.shown() == (11, 11, 40, True, False)


@pytest.mark.parametrize(("price", "lowest", "highest"), [("5", 5, 30), ("20", 10, 30), ("50", 10, 50)])
async def test_a_range_has_the_price(following: Following, price: str, lowest: int, highest: int) -> None:
    """Also where the product says a price that none of its variations has; until one of them changes."""
    await following.save(product(inside(91, price="10"), inside(92, price="30"), price="10"), at=1)
    await following.save(product(91, 92, price=price), at=2)
    assert (await following.shown())[:3] == (Decimal(price), lowest, highest)
    await following.save(alone(92, price="40"), at=3)
    assert (await following.shown())[:3] == (10, 10, 40)


async def test_a_page_without_a_product_s_variations_leaves_its_range(
    following: Following, page: Page
) -> None:
    """A catalogue that failed to list the variations says nothing of them."""
    await following.save(product(inside(91, price="10"), inside(92, price="40"), price="10"), at=1)
    read = parse(EventType.UPDATED, {"id": 9, "name": "کفش نو", "price": "10"})
    assert isinstance(read, Product)
    assert read.variation_ids is None
    await page.save(read)
    assert (await following.shown())[:3] == (Decimal(10), 10, 40)

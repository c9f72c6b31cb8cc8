"""Reading a Shopify shop: complete, exact, and within the shop's rate limit."""

from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import orjson
import pytest

from connectors.base import Catalogue, ManifestEntry
from connectors.http import request as exchange
from connectors.http.outbound import Outbound
from connectors.registry import PLATFORMS
from connectors.shopify import catalogue as catalogue_module
from connectors.shopify.catalogue import ShopifyReader
from connectors.shopify.graphql import LEAST_WAIT, LONGEST_WAIT, Timing
from contracts.catalog import Attribute, Facts, Product
from contracts.errors import InvalidField, ShopAnswersNonsense, ShopDown, ShopProblem, ShopRefuses
from contracts.events import EventType
from contracts.retry import Retry
from contracts.stores import ShopAccess, StoreType
from fakes.shopify import MOMENT, TOKEN, Fault, ShopifyServer, refusal
from fakes.woocommerce import Answered, moved, server_error, too_many, unavailable
from tests.support.shown import readable

RETRY, WAIT, NEVER = Retry
SHIRT = 788032119674292922


def variant(id_: int, **changed: object) -> dict[str, Any]:
    return {
        "id": id_,
        "admin_graphql_api_id": f"gid://shopify/ProductVariant/{id_}",
        "title": f"Size {id_}",
        "price": "19.99",
        "compare_at_price": "24.99",
        "sku": f"TS-{id_}",
        "barcode": f"626000{id_}",
        "inventory_quantity": 75,
        "inventory_policy": "deny",
        "inventory_management": "shopify",
        "option1": f"Size {id_}",
        "option2": None,
        "option3": None,
        "updated_at": "2026-03-05T15:15:10Z",
        **changed,
    }


def webhook(id_: int = SHIRT, *variants: dict[str, Any], **changed: object) -> dict[str, Any]:
    """Returns the body of a products/update."""
    sold = variants or (variant(642667041472713922), variant(757650484644203962, price="21.50"))
    return {
        "id": id_,
        "admin_graphql_api_id": f"gid://shopify/Product/{id_}",
        "title": "Example T-Shirt",
        "body_html": "<p>An <b>example</b> T-Shirt</p>",
        "handle": "example-t-shirt",
        "vendor": "Acme",
        "product_type": "Shirts",
        "tags": "example, mens, t-shirt",
        "status": "active",
        "published_at": "2026-03-01T05:00:00Z",
        "updated_at": "2026-03-05T15:15:10Z",
        "options": [{"name": "Size", "position": 1, "values": [one["option1"] for one in sold]}],
        "images": [{"src": "https://cdn.shopify.com/1.jpg"}, {"src": "https://cdn.shopify.com/2.jpg?v=2"}],
        "variants": list(sold),
        **changed,
    }


def simple(id_: int, **changed: object) -> dict[str, Any]:
    """Returns a product without options."""
    only = variant(id_ + 1, title="Default Title", option1="Default Title")
    options = [{"name": "Title", "position": 1, "values": ["Default Title"]}]
    return webhook(id_, only, **{"options": options, "title": f"Product {id_}", **changed})


def parsed(body: object) -> Product:
    """Returns the product that a body is parsed to."""
    assert isinstance(body, dict)
    change = PLATFORMS[StoreType.SHOPIFY].deliveries.change(EventType.UPDATED, body)
    assert isinstance(change, Product)
    return change


@pytest.fixture
def shop() -> Iterator[ShopifyServer]:
    with ShopifyServer() as opened:
        yield opened


class Requests:
    """A budget that counts requests."""

    def __init__(self) -> None:
        self.times = 0

    @asynccontextmanager
    async def budget(self) -> AsyncIterator[None]:
        self.times += 1
        yield


@asynccontextmanager
async def reading(
    shop: ShopifyServer, outbound: Outbound, asked: Requests | None = None, access: ShopAccess | None = None
) -> AsyncIterator[Catalogue]:
    reader = ShopifyReader(Timing(now=shop.clock.now, sleep=shop.clock.sleep))
    budget = (asked or Requests()).budget
    async with reader.open(access or shop.access(), outbound, budget) as catalogue:
        yield catalogue


async def all_entries(catalogue: Catalogue, **asked: Any) -> list[ManifestEntry]:
    """Returns all entries of the list."""
    page = await catalogue.manifest(None, **asked)
    entries = list(page.entries)
    while page.next:
        page = await catalogue.manifest(page.next, **asked)
        entries += page.entries
    return entries


@pytest.mark.parametrize(
    "body",
    [
        webhook(),
        simple(7),
        simple(8, status="draft", published_at=None),
        simple(9, status="archived"),
        simple(10, status="unlisted"),
        simple(11, body_html="", tags="", vendor="", product_type="", images=[]),
        webhook(12, variant(1, inventory_policy="continue", inventory_quantity=-3), variant(2)),
        webhook(13, variant(1, inventory_management=None, compare_at_price=None, sku=None, barcode=None)),
        webhook(
            14,
            variant(1, option1="S", option2="سبز", option3="پنبه"),
            options=[
                {"name": "Size", "position": 1, "values": ["S"]},
                {"name": "رنگ", "position": 2, "values": ["سبز"]},
                {"name": "جنس", "position": 3, "values": ["پنبه"]},
            ],
        ),
    ],
    ids=lambda body: str(body["id"]),
)
async def test_a_product_is_read_as_a_webhook_sends_it(
    shop: ShopifyServer, outbound: Outbound, body: dict[str, Any]
) -> None:
    """Every field of the product and its variants is equal, ids above 2^53 included."""
    shop.load(body)
    async with reading(shop, outbound) as catalogue:
        found = await catalogue.product(f"shopify_{body['id']}")
    assert parsed(orjson.loads(orjson.dumps(found))) == parsed(body)


async def test_all_variants_and_images_are_read(shop: ShopifyServer, outbound: Outbound) -> None:
    """Up to the 2,048 and 250 that Shopify allows, on any number of pages."""
    sold = [variant(9_007_199_254_740_993 + at) for at in range(2_048)]
    images = [{"src": f"https://cdn.shopify.com/{at}.jpg"} for at in range(250)]
    shop.load(webhook(SHIRT, *sold, images=images), simple(7))
    async with reading(shop, outbound) as catalogue:
        one, other = (await catalogue.fetch([f"shopify_{SHIRT}", "shopify_7"])).values()
    product = parsed(one)
    assert product == parsed(webhook(SHIRT, *sold, images=images))
    assert len(product.variation_ids or ()) == len(product.variations) == 2_048
    assert len(product.facts.gallery) == 249
    assert parsed(other) == parsed(simple(7))
    assert sum(seen.operation == "MoreVariants" for seen in shop.seen) == 9


async def test_a_video_is_no_image(shop: ShopifyServer, outbound: Outbound) -> None:
    """A video and an image that is still processed are left out."""
    shop.load(simple(7))
    media = shop.products[7]["media"]
    media[:0] = [{"__typename": "Video"}, {"__typename": "MediaImage", "image": None}]
    async with reading(shop, outbound) as catalogue:
        assert parsed(await catalogue.product("shopify_7")) == parsed(simple(7))


async def test_a_hundred_products_are_read_at_a_time(shop: ShopifyServer, outbound: Outbound) -> None:
    """Deleted products are left out, and duplicates are returned once."""
    shop.load(*(simple(id_) for id_ in range(100, 190, 2)))
    async with reading(shop, outbound) as catalogue:
        found = await catalogue.fetch([f"shopify_{id_}" for id_ in [*range(100, 198), 100, 102]])
        with pytest.raises(ValueError, match="100"):
            await catalogue.fetch([f"shopify_{id_}" for id_ in range(1, 102)])
        assert await catalogue.fetch([]) == {}
    assert [readable(body)["id"] for body in found.values()] == list(range(100, 190, 2))


async def test_a_deleted_product_is_none(shop: ShopifyServer, outbound: Outbound) -> None:
    """An id that is not one of ours raises InvalidField."""
    async with reading(shop, outbound) as catalogue:
        assert await catalogue.product("shopify_7") is None
        for id_ in ("shopify_", "shopify_x", "7 OR 1", "shopify_-1", f"shopify_{2**63}"):
            with pytest.raises(InvalidField, match="external_id"):
                await catalogue.product(id_)


async def test_a_product_deleted_while_it_is_read_is_none(shop: ShopifyServer, outbound: Outbound) -> None:
    """No partial product is returned."""
    shop.load(webhook(SHIRT, *(variant(id_) for id_ in range(1, 60))))
    shop.before("MoreVariants", shop.products.clear)
    async with reading(shop, outbound) as catalogue:
        assert await catalogue.product(f"shopify_{SHIRT}") is None


async def test_variants_that_move_between_pages_are_read_once(
    shop: ShopifyServer, outbound: Outbound
) -> None:
    """A variant on two pages is no duplicate."""
    shop.load(webhook(SHIRT, *(variant(id_) for id_ in range(1, 61))))
    sold = shop.products[SHIRT]["variants"]
    shop.before("MoreVariants", lambda: sold.append(sold.pop(3)))
    async with reading(shop, outbound) as catalogue:
        product = parsed(await catalogue.product(f"shopify_{SHIRT}"))
    found = [variation.external_id for variation in product.variations]
    assert found == [f"shopify_{id_}" for id_ in range(1, 61)]


async def test_the_manifest_lists_every_product_once(shop: ShopifyServer, outbound: Outbound) -> None:
    """In the order of ids, with drafts and archived products, their count and the shop's time."""
    states = ["active", "draft", "archived", "unlisted", "of tomorrow"]
    shop.load(*(simple(id_, status=states[id_ % 4]) for id_ in range(1_000, 1_250)))
    async with reading(shop, outbound) as catalogue:
        page = await catalogue.manifest(None)
        assert (page.total, page.moment) == (250, datetime.fromtimestamp(MOMENT, UTC))
        entries = await all_entries(catalogue)
    assert [entry.external_id for entry in entries] == [f"shopify_{id_}" for id_ in range(1_000, 1_250)]
    assert len(page.entries) == 100


async def test_changes_between_pages_hide_no_product(shop: ShopifyServer, outbound: Outbound) -> None:
    """A page begins after the last id of the page before, even if that product was deleted."""
    shop.load(*(simple(id_) for id_ in range(1, 251)))
    async with reading(shop, outbound) as catalogue:
        page = await catalogue.manifest(None)
        for id_ in (1, 50, 100):
            del shop.products[id_]
        shop.load(simple(101, updated_at="2026-11-20T00:00:00Z"))
        rest = await catalogue.manifest(page.next)
    assert [entry.external_id for entry in rest.entries] == [f"shopify_{id_}" for id_ in range(101, 201)]


@pytest.mark.parametrize(
    "body",
    [webhook(), simple(7), simple(8, status="draft", published_at=None)],
    ids=["variable", "simple", "draft"],
)
async def test_an_entry_equals_the_full_product(
    shop: ShopifyServer, outbound: Outbound, body: dict[str, Any]
) -> None:
    """Except for text, images, stock, other prices and variants, which the list does not have."""
    shop.load(body)
    async with reading(shop, outbound) as catalogue:
        [entry] = await all_entries(catalogue)
    whole = parsed(body)
    product = entry.read()
    assert product == replace(
        whole,
        description="",
        variations=(),
        variation_ids=None,
        facts=Facts(price=whole.facts.price, link=whole.facts.link),
    )
    assert product.facts.price == Decimal("19.99")


async def test_an_unreadable_entry_is_listed(shop: ShopifyServer, outbound: Outbound) -> None:
    """An unreadable product must not look deleted."""
    shop.load(simple(7), simple(8))
    shop.products[7]["updatedAt"] = "yesterday"
    shop.products[8]["priceRangeV2"]["minVariantPrice"]["amount"] = "much"
    async with reading(shop, outbound) as catalogue:
        entries = await all_entries(catalogue)
    assert [(entry.external_id, entry.read()) for entry in entries] == [
        ("shopify_7", None),
        ("shopify_8", None),
    ]


async def test_modified_after_limits_the_list(shop: ShopifyServer, outbound: Outbound) -> None:
    """From that second on, converted to UTC."""
    at = datetime(2026, 11, 20, 10, 0, 0, tzinfo=UTC)
    for id_, seconds in ((1, -1), (2, 0), (3, 1)):
        shop.load(simple(id_, updated_at=(at + timedelta(seconds=seconds)).isoformat()))
    tehran = at.astimezone(datetime.strptime("+0330", "%z").tzinfo)
    async with reading(shop, outbound) as catalogue:
        entries = await all_entries(catalogue, modified_after=tehran + timedelta(milliseconds=900))
        page = await catalogue.manifest(None, modified_after=at)
        with pytest.raises(ValueError, match="zone"):
            await catalogue.manifest(None, modified_after=datetime(2026, 11, 20))
    assert [entry.external_id for entry in entries] == ["shopify_2", "shopify_3"]
    assert page.total == 2


def test_a_body_without_variants_keeps_the_known_ones() -> None:
    """A webhook subscription may leave fields out."""
    body = webhook()
    del body["variants"]
    product = parsed(body)
    assert product.variation_ids is None
    assert product.attributes == (
        Attribute(name="Size", options=("Size 642667041472713922", "Size 757650484644203962")),
    )
    only = parsed(simple(7))
    assert (only.variation_ids, only.attributes) == ((), ())


async def test_the_currency_of_the_shop(shop: ShopifyServer, outbound: Outbound) -> None:
    """None if the shop does not show it."""
    async with reading(shop, outbound) as catalogue:
        assert await catalogue.currency() == "EUR"
        shop.fail_next(refusal("ACCESS_DENIED"))
        assert await catalogue.currency() is None


async def test_each_request_waits_for_the_budget(shop: ShopifyServer, outbound: Outbound) -> None:
    """Repeated requests as well."""
    shop.load(*(simple(id_) for id_ in range(1, 30)))
    shop.fail_next("throttle", "throttle")
    asked = Requests()
    async with reading(shop, outbound, asked) as catalogue:
        await catalogue.fetch([f"shopify_{id_}" for id_ in range(1, 30)])
    assert asked.times == len(shop.seen) == 6


async def test_every_query_is_within_the_maximum_cost(shop: ShopifyServer, outbound: Outbound) -> None:
    """Even for the largest possible products."""
    images = [{"src": f"https://cdn.shopify.com/{at}.jpg"} for at in range(100)]
    shop.load(
        *(
            webhook(i * 1_000, *(variant(i * 1_000 + at) for at in range(300)), images=images)
            for i in range(1, 9)
        )
    )
    async with reading(shop, outbound) as catalogue:
        await all_entries(catalogue)
        await catalogue.fetch([f"shopify_{i * 1_000}" for i in range(1, 9)])
        await catalogue.currency()
    assert {seen.operation for seen in shop.seen} == {
        "Manifest",
        "Products",
        "MoreVariants",
        "MoreMedia",
        "Currency",
    }
    assert max(seen.cost for seen in shop.seen) <= 1_000


async def test_a_query_waits_until_it_is_affordable(outbound: Outbound) -> None:
    """It waits exactly until the points are restored, so the shop never throttles it."""
    with ShopifyServer(most=1_000, rate=50) as shop:
        shop.load(*(simple(id_) for id_ in range(1, 1_001)))
        async with reading(shop, outbound) as catalogue:
            await all_entries(catalogue)
        spent = sum(seen.cost for seen in shop.seen)
        assert len(shop.seen) == 10
        assert shop.throttled == 0
        assert sum(shop.clock.slept) == pytest.approx((spent - 1_000 + 1) / 50)


async def test_points_are_restored_between_queries(outbound: Outbound) -> None:
    """No query waits for points that are restored already."""
    with ShopifyServer(most=500, rate=50) as shop:
        shop.load(*(simple(id_) for id_ in range(1, 501)))
        async with reading(shop, outbound) as catalogue:
            page = await catalogue.manifest(None)
            while page.next:
                shop.clock.time += 10
                page = await catalogue.manifest(page.next)
        assert (len(shop.seen), shop.throttled, shop.clock.slept) == (5, 0, [])


async def test_points_used_by_other_processes_are_waited_for(outbound: Outbound) -> None:
    """A throttled answer reports how many are left."""
    with ShopifyServer(most=1_000, rate=50) as shop:
        shop.load(simple(1))
        shop.spend(1_000)
        async with reading(shop, outbound) as catalogue:
            [entry] = await all_entries(catalogue)
        assert entry.external_id == "shopify_1"
        assert shop.throttled == 1
        assert shop.clock.slept == [pytest.approx((shop.seen[0].cost + 1) / 50)]


async def test_repeated_throttling_ends_the_step(shop: ShopifyServer, outbound: Outbound) -> None:
    """After a few tries, even if there should be enough points."""
    shop.fail_always("throttle")
    async with reading(shop, outbound) as catalogue:
        with pytest.raises(ShopDown, match="slow down") as caught:
            await catalogue.manifest(None)
    assert len(shop.seen) == shop.throttled == 4
    assert shop.clock.slept == [LEAST_WAIT] * 3
    assert ShopifyReader().failure(caught.value).retry is RETRY


async def test_a_long_wait_ends_the_step(outbound: Outbound) -> None:
    """The error has the time of the retry."""
    with ShopifyServer(most=1_000, rate=1) as shop:
        shop.spend(900)
        async with reading(shop, outbound) as catalogue:
            with pytest.raises(ShopDown) as caught:
                await catalogue.manifest(None)
        assert shop.clock.slept == []
        assert caught.value.retry_after == pytest.approx(shop.seen[0].cost - 100 + 1)
        assert shop.seen[0].cost - 100 > LONGEST_WAIT


async def test_throttling_without_reported_points_ends_the_step(
    shop: ShopifyServer, outbound: Outbound
) -> None:
    """Without reported points there is no wait inside the step."""
    shop.fail_always("throttle without cost")
    async with reading(shop, outbound) as catalogue:
        with pytest.raises(ShopDown, match="slow down"):
            await catalogue.manifest(None)
    assert (len(shop.seen), shop.clock.slept) == (1, [])


async def test_throttling_by_http_429_is_the_same(shop: ShopifyServer, outbound: Outbound) -> None:
    """Throttled answers have status 200 or 429."""
    status = {"maximumAvailable": 1_000, "currentlyAvailable": 0, "restoreRate": 50}
    cost = {"requestedQueryCost": 100, "throttleStatus": status}
    body = {"errors": [{"extensions": {"code": "THROTTLED"}}], "extensions": {"cost": cost}}
    shop.fail_next(Answered(status=429, body=orjson.dumps(body)))
    async with reading(shop, outbound) as catalogue:
        assert (await catalogue.manifest(None)).entries == ()
    assert shop.clock.slept == [pytest.approx(101 / 50)]


@pytest.mark.parametrize(
    "cost",
    [
        None,
        [],
        {"throttleStatus": None},
        {"requestedQueryCost": "10", "throttleStatus": {}},
        {"requestedQueryCost": True, "throttleStatus": {"restoreRate": 0}},
        {
            "requestedQueryCost": 10**15,
            "throttleStatus": {"maximumAvailable": -5, "currentlyAvailable": 10**15, "restoreRate": -1},
        },
        {
            "requestedQueryCost": 100,
            "throttleStatus": {"maximumAvailable": 0, "currentlyAvailable": 0, "restoreRate": 1},
        },
    ],
    ids=str,
)
async def test_invalid_points_are_ignored(shop: ShopifyServer, outbound: Outbound, cost: object) -> None:
    """They cause neither an error nor an endless wait."""
    told = {"data": {"shop": {"currencyCode": "EUR"}}, "extensions": {"cost": cost}}
    shop.fail_always(Answered(body=orjson.dumps(told)))
    async with reading(shop, outbound) as catalogue:
        assert [await catalogue.currency(), await catalogue.currency()] == ["EUR", "EUR"]
    assert shop.clock.slept == []


async def test_a_query_that_is_too_expensive_is_split(shop: ShopifyServer, outbound: Outbound) -> None:
    """Shopify may change costs; all products are read nevertheless."""
    shop.dearest = 150
    shop.load(*(simple(id_) for id_ in range(1, 111)))
    async with reading(shop, outbound) as catalogue:
        entries = await all_entries(catalogue)
        found = await catalogue.fetch([f"shopify_{id_}" for id_ in range(1, 11)])
        shop.dearest = 1
        with pytest.raises(ShopAnswersNonsense, match="expensive"):
            await catalogue.manifest(None)
        with pytest.raises(ShopAnswersNonsense, match="expensive"):
            await catalogue.product("shopify_1")
    assert [entry.external_id for entry in entries] == [f"shopify_{id_}" for id_ in range(1, 111)]
    assert [readable(body)["id"] for body in found.values()] == list(range(1, 11))


async def test_an_answer_that_is_too_long_is_split(
    shop: ShopifyServer, outbound: Outbound, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Down to single products."""
    shop.load(*(simple(id_, body_html="x" * 50_000) for id_ in range(1, 9)))
    async with reading(shop, outbound) as catalogue:
        monkeypatch.setattr(exchange, "LARGEST_ANSWER", 120_000)
        assert len(await catalogue.fetch([f"shopify_{id_}" for id_ in range(1, 9)])) == 8
        monkeypatch.setattr(exchange, "LARGEST_ANSWER", 40_000)
        with pytest.raises(ShopAnswersNonsense, match="above"):
            await catalogue.product("shopify_1")


PAGE = b"<!DOCTYPE html><html><body>This store is unavailable</body></html>"


@pytest.mark.parametrize(
    ("fault", "kind", "retry"),
    [
        (server_error(), ShopDown, RETRY),
        (unavailable(retry_after="40"), ShopDown, RETRY),
        (too_many(retry_after="2.0"), ShopDown, RETRY),
        (Answered(status=429, body=PAGE), ShopDown, RETRY),
        (Answered(status=430), ShopDown, RETRY),
        (Answered(status=408), ShopDown, RETRY),
        ("drop", ShopDown, RETRY),
        (refusal("INTERNAL_SERVER_ERROR"), ShopDown, RETRY),
        (Answered(body=PAGE), ShopAnswersNonsense, RETRY),
        (Answered(body=b""), ShopAnswersNonsense, RETRY),
        (Answered(body=b"[]"), ShopAnswersNonsense, RETRY),
        (Answered(body=b"{}"), ShopAnswersNonsense, RETRY),
        (Answered(body=b'{"data": null}'), ShopAnswersNonsense, RETRY),
        (Answered(body=b'{"errors": "no"}'), ShopAnswersNonsense, RETRY),
        (Answered(body=b'{"errors": [null, {"extensions": 7}]}'), ShopAnswersNonsense, RETRY),
        (Answered(body=b"{}", headers={"Content-Encoding": "br"}), ShopAnswersNonsense, RETRY),
        (Answered(body=b"no gzip", headers={"Content-Encoding": "gzip"}), ShopAnswersNonsense, RETRY),
        (Answered(status=204), ShopAnswersNonsense, RETRY),
        (refusal("SOMETHING_NEW"), ShopAnswersNonsense, RETRY),
        (refusal("ACCESS_DENIED"), ShopRefuses, WAIT),
        (refusal("SHOP_INACTIVE"), ShopRefuses, WAIT),
        (Answered(status=400), ShopRefuses, WAIT),
        (Answered(status=401), ShopRefuses, WAIT),
        (Answered(status=402), ShopRefuses, WAIT),
        (Answered(status=403, body=PAGE), ShopRefuses, WAIT),
        (Answered(status=404), ShopRefuses, WAIT),
        (Answered(status=423), ShopRefuses, WAIT),
    ],
    ids=str,
)
async def test_each_failure_has_a_retry_decision(
    shop: ShopifyServer, outbound: Outbound, fault: Fault, kind: type[ShopProblem], retry: Retry
) -> None:
    """Temporary problems are retried, others wait for an operator; the shop's own words are not repeated."""
    shop.load(simple(7))
    shop.fail_always(fault)
    async with reading(shop, outbound) as catalogue:
        for ask in (lambda: catalogue.manifest(None), lambda: catalogue.product("shopify_7")):
            with pytest.raises(ShopProblem) as caught:
                await ask()
            assert type(caught.value).__mro__[:-1].count(kind) == 1
            failure = ShopifyReader().failure(caught.value)
            assert failure.retry is retry
            assert TOKEN not in failure.reason
            assert "unavailable" not in failure.reason
    if isinstance(fault, Answered) and (named := fault.headers.get("Retry-After")):
        assert failure.pause == timedelta(seconds=float(named))


@pytest.mark.parametrize("data", [{"products": None}, {"products": {"nodes": []}}, {"nodes": [None]}])
async def test_a_partial_answer_is_refused(
    shop: ShopifyServer, outbound: Outbound, data: dict[str, Any]
) -> None:
    """Data that is missing next to an error would look deleted."""
    shop.load(simple(7))
    shop.fail_always(refusal("INTERNAL_SERVER_ERROR", data=data))
    async with reading(shop, outbound) as catalogue:
        with pytest.raises(ShopDown):
            await catalogue.manifest(None)
        with pytest.raises(ShopDown):
            await catalogue.product("shopify_7")


LAST = {"hasNextPage": False, "endCursor": None}


@pytest.mark.parametrize(
    "products",
    [
        None,
        [],
        {"nodes": {}, "pageInfo": LAST},
        {"nodes": [7], "pageInfo": LAST},
        {"nodes": [{}], "pageInfo": LAST},
        {"nodes": [{"id": 7}], "pageInfo": LAST},
        {"nodes": [{"id": "gid://shopify/Collection/7"}], "pageInfo": LAST},
        {"nodes": [{"id": "gid://shopify/Product/7e3"}], "pageInfo": LAST},
        {"nodes": [], "pageInfo": None},
        {"nodes": [], "pageInfo": {"endCursor": "x"}},
        {"nodes": [], "pageInfo": {"hasNextPage": 1, "endCursor": "x"}},
        {"nodes": [], "pageInfo": {"hasNextPage": True, "endCursor": None}},
        {"nodes": [], "pageInfo": {"hasNextPage": True, "endCursor": ""}},
        {"nodes": [], "pageInfo": {"hasNextPage": True, "endCursor": "the same"}},
        {"nodes": [], "pageInfo": {"hasNextPage": True, "endCursor": "x" * 1_001}},
    ],
    ids=lambda value: orjson.dumps(value).decode()[:60],
)
async def test_a_list_without_ids_or_a_next_page_is_refused(
    shop: ShopifyServer, outbound: Outbound, products: object
) -> None:
    """Reading it would miss products, or never end."""
    shop.fail_always(Answered(body=orjson.dumps({"data": {"products": products}})))
    async with reading(shop, outbound) as catalogue:
        with pytest.raises(ShopAnswersNonsense):
            await catalogue.manifest("the same")


NOTHING = {"variants": {"nodes": [], "pageInfo": LAST}, "media": {"nodes": [], "pageInfo": LAST}}


@pytest.mark.parametrize(
    "nodes",
    [
        None,
        {},
        [],
        [None, None],
        [7],
        [{}],
        [{"id": "gid://shopify/Product/8", **NOTHING}],
        [{"id": "gid://shopify/Product/7"}],
        [{"id": "gid://shopify/Product/7", "variants": {"nodes": [{}], "pageInfo": LAST}}],
    ],
    ids=str,
)
async def test_only_null_means_a_deleted_product(
    shop: ShopifyServer, outbound: Outbound, nodes: object
) -> None:
    """Missing nodes, other products and other types are refused."""
    shop.fail_always(Answered(body=orjson.dumps({"data": {"nodes": nodes}})))
    async with reading(shop, outbound) as catalogue:
        with pytest.raises(ShopAnswersNonsense):
            await catalogue.product("shopify_7")


@pytest.mark.parametrize("data", [{}, {"product": {}}, {"product": {"variants": None}}], ids=str)
async def test_a_product_with_unreadable_pages_is_not_deleted(
    shop: ShopifyServer, outbound: Outbound, data: dict[str, Any]
) -> None:
    """It is not read without them either."""
    shop.load(webhook(SHIRT, *(variant(id_) for id_ in range(1, 60))))
    answer = Answered(body=orjson.dumps({"data": data}))
    shop.before("Products", lambda: shop.fail_next(answer))
    async with reading(shop, outbound) as catalogue:
        with pytest.raises(ShopAnswersNonsense):
            await catalogue.product(f"shopify_{SHIRT}")


async def test_endless_variants_are_refused(
    shop: ShopifyServer, outbound: Outbound, monkeypatch: pytest.MonkeyPatch
) -> None:
    """More variants than the limit, here a tenth of it, are an error that names the limit."""
    monkeypatch.setattr(catalogue_module, "MOST_NESTED", 1_000)
    shop.load(webhook(SHIRT, *(variant(id_) for id_ in range(1, 1_200))))
    async with reading(shop, outbound) as catalogue:
        with pytest.raises(ShopAnswersNonsense, match="1,000 variants"):
            await catalogue.product(f"shopify_{SHIRT}")


async def test_an_invalid_value_is_passed_on_for_parsing(shop: ShopifyServer, outbound: Outbound) -> None:
    """Reading does not fail on it."""
    odd: dict[str, Any] = {
        "id": "gid://shopify/Product/7",
        "tags": [{"x": 1}],
        "status": 7,
        "options": "none",
    }
    odd |= {"variants": {"nodes": [{"id": "gid://shopify/ProductVariant/1", "selectedOptions": 7}]}}
    odd |= {"media": {"nodes": [{"image": 7}, {"image": {}}], "pageInfo": LAST}, "title": {"a": 1}}
    odd["variants"]["pageInfo"] = LAST
    shop.fail_always(Answered(body=orjson.dumps({"data": {"nodes": [odd]}})))
    async with reading(shop, outbound) as catalogue:
        body = await catalogue.product("shopify_7")
    with pytest.raises(InvalidField):
        parsed(body)


async def test_an_invalid_cursor_is_a_failure(shop: ShopifyServer, outbound: Outbound) -> None:
    """It is never taken for the last page."""
    shop.load(simple(7))
    async with reading(shop, outbound) as catalogue:
        with pytest.raises(ShopAnswersNonsense):
            await catalogue.manifest("of another list")


@pytest.mark.parametrize("status", [301, 302, 307, 308])
async def test_the_token_goes_to_the_shop_only(shop: ShopifyServer, outbound: Outbound, status: int) -> None:
    """No redirect is followed; an operator must correct the address."""
    with ShopifyServer() as elsewhere:
        shop.fail_always(moved(f"{elsewhere.base_url}/admin/api/2026-10/graphql.json", status=status))
        async with reading(shop, outbound) as catalogue:
            with pytest.raises(ShopRefuses, match=r"\.myshopify\.com"):
                await catalogue.manifest(None)
        assert elsewhere.seen == []
    [seen] = shop.seen
    assert seen.headers["x-shopify-access-token"] == TOKEN
    assert seen.headers["host"] == shop.base_url.removeprefix("http://")


async def test_plain_http_is_for_private_shops(shop: ShopifyServer) -> None:
    """A token is never sent unencrypted over the internet."""
    public = Outbound(allow_private=False)
    try:
        with pytest.raises(ShopRefuses, match="HTTPS"):
            async with reading(shop, public):
                raise AssertionError("opened")
    finally:
        public.close()


@pytest.mark.parametrize(
    "access",
    [
        {"base_url": ""},
        {"token": ""},
        {"token": "shpat_\r\nX: 1"},
        {"token": "shpat_é"},
        {"token": "shpat_wrong"},
    ],
    ids=str,
)
async def test_unusable_access_waits_for_an_operator(
    shop: ShopifyServer, outbound: Outbound, access: dict[str, str]
) -> None:
    """The reason says what to correct."""
    with pytest.raises(ShopRefuses) as caught:
        async with reading(shop, outbound, access=shop.access(**access)) as catalogue:
            await catalogue.manifest(None)
    assert ShopifyReader().failure(caught.value).retry is WAIT


async def test_a_token_without_the_scope_is_reported(shop: ShopifyServer, outbound: Outbound) -> None:
    """`read_products` is the only scope it needs."""
    shop.load(simple(7))
    shop.scopes.clear()
    async with reading(shop, outbound) as catalogue:
        with pytest.raises(ShopRefuses, match="read_products"):
            await catalogue.manifest(None)


def test_shopify_shops_can_be_read() -> None:
    """The registry's reader uses the real clock."""
    assert isinstance(PLATFORMS[StoreType.SHOPIFY].reader, ShopifyReader)

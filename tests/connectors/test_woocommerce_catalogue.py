"""Reading a WooCommerce shop over HTTP and HTTPS, with answers of real shops and broken ones."""

import gzip
import hashlib
import json
import traceback
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Any
from zoneinfo import ZoneInfo

import orjson
import pytest

from connectors.base import Unreadable
from connectors.fingerprint import READING
from connectors.http import request as exchange
from connectors.http.outbound import Outbound
from connectors.woocommerce.catalogue import WooCommerceCatalogue, WooCommerceReader
from connectors.woocommerce.parse import parse
from connectors.woocommerce.queries import MANIFEST_FIELDS
from connectors.woocommerce.signing import Key
from contracts.errors import (
    InvalidField,
    ShopAnswersNonsense,
    ShopDown,
    ShopProblem,
    ShopRefuses,
    ShopSendsTooMuch,
)
from contracts.events import EventType
from contracts.retry import Retry
from contracts.stores import ShopAccess, StoreType
from fakes.woocommerce import (
    BOM,
    BROKEN_JSON,
    KEY,
    MAINTENANCE,
    NOTICES,
    SECRET,
    Answered,
    Prefixed,
    ShopServer,
    moved,
    server_error,
    too_many,
    unavailable,
)
from tests.support.deliveries import INDEX, recorded
from tests.support.shown import readable

READER = WooCommerceReader()
AS_IT_IS = Prefixed(b"")
"""The unchanged answer of the shop, for requests before a broken one."""


class Turns:
    """A budget that counts requests."""

    def __init__(self) -> None:
        self.taken = 0

    @asynccontextmanager
    async def __call__(self) -> AsyncIterator[None]:
        self.taken += 1
        yield


@pytest.fixture(params=["http", "https"])
def shop(request: pytest.FixtureRequest, tls: tuple[Any, Any]) -> Iterator[ShopServer]:
    """A shop over HTTP, with OAuth 1.0a, and one over HTTPS, with Basic."""
    with ShopServer(tls=tls[0] if request.param == "https" else None) as opened:
        yield opened


@pytest.fixture
def plain() -> Iterator[ShopServer]:
    """A shop over HTTP."""
    with ShopServer() as opened:
        yield opened


@pytest.fixture
def secure(tls: tuple[Any, Any]) -> Iterator[ShopServer]:
    """A shop over HTTPS."""
    with ShopServer(tls=tls[0]) as opened:
        yield opened


@asynccontextmanager
async def reading(
    shop: ShopServer, outbound: Outbound, turns: Turns | None = None, **credentials: str
) -> AsyncIterator[WooCommerceCatalogue]:
    async with READER.open(shop.access(**credentials), outbound, turns or Turns()) as catalogue:
        yield catalogue


@pytest.fixture
async def catalogue(shop: ShopServer, outbound: Outbound) -> AsyncIterator[WooCommerceCatalogue]:
    async with reading(shop, outbound) as opened:
        yield opened


async def manifest(catalogue: WooCommerceCatalogue, **asked: Any) -> list[str]:
    """Returns the ids of all pages."""
    ids: list[str] = []
    cursor = None
    while True:
        page = await catalogue.manifest(cursor, **asked)
        ids += [entry.external_id for entry in page.entries]
        cursor = page.next
        if cursor is None:
            return ids


# Products


async def test_a_product_is_read_as_the_shop_has_it(
    shop: ShopServer, catalogue: WooCommerceCatalogue
) -> None:
    """Its body is the body of a delivery."""
    lamp = shop.add(name="چراغ", price="10")
    read = await catalogue.product(f"woo_{lamp}")
    assert read is not None
    assert (read["id"], read["name"], read["price"]) == (lamp, "چراغ", "10")


async def test_a_deleted_or_trashed_product_is_none(
    shop: ShopServer, catalogue: WooCommerceCatalogue
) -> None:
    """The shop returns products in its trash like any others."""
    lamp, chair = shop.add(), shop.add(variations=[{}])
    (inside,) = shop.products[chair]["variations"]
    shop.trash(lamp)
    shop.trash(chair)
    assert await catalogue.product(f"woo_{lamp}") is None
    assert await catalogue.product(f"woo_{inside}") is None
    assert await catalogue.product("woo_999") is None


@pytest.mark.parametrize(
    "answer",
    [
        Answered(status=404, body=b"<html>Not Found</html>"),
        Answered(status=404, body=b'{"code":"rest_no_route"}'),
        Answered(status=410, body=b'{"code":"woocommerce_rest_product_invalid_id_or_so"}'),
    ],
)
async def test_a_404_of_another_server_deletes_nothing(
    shop: ShopServer, catalogue: WooCommerceCatalogue, answer: Answered
) -> None:
    """Plain permalinks, another server at the address, an inactive WooCommerce."""
    shop.fail_next(answer)
    with pytest.raises(ShopRefuses, match="No WooCommerce answers at the store's address"):
        await catalogue.product(f"woo_{shop.add()}")


@pytest.mark.parametrize("body", [b'{"id":12}', b'[{"id":11}]', b"null", b"{}", b'{"id":true}'])
async def test_an_answer_for_another_product_is_refused(
    shop: ShopServer, catalogue: WooCommerceCatalogue, body: bytes
) -> None:
    """A cache that confuses addresses must not change another product."""
    shop.fail_next(Answered(body=body))
    with pytest.raises(ShopAnswersNonsense):
        await catalogue.product("woo_11")


@pytest.mark.parametrize("id_", ["woo_x", "woo_-1", "woo_", "shopify_7", "woo_1/variations"])
async def test_an_id_that_is_no_number_is_refused(
    shop: ShopServer, catalogue: WooCommerceCatalogue, id_: str
) -> None:
    """It never becomes part of an address."""
    with pytest.raises(InvalidField, match="external_id"):
        await catalogue.product(id_)
    assert shop.seen == []


async def test_a_variation_is_read_alone(shop: ShopServer, catalogue: WooCommerceCatalogue) -> None:
    """It has the id of its product."""
    chair = shop.add(variations=[{"price": "7"}])
    (inside,) = shop.products[chair]["variations"]
    read = await catalogue.product(f"woo_{inside}")
    assert read is not None
    assert (read["id"], read["parent_id"], read["price"]) == (inside, chair, "7")


async def test_all_variations_come_with_their_product(
    shop: ShopServer, catalogue: WooCommerceCatalogue
) -> None:
    """On any number of pages."""
    chair = shop.add(variations=[{"price": str(n)} for n in range(230)])
    read = await catalogue.product(f"woo_{chair}")
    assert read is not None
    assert [item["id"] for item in read["variations"]] == shop.products[chair]["variations"]
    assert [item["price"] for item in read["variations"]] == [str(n) for n in range(230)]
    assert shop.routes["products/{id}/variations"] == 3


async def test_a_variation_that_moves_between_pages_is_read(
    shop: ShopServer, catalogue: WooCommerceCatalogue
) -> None:
    """A variation that no page had is fetched by its id."""
    chair = shop.add(variations=[{} for _ in range(3)])
    first, second, third = shop.products[chair]["variations"]
    page = Answered(body=shop.render([first], ""), headers={"X-WP-Total": "3", "X-WP-TotalPages": "2"})
    rest_of_them = Answered(
        body=shop.render([third], ""), headers={"X-WP-Total": "3", "X-WP-TotalPages": "2"}
    )
    shop.fail_next(AS_IT_IS, page, rest_of_them)
    read = await catalogue.product(f"woo_{chair}")
    assert read is not None
    assert [item["id"] for item in read["variations"]] == [first, second, third]
    assert shop.seen[-1].query["include"] == str(second)


async def test_too_many_variations_are_refused(shop: ShopServer, catalogue: WooCommerceCatalogue) -> None:
    """A wrong count must not cause endless requests."""
    chair = shop.add(variations=[{}])
    shop.totals = ("900000", "9000")
    with pytest.raises(ShopAnswersNonsense, match="variations"):
        await catalogue.product(f"woo_{chair}")
    assert len(shop.seen) == 2


# Lists


async def test_the_list_ends_by_the_shops_count_of_pages(
    shop: ShopServer, catalogue: WooCommerceCatalogue
) -> None:
    """Plugins remove products from pages, so a short or empty page is not the last one."""
    ids = [shop.add() for _ in range(250)]
    page = Answered(body=b"[]", headers={"X-WP-Total": "250", "X-WP-TotalPages": "3"})
    shop.fail_next(AS_IT_IS, page)
    assert await manifest(catalogue) == [f"woo_{id_}" for id_ in ids[:100] + ids[200:]]
    assert shop.routes == {"products": 3}


async def test_a_page_has_the_count_and_the_time(shop: ShopServer, catalogue: WooCommerceCatalogue) -> None:
    """The time is by the shop's clock."""
    for _ in range(101):
        shop.add()
    page = await catalogue.manifest(None)
    assert (len(page.entries), page.total, page.next) == (100, 101, "2")
    assert page.moment is not None
    assert abs(page.moment - datetime.now(UTC)) < timedelta(minutes=5)
    page = await catalogue.manifest(page.next)
    assert (len(page.entries), page.total, page.next) == (1, 101, None)


async def test_the_list_of_an_empty_shop_is_empty(shop: ShopServer, catalogue: WooCommerceCatalogue) -> None:
    """It has zero pages."""
    page = await catalogue.manifest(None)
    assert (page.entries, page.total, page.next) == ((), 0, None)


async def test_drafts_are_in_the_list_and_the_trash_is_not(
    shop: ShopServer, catalogue: WooCommerceCatalogue
) -> None:
    """In the order of ids, which updates do not change."""
    ids = [shop.add(status=status) for status in ("draft", "private", "publish", "trash")]
    shop.change(ids[0], name="later")
    assert await manifest(catalogue) == [f"woo_{id_}" for id_ in ids[:3]]


@pytest.mark.parametrize("count", [None, "", "x", "-1", "1.5", "99999999999", "٣", "3, 4"])
async def test_a_list_without_a_valid_count_ends_at_an_empty_page(
    shop: ShopServer, catalogue: WooCommerceCatalogue, count: str | None
) -> None:
    """A short page is not the last one: some shops put fewer products on a page than were asked for."""
    ids = [shop.add() for _ in range(101)]
    encoded = count.encode().decode("latin-1") if count else count
    shop.totals = (encoded, encoded)
    assert await manifest(catalogue) == [f"woo_{id_}" for id_ in ids]
    assert shop.routes == {"products": 3}


@pytest.mark.parametrize("joint", [", ", ",", " , "])
async def test_a_count_that_a_proxy_merged_is_one_count(
    shop: ShopServer, catalogue: WooCommerceCatalogue, joint: str
) -> None:
    """The header was sent two times."""
    for _ in range(101):
        shop.add()
    shop.totals = (joint.join(["101"] * 2), joint.join(["2"] * 2))
    page = await catalogue.manifest(None)
    assert (page.total, page.next) == (101, "2")
    assert page.numbered
    assert page.numbered.pages == 2


async def test_counts_below_the_products_of_a_page_are_no_counts(
    shop: ShopServer, catalogue: WooCommerceCatalogue
) -> None:
    """They count something else."""
    ids = [shop.add() for _ in range(101)]
    shop.totals = ("1", "1")
    assert await manifest(catalogue) == [f"woo_{id_}" for id_ in ids]


@pytest.mark.parametrize(
    "body", [b"{}", b"null", b"[1]", b'[{"name":"x"}]', b'[{"id":null}]', b'[{"id":"x"}]', b'{"a":{"id":1}}']
)
async def test_an_answer_that_is_no_list_of_products_is_refused(
    shop: ShopServer, catalogue: WooCommerceCatalogue, body: bytes
) -> None:
    """No entry has a readable id."""
    shop.fail_next(Answered(body=body, headers={"X-WP-Total": "1", "X-WP-TotalPages": "1"}))
    with pytest.raises(ShopAnswersNonsense):
        await catalogue.manifest(None)


async def test_an_unreadable_entry_is_listed(shop: ShopServer, catalogue: WooCommerceCatalogue) -> None:
    """Only its id is known."""
    bad, good = shop.add(price={"a": 1}), shop.add()
    page = await catalogue.manifest(None)
    assert [(entry.external_id, entry.read() is None) for entry in page.entries] == [
        (f"woo_{bad}", True),
        (f"woo_{good}", False),
    ]


@pytest.mark.parametrize("zone", [UTC, ZoneInfo("Asia/Tehran")], ids=str)
async def test_modified_after_is_sent_in_utc_without_a_zone(
    shop: ShopServer, catalogue: WooCommerceCatalogue, zone: Any
) -> None:
    """With a zone, WordPress shifts it by the shop's offset and finds nothing."""
    moment = datetime(2026, 11, 20, 10, 0, 0, tzinfo=UTC)
    shop.clock = lambda: moment
    shop.add()
    shop.clock = lambda: moment + timedelta(seconds=1)
    later = shop.add()
    assert await manifest(catalogue, modified_after=moment.astimezone(zone)) == [f"woo_{later}"]
    assert shop.seen[-1].query["modified_after"] == "2026-11-20T10:00:00"
    assert shop.seen[-1].query["dates_are_gmt"] == "true"


async def test_modified_after_needs_a_zone(catalogue: WooCommerceCatalogue) -> None:
    """A time without one is ambiguous."""
    with pytest.raises(ValueError, match="zone"):
        await catalogue.manifest(None, modified_after=datetime(2026, 11, 20))


async def test_fetch_returns_the_existing_products(shop: ShopServer, catalogue: WooCommerceCatalogue) -> None:
    """Without deleted and trashed products, with full variations."""
    lamp, chair, gone, trashed = shop.add(), shop.add(variations=[{}, {}]), shop.add(), shop.add()
    shop.delete(gone)
    shop.trash(trashed)
    asked = [f"woo_{id_}" for id_ in (lamp, chair, gone, trashed)]
    read = await catalogue.fetch(asked)
    assert set(read) == {f"woo_{lamp}", f"woo_{chair}"}
    body = readable(read[f"woo_{chair}"])
    assert [item["id"] for item in body["variations"]] == shop.products[chair]["variations"]


async def test_fetching_no_ids_sends_no_request(shop: ShopServer, catalogue: WooCommerceCatalogue) -> None:
    """An empty `include` would return the first page of all products."""
    assert await catalogue.fetch([]) == {}
    assert shop.seen == []


async def test_products_that_were_not_requested_are_left_out(
    shop: ShopServer, catalogue: WooCommerceCatalogue
) -> None:
    """A plugin may ignore `include`."""
    lamp, chair = shop.add(), shop.add()
    body = shop.render([lamp, chair, lamp], "")
    shop.fail_next(Answered(body=body, headers={"X-WP-Total": "2", "X-WP-TotalPages": "1"}))
    assert list(await catalogue.fetch([f"woo_{lamp}"])) == [f"woo_{lamp}"]


async def test_a_hundred_products_are_fetched_at_once_and_no_more(
    shop: ShopServer, catalogue: WooCommerceCatalogue
) -> None:
    """As many as a page of the shop has."""
    ids = [f"woo_{shop.add()}" for _ in range(101)]
    assert len(await catalogue.fetch(ids[:100])) == 100
    assert len(shop.seen) == 1
    with pytest.raises(ValueError, match="100"):
        await catalogue.fetch(ids)


async def test_products_that_are_too_long_together_are_fetched_in_halves(
    shop: ShopServer, catalogue: WooCommerceCatalogue, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A single product that is too long is unreadable, and the others are read."""
    ids = [shop.add(description="x" * 10_000) for _ in range(8)]
    monkeypatch.setattr(exchange, "LARGEST_ANSWER", 35_000)
    asked = [f"woo_{id_}" for id_ in ids]
    assert list(await catalogue.fetch(asked)) == asked
    shop.change(ids[3], description="x" * 40_000)
    found = await catalogue.fetch(asked)
    assert [id_ for id_, body in found.items() if isinstance(body, Unreadable)] == [f"woo_{ids[3]}"]
    with pytest.raises(ShopSendsTooMuch, match="MiB"):
        await catalogue.product(f"woo_{ids[3]}")


async def test_a_full_page_is_one_request_and_one_per_product_with_variations(
    shop: ShopServer, catalogue: WooCommerceCatalogue
) -> None:
    """It equals the list together with the fetched products."""
    ids = [shop.add(name=f"چراغ {number}") for number in range(100)]
    chair = shop.add(variations=[{"price": "3"}, {"price": "2"}])
    first = await catalogue.whole(None)
    assert (first.listed, first.next, first.total) == (tuple(f"woo_{id_}" for id_ in ids), "2", 101)
    assert list(first.products) == list(first.listed)
    assert len(shop.seen) == 1
    last = await catalogue.whole(first.next)
    assert (last.listed, last.next) == ((f"woo_{chair}",), None)
    assert last.products == await catalogue.fetch(last.listed)
    assert last.moment is not None


async def test_a_page_that_is_too_long_is_read_in_parts(
    shop: ShopServer, catalogue: WooCommerceCatalogue, monkeypatch: pytest.MonkeyPatch
) -> None:
    """First the list, then its products, fewer at a time."""
    ids = [shop.add(description="x" * 10_000) for _ in range(8)]
    monkeypatch.setattr(exchange, "LARGEST_ANSWER", 35_000)
    page = await catalogue.whole(None)
    assert page.listed == tuple(page.products) == tuple(f"woo_{id_}" for id_ in ids)
    assert (page.next, page.total) == (None, 8)


# Fingerprints


async def test_a_full_product_has_the_fingerprint_of_its_entry(
    shop: ShopServer, catalogue: WooCommerceCatalogue
) -> None:
    """For any order of variations; trashed variations are in neither."""
    shop.add(name="چراغ", categories=[{"id": 9, "name": "نور", "slug": "light"}])
    shop.add(status="draft", price="")
    chair = shop.add(variations=[{}, {}, {}])
    shop.products[chair]["variations"].reverse()
    entries = (await catalogue.manifest(None)).entries
    bodies = await catalogue.fetch([entry.external_id for entry in entries])
    whole = (await catalogue.whole(None)).products
    assert len(entries) == 3
    for entry in entries:
        assert catalogue.fingerprint(readable(bodies[entry.external_id])) == entry.fingerprint
        assert catalogue.fingerprint(readable(whole[entry.external_id])) == entry.fingerprint


@pytest.mark.parametrize("field", [name for name in MANIFEST_FIELDS if name != "id"])
async def test_each_field_of_an_entry_changes_its_fingerprint(
    shop: ShopServer, catalogue: WooCommerceCatalogue, field: str
) -> None:
    """Every field of the list that is compared is part of the fingerprint."""
    lamp = shop.add(variations=[{}])
    [before] = (await catalogue.manifest(None)).entries
    shop.products[lamp][field] = [{"id": 1, "name": "دیگر"}] if field != "variations" else [5, 6]
    shop._touched()
    [now] = (await catalogue.manifest(None)).entries
    assert now.fingerprint != before.fingerprint


READ = "3501ea702ab6fbad"
"""A digest of the recorded products, as they are parsed now."""


def test_another_reading_of_a_list_entry_changes_its_fingerprint() -> None:
    """If this fails, entries are read differently: raise `READING` and update the hash."""
    told = [orjson.loads(recorded(entry["file"]).body) for entry in INDEX if "product" in entry["topic"]]
    read = [parse(EventType.UPDATED, body) for body in told if body.get("name")]
    assert len(read) > 50
    digest = hashlib.sha256(repr(read).encode()).hexdigest()[:16]
    assert (READING, digest) == (b"4", READ)


async def test_all_pages_of_categories_are_read(shop: ShopServer, catalogue: WooCommerceCatalogue) -> None:
    """None where the shop does not show its categories; a passing failure is one of the visit."""
    top = shop.add_category("پوشاک")
    for number in range(120):
        shop.add_category(f"دسته {number}", top["id"])
    categories = await catalogue.categories()
    assert categories is not None
    assert len(categories) == 121
    assert {category.parent for category in categories} == {0, top["id"]}
    id_ = shop.add(categories=[{"id": categories[5].id, "name": "دسته ۴"}])
    before = (await catalogue.manifest(None)).entries[0]
    catalogue.place_categories(categories)
    entry = (await catalogue.manifest(None)).entries[0]
    listed = entry.read()
    assert listed is not None
    assert listed.categories == ("پوشاک", "دسته ۴")
    body = (await catalogue.fetch([f"woo_{id_}"]))[f"woo_{id_}"]
    assert not isinstance(body, Unreadable)
    assert before.fingerprint != entry.fingerprint == catalogue.fingerprint(body)
    assert await catalogue.product(f"woo_{id_}") == body
    shop.fail_next(Answered(status=403, body=b'{"code":"woocommerce_rest_cannot_view"}'), Answered(body=b"x"))
    assert [await catalogue.categories() for _ in range(2)] == [None, None]
    shop.fail_next(Answered(status=503))
    with pytest.raises(ShopProblem):
        await catalogue.categories()


async def test_the_currency_is_a_code(shop: ShopServer, catalogue: WooCommerceCatalogue) -> None:
    """None if the key may not read the settings."""
    assert await catalogue.currency() == "IRT"
    shop.currency = "irr"
    assert await catalogue.currency() == "IRR"
    shop.may_manage = False
    assert await catalogue.currency() is None
    shop.currency = None
    assert await catalogue.currency() is None
    shop.fail_next(Answered(body=b'{"code":7}'), Answered(body=b"[]"), Answered(body=b'{"code":""}'))
    assert [await catalogue.currency() for _ in range(3)] == [None, None, None]


# What goes wrong


async def failure(catalogue: WooCommerceCatalogue) -> ShopProblem:
    with pytest.raises(ShopProblem) as raised:
        await catalogue.manifest(None)
    return raised.value


@pytest.mark.parametrize("prefix", [BOM, NOTICES, Prefixed(b"\n\n"), Prefixed(BOM.prefix + NOTICES.prefix)])
async def test_php_output_in_front_of_json_is_skipped(
    shop: ShopServer, catalogue: WooCommerceCatalogue, prefix: Prefixed
) -> None:
    """A byte order mark of a theme, a notice with brackets in it."""
    lamp = shop.add()
    shop.fail_next(prefix, prefix)
    assert await manifest(catalogue) == [f"woo_{lamp}"]
    assert (await catalogue.product(f"woo_{lamp}") or {})["id"] == lamp


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        (MAINTENANCE, "maintenance page"),
        (BROKEN_JSON, "not JSON"),
        (Answered(body=b""), "not JSON"),
        (Answered(body=b"{" * 100_000), "not JSON"),
        (Answered(body=b"[\n" * 100_000), "more than 64 levels"),
        (Answered(body=b"\xff\xfe[]"), "not JSON"),
        (Answered(status=204), "HTTP 204"),
        (Answered(status=304), "HTTP 304"),
    ],
)
async def test_answers_that_are_no_json_are_retried(
    shop: ShopServer, catalogue: WooCommerceCatalogue, answer: Answered, said: str
) -> None:
    """A maintenance page, or an answer of a process that died."""
    shop.fail_next(answer, answer)
    error = await failure(catalogue)
    assert isinstance(error, ShopAnswersNonsense)
    assert said in str(error)
    assert READER.failure(error).retry is Retry.RETRY


async def test_a_dropped_connection_is_a_shop_that_is_down(
    shop: ShopServer, catalogue: WooCommerceCatalogue
) -> None:
    """The next request succeeds."""
    shop.fail_next("drop")
    error = await failure(catalogue)
    assert isinstance(error, ShopDown)
    assert str(error) == "The shop cannot be reached."
    assert await manifest(catalogue) == []


async def test_a_shop_that_never_answers_is_down(
    shop: ShopServer, catalogue: WooCommerceCatalogue, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A shop that answers too slowly as well."""
    monkeypatch.setattr(exchange, "LONGEST_ANSWER", 0.2)
    shop.fail_next("hang")
    error = await failure(catalogue)
    assert isinstance(error, ShopDown)
    assert str(error) == "The shop did not answer in time."
    shop.release()


async def test_an_unreachable_shop_is_down(plain: ShopServer, outbound: Outbound) -> None:
    """No server listens, or the name has no address."""
    for base_url in ("http://127.0.0.1:9", "http://shop.invalid"):
        access = ShopAccess(
            store_id=1,
            type=StoreType.WOOCOMMERCE,
            base_url=base_url,
            credentials=plain.access().credentials,
        )
        async with READER.open(access, outbound, Turns()) as catalogue:
            assert str(await failure(catalogue)) == "The shop cannot be reached."


SOON = format_datetime(datetime.now(UTC) + timedelta(minutes=30), usegmt=True)
"""Half an hour after the start of the tests."""


@pytest.mark.parametrize("status", [429, 503])
@pytest.mark.parametrize(
    ("header", "least", "most"),
    [
        (None, None, None),
        ("7", 7, 7),
        pytest.param(SOON, 60, 1800, id="date"),
        ("Fri, 20 Nov 2020 10:00:00 GMT", None, 0),
        ("soon", None, None),
        ("-5", None, None),
        ("nan", None, None),
        ("1e400", 0, 3600),
    ],
)
async def test_a_shop_names_the_pause_it_wants(
    shop: ShopServer,
    catalogue: WooCommerceCatalogue,
    status: int,
    header: str | None,
    least: float | None,
    most: float | None,
) -> None:
    """In seconds or as a date; other values are ignored."""
    shop.fail_next((too_many if status == 429 else unavailable)(retry_after=header))
    error = await failure(catalogue)
    assert isinstance(error, ShopDown)
    pause = READER.failure(error).pause
    if most is None or (least is None and pause is None):
        assert pause is None
    else:
        assert pause is not None
        assert timedelta(seconds=least or 0) <= pause <= timedelta(seconds=most)


@pytest.mark.parametrize("status", [500, 502, 504, 408, 520])
async def test_a_temporary_problem_names_its_status(
    shop: ShopServer, catalogue: WooCommerceCatalogue, status: int
) -> None:
    """WordPress's critical errors included."""
    shop.fail_always(Answered(status=status, body=server_error().body))
    error = await failure(catalogue)
    assert isinstance(error, ShopDown)
    assert f"HTTP {status}" in str(error)


@pytest.mark.parametrize("status", [400, 402, 418, 451])
async def test_a_refusal_of_a_firewall_waits_for_an_operator(
    shop: ShopServer, catalogue: WooCommerceCatalogue, status: int
) -> None:
    """A retry alone would not help."""
    shop.fail_next(Answered(status=status, body=b"<html>Blocked</html>"))
    error = await failure(catalogue)
    assert isinstance(error, ShopRefuses)
    assert "firewall" in str(error)
    assert READER.failure(error).retry is Retry.BLOCKED


# Keys


@pytest.mark.parametrize(
    ("credentials", "over_http", "over_https"),
    [
        ({"consumer_secret": "cs_wrong"}, "refuses the consumer secret", "refuses the consumer secret"),
        ({"consumer_key": "ck_wrong"}, "refuses the consumer secret", "does not know the consumer key"),
    ],
)
async def test_a_wrong_key_is_reported(
    shop: ShopServer, outbound: Outbound, credentials: dict[str, str], over_http: str, over_https: str
) -> None:
    """WooCommerce distinguishes key and secret only over HTTPS."""
    async with reading(shop, outbound, None, **credentials) as catalogue:
        error = await failure(catalogue)
    secure = shop.base_url.startswith("https")
    assert isinstance(error, ShopRefuses)
    assert (over_https if secure else over_http) in str(error)
    assert ("the shop's clock must be right" in str(error)) is not secure
    assert READER.failure(error).retry is Retry.BLOCKED


async def test_a_user_without_permission_is_reported(
    shop: ShopServer, catalogue: WooCommerceCatalogue
) -> None:
    """The key is valid, its user may not read products."""
    shop.may_view = False
    assert "create the key for a shop manager" in str(await failure(catalogue))


async def test_a_proxy_that_hides_https_is_reported(secure: ShopServer, outbound: Outbound) -> None:
    """WordPress then ignores Basic authentication."""
    secure.proxy_hides_https = True
    async with reading(secure, outbound) as catalogue:
        assert "proxy hides from WordPress that requests use HTTPS" in str(await failure(catalogue))


@pytest.mark.parametrize("status", [401, 403])
@pytest.mark.parametrize("body", [b"<html>Forbidden</html>", b'{"code":"rest_forbidden"}', b'{"code":7}'])
async def test_a_refusal_of_a_firewall_does_not_blame_the_key(
    shop: ShopServer, catalogue: WooCommerceCatalogue, status: int, body: bytes
) -> None:
    """A firewall or a security plugin."""
    shop.fail_next(Answered(status=status, body=body))
    assert str(await failure(catalogue)).startswith(
        f"Something in front of WooCommerce refuses us (HTTP {status})"
    )


@pytest.mark.parametrize("credentials", [{"consumer_key": ""}, {"consumer_secret": ""}])
async def test_incomplete_credentials_are_refused(
    shop: ShopServer, outbound: Outbound, credentials: dict[str, str]
) -> None:
    """No request is sent."""
    with pytest.raises(ShopRefuses, match="no consumer key and secret"):
        async with reading(shop, outbound, None, **credentials):
            pass
    assert shop.seen == []


async def test_a_store_without_an_address_is_refused(outbound: Outbound) -> None:
    """Before any request."""
    access = ShopAccess(store_id=1, type=StoreType.WOOCOMMERCE, base_url="", credentials={})
    with pytest.raises(ShopRefuses, match="base_url"):
        async with READER.open(access, outbound, Turns()):
            pass


async def test_the_key_is_sent_in_a_header_only(shop: ShopServer, catalogue: WooCommerceCatalogue) -> None:
    """Addresses are logged by servers on the way; over plain HTTP the header has no secret either."""
    chair = shop.add(variations=[{}])
    await catalogue.product(f"woo_{chair}")
    await catalogue.fetch([f"woo_{chair}"])
    await manifest(catalogue, modified_after=datetime.now(UTC))
    await catalogue.currency()
    for seen in shop.seen:
        where = seen.path + json.dumps(dict(seen.query))
        assert KEY not in where
        assert SECRET not in where
        assert not [name for name in seen.query if name.startswith(("oauth", "consumer"))]
        if not shop.base_url.startswith("https"):
            assert seen.headers["authorization"].startswith("OAuth ")
            assert SECRET not in json.dumps(dict(seen.headers))


async def test_no_error_and_no_repr_shows_a_key(
    shop: ShopServer, catalogue: WooCommerceCatalogue, monkeypatch: pytest.MonkeyPatch
) -> None:
    """So that logs of them have none."""
    echo = Answered(
        status=401,
        body=f'{{"code":"woocommerce_rest_cannot_view","message":"{KEY} {SECRET}"}}'.encode(),
    )
    echoed = Answered(body=f"<html>{KEY} {SECRET}</html>".encode())
    monkeypatch.setattr(exchange, "LARGEST_ANSWER", 1_000)
    for fault in (
        "drop",
        echo,
        echoed,
        server_error(),
        Answered(body=b"x" * 2_000),
        moved(f"http://elsewhere.example/?k={KEY}"),
        Answered(headers={"Content-Encoding": "br"}),
        Answered(body=b"x", headers={"Content-Encoding": "gzip"}),
    ):
        shop.fail_always(fault)
        error = await failure(catalogue)
        told = "".join(traceback.format_exception(error)) + repr(error) + READER.failure(error).reason
        assert KEY not in told
        assert SECRET not in told
    access = shop.access()
    for shown in (access, Key(access.credentials), catalogue, vars(catalogue)):
        assert KEY not in repr(shown)
        assert SECRET not in repr(shown)


# Redirects


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
async def test_a_redirect_to_another_origin_is_refused(
    shop: ShopServer, outbound: Outbound, tls: tuple[Any, Any], status: int
) -> None:
    """Another port, another name of the same machine, another form of the address; the key is not sent."""
    secure = shop.base_url.startswith("https")
    with ShopServer(tls=tls[0] if secure else None) as other:
        port = other.base_url.rsplit(":", 1)[1]
        scheme = "https" if secure else "http"
        for to in (other.base_url, f"{scheme}://localhost:{port}", f"//127.0.0.1:{port}"):
            async with reading(shop, outbound) as catalogue:
                shop.fail_next(moved(f"{to}{{asked}}", status=status))
                error = await failure(catalogue)
            assert isinstance(error, ShopRefuses)
            assert "set base_url" in str(error)
        assert other.seen == []


async def test_a_redirect_to_another_name_for_the_same_shop_is_refused(
    shop: ShopServer, catalogue: WooCommerceCatalogue
) -> None:
    """A name may have another owner later; user names and passwords in an address are refused too."""
    scheme, port = shop.base_url.split(":")[0], shop.base_url.rsplit(":", 1)[1]
    for to in (f"{scheme}://localhost:{port}", f"{scheme}://x:y@127.0.0.1:{port}"):
        shop.fail_next(moved(f"{to}{{asked}}"))
        assert isinstance(await failure(catalogue), ShopRefuses)
    assert len(shop.seen) == 2


async def test_a_redirect_may_change_http_to_https_only(
    plain: ShopServer, secure: ShopServer, outbound: Outbound
) -> None:
    """On the same host, with the authentication for HTTPS."""
    lamp = secure.add()
    plain.fail_next(moved(f"{secure.base_url}{{asked}}"))
    async with reading(plain, outbound) as catalogue:
        assert await manifest(catalogue) == [f"woo_{lamp}"]
    assert secure.seen[-1].headers["authorization"].startswith("Basic ")
    assert SECRET not in json.dumps(dict(plain.seen[-1].headers))
    asked = len(plain.seen)
    secure.fail_next(moved(f"{plain.base_url}{{asked}}"))
    async with reading(secure, outbound) as catalogue:
        assert isinstance(await failure(catalogue), ShopRefuses)
    assert len(plain.seen) == asked


async def test_a_redirect_within_the_shop_is_followed(shop: ShopServer, outbound: Outbound) -> None:
    """Each request enters the budget and has its own signature."""
    lamp = shop.add()
    turns = Turns()
    shop.fail_next(moved("{asked}"), moved(f"{shop.base_url}{{asked}}", status=308))
    async with reading(shop, outbound, turns) as catalogue:
        assert await manifest(catalogue) == [f"woo_{lamp}"]
    assert turns.taken == len(shop.seen) == 3


async def test_endless_redirects_are_refused(shop: ShopServer, catalogue: WooCommerceCatalogue) -> None:
    """After three."""
    shop.fail_always(moved("{asked}"))
    error = await failure(catalogue)
    assert isinstance(error, ShopAnswersNonsense)
    assert len(shop.seen) == 4


@pytest.mark.parametrize("to", ["/wp-login.php", "{asked}&status=publish", "/?rest_route=/"])
async def test_a_redirect_to_another_request_is_refused(
    shop: ShopServer, catalogue: WooCommerceCatalogue, to: str
) -> None:
    """A login page, or a list with other filters, would not answer our request."""
    shop.fail_next(moved(to))
    assert isinstance(await failure(catalogue), ShopAnswersNonsense)
    assert len(shop.seen) == 1


@pytest.mark.parametrize("to", ["ftp://127.0.0.1/{asked}", "javascript:1", "http://[", "http://127.0.0.1:x/"])
async def test_a_redirect_to_an_invalid_address_is_a_shop_problem(
    shop: ShopServer, catalogue: WooCommerceCatalogue, to: str
) -> None:
    """Like any other problem of a shop."""
    shop.fail_next(moved(to))
    assert isinstance(await failure(catalogue), ShopProblem)
    assert len(shop.seen) == 1


async def test_a_redirect_without_an_address_is_refused(
    shop: ShopServer, catalogue: WooCommerceCatalogue
) -> None:
    """There is no target."""
    shop.fail_next(Answered(status=302))
    assert "HTTP 302" in str(await failure(catalogue))


# Size and packing


async def test_the_size_of_an_answer_is_limited(
    shop: ShopServer, catalogue: WooCommerceCatalogue, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of its decompressed content as well."""
    monkeypatch.setattr(exchange, "LARGEST_ANSWER", 100_000)
    bomb = Answered(body=gzip.compress(b" " * 10_000_000), headers={"Content-Encoding": "gzip"})
    for fault in (Answered(body=b" " * 100_001), bomb):
        shop.fail_next(fault, fault)
        error = await failure(catalogue)
        assert isinstance(error, ShopAnswersNonsense)
        assert "MiB" in str(error)


async def test_a_compressed_answer_is_decompressed_once(
    shop: ShopServer, catalogue: WooCommerceCatalogue
) -> None:
    """Nested or unknown compression could have any size."""
    lamp = shop.add()
    packed = gzip.compress(shop.render([lamp], ""))
    counts = {"X-WP-Total": "1", "X-WP-TotalPages": "1"}
    shop.fail_next(Answered(body=packed, headers={**counts, "Content-Encoding": "GZIP"}))
    assert await manifest(catalogue) == [f"woo_{lamp}"]
    assert shop.seen[-1].headers["accept-encoding"] == "gzip"
    twice = gzip.compress(packed)
    for coding in ("gzip, gzip", "gzip,gzip", "br", "deflate", "zstd", "x-gzip"):
        shop.fail_next(Answered(body=twice, headers={**counts, "Content-Encoding": coding}))
        assert "packs its answer" in str(await failure(catalogue))


@pytest.mark.parametrize("body", [gzip.compress(b"[" + b"1," * 5_000)[:30], b""], ids=["cut", "empty"])
async def test_an_answer_with_a_wrong_encoding_is_refused(
    shop: ShopServer, catalogue: WooCommerceCatalogue, body: bytes
) -> None:
    """A truncated body, and none."""
    headers = {"Content-Encoding": "gzip", "X-WP-Total": "0", "X-WP-TotalPages": "0"}
    shop.fail_next(Answered(body=body, headers=headers))
    assert isinstance(await failure(catalogue), ShopAnswersNonsense)


# Where it may lead


async def test_an_untrusted_certificate_is_refused(secure: ShopServer) -> None:
    """Before the key is sent."""
    way = Outbound(allow_private=True)
    async with reading(secure, way) as catalogue:
        error = await failure(catalogue)
    way.close()
    assert isinstance(error, ShopRefuses)
    assert "certificate" in str(error)
    assert secure.seen == []


async def test_a_shop_in_a_private_network_gets_no_request(shop: ShopServer, tls: tuple[Any, Any]) -> None:
    """Unless the settings allow it."""
    way = Outbound(allow_private=False, tls=tls[1])
    async with reading(shop, way) as catalogue:
        error = await failure(catalogue)
    way.close()
    assert isinstance(error, ShopRefuses)
    assert "private network" in str(error)
    assert shop.seen == []


async def test_a_shop_below_a_path_is_read(plain: ShopServer, outbound: Outbound) -> None:
    """WordPress need not be at the root of its host."""
    plain.fail_next(Answered(body=b'{"id":11,"type":"simple","variations":[]}'))
    access = ShopAccess(
        store_id=1,
        type=StoreType.WOOCOMMERCE,
        base_url=f"{plain.base_url}/shop/",
        credentials=plain.access().credentials,
    )
    async with READER.open(access, outbound, Turns()) as catalogue:
        await catalogue.product("woo_11")
    assert plain.seen[0].path == "/shop/wp-json/wc/v3/products/11"

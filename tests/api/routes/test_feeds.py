"""Product feeds over HTTP: streamed, for the owner of a store, its own token and admins."""

import asyncio
import gzip
import logging
from contextlib import AsyncExitStack
from dataclasses import replace
from typing import Any, cast

import httpx2
import pytest
import pytest_asyncio

from api.routes import feeds
from catalogue.feeds.formats import FORMATS, Format
from catalogue.feeds.parts import Limits
from catalogue.feeds.terms import FeedFormat
from database.products import walk
from tests.catalogue.feeds.specification import google_rows, openai_rows
from tests.support.eventually import eventually
from tests.support.many_products import add_products, add_variations
from tests.support.network.wire import wired
from tests.support.sessions import session, session_of
from tests.support.shop import Shop
from tests.support.system import System


@pytest_asyncio.fixture
async def store(system: System) -> Shop:
    """A shop that sells in toman."""
    return await system.shop(currency="IRT")


def address(shop: Shop, report: str = "") -> str:
    return f"/api/v1/integrations/stores/{shop.store_id}/feed/{report}"


async def get(
    shop: Shop, report: str = "", headers: dict[str, str] | None = None, **asked: Any
) -> httpx2.Response:
    return await shop.http.get(address(shop, report), params=asked, headers=headers or shop.headers)


async def report_of(shop: Shop, **asked: Any) -> Any:
    answer = await get(shop, "report/", **asked)
    assert answer.status_code == 200, answer.text
    return answer.json()


async def test_what_a_shop_sent_is_in_its_feeds(store: Shop) -> None:
    """In both formats, with the name of the file."""
    lamp = {
        "id": 1,
        "name": "چراغ <b>رومیزی</b>",
        "description": "<p>نور گرم</p><script>x</script>",
        "price": "1250000",
        "regular_price": "1500000",
        "permalink": "https://shop.example/lamp",
        "image": "https://shop.example/lamp.jpg",
        "brands": ["لومن"],
        "global_unique_id": "4006381333931",
        "categories": ["روشنایی"],
    }
    await store.sync(lamp)
    await store.sync({"id": 2, "name": "پیش‌نویس", "status": "draft"})
    answer = await get(store)
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "application/gzip"
    assert answer.headers["content-disposition"] == (
        f'attachment; filename="store-{store.store_id}-openai-001.jsonl.gz"'
    )
    assert "content-encoding" not in answer.headers
    (row,) = openai_rows(gzip.decompress(answer.content).splitlines(keepends=True))
    assert (row["title"], row["description"], row["gtin"]) == ("چراغ رومیزی", "نور گرم", "4006381333931")
    assert (row["price"], row["sale_price"]) == ("15000000.00 IRR", "12500000.00 IRR")
    answer = await get(store, format="google", condition="new", own_goods=True)
    assert answer.headers["content-type"] == "text/tab-separated-values; charset=utf-8"
    assert answer.headers["content-disposition"].endswith('-google-001.tsv"')
    (line,) = google_rows(answer.content)
    assert (line["id"], line["condition"], line["identifier_exists"]) == ("woo_1", "new", "yes")


async def test_a_store_with_many_products_is_streamed_whole(store: Shop) -> None:
    """Over several pages, each product and variation once."""
    count = 2 * walk.PAGE + 1
    await add_products(store.database, store.store_id, count, characters=2_000)
    await add_variations(store.database, store.store_id, 7, 300)
    rows = openai_rows(gzip.decompress((await get(store)).content).splitlines(keepends=True))
    assert len(rows) == count - 1 + 300
    assert len(google_rows((await get(store, format="google")).content)) == count - 1 + 300


async def test_an_empty_store_has_an_empty_feed(store: Shop) -> None:
    """A file all the same."""
    assert gzip.decompress((await get(store)).content) == b""
    assert google_rows((await get(store, format="google")).content) == []
    assert await report_of(store) == {
        "format": "openai",
        "products": 0,
        "rows": 0,
        "left_out": 0,
        "parts": 1,
        "lacking": [],
        "listed": [],
    }


async def test_a_report_names_what_products_lack(store: Shop) -> None:
    """With a bound on the list, and for one thing only."""
    await store.sync({"id": 1, "name": "چراغ"})
    await add_products(store.database, store.store_id, 3, first=2)
    report = await report_of(store)
    assert (report["products"], report["rows"], report["left_out"], report["parts"]) == (4, 3, 1, 1)
    assert [(each["what"], each["rows"], each["left_out"]) for each in report["lacking"]] == [
        ("description", 1, True),
        ("link", 1, True),
        ("image", 1, True),
        ("price", 1, True),
        ("brand", 1, True),
        ("gtin", 4, False),
    ]
    assert report["listed"][0] == {
        "id": "woo_1",
        "title": "چراغ",
        "link": "",
        "rows": 1,
        "left_out": 1,
        "lacks": {"description": 1, "link": 1, "image": 1, "price": 1, "brand": 1, "gtin": 1},
    }
    assert [each["id"] for each in report["listed"]] == ["woo_1", "woo_2", "woo_3", "woo_4"]
    assert len((await report_of(store, limit=2))["listed"]) == 2
    assert [each["id"] for each in (await report_of(store, lacks="brand"))["listed"]] == ["woo_1"]
    google = await report_of(store, format="google", limit=0)
    assert [each["left_out"] for each in google["lacking"] if each["what"] == "brand"] == [False]
    assert google["listed"] == []


async def test_a_feed_of_several_parts(store: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each has the rows after the part before; the one after the last does not exist."""
    await add_products(store.database, store.store_id, 5)
    for kind, form in FORMATS.items():
        small = replace(form, limits=Limits(rows=2, size=10_000_000))
        monkeypatch.setitem(cast(dict[FeedFormat, Format], FORMATS), kind, small)
    assert (await report_of(store, format="google"))["parts"] == 3
    parts = [google_rows((await get(store, format="google", part=part)).content) for part in (1, 2, 3)]
    assert [len(rows) for rows in parts] == [2, 2, 1]
    assert {row["id"] for rows in parts for row in rows} == {f"woo_{number}" for number in range(1, 6)}
    second = await get(store, part=2)
    assert second.headers["content-disposition"].endswith('-openai-002.jsonl.gz"')
    assert len(openai_rows(gzip.decompress(second.content).splitlines(keepends=True))) == 2
    for name in ("openai", "google"):
        missing = await get(store, format=name, part=4)
        assert (missing.status_code, missing.json()) == (404, {"error": "No such part"})


@pytest.mark.parametrize(
    ("asked", "field"),
    [
        ({"format": "facebook"}, "format"),
        ({"part": 0}, "part"),
        ({"part": 1001}, "part"),
        ({"part": "x"}, "part"),
        ({"country": "Iran"}, "country"),
        ({"country": "UK"}, "country"),
        ({"target": "IR,"}, "target"),
        ({"target": "IR,XX"}, "target"),
        ({"target": ",".join(["IR"] * 51)}, "target"),
        ({"condition": "old"}, "condition"),
    ],
)
async def test_wrong_parameters_are_named(store: Shop, asked: dict[str, Any], field: str) -> None:
    """For the feed and for its report."""
    for report in ("", "report/"):
        if report and "part" in asked:
            continue
        answer = await get(store, report, **asked)
        assert (answer.status_code, answer.json()["field"]) == (400, field)


async def test_the_country_of_a_dollar_shop_has_to_be_named(system: System) -> None:
    """Google does not ask for it here."""
    dollars = await system.shop(currency="USD")
    answer = await get(dollars)
    assert (answer.status_code, answer.json()["field"]) == (400, "country")
    assert "name it in two letters, such as US" in answer.json()["problem"]
    assert (await get(dollars, country="US", target="US,CA")).status_code == 200
    assert (await get(dollars, format="google")).status_code == 200


async def test_who_reads_a_feed(system: System, store: Shop) -> None:
    """The store's own token, its owner and admins; for others the store does not exist."""
    other = await system.second_shop(store.user_id, currency="IRT")
    strange = await system.shop(currency="IRT")
    admin = await session(system, "feeds@example.com", is_staff=True)
    unknown = (await system.http.get("/api/v1/integrations/stores/999999999/feed/", headers=admin)).content
    for report in ("", "report/"):
        for headers in (store.headers, admin, await session_of(system, store.user_id)):
            assert (await get(store, report, headers)).status_code == 200
        for headers in (other.headers, strange.headers, await session_of(system, strange.user_id)):
            refused = await get(store, report, headers)
            assert (refused.status_code, refused.content) == (404, unknown)
        assert (await system.http.get(address(store, report))).status_code == 401


def completed(records: list[logging.LogRecord]) -> list[dict[str, Any]]:
    """Returns the lines of the access log about feeds."""
    fields = [getattr(record, "fields", {}) for record in records if record.name == "pilito.access"]
    return [each for each in fields if "/feed/" in (each["route"] or "")]


async def asked_and_left(
    system: System, shop: Shop, path: str, log: pytest.LogCaptureFixture
) -> dict[str, Any]:
    """Send a request and close the connection. Returns its line in the access log."""
    log.clear()
    async with wired(system) as wire:
        await wire.send(f"GET {path} HTTP/1.1", "Host: pilito", f"Authorization: Bearer {shop.secret}")
    (line,) = await eventually(
        lambda: asyncio.sleep(0, completed(log.records)), what="the end of the request"
    )
    return line


async def test_a_client_that_goes_away_ends_the_walk(
    system: System, store: Shop, caplog: pytest.LogCaptureFixture
) -> None:
    """Of a report, of a part, and of the parts before it."""
    await add_products(store.database, store.store_id, 20 * walk.PAGE)
    caplog.set_level(logging.INFO, "pilito.access")
    whole = len((await get(store, format="google")).content)
    for path in (address(store, "report/"), f"{address(store)}?part=2"):
        assert (await asked_and_left(system, store, path, caplog))["status"] == feeds.CLIENT_CLOSED_REQUEST
    left = await asked_and_left(system, store, f"{address(store)}?format=google", caplog)
    assert left["bytes"] < whole


async def test_a_store_has_few_feeds_at_a_time(system: System, store: Shop) -> None:
    """Clients that do not read keep their places until they go away; other stores are not affected."""
    await add_products(store.database, store.store_id, 3_000, characters=5_000)
    async with AsyncExitStack() as slow:
        for _ in range(feeds.MOST_OF_A_STORE):
            feed = system.http.stream(
                "GET", address(store), params={"format": "google"}, headers=store.headers
            )
            assert (await slow.enter_async_context(feed)).status_code == 200
        refused = await get(store, "report/")
        assert refused.status_code == 429
        assert int(refused.headers["retry-after"]) > 0
        assert (await get(await system.second_shop(store.user_id, currency="IRT"))).status_code == 200
    await eventually(
        lambda: get(store, part=1, format="google"),
        lambda answer: answer.status_code == 200,
        what="a free place",
    )

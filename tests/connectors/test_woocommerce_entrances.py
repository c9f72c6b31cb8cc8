"""WooCommerce's REST API is found where it is, signed for as WordPress knows itself, and named in reasons."""

import gzip
import json
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.http.outbound import Outbound
from connectors.woocommerce.catalogue import WooCommerceCatalogue, WooCommerceReader
from connectors.woocommerce.cursors import Cursor
from connectors.woocommerce.entrances import PRETTY, SHOPS_KEPT, Entrance, Entrances
from contracts.errors import ShopProblem
from fakes.woocommerce import SECRET, Answered, Fault, moved
from fakes.woocommerce_quirks import QuirkyShop


@asynccontextmanager
async def no_limit() -> AsyncIterator[None]:
    yield


@pytest.fixture
def shop() -> Iterator[QuirkyShop]:
    """A shop over HTTP."""
    with QuirkyShop() as opened:
        yield opened


@pytest.fixture
def secure(tls: tuple[Any, Any]) -> Iterator[QuirkyShop]:
    """A shop over HTTPS."""
    with QuirkyShop(tls=tls[0]) as opened:
        yield opened


@asynccontextmanager
async def reading(
    shop: QuirkyShop, outbound: Outbound, reader: WooCommerceReader | None = None
) -> AsyncIterator[WooCommerceCatalogue]:
    opened = (reader or WooCommerceReader()).open(shop.access(), outbound, no_limit)
    async with opened as catalogue:
        yield catalogue


async def failure(shop: QuirkyShop, outbound: Outbound) -> str:
    """Returns the reason for which the list cannot be read."""
    async with reading(shop, outbound) as catalogue:
        with pytest.raises(ShopProblem) as raised:
            await catalogue.manifest(None)
    return str(raised.value)


@pytest.mark.parametrize("links", [True, False], ids=["named in a header", "not named"])
@pytest.mark.parametrize("prefix", ["/?rest_route=/", "/index.php/wp-json/"])
async def test_the_api_is_found_behind_another_prefix(
    secure: QuirkyShop,
    outbound: Outbound,
    prefix: str,
    links: bool,  # noqa: FBT001 - a parameter of the test
) -> None:
    """With all its parameters, and the next visit knows it."""
    secure.prefix, secure.links = prefix, links
    ids = [secure.add() for _ in range(101)]
    reader = WooCommerceReader()
    async with reading(secure, outbound, reader) as catalogue:
        first = await catalogue.manifest(None)
        second = await catalogue.manifest(first.next)
    assert [*first.listed, *second.listed] == [f"woo_{id_}" for id_ in ids]
    secure.links = False
    async with reading(secure, outbound, reader) as catalogue:
        asked = len(secure.seen)
        assert await catalogue.product(f"woo_{ids[0]}")
        assert len(secure.seen) == asked + 1
    assert [hook async for hook in _hooks(secure, outbound, reader)] == []


async def _hooks(shop: QuirkyShop, outbound: Outbound, reader: WooCommerceReader) -> AsyncIterator[object]:
    async with reading(shop, outbound, reader) as catalogue:
        for hook in await catalogue.webhooks.list("https://pilito.example/"):
            yield hook


async def test_a_prefix_of_its_own_is_read_from_the_header(secure: QuirkyShop, outbound: Outbound) -> None:
    """A filter of WordPress renames it; only the path is used, so the key stays at the shop."""
    secure.prefix, secure.links = "/api/", True
    id_ = secure.add()
    async with reading(secure, outbound) as catalogue:
        assert (await catalogue.manifest(None)).listed == (f"woo_{id_}",)


@pytest.mark.parametrize(
    "home", ["drop", Answered(body=b"<html></html>"), moved("http://else.example/")], ids=range(3)
)
async def test_a_shop_without_an_api_has_one_reason(
    secure: QuirkyShop, outbound: Outbound, home: Fault
) -> None:
    """What the search for the API meets is not the reason."""
    missing = Answered(status=404, body=b"<html>Not found</html>")
    secure.fail_next(missing, home, moved("/"), moved("/"))
    reason = await failure(secure, outbound)
    assert reason.startswith("No WooCommerce answers at the store's address (HTTP 404)")
    assert len(secure.seen) == 4


async def test_a_shop_under_another_name_is_signed_for_as_it_knows_itself(
    shop: QuirkyShop, outbound: Outbound
) -> None:
    """Over plain HTTP; WordPress says its address to everyone, and the secret is never sent."""
    shop.own_url = "http://www.shop.example"
    id_ = shop.add()
    reader = WooCommerceReader()
    for requests in (3, 1):
        asked = len(shop.seen)
        async with reading(shop, outbound, reader) as catalogue:
            assert (await catalogue.manifest(None)).listed == (f"woo_{id_}",)
        assert len(shop.seen) == asked + requests
    assert all(SECRET not in json.dumps(dict(seen.headers)) for seen in shop.seen)
    assert "authorization" not in shop.seen[1].headers


async def test_a_wrong_key_over_http_names_what_else_may_be_wrong(
    shop: QuirkyShop, outbound: Outbound
) -> None:
    """The clock, and the address in WordPress's settings."""
    shop.keys = {"ck_other": "cs_other"}
    reason = await failure(shop, outbound)
    assert "base_url must be WordPress's own address, as in Settings > General" in reason
    assert "firewall" not in reason


def error(status: int, code: str, **data: Any) -> Answered:
    body = {"code": code, "message": "x", "data": {"status": status, **data}}
    return Answered(status=status, body=json.dumps(body).encode())


PAGE = b"<html><body>Blocked</body></html>"


@pytest.mark.parametrize(
    ("answer", "said", "firewall"),
    [
        (
            error(400, "rest_invalid_param", params={"orderby": "x"}),
            "request (HTTP 400): orderby.",
            False,
        ),
        (error(400, "rest_disabled"), "WordPress refuses our request (HTTP 400, rest_disabled)", False),
        (error(401, "rest_login_required"), "restricts WordPress's REST API (rest_login_required)", False),
        (error(404, "rest_no_route"), "activate WooCommerce", False),
        (Answered(status=403, body=PAGE), "firewall", True),
        (Answered(status=406, body=PAGE), "firewall", True),
        (Answered(status=503, body=PAGE), "(HTTP 503); a firewall or maintenance mode", True),
        (Answered(status=503), "a temporary problem (HTTP 503).", False),
        (
            Answered(status=401, body=PAGE, headers={"WWW-Authenticate": 'Basic realm="staging"'}),
            "asks for a password of its own",
            False,
        ),
        (
            Answered(body=error(403, "woocommerce_rest_cannot_view").body),
            "create the key for a shop manager",
            False,
        ),
    ],
    ids=range(10),
)
async def test_a_reason_names_the_cause(
    secure: QuirkyShop,
    outbound: Outbound,
    answer: Answered,
    said: str,
    firewall: bool,  # noqa: FBT001 - a parameter of the test
) -> None:
    """A firewall is named only for what a firewall answers; an error with status 200 is an error."""
    secure.fail_always(answer)
    reason = await failure(secure, outbound)
    assert said in reason
    assert ("firewall" in reason) is firewall


# Encodings


COUNTS = {"X-WP-Total": "1", "X-WP-TotalPages": "1"}


@pytest.mark.parametrize("coding", ["none", "None", "identity", "UTF-8", "utf8", "", "8bit", "br", "x"])
async def test_a_plain_body_is_read_under_any_encoding(
    shop: QuirkyShop, outbound: Outbound, coding: str
) -> None:
    """Servers name encodings that they do not use."""
    body = shop.render([shop.add()], "")
    shop.fail_next(Answered(body=body, headers={**COUNTS, "Content-Encoding": coding}))
    async with reading(shop, outbound) as catalogue:
        assert len((await catalogue.manifest(None)).listed) == 1


@pytest.mark.parametrize("coding", ["gzip", "x-gzip", "X-GZIP", "gzip, gzip", "none", None, "identity, gzip"])
@pytest.mark.parametrize("packed", [True, False], ids=["packed", "plain"])
async def test_gzip_is_known_by_its_first_bytes(
    shop: QuirkyShop,
    outbound: Outbound,
    coding: str | None,
    packed: bool,  # noqa: FBT001 - a parameter of the test
) -> None:
    """Whether or not the header names it."""
    body = shop.render([shop.add()], "")
    headers = {**COUNTS, **({"Content-Encoding": coding} if coding is not None else {})}
    shop.fail_next(Answered(body=gzip.compress(body) if packed else body, headers=headers))
    async with reading(shop, outbound) as catalogue:
        assert len((await catalogue.manifest(None)).listed) == 1


async def test_an_unknown_encoding_is_named(shop: QuirkyShop, outbound: Outbound) -> None:
    """Once the body is no plain JSON either."""
    shop.fail_always(Answered(body=b"\x1b\x03\x00\xf8\xa5", headers={"Content-Encoding": "br"}))
    assert await failure(shop, outbound) == "The shop packs its answer in a way we did not ask for."


# Caches


@pytest.mark.parametrize(
    ("headers", "is_cached"),
    [
        ({}, False),
        ({"Age": "0"}, False),
        ({"Age": "30"}, False),
        ({"Age": "90"}, True),
        ({"Age": "30", "X-Cache": "HIT"}, False),
        ({"X-Cache": "Hit from cloudfront"}, True),
        ({"X-Cache": "MISS, HIT"}, True),
        ({"CF-Cache-Status": "STALE"}, True),
        ({"CF-Cache-Status": "DYNAMIC"}, False),
        ({"X-LiteSpeed-Cache": "hit,private"}, True),
        ({"Cache-Status": "Varnish; hit; ttl=3"}, True),
        ({"X-Varnish": "12 3"}, True),
        ({"X-Varnish": "12"}, False),
        ({"Cache-Control": "stale-if-error=9"}, False),
        ({"X-FastCGI-Cache": "HIT"}, True),
        ({"X-Redis-Object-Cache": "HIT"}, False),
        ({"X-Transient-Cache": "hit"}, False),
    ],
    ids=str,
)
async def test_a_copy_of_before_the_deletion_counts_as_deleted(
    shop: QuirkyShop,
    outbound: Outbound,
    headers: dict[str, str],
    is_cached: bool,  # noqa: FBT001 - a parameter of the test
) -> None:
    """A known age decides; without one, any sign of a cache."""
    id_ = shop.add()
    shop.cache_knows_query = False
    shop.cached[id_] = shop.rendered(id_, ""), headers
    async with reading(shop, outbound) as catalogue:
        found = await catalogue.product(f"woo_{id_}", deleted_ago=timedelta(seconds=60))
        assert (found is None) is is_cached
        assert await catalogue.product(f"woo_{id_}")


async def test_a_variation_that_only_a_cached_list_has_is_deleted(
    shop: QuirkyShop, outbound: Outbound
) -> None:
    """The product, which was read past the caches, does not name it."""
    chair = shop.add(variations=[{}, {}])
    kept, gone = shop.products[chair]["variations"]
    shop.products[chair]["variations"] = [kept]
    body = json.dumps([{"id": kept}, {"id": gone}]).encode()
    shop.fail_next(
        Answered(body=shop.rendered(chair, "")),
        Answered(body=shop.rendered(chair, "")),
        Answered(body=body, headers={"X-WP-Total": "2", "X-WP-TotalPages": "1"}),
    )
    async with reading(shop, outbound) as catalogue:
        found = await catalogue.product(f"woo_{chair}", deleted_ago=timedelta(seconds=60))
    assert found
    assert [item["id"] for item in found["variations"]] == [kept]


# Variations


@pytest.mark.parametrize("cap", [None, 30])
@pytest.mark.parametrize("counted", [True, False], ids=["counted", "not counted"])
async def test_variations_are_read_from_pages_of_any_size(
    shop: QuirkyShop,
    outbound: Outbound,
    cap: int | None,
    counted: bool,  # noqa: FBT001 - a parameter of the test
) -> None:
    """Also where the shop counts none of them."""
    chair = shop.add(variations=[{} for _ in range(130)])
    shop.most_per_page = cap
    shop.totals = None if counted else (None, None)
    async with reading(shop, outbound) as catalogue:
        found = await catalogue.product(f"woo_{chair}")
    assert found
    assert [item["id"] for item in found["variations"]] == shop.products[chair]["variations"]


# Cursors


CURSORS = st.builds(
    Cursor, st.integers(1, 9_999), st.integers(1, 100), by_offset=st.booleans(), is_second=st.booleans()
)


@given(CURSORS)
def test_a_cursor_is_what_its_text_says(cursor: Cursor) -> None:
    """Page numbers of earlier versions are cursors, too."""
    assert Cursor.parse(str(cursor)) == cursor
    assert Cursor.parse(str(cursor.number)) == Cursor(cursor.number)
    assert Cursor.parse(None) == Cursor()


@given(CURSORS, st.integers(1, 100))
def test_a_smaller_page_skips_nothing(cursor: Cursor, size: int) -> None:
    """It begins at or before the larger page, by less than its own size."""
    begin = (cursor.number - 1) * cursor.size
    smaller = cursor.resized(size)
    assert 0 <= begin - (smaller.number - 1) * size < size


@given(CURSORS, st.integers(0, 100))
def test_a_list_is_read_again_once(cursor: Cursor, given_: int) -> None:
    """From its first page, in pages that are not larger."""
    again = cursor.again(given_)
    assert (again is None) is cursor.is_second
    if again is not None:
        second = Cursor.parse(again)
        assert second.number == 1
        assert 1 <= second.size <= cursor.size
        assert second.again(given_) is None


def test_the_oldest_entrance_is_forgotten() -> None:
    """The memory does not grow with the shops."""
    entrances = Entrances()
    for number in range(SHOPS_KEPT + 1):
        entrances.keep(f"https://{number}.example", Entrance(prefix="/api/"))
    assert entrances.get("https://0.example").prefix == PRETTY
    assert entrances.get("https://1.example").prefix == "/api/"

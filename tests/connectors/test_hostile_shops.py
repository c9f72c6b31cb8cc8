"""Shops with answers that would fill the memory of a worker: refused before they do."""

import asyncio
import gzip
import zlib
from collections.abc import AsyncIterator, Iterable, Iterator
from contextlib import asynccontextmanager
from typing import Any

import orjson
import pytest
import pytest_asyncio

from connectors.base import Catalogue, Unreadable
from connectors.http.outbound import Outbound
from connectors.http.request import LARGEST_ANSWER, exchange
from connectors.woocommerce.catalogue import WooCommerceReader
from contracts.bounds import VARIATIONS
from contracts.errors import ShopAnswersNonsense, ShopProblem, ShopSendsTooMuch
from fakes.woocommerce import Answered, ShopServer

ONE_PAGE = {"X-WP-Total": "1", "X-WP-TotalPages": "1"}
PACKED = {**ONE_PAGE, "Content-Encoding": "gzip"}


@asynccontextmanager
async def any_time() -> AsyncIterator[None]:
    yield


@pytest.fixture
def shop() -> Iterator[ShopServer]:
    with ShopServer() as opened:
        yield opened


@pytest_asyncio.fixture
async def catalogue(shop: ShopServer, outbound: Outbound) -> AsyncIterator[Catalogue]:
    async with WooCommerceReader().open(shop.access(), outbound, any_time) as opened:
        yield opened


def nested(levels: int) -> list[Any]:
    value: list[Any] = []
    for _ in range(levels):
        value = [value]
    return value


def unreadable(products: Any) -> dict[str, str]:
    return {id_: body.reason for id_, body in products.items() if isinstance(body, Unreadable)}


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        (Answered(body=b"[" + b"{}," * 300_000 + b"{}]", headers=ONE_PAGE), "more than 250,000 values"),
        (Answered(body=gzip.compress(b" " * 2**26), headers=PACKED), "above 8 MiB"),
        (Answered(body=b"notice\n" + (b"[" + b"[]," * 90_000 + b"\n") * 11), "more than 250,000 values"),
        (Answered(body=b"[" * 500 + b"]" * 500, headers=ONE_PAGE), "more than 64 levels"),
    ],
    ids=["objects", "blanks", "many beginnings", "levels"],
)
async def test_an_answer_above_a_bound_is_refused(
    shop: ShopServer, catalogue: Catalogue, answer: Answered, reason: str
) -> None:
    """Of any request; the reason names the bound."""
    shop.fail_always(answer)
    for asked in (catalogue.manifest(None), catalogue.whole(None), catalogue.product("woo_7")):
        with pytest.raises(ShopSendsTooMuch, match=reason):
            await asked


@pytest.mark.parametrize(
    "body", [{"id": 1}, {"id": 1, "name": "Lamp", "price": "1"}], ids=["ids", "products"]
)
async def test_a_page_with_more_products_than_were_asked_for_is_refused(
    shop: ShopServer, catalogue: Catalogue, body: dict[str, Any]
) -> None:
    """The shop may ignore the size of the page."""
    many = orjson.dumps([{**body, "id": number} for number in range(1, 20_001)])
    shop.fail_always(Answered(body=gzip.compress(many), headers=PACKED))
    for asked in (catalogue.manifest(None), catalogue.whole(None), catalogue.fetch(["woo_7"])):
        with pytest.raises(ShopAnswersNonsense, match="20,000 products instead of the 100"):
            await asked


@pytest.mark.parametrize(
    ("field", "reason"),
    [
        ({"description": "lorem ipsum " * 800_000}, "above 8 MiB"),
        ({"meta_data": [{"id": 1, "key": "tree", "value": nested(100)}]}, "more than 64 levels"),
        ({"meta_data": [{}] * 300_000}, "more than 250,000 values"),
    ],
    ids=["a long text", "a deep tree", "many values"],
)
async def test_one_product_out_of_bounds_is_unreadable_and_the_others_are_read(
    shop: ShopServer, catalogue: Catalogue, field: dict[str, Any], reason: str
) -> None:
    """In a full page as well as among requested products; a request for it alone says why."""
    ids = [f"woo_{shop.add()}" for _ in range(20)]
    bad = ids[7]
    shop.change(int(bad.removeprefix("woo_")), **field)
    page = await catalogue.whole(None)
    assert (list(page.listed), page.total) == (ids, 20)
    for products in (page.products, await catalogue.fetch(ids)):
        assert sorted(products) == ids
        assert list(unreadable(products)) == [bad]
        assert reason in unreadable(products)[bad]
    with pytest.raises(ShopSendsTooMuch, match=reason):
        await catalogue.product(bad)


async def test_a_list_with_one_entry_out_of_bounds_is_complete(
    shop: ShopServer, catalogue: Catalogue
) -> None:
    """The entry has only its id, so that its product is fetched and found unreadable."""
    ids = [f"woo_{shop.add()}" for _ in range(20)]
    shop.change(int(ids[7].removeprefix("woo_")), categories=[{"id": 1, "name": "x"}] * 150_000)
    page = await catalogue.manifest(None)
    assert (list(page.listed), page.next, page.total) == (ids, None, 20)
    assert [entry.external_id for entry in page.entries if entry.read() is None] == [ids[7]]


async def test_a_product_with_too_many_variations_is_unreadable(
    shop: ShopServer, catalogue: Catalogue
) -> None:
    """Only that product; its variations are not requested."""
    lamp, chair = shop.add(), shop.add(variations=[{}])
    shop.products[chair]["variations"] = list(range(1_000, 1_001 + VARIATIONS))
    products = (await catalogue.whole(None)).products
    assert list(products) == [f"woo_{lamp}", f"woo_{chair}"]
    assert unreadable(products) == {f"woo_{chair}": "The shop claims over 2,048 variations of the product."}
    assert "products/{id}/variations" not in shop.routes


async def test_variations_that_are_too_long_together_are_read_in_parts(
    shop: ShopServer, catalogue: Catalogue
) -> None:
    """A full page of them may be above the bound."""
    shop.add(variations=[{"description": "x" * 900_000} for _ in range(12)])
    (body,) = (await catalogue.whole(None)).products.values()
    assert not isinstance(body, Unreadable)
    assert len(body["variations"]) == 12


@asynccontextmanager
async def pouring(head: bytes, parts: Iterable[bytes]) -> AsyncIterator[tuple[str, list[int]]]:
    """A server that sends the parts until the client closes. Yields its URL and the bytes it sent."""
    sent: list[int] = []

    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(head)
        try:
            for part in parts:
                writer.write(part)
                await writer.drain()
                sent.append(len(part))
        except ConnectionError:
            sent.append(0)
        finally:
            writer.close()

    server = await asyncio.start_server(handle, "127.0.0.1", 0)
    async with server:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/", sent


def chunk(data: bytes) -> bytes:
    return b"%x\r\n" % len(data) + data + b"\r\n"


def for_ever(part: bytes) -> Iterator[bytes]:
    while True:
        yield part


CHUNKED = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n"
EMPTY_BLOCKS = b"\x00\x00\x00\xff\xff" * 13_107
"""Blocks of gzip that unpack to nothing."""


@pytest.mark.parametrize(
    ("head", "part"),
    [
        (CHUNKED + b"\r\n", chunk(b" " * 65_536)),
        (
            CHUNKED + b"Content-Encoding: gzip\r\n\r\n" + chunk(b"\x1f\x8b\x08\0\0\0\0\0\0\x03"),
            chunk(EMPTY_BLOCKS),
        ),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 10000000000\r\n\r\n", b" " * 65_536),
        (b"HTTP/1.1 200 OK\r\n", b"X-Filler: " + b"a" * 1_000 + b"\r\n"),
        (CHUNKED + b"\r\n1;", b"a" * 65_536),
        (b"", b"HTTP/1.1 100 Continue\r\n\r\n" * 500),
    ],
    ids=["chunks", "empty blocks", "a length", "headers", "a chunk extension", "interim answers"],
)
async def test_an_answer_without_an_end_is_given_up(outbound: Outbound, head: bytes, part: bytes) -> None:
    """After a bounded number of bytes, packed or not."""
    async with pouring(head, for_ever(part)) as (url, sent), outbound.client() as client:
        with pytest.raises(Exception) as raised:  # noqa: PT011 - any error of ours or of the client
            await exchange(client, "GET", client.build_request("GET", url).url, headers={})
        assert not isinstance(raised.value, TimeoutError)
    assert sum(sent) < 3 * LARGEST_ANSWER, "buffers of the sockets included"


async def test_a_small_part_is_not_unpacked_beyond_the_bound(outbound: Outbound) -> None:
    """A gigabyte of blanks fits into a megabyte of gzip: only what the bound permits is unpacked."""
    packing = zlib.compressobj(9, zlib.DEFLATED, 31)
    bomb = b"".join(packing.compress(b" " * 2**20) for _ in range(64)) + packing.flush()
    head = b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: %d\r\n\r\n" % len(bomb)
    async with pouring(head, [bomb]) as (url, _), outbound.client() as client:
        with pytest.raises(ShopProblem, match="above 8 MiB"):
            await exchange(client, "GET", client.build_request("GET", url).url, headers={})

"""A Shopify shop that fails at some products of its list: the others are listed, and the list goes on."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any, Literal

import orjson
import pytest

from connectors.base import ManifestEntry
from connectors.http.outbound import Outbound
from connectors.shopify import catalogue as module
from connectors.shopify.catalogue import ShopifyReader
from contracts.errors import ShopDown
from fakes.shopify import ShopifyServer
from fakes.woocommerce import Answered

COUNT = 13
Kind = Literal["price", "null", "silent", "no data"]
"""The node lacks its price, or is null with an error or without one, or the whole list is null."""


class Partial(ShopifyServer):
    """A shop with a list that fails at the products `bad`."""

    def __init__(self, bad: Mapping[int, Kind], code: str) -> None:
        super().__init__()
        self.bad, self.code, self.requests = bad, code, 0

    def answer(self, path: str, headers: Mapping[str, str], body: bytes) -> Answered | Literal["drop"]:
        query = orjson.loads(body)
        if query["operationName"] != "Manifest":
            return super().answer(path, headers, body)
        self.requests += 1
        after = int(query["variables"]["after"] or 0)
        asked = range(after + 1, min(COUNT, after + query["variables"]["first"]) + 1)
        nodes: list[Any] = []
        errors: list[dict[str, Any]] = []
        for at, id_ in enumerate(asked):
            kind = self.bad.get(id_)
            known = {"id": f"gid://shopify/Product/{id_}", "title": "x", "priceRangeV2": None}
            nodes.append(None if kind in ("null", "silent") else known)
            if kind and kind != "silent":
                there = ["products", "nodes", at, "priceRangeV2", "minVariantPrice"]
                errors.append({"message": "x", "path": there, "extensions": {"code": self.code}})
        info = {"hasNextPage": asked[-1] < COUNT, "endCursor": str(asked[-1])}
        is_null = "no data" in {self.bad.get(id_) for id_ in asked}
        data = {"products": None if is_null else {"nodes": nodes, "pageInfo": info}}
        return Answered(body=orjson.dumps({"data": data, **({"errors": errors} if errors else {})}))


@asynccontextmanager
async def no_limit() -> AsyncIterator[None]:
    yield


async def walk(shop: ShopifyServer) -> tuple[list[ManifestEntry], list[str]]:
    """Returns what all pages of the list have."""
    entries, sentences, cursor = list[ManifestEntry](), list[str](), None
    outbound = Outbound(allow_private=True)
    async with ShopifyReader().open(shop.access(), outbound, no_limit) as catalogue:
        while True:
            page = await catalogue.manifest(cursor)
            entries, sentences, cursor = [*entries, *page.entries], [*sentences, *page.unreadable], page.next
            if cursor is None:
                break
    outbound.close()
    return entries, sentences


@pytest.mark.parametrize("size", [1, 4, 100])
@pytest.mark.parametrize("code", ["INTERNAL_SERVER_ERROR", "TIMEOUT", "ACCESS_DENIED"])
@pytest.mark.parametrize(
    "bad",
    [
        {},
        {7: "price"},
        {1: "null"},
        {13: "silent"},
        {1: "price", 2: "null", 3: "silent", 9: "price", 13: "null"},
    ],
    ids=str,
)
async def test_products_at_which_the_list_fails_are_left_out_alone(
    monkeypatch: pytest.MonkeyPatch, bad: dict[int, Kind], code: str, size: int
) -> None:
    """What has an id is requested by it, and what has none has a sentence."""
    monkeypatch.setattr(module, "MANIFEST_SIZE", size)
    shop = Partial(bad, code)
    with shop:
        entries, sentences = await walk(shop)
    unknown = {id_ for id_, kind in bad.items() if kind != "price"}
    assert [one.external_id for one in entries] == [
        f"shopify_{id_}" for id_ in range(1, COUNT + 1) if id_ not in unknown
    ]
    again = {one.external_id for one in entries if not one.fingerprint}
    assert again == {f"shopify_{id_}" for id_, kind in bad.items() if kind == "price"}
    assert len(sentences) == len(unknown)
    assert all("The shop fails to answer for it." in sentence for sentence in sentences)
    assert shop.requests == -(-COUNT // size)


async def test_an_answer_without_its_list_is_asked_for_in_shorter_pages() -> None:
    """A list that is null for one product alone is not read past it."""
    with Partial({7: "no data"}, "INTERNAL_SERVER_ERROR") as shop, pytest.raises(ShopDown):
        await walk(shop)


@pytest.mark.parametrize("code", ["INTERNAL_SERVER_ERROR", "ACCESS_DENIED"])
async def test_an_app_that_may_see_no_product_is_refused(code: str) -> None:
    """At once if access is denied; a failure may be of the page, so single products are asked for."""
    bad: dict[int, Kind] = dict.fromkeys(range(1, COUNT + 1), "price")
    shop = Partial(bad, code)
    with shop:
        if code == "ACCESS_DENIED":
            with pytest.raises(ShopDown, match="does not let the app see"):
                await walk(shop)
            assert shop.requests == 1
        else:
            entries, _ = await walk(shop)
            assert [one.fingerprint for one in entries] == [""] * COUNT

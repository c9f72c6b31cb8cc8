"""The shop that tests talk to answers as a real one was seen to."""

import re
from collections.abc import Iterator
from typing import Any
from urllib.parse import parse_qs, parse_qsl, urlsplit

import orjson
import pytest

from fakes.woocommerce import ROOT, SECRET, Answered, ShopServer
from fakes.woocommerce_catalogue import RECORDED, recorded
from fakes.woocommerce_oauth import oauth_signature

ASKED = [
    exchange
    for exchange in RECORDED
    if exchange["basic"] and re.match(r"J(0[2-9]|1[0-35]|1[6-9]|2[0-2]|23[fgh]|24|28|29)", exchange["step"])
]


@pytest.fixture(scope="module")
def shop() -> Iterator[ShopServer]:
    """With the products of the recordings, and its door open."""
    with ShopServer() as opened:
        opened.load(item for step in ("J02", "J03", "J04") for item in recorded(step)["body"])
        opened.load(recorded("J15 status=trash")["body"])
        opened._authenticate = lambda *_: None  # type: ignore[method-assign]  # asked by hand, without a key
        yield opened


def ask(shop: ShopServer, exchange: dict[str, Any]) -> Answered:
    parts = urlsplit(exchange["url"])
    answer = shop.answer(f"{parts.path}?{parts.query}", {})
    assert isinstance(answer, Answered)
    return answer


@pytest.mark.parametrize("exchange", ASKED, ids=lambda exchange: exchange["step"])
def test_it_answers_as_the_recorded_shop_did(shop: ShopServer, exchange: dict[str, Any]) -> None:
    """Status, counts, links, products and error codes."""
    answer = ask(shop, exchange)
    said = orjson.loads(answer.body)
    assert answer.status == exchange["status"]
    if answer.status != 200:
        assert said["code"] == exchange["body"]["code"]
        assert said["message"] == exchange["body"]["message"]
        assert said["data"]["status"] == exchange["body"]["data"]["status"]
        assert set(said["data"].get("params", ())) == set(exchange["body"]["data"].get("params", ()))
        return
    for name in ("X-WP-Total", "X-WP-TotalPages"):
        assert answer.headers.get(name) == exchange["headers"].get(name)
    assert links(answer.headers.get("Link", "")) == links(exchange["headers"].get("Link", ""))
    if "J24" in exchange["step"]:  # the product had changed in between
        assert [item["id"] for item in said] == [item["id"] for item in exchange["body"]]
    else:
        assert said == exchange["body"]


def links(header: str) -> dict[str, str]:
    """The page each link leads to; WordPress spells the rest of the question its own way."""
    found = re.findall(r'<([^>]*)>; rel="(next|prev)"', header)
    return {rel: parse_qs(urlsplit(url).query)["page"][0] for url, rel in found}


def test_enough_is_compared() -> None:
    """The pages, the filters, the times and the errors."""
    assert len(ASKED) >= 35


def test_its_products_have_the_fields_of_recorded_ones() -> None:
    """What a test adds looks like what a shop has."""
    with ShopServer() as shop:
        product = shop.add(name="یک", variations=[{"sku": "V1"}])
        variation = shop.products[product]["variations"][0]
        assert set(shop.products[product]) == set(recorded("J23b")["body"])
        assert set(shop.variations[variation]) == set(recorded("J23d")["body"][0])


def test_it_signs_as_woocommerce_does() -> None:
    """A signature that a real shop accepted is the one we would ask for."""
    parts = urlsplit(recorded("J54")["url"])
    params = dict(parse_qsl(parts.query))
    signature = params.pop("oauth_signature")
    assert oauth_signature(f"http://{parts.netloc}{parts.path}", params, SECRET) == signature


@pytest.mark.parametrize("step", ["J40", "J43", "J45"])
def test_without_a_signature_plain_http_shows_nothing(step: str) -> None:
    """Neither Basic nor keys in the query open it."""
    exchange = recorded(step)
    with ShopServer() as shop:
        parts = urlsplit(exchange["url"])
        headers = {"authorization": "Basic eDp5"} if exchange["basic"] else {}
        answer = shop.answer(f"{ROOT}products?{parts.query}", headers)
    assert isinstance(answer, Answered)
    assert answer.status == exchange["status"]
    assert orjson.loads(answer.body) == exchange["body"]

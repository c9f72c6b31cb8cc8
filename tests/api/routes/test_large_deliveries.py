"""Large deliveries are read in a child process and are stored as text."""

import gzip
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial
from typing import Any

import httpx2
import pytest
import pytest_asyncio
from standardwebhooks import Webhook

from compute import INLINE_BYTES, Compute
from contracts.deliveries import LARGEST_IN_WORKFLOW
from tests.support import deliveries
from tests.support.deliveries import Sent
from tests.support.environment import Configure
from tests.support.eventually import eventually
from tests.support.shop import Shop
from tests.support.system import System, serving

SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw0123456789ab"
WEBHOOK = "/api/integrations/woocommerce/webhook/"
SIZES = (INLINE_BYTES + 1, LARGEST_IN_WORKFLOW + 1)
EXPENSIVE = b'{"id":7,"event_id":"evt","event_type":"product.updated","meta":[' + b"[]," * 1_800_000 + b"1]}"
"""A body of 5 MB that takes 170 MB of memory to read."""


def product(size: int) -> dict[str, Any]:
    return {"id": 7, "name": "چراغ", "meta_data": [{"key": "a", "value": "b" * size}]}


async def answered(send: Callable[[], Awaitable[httpx2.Response]]) -> httpx2.Response:
    """Send until the answer is not 503, as shops do: a busy machine gives the child process little time.

    Returns the answer.
    """
    return await eventually(send, lambda answer: answer.status_code != 503, what="an answer other than 503")


async def stored(shop: Shop, event_id: str) -> Any:
    row = await shop.ended(event_id)
    assert row["status"] == "succeeded", row["reason"]
    return row["payload"]


@pytest.mark.parametrize("size", SIZES)
async def test_a_large_product_is_processed(shop: Shop, size: int) -> None:
    """Its payload is stored as it was sent; a repetition is skipped."""
    event_id = await shop.submit(product(size), event_id="evt")
    assert await stored(shop, event_id) == product(size)
    assert (await shop.send(product(size), event_id="evt")).status_code == 200


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("platform", ["woocommerce", "custom"])
async def test_a_large_signed_product_is_processed(system: System, platform: str, size: int) -> None:
    """Of each platform, also with an odd event type of the body."""
    shop = await system.shop(webhook_secret=SECRET, store_type=platform, integration_type=platform)
    event = {"event_id": "evt", "event_type": "product.updated", "product": product(size)}
    sent = (
        deliveries.custom(event, SECRET)
        if platform == "custom"
        else deliveries.woocommerce(product(size), SECRET)
    )
    answer = await shop.deliver(sent, platform)
    assert answer.status_code == 202, answer.text
    assert await stored(shop, answer.json()["event_id"]) == product(size)


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"product": {**product(INLINE_BYTES), "price": {"a": 1}}}, "product.price: expected a number"),
        ({"event_type": "product.exploded", "product": product(INLINE_BYTES)}, "event_type: unknown"),
        ({"event_id": None, "product": product(INLINE_BYTES)}, "Missing event_id or event_type"),
        ({"product": {"id": 7, "tags": ["a"] * 20_000}}, "product.tags: expected at most 1,000 entries"),
    ],
)
async def test_a_wrong_large_body_is_refused_as_a_small_one(
    shop: Shop, changes: dict[str, Any], error: str
) -> None:
    """The errors of the child process are the ones of the API."""
    body = {"event_id": "evt", "event_type": "product.updated", **changes}
    answer = await shop.http.post(WEBHOOK, json=body, headers=shop.headers)
    assert answer.status_code == 400
    assert answer.json()["error"].startswith(error)


async def test_a_large_body_that_nests_too_deeply_is_refused(shop: Shop) -> None:
    """Before its product is read."""
    deep = b'{"a":' * 100 + b'"' + b"x" * INLINE_BYTES + b'"' + b"}" * 100
    answer = await shop.http.post(WEBHOOK, content=deep, headers=shop.headers)
    assert (answer.status_code, answer.json()["error"]) == (400, "The body nests too deeply")


@pytest_asyncio.fixture
async def frugal(
    configure: Configure, system: System, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[System]:
    """An API with child processes that have little memory."""
    monkeypatch.setattr("api.app.Compute", partial(Compute, memory_bytes=192 * 1024 * 1024))
    async with serving(configure()) as http:
        yield replace(system, http=http)


async def test_a_body_that_is_too_expensive_is_refused(frugal: System) -> None:
    """A 400 with a clear error; the next large body is read."""
    shop = await frugal.shop()
    answer = await answered(partial(shop.http.post, WEBHOOK, content=EXPENSIVE, headers=shop.headers))
    assert (answer.status_code, answer.json()["error"]) == (400, "The body cannot be read")
    assert "memory" in answer.json()["problem"]
    assert (await shop.send(product(INLINE_BYTES))).status_code == 202


@pytest.mark.parametrize("platform", ["woocommerce", "shopify"])
async def test_an_expensive_webhook_is_logged_under_its_product(frugal: System, platform: str) -> None:
    """The platforms stop sending after some refusals."""
    shop = await frugal.shop(webhook_secret=SECRET, store_type=platform, integration_type=platform)
    signed = deliveries.shopify({}, SECRET) if platform == "shopify" else deliveries.woocommerce({}, SECRET)
    signature = deliveries.hmac_of(SECRET, EXPENSIVE)
    names = ("x-wc-webhook-signature", "x-shopify-hmac-sha256")
    headers = {name: signature if name in names else value for name, value in signed.headers.items()}
    answer = await answered(partial(shop.deliver, Sent(headers, EXPENSIVE), platform))
    assert answer.status_code == 200, answer.text
    assert answer.json()["status"] == "ignored"
    (row,) = await shop.rows("SELECT status, reason, external_id FROM events WHERE store_id = :store")
    assert (row["status"], row["reason"]) == ("failed", answer.json()["reason"])
    assert row["external_id"].endswith("_7")
    assert "memory" in row["reason"]


async def test_an_expensive_signed_event_is_refused(frugal: System) -> None:
    """A custom shop reads our answers."""
    shop = await frugal.shop(webhook_secret=SECRET, store_type="custom", integration_type="custom")
    at = datetime.now(UTC)
    headers = {
        "webhook-id": "evt",
        "webhook-timestamp": str(int(at.timestamp())),
        "webhook-signature": Webhook(SECRET).sign("evt", at, EXPENSIVE.decode()),
    }
    answer = await answered(partial(shop.deliver, Sent(headers, EXPENSIVE), "custom"))
    assert (answer.status_code, answer.json()["error"]) == (400, "The body cannot be read")


@pytest.mark.parametrize("size", [10, 2 * INLINE_BYTES])
async def test_packed_bodies_are_taken(system: System, shop: Shop, size: int) -> None:
    """With a token and signed, over the packed bytes or over the body itself."""
    event = {"event_id": "packed", "event_type": "product.updated", "product": product(size)}
    body = json.dumps(event).encode()
    coding = {"Content-Encoding": "gzip"}
    answer = await shop.http.post(WEBHOOK, content=gzip.compress(body), headers={**shop.headers, **coding})
    assert answer.status_code == 202, answer.text
    assert (await shop.ended("packed"))["payload"] == event["product"]

    woo = await system.shop(webhook_secret=SECRET)
    for number, signs_packed in enumerate((True, False)):
        own = json.dumps({**product(size), "id": number + 1}).encode()
        packed = gzip.compress(own)
        signature = deliveries.hmac_of(SECRET, packed if signs_packed else own)
        plain = deliveries.woocommerce({}, SECRET).headers
        headers = {**plain, **coding, "x-wc-webhook-signature": signature}
        taken = await woo.deliver(Sent(headers, packed))
        assert taken.status_code == 202, taken.text
        assert (await woo.ended(taken.json()["event_id"]))["status"] == "succeeded"
        forged = Sent({**headers, "x-wc-webhook-signature": deliveries.hmac_of("other", packed)}, packed)
        assert (await woo.deliver(forged)).status_code == 401


async def test_a_bomb_and_another_coding_are_refused(shop: Shop) -> None:
    """A 413 at the limit of all bodies, and a 415 that names what is supported."""
    bomb = gzip.compress(bytes(9 * 2**20))
    headers = {**shop.headers, "Content-Encoding": "gzip"}
    answer = await shop.http.post(WEBHOOK, content=bomb, headers=headers)
    assert (answer.status_code, answer.json()["limit_bytes"]) == (413, 8 * 2**20)
    answer = await shop.http.post(WEBHOOK, content=b"x", headers={**headers, "Content-Encoding": "br"})
    assert (answer.status_code, answer.headers["Accept-Encoding"]) == (415, "gzip, identity")


async def test_half_a_character_is_left_out(shop: Shop) -> None:
    """JavaScript cuts a text in the middle of an emoji."""
    product = rb'{"id": 33, "name": "Gift \ud83c"}'
    body = b'{"event_id": "half", "event_type": "product.updated", "product": ' + product + b"}"
    answer = await shop.http.post(WEBHOOK, content=body, headers=shop.headers)
    assert answer.status_code == 202, answer.text
    await shop.ended("half")
    stored = await shop.product(33)
    assert stored
    assert stored["title"] == "Gift"

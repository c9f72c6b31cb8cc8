"""Managing a shop's webhooks through its REST API, with a server that behaves like WooCommerce."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, nullcontext
from pathlib import Path
from typing import Any

import orjson
import pytest

from connectors.http.outbound import Outbound
from connectors.woocommerce.catalogue import WooCommerceReader
from connectors.woocommerce.webhooks import TOPICS, WooCommerceWebhooks
from contracts.errors import ShopAnswersNonsense, ShopDown, ShopForbids, ShopProblem, ShopRefuses
from contracts.webhooks import Webhook, WebhookStatus
from fakes.woocommerce import KEY, ROOT, SECRET, Answered, ShopServer, too_many
from tests.support.network.certificates import contexts

US = "http://127.0.0.1:1/hook"
HOOK = {"id": 5, "topic": "product.updated", "status": "active", "delivery_url": US}
ONE_PAGE = {"X-WP-TotalPages": "1"}


@asynccontextmanager
async def keeper(shop: ShopServer, outbound: Outbound | None = None) -> AsyncIterator[WooCommerceWebhooks]:
    way = outbound or Outbound(allow_private=True)
    async with WooCommerceReader().open(shop.access(), way, nullcontext) as catalogue:
        yield catalogue.webhooks
    way.close()


async def test_over_https_and_over_plain_http(tmp_path: Path) -> None:
    """With the key itself, or with a signature of method and address."""
    server_tls, client_tls = contexts(tmp_path)
    for tls, outbound in (
        (server_tls, Outbound(allow_private=True, tls=client_tls)),
        (None, Outbound(allow_private=True)),
    ):
        with ShopServer(tls=tls) as shop:
            async with keeper(shop, outbound) as kept:
                made = await kept.create("product.updated", US, "s" * 40)
                shop.webhooks.by_id[made.id].status = "disabled"
                assert await kept.list(US) == (
                    Webhook(id=made.id, topic="product.updated", status=WebhookStatus.DISABLED),
                )
                assert (await kept.enable(made.id, "t" * 40)).status is WebhookStatus.ACTIVE
                shop.webhooks.by_id[made.id].status = "paused"
                assert (await kept.sign(made.id, "u" * 40)).status is WebhookStatus.PAUSED
            assert [seen.method for seen in shop.seen] == ["POST", "GET", "PUT", "PUT"]
            assert shop.webhooks.by_id[made.id].secret == "u" * 40
            assert not any("secret" in seen.query or "consumer_key" in seen.query for seen in shop.seen)


async def test_a_webhook_is_removed_for_good() -> None:
    """One that is gone already is no problem; without permission, the keeper says so."""
    with ShopServer() as shop:
        async with keeper(shop) as kept:
            made = await kept.create("product.updated", US, "s" * 40)
            await kept.remove(made.id)
            assert shop.webhooks.by_id == {}
            await kept.remove(made.id)
            shop.may_manage = False
            with pytest.raises(ShopForbids):
                await kept.remove(made.id)


def test_a_read_only_key_is_refused_as_by_the_recorded_shop() -> None:
    """401, with the code of a wrong secret."""
    with ShopServer() as shop:
        shop.read_only.add(KEY)
        shop._check_oauth = lambda *_: KEY  # type: ignore[method-assign]  # asked by hand, without a signature
        answer = shop.answer(f"{ROOT}webhooks", {}, "POST", orjson.dumps({**HOOK, "secret": SECRET}))
        listed = shop.answer(f"{ROOT}webhooks", {})
    assert isinstance(answer, Answered)
    assert isinstance(listed, Answered)
    assert (answer.status, listed.status) == (401, 200)
    assert orjson.loads(answer.body) == {
        "code": "woocommerce_rest_authentication_error",
        "message": "The API key provided does not have write permissions.",
        "data": {"status": 401},
    }


@pytest.mark.parametrize(
    ("answer", "problem"),
    [
        (Answered(status=401, body=b'{"code": "woocommerce_rest_cannot_create"}'), ShopForbids),
        (Answered(status=403, body=b"blocked"), ShopForbids),
        (Answered(status=301, headers={"Location": "https://elsewhere.example/"}), ShopForbids),
        (Answered(status=308), ShopForbids),
        (Answered(status=404, body=b'{"code": "rest_no_route"}'), ShopRefuses),
        (Answered(status=400, body=b"{}"), ShopRefuses),
        (Answered(status=502), ShopDown),
        (too_many(retry_after="30"), ShopDown),
        (Answered(status=200, body=orjson.dumps(HOOK)), ShopProblem),
        (Answered(status=201, body=b"[]"), ShopAnswersNonsense),
        (Answered(status=201, body=b'{"id": 5}'), ShopAnswersNonsense),
        (Answered(status=201, body=orjson.dumps({**HOOK, "id": 0})), ShopAnswersNonsense),
        (Answered(status=201, body=orjson.dumps({**HOOK, "status": "odd"})), ShopAnswersNonsense),
        (Answered(status=201, body=b"<html>"), ShopAnswersNonsense),
        ("drop", ShopDown),
    ],
    ids=str,
)
async def test_each_refused_creation_has_its_problem(answer: Any, problem: type[ShopProblem]) -> None:
    """One request, and no words of the shop or secrets in the error."""
    with ShopServer() as shop:
        shop.fail_always(answer)
        async with keeper(shop) as kept:
            with pytest.raises(problem) as raised:
                await kept.create("product.updated", US, "s" * 40)
        assert len(shop.seen) == 1
    assert "s" * 40 not in repr(raised.value)
    assert raised.value.__cause__ is None


@pytest.mark.parametrize(
    "changed",
    [
        {"delivery_url": "http://127.0.0.1:1/hook/another"},
        {"delivery_url": None},
        {"delivery_url": [US]},
        {"topic": "order.created"},
        {"topic": "product.\x00"},
        {"topic": "product." + "x" * 50},
        {"topic": {"a": 1}},
        {"topic": None},
    ],
    ids=str,
)
async def test_other_webhooks_are_left_out(changed: dict[str, Any]) -> None:
    """Including anything that plugins write there."""
    with ShopServer() as shop:
        body = orjson.dumps([{**HOOK, "id": 4, **changed}, "odd", None, HOOK])
        shop.fail_always(Answered(body=body, headers=ONE_PAGE))
        async with keeper(shop) as kept:
            assert [hook.id for hook in await kept.list(US)] == [5]


async def test_an_endless_list_is_refused() -> None:
    """By its count of pages, and by its content."""
    many = [{**HOOK, "id": number} for number in range(1, 80)]
    for body, pages in (([], "11"), (many, "1")):
        with ShopServer() as shop:
            shop.fail_always(Answered(body=orjson.dumps(body), headers={"X-WP-TotalPages": pages}))
            async with keeper(shop) as kept:
                with pytest.raises(ShopAnswersNonsense):
                    await kept.list(US)


async def test_older_shops_support_our_topics() -> None:
    """`product.published` is newer, and older shops refuse it."""
    with ShopServer() as shop:
        shop.webhooks.topics.remove("product.published")
        async with keeper(shop) as kept:
            for topic in TOPICS:
                await kept.create(topic, US, "s" * 40)
            with pytest.raises(ShopRefuses):
                await kept.create("product.published", US, "s" * 40)
        assert {hook.pings for hook in shop.webhooks.by_id.values()} == {1}
        assert all(hook.pending for hook in shop.webhooks.by_id.values()), "nobody answers there"

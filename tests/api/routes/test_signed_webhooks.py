"""Signed deliveries of shops without the plugin: accepted once, ignored and logged, or refused."""

from datetime import timedelta
from typing import Any

import pytest
import pytest_asyncio

from crypto import SecretBox
from database.access import stores
from fakes.openai import EmbeddingServer
from tests.support import deliveries
from tests.support.deliveries import INDEX, RECORDED_SECRET, Sent, recorded
from tests.support.shop import Shop
from tests.support.system import System

SECRET = "a-secret-of-letters"
STANDARD = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw0123456789ab"
LAMP = {"id": 7, "name": "چراغ مطالعه", "date_modified_gmt": "2026-11-20T10:00:00", "status": "publish"}
BULB = {
    "id": 788032119674292922,
    "title": "لامپ رشته‌ای",
    "body_html": "<p>نور گرم</p>",
    "vendor": "نور",
    "product_type": "روشنایی",
    "handle": "bulb",
    "status": "active",
    "published_at": "2026-11-01T00:00:00+03:30",
    "updated_at": "2026-11-20T10:00:00+03:30",
    "tags": "گرم, رشته‌ای",
    "options": [{"name": "رنگ", "values": ["زرد", "سفید"]}],
    "variants": [
        {
            "id": 9007199254740993,
            "title": "زرد",
            "price": "250000",
            "option1": "زرد",
            "sku": "B-1",
            "compare_at_price": "300000",
            "inventory_management": "shopify",
            "inventory_quantity": 2,
        },
        {
            "id": 9007199254740994,
            "title": "سفید",
            "price": "260000",
            "option1": "سفید",
            "inventory_management": "shopify",
            "inventory_quantity": 0,
            "inventory_policy": "deny",
        },
    ],
    "images": [{"src": "https://cdn.example/1.jpg"}],
}


@pytest_asyncio.fixture
async def woo(system: System, embeddings: EmbeddingServer) -> Shop:
    return await system.shop(webhook_secret=SECRET)


@pytest_asyncio.fixture
async def shopify(system: System, embeddings: EmbeddingServer) -> Shop:
    return await system.shop(
        webhook_secret=SECRET, store_type="shopify", integration_type="shopify", currency="IRT"
    )


@pytest_asyncio.fixture
async def custom(system: System, embeddings: EmbeddingServer) -> Shop:
    return await system.shop(webhook_secret=STANDARD, store_type="custom", integration_type="custom")


async def ended(shop: Shop, sent: Sent, platform: str = "woocommerce") -> dict[str, Any]:
    """Returns the event's row after its workflow has ended."""
    answer = await shop.deliver(sent, platform)
    assert answer.status_code == 202, answer.text
    return await shop.ended(answer.json()["event_id"])


async def test_a_ping_is_answered_200_without_a_signature(woo: Shop) -> None:
    """WooCommerce requires a 200; the ping starts no workflow and is not logged."""
    answer = await woo.deliver(recorded("00001_ping.json"))
    assert (answer.status_code, answer.json()) == (200, {"status": "ok"})
    assert await woo.rows("SELECT id FROM events WHERE store_id = :store") == []


async def test_a_body_that_only_resembles_a_ping_needs_a_signature(woo: Shop) -> None:
    """Without a signature it is refused."""
    for body in (b"webhook_id=1&x=2", b"webhook_id=", b"webhook_id=1\nid=2"):
        assert (await woo.deliver(Sent({}, body))).status_code == 401


async def test_a_signed_product_becomes_searchable(woo: Shop) -> None:
    """The same body again is the same event."""
    sent = deliveries.woocommerce(LAMP, SECRET)
    row = await ended(woo, sent)
    assert row["status"] == "succeeded"
    assert await woo.found("چراغ") == ["woo_7"]
    again = await woo.deliver(sent)
    assert (again.status_code, again.json()["status"]) == (200, "skipped")


async def test_one_wrong_byte_is_401_and_starts_nothing(woo: Shop) -> None:
    """In the body or in the signature; a missing signature and another store's secret are a 401 too."""
    sent = deliveries.woocommerce(LAMP, SECRET)
    signature = sent.headers["x-wc-webhook-signature"]
    flipped = signature[:-2] + ("A" if signature[-2] != "A" else "B") + signature[-1]
    forged = [
        Sent(sent.headers, sent.body.replace(b"7", b"8", 1)),
        Sent({**sent.headers, "x-wc-webhook-signature": flipped}, sent.body),
        Sent({**sent.headers, "x-wc-webhook-signature": ""}, sent.body),
        Sent({**sent.headers, "x-wc-webhook-signature": "é"}, sent.body),
        Sent({k: v for k, v in sent.headers.items() if "signature" not in k}, sent.body),
        deliveries.woocommerce(LAMP, "another-secret"),
    ]
    for delivery in forged:
        headers = {name.encode(): value.encode() for name, value in delivery.headers.items()}
        answer = await woo.http.post(
            f"/api/integrations/woocommerce/webhook/{woo.store_id}/", content=delivery.body, headers=headers
        )
        assert (answer.status_code, answer.json()) == (401, {"detail": "Invalid signature"})
    assert await woo.rows("SELECT id FROM events WHERE store_id = :store") == []


async def test_an_unknown_store_is_refused_like_a_wrong_signature(
    system: System, woo: Shop, shopify: Shop
) -> None:
    """The response does not reveal which stores exist, of which type, or which have a secret."""
    sent = deliveries.woocommerce(LAMP, SECRET)
    without = await system.shop()
    answers = [
        await woo.http.post(
            f"/api/integrations/woocommerce/webhook/{number}/", content=sent.body, headers=sent.headers
        )
        for number in (2**62, shopify.store_id, without.store_id)
    ]
    assert {(a.status_code, a.text) for a in answers} == {(401, '{"detail":"Invalid signature"}')}


async def test_both_secrets_are_accepted_during_a_rotation(woo: Shop, system: System) -> None:
    """After the overlap only the new one is."""
    secret_box = SecretBox(system.settings.secret_keys)
    async with system.database.transaction() as connection:
        await stores.rotate_secret(
            connection, woo.store_id, secret_box.encrypt("the-new-secret"), overlap=timedelta(hours=1)
        )
    for at, secret in enumerate((SECRET, "the-new-secret")):
        sent = deliveries.woocommerce({**LAMP, "id": 100 + at}, secret)
        assert (await woo.deliver(sent)).status_code == 202
    async with system.database.transaction() as connection:
        await stores.rotate_secret(
            connection, woo.store_id, secret_box.encrypt("the-last-one"), overlap=timedelta()
        )
    for secret, status in ((SECRET, 401), ("the-new-secret", 401), ("the-last-one", 202)):
        sent = deliveries.woocommerce({**LAMP, "id": 103}, secret)
        assert (await woo.deliver(sent)).status_code == status


async def test_a_secret_that_woocommerce_reads_as_html_verifies(system: System) -> None:
    """It keeps `a&amp;b<c` and signs with `a&b<c`."""
    shop = await system.shop(webhook_secret="a&amp;b<c&quot;123")
    assert (await shop.deliver(deliveries.woocommerce(LAMP, 'a&b<c"123'))).status_code == 202
    plain = {**LAMP, "id": 8}
    assert (await shop.deliver(deliveries.woocommerce(plain, "a&amp;b<c&quot;123"))).status_code == 202


@pytest.mark.parametrize(
    ("topic", "body", "said"),
    [
        ("order.created", b'{"id":5}', "Only webhooks about products"),
        ("action.woocommerce_add_to_cart", b'{"action":"x","arg":1}', "Only webhooks about products"),
        ("", b"{}", "Only webhooks about products"),
        ("product.updated", b"not json", "not JSON"),
        ("product.updated", b"[1]", "not an object"),
        ("product.updated", b'{"id":"abc"}', "product.id"),
        ("product.updated", b'{"product":{"title":"legacy"}}', "WP REST API Integration v3"),
        (
            "product.updated",
            b'{"code":"woocommerce_rest_product_invalid_id","message":"Invalid ID.","data":{"status":404}}',
            "deleted before",
        ),
        (
            "product.updated",
            b'{"code":"woocommerce_rest_cannot_view","message":"Sorry","data":{"status":401}}',
            "may not see products",
        ),
    ],
)
async def test_an_irrelevant_delivery_is_ignored_with_200_and_logged(
    topic: str, body: bytes, said: str, woo: Shop
) -> None:
    """WooCommerce stops sending after some refusals; a repetition is counted."""
    signed = deliveries.woocommerce({}, SECRET, topic=topic)
    signature = deliveries.hmac_of(SECRET, body)
    sent = Sent({**signed.headers, "x-wc-webhook-signature": signature}, body)
    for _ in range(2):
        answer = await woo.deliver(sent)
        assert (answer.status_code, answer.json()["status"]) == (200, "ignored")
        assert said in answer.json()["reason"]
    (row,) = await woo.rows("SELECT * FROM events WHERE store_id = :store")
    assert (row["status"], row["redeliveries"], row["event_type"]) == ("ignored", 1, topic)
    assert said in row["reason"]


async def test_a_body_decides_and_not_its_topic(woo: Shop) -> None:
    """The topic is not signed: a captured product with the topic `deleted` deletes no product."""
    assert (await ended(woo, deliveries.woocommerce(LAMP, SECRET)))["status"] == "succeeded"
    relabelled = deliveries.woocommerce(LAMP, SECRET, topic="product.deleted")
    assert (await ended(woo, relabelled))["status"] == "unchanged"
    assert await woo.found("چراغ") == ["woo_7"]


async def test_an_old_body_sent_again_changes_nothing(woo: Shop) -> None:
    """With another topic it is another event, which ends as stale."""
    old = deliveries.woocommerce(LAMP, SECRET)
    newer = {**LAMP, "name": "چراغ تازه", "date_modified_gmt": "2026-11-20T11:00:00"}
    await ended(woo, old)
    await ended(woo, deliveries.woocommerce(newer, SECRET))
    replayed = deliveries.woocommerce(LAMP, SECRET, topic="product.restored")
    assert (await ended(woo, replayed))["status"] == "stale"
    product = await woo.product(7)
    assert product
    assert product["title"] == "چراغ تازه"


async def test_a_repeated_deletion_deletes_nothing(woo: Shop) -> None:
    """The same delivery is the same event; under another id it may be replayed, so it is stale."""
    first = deliveries.woocommerce({"id": 7}, SECRET, topic="product.deleted", delivery_id="d1")
    later = {**LAMP, "date_modified_gmt": "2026-11-20T12:00:00"}
    await ended(woo, deliveries.woocommerce(LAMP, SECRET))
    assert (await ended(woo, first))["status"] == "succeeded"
    await ended(woo, deliveries.woocommerce(later, SECRET, topic="product.restored"))
    assert (await woo.deliver(first)).json()["status"] == "skipped"
    assert await woo.found("چراغ") == ["woo_7"]
    second = deliveries.woocommerce({"id": 7}, SECRET, topic="product.deleted", delivery_id="d2")
    assert (await ended(woo, second))["status"] == "stale"
    assert await woo.found("چراغ") == ["woo_7"]


async def test_shopify_products_are_stored_exactly(shopify: Shop) -> None:
    """Ids beyond 2^53, variants, tags in one string, the lowest price and the sale price."""
    row = await ended(shopify, deliveries.shopify(BULB, SECRET), "shopify")
    assert row["external_id"] == "shopify_788032119674292922"
    product = await shopify.one("SELECT * FROM products WHERE store_id = :store")
    assert product
    assert (product["title"], product["category"], product["tags"]) == (
        "لامپ رشته‌ای",
        "روشنایی",
        ["گرم", "رشته‌ای"],
    )
    assert (product["price"], product["currency"], product["stock_quantity"]) == (250000, "IRT", 2)
    assert product["metadata"]["on_sale"]
    assert product["external_source"] == "shopify"
    found = await shopify.rows("SELECT external_id, in_stock FROM product_variations WHERE store_id = :store")
    assert {(v["external_id"], v["in_stock"]) for v in found} == {
        ("shopify_9007199254740993", True),
        ("shopify_9007199254740994", False),
    }
    assert await shopify.found("لامپ رشته‌ای زرد") == ["shopify_788032119674292922"]


async def test_shopify_products_come_and_go(shopify: Shop) -> None:
    """Archived, unpublished and deleted; a product body with the topic of a deletion deletes no product."""
    at = iter(range(10, 60))

    async def found_after(changes: dict[str, Any], topic: str = "products/update") -> list[str]:
        minute = next(at)
        body = {**BULB, "updated_at": f"2026-11-20T10:{minute}:00+03:30", **changes}
        await ended(
            shopify, deliveries.shopify(body, SECRET, topic=topic, webhook_id=f"w{minute}"), "shopify"
        )
        return await shopify.found("لامپ رشته‌ای")

    here = ["shopify_788032119674292922"]
    assert await found_after({}) == here
    assert await found_after({"status": "archived"}) == []
    assert await found_after({}) == here
    assert await found_after({"published_at": None}) == []
    assert await found_after({}, "products/delete") == here
    gone = deliveries.shopify({"id": BULB["id"]}, SECRET, topic="products/delete", webhook_id="gone")
    assert (await ended(shopify, gone, "shopify"))["status"] == "succeeded"
    assert await shopify.found("لامپ رشته‌ای") == []


async def test_shopify_deliveries_are_one_by_topic_and_webhook_id(shopify: Shop) -> None:
    """Two topics of one action are two events; headers may have the prefix X-."""
    for topic in ("products/create", "products/update"):
        sent = deliveries.shopify(BULB, SECRET, topic=topic)
        assert (await shopify.deliver(sent, "shopify")).status_code == 202
        bare = deliveries.shopify(BULB, SECRET, topic=topic, prefix="")
        assert (await shopify.deliver(bare, "shopify")).json()["status"] == "skipped"
    forged = Sent({**sent.headers, "x-shopify-hmac-sha256": "AAAA"}, sent.body)
    assert (await shopify.deliver(forged, "shopify")).status_code == 401
    other = deliveries.shopify({"id": 1}, SECRET, topic="orders/create")
    assert (await shopify.deliver(other, "shopify")).json()["status"] == "ignored"


def event(**changes: Any) -> dict[str, Any]:
    product = {"id": "sku/۷ الف", "name": "میز تحریر", **changes.pop("product", {})}
    return {"event_id": "c1", "event_type": "product.updated", "product": product, **changes}


async def test_custom_events_are_signed_by_standard_webhooks(custom: Shop) -> None:
    """External ids are stored as the sender writes them."""
    row = await ended(custom, deliveries.custom(event(), STANDARD), "custom")
    assert (row["event_id"], row["external_id"]) == ("c1", "sku/۷ الف")
    assert await custom.found("میز تحریر") == ["sku/۷ الف"]
    assert (await custom.deliver(deliveries.custom(event(), STANDARD), "custom")).status_code == 200
    gone = event(event_id="c2", event_type="product.deleted", product={"name": ""})
    await ended(custom, deliveries.custom(gone, STANDARD), "custom")
    assert await custom.found("میز تحریر") == []


@pytest.mark.parametrize("age", [400.0, -400.0])
async def test_a_signature_of_another_time_is_refused(age: float, custom: Shop) -> None:
    """Five minutes in both directions."""
    sent = deliveries.custom(event(), STANDARD, age=age)
    assert (await custom.deliver(sent, "custom")).status_code == 401


async def test_one_good_signature_among_several_is_enough(custom: Shop) -> None:
    """A sender that rotates its secret signs with both."""
    sent = deliveries.custom(event(), STANDARD)
    both = f"v1,AAAA {sent.headers['webhook-signature']} v2,xx"
    answer = await custom.deliver(Sent({**sent.headers, "webhook-signature": both}, sent.body), "custom")
    assert answer.status_code == 202
    for junk in ("", "v1", "v1,", "nonsense", "v1,é"):
        headers = {**sent.headers, "webhook-signature": junk}
        answer = await custom.http.post(
            f"/api/integrations/custom/webhook/{custom.store_id}/",
            content=sent.body,
            headers={name.encode(): value.encode() for name, value in headers.items()},
        )
        assert answer.status_code == 401


async def test_an_invalid_custom_event_names_the_field(custom: Shop) -> None:
    """The 400 names it."""
    for body, field in (
        (event(event_type="product.renamed"), "event_type"),
        (event(product={"id": ""}), "product.id"),
        (event(product={"price": {}}), "product.price"),
        (event(event_id=""), "event_id"),
    ):
        answer = await custom.deliver(deliveries.custom(body, STANDARD), "custom")
        assert (answer.status_code, answer.json()["field"]) == (400, field)


async def test_a_signature_with_a_token_must_be_valid(system: System, embeddings: EmbeddingServer) -> None:
    """The plugin signs if it has the secret; a wrong signature is refused, a missing one is not."""
    shop = await system.shop(webhook_secret=STANDARD)
    body = event(product={"id": 7})
    good = deliveries.custom(body, STANDARD)
    wrong = deliveries.custom(body, "whsec_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA")
    for sent, status in ((wrong, 401), (good, 202)):
        answer = await system.http.post(
            "/api/integrations/woocommerce/webhook/",
            content=sent.body,
            headers={**sent.headers, **shop.headers},
        )
        assert answer.status_code == status


DELETED_AGAIN = ("00050_product.deleted.json",)
"""The same bytes as an earlier deletion, after which the product was restored."""


async def test_every_recorded_delivery_is_answered_right(system: System, embeddings: EmbeddingServer) -> None:
    """With the recorded bytes and headers; the products are right at the end."""
    shop = await system.shop(webhook_secret=RECORDED_SECRET)
    for entry in INDEX:
        sent = recorded(entry["file"])
        if entry["kind"] == "ping":
            assert (await shop.deliver(sent)).status_code == 200
            continue
        flipped = Sent(sent.headers, sent.body.replace(b'"id"', b'"iD"', 1))
        assert (await shop.deliver(flipped)).status_code == 401
        row = await ended(shop, sent)
        again = entry["file"] in DELETED_AGAIN
        ends = ("stale",) if again else ("succeeded", "unchanged", "ignored")
        assert row["status"] in ends, (entry["file"], row["reason"])
        assert (await shop.deliver(sent)).json()["status"] == "skipped"
    shared = [e for e in INDEX if e["topic"] == "product.published" and e["id"] in (34, 35, 36)]
    ids = {recorded(e["file"]).headers["X-WC-Webhook-Delivery-ID"] for e in shared}
    assert (len(shared), len(ids)) == (3, 1), "one delivery id, three products"
    rows = await shop.rows("SELECT external_id, is_active FROM products WHERE store_id = :store")
    active = {row["external_id"] for row in rows if row["is_active"]}
    assert active == {f"woo_{number}" for number in (11, 12, 13, 14, 15, 16, 21, 34, 35, 36, 54)}


async def test_a_token_of_another_platform_sends_no_woocommerce_products(custom: Shop) -> None:
    """Its ids would have two meanings."""
    answer = await custom.send({"id": 7, "name": "a"})
    assert answer.status_code == 403
    assert "custom" in answer.json()["error"]
    assert await custom.rows("SELECT id FROM events WHERE store_id = :store") == []

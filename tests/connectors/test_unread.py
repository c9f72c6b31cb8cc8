"""A delivery that cannot be read is recorded under its product, with its body and what to change."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as some

from connectors.base import Connector
from connectors.custom.deliveries import CustomDeliveries
from connectors.reading import read_signed
from connectors.shopify.deliveries import ShopifyDeliveries
from connectors.unread import TEXT, body_of
from connectors.woocommerce.deliveries import WooCommerceDeliveries
from contracts.deliveries import (
    LARGEST_IN_WORKFLOW,
    IgnoredDelivery,
    ParsedDelivery,
    ReadDelivery,
    SignedDelivery,
    UnreadDelivery,
)
from contracts.errors import InvalidField
from contracts.events import EventType
from tests.support.plugins.examples import examples

WOO = {"x-wc-webhook-topic": "product.updated"}
SHOPIFY = {"x-shopify-topic": "products/update", "x-shopify-webhook-id": "w1"}
PLATFORMS: list[tuple[Connector, dict[str, str], str]] = [
    (WooCommerceDeliveries(), WOO, "woo_"),
    (ShopifyDeliveries(), SHOPIFY, "shopify_"),
]
DEEP = "[" * 70 + "]" * 70


def read(body: object, connector: Connector = PLATFORMS[0][0], **headers: str) -> ReadDelivery:
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    own = WOO if isinstance(connector, WooCommerceDeliveries) else SHOPIFY
    sent = {name.replace("_", "-"): value for name, value in headers.items()}
    return connector.parse(SignedDelivery(headers={**own, **sent}, body=raw))


def unread(body: object, connector: Connector = PLATFORMS[0][0]) -> UnreadDelivery:
    found = read(body, connector)
    assert isinstance(found, UnreadDelivery)
    return found


@pytest.mark.parametrize(("connector", "headers", "prefix"), PLATFORMS)
@pytest.mark.parametrize(
    ("body", "field"),
    [
        (f'{{"id": 77, "name": "Lamp", "meta_data": {DEEP}}}', "body: nests too deeply"),
        (f'{{"meta_data": {DEEP}, "name": "Lamp", "id": "77"}}', "body: nests too deeply"),
        ('{"name": "id: {\\"id\\": 5", "a": {"id": 6}, "id": 77, "price": }', "body: is not JSON"),
        ('{"id": 77, "name": "Lamp", "price": "9', "body: is not JSON"),
    ],
)
def test_the_product_is_found_in_a_broken_body(
    connector: Connector, headers: dict[str, str], prefix: str, body: str, field: str
) -> None:
    """Only at the first level; the body is kept as text."""
    found = unread(body.encode(), connector)
    assert found.delivery.external_id == f"{prefix}77"
    assert found.delivery.payload == {TEXT: body}
    assert field in found.reason


@examples(200)
@given(some.text('{}[]":,\\ id7.e-', max_size=60).map(str.encode) | some.binary(max_size=60))
def test_any_bytes_are_read_or_recorded(body: bytes) -> None:
    """No body of a platform that reads no answers raises an error."""
    for connector, _, _ in PLATFORMS:
        found = read(body, connector)
        kept = connector.unread(SignedDelivery(headers={**WOO, **SHOPIFY}, body=body), "It is too large.")
        assert isinstance(found, ReadDelivery)
        assert kept is not None


@pytest.mark.parametrize("body", [b'{"' + b'\\"' * 4_000_000, b'"' * 8_000_000, b'{"a":' * 1_600_000])
def test_searching_an_id_takes_no_time(body: bytes) -> None:
    """A hostile body is searched from its beginning only, once."""
    for connector, _, _ in PLATFORMS:
        found = connector.unread(SignedDelivery(headers={**WOO, **SHOPIFY}, body=body), "It is too large.")
        assert isinstance(found, IgnoredDelivery)


@pytest.mark.parametrize("id_", [77, "77", 77.0, " 77 ", "gid://shopify/Product/77"])
def test_an_id_is_found_in_every_spelling(id_: object) -> None:
    """Also where the spelling itself is why the product cannot be read."""
    found = read({"id": id_, "name": "Lamp", "type": "variation", "parent_id": "none"})
    assert isinstance(found, UnreadDelivery)
    assert found.delivery.external_id == "woo_77"


def test_parent_and_time_of_change_are_kept() -> None:
    """They decide about the order of changes when the event is retried."""
    body = {
        "id": 78,
        "type": "variation",
        "parent_id": 77,
        "date_modified_gmt": "2026-11-20T10:00:00",
        "meta_data": json.loads(DEEP),
    }
    found = unread(body).delivery
    assert (found.external_id, found.parent) == ("woo_78", "woo_77")
    assert found.version is not None
    assert found.version.isoformat() == "2026-11-20T10:00:00+00:00"
    assert (found.event_type, found.confirm) == (EventType.UPDATED, True)


def test_a_variation_without_its_product_is_recorded() -> None:
    """The reason names the field."""
    found = unread({"id": 78, "type": "variation", "date_modified_gmt": "2026-11-20T10:00:00"})
    assert (found.delivery.external_id, found.delivery.parent) == ("woo_78", None)
    assert "product.parent_id: a variation must name its product" in found.reason


@pytest.mark.parametrize(
    ("body", "connector", "said"),
    [
        ({"product": {"id": 47, "title": "Old lamp"}}, PLATFORMS[0][0], "WP REST API Integration v3"),
        (
            {"event_id": "e", "event_type": "product.updated", "product": {"id": 47, "name": "Lamp"}},
            PLATFORMS[0][0],
            "/api/integrations/woocommerce/webhook/",
        ),
        ({"data": {"id": 47, "name": "Lamp"}, "status": "ok"}, PLATFORMS[0][0], "the product itself"),
        ({"product": {"id": 47, "title": "Lamp"}}, PLATFORMS[1][0], "the product itself"),
    ],
)
def test_a_product_inside_of_another_object_is_recorded(
    body: dict[str, Any], connector: Connector, said: str
) -> None:
    """Such as the payload of WooCommerce's Legacy API; the reason says what to change."""
    found = unread(body, connector)
    assert found.delivery.external_id.endswith("_47")
    assert said in found.reason
    with pytest.raises(InvalidField, match="product") as again:
        connector.change(found.delivery.event_type, found.delivery.payload)
    assert str(again.value) in found.reason


def test_a_legacy_payload_without_an_id_says_what_to_change() -> None:
    """It is under no product."""
    found = read({"product": {"title": "Old lamp"}})
    assert isinstance(found, IgnoredDelivery)
    assert "WP REST API Integration v3" in found.reason
    assert found.payload == {"product": {"title": "Old lamp"}}


def test_a_product_without_its_id_is_not_its_image() -> None:
    """The id of a part names no product."""
    found = read({"id": None, "name": "Lamp", "image": {"id": 5, "name": "lamp.jpg"}})
    assert isinstance(found, IgnoredDelivery)
    assert "product.id" in found.reason


def test_a_list_of_one_product_is_the_product() -> None:
    """There is no other way to understand it."""
    found = read([{"id": 77, "name": "Lamp"}])
    assert isinstance(found, ParsedDelivery)
    assert (found.external_id, found.payload) == ("woo_77", {"id": 77, "name": "Lamp"})
    assert isinstance(read([{"id": 77, "name": "Lamp"}, {"id": 78}]), IgnoredDelivery)


def test_half_a_character_does_not_matter() -> None:
    """In a signed delivery of each platform, also where no field of ours holds it."""
    half = rb'{"id": 77, "%s": "Gift \ud83c", "meta_data": [{"value": "\udf81"}]}'
    for connector, name in ((PLATFORMS[0][0], b"name"), (PLATFORMS[1][0], b"title")):
        found = read(half % name, connector)
        assert isinstance(found, ParsedDelivery)
        assert found.payload[name.decode()] == "Gift "
    body = b'{"event_id": "e", "event_type": "product.updated", "product": ' + half % b"name" + b"}"
    custom = CustomDeliveries().parse(SignedDelivery(headers={}, body=body))
    assert custom.payload["name"] == "Gift "


def test_a_body_kept_as_text_is_read_again() -> None:
    """By the code of the time of the retry; what is still broken says why."""
    assert body_of({TEXT: '\ufeff{"id": 77}'}) == {"id": 77}
    assert body_of({"id": 77, TEXT: "x"}) == {"id": 77, TEXT: "x"}
    for text, problem in (("{", "is not JSON"), (DEEP, "nests too deeply"), ("[]", "is not an object")):
        with pytest.raises(InvalidField, match=problem):
            body_of({TEXT: text})


@examples(100)
@given(
    some.recursive(
        some.none() | some.booleans() | some.integers(-9, 99) | some.text(max_size=9),
        lambda inner: some.lists(inner, max_size=2) | some.dictionaries(some.just(TEXT), inner, max_size=1),
        max_leaves=4,
    )
    | some.sampled_from(('{"id":5}', "{", '{"unread":"{\\"id\\":5}"}'))
)
def test_a_body_in_the_form_of_one_that_is_kept_as_text(value: object) -> None:
    """It is kept as text too, and a retry reads that text only, never a text inside of it."""
    for connector, _, _ in PLATFORMS:
        found = read({TEXT: value}, connector)
        assert isinstance(found, IgnoredDelivery)
        assert found.payload is not None
        if isinstance(value, str):
            assert json.loads(found.payload[TEXT]) == {TEXT: value}
            with pytest.raises(InvalidField, match="expected a product"):
                body_of(found.payload)
        else:
            assert found.payload == {TEXT: value} == body_of(found.payload)


@pytest.mark.parametrize("header", ["x_shopify_test", "shopify_test"])
def test_a_test_of_shopifys_admin_is_no_product(header: str) -> None:
    """Its event has an id of its own, so that it never stands in for the delivery that it copies."""
    body = {"id": 788032119674292922, "title": "Example T-Shirt", "variants": []}
    connector = PLATFORMS[1][0]
    found = read(body, connector, **{header: "true"})
    assert isinstance(found, IgnoredDelivery)
    assert "test notification" in found.reason
    real = read(body, connector, **{header: "false"})
    assert isinstance(real, ParsedDelivery)
    assert real.event_id != found.event_id


def test_a_shopify_update_with_nothing_but_an_id_is_recorded() -> None:
    """It says which setting of the webhook to change."""
    found = unread({"id": 77}, PLATFORMS[1][0])
    assert (found.delivery.external_id, "include_fields" in found.reason) == ("shopify_77", True)


def test_a_large_body_is_handed_on_as_text() -> None:
    """Its values would be unpacked by the process that has other requests to answer."""
    connector = PLATFORMS[0][0]
    filler = "x" * LARGEST_IN_WORKFLOW
    for body, name in (({"id": 5, "type": "variation", "a": filler}, "5"), ({"id": "?", "a": filler}, "?")):
        raw = json.dumps(body).encode()
        found = read_signed(connector, SignedDelivery(headers=WOO, body=raw))
        kept = found.delivery if isinstance(found, UnreadDelivery) else found
        assert isinstance(kept, ParsedDelivery | IgnoredDelivery)
        assert not kept.payload
        assert json.loads(kept.payload_json or "") == body, name


def test_the_bodies_of_other_topics_are_not_kept() -> None:
    """Orders hold the addresses of people."""
    found = read({"id": 5, "billing": {}}, x_wc_webhook_topic="order.created")
    assert isinstance(found, IgnoredDelivery)
    assert found.payload is None

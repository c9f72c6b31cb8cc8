"""One unreadable field or entry refuses itself, not its product."""

from collections.abc import Mapping
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.bounds import Cuts
from connectors.custom import parse as custom
from connectors.shopify import parse as shopify
from connectors.woocommerce import parse as woocommerce
from contracts.catalog import Attribute, Product, Variation
from contracts.errors import InvalidField
from contracts.events import EventType

GOOD: Mapping[str, Any] = {
    "id": 7,
    "name": "Lamp",
    "description": "<p>warm</p>",
    "price": "5",
    "stock_quantity": 3,
    "sku": "L",
    "permalink": "https://shop.example/7",
    "tags": ["a", "b"],
    "categories": [{"name": "Lamps"}],
    "gallery": ["https://shop.example/7.jpg"],
    "attributes": [{"name": "Color", "options": ["Red"]}],
    "variations": [{"id": 8, "price": "5"}],
    "status": "publish",
    "date_modified_gmt": "2026-11-20T10:00:00",
}
SHOPIFY: Mapping[str, Any] = {
    "id": 7,
    "title": "Lamp",
    "tags": "a, b",
    "status": "active",
    "options": [{"name": "Color", "values": ["Red", "Blue"]}],
    "images": [{"src": "https://shop.example/7.jpg"}],
    "variants": [
        {"id": 8, "title": "Red", "option1": "Red", "price": "5", "inventory_quantity": 1},
        {"id": 9, "title": "Blue", "option1": "Blue", "price": "6", "inventory_quantity": 0},
    ],
}


def read(
    body: Mapping[str, Any], parse: Any = woocommerce.parse, **fields: Any
) -> tuple[Any, tuple[str, ...]]:
    """Returns the change of a delivery of a sender that reads no answer, and its notes."""
    cuts = Cuts()
    return parse(EventType.UPDATED, {**body, **fields}, cuts), cuts.notes


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("price", "1,2,3"),
        ("regular_price", [5]),
        ("stock_quantity", "many"),
        ("on_sale", "maybe"),
        ("name", {"rendered": "Lamp"}),
        ("description", ["a"]),
        ("sku", True),
        ("permalink", [[["x"]]]),
        ("image", [[["x"]]]),
        ("date_modified_gmt", "yesterday"),
        ("tags", 5),
        ("attributes", "red"),
        ("variations", 5),
        ("status", {}),
        ("in_stock", "perhaps"),
    ],
)
def test_an_unreadable_field_is_as_if_it_were_not_sent(field: str, value: object) -> None:
    """The event notes the field and what was wrong; the other fields are read."""
    without = {name: sent for name, sent in GOOD.items() if name != field}
    expected, _ = read(without)
    found, (note,) = read(GOOD, **{field: value})
    assert found == expected
    assert found.absent == expected.absent
    assert note.startswith(f"{field}: ")
    assert note.endswith("; left out.")
    with pytest.raises(InvalidField) as refused:
        woocommerce.parse(EventType.UPDATED, {**GOOD, field: value})
    assert refused.value.field == f"product.{field}"


@pytest.mark.parametrize("parse", [woocommerce.parse, custom.parse], ids=["woocommerce", "custom"])
@pytest.mark.parametrize("is_noted", [True, False], ids=["noted", "answered"])
@pytest.mark.parametrize(
    ("field", "bad"),
    [
        ("tags", ["a", {"id": 5}, "b"]),
        ("tags", ["a", True, ["x"], "b"]),
        ("categories", [{"id": 5}, {"name": "Lamps"}]),
        ("gallery", [[["x"]], "https://shop.example/7.jpg"]),
        ("attributes", [5, {"name": ["x"]}, {"name": "Color", "options": ["Red", {"a": 1}]}]),
        ("attributes", [{"name": "Color", "options": ["Red"]}, "blue", None]),
        ("attributes", {"Color": ["Red"], "Size": {"a": {"b": 1}}}),
    ],
)
def test_an_unreadable_entry_is_left_out_alone(parse: Any, is_noted: bool, field: str, bad: object) -> None:  # noqa: FBT001 - a column of the table
    """Also where the sender reads our answer: the others are true without it."""
    cuts = Cuts() if is_noted else None
    expected = parse(EventType.UPDATED, GOOD)
    assert parse(EventType.UPDATED, {**GOOD, field: bad}, cuts) == expected
    if cuts is not None:
        assert cuts.notes
        assert all(note.startswith(f"{field}.") and note.endswith("; left out.") for note in cuts.notes)


def test_a_note_names_the_path_of_an_entry() -> None:
    _, notes = read(
        GOOD,
        attributes=[{"name": "Size", "options": ["S", {}, "M"]}],
        variations=[{"id": 8}, {"id": 9, "price": "x", "attributes": [{"name": ["x"]}, 5]}],
    )
    assert {note.partition(": ")[0] for note in notes} == {
        "attributes.0.options.1",
        "variations.1.attributes.0",
        "variations.1.attributes.1",
        "variations.1.attributes",
        "variations.1.price",
    }


def test_a_list_of_which_no_entry_can_be_read_is_not_empty() -> None:
    """It is as if it were not sent, so that what is stored stays."""
    expected, _ = read({name: value for name, value in GOOD.items() if name != "tags"})
    found, notes = read(GOOD, tags=[{"id": 1}, {"id": 2}])
    assert found == expected
    assert notes[-1] == "tags: no entry can be read; left out."


@pytest.mark.parametrize("cuts", [None, Cuts()], ids=["answered", "noted"])
def test_a_variation_with_an_unreadable_field_is_listed_and_kept(cuts: Cuts | None) -> None:
    found = woocommerce.parse(
        EventType.UPDATED,
        {**GOOD, "variations": [{"id": 8, "price": "x", "sku": "V"}, {"id": 9, "price": "5"}]},
        cuts,
    )
    assert isinstance(found, Product)
    assert found.variation_ids == ("woo_8", "woo_9")
    assert [(one.facts.sku, one.facts.price) for one in found.variations] == [("V", None), ("", 5)]
    if cuts is not None:
        assert cuts.notes[0].startswith("variations.0.price: 'x' is not a number")


@pytest.mark.parametrize("cuts", [None, Cuts()], ids=["answered", "noted"])
@pytest.mark.parametrize("bad", ["x", None, {"price": "5"}, {"id": "x"}, [7], 0])
def test_a_variation_without_a_readable_id_makes_the_list_incomplete(bad: object, cuts: Cuts | None) -> None:
    """The other variations are read, and none is taken for removed."""
    found = woocommerce.parse(EventType.UPDATED, {**GOOD, "variations": [{"id": 8}, bad, 9]}, cuts)
    assert isinstance(found, Product)
    assert [one.external_id for one in found.variations] == ["woo_8"]
    assert found.variation_ids is None
    if cuts is not None:
        assert cuts.notes[0].startswith("variations.1: the id cannot be read")


@pytest.mark.parametrize("cuts", [None, Cuts()], ids=["answered", "noted"])
@pytest.mark.parametrize("id_", [None, 0, "x", [7], True])
def test_a_product_without_a_readable_id_is_refused(id_: object, cuts: Cuts | None) -> None:
    for parse in (woocommerce.parse, shopify.parse):
        with pytest.raises(InvalidField) as refused:
            parse(EventType.UPDATED, {**GOOD, "id": id_}, cuts)
        assert refused.value.field.endswith("id")


def test_a_variation_without_a_readable_product_is_refused() -> None:
    with pytest.raises(InvalidField) as refused:
        read({"id": 8, "type": "variation", "parent_id": "x"})
    assert refused.value.field == "product.parent_id"
    found, notes = read({"id": 8, "type": "variation", "parent_id": 7, "price": "x"})
    assert isinstance(found, Variation)
    assert len(notes) == 1


def test_a_deletion_with_an_unreadable_time_is_a_deletion() -> None:
    cuts = Cuts()
    found = woocommerce.parse(EventType.DELETED, {"id": 7, "date_modified_gmt": "soon"}, cuts)
    assert (found.external_id, found.version) == ("woo_7", None)
    assert cuts.notes


@pytest.mark.parametrize(
    ("fields", "path"),
    [
        ({"title": [1]}, "title"),
        ({"body_html": {}}, "body_html"),
        ({"updated_at": "soon"}, "updated_at"),
        ({"published_at": "soon"}, "published_at"),
        ({"tags": [[1]]}, "tags.0"),
        ({"images": [[["x"]]]}, "images.0"),
        ({"options": [5, *SHOPIFY["options"]]}, "options.0"),
        ({"options": [{"name": "Color", "values": ["Red", {}, "Blue"]}]}, "options.0.values.1"),
    ],
)
def test_what_is_unreadable_in_a_shopify_product_is_left_out_alone(fields: dict[str, Any], path: str) -> None:
    field = path.partition(".")[0]
    found, notes = read(SHOPIFY, shopify.parse, **fields)
    assert notes[0].startswith(f"{path}: ")
    if field == "options":
        assert found == read(SHOPIFY, shopify.parse)[0]
    else:
        assert (
            found == read({name: sent for name, sent in SHOPIFY.items() if name != field}, shopify.parse)[0]
        )


def test_an_unreadable_variant_of_shopify_is_left_out_alone() -> None:
    first, second = SHOPIFY["variants"]
    found, notes = read(SHOPIFY, shopify.parse, variants=[first, {**second, "price": "x"}])
    assert found.variation_ids == ("shopify_8", "shopify_9")
    assert [one.facts.price for one in found.variations] == [5, None]
    assert notes[0].startswith("variants.1.price: ")
    found, notes = read(SHOPIFY, shopify.parse, variants=[first, {**second, "id": "x"}])
    assert found.variation_ids is None
    assert [one.external_id for one in found.variations] == ["shopify_8"]
    assert notes[0].startswith("variants.1: ")
    found, notes = read(SHOPIFY, shopify.parse, variants=[first], variant_gids=[{"x": 1}, {"y": 2}])
    assert found.variation_ids is None


JSON: st.SearchStrategy[Any] = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=20)
    | st.sampled_from(["1,2,3", "-1"]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(sorted(GOOD)) | st.text(), inner, max_size=3)
    ),
    max_leaves=8,
)


@given(
    st.dictionaries(
        st.sampled_from(sorted({*GOOD, "image", "images", "type", "in_stock"} - {"id", "type"})), JSON
    )
)
def test_a_product_with_a_readable_id_is_always_read(fields: dict[str, Any]) -> None:
    """With any fields; the notes are bounded sentences."""
    for parse in (woocommerce.parse, custom.parse):
        found, notes = read({"id": 7, **fields}, parse)
        assert isinstance(found, Product)
        assert all(len(note) < 400 for note in notes)


@given(
    st.dictionaries(st.sampled_from([*SHOPIFY, "published_at", "variant_gids", "handle", "body_html"]), JSON)
)
def test_a_shopify_product_with_a_readable_id_is_always_read(fields: dict[str, Any]) -> None:
    assert isinstance(read({**fields, "id": 7}, shopify.parse)[0], Product)


@given(JSON)
def test_entries_are_the_same_with_and_without_an_answer(value: Any) -> None:
    """The stored event is read again with notes, so that both readings agree on what is a list."""
    body = {"id": 7, "tags": ["a", value], "attributes": [{"name": "Color", "options": ["Red", value]}]}
    assert read(body)[0] == woocommerce.parse(EventType.UPDATED, body)
    found = read(body)[0]
    assert "a" in found.tags
    assert found.attributes[0].name == "Color"
    assert isinstance(found.attributes[0], Attribute)

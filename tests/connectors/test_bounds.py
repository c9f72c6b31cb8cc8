"""How much a product may hold: a body with more is refused where the sender reads our answer, else cut."""

from collections.abc import Callable, Mapping
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.bounds import Cuts
from connectors.custom import parse as custom
from connectors.shopify import parse as shopify
from connectors.woocommerce import parse as woocommerce
from contracts.bounds import (
    ATTRIBUTES,
    CHUNKS,
    DESCRIPTION_CHARACTERS,
    ENTRIES,
    LINE_CHARACTERS,
    OPTION_CHARACTERS,
    OPTIONS,
    VARIATION_DESCRIPTION_CHARACTERS,
    VARIATION_OPTION_CHARACTERS,
    VARIATION_OPTIONS,
    VARIATIONS,
)
from contracts.catalog import Product
from contracts.errors import InvalidField
from contracts.events import EventType
from knowledge.chunks import split
from knowledge.document import Document

Parse = Callable[..., object]

URL = "https://shop.example/"

TOO_MUCH: list[tuple[str, Mapping[str, Any], str]] = [
    ("tags", {"tags": ["t"] * (ENTRIES + 1)}, f"{ENTRIES:,} entries"),
    ("tags", {"tags": {str(i): "t" for i in range(ENTRIES + 1)}}, f"{ENTRIES:,} entries"),
    ("categories", {"categories": [{"name": "c"}] * (ENTRIES + 1)}, f"{ENTRIES:,} entries"),
    ("brands", {"brands": ["b"] * (ENTRIES + 1)}, f"{ENTRIES:,} entries"),
    ("images", {"images": [{"src": URL}] * (ENTRIES + 1)}, f"{ENTRIES:,} entries"),
    ("gallery", {"gallery": [URL] * (ENTRIES + 1)}, f"{ENTRIES:,} entries"),
    ("attributes", {"attributes": [{"name": "a", "options": ["x"]}] * (ATTRIBUTES + 1)}, "250 entries"),
    ("attributes", {"attributes": {f"a{i}": "x" for i in range(ATTRIBUTES + 1)}}, "250 entries"),
    ("attributes", {"attributes": [{"name": "a", "options": ["x"] * (OPTIONS + 1)}]}, f"{OPTIONS:,} options"),
    ("status", {"status": "n" * (LINE_CHARACTERS + 1)}, f"{LINE_CHARACTERS:,} characters"),
    ("attributes", {"attributes": [{"name": "a", "options": ["x"] * 3000}] * 2}, f"{OPTIONS:,} options"),
    ("attributes", {"attributes": {f"a{n}": ["x"] * 3000 for n in range(2)}}, f"{OPTIONS:,} options"),
    (
        "attributes",
        {"attributes": [{"name": "a", "options": [{"name": "x" * 1_000}] * 200}]},
        f"{OPTION_CHARACTERS:,} characters",
    ),
    ("variations", {"variations": list(range(1, VARIATIONS + 2))}, f"{VARIATIONS:,} entries"),
    ("name", {"name": "n" * (LINE_CHARACTERS + 1)}, f"{LINE_CHARACTERS:,} characters"),
    ("sku", {"sku": "n" * (LINE_CHARACTERS + 1)}, f"{LINE_CHARACTERS:,} characters"),
    ("tags", {"tags": ["n" * (LINE_CHARACTERS + 1)]}, f"{LINE_CHARACTERS:,} characters"),
]


@pytest.mark.parametrize("parse", [woocommerce.parse, custom.parse], ids=["woocommerce", "custom"])
@pytest.mark.parametrize(("field", "fields", "limit"), TOO_MUCH, ids=str)
def test_too_much_is_refused_with_the_field_and_the_limit(
    parse: Parse, field: str, fields: Mapping[str, Any], limit: str
) -> None:
    with pytest.raises(InvalidField) as refused:
        parse(EventType.UPDATED, {"id": 7, **fields})
    assert field in refused.value.field
    assert limit in refused.value.problem


@pytest.mark.parametrize(("field", "fields", "limit"), TOO_MUCH, ids=str)
def test_too_much_is_cut_and_noted_where_the_sender_reads_no_answer(
    field: str, fields: Mapping[str, Any], limit: str
) -> None:
    cuts = Cuts()
    product = woocommerce.parse(EventType.UPDATED, {"id": 7, **fields}, cuts)
    assert isinstance(product, Product)
    (note,) = cuts.notes
    assert note.startswith(field)
    assert limit in note
    assert sum(len(attribute.options) for attribute in product.attributes) <= OPTIONS
    for entries in (product.tags, product.categories, product.brands, product.facts.gallery):
        assert len(entries) <= ENTRIES
    assert len(product.variation_ids or ()) <= VARIATIONS
    assert len(product.title) <= LINE_CHARACTERS


def test_shopify_products_are_cut() -> None:
    cuts = Cuts()
    body = {
        "id": 7,
        "tags": ", ".join(map(str, range(ENTRIES + 1))),
        "variants": [{"id": n, "title": "x"} for n in range(1, VARIATIONS + 2)],
        "body_html": "a" * (DESCRIPTION_CHARACTERS + 1),
    }
    product = shopify.parse(EventType.UPDATED, body, cuts)
    assert isinstance(product, Product)
    assert (len(product.tags), len(product.variations)) == (ENTRIES, VARIATIONS)
    assert len(product.description) == DESCRIPTION_CHARACTERS
    assert {note.partition(":")[0] for note in cuts.notes} == {"tags", "variants", "body_html"}


@pytest.mark.parametrize("cuts", [None, Cuts()], ids=["refusing", "cutting"])
def test_a_long_description_is_cut_on_every_way(cuts: Cuts | None) -> None:
    body = {
        "id": 7,
        "description": "a" * (DESCRIPTION_CHARACTERS + 1),
        "variations": [{"id": 8, "description": "b" * (VARIATION_DESCRIPTION_CHARACTERS + 1)}],
    }
    product = woocommerce.parse(EventType.UPDATED, body, cuts)
    assert isinstance(product, Product)
    assert len(product.description) == DESCRIPTION_CHARACTERS
    assert [len(one.description) for one in product.variations] == [VARIATION_DESCRIPTION_CHARACTERS]
    if cuts is not None:
        assert sorted(cuts.notes) == [
            "description: only the first 10,000 characters were kept.",
            "description: only the first 500,000 characters were kept.",
        ]


def test_images_inside_of_a_long_description_are_removed_first() -> None:
    image = f'<img src="data:image/png;base64,{"A" * DESCRIPTION_CHARACTERS}">'
    cuts = Cuts()
    body = {"id": 7, "description": f"<p>before</p>{image}<p>after</p>"}
    product = woocommerce.parse(EventType.UPDATED, body, cuts)
    assert isinstance(product, Product)
    assert product.description == '<p>before</p><img src=""><p>after</p>'
    assert not cuts.notes


@given(st.integers(0, 5), st.integers(0, 5))
def test_bodies_within_the_bounds_are_the_same_in_both_ways(tags: int, variations: int) -> None:
    body = {
        "id": 7,
        "name": "n" * LINE_CHARACTERS,
        "tags": [f"t{n}" for n in range(ENTRIES - tags)],
        "variations": list(range(1, VARIATIONS - variations + 1)),
    }
    cuts = Cuts()
    assert woocommerce.parse(EventType.UPDATED, body, cuts) == woocommerce.parse(EventType.UPDATED, body)
    assert not cuts.notes


def test_a_text_has_a_bounded_number_of_chunks() -> None:
    words = (f"word{n}" for n in range(400_000))
    chunks = split(Document(title="Lamp", text=" ".join(words)))
    assert [chunk.position for chunk in chunks] == list(range(CHUNKS))


def test_options_of_a_variation_are_bounded_in_number_and_length() -> None:
    sent = [{"id": 8, "attributes": [{"name": f"a{n}", "option": "x" * 200} for n in range(200)]}]
    cuts = Cuts()
    product = woocommerce.parse(EventType.UPDATED, {"id": 7, "variations": sent}, cuts)
    assert isinstance(product, Product)
    (variation,) = product.variations
    assert (
        sum(len(value) for one in variation.options for value in one.options) <= VARIATION_OPTION_CHARACTERS
    )
    sent[0]["attributes"] = {f"a{n}": "x" for n in range(200)}
    product = woocommerce.parse(EventType.UPDATED, {"id": 7, "variations": sent}, cuts)
    assert isinstance(product, Product)
    assert len(product.variations[0].options) == VARIATION_OPTIONS
    assert len(cuts.notes) == 2

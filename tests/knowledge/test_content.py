"""The content hash: equal for products that get the same chunks."""

import hashlib
import inspect
import random
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from typing import TypeVar

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.bounds import DESCRIPTION_CHARACTERS
from contracts.catalog import Attribute, Facts, Product, Variation
from contracts.products.details import CustomField, Details, Dimensions, Part, Weight
from knowledge import content_hash as hashing
from knowledge.chunks import CHUNK_TOKENS, split
from knowledge.content import canonical
from knowledge.content_hash import content_hash
from knowledge.document import render
from knowledge.normalise import search_form
from tests.support.plugins.examples import examples

T = TypeVar("T")

words = st.sampled_from(["رنگ", "آبی", "قرمز", "لپ‌تاپ", "L", "XL", "10", "9", "a، b", "a", "b", "", "x: y"])
names = st.lists(words, max_size=4).map(tuple)
attributes = st.lists(st.builds(Attribute, name=words, options=names), max_size=4).map(tuple)
descriptions = st.lists(words, max_size=3).map(lambda lines: "".join(f"<p>{line}</p>" for line in lines))
facts = st.builds(
    Facts,
    price=st.none() | st.decimals(0, 10**9, places=2),
    on_sale=st.booleans(),
    stock_quantity=st.none() | st.decimals(-5, 10**6, places=0),
    in_stock=st.booleans(),
    sku=words,
    link=words,
    image=words,
    gallery=names,
)
variations = st.builds(
    Variation,
    external_id=words,
    parent=words,
    options=attributes,
    description=descriptions,
    facts=facts,
    visible=st.booleans(),
)
products = st.builds(
    Product,
    external_id=words,
    title=words,
    short_description=descriptions,
    description=descriptions,
    categories=names,
    tags=names,
    brands=names,
    attributes=attributes,
    facts=facts,
)
families = st.tuples(products, st.lists(variations, max_size=4))
LAPTOP = Product(
    external_id="woo_1",
    title="لپ‌تاپ ایسوس",
    short_description="<p>سبک</p>",
    description="<h2>معرفی</h2><p>برای دانشجویان</p><ul><li>سبک</li></ul>",
    categories=("لپ‌تاپ", "دیجیتال"),
    tags=("جدید", "حراج"),
    brands=("ایسوس",),
    attributes=(
        Attribute(name="رنگ", options=("نقره‌ای", "مشکی")),
        Attribute(name="گارانتی", options=("۱۸ ماه",)),
    ),
)
OTHER_TAGS = "<h3 class=x>معرفی</h3>\n<div>برای <b>دانشجویان</b></div><ul>\n<li><p>سبک</p></ul>"
HASH = "37f6d7889eddda7c81ba03a6356ce8a837f10e0c0de52d16a55dfc76561f4223"
CHUNKS = "76e3c916e9ceb2303cbeef8c8e72522f4beaa9e99c88c56481f65ad617328511"
SILVER = Variation(external_id="2", parent="woo_1", options=(Attribute(name="رنگ", options=("نقره‌ای",)),))
BLACK = replace(
    SILVER, external_id="3", options=(Attribute(name="رنگ", options=("مشکی",)),), description="مات"
)
HIDDEN = replace(SILVER, external_id="4", options=(Attribute(name="رنگ", options=("سبز",)),), visible=False)

FACTS_ALONE = Details(
    weight=Weight(value=Decimal(2)),
    grouped_children=(Part(external_id="woo_2"),),
    custom_fields=(CustomField(name=" ", value="x"),),
    average_rating=Decimal("4.5"),
    rating_count=2,
    review_count=3,
    sale_end=datetime(2026, 12, 1, tzinfo=UTC),
    backorders="yes",
    price_includes_tax=True,
    external_url="https://elsewhere.example/",
    button_text="خرید",
    featured=True,
    text_cut=True,
)
"""Details that are no part of the text, or that have no words."""


@examples(80)
@given(families, st.randoms(use_true_random=False), facts)
def test_order_and_facts_have_no_meaning(
    family: tuple[Product, list[Variation]], chosen: random.Random, other: Facts
) -> None:
    """Shuffled names, attributes and variations, other facts, ids and times: the hash and the text stay."""
    product, forms = family

    def shuffled(items: Sequence[T]) -> tuple[T, ...]:
        return tuple(chosen.sample(items, len(items)))

    changed = replace(
        product,
        external_id="other",
        categories=shuffled(product.categories),
        tags=shuffled(product.tags),
        brands=shuffled(product.brands),
        attributes=tuple(replace(a, options=shuffled(a.options)) for a in shuffled(product.attributes)),
        currency="USD",
        facts=other,
        visible=False,
        status="draft",
        version=datetime(2026, 1, 1, tzinfo=UTC),
    )
    moved = [replace(form, external_id="other", facts=other) for form in shuffled(forms)]
    assert content_hash(canonical(changed, moved)) == content_hash(canonical(product, forms))
    assert render(canonical(changed, moved)) == render(canonical(product, forms))


@examples(80)
@given(families, families)
def test_another_text_has_another_hash(
    one: tuple[Product, list[Variation]], other: tuple[Product, list[Variation]]
) -> None:
    """Products of one hash read the same."""
    first, second = canonical(*one), canonical(*other)
    assert content_hash(first) != content_hash(second) or render(first) == render(second)


@pytest.mark.parametrize(
    "changed",
    [
        replace(LAPTOP, title="<b>لپ‌تاپ</b>  ايسوس"),
        replace(LAPTOP, short_description="<div>سبک</div>"),
        replace(LAPTOP, short_description="سبك\n"),
        replace(
            LAPTOP,
            description="<h3 class=x>معرفی</h3>\n<div>برای <b>دانشجویان</b></div><ul>\n<li><p>سبک</p></ul>",
        ),
        replace(LAPTOP, tags=("جدید", "حراج", "جدید", "", "<i>حراج</i>")),
        replace(LAPTOP, attributes=(*LAPTOP.attributes, Attribute(name="وزن", options=()))),
        replace(
            LAPTOP, facts=Facts(price=Decimal(5), stock_quantity=Decimal(1), sku="x", link="x", image="x")
        ),
        replace(LAPTOP, details=FACTS_ALONE),
    ],
)
def test_markup_and_spelling_have_no_meaning(changed: Product) -> None:
    """Other tags around the same text, another keyboard, repeats and emptiness keep the hash."""
    meaning = canonical(changed, [SILVER, BLACK, HIDDEN])
    assert content_hash(meaning) == content_hash(canonical(LAPTOP, [BLACK, SILVER]))


def test_each_part_has_meaning() -> None:
    """Any change of a text, a name, an option or a form gives a hash of its own."""
    changes = [
        LAPTOP,
        replace(LAPTOP, title="لپ‌تاپ"),
        replace(LAPTOP, short_description=""),
        replace(LAPTOP, description=""),
        replace(LAPTOP, description="<h2>معرفی</h2><p>برای دانشجویان</p><p>سبک</p>"),
        replace(LAPTOP, categories=("لپ‌تاپ",)),
        replace(LAPTOP, categories=("لپ‌تاپ، دیجیتال",)),
        replace(LAPTOP, categories=LAPTOP.tags, tags=LAPTOP.categories),
        replace(LAPTOP, tags=()),
        replace(LAPTOP, brands=()),
        replace(LAPTOP, attributes=()),
        replace(LAPTOP, attributes=(Attribute(name="رنگ", options=("نقره‌ای",)), LAPTOP.attributes[1])),
        replace(LAPTOP, attributes=(replace(LAPTOP.attributes[0], name="پوشش"), LAPTOP.attributes[1])),
        replace(LAPTOP, details=Details(weight=Weight(value=Decimal(2), unit="kg"))),
        replace(LAPTOP, details=Details(dimensions=Dimensions(length=Decimal(2), unit="cm"))),
        replace(LAPTOP, details=Details(grouped_children=(Part(external_id="2", name="کیف"),))),
        replace(LAPTOP, details=Details(custom_fields=(CustomField(name="گارانتی", value="دو سال"),))),
    ]
    hashes = [content_hash(canonical(product, [SILVER, BLACK])) for product in changes]
    hashes += [
        content_hash(canonical(LAPTOP, forms))
        for forms in (
            [],
            [SILVER],
            [SILVER, replace(BLACK, description="")],
            [SILVER, BLACK, replace(HIDDEN, visible=True)],
        )
    ]
    assert len(set(hashes)) == len(hashes)


@pytest.mark.parametrize("setting", ["CONTENT_VERSION", "CHUNK_TOKENS"])
def test_each_setting_that_changes_chunks_changes_every_hash(
    setting: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Otherwise products indexed before the change would keep their old chunks."""
    before = content_hash(canonical(LAPTOP, []))
    monkeypatch.setattr(hashing, setting, getattr(hashing, setting) + 1)
    assert content_hash(canonical(LAPTOP, [])) != before


def test_chunks_are_cut_at_the_size_that_is_hashed() -> None:
    """The default of `split` is the constant that `content_hash` covers."""
    assert inspect.signature(split).parameters["max_tokens"].default == CHUNK_TOKENS


def test_the_same_product_gets_the_same_chunks() -> None:
    """If this fails, chunks or their words have changed: raise CONTENT_VERSION and update the digest.

    The sample has markup, letters to normalise, options, short paragraphs, long ones, and a run of words
    without a sentence border, which the splitter of the library cuts.
    """
    paragraphs = [f"پاراگراف {n}: " + "كيفيت ساخت این کالا عالی است. " * n for n in range(1, 40)]
    endless = " ".join(f"کلمه{n}" for n in range(600))
    markup = "".join(f"<p>{text}</p>" for text in (*paragraphs, endless))
    product = replace(LAPTOP, short_description="<b>کوتاه</b>", description=markup)
    chunks = split(render(canonical(product, [SILVER, BLACK])))
    digest = hashlib.sha256()
    for chunk in chunks:
        digest.update(f"{chunk.text}\0{search_form(chunk.text)}\0".encode())
    assert (hashing.CONTENT_VERSION, len(chunks), digest.hexdigest()) == (3, 68, CHUNKS)


def test_the_hash_is_the_same_in_every_process() -> None:
    """A stored hash stays comparable; a change on purpose raises `CONTENT_VERSION` as well."""
    assert (hashing.CONTENT_VERSION, content_hash(canonical(LAPTOP, [SILVER, BLACK]))) == (3, HASH)


@given(st.permutations(range(60)))
def test_descriptions_of_variations_are_bounded_in_any_order(order: list[int]) -> None:
    """The first variations by their ids keep their descriptions."""
    forms = [
        Variation(external_id=f"woo_{number:02}", parent="woo_1", description=f"{number:02}" * 5_000)
        for number in order
    ]
    described = canonical(LAPTOP, forms).forms
    assert sum(len(form.description) for form in described) == DESCRIPTION_CHARACTERS
    assert {form.description[:2] for form in described} == {f"{number:02}" for number in range(50)}

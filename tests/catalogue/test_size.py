"""Responses stay below a number of tokens."""

import json
from dataclasses import replace
from decimal import Decimal

import pytest
from ucp_sdk.models.schemas.shopping.types.product import Product  # type: ignore[import-untyped]  # ucp-sdk ships no types

from catalogue import ucp
from catalogue.extension import Why
from catalogue.extent import BRIEF, FULL, LOOKUP, Extent
from catalogue.hygiene import Fence
from catalogue.product import ucp_product
from catalogue.size import ANSWER_TOKENS, PRODUCTS_TOKENS, fit, tokens_of
from catalogue.words import listing, one
from contracts.stored import StoredProduct
from knowledge.chunks import estimate_tokens
from tests.catalogue.stored import BLACK, PERSIAN_STORE, PHONE

LONG = "متن بلند فروشگاه " * 12_000
"""More than 200 kB."""


def largest(variations: int) -> StoredProduct:
    """Returns a product with as much of everything as a shop may send."""
    names = [f"{place} {LONG[:1000]}" for place in range(60)]
    link = "https://shop.example/" + "م" * 300
    return replace(
        PHONE,
        title=LONG,
        short_description="",
        description=LONG,
        categories=names,
        tags=names,
        brands=names,
        attributes=[{"name": name, "options": names} for name in names],
        sku=LONG,
        link=link,
        image=link,
        gallery=[link + str(place) for place in range(20)],
        variations=[
            replace(
                BLACK,
                external_id=f"woo_{place}",
                options={name: f"{place} {name}" for name in names[:5]},
                description=LONG,
                price=Decimal(place + 1),
                sku=LONG,
                link=link,
                image=link,
            )
            for place in range(variations)
        ],
        variations_total=2_048,
    )


def mapped(product: StoredProduct, extent: Extent) -> ucp.Product:
    why = Why(score=0.123456789, similarity=0.123456789, share=0.5, missing=("کلمه",) * 50)
    found = ucp_product(product, PERSIAN_STORE, extent=extent, why=why)
    assert found is not None
    return found


def size(products: list[ucp.Product]) -> int:
    return estimate_tokens(json.dumps([one.dumped() for one in products], ensure_ascii=False))


@pytest.mark.parametrize(("count", "variations", "extent"), [(20, 50, BRIEF), (1, 50, FULL), (20, 1, LOOKUP)])
def test_the_largest_response_fits(count: int, variations: int, extent: Extent) -> None:
    """Products, variants and texts of a model's context: all products stay, with less of each."""
    stored = largest(variations)
    fitting = fit([mapped(stored, extent)] * count)
    assert len(fitting) == count
    for product in fitting:
        Product.model_validate(product.dumped())
    text = one(stored, PERSIAN_STORE, fence=Fence())
    if count > 1:
        text = listing([stored] * count, PERSIAN_STORE, total=count, confidence="low", fence=Fence())
    assert size(fitting) <= PRODUCTS_TOKENS
    assert size(fitting) + estimate_tokens(text) < ANSWER_TOKENS - 2_500


def test_what_fits_is_not_cut() -> None:
    """Ten usual products are about 300 tokens each."""
    usual = [mapped(PHONE, BRIEF)] * 10
    assert fit(usual) == usual
    assert sum(map(tokens_of, usual)) < 10 * 700


def test_variants_that_were_asked_for_are_kept() -> None:
    """However little room there is."""
    product = mapped(largest(10), FULL)
    inputs = [ucp.Input(id="gtin", match="exact")]
    asked = [
        variant.model_copy(update={"inputs": inputs if variant.id in {"woo_3", "woo_7"} else None})
        for variant in product.variants
    ]
    [fitting] = fit([product.model_copy(update={"variants": asked})], 2_500)
    assert [variant.id for variant in fitting.variants] == ["woo_3", "woo_7"]


def test_the_last_products_are_left_out_where_nothing_else_helps() -> None:
    """The first ones answer best."""
    products = [mapped(replace(PHONE, external_id=f"woo_{place}"), BRIEF) for place in range(20)]
    fitting = fit(products, 1_000)
    assert 0 < len(fitting) < 20
    assert [one.id for one in fitting] == [one.id for one in products][: len(fitting)]
    assert size(fitting) <= 1_000
    assert fit(products, 0) == []

"""What holds of every answer of UCP's operations, for products that hold anything."""

import json
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any, cast

import pytest
from hypothesis import given
from hypothesis import strategies as st
from ucp_sdk.models.schemas.common.types.error_response import ErrorResponse  # type: ignore[import-untyped]  # ucp-sdk ships no types
from ucp_sdk.models.schemas.shopping.catalog_lookup import GetProductResponse, LookupResponse  # type: ignore[import-untyped]  # ucp-sdk ships no types
from ucp_sdk.models.schemas.shopping.catalog_search import SearchResponse  # type: ignore[import-untyped]  # ucp-sdk ships no types

from api.assistants.catalogue import Listing, Lookup
from api.assistants.openai.search import _fitting
from api.assistants.ucp.details import product_response
from api.assistants.ucp.lookups import lookup_response
from api.assistants.ucp.narrowing import narrowing
from api.assistants.ucp.requests import LookupBody, ProductBody, SearchBody, UcpFilters
from api.assistants.ucp.searching import read_search, search_response
from api.searching import Answer
from catalogue import options, words
from catalogue.hygiene import Fence
from catalogue.size import ANSWER_TOKENS
from contracts.search import FacetValue, FoundProduct, Hit, Matched, Unmatched
from contracts.stored import Resolved, StoredProduct, StoredVariation
from knowledge.chunks import estimate_tokens
from tests.catalogue.stored import HOSTILE, PERSIAN_STORE, PHONE, products
from tests.support.plugins.examples import examples

LONG = "چراغ رومیزی با نور گرم و ملایم " * 800
HOSTILE_LONG = " ".join(("چراغ رومیزی", *HOSTILE)) * 40
NOW = datetime(2026, 11, 26, tzinfo=UTC)


def hit(product: StoredProduct, *, score: float = 0.5, share: float | None = 0.5, text: str = "") -> Hit:
    found = FoundProduct.__new__(FoundProduct)
    return Hit(
        score=score,
        similarity=0.5,
        matched=Matched(share=share, missing=["قرمز"]),
        text=text,
        product=found,
    )


def listing(found: list[tuple[Hit, StoredProduct]], **known: Any) -> Listing:
    answer = Answer(
        **{
            "mode": "hybrid",
            "confidence": "high",
            "total": len(found),
            "next": None,
            "understood": {},
            "unmatched": [],
            "results": [one for one, _ in found],
            "facets": {},
            **known,
        }
    )
    return Listing(answer=answer, found=found)


def lookup(*stored: StoredProduct) -> tuple[list[str], Lookup]:
    """Returns ids of products and of their variations, and what they mean."""
    resolved = {}
    for product in stored:
        resolved[f"p{product.id}"] = Resolved(
            identifier=f"p{product.id}", product_id=product.id, variation=None
        )
        for place, variation in enumerate(product.variations):
            name = f"v{product.id}-{place}"
            resolved[name] = Resolved(identifier=name, product_id=product.id, variation=variation.external_id)
    return list(resolved), Lookup(products=stored, resolved=resolved)


@examples(100)
@given(products(), st.sampled_from(["high", "low"]), st.none() | st.floats(0, 1))
def test_every_search_is_one_of_ucp(product: StoredProduct, confidence: str, share: float | None) -> None:
    """UCP's own models accept it."""
    asked = read_search(SearchBody(query="چراغ"), PERSIAN_STORE)
    found = listing([(hit(product, share=share), product)], confidence=confidence)
    content = search_response(found, PERSIAN_STORE, asked).dumped()
    SearchResponse.model_validate(content)
    if confidence == "low" and not share:
        assert content["products"] == []
        assert "messages" not in content


def test_results_that_are_not_shown_are_not_counted() -> None:
    """With low confidence, the ones without a word of the question are left out."""
    lamp = replace(PHONE, id=2, external_id="woo_2")
    found = listing([(hit(PHONE), PHONE), (hit(lamp, share=0), lamp)], confidence="low")
    content: Any = search_response(
        found, PERSIAN_STORE, read_search(SearchBody(query="گوشی"), PERSIAN_STORE)
    ).dumped()
    assert [one["id"] for one in content["products"]] == ["woo_777"]
    assert content["pagination"]["total_count"] == content["com.pilito"]["total"] == 1


@examples(100)
@given(products(), st.sampled_from([None, {"in_stock": True}, {"price": {"max": 10**9}}]))
def test_every_lookup_is_one_of_ucp(product: StoredProduct, filters: dict[str, Any] | None) -> None:
    """Every variant has the ids that mean it, and every id means one variant or is in a message."""
    ids, found = lookup(product)
    narrow = narrowing(UcpFilters.model_validate(filters) if filters else None, None, "IRR")
    content = lookup_response([*ids, "unknown", *ids], found, PERSIAN_STORE, narrow).dumped()
    LookupResponse.model_validate(content)
    variants: list[Any] = [one for each in cast(list[Any], content["products"]) for one in each["variants"]]
    inputs = [one["id"] for variant in variants for one in variant["inputs"]]
    assert len(inputs) == len(set(inputs))
    assert set(inputs) <= set(ids)
    if filters is None and variants:
        priced = {variant["id"] for variant in variants}
        meant = {id_ for id_ in ids if found.resolved[id_].variation in {None, *priced}}
        assert meant == set(inputs)


@examples(100)
@given(
    products(),
    st.lists(st.tuples(st.text(max_size=10), st.text(max_size=10)), max_size=3),
    st.sampled_from(["product", "variant"]),
)
def test_every_product_is_one_of_ucp(product: StoredProduct, chosen: list[tuple[str, str]], by: str) -> None:
    """Without a price it is an error; a variant that is asked for comes first.

    Options are selected by the labels that a response has; a request with longer ones is a 400.
    """
    variation = product.variations[0].external_id if by == "variant" and product.variations else None
    own = options.selected(product.variations[-1].options).items() if product.variations else ()
    names: set[str] = set()
    selected = []
    for name, label in (*own, *chosen):
        folded = name.casefold().strip()
        if folded and folded.isascii() and folded.isalnum() and folded not in names:
            names.add(folded)
            selected.append({"name": name, "label": label})
    body = ProductBody.model_validate({"id": "x", "selected": selected})
    resolved = Resolved(identifier="x", product_id=product.id, variation=variation)
    content: Any = product_response(
        body, (product, resolved), PERSIAN_STORE, narrowing(None, None, "")
    ).dumped()
    if content["ucp"]["status"] == "error":
        ErrorResponse.model_validate(content)
        assert "product" not in content
        return
    GetProductResponse.model_validate(content)
    shown = content["product"]
    if variation is not None:
        assert shown["variants"][0]["id"] == variation
    for option in shown.get("options", ()):
        for value in option["values"]:
            assert value["exists"] or not value["available"]


def big(number: int) -> StoredProduct:
    """Returns a product with texts, links and lists as long as they can be."""
    variations = [
        StoredVariation(
            external_id=f"woo_{number}{place:04}" + "x" * 150,
            options={f"گزینه {name} {LONG[:300]}": f"{place} {LONG[:300]}" for name in range(6)},
            description=LONG[:4_000],
            price=Decimal(1_000_000 + place),
            regular_price=Decimal(2_000_000),
            in_stock=True,
            availability="in_stock",
            stock_quantity=None,
            sku="S" * 200,
            gtin="",
            link=f"https://shop.example/{'محصول' * 100}",
            image=f"https://shop.example/{'a' * 1_500}.jpg",
        )
        for place in range(25)
    ]
    names = [f"{n} {LONG[:200]}" for n in range(30)]
    return replace(
        PHONE,
        id=number,
        external_id=f"woo_{number}",
        title=f"{number} {LONG[:500]}",
        short_description=LONG[:4_000],
        description=HOSTILE_LONG[:20_000],
        categories=names,
        tags=names,
        brands=names,
        attributes=[{"name": name, "options": names} for name in names],
        gallery=[f"https://shop.example/{n}{'b' * 1_500}.jpg" for n in range(30)],
        variations=variations,
        variations_total=2_048,
    )


def test_the_largest_answers_are_bounded() -> None:
    """Below 20,000 tokens, with every list as long as it can be; every product is still there."""
    stored = [big(number) for number in range(1, 21)]
    long = LONG[:2_000]
    found = listing(
        [(hit(product, text=LONG), product) for product in stored],
        unmatched=[Unmatched(field=long, value=long, known=[long] * 20)] * 20,
        facets={
            f"attributes.{n}{long[:200]}": [
                FacetValue(value=f"{m} {long}", count=9, min_price=Decimal(1), max_price=Decimal(2))
                for m in range(50)
            ]
            for n in range(5)
        },
    )
    asked = read_search(SearchBody(query="چراغ"), PERSIAN_STORE)
    search = search_response(found, PERSIAN_STORE, asked).dumped()
    ids, meant = lookup(*stored)
    narrow = narrowing(UcpFilters.model_validate({"colour" * 50: 1}), None, "IRT")
    wanted = [id_ for id_ in ids if id_.startswith("p")]
    looked_up = lookup_response(wanted, meant, PERSIAN_STORE, narrow).dumped()
    unknown = lookup_response([f"{n} {long}"[:200] for n in range(20)], meant, PERSIAN_STORE, narrow).dumped()
    resolved = Resolved(identifier="x", product_id=1, variation=None)
    one = product_response(ProductBody(id="x"), (stored[0], resolved), PERSIAN_STORE, narrow).dumped()
    for content in (search, looked_up, unknown, one):
        assert estimate_tokens(json.dumps(content, ensure_ascii=False)) < ANSWER_TOKENS
    for content in (search, looked_up):
        assert len(cast(list[Any], content["products"])) == 20


@pytest.mark.parametrize("limit", range(1, 21))
def test_what_surrounds_products_takes_their_room(limit: int) -> None:
    """Facets, unknown values and messages as long as they can be; the text of the result counts too."""
    long = "ویژگی بسیار بلند فروشگاه " * 40
    stored = [big(number) for number in range(1, limit + 1)]
    found = listing(
        [(hit(product, text=LONG), product) for product in stored],
        unmatched=[Unmatched(field="exclude.categories", value=long, known=[long] * 20)] * 5,
        facets={
            f"attributes.{number}{long}": [
                FacetValue(value=f"{n} {long}", count=9, min_price=Decimal(10**12), max_price=Decimal(10**12))
                for n in range(50)
            ]
            for number in range(5)
        },
    )
    filters = {"categories": ["a"], **{f"{number} {long}": 1 for number in range(10)}}
    asked = read_search(SearchBody(query="*", filters=UcpFilters.model_validate(filters)), PERSIAN_STORE)
    response = search_response(found, PERSIAN_STORE, asked)
    remarks = [message.content for message in response.messages or ()]
    text = words.listing(
        stored, PERSIAN_STORE, total=limit, confidence="high", fence=Fence(), remarks=remarks
    )
    answer = {
        "jsonrpc": "2.0",
        "id": "1" * 100,
        "result": {
            "content": [{"type": "text", "text": text}],
            "structuredContent": response.dumped(),
            "isError": False,
        },
    }
    assert estimate_tokens(json.dumps(answer, ensure_ascii=False)) < ANSWER_TOKENS
    assert response.products


@pytest.mark.parametrize("text", HOSTILE)
def test_a_passage_is_plain_text(text: str) -> None:
    """In the vector store route too; markup, hidden characters and addresses of Markdown are left out."""
    product = replace(PHONE, title=f"گوشی {text}", brands=[text])
    [result] = _fitting([(hit(product, text=f"گوشی {text}"), product)], PERSIAN_STORE)
    shown = json.dumps(result.model_dump(mode="json"), ensure_ascii=False)
    for gone in ("<script", "](javascript:", "](data:", "\u202e", "\u200b", "\U000e0069", "\\u0000", "<!--"):
        assert gone not in shown


def test_a_body_of_a_lookup_is_strict() -> None:
    """Numbers are no ids."""
    with pytest.raises(ValueError, match="ids"):
        LookupBody.model_validate({"ids": [5]}, strict=True)

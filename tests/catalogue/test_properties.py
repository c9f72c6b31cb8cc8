"""What holds of every stored product."""

import json
from collections.abc import Iterator
from dataclasses import replace
from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st
from ucp_sdk.models.schemas.shopping.catalog_lookup import GetProductResponse, LookupResponse  # type: ignore[import-untyped]  # ucp-sdk ships no types
from ucp_sdk.models.schemas.shopping.catalog_search import SearchResponse  # type: ignore[import-untyped]  # ucp-sdk ships no types
from ucp_sdk.models.schemas.shopping.types.product import Product  # type: ignore[import-untyped]  # ucp-sdk ships no types

from catalogue import ucp
from catalogue.extension import Why
from catalogue.extent import BRIEF, FULL, Extent
from catalogue.money import iso_code
from catalogue.prices import price_of
from catalogue.product import price_unavailable, ucp_product
from catalogue.size import fit
from contracts.stored import StoredProduct
from tests.catalogue.stored import PERSIAN_STORE, products
from tests.catalogue.test_hygiene import is_unseen
from tests.support.plugins.examples import examples

UCP = {"version": "2026-08-25", "status": "success"}
STORE = replace(PERSIAN_STORE, currency="")
IRAN = {"IRR": 1, "IRT": 10, "تومان": 10, "IRHT": 10_000}
whys = st.builds(
    Why,
    score=st.floats(0, 1),
    similarity=st.none() | st.floats(-1, 1),
    share=st.none() | st.floats(0, 1),
    missing=st.lists(st.text(max_size=10), max_size=3).map(tuple),
)


def texts(value: object) -> Iterator[str]:
    """Yields all strings of JSON but ids, addresses and times."""
    match value:
        case str():
            yield value
        case list():
            for one in value:
                yield from texts(one)
        case dict():
            for name, one in value.items():
                if name not in {"id", "url", "currency", "facts_at", "known_at"}:
                    yield from texts(one)


@examples(100)
@given(products(), whys, st.sampled_from([BRIEF, FULL]))
def test_every_product_is_one_of_ucp(product: StoredProduct, why: Why, extent: Extent) -> None:
    """The models of UCP's own package accept it, alone and in each response, also after JSON."""
    mapped = ucp_product(product, STORE, extent=extent, why=why)
    if mapped is None:
        message = price_unavailable(product, STORE).dumped()
        SearchResponse.model_validate({"ucp": UCP, "products": [], "messages": [message]})
        return
    dumped = json.loads(json.dumps(mapped.dumped(), ensure_ascii=True))
    Product.model_validate(dumped)
    SearchResponse.model_validate({"ucp": UCP, "products": [dumped]})
    GetProductResponse.model_validate({"ucp": UCP, "product": dumped})
    inputs = [ucp.Input(id=product.external_id, match="featured")]
    meant = mapped.model_copy(update={"variants": [mapped.variants[0].model_copy(update={"inputs": inputs})]})
    LookupResponse.model_validate({"ucp": UCP, "products": [meant.dumped()]})


@examples(100)
@given(products())
def test_prices_are_the_shops(product: StoredProduct) -> None:
    """Exact, never negative, in one currency, within the range, and each of them is of its variation."""
    mapped = ucp_product(product, STORE, extent=FULL)
    sold = product.variations or (None,)
    known = [price for price in (price_of(product, one) for one in sold) if price is not None]
    if mapped is None:
        return
    iso, rate = iso_code(product.currency), IRAN.get(product.currency, 1)
    decimals = {"JPY": 0, "KWD": 3, "CLF": 4}.get(iso or "", 2)
    low, high = mapped.price_range.min, mapped.price_range.max
    for variant in mapped.variants:
        assert {variant.price.currency, low.currency, high.currency} == {iso}
        assert 0 <= low.amount <= variant.price.amount <= high.amount
        exact = [price * rate * 10**decimals for price in known]
        assert any(abs(variant.price.amount - price) <= Decimal("0.5") for price in exact)
        assert variant.list_price is None or variant.list_price.amount > variant.price.amount


@examples(100)
@given(products())
def test_ids_are_the_shops_and_unique(product: StoredProduct) -> None:
    """As they are, so that a lookup finds them."""
    mapped = ucp_product(product, STORE, extent=FULL)
    if mapped is not None:
        ids = [variant.id for variant in mapped.variants]
        assert len(set(ids)) == len(ids)
        known = [variation.external_id for variation in product.variations] or [product.external_id]
        assert set(ids) <= set(known)
        assert mapped.id == product.external_id


@examples(100)
@given(products())
def test_every_text_is_plain(product: StoredProduct) -> None:
    """No markup, no link, and nothing that is not shown."""
    mapped = ucp_product(product, STORE, extent=FULL)
    dumped = price_unavailable(product, STORE).dumped() if mapped is None else mapped.dumped()
    for text in texts(dumped):
        assert not any(is_unseen(character) for character in text)
        assert "<script" not in text
        assert "](" not in text


@examples(100)
@given(products())
def test_nothing_is_said_that_the_shop_did_not_send(product: StoredProduct) -> None:
    """Each letter and digit of a text is in the text it was made of, in that order."""
    mapped = ucp_product(product, STORE, extent=FULL)
    if mapped is None:
        return
    sent = {
        "title": [product.title, product.external_id],
        "names": [*product.categories, *product.tags, *product.brands],
        "options": [text for one in product.variations for text in (*one.options, *one.options.values())],
    }
    for attribute in product.attributes:
        options = attribute["options"] if isinstance(attribute["options"], list) else []
        sent["options"] += [str(attribute["name"]), *(one for one in options if one)]
    pilito = mapped.metadata.pilito
    names = [*(one.value for one in mapped.categories or ()), *(mapped.tags or ()), *(pilito.brands or ())]
    labels = [one.name for one in mapped.options or ()]
    labels += [value.label for one in mapped.options or () for value in one.values]
    labels += [text for one in pilito.attributes or () for text in (one.name, *one.values)]
    for said, sources in (([mapped.title], sent["title"]), (names, sent["names"]), (labels, sent["options"])):
        for text in said:
            assert any(is_within(text, source) for source in sources)


def is_within(text: str, source: str) -> bool:
    """Returns whether the letters and digits of a text are among a source's, in the same order."""
    left = iter(source)
    return all(character in left for character in text if character.isalnum())


@examples(25)
@given(st.lists(products(), max_size=3), st.integers(0, 3_000))
def test_products_fit(found: list[StoredProduct], tokens: int) -> None:
    """And remain products of UCP."""
    mapped = [one for one in (ucp_product(product, STORE, extent=FULL) for product in found) if one]
    fitting = fit(mapped, tokens)
    assert [one.id for one in fitting] == [one.id for one in mapped][: len(fitting)]
    for one in fitting:
        Product.model_validate(one.dumped())

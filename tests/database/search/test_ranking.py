"""Which products come first, by their words; vectors have tests of their own."""

from collections.abc import Sequence
from typing import Any

import pytest

from contracts.search import Filters, Question
from database.search import lexical
from database.search.find import find
from database.search.lexical import quoted
from knowledge.search.builtin import builtin
from knowledge.search.synonyms import Synonyms
from tests.support.shop import Shop


async def stock(shop: Shop, *products: str | dict[str, Any]) -> None:
    """Create the products 1, 2, … with these names or fields."""
    for number, product in enumerate(products, start=1):
        fields = {"name": product, "categories": ["كيف‌ها"]} if isinstance(product, str) else product
        assert await shop.sync({"id": number, **fields}) == "succeeded"


async def ranked(shop: Shop, query: str, synonyms: Synonyms | None = None, **fields: Any) -> list[int]:
    """Returns the numbers of the products that are found by words, the best first."""
    question = Question(user_id=shop.user_id, store_id=shop.store_id, text=query, vector=None, **fields)
    async with shop.database.transaction() as connection:
        found = await find(connection, question, synonyms or builtin(), label="none@1", dimensions=1)
    return [int(hit.product.external_id.removeprefix("woo_")) for hit in found.hits]


async def test_a_rare_word_outweighs_common_ones(shop: Shop) -> None:
    """Rare words decide, however often common words are repeated."""
    await stock(shop, *["کیف دستی زنانه"] * 5, "صندوق آکاردئون", "کیف دستی کیف دستی")
    assert (await ranked(shop, "کیف دستی آکاردئون"))[0] == 6


async def test_a_half_spaced_word_is_one_word(shop: Shop) -> None:
    """Its parts are indexed as well, but two other words still weigh more."""
    await stock(shop, "لپ‌تاپ", "چرم طبیعی")
    assert (await ranked(shop, "لپ‌تاپ چرم طبیعی"))[0] == 2


async def test_parts_of_a_word_count_less_than_all_of_it(shop: Shop) -> None:
    """A product with the whole word comes first; one part alone is still found."""
    await stock(shop, "تاپ زنانه", "لپ تاپ ارزان", "لپتاپ ارزان")
    found = await ranked(shop, "لپ‌تاپ")
    assert set(found[:2]) == {2, 3}
    assert found[2:] == [1]


async def test_what_has_all_words_is_found_among_many_that_have_some(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Not all chunks with a common word are read, but those with all common words are."""
    monkeypatch.setattr(lexical, "MATCHES", 2)
    await stock(shop, "سبز", "سبز", "سبز", "بلند", "بلند", "بلند", "بلند سبز", "سبز", "بلند")
    found = await ranked(shop, "سبز بلند")
    assert found[0] == 7
    assert len(found) <= 5  # two of each word, and all that have both


async def test_a_rare_word_is_looked_at_everywhere(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    """A rare word is found although common words in the question are cut off."""
    monkeypatch.setattr(lexical, "MATCHES", 2)
    await stock(shop, "سبز", "سبز", "سبز", "سبز", "سبز یگانه")
    assert (await ranked(shop, "سبز یگانه"))[0] == 5


@pytest.mark.parametrize("category", ["كيف‌ها", "کیف‌ها", "کیفها"])
async def test_categories_are_compared_as_words_are(shop: Shop, category: str) -> None:
    """Arabic and Persian letters are equal, with and without half-space."""
    await stock(shop, "کیف")
    assert await ranked(shop, "کیف", filters=Filters(category=category)) == [1]


async def test_the_whole_name_comes_first(shop: Shop) -> None:
    """Before names that have all its words and others."""
    await stock(shop, "بخور سرد کدو ارس بخور سرد کدو", "بخور سرد کدو", "Cold Mist Humidifier Set")
    assert (await ranked(shop, "بخور سرد کدو"))[0] == 2
    assert (await ranked(shop, "cold-mist HUMIDIFIER set"))[0] == 3


CODED = {
    "name": "تی‌شرت",
    "type": "variable",
    "sku": "TS-900",
    "variations": [
        {"id": 71, "sku": "TS-900/XL-BK", "price": "5", "attributes": [{"name": "سایز", "option": "XL"}]},
        {"id": 72, "global_unique_id": "4006381333931", "price": "6"},
    ],
}


@pytest.mark.parametrize(
    "code", ["ts900", "TS-900", "ts 900 xl bk", "TS.900.XL.BK", "4006381333931", "400-6381-333931"]
)
async def test_a_code_finds_its_product_first(shop: Shop, code: str) -> None:
    """Of the product or a variation, with any separators, and also if no text has it."""
    await stock(shop, "ts 900 نخ", CODED, "XL BK 900")
    assert (await ranked(shop, code))[0] == 2


async def test_a_model_number_of_a_text_is_found_in_any_spelling(shop: Shop) -> None:
    """And by its beginning."""
    await stock(shop, "هدفون سونی WH-1000XM5", "هدفون سونی", "لپ تاپ Zenbook UX3405MA")
    for query in ("wh1000xm5", "WH 1000 XM5", "هدفون wh-1000-xm5"):
        assert (await ranked(shop, query))[0] == 1
    assert await ranked(shop, "UX3405") == [3]


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("رباطیک", 1),
        ("هدفونن", 2),
        ("هدفون‌هاتون", 2),
        ("سیمسونگ", 3),
        ("samsung", 3),
        ("گلکسی", 4),
        ("headphone", 2),
        ("galaxi", 4),
    ],
)
async def test_words_are_found_as_people_write_them(shop: Shop, query: str, found: int) -> None:
    """Misspelt, with endings, in the other script and in the other language."""
    await stock(shop, "جارو رباتیک", "هدفون", "تلویزیون سامسونگ", "ساعت Galaxy")
    assert await ranked(shop, query) == [found]


async def test_a_word_that_texts_have_is_not_corrected(shop: Shop) -> None:
    """Only a word that no text has may be a mistake."""
    await stock(shop, "کفش چرمی", "کفش چرمه")
    assert await ranked(shop, "چرمه") == [2]


async def test_a_word_of_hidden_products_only_is_corrected(shop: Shop) -> None:
    """Their texts stay, and are not found."""
    await stock(shop, "گوشی سامسونک", "گوشی سامسونگ")
    assert await shop.sync({"id": 1}, "product.deleted") == "succeeded"
    assert await ranked(shop, "سامسونک") == [2]


async def test_a_word_that_a_filter_hides_is_not_corrected(shop: Shop) -> None:
    """The word is right; the filter leaves nothing of it."""
    await stock(shop, {"name": "گوشت", "brands": ["الف"]}, {"name": "گوشی", "brands": ["ب"]})
    assert await ranked(shop, "گوشی", filters=Filters(brands=("الف",))) == []


async def test_few_products_of_a_filter_are_found_among_many_with_the_word(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Not only the first chunks with a word are checked against the filter."""
    monkeypatch.setattr(lexical, "LOOKED_AT", 2)
    await stock(shop, *["کیف"] * 5, {"name": "کیف", "brands": ["سونی"]})
    assert await ranked(shop, "کیف", filters=Filters(brands=("سونی",))) == [6]


async def test_synonyms_of_the_store_count_as_its_words(shop: Shop) -> None:
    """For questions and for values of filters."""
    await stock(shop, {"name": "چراغ مطالعه", "brands": ["نورا"]}, "میز")
    synonyms = Synonyms([("آباژور", "چراغ مطالعه"), ("nora", "نورا")])
    assert await ranked(shop, "آباژور", synonyms) == [1]
    assert await ranked(shop, "چراغ", synonyms, filters=Filters(brands=("Nora",))) == [1]


async def test_excluded_words_are_those_of_names(shop: Shop) -> None:
    """With their plural; other words of a text do not matter."""
    await stock(
        shop,
        {"name": "مانتو مشکی"},
        {"name": "مانتو سبز", "description": "<p>با دکمه مشکی</p>"},
        {"name": "مانتو مشکی‌ها"},
    )
    assert await ranked(shop, "مانتو", excluded_words=("مشکی",)) == [2]


@pytest.mark.parametrize(
    "query",
    [
        "' | ! & ( ) :* \\",
        "\\'",
        "''; DROP TABLE products; --",
        "<-> a:b*",
        "و از در به",
        "؟!",
        "کیف " * 2_000,
        "aA1-" * 2_000,
    ],
    ids=range(8),
)
async def test_hostile_questions_are_questions(shop: Shop, query: str) -> None:
    """Operators, quotes, only polite words, no words, and 10,000 characters."""
    await stock(shop, "کیف")
    assert await ranked(shop, query) in ([], [1])


@pytest.mark.parametrize(
    ("lexeme", "query"),
    [("کیف", "'کیف'"), ("a'b\\", "'ab'"), ("#ux3405*", "'#ux3405':*"), ("^کیف", "'^کیف'")],
)
def test_lexemes_are_quoted(lexeme: str, query: str) -> None:
    """A lexeme has neither quotes nor backslashes; a star at its end stands for any ending."""
    assert quoted(lexeme) == query


async def test_no_word_of_another_store_counts(shop: Shop, system: Any) -> None:
    """Neither its texts, nor its vocabulary, nor its codes."""
    other = await system.shop()
    await stock(other, {"name": "روتختی مخمل", "sku": "ZX-77"})
    await stock(shop, "میز")
    words: Sequence[str] = ("روتختی", "روتختيي", "مخملل", "zx77")
    assert [await ranked(shop, word) for word in words] == [[]] * len(words)

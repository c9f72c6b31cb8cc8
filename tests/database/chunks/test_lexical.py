"""Lexical ranking: its weights, and what it may cost."""

import pytest

from contracts.search import Filters, Question
from database.chunks import lexical
from database.search.find import find
from knowledge.normalise import search_form
from tests.support.shop import Shop


async def stock(shop: Shop, *names: str) -> None:
    """Create the products 1, 2, … with these names."""
    for number, name in enumerate(names, start=1):
        assert await shop.sync({"id": number, "name": name, "categories": ["كيف‌ها"]}) == "succeeded"


async def ranked(shop: Shop, query: str, category: str | None = None) -> list[int]:
    question = Question(
        user_id=shop.user_id,
        store_id=shop.store_id,
        text=query,
        vector=None,
        filters=Filters(category=category),
    )
    async with shop.database.transaction() as connection:
        found = await find(connection, question, folded=search_form(query), label="none@1", dimensions=1)
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
    assert await ranked(shop, "کیف", category) == [1]


@pytest.mark.parametrize(
    ("folded", "strict"),
    [
        ("کیف", ["'کیف'"]),
        ("کیف کیف", ["'کیف'"]),
        ("لپتاپ لپ تاپ", ["'لپتاپ' | ('لپ' & 'تاپ')"]),
        ("لپ تاپ لپتاپ", ["'لپ'", "'تاپ'", "'لپتاپ'"]),
        ("سیب سیبزمینی سیب زمینی", ["'سیب'", "'سیبزمینی' | ('سیب' & 'زمینی')"]),
        ("ab a", ["'ab'", "'a'"]),
        ("", []),
    ],
)
def test_joined_words_are_distinguished_from_their_parts(folded: str, strict: list[str]) -> None:
    """A joined word is recognised only if exactly its parts follow."""
    question = Question(user_id=1, store_id=2, text="", vector=None)
    assert lexical.parameters(question, folded)["strict"] == strict

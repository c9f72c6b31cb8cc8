"""What a question asks for besides its words."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from knowledge.normalise import normalise
from knowledge.search.understanding import NEWEST, PRICE, PRICE_DESCENDING, Understood, understand

PERSIAN = "ابپتثجچحخدذرزژسشصضطظعغفقکگلمنوهی"


def rest(found: Understood) -> str:
    """Returns the words that are left, with all exclusions taken out."""
    places = [range(each.start, each.end) for each in found.excluded]
    return found.text.without(found.taken.union(*places))


@pytest.mark.parametrize(
    ("question", "words", "order"),
    [
        ("ارزان‌ترین تلویزیون", "تلویزیون", PRICE),
        ("most expensive laptop", "laptop", PRICE_DESCENDING),
        ("جدیدترین گوشی", "گوشی", NEWEST),
        ("newest phone", "phone", NEWEST),
        ("not the cheapest laptop", "laptop", ""),
        ("laptop but not the most expensive", "laptop but", ""),
        ("گوشی گرانترین نباشه", "گوشی", ""),
        ("گوشی نه ارزان‌ترین", "گوشی", ""),
        ("گوشی گران‌ترین نمی خوام", "گوشی", ""),
    ],
)
def test_orders(question: str, words: str, order: str) -> None:
    """One that is refused is none, and its words are not searched for."""
    found = understand(question, "IRT")
    assert (rest(found), found.order, found.excluded) == (words, order, ())


def test_all_at_once() -> None:
    """A price, an order and an exclusion."""
    found = understand("ارزان‌ترین کفش بجز نایک زیر ۲ میلیون", "IRT")
    assert (rest(found), found.highest, found.order) == ("کفش", Decimal(2_000_000), PRICE)
    assert [each.words for each in found.excluded] == [("نایک",)]


@pytest.mark.parametrize(
    "question",
    [
        "قهوه بدون کافئین",
        "شیر خشک زیر ۲ سال",
        "دمبل ۵ کیلویی",
        "تشک ۱۶۰ در ۲۰۰",
        "نه میلیون دلیل",
        "iphone 15 pro max 512",
        "iphone 12-13",
        "کفش 38-42",
        "از شیراز تا تهران",
        "headphones without microphone",
        "زیر $۵۰",
        "phone $20-$50",
        "گوشی از ۵ میلیون",
        "پیراهن دارید یا نه",
        "تیشرت دارید نه؟",
        "forget me not earrings",
    ],
)
def test_other_questions_stay_as_they_are(question: str) -> None:
    """Ages, sizes, what is part of a product's name, and money that the shop does not take."""
    found = understand(question, "IRT")
    assert not found
    assert rest(found) == " ".join(normalise(question).split())


WORDS = st.sampled_from(
    [
        "زیر", "تا", "بین", "۵", "میلیون", "و", "غیر", "از", "نه،", "تومان", "not", "گوشی", "$3", "ارزان‌ترین",
        "نباشه", "کمتر", "بالای", "۵۰۰", "هزار", "رنگ", "the", "me", "2-3", "5-9 میلیون", "و",
        "یا", "نمی خوام",
    ]
)  # fmt: skip


@given(st.lists(WORDS, max_size=40))
def test_words_are_taken_or_stay(words: list[str]) -> None:
    """The rest is of the question in its order, and the lowest price is not above the highest."""
    question = " ".join(words)
    found = understand(question, "IRT")
    left = iter("".join(normalise(question).split()))
    assert all(letter in left for letter in rest(found).replace(" ", ""))
    assert found.lowest is None or found.highest is None or found.lowest <= found.highest
    for each in found.excluded:
        assert each.start <= each.first < each.first + len(each.words) <= each.end
        assert found.taken.isdisjoint(range(each.start, each.end))


@given(st.text(alphabet=PERSIAN + "abc 0123,.$،-/\u200c'", max_size=200) | st.text(max_size=60))
def test_any_text_is_understood(text: str) -> None:
    """Prices are not negative, and a thing that is excluded has words."""
    found = understand(text, "IRT")
    assert all(price is None or price >= 0 for price in (found.lowest, found.highest))
    assert all(each.words for each in found.excluded)
    assert found or rest(found) == " ".join(normalise(text).split())

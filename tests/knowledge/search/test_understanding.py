"""What a question asks for besides its words."""

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from knowledge.normalise import normalise
from knowledge.search.understanding import NEWEST, PRICE, PRICE_DESCENDING, Understood, understand

PERSIAN = "ابپتثجچحخدذرزژسشصضطظعغفقکگلمنوهی"


@pytest.mark.parametrize(
    ("question", "rest", "fields"),
    [
        ("گوشی زیر ۵ میلیون", "گوشی", {"highest": Decimal(5_000_000)}),
        ("phones under 10 million toman please", "phones please", {"highest": Decimal(10_000_000)}),
        ("فرش بالای ۱۰ میلیون تومان برای هال", "فرش برای هال", {"lowest": Decimal(10_000_000)}),
        ("هدفون بین ۱ تا ۵ میلیون", "هدفون", {"lowest": Decimal(1_000_000), "highest": Decimal(5_000_000)}),
        ("کیف از ۵۰۰ هزار تا یک میلیون", "کیف", {"lowest": Decimal(500_000), "highest": Decimal(1_000_000)}),
        ("ارزان‌ترین تلویزیون", "تلویزیون", {"order": PRICE}),
        ("most expensive laptop", "laptop", {"order": PRICE_DESCENDING}),
        ("جدیدترین گوشی", "گوشی", {"order": NEWEST}),
        ("گوشی غیر از سامسونگ و اپل", "گوشی", {"excluded": (("سامسونگ",), ("اپل",))}),
        ("لپ‌تاپ به جز ایسوس برای بازی", "لپ‌تاپ برای بازی", {"excluded": (("ایسوس",),)}),
        ("phone not samsung and not apple", "phone and", {"excluded": (("samsung",), ("apple",))}),
        ("تیشرت نه، هودی", "هودی", {"excluded": (("تیشرت",),)}),
        (
            "کفش بجز نایک زیر ۲ میلیون",
            "کفش",
            {"highest": Decimal(2_000_000), "excluded": (("نایک",),)},
        ),
    ],
)
def test_phrases_are_taken_out_of_a_question(question: str, rest: str, fields: dict[str, Any]) -> None:
    """Prices, orders, and what a product must not be, in both languages."""
    assert understand(question, "IRT") == Understood(rest=rest, **fields)


@pytest.mark.parametrize(
    "question",
    [
        "قهوه بدون کافئین",
        "شیر خشک زیر ۲ سال",
        "دمبل ۵ کیلویی",
        "تشک ۱۶۰ در ۲۰۰",
        "نه میلیون دلیل",
        "iphone 15 pro max 512",
        "از شیراز تا تهران",
        "headphones without microphone",
        "زیر $۵۰",
    ],
)
def test_other_questions_stay_as_they_are(question: str) -> None:
    """Ages, sizes, what is part of a product's name, and money that the shop does not take."""
    assert understand(question, "IRT") == Understood(rest=" ".join(normalise(question).split()))


WORDS = st.sampled_from(
    ["زیر", "تا", "بین", "۵", "میلیون", "و", "غیر", "از", "نه،", "تومان", "not", "گوشی", "$3", "ارزان‌ترین"]
)


@given(st.lists(WORDS, max_size=40))
def test_words_are_taken_or_stay(words: list[str]) -> None:
    """The rest are always words of the question in their order, and there is no error."""
    found = understand(" ".join(words), "IRT")
    left = iter(normalise(" ".join(words)).split())
    assert all(word in left for word in found.rest.split())


@given(st.text(alphabet=PERSIAN + "abc 0123,.$،", max_size=200))
def test_any_text_is_understood(text: str) -> None:
    """Prices are not negative, and a thing that is excluded has words."""
    found = understand(text, "IRT")
    assert all(price is None or price >= 0 for price in (found.lowest, found.highest))
    assert all(found.excluded)

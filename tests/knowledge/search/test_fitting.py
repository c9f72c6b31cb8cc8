"""What the value of a filter means among the values of a shop."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from knowledge.search.fitting import KNOWN, fitting, suggested


@pytest.mark.parametrize(
    ("asked", "value"),
    [
        ("گوشی", "گوشی موبایل"),
        ("موبایل گوشی", "گوشی موبایل"),
        ("گوشی‌ها", "گوشی موبایل"),
        ("گوشی ها", "گوشی موبایل"),
        ("گوشي", "گوشی‌های موبایل"),
        ("لپ تاپ", "لپتاپ گیمینگ"),
        ("لپتاپ", "لپ تاپ گیمینگ"),
        ("لپ‌تاپ", "کیف لپ تاپ"),
        ("43", "سایز ۴۳"),
        ("shoe", "Running Shoes"),
        ("Shoes", "running shoe"),
        ("dress", "Summer dresses"),
        ("batteries", "Battery"),
        ("battery", "Car batteries"),
        ("movie", "Movies"),
        ("movies", "movie"),
        ("case", "Phone cases"),
        ("phone cases", "phonecase"),
        ("cases", "Phone case"),
        ("lens", "Lenses"),
        ("lenses", "lens"),
        ("bus", "Toy buses"),
        ("houses", "doll house"),
        ("headaches", "Headache"),
        ("watch", "smart watches"),
        ("tomatoes", "Tomato"),
    ],
)
def test_a_value_with_all_words_fits(asked: str, value: str) -> None:
    """In any order, joined or apart, in the singular or the plural."""
    assert fitting(asked, [value]) == [value]


@pytest.mark.parametrize(
    ("asked", "value"),
    [
        ("گوشی سامسونگ", "گوشی موبایل"),
        ("4", "43"),
        ("43", "43.5"),
        ("تاپ", "لپتاپ"),
        ("کیف", "تکیف"),
        ("glas", "glass"),
        ("tap", "tapes"),
        ("car", "hair care"),
        ("A52", "A52s"),
        ("", "گوشی"),
        ("؟!", "گوشی"),
        ("گوشی", ""),
    ],
)
def test_parts_of_words_do_not_fit(asked: str, value: str) -> None:
    """Neither do values that lack a word."""
    assert not fitting(asked, [value])


def test_kinds_come_before_mentions() -> None:
    """The noun comes first in Persian and last in English; mentions are better than nothing."""
    persian = ["قاب گوشی", "گوشی موبایل", "گوشی ساده", "تبلت"]
    assert fitting("گوشی", persian, kinds=True) == ["گوشی موبایل", "گوشی ساده"]
    assert fitting("گوشی", persian) == ["قاب گوشی", "گوشی موبایل", "گوشی ساده"]
    assert fitting("گوشی", ["قاب گوشی"], kinds=True) == ["قاب گوشی"]
    english = ["Shoe care", "Running shoes", "Shirts"]
    assert fitting("shoes", english, kinds=True) == ["Running shoes"]
    assert fitting("shoe care", english, kinds=True) == ["Shoe care"]


def test_likely_values_are_suggested_first() -> None:
    """Those with a similar spelling, then the most frequent, at most 20."""
    known = ["اپل", "شیائومی", "سامسونگ", *(str(n) for n in range(50))]
    assert suggested("سامسنگ", known)[:3] == ["سامسونگ", "اپل", "شیائومی"]
    assert suggested("Nikon", ["Adidas", "Nike"]) == ["Nike", "Adidas"]
    assert len(suggested("؟", known)) == KNOWN


@given(st.text(), st.lists(st.text()))
def test_only_values_of_the_shop_fit(value: str, values: list[str]) -> None:
    """Nothing is invented, and the order stays."""
    assert fitting(value, [value]) in ([value], [])
    found = fitting(value, values, kinds=True)
    assert [each for each in values if each in found] == found
    assert set(suggested(value, values)) <= set(values)

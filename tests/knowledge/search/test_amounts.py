"""Amounts of money are read as people write and say them."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from knowledge.search.questions.amounts import amount
from knowledge.search.questions.reading import folded


def read(text: str) -> Decimal | None:
    """Returns the price of an amount in tomans; None if the text does not begin with one."""
    found = amount([folded(word) for word in text.split()], 0)
    return found.price("IRT") if found is not None and found.is_money else None


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("5 میلیون تومان", 5_000_000),
        ("یک و نیم میلیون", 1_500_000),
        ("دو میلیون و نیم", 2_500_000),
        ("یک میلیون و دویست هزار تومن", 1_200_000),
        ("صد و پنجاه هزار", 150_000),
        ("500هزار", 500_000),
        ("500هزارتومان", 500_000),
        ("۵۰۰ هزارتومن", 500_000),
        ("50000 ریال", 5_000),
        ("300k toman", 300_000),
        ("300ktoman", 300_000),
        ("5 m toman", 5_000_000),
        ("2.5 million", 2_500_000),
        ("۱/۵ میلیون", 1_500_000),
        ("۲,۵ میلیون", 2_500_000),
        ("۲٫۵ میلیون", 2_500_000),
        ("ten thousand toman", 10_000),
        ("2500000 تومان", 2_500_000),
        ("1,250,000 تومان", 1_250_000),
    ],
)
def test_an_amount_is_a_price_in_tomans(text: str, value: int) -> None:
    """With digits or words, joined or apart; a rial is a tenth of a toman."""
    assert read(text) == value


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("دو میلیون و پونصد", 2_500_000),
        ("یک میلیون و دویست", 1_200_000),
        ("یک میلیون و دویست و پنجاه", 1_250_000),
        ("۳ میلیون و ۵۰۰ تومن", 3_500_000),
        ("یک میلیارد و دویست", 1_200_000_000),
        ("۵ میلیون و ۱۲۸", 5_000_000),
        ("۵ میلیون و ۲۰ وات", 5_000_000),
        ("500 تومن", 500_000),
        ("۵۰۰ تومان", 500_000),
    ],
)
def test_scales_that_are_not_said(text: str, value: int) -> None:
    """After a million, hundreds are thousands, as hundreds of tomans are; 128 is a size."""
    assert read(text) == value


@pytest.mark.parametrize("text", ["9.5 million", "۹.۵ میلیون", "9.50 million toman", "95000000 rial"])
def test_prices_have_no_zeros_after_the_point(text: str) -> None:
    """They are shown in the answer."""
    assert str(read(text)) == "9500000"


def test_amounts_are_converted_between_tomans_and_rials_only() -> None:
    """Without a currency, people mean tomans also in a shop that counts in rials."""
    million, dollars = amount(["5", "میلیون"], 0), amount(["$50"], 0)
    assert million is not None
    assert dollars is not None
    assert (million.price("IRR"), million.price("USD")) == (Decimal(50_000_000), Decimal(5_000_000))
    assert (dollars.price("USD"), dollars.price("IRT"), dollars.price("EUR")) == (Decimal(50), None, None)


def test_stores_of_several_currencies_have_no_price() -> None:
    """The same number would be another price in each of them."""
    million = amount(["5", "میلیون", "تومان"], 0)
    assert million is not None
    assert million.price("") is None


@pytest.mark.parametrize(
    "text",
    [
        "5 کیلو", "یک", "43", "20w50", "8k", "3m", "10 m", "20k mah", "18k gold", "۲۰ هزار میلی آمپر",
        "۲۰ هزار میلی‌آمپر", "۳ هزار لومن", "۱۰۰ هزار کیلومتر", "3 thousand lumens", "5 تومن", "۵ تومان",
        "500 ریال",
    ],
)  # fmt: skip
def test_sizes_and_counts_are_no_money(text: str) -> None:
    """They have neither a scale nor a currency, or a measure; and no product costs five tomans."""
    assert read(text) is None


@pytest.mark.parametrize("text", ["", "میلیون", "تومان", "گوشی", "9" * 40, "1" * 15 + ".1234567"])
def test_other_words_are_no_amounts(text: str) -> None:
    """Nor are numbers that no price has."""
    assert amount(text.split(), 0) is None


@pytest.mark.parametrize(
    ("text", "end"), [("دویست و پانصد هزار", 1), ("یک و دو میلیون", 1), ("صد و پنجاه هزار", 4)]
)
def test_words_are_one_number_where_they_go_on(text: str, end: int) -> None:
    """Hundreds are followed by less than a hundred, tens by ones."""
    found = amount(text.split(), 0)
    assert found is not None
    assert found.end == end


NUMBER_WORDS = st.sampled_from(
    ["۵", "1.5", "یک", "و", "نیم", "صد", "بیست", "هزار", "میلیون", "تومان", "k", "$5", "5k", "گیگ", "¹", "٣"]
)


@given(st.lists(NUMBER_WORDS, max_size=30))
def test_an_amount_ends_after_its_words(words: list[str]) -> None:
    """It has one at least, no more than there are, and is not negative."""
    for start in range(len(words)):
        found = amount(words, start)
        assert found is None or (start < found.end <= len(words) and found.value >= 0)

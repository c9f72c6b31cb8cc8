"""Amounts of money are read as people write and say them."""

from decimal import Decimal

import pytest

from knowledge.search.amounts import amount


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("5 میلیون تومان", 5_000_000),
        ("یک و نیم میلیون", 1_500_000),
        ("دو میلیون و نیم", 2_500_000),
        ("یک میلیون و دویست هزار تومن", 1_200_000),
        ("صد و پنجاه هزار", 150_000),
        ("500هزار", 500_000),
        ("50000 ریال", 5_000),
        ("300k", 300_000),
        ("2.5 million", 2_500_000),
        ("ten thousand toman", 10_000),
        ("2500000 تومان", 2_500_000),
    ],
)
def test_an_amount_is_a_price_in_tomans(text: str, value: int) -> None:
    """With digits or words, joined or apart; a rial is a tenth of a toman."""
    found = amount(text.split(), 0)
    assert found is not None
    assert found.is_money
    assert found.price("IRT") == value


def test_amounts_are_converted_between_tomans_and_rials_only() -> None:
    """Without a currency, people mean tomans also in a shop that counts in rials."""
    million, dollars = amount(["5", "میلیون"], 0), amount(["$50"], 0)
    assert million is not None
    assert dollars is not None
    assert (million.price("IRR"), million.price("USD")) == (Decimal(50_000_000), Decimal(5_000_000))
    assert (dollars.price("USD"), dollars.price("IRT"), dollars.price("EUR")) == (Decimal(50), None, None)


@pytest.mark.parametrize("text", ["5 کیلو", "یک", "43", "20w50"])
def test_sizes_and_counts_are_no_money(text: str) -> None:
    """They have neither a scale nor a currency."""
    found = amount(text.split(), 0)
    assert found is None or not found.is_money


@pytest.mark.parametrize("text", ["", "میلیون", "تومان", "گوشی", "9" * 40, "1" * 15 + ".1234567"])
def test_other_words_are_no_amounts(text: str) -> None:
    """Nor are numbers that no price has."""
    assert amount(text.split(), 0) is None

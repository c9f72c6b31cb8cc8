"""The limits of a price that a question names."""

from decimal import Decimal

import pytest

from knowledge.search.understanding import understand

MILLION = 1_000_000


def limits(question: str) -> tuple[object, ...]:
    """Returns the words that are left, the lowest and the highest price, in tomans."""
    found = understand(question, "IRT")
    assert not found.excluded
    return found.text.without(found.taken), found.lowest, found.highest


@pytest.mark.parametrize(
    ("question", "rest", "highest"),
    [
        ("گوشی زیر ۵ میلیون", "گوشی", 5 * MILLION),
        ("phones under 10 million toman please", "phones please", 10 * MILLION),
        ("گوشی از ۵ میلیون کمتر", "گوشی", 5 * MILLION),
        ("کیف از ۵۰۰ هزار تومن ارزونتر", "کیف", 500_000),
        ("گوشی از ۵ میلیون پایین‌تر", "گوشی", 5 * MILLION),
        ("گوشی ارزونتر از ۵ میلیون", "گوشی", 5 * MILLION),
        ("لپ‌تاپ ارزون تر از ۲۰ میلیون", "لپ‌تاپ", 20 * MILLION),
        ("گوشی بیشتر از ۵ میلیون نباشه", "گوشی", 5 * MILLION),
        ("کیف بیشتر از ۵۰۰ هزار تومن نشه", "کیف", 500_000),
        ("گوشی از ۵ میلیون گرونتر نباشه", "گوشی", 5 * MILLION),
        ("گوشی گران‌تر از ۵ میلیون نمی خوام", "گوشی", 5 * MILLION),
        ("phone not over 5 million toman", "phone", 5 * MILLION),
        ("phone no more than 5 million toman", "phone", 5 * MILLION),
        ("phone not exceeding 5 million toman", "phone", 5 * MILLION),
        ("phone 5 million toman or less", "phone", 5 * MILLION),
        ("گوشی ۵ میلیون به پایین", "گوشی", 5 * MILLION),
        ("گوشی حداکثر قیمت ۵ میلیون", "گوشی", 5 * MILLION),
        ("کیف زیر 500هزارتومان", "کیف", 500_000),
        ("کیف زیر ۱/۵ میلیون", "کیف", 1_500_000),
        ("گوشی زیر دو میلیون و پونصد", "گوشی", 2_500_000),
        ("تیشرت زیر ۵۰۰ تومن", "تیشرت", 500_000),
        ("گوشی زیر ۵ میلیون و ۱۲۸ گیگ", "گوشی و ۱۲۸ گیگ", 5 * MILLION),
        ("bag under 300k toman", "bag", 300_000),
        ("کادو زیر ۵۰۰ هزار روز مادر", "کادو روز مادر", 500_000),
        ("زیر ۵ میلیون ساعت هوشمند", "ساعت هوشمند", 5 * MILLION),
    ],
)
def test_upper_limits(question: str, rest: str, highest: int) -> None:
    """A word before or after the amount says the side, and a negation turns it."""
    assert limits(question) == (rest, None, highest)


@pytest.mark.parametrize(
    ("question", "rest", "lowest"),
    [
        ("فرش بالای ۱۰ میلیون تومان برای هال", "فرش برای هال", 10 * MILLION),
        ("گوشی از ۵ میلیون بیشتر", "گوشی", 5 * MILLION),
        ("گوشی از ۵ میلیون گرون‌تر", "گوشی", 5 * MILLION),
        ("گوشی از ۵ میلیون به بالا", "گوشی", 5 * MILLION),
        ("گوشی کمتر از ۵ میلیون نباشه", "گوشی", 5 * MILLION),
        ("گوشی زیر ۵ میلیون نمیخوام", "گوشی", 5 * MILLION),
        ("phone not under 5 million toman", "phone", 5 * MILLION),
        ("phone not less than 5 million toman", "phone", 5 * MILLION),
        ("phone exceeding 5 million toman", "phone", 5 * MILLION),
        ("phone 5 million toman and up", "phone", 5 * MILLION),
        ("گوشی نه میلیون به بالا", "گوشی", 9 * MILLION),
    ],
)
def test_lower_limits(question: str, rest: str, lowest: int) -> None:
    """The same the other way round; نه before a million is a nine."""
    assert limits(question) == (rest, lowest, None)


@pytest.mark.parametrize(
    ("question", "rest", "lowest", "highest"),
    [
        ("هدفون بین ۱ تا ۵ میلیون", "هدفون", MILLION, 5 * MILLION),
        ("کیف از ۵۰۰ هزار تا یک میلیون", "کیف", 500_000, MILLION),
        ("کیف ۵۰۰ هزار تا یک میلیون", "کیف", 500_000, MILLION),
        ("کیف بین ۵۰۰ تا ۱ میلیون", "کیف", 500_000, MILLION),
        ("کیف بین ۸۰۰ تا یک و نیم میلیون", "کیف", 800_000, 1_500_000),
        ("کیف بین دویست و پانصد هزار", "کیف", 200_000, 500_000),
        ("کیف بین ۲۰۰ تا ۵۰۰ تومن", "کیف", 200_000, 500_000),
        ("کیف از ۵۰ تومن تا ۲۰۰ تومن", "کیف", 50_000, 200_000),
        ("کیف ۵۰۰-۷۰۰ هزار تومان", "کیف", 500_000, 700_000),
        ("bag between 300k and 500k toman", "bag", 300_000, 500_000),
        ("گوشی بالای ۲ میلیون زیر ۵ میلیون", "گوشی", 2 * MILLION, 5 * MILLION),
        ("زیر ۲ میلیون بالای ۵ میلیون", "بالای ۵ میلیون", None, 2 * MILLION),
    ],
)
def test_ranges(question: str, rest: str, lowest: int | None, highest: int) -> None:
    """The lower number has the scale of the higher one, or a thousandth; what contradicts stays words."""
    assert limits(question) == (rest, lowest, highest)


def test_a_range_of_dollars() -> None:
    """In one word, in a shop that takes them."""
    found = understand("phone $20-$50", "USD")
    assert (found.text.without(found.taken), found.lowest, found.highest) == (
        "phone",
        Decimal(20),
        Decimal(50),
    )


@pytest.mark.parametrize(
    ("question", "rest", "highest"),
    [
        ("کفش سایز ۴۲ تا ۵۰۰ هزار تومان", "کفش سایز ۴۲", 500_000),
        ("لپ تاپ رم ۱۶ تا ۴۰ میلیون", "لپ تاپ رم ۱۶", 40 * MILLION),
        ("آیفون ۱۳ تا ۵۰ میلیون", "آیفون ۱۳", 50 * MILLION),
        ("سایز ۴۲ تا ۳ میلیون تومان آسیکس", "سایز ۴۲ آسیکس", 3 * MILLION),
    ],
)
def test_a_size_before_a_limit_is_no_price(question: str, rest: str, highest: int) -> None:
    """A range without بین needs money on both sides."""
    assert limits(question) == (rest, None, highest)


@pytest.mark.parametrize(
    "question",
    [
        "پاوربانک بالای ۲۰ هزار میلی آمپر",
        "پاوربانک از ۱۰ تا ۲۰ هزار میلی‌آمپر",
        "لامپ حداقل ۳ هزار لومن",
        "تایر تا ۱۰۰ هزار کیلومتر",
        "monitor up to 8k",
        "camera at least 4k",
        "ring over 18k gold",
        "power bank over 20k mah",
        "running shoes for 5k to 10k",
        "hdmi cable from 3m to 5m",
        "waterproof up to 50m",
        "rope at least 10 m",
        "less than 2 m",
        "زیر ۵ تومن",
        "کفش زیر ۵ ساله",
    ],
)
def test_measures_are_no_prices(question: str) -> None:
    """The letters k and m are a scale of money only, and a measure after a number says what it counts."""
    assert limits(question) == (question, None, None)


def test_stores_of_several_currencies_have_no_limits() -> None:
    """Amounts stay words."""
    assert not understand("گوشی زیر ۵ میلیون تومان", "")

"""Numbers as shops write them: read as they are meant, or refused."""

from decimal import Decimal

import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st

from connectors.values.numbers import number

POINTS = (".", ",", "٫", "،")
GROUPS = ("", ",", ".", "٬", "،", "٫", "'", "’", " ", "\u00a0", "\u202f", "\u2009")
DIGITS = ("0123456789", "۰۱۲۳۴۵۶۷۸۹", "٠١٢٣٤٥٦٧٨٩", "０１２３４５６７８９")
INVISIBLE = ("", "\u200f", "\u200c", "\ufeff", "\u2068", " ", "\u00a0", "\t")


def grouped(whole: str, sign: str) -> str:
    """Returns digits in groups of three."""
    head = len(whole) % 3 or 3
    return sign.join([whole[:head], *(whole[at : at + 3] for at in range(head, len(whole), 3))])


@given(
    st.integers(0, 10**12),
    st.text("0123456789", max_size=4),
    st.sampled_from(GROUPS),
    st.sampled_from(POINTS),
    st.sampled_from(DIGITS),
    st.sampled_from(INVISIBLE),
    st.sampled_from(INVISIBLE),
    st.sampled_from(("", "-", "+", "−")),
)
def test_a_number_in_any_convention_is_itself_or_is_refused(
    whole: int, fraction: str, group: str, point: str, digits: str, before: str, after: str, sign: str
) -> None:
    """A wrong value is never read, but for a comma or a point that programs and people write alike."""
    assume(group != point)
    text = grouped(str(whole), group) + (point + fraction if fraction else "")
    meant = Decimal(f"{'-' if sign in '-−' and sign else ''}{whole}{'.' + fraction if fraction else ''}")
    written = before + sign + text.translate(str.maketrans("0123456789", digits)) + after
    try:
        read = number(written)
    except ValueError:
        alike = group in POINTS or (group == "٬" and point in ",،٫" and len(fraction) == 3)
        assert alike, "every usual convention is accepted"
        return
    separators = [sign for sign in text if not sign.isdigit()]
    if len(separators) == 1 and len(text.rpartition(separators[0])[2]) == 3:
        as_one = {Decimal(text.replace(separators[0], "")), Decimal(text.replace(separators[0], "."))}
        assert read is not None
        assert abs(read) in as_one, "one separator before three digits: both conventions allow it"
    else:
        assert read == meant


@given(st.decimals(allow_nan=False, allow_infinity=False, min_value=-(10**17), max_value=10**17, places=4))
def test_what_programs_write_is_exact(value: Decimal) -> None:
    """A point is a decimal point, also before three digits."""
    assert number(f"{value:f}") == value
    assert number(f"{value:.3f}") == value.quantize(Decimal("0.001"))


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("12,50", "12.50"),
        ("12,5", "12.5"),
        ("1299,00", "1299.00"),
        ("1.299,00", "1299.00"),
        ("1,299.00", "1299.00"),
        ("1.250", "1.250"),
        ("1,250", "1250"),
        ("0,125", "0.125"),
        ("1234,567", "1234.567"),
        ("12,34,567", "1234567"),
        ("1,00,000.50", "100000.50"),
        ("1٬250٬000", "1250000"),
        ("۱،۲۵۰،۰۰۰", "1250000"),
        ("۱٫۲۵۰٫۰۰۰", "1250000"),
        ("۱٫۲۵۰", "1.250"),
        ("12٫5", "12.5"),
        ("1'250'000", "1250000"),
        ("1 250 000", "1250000"),
        ("1\u00a0250\u202f000,5", "1250000.5"),
        ("\u200f1250000", "1250000"),
        ("1250000\u200c", "1250000"),
        ("1\u200c250\u200c000", "1250000"),
        ("\ufeff12.50", "12.50"),
        ("-2", "-2"),
        ("− 2", "-2"),
        ("- 1,250.5", "-1250.5"),
        ("1E+25", None),
        ("1e3", "1000"),
        ("$12.50", "12.50"),
        ("12.50 €", "12.50"),
    ],
)
def test_numbers_of_people(written: str, read: str | None) -> None:
    if read is None:
        with pytest.raises(ValueError, match="out of range"):
            number(written)
    else:
        assert number(written) == Decimal(read)


REFUSED = (
    "1,2,3",
    "12,3456,78",
    "1,25.000",
    "1.2.3",
    "1..2",
    "1,,250",
    "0,125,000",
    "000,500",
    "01,250",
    "1234,567,890",
    "1_000",
    "12.5.",
    "1 25",
    "12'50",
    "1٬25",
    "12 5",
    "1٬250,000",
    "1٬250،000",
    "1,250 000",
    "½",
    "²",
    "Ⅻ",
    "1,250.",
    "- -1",
    "--1",
    "5%",
    "12k",
    "5 میلیون",
    "۱۲۰۰۰ ریال",
    "۱۲۰۰۰ ﷼",
    "1-2",
    "1/2",
    "12:50",
    "free",
    "-",
    "$",
    "0x10",
    "NaN",
    "Infinity",
    "1e",
    "1e1000000000",
    "1" * 201,
    "1 250 000 000 000 000 000 000",
)


@given(
    st.integers(0, 99),
    st.integers(0, 999),
    st.integers(2, 5),
    st.sampled_from((",", "،")),
    st.sampled_from(DIGITS),
    st.sampled_from(("", "-")),
)
def test_groups_with_leading_zeros_are_refused(
    head: int, last: int, width: int, comma: str, digits: str, sign: str
) -> None:
    """But for a single 0, a comma before three digits begins no fraction after a zero."""
    padded = str(head).zfill(max(width, len(str(head)) + 1))
    table = str.maketrans("0123456789", digits)
    with pytest.raises(ValueError, match="one way only"):
        number(f"{sign}{padded}{comma}{last:03}".translate(table))
    assert number(f"0{comma}{last:03}".translate(table)) == Decimal(last) / 1000
    assert number(f"{padded}{comma}{last:04}".translate(table)) == head + Decimal(last) / 10_000


@pytest.mark.parametrize("written", REFUSED)
def test_ambiguous_texts_are_refused(written: str) -> None:
    with pytest.raises(ValueError, match=r"\S"):
        number(written)


@pytest.mark.parametrize("written", ["", " ", "\u200f", "\u00a0\ufeff"])
def test_a_text_of_nothing_visible_is_no_number(written: str) -> None:
    assert number(written) is None


@given(
    st.text(max_size=300)
    | st.text("0123456789٫٬،,.' eE+-_", max_size=40)
    | st.from_regex(r"[-+]? ?[0-9]{1,3}([,.٫٬، '][0-9]{2,3}){0,3}([,.٫،][0-9]{0,4})?", fullmatch=True)
)
@example("- 00")
def test_any_text_is_a_number_or_refused(text: str) -> None:
    """Nothing but a ValueError is raised, and no digit is lost."""
    try:
        read = number(text)
    except ValueError:
        return
    assert read is None or read.is_finite()
    if read and "e" not in text.lower():
        sent = "".join(str(int(one)) for one in text if one.isdecimal())
        assert f"{abs(read):f}".replace(".", "").lstrip("0") == sent.lstrip("0")

"""What values of filters mean among a store's values, and how much work it is to compare them."""

import sys
from collections.abc import Callable, Mapping
from types import FrameType

import pytest

from contracts.search import Unmatched
from knowledge.search import meanings
from knowledge.search.keys import ATTRIBUTE, BRAND, CATEGORY
from knowledge.search.meanings import MEANT, REPORTED, Asked, compare

WORDS = ["گوشی", "موبایل", "کیف", "چرم", "قاب", "زنانه", "shoe", "running", "black", "سبز"]


def asked(kind: str, *values: str, attribute: str = "") -> dict[int, Asked]:
    field = f"attributes.{attribute}" if attribute else kind
    return {
        place: Asked(field=field, kind=kind, value=value, names=(value,), attribute=attribute)
        for place, value in enumerate(values, 1)
    }


def calls_of(function: Callable[[], object]) -> int:
    """Returns how many functions, of Python and of C, are called, with steps of generators."""
    calls = 0

    def count(_frame: FrameType, event: str, _argument: object) -> None:
        nonlocal calls
        calls += event in ("call", "c_call")

    sys.setprofile(count)
    try:
        function()
    finally:
        sys.setprofile(None)
    return calls


def work(number: int, kind: str, known: int) -> int:
    """Returns the calls for a number of asked values; each shares words with most values of the store."""
    options = [(kind, "رنگ", " ".join(WORDS[at % 7 :]) + f" {at}") for at in range(known)]
    wanted = asked(
        kind,
        *(f"{WORDS[-1 - at % 3]} {WORDS[-2 - at % 3]} ناموجود{at}" for at in range(number)),
        attribute="رنگ" if kind == ATTRIBUTE else "",
    )
    compare(wanted, options)
    return calls_of(lambda: compare(wanted, options))


@pytest.mark.parametrize("kind", [BRAND, CATEGORY, ATTRIBUTE])
def test_more_values_of_a_question_do_not_read_the_store_s_again(kind: str) -> None:
    """A further asked value costs the same in a store with many values as in one with few."""
    few = work(80, kind, 100) - work(40, kind, 100)
    many = work(80, kind, 1_000) - work(40, kind, 1_000)
    assert many <= few + 40


def test_only_reported_values_are_compared_letter_by_letter(monkeypatch: pytest.MonkeyPatch) -> None:
    """The first ones of a question; a value that is asked twice in a field is one."""
    compared = []

    def suggested(value: str, values: object) -> list[str]:
        compared.append(value)
        return []

    monkeypatch.setattr(meanings, "suggested", suggested)
    values = [f"هیچ{number}" for number in range(2 * REPORTED)]
    _, unmatched = compare(asked(BRAND, "هیچ0", *values), [(BRAND, "", "چرم")])
    assert compared == values[:REPORTED]
    assert unmatched == [Unmatched(field=BRAND, value=value, known=[]) for value in values[:REPORTED]]


def test_a_value_means_a_bounded_number() -> None:
    """Of values, with all its names together, and of attributes."""
    values = [(BRAND, "", f"Shoe {number}") for number in range(2 * MEANT)]
    wanted = Asked(field=BRAND, kind=BRAND, value="shoes", names=("shoes", "SHOE", "shoe 150"))
    found, _ = compare({1: wanted}, values)
    assert found[1].keys == {f"brand/shoe{number}" for number in range(MEANT)}
    options = [(ATTRIBUTE, f"رنگ {number // 3}", f"سبز {number}") for number in range(9 * MEANT)]
    found, _ = compare(asked(ATTRIBUTE, "سبز", attribute="رنگ"), options)
    assert len(found[1].keys) == MEANT
    assert found[1].beginnings == {f"attribute/رنگ{number}/" for number in range(MEANT)}


@pytest.mark.parametrize(
    ("wanted", "meant"),
    [
        (asked(ATTRIBUTE, "مشکی", attribute="رنگ"), {"attribute/رنگ/مشکی"}),
        (asked(ATTRIBUTE, "نقره ای", attribute="بدنه"), {"attribute/رنگبدنه/نقرهای"}),
        (asked(ATTRIBUTE, "براق", attribute="رنگ"), {"attribute/رنگ/مشکیبراق"}),
        (asked(ATTRIBUTE, "سفید", attribute="رنگ"), set()),
        (asked(ATTRIBUTE, "سفید", attribute="وزن"), set()),
        (asked(ATTRIBUTE, "سفید", attribute="؟"), set()),
        (asked(CATEGORY, "گوشی"), {"category/گوشیموبایل"}),
        (asked(BRAND, "گوشی"), set()),
    ],
    ids=repr,
)
def test_an_equal_name_counts_before_words(wanted: Mapping[int, Asked], meant: set[str]) -> None:
    """Of an attribute and of an option; categories are kinds of what is asked."""
    values = [
        (ATTRIBUTE, "رنگ", "مشکی"),
        (ATTRIBUTE, "رنگ", "مشکی براق"),
        (ATTRIBUTE, "رنگ بدنه", "نقره‌ای"),
        (ATTRIBUTE, "؟", "سفید"),
        (CATEGORY, "", "قاب گوشی"),
        (CATEGORY, "", "گوشی موبایل"),
    ]
    found, unmatched = compare(wanted, values)
    assert found[1].keys == meant
    assert bool(unmatched) is not bool(meant)

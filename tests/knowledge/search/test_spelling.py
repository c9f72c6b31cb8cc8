"""A word and its misspellings have a part in common."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from knowledge.search.forms import mistakes
from knowledge.search.spelling import parts

LETTERS = "ابپتسرمنوهی"


@pytest.mark.parametrize(
    ("word", "misspelt"),
    [
        ("رباتیک", "رباطیک"),
        ("هدفون", "هدفونن"),
        ("هدفون", "هفون"),
        ("samsung", "smasung"),
        ("لپتاپ", "لبتاپ"),
    ],
)
def test_one_mistake_leaves_a_common_part(word: str, misspelt: str) -> None:
    """A wrong, additional, missing or swapped letter."""
    assert set(parts(word)) & set(parts(misspelt))


@given(st.text(LETTERS, min_size=4, max_size=14), st.data())
def test_as_many_mistakes_as_are_allowed_leave_a_common_part(word: str, data: st.DataObject) -> None:
    """One in words of four letters, two from eight letters on, anywhere in the word."""
    misspelt = word
    for _ in range(mistakes(word)):
        place = data.draw(st.integers(0, len(misspelt)))
        kind = data.draw(st.sampled_from(["wrong", "missing", "more"]))
        letter = data.draw(st.sampled_from(LETTERS)) if kind != "missing" else ""
        misspelt = misspelt[:place] + letter + misspelt[place + (kind != "more") :]
    if len(misspelt) >= 4 and mistakes(misspelt) >= mistakes(word):
        assert set(parts(word)) & set(parts(misspelt))


@given(st.text(min_size=1, max_size=600))
def test_parts_are_few_and_fit(word: str) -> None:
    """At most 22 numbers of 64 bits."""
    found = parts(word)
    assert 1 <= len(found) <= 22
    assert all(-(2**63) <= part < 2**63 for part in found)

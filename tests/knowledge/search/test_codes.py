"""Codes are the same however their parts are written."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from knowledge.normalise import search_form
from knowledge.search.codes import LONGEST, MARK, MOST_PARTS, codes


@pytest.mark.parametrize("text", ["WH-1000XM5", "wh1000xm5", "WH 1000 XM5", "هدفون wh-1000-xm5 سونی"])
def test_a_model_number_is_one_code(text: str) -> None:
    """Together, apart or with dashes."""
    assert f"{MARK}wh1000xm5" in codes(search_form(text).split())


def test_words_without_digits_are_no_codes() -> None:
    """A run ends at a word of another script."""
    assert codes(["red", "espresso", "machine"]) == {}
    assert set(codes(["fx", "گوشی", "991"])) == {f"{MARK}991"}
    assert codes(["مدل", "5"]) == {}


@given(st.lists(st.text(alphabet="ab12.گ", min_size=1, max_size=12), max_size=40))
def test_codes_are_bounded_and_come_from_their_places(words: list[str]) -> None:
    """A code has one to five parts, in a row."""
    for code, (start, end) in codes(words).items():
        assert 1 <= end - start <= MOST_PARTS
        assert code == MARK + "".join(words[start:end]).replace(".", "")
        assert len(code) <= LONGEST + 1
    assert len(codes(words)) <= MOST_PARTS * len(words)
